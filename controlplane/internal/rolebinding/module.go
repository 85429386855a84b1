package rolebinding

import (
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// New returns the service.
func New(d module.Deps, roles Roles) *Service {
	s := &Service{deps: d, table: resource.NewTable[row](d.DB, d.Registry, d.Clock, Kind), locator: resource.NewLocator(d.DB, d.Registry), roles: roles}
	d.Registry.OnRemove(s.scopeRemoved)
	return s
}

// Module is what it brings to the server.
func (s *Service) Module() module.Module {
	return module.Module{Kind: Kind, Ops: api{s}.ops()}
}
