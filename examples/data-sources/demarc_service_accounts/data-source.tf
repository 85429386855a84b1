data "demarc_service_accounts" "all" {}

data "demarc_customer" "example" {
  path = "reseller/customer"
}

# Only those that match all of the arguments.
data "demarc_service_accounts" "some" {
  owner_id = data.demarc_customer.example.id
  label    = "env=prod,tier!=db"
}

output "service_accounts" {
  value = [for o in data.demarc_service_accounts.all.items : o.name]
}
