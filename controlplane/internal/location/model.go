package location

import "github.com/demarc/demarc/controlplane/internal/platform/resource"

// Kind describes locations.
var Kind = resource.Kind{
	Name: "location", Title: "Location", Category: "Infrastructure", Prefix: "loc", Named: true, Scope: true,
	Description: "A place where machines run.",
	Filters: []resource.Filter{
		{Name: "enabled", Words: "Those that take new cloudspaces, or do not"},
		{Name: "restricted", Words: "Those that are for some only, or are for all"},
	},
	Shared: offered,
}

// Spec is what can be changed of a location.
type Spec struct {
	resource.Named
	// ISO 3166 country code.
	Country *string `json:"country" format:"country"`
	// City.
	City *string `json:"city" maxLength:"100"`
	// Whether new cloudspaces can be made in it; they can in a new one.
	Enabled bool `json:"enabled" extensions:"x-kept=true"`
	// Whether it is only for those who have a location access, and what is below them: nobody else sees it or makes cloudspaces in it. A new one
	// is for all.
	Restricted bool `json:"restricted" extensions:"x-kept=false"`
} // @name LocationSpec

// Create is what a location is made from.
type Create struct {
	// What runs the machines in it. The simulated driver runs none and is for evaluation.
	Driver string `json:"driver" enums:"simulated" default:"simulated"`
	Spec
} // @name LocationCreate

// Location is a place where machines run.
type Location struct {
	resource.Meta
	Create
} // @name Location

type row struct {
	resource.Base
	Create
}
