# By the whole of its key.
data "demarc_role_binding" "by_key" {
  principal_kind = "user"
  principal_id   = "ann-example"
  role_id        = "role_01jd8w3n5hfr7tgv5k2m9x4b6c"
  scope_id       = "cus_01jd8w3n5hfr7tgv5k2m9x4b6c"
}

# By id.
data "demarc_role_binding" "by_id" {
  id = "rb_01jd8w3n5hfr7tgv5k2m9x4b6c"
}
