variable "location" {
  description = "Name of the location to run in."
  type        = string
  default     = "local"
}

variable "image" {
  description = "Name of the image that the machines boot from."
  type        = string
  default     = "debian-12"
}

variable "machines" {
  description = "The machines to run, by name."
  type = map(object({
    vcpus      = number
    memory_mib = number
  }))
  default = {
    web-1 = { vcpus = 1, memory_mib = 1024 }
    web-2 = { vcpus = 1, memory_mib = 1024 }
  }
}

variable "admin_password_hash" {
  description = "Hash of the machines' administrator password, as mkpasswd prints it. It never gets into the state."
  type        = string
  ephemeral   = true
  sensitive   = true
  default     = "!"
}
