# By scope_id.
terraform import demarc_policy.example cus_01jd8w3n5hfr7tgv5k2m9x4b6c
