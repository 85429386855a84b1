package auditrecord

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/service"
)

// Service shows audit records.
type Service struct{ store store }

// New returns the service.
func New(d module.Deps) *Service {
	d.Registry.Add(Kind)
	return &Service{store{d.DB, d.Registry}}
}

// Module is what it brings to the server.
func (s *Service) Module() module.Module {
	return module.Module{Kind: Kind, Ops: service.Reads(Kind, s)}
}

// Get returns a record.
func (s *Service) Get(ctx context.Context, id string) (Record, error) {
	r, err := s.store.get(ctx, id)
	return r.model(), err
}

// List returns a page of records, the newest first.
func (s *Service) List(ctx context.Context, q resource.ListQuery) (resource.Page[Record], error) {
	page := resource.Page[Record]{Items: []Record{}}
	found, err := s.store.list(ctx, q)
	if err != nil {
		return page, err
	}
	if size := q.Size(); len(found) > size {
		found = found[:size]
		page.NextPageToken = resource.NextToken(q, found[size-1].ID)
	}
	for _, r := range found {
		page.Items = append(page.Items, r.model())
	}
	return page, nil
}
