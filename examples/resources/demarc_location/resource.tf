resource "demarc_location" "ghent" {
  name         = "ghent-1"
  display_name = "Ghent, first hall"
  driver       = "simulated"
  country      = "BE"
  city         = "Gent"

  labels = {
    tier = "3"
  }
}
