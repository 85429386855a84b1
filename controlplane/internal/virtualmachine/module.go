package virtualmachine

import (
	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/reconcile"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// New returns the service.
func New(d module.Deps, customers Customers, cloudspaces Cloudspaces, images Images) *Service {
	s := &Service{
		deps: d, table: resource.NewTable[row](d.DB, d.Registry, d.Clock, Kind), customers: customers, cloudspaces: cloudspaces, images: images,
		userData: d.Vault.Column(Kind.Table, "user_data_encrypted"),
	}
	s.converger = &resource.Converger[row, *row]{
		Table: s.table, Sagas: d.Sagas, Ledger: d.Ledger, Uses: s.uses,
		Apply: []resource.Stage[row]{
			{Name: "machine", Do: s.ensure, Undo: s.remove},
			{Name: "power", Do: s.setPower},
		},
		Remove: []resource.Stage[row]{{Name: "machine", Do: s.remove}},
		Actions: []resource.Stage[row]{
			{Name: "reboot", Do: s.act(hypervisor.Driver.Reboot)},
			{Name: "reset", Do: s.act(hypervisor.Driver.Reset)},
		},
	}
	return s
}

// Module is what it brings to the server.
func (s *Service) Module() module.Module {
	return module.Module{Kind: Kind, Ops: api{s}.ops(), Definitions: s.converger.Definitions(), Reconcilers: []reconcile.Reconciler{s.reconcile()}}
}
