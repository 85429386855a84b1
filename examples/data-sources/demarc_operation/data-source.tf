# By id.
data "demarc_operation" "by_id" {
  id = "op_01jd8w3n5hfr7tgv5k2m9x4b6c"
}
