resource "demarc_image" "debian" {
  name         = "debian-12-docs"
  display_name = "Debian 12"
  os_type      = "linux"
  architecture = "x86_64"
  source_url   = "https://images.example.com/debian-12-generic-amd64.qcow2"
  min_disk_gib = 4
}
