data "demarc_disks" "all" {}

data "demarc_cloudspace" "example" {
  path = "customer/space"
}

# Only those that match all of the arguments.
data "demarc_disks" "some" {
  cloudspace_id = data.demarc_cloudspace.example.id
  label         = "env=prod,tier!=db"
}

output "disks" {
  value = [for o in data.demarc_disks.all.items : o.name]
}
