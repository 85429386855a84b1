output "customers" {
  description = "Id of each customer."
  value       = { for name, customer in demarc_customer.each : name => customer.id }
}
