data "demarc_billing_entity" "operator" {
  path = "operator"
}

resource "demarc_customer" "tramway" {
  name              = "coast-tramway"
  billing_entity_id = data.demarc_billing_entity.operator.id
  email             = "it@coast-tramway.example"
}

# What a pipeline works as. Its token for a run is an ephemeral resource: demarc_service_account_token.
resource "demarc_service_account" "deploy" {
  name         = "deploy"
  display_name = "Deployment pipeline"
  owner_id     = demarc_customer.tramway.id
}
