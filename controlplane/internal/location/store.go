package location

import "github.com/demarc/demarc/controlplane/internal/platform/resource"

type row struct {
	resource.Columns `gorm:"embedded"`
	Driver           string
	Country          *string
	City             *string
	Enabled          bool
	Restricted       bool
}

func (r *row) model() Location {
	return Location{Meta: r.Meta(), LocationCreate: LocationCreate{Driver: r.Driver, LocationSpec: r.spec()}}
}

func (r *row) spec() LocationSpec {
	return LocationSpec{Named: r.Named(), Country: r.Country, City: r.City, Enabled: r.Enabled, Restricted: r.Restricted}
}

func (r *row) set(s LocationSpec) {
	r.SetNamed(s.Named)
	r.Country, r.City, r.Enabled, r.Restricted = s.Country, s.City, s.Enabled, s.Restricted
}
