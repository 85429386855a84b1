# By name path: the names from an ancestor down to the object.
data "demarc_customer" "by_path" {
  path = "reseller/customer"
}

# By name, within its billing entity.
data "demarc_billing_entity" "parent" {
  path = "operator/reseller"
}

data "demarc_customer" "by_name" {
  name              = "customer"
  billing_entity_id = data.demarc_billing_entity.parent.id
}

# By id.
data "demarc_customer" "by_id" {
  id = "cus_01jd8w3n5hfr7tgv5k2m9x4b6c"
}
