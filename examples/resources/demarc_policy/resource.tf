data "demarc_billing_entity" "operator" {
  path = "operator"
}

data "demarc_role" "viewer" {
  path = "operator/viewer"
}

data "demarc_role" "customer_admin" {
  path = "operator/customer-admin"
}

resource "demarc_customer" "ferry" {
  name              = "estuary-ferry"
  billing_entity_id = data.demarc_billing_entity.operator.id
  email             = "it@estuary-ferry.example"
}

resource "demarc_service_account" "deploy" {
  name     = "deploy"
  owner_id = demarc_customer.ferry.id
}

resource "demarc_service_account" "audit" {
  name     = "audit"
  owner_id = demarc_customer.ferry.id
}

# The whole list of who has which role on the customer: what is not here is taken away.
resource "demarc_policy" "ferry" {
  scope_id = demarc_customer.ferry.id

  bindings = {
    (data.demarc_role.customer_admin.id) = {
      members = ["service_account:${demarc_service_account.deploy.id}"]
    }
    (data.demarc_role.viewer.id) = {
      expiring_members = {
        "service_account:${demarc_service_account.audit.id}" = "2040-01-01T00:00:00Z"
      }
    }
  }
}
