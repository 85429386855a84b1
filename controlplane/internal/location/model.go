package location

import "github.com/demarc/demarc/controlplane/internal/platform/resource"

// Kind describes locations.
var Kind = resource.Kind{
	Name: "location", Plural: "locations", Title: "Location", Category: "Infrastructure", Prefix: "loc", Path: "/locations", Table: "location", Named: true,
	Description: "A place where machines run.",
	Scope:       true,
	Shared:      offered,
}

// LocationSpec is what can be changed of a location.
type LocationSpec struct {
	resource.Named
	// ISO 3166 country code.
	Country *string `json:"country" format:"country"`
	// City.
	City *string `json:"city" maxLength:"100"`
	// Whether new cloudspaces can be made in it.
	Enabled bool `json:"enabled" default:"true"`
	// Whether it is only for those who have a location access, and what is below them: nobody else sees it or makes cloudspaces in it.
	Restricted bool `json:"restricted" default:"false"`
} // @name LocationSpec

// LocationCreate is what a location is made from.
type LocationCreate struct {
	// What runs the machines in it. The simulated driver runs none and is for evaluation.
	Driver string `json:"driver" enums:"simulated" default:"simulated"`
	LocationSpec
} // @name LocationCreate

// Location is a place where machines run.
type Location struct {
	resource.Meta
	LocationCreate
} // @name Location

// LocationList is one page of locations.
type LocationList struct {
	resource.Page[Location]
} // @name LocationList
