data "demarc_images" "all" {}

# Only those that match all of the arguments.
data "demarc_images" "some" {
  label = "env=prod,tier!=db"
}

output "images" {
  value = [for o in data.demarc_images.all.items : o.name]
}
