# By name path: the names from an ancestor down to the object.
data "demarc_virtual_machine" "by_path" {
  path = "space/machine"
}

# By name, within its cloudspace.
data "demarc_cloudspace" "parent" {
  path = "customer/space"
}

data "demarc_virtual_machine" "by_name" {
  name          = "machine"
  cloudspace_id = data.demarc_cloudspace.parent.id
}

# By id.
data "demarc_virtual_machine" "by_id" {
  id = "vm_01jd8w3n5hfr7tgv5k2m9x4b6c"
}
