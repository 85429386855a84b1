package auditrecord

import (
	"context"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
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
	none := resource.Page[Record]{}
	after, err := resource.After(q, 1)
	if err != nil {
		return none, err
	}
	size := q.PageSize
	if size <= 0 {
		size = resource.DefaultPageSize
	}
	find := query{equal: map[string]string{}, limit: size + 1}
	for name, column := range equal {
		if v, given := q.Filters[name]; given {
			find.equal[column] = v
		}
	}
	if find.since, err = moment(q, "since"); err != nil {
		return none, err
	}
	if find.until, err = moment(q, "until"); err != nil {
		return none, err
	}
	if after != nil {
		find.before = after[0]
	}
	found, err := s.store.list(ctx, find)
	if err != nil {
		return none, err
	}
	page := resource.Page[Record]{Items: []Record{}}
	if len(found) > size {
		found = found[:size]
		page.NextPageToken = resource.NextToken(q, found[size-1].ID)
	}
	for _, r := range found {
		page.Items = append(page.Items, r.model())
	}
	return page, nil
}

// moment is the time that a filter names; the zero time if it is not given.
func moment(q resource.ListQuery, filter string) (time.Time, error) {
	v, given := q.Filters[filter]
	if !given {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, v)
	if err != nil {
		return t, fault.Parameter(filter, "invalid_parameter", "is not a time in RFC 3339 form, such as 2026-01-31T12:00:00Z")
	}
	return t, nil
}
