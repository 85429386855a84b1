package cloudspace

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// Customers is what cloudspaces need of the customers.
type Customers interface {
	// BillingEntityOfActive returns who bills the customer; it refuses one that is not active.
	BillingEntityOfActive(ctx context.Context, pointer, customerID string) (string, error)
	// CheckActive refuses a customer that is not active, whether or not the caller may see it.
	CheckActive(ctx context.Context, customerID string) error
}

// Locations is what cloudspaces need of the locations.
type Locations interface {
	// CheckUsable refuses a location that takes nothing new, or nothing of that customer, and keeps it from changing until the
	// transaction ends.
	CheckUsable(ctx context.Context, pointer, locationID, customerID, billingEntityID string) error
	// Driver is what runs the location.
	Driver(ctx context.Context, locationID string) (hypervisor.Driver, error)
	// IDs are those of all locations.
	IDs(ctx context.Context) ([]string, error)
}

// Service keeps the cloudspaces.
type Service struct {
	deps      module.Deps
	table     *resource.Table[row, *row]
	converger *resource.Converger[row, *row]
	customers Customers
	locations Locations
}

// Create adds a cloudspace and begins to make it.
func (s *Service) Create(ctx context.Context, in CloudspaceCreate) (Cloudspace, error) {
	r := &row{LocationID: in.LocationID, NetworkCIDR: in.NetworkCIDR}
	r.CustomerID = in.CustomerID
	r.set(in.CloudspaceSpec)
	err := s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		var err error
		if r.BillingEntityID, err = s.customers.BillingEntityOfActive(ctx, "/customer_id", in.CustomerID); err != nil {
			return err
		}
		if err := s.locations.CheckUsable(ctx, "/location_id", in.LocationID, in.CustomerID, r.BillingEntityID); err != nil {
			return err
		}
		if err := s.table.Insert(ctx, r); err != nil {
			return err
		}
		return s.converger.Create(ctx, r)
	})
	return r.model(), err
}

// Get returns a cloudspace.
func (s *Service) Get(ctx context.Context, id string) (Cloudspace, error) {
	r, err := s.table.Get(ctx, id)
	return r.model(), err
}

// List returns a page of cloudspaces.
func (s *Service) List(ctx context.Context, q resource.ListQuery) (resource.Page[Cloudspace], error) {
	return resource.PageOf(ctx, s.table, q, (*row).model)
}

// Update changes a cloudspace, and begins to bring its network to that if it has to.
func (s *Service) Update(ctx context.Context, in httpapi.PatchInput[CloudspaceSpec]) (Cloudspace, error) {
	r, err := s.converger.Patch(ctx, in.ID, in.IfMatch, func(r *row) error {
		next, err := in.Patch.Apply(r.spec())
		if err == nil {
			r.set(next)
		}
		return err
	}, func(old, next *row) bool {
		return old.Name != next.Name || !resource.Same(old.LocalDomain, next.LocalDomain)
	})
	return r.model(), err
}

// Delete begins to remove a cloudspace that is empty.
func (s *Service) Delete(ctx context.Context, in httpapi.DeleteInput) (Cloudspace, error) {
	r, err := s.converger.Drop(ctx, in.ID, in.IfMatch)
	return r.model(), err
}

// Place returns whose the cloudspace is in which something is to be made, and keeps it from being removed until the transaction ends. It
// refuses one that is not made yet, and one whose customer is not active.
func (s *Service) Place(ctx context.Context, pointer, id string) (resource.Place, error) {
	r, err := s.table.Refer(ctx, pointer, id)
	if err != nil {
		return resource.Place{}, err
	}
	if r.OperationID != nil {
		return resource.Place{}, resource.Busy(*r.OperationID, "the cloudspace is being changed")
	}
	if r.GatewayAddress == nil {
		return resource.Place{}, fault.Conflictf("wrong_state", "the cloudspace has failed: %s", resource.Text(r.StateReason))
	}
	err = s.customers.CheckActive(ctx, r.CustomerID)
	return resource.Place{BillingEntityID: r.BillingEntityID, CustomerID: r.CustomerID, LocationID: r.LocationID}, err
}

// Location is where the cloudspace is, and what runs it.
func (s *Service) Location(ctx context.Context, id string) (string, hypervisor.Driver, error) {
	r, err := s.table.Get(authz.Elevated(ctx), id)
	if err != nil {
		return "", nil, err
	}
	driver, err := s.locations.Driver(ctx, r.LocationID)
	return r.LocationID, driver, err
}

// Drivers are those of all locations.
func (s *Service) Drivers(ctx context.Context) (map[string]hypervisor.Driver, error) {
	ids, err := s.locations.IDs(ctx)
	if err != nil {
		return nil, err
	}
	out := make(map[string]hypervisor.Driver, len(ids))
	for _, id := range ids {
		if out[id], err = s.locations.Driver(ctx, id); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Align implements customer.Holdings: a network needs no stopping.
func (s *Service) Align(context.Context, string) error { return nil }

// RemoveAll removes all cloudspaces of a customer, for good. What was in them is gone already.
func (s *Service) RemoveAll(ctx context.Context, customerID string) error {
	return s.converger.RemoveAll(ctx, customerID)
}
