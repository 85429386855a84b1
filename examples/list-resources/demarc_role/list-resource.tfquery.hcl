# terraform query finds them, and writes their configuration with -generate-config-out.
list "demarc_role" "all" {
  provider = demarc

  config {
    label = "env=prod"
  }
}
