# By name path: the names from an ancestor down to the object.
data "demarc_billing_entity" "by_path" {
  path = "operator/reseller"
}

# By id.
data "demarc_billing_entity" "by_id" {
  id = "ben_01jd8w3n5hfr7tgv5k2m9x4b6c"
}
