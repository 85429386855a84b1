variable "customers" {
  description = "The reseller's customers, by name."
  type = map(object({
    display_name = string
    email        = string
  }))
  default = {
    pilot-boats = { display_name = "Pilot Boats", email = "it@pilot-boats.example" }
    salt-works  = { display_name = "Salt Works", email = "it@salt-works.example" }
  }
}
