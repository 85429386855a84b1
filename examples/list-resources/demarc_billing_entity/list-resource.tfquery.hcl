# terraform query finds them, and writes their configuration with -generate-config-out.
list "demarc_billing_entity" "all" {
  provider = demarc

  config {
    label = "env=prod"
  }
}
