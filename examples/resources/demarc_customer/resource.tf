data "demarc_billing_entity" "operator" {
  path = "operator"
}

resource "demarc_customer" "bakery" {
  name              = "old-mill-bakery"
  display_name      = "Old Mill Bakery"
  billing_entity_id = data.demarc_billing_entity.operator.id
  email             = "it@old-mill-bakery.example"
  phone             = "+3291234567"
  country           = "BE"
  payment_mode      = "prepaid"
  account_managers  = ["ann@lowlands.example", "bob@lowlands.example"]

  external_ids = {
    crm = "C-10442"
  }

  # Refuses a destroy until it is set to false and applied.
  deletion_protection = false
}
