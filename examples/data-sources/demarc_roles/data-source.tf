data "demarc_roles" "all" {}

data "demarc_customer" "example" {
  path = "reseller/customer"
}

# Only those that match all of the arguments.
data "demarc_roles" "some" {
  owner_id = data.demarc_customer.example.id
  label    = "env=prod,tier!=db"
}

output "roles" {
  value = [for o in data.demarc_roles.all.items : o.name]
}
