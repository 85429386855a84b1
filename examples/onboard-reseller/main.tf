# The operator takes a reseller on: a billing entity, an account for the reseller's own automation, and the role that lets it run its
# business. From there on the reseller works alone: what names the provider alias is done with a token of its account, which sees and
# changes its own billing entity and what is below it, and nothing else.

data "demarc_billing_entity" "operator" {
  path = "operator"
}

data "demarc_role" "reseller_admin" {
  path = "operator/reseller-admin"
}

data "demarc_role" "customer_admin" {
  path = "operator/customer-admin"
}

resource "demarc_billing_entity" "harbour" {
  name           = "harbour-cloud"
  display_name   = "Harbour Cloud"
  parent_id      = data.demarc_billing_entity.operator.id
  currency       = "EUR"
  customer_limit = 50
}

resource "demarc_service_account" "automation" {
  name     = "automation"
  owner_id = demarc_billing_entity.harbour.id
}

resource "demarc_role_binding" "automation" {
  principal_kind = "service_account"
  principal_id   = demarc_service_account.automation.id
  role_id        = data.demarc_role.reseller_admin.id
  scope_id       = demarc_billing_entity.harbour.id
}

# Made for each run and revoked at its end; in no plan and no state.
ephemeral "demarc_service_account_token" "automation" {
  service_account_id = demarc_role_binding.automation.principal_id
  lifetime           = "1h"
}

provider "demarc" {
  alias = "reseller"
  token = ephemeral.demarc_service_account_token.automation.token
}

# From here on: the reseller.

resource "demarc_customer" "each" {
  provider = demarc.reseller
  for_each = var.customers

  name              = each.key
  display_name      = each.value.display_name
  billing_entity_id = demarc_billing_entity.harbour.id
  email             = each.value.email
}

resource "demarc_service_account" "deploy" {
  provider = demarc.reseller
  for_each = demarc_customer.each

  name     = "deploy"
  owner_id = each.value.id
}

# Nobody grants what they do not hold: the reseller holds all that a customer's administrator does.
resource "demarc_role_binding" "deploy" {
  provider = demarc.reseller
  for_each = demarc_customer.each

  principal_kind = "service_account"
  principal_id   = demarc_service_account.deploy[each.key].id
  role_id        = data.demarc_role.customer_admin.id
  scope_id       = each.value.id
}
