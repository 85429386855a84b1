# By id.
terraform import demarc_location_access.example lac_01jd8w3n5hfr7tgv5k2m9x4b6c

# By its key: location_id,grantee_id.
terraform import demarc_location_access.example loc_01jd8w3n5hfr7tgv5k2m9x4b6c,cus_01jd8w3n5hfr7tgv5k2m9x4b6c
