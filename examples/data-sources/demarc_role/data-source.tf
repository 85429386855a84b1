# By name path: the names from an ancestor down to the object.
data "demarc_role" "by_path" {
  path = "customer/role"
}

# By name, within its customer or billing entity.
data "demarc_customer" "parent" {
  path = "reseller/customer"
}

data "demarc_role" "by_name" {
  name     = "role"
  owner_id = data.demarc_customer.parent.id
}

# By id.
data "demarc_role" "by_id" {
  id = "role_01jd8w3n5hfr7tgv5k2m9x4b6c"
}
