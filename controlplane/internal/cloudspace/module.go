package cloudspace

import (
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/reconcile"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// New returns the service.
func New(d module.Deps, customers Customers, locations Locations) *Service {
	s := &Service{deps: d, table: resource.NewTable[row](d.DB, d.Registry, d.Clock, Kind), customers: customers, locations: locations}
	s.converger = &resource.Converger[row, *row]{
		Table: s.table, Sagas: d.Sagas, Ledger: d.Ledger, Uses: uses,
		Apply: s.apply(), Remove: []resource.Stage[row]{{Name: "network", Do: s.remove}},
	}
	return s
}

// Module is what it brings to the server.
func (s *Service) Module() module.Module {
	return module.Module{Kind: Kind, Ops: api{s}.ops(), Definitions: s.converger.Definitions(), Reconcilers: []reconcile.Reconciler{s.reconcile()}}
}
