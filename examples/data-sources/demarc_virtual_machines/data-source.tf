data "demarc_virtual_machines" "all" {}

data "demarc_cloudspace" "example" {
  path = "customer/space"
}

# Only those that match all of the arguments.
data "demarc_virtual_machines" "some" {
  cloudspace_id = data.demarc_cloudspace.example.id
  label         = "env=prod,tier!=db"
}

output "virtual_machines" {
  value = [for o in data.demarc_virtual_machines.all.items : o.name]
}
