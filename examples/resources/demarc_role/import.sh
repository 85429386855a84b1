# By id.
terraform import demarc_role.example role_01jd8w3n5hfr7tgv5k2m9x4b6c

# By name path: the names from an ancestor down to the object.
terraform import demarc_role.example customer/role
