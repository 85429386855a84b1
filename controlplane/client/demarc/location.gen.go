// Code generated from the catalog by cmd/gen. DO NOT EDIT.

package demarc

import (
	"time"

	"github.com/demarc/demarc/controlplane/client"
)

// Location is a location, as it is answered. A place where machines run.
type Location struct {
	Named
	Driver  LocationDriver `json:"driver"`  // What runs the machines in it. The simulated driver runs none and is for evaluation.
	Country *string        `json:"country"` // ISO 3166 country code.
	City    *string        `json:"city"`    // City.
	Enabled bool           `json:"enabled"` // Whether new cloudspaces can be made in it; they can in a new one.
	// Whether it is only for those who have a location access, and what is below them: nobody else sees it or makes cloudspaces in it. A new one is
	// for all.
	Restricted bool `json:"restricted"`
}

// LocationCreate is what a location is made from.
type LocationCreate struct {
	// What it is called: unique within the parent, and can be changed. Required.
	Name               string            `json:"name"`
	DisplayName        *string           `json:"display_name,omitzero"`        // Name for people.
	Driver             LocationDriver    `json:"driver,omitzero"`              // What runs the machines in it. Default "simulated".
	Labels             map[string]string `json:"labels,omitzero"`              // Labels to select by.
	Notes              *string           `json:"notes,omitzero"`               // Notes for people.
	DeletionProtection *bool             `json:"deletion_protection,omitzero"` // While true, a delete is refused.
	Country            *string           `json:"country,omitzero"`             // ISO 3166 country code.
	City               *string           `json:"city,omitzero"`                // City.
	// Whether new cloudspaces can be made in it; they can in a new one. The server chooses if it is absent.
	Enabled *bool `json:"enabled,omitzero"`
	// Whether it is only for those who have a location access, and what is below them: nobody else sees it or makes cloudspaces in it. The server
	// chooses if it is absent.
	Restricted *bool `json:"restricted,omitzero"`
}

// LocationPatch is a change of a location.
type LocationPatch struct {
	// What it is called: unique within the parent, and can be changed.
	Name               client.Optional[string]                 `json:"name,omitzero"`
	DisplayName        client.Optional[string]                 `json:"display_name,omitzero"`        // Name for people.
	Labels             client.Optional[client.Entries[string]] `json:"labels,omitzero"`              // Labels to select by.
	Notes              client.Optional[string]                 `json:"notes,omitzero"`               // Notes for people.
	DeletionProtection client.Optional[bool]                   `json:"deletion_protection,omitzero"` // While true, a delete is refused.
	Country            client.Optional[string]                 `json:"country,omitzero"`             // ISO 3166 country code.
	City               client.Optional[string]                 `json:"city,omitzero"`                // City.
	// Whether new cloudspaces can be made in it; they can in a new one. Null leaves it.
	Enabled client.Optional[bool] `json:"enabled,omitzero"`
	// Whether it is only for those who have a location access, and what is below them: nobody else sees it or makes cloudspaces in it. Null leaves
	// it.
	Restricted client.Optional[bool] `json:"restricted,omitzero"`
}

// LocationDriver is what driver can be.
type LocationDriver string

const (
	LocationDriverSimulated LocationDriver = "simulated"
)

// LocationQuery says which locations a list finds: all, unless it says more.
type LocationQuery struct {
	State          []State   `query:"state"`            // Those in one of these states.
	Enabled        *bool     `query:"enabled"`          // Those that take new cloudspaces, or do not.
	Restricted     *bool     `query:"restricted"`       // Those that are for some only, or are for all.
	CreatedAtFrom  time.Time `query:"created_at_from"`  // Those that were made then or later.
	CreatedAtUntil time.Time `query:"created_at_until"` // Those that were made before then.
	Label          string    `query:"label"`            // Label selector: env=prod,tier!=db,owner,!legacy.
	Search         string    `query:"q"`                // Part of the name or display name.
	Path           string    `query:"path"`             // Name path: all that match it.
	OrderBy        string    `query:"order_by"`         // With a minus sign the other way round: name, created_at.
	PageSize       int       `query:"page_size"`        // How many objects one request brings, up to 500; 0 for as many as that.
}

// LocationKind is what can be done with locations.
type LocationKind = client.NamedKind[Location, LocationCreate, LocationPatch, LocationQuery]

// Locations are the locations of a server.
func Locations(c *client.Client) LocationKind { return client.Bind[LocationKind](c, kind("location")) }
