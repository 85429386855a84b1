data "demarc_locations" "all" {}

# Only those that match all of the arguments.
data "demarc_locations" "some" {
  label = "env=prod,tier!=db"
}

output "locations" {
  value = [for o in data.demarc_locations.all.items : o.name]
}
