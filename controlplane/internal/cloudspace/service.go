package cloudspace

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/service"
)

// Locations is what cloudspaces need of the locations.
type Locations interface {
	// CheckUsable refuses a location that takes nothing new, or nothing of that customer, and keeps it from changing until the
	// transaction ends.
	CheckUsable(ctx context.Context, pointer, locationID, customerID, billingEntityID string) error
	// Driver is what runs the location.
	Driver(ctx context.Context, locationID string) (hypervisor.Driver, error)
	// Each calls fn with every location and what runs it, and goes on after errors.
	Each(ctx context.Context, fn func(ctx context.Context, locationID string, driver hypervisor.Driver) error) error
}

// Service keeps the cloudspaces.
type Service struct {
	*service.Converged[row, Create, Spec, Cloudspace]
	locations Locations
}

// New returns the service.
func New(d module.Deps, locations Locations) *Service {
	s := &Service{locations: locations}
	s.Converged = service.NewConverged(d, Kind, service.Rules[row, Create, Spec, Cloudspace]{
		Row:  func(in Create) row { return row{Create: in} },
		Spec: func(r *row) *Spec { return &r.Spec },
		View: func(r *row) Cloudspace {
			return Cloudspace{Meta: r.Meta(), Create: r.Create, GatewayAddress: r.GatewayAddress}
		},
		Check: s.check,
		Uses: func(context.Context, *row) (service.Use, error) {
			return service.Use{State: "allocated", Spec: map[string]any{}, Quota: map[string]int64{"cloudspaces": 1}}, nil
		},
	}, service.Work[row]{
		Named:  true,
		Apply:  []service.Stage[row]{{Name: "network", Do: s.ensure, Undo: s.remove}},
		Remove: []service.Stage[row]{{Name: "network", Do: s.remove}},
	})
	service.Watch(s.Converger, service.World[row, hypervisor.Driver, hypervisor.Network]{
		Places: locations.Each, Column: "location_id", Found: found, Differs: differs, Remove: hypervisor.Driver.DeleteNetwork,
	})
	return s
}

// Module is what it brings to the server.
func (s *Service) Module() module.Module { return service.Module(s) }

// check refuses a new cloudspace in a location that is not for it.
func (s *Service) check(ctx context.Context, old, next *row) error {
	if old != nil {
		return nil
	}
	return s.locations.CheckUsable(ctx, "/location_id", next.LocationID, next.Base.CustomerID, next.BillingEntityID)
}

// CheckOpen refuses a cloudspace that nothing can be made in: one that is not made yet, or is being changed.
func (s *Service) CheckOpen(ctx context.Context, id string) error {
	r, err := s.Table.Share(authz.Elevated(ctx), id)
	if err != nil {
		return err
	}
	if r.OperationID != nil {
		return resource.Busy(*r.OperationID, "the cloudspace is being changed")
	}
	if r.GatewayAddress == nil {
		return fault.Conflictf("wrong_state", "the cloudspace has failed: %s", resource.Text(r.StateReason))
	}
	return nil
}
