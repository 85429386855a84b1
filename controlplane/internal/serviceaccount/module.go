package serviceaccount

import (
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// New returns the service.
func New(d module.Deps, customers Customers) *Service {
	return &Service{deps: d, table: resource.NewTable[row](d.DB, d.Registry, d.Clock, Kind), locator: resource.NewLocator(d.DB, d.Registry),
		customers: customers}
}

// Uses says what keeps the things that accounts are used by. To be called before the first request.
func (s *Service) Uses(bindings Bindings, tokens Tokens) { s.bindings, s.tokens = bindings, tokens }

// Module is what it brings to the server.
func (s *Service) Module() module.Module {
	return module.Module{Kind: Kind, Ops: api{s}.ops()}
}
