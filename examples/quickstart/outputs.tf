output "addresses" {
  description = "Address of each machine in the customer's network."
  value       = { for name, machine in demarc_virtual_machine.web : name => machine.ip_address }
}

output "customer_id" {
  description = "Id of the customer."
  value       = demarc_customer.acme.id
}
