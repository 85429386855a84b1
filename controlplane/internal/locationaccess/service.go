package locationaccess

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// Service keeps the location accesses.
type Service struct {
	deps    module.Deps
	table   *resource.Table[row, *row]
	locator *resource.Locator
}

// Create gives access to a location.
func (s *Service) Create(ctx context.Context, in LocationAccessCreate) (LocationAccess, error) {
	r := &row{LocationID: in.LocationID, GranteeID: in.GranteeID}
	err := s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		var wrong []fault.Field
		_, err := s.locator.Refer(ctx, "/location_id", in.LocationID, "location")
		if err := fault.Gather(&wrong, err); err != nil {
			return err
		}
		_, err = s.locator.Refer(ctx, "/grantee_id", in.GranteeID, "customer", "billing_entity")
		if err := fault.Gather(&wrong, err); err != nil {
			return err
		}
		if err := fault.InvalidFields(wrong...); err != nil {
			return err
		}
		return s.table.Insert(ctx, r)
	})
	return r.model(), err
}

// Get returns a location access.
func (s *Service) Get(ctx context.Context, id string) (LocationAccess, error) {
	r, err := s.table.Get(ctx, id)
	return r.model(), err
}

// List returns a page of location accesses.
func (s *Service) List(ctx context.Context, q resource.ListQuery) (resource.Page[LocationAccess], error) {
	return resource.PageOf(ctx, s.table, q, (*row).model)
}

// Delete takes access to a location away.
func (s *Service) Delete(ctx context.Context, in httpapi.DeleteInput) (resource.None, error) {
	return resource.None{}, s.table.Drop(ctx, in.ID, in.IfMatch)
}

// Granted implements location.Accesses.
func (s *Service) Granted(ctx context.Context, locationID string, grantees ...string) (bool, error) {
	return granted(ctx, s.deps.DB, locationID, grantees)
}
