data "demarc_service_account" "deploy" {
  path = "coast-tramway/deploy"
}

data "demarc_customer" "tramway" {
  path = "coast-tramway"
}

# A token for this run alone, that can do less than its service account.
ephemeral "demarc_service_account_token" "deploy" {
  service_account_id = data.demarc_service_account.deploy.id
  scope_id           = data.demarc_customer.tramway.id
  permissions        = ["virtual_machines.get", "virtual_machines.update"]
  lifetime           = "30m"
}

# What names this alias works as the service account.
provider "demarc" {
  alias = "deploy"
  token = ephemeral.demarc_service_account_token.deploy.token
}
