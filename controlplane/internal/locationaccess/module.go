package locationaccess

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// New returns the service.
func New(d module.Deps) *Service {
	d.Registry.OnRemove(func(ctx context.Context, id string) error { return forget(ctx, d.DB, id) })
	return &Service{deps: d, table: resource.NewTable[row](d.DB, d.Registry, d.Clock, Kind), locator: resource.NewLocator(d.DB, d.Registry)}
}

// Module is what it brings to the server.
func (s *Service) Module() module.Module {
	return module.Module{Kind: Kind, Ops: api{s}.ops()}
}
