# terraform query finds them, and writes their configuration with -generate-config-out.
list "demarc_virtual_machine" "all" {
  provider = demarc

  config {
    label = "env=prod"
  }
}
