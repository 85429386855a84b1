data "demarc_permissions" "all" {}

output "permissions" {
  value = [for o in data.demarc_permissions.all.items : o.id]
}
