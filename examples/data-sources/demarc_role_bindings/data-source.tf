data "demarc_role_bindings" "all" {}

# Only those that match all of the arguments.
data "demarc_role_bindings" "some" {
  scope_id = "cus_01jd8w3n5hfr7tgv5k2m9x4b6c"
}

output "role_bindings" {
  value = [for o in data.demarc_role_bindings.all.items : o.id]
}
