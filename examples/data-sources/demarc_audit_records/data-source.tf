data "demarc_audit_records" "all" {}

output "audit_records" {
  value = [for o in data.demarc_audit_records.all.items : o.id]
}
