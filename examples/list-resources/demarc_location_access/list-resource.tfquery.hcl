# terraform query finds them, and writes their configuration with -generate-config-out.
list "demarc_location_access" "all" {
  provider = demarc
}
