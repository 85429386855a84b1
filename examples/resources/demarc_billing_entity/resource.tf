data "demarc_billing_entity" "operator" {
  path = "operator"
}

# A reseller, with a branch of its own below it.
resource "demarc_billing_entity" "reseller" {
  name           = "lowlands-hosting"
  display_name   = "Lowlands Hosting"
  parent_id      = data.demarc_billing_entity.operator.id
  currency       = "EUR"
  tax_number     = "BE0123456749"
  time_zone      = "Europe/Brussels"
  language       = "nl"
  customer_limit = 50

  address = {
    street      = "Kouter 1"
    postal_code = "9000"
    city        = "Gent"
    country     = "BE"
  }

  labels = {
    channel = "reseller"
  }
}

resource "demarc_billing_entity" "branch" {
  name      = "paris"
  parent_id = demarc_billing_entity.reseller.id
  currency  = "EUR"
  time_zone = "Europe/Paris"
  language  = "fr"
}
