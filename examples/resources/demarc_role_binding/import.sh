# By id.
terraform import demarc_role_binding.example rb_01jd8w3n5hfr7tgv5k2m9x4b6c

# By its key: principal_kind,principal_id,role_id,scope_id.
terraform import demarc_role_binding.example user,ann-example,role_01jd8w3n5hfr7tgv5k2m9x4b6c,cus_01jd8w3n5hfr7tgv5k2m9x4b6c
