# By id.
data "demarc_permission" "by_id" {
  id = "permissions.get"
}
