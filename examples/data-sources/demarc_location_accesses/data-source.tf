data "demarc_location_accesses" "all" {}

# Only those that match all of the arguments.
data "demarc_location_accesses" "some" {
  grantee_id = "cus_01jd8w3n5hfr7tgv5k2m9x4b6c"
}

output "location_accesses" {
  value = [for o in data.demarc_location_accesses.all.items : o.id]
}
