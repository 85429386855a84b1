package policy

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
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
	return module.Module{Kind: Kind, Ops: httpapi.CRUD(Kind, httpapi.Handlers{
		Get:    httpapi.Handle(func(ctx context.Context, in httpapi.GetInput) (Policy, error) { return s.Get(ctx, in.ID) }),
		Update: httpapi.Handle(s.Update), Delete: httpapi.Handle(s.Delete),
	})}
}
