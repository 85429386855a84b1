# By name path: the names from an ancestor down to the object.
data "demarc_image" "by_path" {
  path = "image"
}

# By id.
data "demarc_image" "by_id" {
  id = "img_01jd8w3n5hfr7tgv5k2m9x4b6c"
}
