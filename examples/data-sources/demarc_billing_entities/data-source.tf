data "demarc_billing_entities" "all" {}

# Only those that match all of the arguments.
data "demarc_billing_entities" "some" {
  label = "env=prod,tier!=db"
}

output "billing_entities" {
  value = [for o in data.demarc_billing_entities.all.items : o.name]
}
