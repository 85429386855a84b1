# By name path: the names from an ancestor down to the object.
data "demarc_cloudspace" "by_path" {
  path = "customer/space"
}

# By name, within its customer.
data "demarc_customer" "parent" {
  path = "reseller/customer"
}

data "demarc_cloudspace" "by_name" {
  name        = "space"
  customer_id = data.demarc_customer.parent.id
}

# By id.
data "demarc_cloudspace" "by_id" {
  id = "cs_01jd8w3n5hfr7tgv5k2m9x4b6c"
}
