# By name path: the names from an ancestor down to the object.
data "demarc_service_account" "by_path" {
  path = "customer/account"
}

# By name, within its customer or billing entity.
data "demarc_customer" "parent" {
  path = "reseller/customer"
}

data "demarc_service_account" "by_name" {
  name     = "account"
  owner_id = data.demarc_customer.parent.id
}

# By id.
data "demarc_service_account" "by_id" {
  id = "sa_01jd8w3n5hfr7tgv5k2m9x4b6c"
}
