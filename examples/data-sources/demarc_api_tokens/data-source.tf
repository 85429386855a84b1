data "demarc_api_tokens" "all" {}

data "demarc_service_account" "example" {
  path = "customer/account"
}

# Only those that match all of the arguments.
data "demarc_api_tokens" "some" {
  service_account_id = data.demarc_service_account.example.id
  label              = "env=prod,tier!=db"
}

output "api_tokens" {
  value = [for o in data.demarc_api_tokens.all.items : o.name]
}
