package permission

import (
	"slices"
	"strings"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// Service lists the permissions.
type Service struct{ all []Permission }

// New returns the service; it knows no permissions before Use.
func New(d module.Deps) *Service {
	d.Registry.Add(Kind)
	return &Service{}
}

// Module is what it brings to the server.
func (s *Service) Module() module.Module {
	return module.Module{Kind: Kind, Ops: api{s}.ops()}
}

// Use takes the permissions out of the table of operations; describe says what an operation does. To be called before the first request.
func (s *Service) Use(ops []httpapi.Op, describe func(opID string) string) {
	s.all = nil
	for _, op := range granted(ops) {
		s.all = append(s.all, Permission{ID: op.Permission, Kind: op.Kind, Verb: op.Verb, Description: describe(op.ID)})
	}
}

// IDs are the permissions of a table of operations, in the order of the alphabet.
func IDs(ops []httpapi.Op) []string {
	var out []string
	for _, op := range granted(ops) {
		out = append(out, op.Permission)
	}
	return out
}

// granted are the operations that need a permission, one for each: of several with the same one, that which it is named after.
func granted(ops []httpapi.Op) []httpapi.Op {
	var out []httpapi.Op
	for _, op := range ops {
		if op.Scope == httpapi.ScopeCaller {
			continue
		}
		i := slices.IndexFunc(out, func(o httpapi.Op) bool { return o.Permission == op.Permission })
		switch {
		case i < 0:
			out = append(out, op)
		case op.ID == op.Permission:
			out[i] = op
		}
	}
	slices.SortFunc(out, func(a, b httpapi.Op) int { return strings.Compare(a.Permission, b.Permission) })
	return out
}

// Get returns a permission.
func (s *Service) Get(id string) (Permission, error) {
	for _, p := range s.all {
		if p.ID == id {
			return p, nil
		}
	}
	return Permission{}, fault.NotFoundError()
}

// List returns a page of permissions, in the order of the alphabet.
func (s *Service) List(q resource.ListQuery) (resource.Page[Permission], error) {
	page := resource.Page[Permission]{Items: []Permission{}}
	after, err := resource.After(q, 1)
	if err != nil {
		return page, err
	}
	size := q.PageSize
	if size <= 0 {
		size = resource.DefaultPageSize
	}
	kind, one := q.Filters["kind"]
	for _, p := range s.all {
		if one && p.Kind != kind || after != nil && p.ID <= after[0] {
			continue
		}
		if len(page.Items) == size {
			page.NextPageToken = resource.NextToken(q, page.Items[size-1].ID)
			break
		}
		page.Items = append(page.Items, p)
	}
	return page, nil
}
