data "demarc_billing_entity" "operator" {
  path = "operator"
}

# Nobody sees it but those who have access to it.
resource "demarc_location" "ostend" {
  name       = "ostend-1"
  country    = "BE"
  restricted = true
}

resource "demarc_customer" "fishery" {
  name              = "north-sea-fishery"
  billing_entity_id = data.demarc_billing_entity.operator.id
  email             = "it@north-sea-fishery.example"
}

resource "demarc_location_access" "fishery" {
  location_id = demarc_location.ostend.id
  grantee_id  = demarc_customer.fishery.id
}
