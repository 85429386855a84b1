data "demarc_billing_entity" "operator" {
  path = "operator"
}

resource "demarc_location" "antwerp" {
  name    = "antwerp-1"
  country = "BE"
}

resource "demarc_customer" "museum" {
  name              = "harbour-museum"
  billing_entity_id = data.demarc_billing_entity.operator.id
  email             = "it@harbour-museum.example"
}

resource "demarc_cloudspace" "website" {
  name         = "website"
  customer_id  = demarc_customer.museum.id
  location_id  = demarc_location.antwerp.id
  network_cidr = "10.20.0.0/24"
  local_domain = "website.internal"
}

output "gateway" {
  value = demarc_cloudspace.website.gateway_address
}
