package apitoken

import (
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// New returns the service.
func New(d module.Deps, accounts Accounts) *Service {
	return &Service{deps: d, table: resource.NewTable[row](d.DB, d.Registry, d.Clock, Kind), locator: resource.NewLocator(d.DB, d.Registry),
		accounts: accounts}
}

// Use says which permissions there are. To be called before the first request.
func (s *Service) Use(permissions []string) { s.permissions = permissions }

// Module is what it brings to the server.
func (s *Service) Module() module.Module {
	return module.Module{Kind: Kind, Ops: api{s}.ops()}
}
