package location

import (
	"context"
	"errors"

	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/service"
)

// Accesses is what locations need of the accesses to restricted ones.
type Accesses interface {
	// Granted says whether any of the grantees has access to the location.
	Granted(ctx context.Context, locationID string, grantees ...string) (bool, error)
}

// Service keeps the locations.
type Service struct {
	*service.Stored[row, Create, Spec, Location]
	access   *authz.Evaluator
	accesses Accesses
	drivers  *hypervisor.Registry
}

// New returns the service.
func New(d module.Deps, accesses Accesses, drivers *hypervisor.Registry) *Service {
	return &Service{service.NewStored(d, Kind, service.Rules[row, Create, Spec, Location]{
		Row:  func(in Create) row { return row{Create: in} },
		Spec: func(r *row) *Spec { return &r.Spec },
		View: func(r *row) Location { return Location{Meta: r.Meta(), Create: r.Create} },
	}), d.Access, accesses, drivers}
}

// Module is what it brings to the server.
func (s *Service) Module() module.Module { return service.Module(s) }

// CheckUsable refuses a location that takes nothing new, or nothing of that customer, and keeps it from changing until the transaction ends.
func (s *Service) CheckUsable(ctx context.Context, pointer, id, customerID, billingEntityID string) error {
	r, err := s.Table.Refer(ctx, pointer, id)
	if err != nil {
		return err
	}
	if !r.Enabled {
		return fault.Invalidf(pointer, "conflict", "the location takes no new cloudspaces: it is not enabled")
	}
	if !r.Restricted {
		return nil
	}
	above, err := s.access.Lineage(ctx, billingEntityID)
	if err != nil {
		return err
	}
	granted, err := s.accesses.Granted(ctx, id, append(above, customerID)...)
	if err == nil && !granted {
		err = fault.Invalidf(pointer, "location_not_allowed", "the location is restricted, and the customer has no access to it")
	}
	return err
}

// Driver is what runs the location.
func (s *Service) Driver(ctx context.Context, id string) (hypervisor.Driver, error) {
	r, err := s.Table.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.drivers.Driver(ctx, hypervisor.Location{ID: r.ID, DriverName: r.Create.Driver})
}

// Each calls fn with every location and what runs it, and goes on after errors.
func (s *Service) Each(ctx context.Context, fn func(ctx context.Context, id string, driver hypervisor.Driver) error) error {
	rows, err := s.Table.All(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, r := range rows {
		driver, err := s.drivers.Driver(ctx, hypervisor.Location{ID: r.ID, DriverName: r.Create.Driver})
		if err == nil {
			err = fn(ctx, r.ID, driver)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
