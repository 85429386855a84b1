# By scope_id.
data "demarc_policy" "by_scope_id" {
  scope_id = "cus_01jd8w3n5hfr7tgv5k2m9x4b6c"
}
