terraform {
  required_providers {
    demarc = {
      source = "demarc/demarc"
    }
  }
}
