package disk

import (
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/reconcile"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// New returns the service.
func New(d module.Deps, cloudspaces Cloudspaces, machines Machines) *Service {
	s := &Service{deps: d, table: resource.NewTable[row](d.DB, d.Registry, d.Clock, Kind), cloudspaces: cloudspaces, machines: machines}
	s.converger = &resource.Converger[row, *row]{
		Table: s.table, Sagas: d.Sagas, Ledger: d.Ledger, Uses: s.uses,
		Apply: []resource.Stage[row]{
			{Name: "volume", Do: s.ensure, Undo: s.remove},
			{Name: "attachment", Do: s.attach},
		},
		Remove: []resource.Stage[row]{{Name: "volume", Do: s.remove}},
	}
	return s
}

// Module is what it brings to the server.
func (s *Service) Module() module.Module {
	return module.Module{Kind: Kind, Ops: api{s}.ops(), Definitions: s.converger.Definitions(), Reconcilers: []reconcile.Reconciler{s.reconcile()}}
}
