# By the whole of its key.
data "demarc_location_access" "by_key" {
  location_id = "loc_01jd8w3n5hfr7tgv5k2m9x4b6c"
  grantee_id  = "cus_01jd8w3n5hfr7tgv5k2m9x4b6c"
}

# By id.
data "demarc_location_access" "by_id" {
  id = "lac_01jd8w3n5hfr7tgv5k2m9x4b6c"
}
