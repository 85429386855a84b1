// Package locker is a kind that a test adds to the server: this file, its migration and its sample data are all that there is of it.
package locker

import (
	"context"
	"fmt"
	"io"
	"maps"
	"strconv"

	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
	"github.com/demarc/demarc/controlplane/internal/platform/service"
	"github.com/demarc/demarc/controlplane/internal/platform/vault"
)

// Kind describes lockers.
var Kind = resource.Kind{
	Name: "locker", Title: "Locker", Category: "Storage", Prefix: "lok", Named: true, Scope: true,
	Description: "Keeps things of a customer in a location.",
	Parent:      &resource.Link{Kind: "customer", Field: "customer_id"},
	Needs:       []resource.Link{{Kind: "location", Field: "location_id"}},
	Scopes:      []resource.Link{{Kind: "location", Field: "location_id"}},
	Filters: []resource.Filter{
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
	// Print writes a label.
	Print func(ctx context.Context, w io.Writer, of Locker) error
	// Version tells a label from what it was before.
	Version func(of Locker) string
	// Fill puts things into one.
	Fill func(ctx context.Context, in httpapi.StreamInput) (Filled, error)
	// Follow tells who comes to one.
	Follow func(ctx context.Context, to *httpapi.Listener, in httpapi.WatchInput) error
	deps   module.Deps
	pin    vault.Column
}

// New returns the service.
func New(d module.Deps) *Service {
	s := &Service{Print: line, Version: revision, deps: d, pin: d.Vault.Column(Kind.Table(), "pin_encrypted")}
	s.Stored = service.NewStored(d, Kind, service.Rules[row, Create, Spec, Locker]{
		Row:  func(in Create) row { return row{Create: in} },
		Spec: func(r *row) *Spec { return &r.Spec },
		View: func(r *row) Locker { return Locker{Meta: r.Meta(), Create: r.Create} },
		Secrets: []service.Secret[row]{{
			Field: "pin", Column: s.pin,
			In:   func(r *row) **secret.String { return &r.PIN },
			Kept: func(r *row) *[]byte { return &r.PINEncrypted },
		}},
		Uses: func(_ context.Context, r *row) (service.Use, error) {
			return service.Use{State: "rented", Spec: map[string]any{"door": r.Door}, Quota: map[string]int64{"lockers": 1, "shelves": r.ShelfCount}}, nil
		},
	})
	s.Fill, s.Follow = s.fill, nobody
	return s
}

func nobody(context.Context, *httpapi.Listener, httpapi.WatchInput) error { return nil }

func line(_ context.Context, w io.Writer, of Locker) error {
	_, err := fmt.Fprintf(w, "%s,%d\n", of.Name, of.ShelfCount)
	return err
}

// Module is what it brings to the server.
func (s *Service) Module() module.Module {
	return service.Module(s,
		httpapi.GetDocument(Kind, "label", "Get the label of a locker", httpapi.Handle(s.label), "text/csv", "application/pdf"),
		httpapi.Upload(Kind, "contents", "Put things into a locker", MaxContents, httpapi.Handle(func(ctx context.Context, in httpapi.StreamInput) (Filled, error) { return s.Fill(ctx, in) }), "application/x-ndjson"),
		httpapi.Reveal(Kind, "pin", "Reveal what opens a locker", httpapi.Handle(s.opening)),
		httpapi.Action(Kind, "empty", "Take everything out of a locker", false, httpapi.Handle(s.empty)),
		httpapi.Watch(Kind, "visits", "Watch who comes to a locker", httpapi.Handle(func(_ context.Context, in httpapi.WatchInput) (httpapi.Events, error) {
			return httpapi.Events{Follow: func(ctx context.Context, to *httpapi.Listener) error { return s.Follow(ctx, to, in) }}, nil
		})),
	)
}

// Opening is what opens a locker.
type Opening struct {
	// What was set to open it; null if nothing was.
	PIN *string `json:"pin" readonly:"true" extensions:"x-sensitive,x-nullable"`
} // @name LockerOpening

func (s *Service) opening(ctx context.Context, in httpapi.RevealInput) (Opening, error) {
	pin, err := s.Reveal(ctx, in.ID, s.pin)
	return Opening{pin}, err
}

// MaxContents is how many bytes are taken at once.
const MaxContents = 128 << 20

// Thing is a line of what is put into a locker.
type Thing struct {
	Shelf string `json:"shelf"`
	Thing string `json:"thing"`
}

// Filled says what came of putting things into a locker.
type Filled struct {
	// How many things there were.
	Count int64 `json:"count" readonly:"true"`
} // @name LockerFilled

// fill puts things onto shelves, each hundred of them in a transaction.
func (s *Service) fill(ctx context.Context, in httpapi.StreamInput) (Filled, error) {
	var filled Filled
	batch := map[string]string{}
	put := func() error {
		err := s.deps.DB.InTx(ctx, func(ctx context.Context) error {
			_, _, err := s.Table.Change(ctx, in.ID, nil, func(r *row) error {
				kept := maps.Clone(r.Contents)
				maps.Copy(kept, batch)
				r.Contents = kept
				return nil
			})
			return err
		})
		if err == nil {
			httpapi.Summarize(ctx, httpapi.Summary{Counts: map[string]int64{"things": filled.Count}, Scope: in.ID})
		}
		batch = map[string]string{}
		return err
	}
	for thing, err := range httpapi.Lines[Thing](in) {
		if err != nil {
			return filled, err
		}
		batch[thing.Shelf] = thing.Thing
		if filled.Count++; filled.Count%100 == 0 {
			if err := put(); err != nil {
				return filled, err
			}
		}
	}
	return filled, put()
}

// empty takes everything out.
func (s *Service) empty(ctx context.Context, in httpapi.ActionInput) (Locker, error) {
	things := 0
	changed, _, err := s.Table.Change(ctx, in.ID, in.IfMatch, func(r *row) error {
		things, r.Contents = len(r.Contents), map[string]string{}
		return nil
	})
	httpapi.Summarize(ctx, httpapi.Summary{Counts: map[string]int64{"things": int64(things)}})
	return s.Answer(ctx, &changed, err)
}

func revision(of Locker) string { return strconv.FormatInt(of.Revision, 10) }

// label is what is stuck on the door.
func (s *Service) label(ctx context.Context, in httpapi.DocumentInput) (httpapi.Document, error) {
	of, err := s.Get(ctx, in.ID)
	if err != nil {
		return httpapi.Document{}, err
	}
	d := httpapi.Document{Name: of.Name + ".csv", Version: s.Version(of)}
	if in.ContentType == "application/pdf" {
		d.Name = of.Name + ".pdf"
	}
	d.Write = func(ctx context.Context, w io.Writer) error { return s.Print(ctx, w, of) }
	return d, nil
}
