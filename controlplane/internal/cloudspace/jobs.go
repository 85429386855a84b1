package cloudspace

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/ledger"
	"github.com/demarc/demarc/controlplane/internal/platform/reconcile"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

func (r *row) network() (hypervisor.NetworkSpec, error) {
	cidr, err := netip.ParsePrefix(r.NetworkCIDR)
	return hypervisor.NetworkSpec{ID: r.ID, Name: r.Name, CIDR: cidr, Domain: resource.Text(r.LocalDomain)}, err
}

func (s *Service) apply() []resource.Stage[row] {
	return []resource.Stage[row]{{Name: "network", Do: s.ensure, Undo: s.remove}}
}

func (s *Service) ensure(ctx context.Context, r row) error {
	driver, err := s.locations.Driver(ctx, r.LocationID)
	if err != nil {
		return err
	}
	spec, err := r.network()
	if err != nil {
		return err
	}
	network, err := driver.EnsureNetwork(ctx, spec)
	if err != nil {
		return err
	}
	return s.table.Observe(ctx, r.ID, map[string]any{"gateway_address": network.Gateway.String()})
}

func (s *Service) remove(ctx context.Context, r row) error {
	driver, err := s.locations.Driver(ctx, r.LocationID)
	if err != nil {
		return err
	}
	return driver.DeleteNetwork(ctx, r.ID)
}

func uses(_ context.Context, r row) (ledger.Entry, error) {
	return ledger.Entry{
		Kind: Kind.Name, ObjectID: r.ID, BillingEntityID: r.BillingEntityID, CustomerID: r.CustomerID, LocationID: r.LocationID,
		State: "allocated", Spec: map[string]any{}, Quota: map[string]int64{"cloudspaces": 1},
	}, nil
}

// reconcile repairs networks that differ from their rows, and removes those without a row.
func (s *Service) reconcile() reconcile.Reconciler {
	return reconcile.Reconciler{Name: "cloudspace", Every: 30 * time.Second, Run: func(ctx context.Context) error {
		ctx = authz.System(ctx)
		locations, err := s.locations.IDs(ctx)
		if err != nil {
			return err
		}
		var errs []error
		for _, id := range locations {
			errs = append(errs, s.reconcileLocation(ctx, id))
		}
		return errors.Join(errs...)
	}}
}

func (s *Service) reconcileLocation(ctx context.Context, locationID string) error {
	driver, err := s.locations.Driver(ctx, locationID)
	if err != nil {
		return err
	}
	// First what is there, then the rows: what is made in between has its row already.
	found, err := driver.List(ctx)
	if err != nil {
		return err
	}
	rows, err := s.table.All(ctx, "location_id = ?", locationID)
	if err != nil {
		return err
	}
	networks := make(map[string]hypervisor.Network, len(found.Networks))
	for _, n := range found.Networks {
		networks[n.ID] = n
	}
	var errs []error
	for i := range rows {
		r := &rows[i]
		n, ok := networks[r.ID]
		delete(networks, r.ID)
		if want, err := r.network(); err == nil && ok && n.Name == want.Name && n.Domain == want.Domain && n.CIDR == want.CIDR {
			continue
		}
		errs = append(errs, s.converger.RepairIdle(ctx, r.ID))
	}
	for id := range networks {
		errs = append(errs, resource.Orphan(ctx, s.table, id, driver.DeleteNetwork))
	}
	return errors.Join(errs...)
}
