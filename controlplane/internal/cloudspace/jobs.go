package cloudspace

import (
	"context"
	"net/netip"
	"time"

	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/reconcile"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/service"
)

func (r *row) network() (hypervisor.NetworkSpec, error) {
	cidr, err := netip.ParsePrefix(r.NetworkCIDR)
	return hypervisor.NetworkSpec{ID: r.ID, Name: r.Name, CIDR: cidr, Domain: resource.Text(r.LocalDomain)}, err
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
	return s.Table.Observe(ctx, r.ID, map[string]any{"gateway_address": network.Gateway.String()})
}

func (s *Service) remove(ctx context.Context, r row) error {
	driver, err := s.locations.Driver(ctx, r.LocationID)
	if err != nil {
		return err
	}
	return driver.DeleteNetwork(ctx, r.ID)
}

// reconcile repairs networks that differ from their rows, and removes those without a row.
func (s *Service) reconcile() reconcile.Reconciler {
	return reconcile.Reconciler{Name: Kind.Name, Every: 30 * time.Second, Run: func(ctx context.Context) error {
		return s.locations.Each(authz.System(ctx), s.reconcileLocation)
	}}
}

func (s *Service) reconcileLocation(ctx context.Context, location string, driver hypervisor.Driver) error {
	found, err := driver.List(ctx)
	if err != nil {
		return err
	}
	networks := make(map[string]hypervisor.Network, len(found.Networks))
	for _, n := range found.Networks {
		networks[n.ID] = n
	}
	rows, err := s.Table.All(ctx, "location_id = ?", location)
	if err != nil {
		return err
	}
	return service.Drift(ctx, s.Converger, rows, networks, differs, driver.DeleteNetwork)
}

func differs(_ context.Context, r *row, is hypervisor.Network, there bool) (bool, error) {
	want, err := r.network()
	return !there || is.Name != want.Name || is.Domain != want.Domain || is.CIDR != want.CIDR, err
}
