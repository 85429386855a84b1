terraform {
  # Write-only arguments, which keep secrets out of the state, need 1.11.
  required_version = ">= 1.11"

  required_providers {
    demarc = {
      source  = "demarc/demarc"
      version = ">= 0.1.0"
    }
  }
}

# The connection comes from the environment: DEMARC_ENDPOINT, and DEMARC_TOKEN or DEMARC_TOKEN_FILE.
provider "demarc" {}
