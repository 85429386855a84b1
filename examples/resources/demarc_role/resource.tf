data "demarc_billing_entity" "operator" {
  path = "operator"
}

resource "demarc_customer" "brewery" {
  name              = "abbey-brewery"
  billing_entity_id = data.demarc_billing_entity.operator.id
  email             = "it@abbey-brewery.example"
}

# What the night shift may do: look at machines, and change them.
resource "demarc_role" "night_shift" {
  name         = "night-shift"
  display_name = "Night shift"
  owner_id     = demarc_customer.brewery.id

  permissions = [
    "virtual_machines.get",
    "virtual_machines.list",
    "virtual_machines.update",
  ]
}
