// Package torturetoken is a kind that a test adds to the server, of the trait that the other must not have: who has a secret that is shown once
// is, for some clients, no resource.
package torturetoken

import (
	"github.com/demarc/demarc/controlplane/internal/platform/id"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/service"
)

// Kind describes torture tokens.
var Kind = resource.Kind{
	Name: "torture_token", Title: "Torture token", Category: "Storage", Prefix: "ttk", Named: true,
	Description: "Has a secret that is shown once.",
	Parent:      &resource.Link{Kind: "customer", Field: "customer_id"},
	Reveals:     []string{"create"},
}

// Spec is what can be changed of a torture token.
type Spec struct {
	resource.Named
} // @name TortureTokenSpec

// Create is what a torture token is made from.
type Create struct {
	// The customer that it belongs to.
	CustomerID string `json:"customer_id" validate:"required" format:"typeid" extensions:"x-ref=customer"`
	Spec
} // @name TortureTokenCreate

// Token is shown once.
type Token struct {
	resource.Meta
	Create
	// What it opens doors with.
	Word *string `json:"word" readonly:"true" extensions:"x-nullable,x-shown-once"`
} // @name TortureToken

type row struct {
	resource.Base
	Create
	// Word is there while it is being made, and kept nowhere.
	Word *string `gorm:"-"`
}

// Service keeps the tokens.
type Service struct {
	*service.Stored[row, Create, Spec, Token]
}

// New returns the service.
func New(d module.Deps) *Service {
	return &Service{service.NewStored(d, Kind, service.Rules[row, Create, Spec, Token]{
		Row:  func(in Create) row { return row{Create: in, Word: new("open-" + id.New(Kind.Prefix))} },
		Spec: func(r *row) *Spec { return &r.Spec },
		View: func(r *row) Token { return Token{Meta: r.Meta(), Create: r.Create, Word: r.Word} },
	})}
}

// Module is what it brings to the server.
func (s *Service) Module() module.Module { return service.Module(s) }
