data "demarc_operations" "all" {}

output "operations" {
  value = [for o in data.demarc_operations.all.items : o.id]
}
