data "demarc_customers" "all" {}

data "demarc_billing_entity" "example" {
  path = "operator/reseller"
}

# Only those that match all of the arguments.
data "demarc_customers" "some" {
  billing_entity_id = data.demarc_billing_entity.example.id
  label             = "env=prod,tier!=db"
}

output "customers" {
  value = [for o in data.demarc_customers.all.items : o.name]
}
