data "demarc_billing_entity" "operator" {
  path = "operator"
}

resource "demarc_location" "leuven" {
  name = "leuven-1"
}

resource "demarc_image" "debian" {
  name = "debian-12-disks"
}

resource "demarc_customer" "archive" {
  name              = "city-archive"
  billing_entity_id = data.demarc_billing_entity.operator.id
  email             = "it@city-archive.example"
}

resource "demarc_cloudspace" "records" {
  name        = "records"
  customer_id = demarc_customer.archive.id
  location_id = demarc_location.leuven.id
}

resource "demarc_virtual_machine" "database" {
  name          = "database"
  cloudspace_id = demarc_cloudspace.records.id
  image_id      = demarc_image.debian.id
  vcpus         = 4
  memory_mib    = 8192
}

# The attachment belongs to the disk: without virtual_machine_id it is detached, and deleting either end lets go of
# the other.
resource "demarc_disk" "data" {
  name               = "data"
  cloudspace_id      = demarc_cloudspace.records.id
  size_gib           = 100
  iops_limit         = 2000
  virtual_machine_id = demarc_virtual_machine.database.id
}
