package cloudspace

import (
	"context"
	"net/netip"

	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
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

// found is what a location has of the kind.
func found(ctx context.Context, driver hypervisor.Driver) (map[string]hypervisor.Network, error) {
	all, err := driver.List(ctx)
	out := make(map[string]hypervisor.Network, len(all.Networks))
	for _, of := range all.Networks {
		out[of.ID] = of
	}
	return out, err
}

func differs(_ context.Context, r *row, is hypervisor.Network, there bool) (bool, error) {
	want, err := r.network()
	return !there || is.Name != want.Name || is.Domain != want.Domain || is.CIDR != want.CIDR, err
}
