// Package safe is a kind that a test adds to the server. Others than who declares a safe lock and guard it, what is written on it follows where
// it is, and what opens it is told to whom it takes a permission of its own.
package safe

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
	"github.com/demarc/demarc/controlplane/internal/platform/service"
	"github.com/demarc/demarc/controlplane/internal/platform/vault"
)

// Kind describes safes.
var Kind = resource.Kind{
	Name: "safe", Title: "Safe", Category: "Storage", Prefix: "saf", Named: true,
	Description: "Keeps what is worth something to a customer.",
	Parent:      &resource.Link{Kind: "customer", Field: "customer_id"},
	Filters:     []resource.Filter{{Name: "customer_id", Words: "Those of one customer"}, {Name: "tag", Words: "Those with that tag"}},
}

// Wiring is how a safe is connected.
type Wiring struct {
	// Its line.
	Line string `json:"line" validate:"required" maxLength:"20"`
	// Whether it is live; a new one is.
	Live bool `json:"live" extensions:"x-kept=true"`
} // @name SafeWiring

// Key is one of those that open a safe.
type Key struct {
	// Who has it.
	Holder string `json:"holder" validate:"required" maxLength:"40"`
	// How often it can be used; a new one three times.
	UseLimit int64 `json:"use_limit" minimum:"0" maximum:"100" extensions:"x-kept=3"`
} // @name SafeKey

// Spec is what can be changed of a safe.
type Spec struct {
	resource.Named
	// The floor that it is on.
	Floor int64 `json:"floor" validate:"required" minimum:"0" maximum:"99"`
	// Whether it is locked; a new one is.
	Lock string `json:"lock" enums:"locked,open" extensions:"x-kept=locked"`
	// Wrong tries after which it calls somebody, five at first.
	TryLimit int64 `json:"try_limit" minimum:"1" maximum:"10" extensions:"x-kept=5"`
	// Whether somebody watches it; a new one is not watched.
	Watched bool `json:"watched" extensions:"x-kept=false"`
	// How it is connected.
	Wiring *Wiring `json:"wiring" gorm:"serializer:json"`
	// What opens it beside its combination.
	Keys map[string]Key `json:"keys" gorm:"serializer:json" extensions:"x-max-items=4"`
} // @name SafeSpec

// Create is what a safe is made from.
type Create struct {
	// The customer that it belongs to.
	CustomerID string `json:"customer_id" validate:"required" format:"typeid" extensions:"x-ref=customer"`
	Spec
} // @name SafeCreate

// Computed is what follows from the rest.
type Computed struct {
	// What is written on it.
	Tag string `json:"tag" readonly:"true" extensions:"x-follows=name|floor"`
	// How many plates what is written on it takes.
	PlateCount int64 `json:"plate_count" readonly:"true" extensions:"x-follows=tag"`
	// How often all keys together can be used.
	Uses int64 `json:"uses" readonly:"true" extensions:"x-follows=keys"`
}

// Safe keeps what is worth something.
type Safe struct {
	resource.Meta
	Create
	Computed
} // @name Safe

type row struct {
	resource.Base
	Create
	Computed
	CombinationEncrypted []byte
}

// Service keeps the safes.
type Service struct {
	*service.Stored[row, Create, Spec, Safe]
	combination vault.Column
}

// New returns the service.
func New(d module.Deps) *Service {
	s := &Service{combination: d.Vault.Column(Kind.Table(), "combination_encrypted")}
	s.Stored = service.NewStored(d, Kind, service.Rules[row, Create, Spec, Safe]{
		Row:  func(in Create) row { return row{Create: in} },
		Spec: func(r *row) *Spec { return &r.Spec },
		View: func(r *row) Safe { return Safe{Meta: r.Meta(), Create: r.Create, Computed: r.Computed} },
		Sealed: []service.Sealed[row]{{
			Column: s.combination, Kept: func(r *row) *[]byte { return &r.CombinationEncrypted },
			Make: func(context.Context, *row) (secret.String, error) { return secret.New(rand.Text()), nil },
		}},
		Follows: map[string]func(*row){
			"tag":         func(r *row) { r.Tag = fmt.Sprintf("%s.%d.safes.example", r.Name, r.Floor) },
			"plate_count": func(r *row) { r.PlateCount = int64(len(r.Tag)+19) / 20 },
			"uses":        func(r *row) { r.Uses = uses(r.Keys) },
		},
	})
	return s
}

func uses(of map[string]Key) (n int64) {
	for _, k := range of {
		n += k.UseLimit
	}
	return n
}

// Module is what it brings to the server.
func (s *Service) Module() module.Module {
	return service.Module(s,
		httpapi.Action(Kind, "raid", "Break a safe open, and carry it a floor down", false, httpapi.Handle(s.raid)),
		httpapi.Reveal(Kind, "combination", "Reveal what opens a safe", httpapi.Handle(s.reveal)),
	)
}

// raid is what others do to a safe: they open it, and take it elsewhere.
func (s *Service) raid(ctx context.Context, in httpapi.ActionInput) (Safe, error) {
	changed, _, err := s.Table.Change(ctx, in.ID, in.IfMatch, func(r *row) error {
		r.Lock, r.Floor = "open", max(r.Floor-1, 0)
		return nil
	})
	return s.Answer(ctx, &changed, err)
}

// Opening is what opens a safe.
type Opening struct {
	// The numbers to dial.
	Combination *string `json:"combination" readonly:"true" extensions:"x-sensitive,x-nullable"`
	// How many there are.
	Length int64 `json:"length" readonly:"true"`
} // @name SafeOpening

func (s *Service) reveal(ctx context.Context, in httpapi.RevealInput) (Opening, error) {
	combination, err := s.Reveal(ctx, in.ID, s.combination)
	return Opening{combination, int64(len(resource.Text(combination)))}, err
}
