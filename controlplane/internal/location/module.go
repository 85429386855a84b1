package location

import (
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// New returns the service.
func New(d module.Deps) *Service {
	return &Service{deps: d, table: resource.NewTable[row](d.DB, d.Registry, d.Clock, Kind)}
}

// GrantedBy says what keeps the accesses to restricted locations. To be called before the first request.
func (s *Service) GrantedBy(accesses Accesses) { s.accesses = accesses }

// Module is what it brings to the server.
func (s *Service) Module() module.Module {
	return module.Module{Kind: Kind, Ops: api{s}.ops()}
}
