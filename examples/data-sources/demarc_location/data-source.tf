# By name path: the names from an ancestor down to the object.
data "demarc_location" "by_path" {
  path = "location"
}

# By id.
data "demarc_location" "by_id" {
  id = "loc_01jd8w3n5hfr7tgv5k2m9x4b6c"
}
