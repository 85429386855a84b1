data "demarc_billing_entity" "operator" {
  path = "operator"
}

resource "demarc_location" "bruges" {
  name = "bruges-1"
}

resource "demarc_image" "debian" {
  name         = "debian-12-machines"
  min_disk_gib = 4
}

resource "demarc_customer" "brewery" {
  name              = "canal-brewery"
  billing_entity_id = data.demarc_billing_entity.operator.id
  email             = "it@canal-brewery.example"
}

resource "demarc_cloudspace" "shop" {
  name        = "shop"
  customer_id = demarc_customer.brewery.id
  location_id = demarc_location.bruges.id
}

resource "demarc_virtual_machine" "web" {
  count = 2

  name               = "web-${count.index + 1}"
  cloudspace_id      = demarc_cloudspace.shop.id
  image_id           = demarc_image.debian.id
  vcpus              = 2
  memory_mib         = 4096
  boot_disk_size_gib = 20
  power_state        = "running"

  labels = {
    role = "web"
  }

  # Kept neither in the plan nor in the state. Raise the version to have a changed text sent.
  user_data_wo         = <<-EOT
    #cloud-config
    packages: [nginx]
  EOT
  user_data_wo_version = 1

  timeouts = {
    create = "20m"
  }
}

output "addresses" {
  value = demarc_virtual_machine.web[*].ip_address
}
