data "demarc_billing_entity" "operator" {
  path = "operator"
}

# One of the roles that come with the product.
data "demarc_role" "viewer" {
  path = "operator/viewer"
}

resource "demarc_customer" "print_shop" {
  name              = "market-print-shop"
  billing_entity_id = data.demarc_billing_entity.operator.id
  email             = "it@market-print-shop.example"
}

resource "demarc_service_account" "report" {
  name     = "report"
  owner_id = demarc_customer.print_shop.id
}

# It adds to what others bind on the same scope.
resource "demarc_role_binding" "report" {
  principal_kind = "service_account"
  principal_id   = demarc_service_account.report.id
  role_id        = data.demarc_role.viewer.id
  scope_id       = demarc_customer.print_shop.id
}
