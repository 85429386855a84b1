# A reseller below the operator, with one customer, who has a network with two machines and a data disk.

data "demarc_billing_entity" "operator" {
  path = "operator"
}

data "demarc_location" "here" {
  path = var.location
}

data "demarc_image" "debian" {
  path = var.image
}

resource "demarc_billing_entity" "northwind" {
  name         = "northwind"
  display_name = "Northwind Hosting"
  parent_id    = data.demarc_billing_entity.operator.id
  currency     = "EUR"
}

resource "demarc_customer" "acme" {
  name              = "acme"
  display_name      = "Acme Corporation"
  billing_entity_id = demarc_billing_entity.northwind.id
  email             = "it@acme.example"
  country           = "BE"
}

resource "demarc_cloudspace" "web" {
  name         = "web"
  customer_id  = demarc_customer.acme.id
  location_id  = data.demarc_location.here.id
  network_cidr = "10.20.0.0/24"
}

resource "demarc_virtual_machine" "web" {
  for_each = var.machines

  name          = each.key
  cloudspace_id = demarc_cloudspace.web.id
  image_id      = data.demarc_image.debian.id
  vcpus         = each.value.vcpus
  memory_mib    = each.value.memory_mib

  labels = {
    role = "web"
  }

  # Sent when the machine is made, and again when the version changes; kept nowhere.
  user_data_wo         = <<-EOT
    #cloud-config
    hostname: ${each.key}
    chpasswd:
      users:
        - {name: debian, password: "${var.admin_password_hash}", type: hash}
  EOT
  user_data_wo_version = 1
}

# The attachment belongs to the disk: deleting either end lets go of the other.
resource "demarc_disk" "data" {
  name               = "data"
  cloudspace_id      = demarc_cloudspace.web.id
  size_gib           = 20
  virtual_machine_id = demarc_virtual_machine.web[sort(keys(var.machines))[0]].id
}
