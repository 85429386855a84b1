// Package contract serves the catalog: the contract as data, for clients that have not been generated from it, such as a portal that draws its
// pages from what there is.
package contract

import (
	"context"
	"net/http"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
)

// Kind is a kind of thing.
type Kind struct {
	// Name, such as virtual_machine.
	Name string `json:"name" readonly:"true"`
	// Name of many, such as virtual_machines.
	Plural string `json:"plural" readonly:"true"`
	// Name for people.
	Title string `json:"title" readonly:"true"`
	// What it is.
	Description string `json:"description" readonly:"true"`
	// Heading under which it stands.
	Category string `json:"category" readonly:"true"`
	// Prefix of its ids; empty if they are words, or those of other kinds.
	Prefix string `json:"prefix" readonly:"true"`
	// Path of its objects, below the base path.
	Path string `json:"path" readonly:"true"`
	// Whether its objects have names, and so paths of names.
	Named bool `json:"named" readonly:"true"`
	// Whether its objects can be made and removed.
	Managed bool `json:"managed" readonly:"true"`
} // @name CatalogKind

// Operation is an operation that belongs to no kind.
type Operation struct {
	// Id, such as whoami.get.
	ID string `json:"id" readonly:"true"`
	// Method of HTTP.
	Method string `json:"method" readonly:"true"`
	// Path below the base path.
	Path string `json:"path" readonly:"true"`
	// What its caller needs.
	Permission string `json:"permission" readonly:"true"`
	// What it does.
	Summary string `json:"summary" readonly:"true"`
} // @name CatalogOperation

// Catalog is all that the control plane manages, as data. There is more in it than is said here, such as its version: catalog.schema.json has all of
// it.
type Catalog struct {
	// What stands before every path.
	BasePath string `json:"base_path" readonly:"true"`
	// The kinds of things, each with its fields, operations, filters, actions and states.
	Kinds []Kind `json:"kinds" readonly:"true"`
	// The operations that belong to no kind, each with its parameters and what it answers.
	Operations []Operation `json:"operations" readonly:"true"`

	written httpapi.Written
} // @name Catalog

// Written implements httpapi.Fixed: it is the file that clients are generated from.
func (c Catalog) Written() httpapi.Written { return c.written }

// Service serves the catalog.
type Service struct{ catalog Catalog }

// New returns the service.
func New() *Service { return &Service{Catalog{written: httpapi.NewWritten(catalog.Embedded())}} }

// Module is what it brings to the server.
func (s *Service) Module() module.Module {
	return module.Module{Ops: []httpapi.Op{{
		ID: "catalog.get", Verb: "catalog", Summary: "Get the catalog of all kinds, with their fields and operations", Method: http.MethodGet, Path: "/catalog",
		Permission: "catalog.get", Scope: httpapi.ScopeCaller, Handle: httpapi.Handle(s.get),
	}}}
}

func (s *Service) get(context.Context, httpapi.GetInput) (Catalog, error) { return s.catalog, nil }
