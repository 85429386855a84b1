# By id.
data "demarc_audit_record" "by_id" {
  id = "aud_01jd8w3n5hfr7tgv5k2m9x4b6c"
}
