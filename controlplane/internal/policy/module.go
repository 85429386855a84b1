package policy

import (
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// New returns the service.
func New(d module.Deps, bindings Bindings) *Service {
	d.Registry.Add(Kind)
	return &Service{deps: d, locator: resource.NewLocator(d.DB, d.Registry), bindings: bindings}
}

// Module is what it brings to the server.
func (s *Service) Module() module.Module {
	return module.Module{Kind: Kind, Ops: api{s}.ops()}
}
