data "demarc_cloudspaces" "all" {}

data "demarc_customer" "example" {
  path = "reseller/customer"
}

# Only those that match all of the arguments.
data "demarc_cloudspaces" "some" {
  customer_id = data.demarc_customer.example.id
  label       = "env=prod,tier!=db"
}

output "cloudspaces" {
  value = [for o in data.demarc_cloudspaces.all.items : o.name]
}
