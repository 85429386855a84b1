// Package lift is a kind that a test adds to the server, of things that somebody has to build. What it costs who lets it is for few, and why
// it could not be built says so.
package lift

import (
	"context"
	"fmt"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/service"
)

// Kind describes lifts.
var Kind = resource.Kind{
	Name: "lift", Title: "Lift", Category: "Storage", Prefix: "lif", Named: true,
	Description: "Takes things of a customer to the shelves.",
	Parent:      &resource.Link{Kind: "customer", Field: "customer_id"},
}

// Numbers of floors with which building a lift fails, at once and after longer than a request goes on without asking again who may see what.
const (
	Unbuilt = 13
	Slow    = 14
)

// Spec is what can be changed of a lift.
type Spec struct {
	resource.Named
	// Number of floors.
	FloorCount int64 `json:"floor_count" validate:"required" minimum:"1" maximum:"20"`
	// What it costs who lets it.
	Cost *int64 `json:"cost" minimum:"0" maximum:"1000000" extensions:"x-visible=lifts.get_cost"`
} // @name LiftSpec

// Create is what a lift is made from.
type Create struct {
	// The customer that it belongs to.
	CustomerID string `json:"customer_id" validate:"required" format:"typeid" extensions:"x-ref=customer"`
	Spec
} // @name LiftCreate

// Lift takes things up.
type Lift struct {
	resource.Meta
	Create
} // @name Lift

type row struct {
	resource.Base
	Create
}

// Service keeps the lifts.
type Service struct {
	*service.Converged[row, Create, Spec, Lift]
}

// New returns the service.
func New(d module.Deps) *Service {
	return &Service{service.NewConverged(d, Kind, service.Rules[row, Create, Spec, Lift]{
		Row:  func(in Create) row { return row{Create: in} },
		Spec: func(r *row) *Spec { return &r.Spec },
		View: func(r *row) Lift { return Lift{Meta: r.Meta(), Create: r.Create} },
	}, service.Work[row]{
		Apply:  []service.Stage[row]{{Name: "build", Do: build}},
		Remove: []service.Stage[row]{{Name: "remove", Do: func(context.Context, row) error { return nil }}},
		Actions: []service.Action[row]{
			{Verb: "inspect", Summary: "Inspect a lift", Do: func(context.Context, row) error { return nil }},
		},
	})}
}

func build(_ context.Context, r row) error {
	if r.FloorCount == Slow {
		time.Sleep(1500 * time.Millisecond)
	}
	if (r.FloorCount == Unbuilt || r.FloorCount == Slow) && r.Cost != nil {
		return refusal(fmt.Sprintf("a lift of %d floors is not built for %d", r.FloorCount, *r.Cost))
	}
	return nil
}

// refusal says in public, which is for who sees all of a lift, more than in the log.
type refusal string

func (r refusal) Error() string  { return "nobody builds it" }
func (r refusal) Public() string { return string(r) }

// Module is what it brings to the server.
func (s *Service) Module() module.Module { return service.Module(s) }
