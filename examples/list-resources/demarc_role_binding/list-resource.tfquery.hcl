# terraform query finds them, and writes their configuration with -generate-config-out.
list "demarc_role_binding" "all" {
  provider = demarc
}
