package location

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// Accesses is what locations need of the accesses to restricted ones.
type Accesses interface {
	// Granted says whether any of the grantees has access to the location.
	Granted(ctx context.Context, locationID string, grantees ...string) (bool, error)
}

// Service keeps the locations.
type Service struct {
	deps     module.Deps
	table    *resource.Table[row, *row]
	accesses Accesses
}

// Create adds a location.
func (s *Service) Create(ctx context.Context, in LocationCreate) (Location, error) {
	r := &row{Driver: in.Driver}
	r.set(in.LocationSpec)
	err := s.deps.DB.InTx(ctx, func(ctx context.Context) error { return s.table.Insert(ctx, r) })
	return r.model(), err
}

// Get returns a location.
func (s *Service) Get(ctx context.Context, id string) (Location, error) {
	r, err := s.table.Get(ctx, id)
	return r.model(), err
}

// List returns a page of locations.
func (s *Service) List(ctx context.Context, q resource.ListQuery) (resource.Page[Location], error) {
	return resource.PageOf(ctx, s.table, q, (*row).model)
}

// Update changes a location.
func (s *Service) Update(ctx context.Context, in httpapi.PatchInput[LocationSpec]) (Location, error) {
	var r row
	err := s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		var err error
		r, _, err = s.table.Change(ctx, in.ID, in.IfMatch, func(r *row) error {
			next, err := in.Patch.Apply(r.spec())
			if err == nil {
				r.set(next)
			}
			return err
		})
		return err
	})
	return r.model(), err
}

// Delete removes a location that nothing needs.
func (s *Service) Delete(ctx context.Context, in httpapi.DeleteInput) (resource.None, error) {
	return resource.None{}, s.table.Drop(ctx, in.ID, in.IfMatch)
}

// CheckUsable refuses a location that takes nothing new, or nothing of that customer, and keeps it from changing until the transaction ends.
func (s *Service) CheckUsable(ctx context.Context, pointer, id, customerID, billingEntityID string) error {
	r, err := s.table.Refer(ctx, pointer, id)
	if err != nil {
		return err
	}
	if !r.Enabled {
		return fault.Invalidf(pointer, "conflict", "the location takes no new cloudspaces: it is not enabled")
	}
	if !r.Restricted {
		return nil
	}
	above, err := s.deps.Access.Lineage(ctx, billingEntityID)
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
	r, err := s.table.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return s.deps.Drivers.Driver(ctx, hypervisor.Location{ID: r.ID, DriverName: r.Driver})
}

// IDs are those of all locations.
func (s *Service) IDs(ctx context.Context) ([]string, error) {
	rows, err := s.table.All(ctx)
	out := make([]string, len(rows))
	for i := range rows {
		out[i] = rows[i].ID
	}
	return out, err
}
