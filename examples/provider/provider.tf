terraform {
  required_providers {
    demarc = {
      source = "demarc/demarc"
    }
  }
}

# The token is best left to the environment, DEMARC_TOKEN, or to a file, DEMARC_TOKEN_FILE.
provider "demarc" {
  endpoint = "https://cloud.example.com"
}
