# By name path: the names from an ancestor down to the object.
data "demarc_api_token" "by_path" {
  path = "account/token"
}

# By name, within its service account.
data "demarc_service_account" "parent" {
  path = "customer/account"
}

data "demarc_api_token" "by_name" {
  name               = "token"
  service_account_id = data.demarc_service_account.parent.id
}

# By id.
data "demarc_api_token" "by_id" {
  id = "tok_01jd8w3n5hfr7tgv5k2m9x4b6c"
}
