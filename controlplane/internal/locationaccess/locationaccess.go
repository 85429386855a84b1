// Package locationaccess keeps who may use a restricted location: a customer, or a billing entity with all customers below it.
//
// Invariants:
//   - Access is given and taken by whoever may do so with the location, not with the grantee, who need not agree.
//   - Taking it hides the location and keeps new cloudspaces out; what is there goes on.
//   - An access ends with its location and with its grantee.
package locationaccess

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/service"
)

// Kind describes location accesses.
var Kind = resource.Kind{
	Name: "location_access", Title: "Location access", Category: "Access", Prefix: "lac", Key: []string{"location_id", "grantee_id"},
	Description: "Lets a customer, or a billing entity with all below it, see and use a restricted location.",
	DecidedBy:   "location_id", Scopes: []resource.Link{{Kind: "location", Field: "location_id"}},
	Filters: []resource.Filter{
		{Name: "location_id", Words: "Those to one location"},
		{Name: "grantee_id", Words: "Those of one customer or billing entity"},
	},
	Words: map[string]string{"create": "Give access to a location", "delete": "Take access to a location away"},
}

// Create is what a location access is made from.
type Create struct {
	// The location.
	LocationID string `json:"location_id" validate:"required" format:"typeid" extensions:"x-ref=location"`
	// The customer or billing entity that may use it.
	GranteeID string `json:"grantee_id" validate:"required" format:"typeid" extensions:"x-ref=customer|billing_entity"`
} // @name LocationAccessCreate

// LocationAccess lets somebody use a restricted location.
type LocationAccess struct {
	resource.Record
	Create
} // @name LocationAccess

type row struct {
	resource.Base
	Create
}

// Service keeps the location accesses.
type Service struct {
	*service.Stored[row, Create, resource.None, LocationAccess]
	db *db.DB
}

// New returns the service.
func New(d module.Deps) *Service {
	s := &Service{service.NewStored(d, Kind, service.Rules[row, Create, resource.None, LocationAccess]{
		Row:  func(in Create) row { return row{Create: in} },
		View: func(r *row) LocationAccess { return LocationAccess{Record: r.Record(), Create: r.Create} },
	}), d.DB}
	d.Registry.OnRemove(func(ctx context.Context, id string) error { return forget(ctx, d.DB, id) })
	return s
}

// Module is what it brings to the server.
func (s *Service) Module() module.Module { return service.Module(s) }

// Granted says whether any of the grantees has access to the location.
func (s *Service) Granted(ctx context.Context, locationID string, grantees ...string) (bool, error) {
	return granted(ctx, s.db, locationID, grantees)
}
