// Package locker is a kind that a test adds to the server: this file, its migration and its sample data are all that there is of it.
package locker

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
	"github.com/demarc/demarc/controlplane/internal/platform/service"
)

// Kind describes lockers.
var Kind = resource.Kind{
	Name: "locker", Title: "Locker", Category: "Storage", Prefix: "lok", Named: true, Scope: true,
	Description: "Keeps things of a customer in a location.",
	Parent:      &resource.Link{Kind: "customer", Field: "customer_id"},
	Needs:       []resource.Link{{Kind: "location", Field: "location_id"}},
	Scopes:      []resource.Link{{Kind: "location", Field: "location_id"}},
	Filters: []resource.Filter{
		{Name: "customer_id", Words: "Those of one customer"},
		{Name: "location_id", Words: "Those in one location"},
		{Name: "door", Words: "Those with such a door"},
		{Name: "wholesale_rent", Words: "Those that cost", Range: resource.Numbers},
	},
	Orders: []string{"wholesale_rent"},
	Quota:  []string{"lockers", "shelves"},
}

// Tariff is what a locker costs for a time.
type Tariff struct {
	// What the customer pays.
	Rent int64 `json:"rent" validate:"required" minimum:"0" maximum:"1000000"`
	// What it costs who lets it.
	WholesaleRent *int64 `json:"wholesale_rent" minimum:"0" maximum:"1000000" extensions:"x-visible=lockers.get_wholesale"`
} // @name LockerTariff

// Spec is what can be changed of a locker.
type Spec struct {
	resource.Named
	// Number of its shelves, of which none is ever taken out.
	ShelfCount int64 `json:"shelf_count" validate:"required" minimum:"1" maximum:"12" extensions:"x-grow-only"`
	// What it is closed by.
	Door string `json:"door" enums:"wood,steel" default:"wood"`
	// What is in it.
	Contents map[string]string `json:"contents" gorm:"serializer:json" maxLength:"100" extensions:"x-max-items=12"`
	// What the customer pays for it.
	Rent int64 `json:"rent" minimum:"0" maximum:"1000000" default:"20"`
	// What it costs who lets it.
	WholesaleRent *int64 `json:"wholesale_rent" minimum:"0" maximum:"1000000" extensions:"x-visible=lockers.get_wholesale"`
	// What is expected to be lost with it, by who lets it.
	Risk int64 `json:"risk" minimum:"0" maximum:"1000000" default:"271828" extensions:"x-visible=lockers.assess"`
	// Other rents, by the season.
	Tariffs map[string]Tariff `json:"tariffs" gorm:"serializer:json" extensions:"x-max-items=4"`
	// What opens it.
	PIN *secret.String `json:"pin,omitempty" gorm:"-" swaggertype:"string" maxLength:"8" extensions:"x-write-only"`
} // @name LockerSpec

// Create is what a locker is made from.
type Create struct {
	// The customer that it belongs to.
	CustomerID string `json:"customer_id" validate:"required" format:"typeid" extensions:"x-ref=customer"`
	// The location that it is in.
	LocationID string `json:"location_id" validate:"required" format:"typeid" extensions:"x-ref=location"`
	Spec
} // @name LockerCreate

// Locker keeps things.
type Locker struct {
	resource.Meta
	Create
} // @name Locker

type row struct {
	resource.Base
	Create
	PINEncrypted []byte `gorm:"column:pin_encrypted"`
}

// Service keeps the lockers.
type Service struct {
	*service.Stored[row, Create, Spec, Locker]
}

// New returns the service.
func New(d module.Deps) *Service {
	return &Service{service.NewStored(d, Kind, service.Rules[row, Create, Spec, Locker]{
		Row:  func(in Create) row { return row{Create: in} },
		Spec: func(r *row) *Spec { return &r.Spec },
		View: func(r *row) Locker { return Locker{Meta: r.Meta(), Create: r.Create} },
		Secrets: []service.Secret[row]{{
			Field: "pin", Column: d.Vault.Column(Kind.Table(), "pin_encrypted"),
			In:   func(r *row) **secret.String { return &r.PIN },
			Kept: func(r *row) *[]byte { return &r.PINEncrypted },
		}},
		Uses: func(_ context.Context, r *row) (service.Use, error) {
			return service.Use{State: "rented", Spec: map[string]any{"door": r.Door}, Quota: map[string]int64{"lockers": 1, "shelves": r.ShelfCount}}, nil
		},
	})}
}

// Module is what it brings to the server.
func (s *Service) Module() module.Module { return service.Module(s) }
