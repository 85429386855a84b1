# By name path: the names from an ancestor down to the object.
data "demarc_disk" "by_path" {
  path = "space/disk"
}

# By name, within its cloudspace.
data "demarc_cloudspace" "parent" {
  path = "customer/space"
}

data "demarc_disk" "by_name" {
  name          = "disk"
  cloudspace_id = data.demarc_cloudspace.parent.id
}

# By id.
data "demarc_disk" "by_id" {
  id = "dsk_01jd8w3n5hfr7tgv5k2m9x4b6c"
}
