package permission

import (
	"context"
	"slices"
	"strings"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/service"
)

// Service lists the permissions of a table of operations.
type Service struct{ operations *httpapi.Table }

// New returns the service.
func New(d module.Deps) *Service {
	d.Registry.Add(Kind)
	return &Service{d.Operations}
}

// Module is what it brings to the server. What there is to be granted is no secret.
func (s *Service) Module() module.Module {
	ops := service.Reads(Kind, s)
	for i := range ops {
		ops[i].Scope = httpapi.ScopeCaller
	}
	return module.Module{Kind: Kind, Ops: ops}
}

// Known are all permissions, in the order of the alphabet.
func (s *Service) Known() []string { return IDs(s.operations.All()) }

func (s *Service) all() []Permission {
	var out []Permission
	for _, op := range granted(s.operations.All()) {
		out = append(out, Permission{ID: op.Permission, Kind: op.Kind, Verb: op.Verb, Description: op.Summary + "."})
	}
	for _, p := range httpapi.FieldPermissions(s.operations.All()) {
		of, verb, _ := strings.Cut(p.ID, ".")
		out = append(out, Permission{ID: p.ID, Kind: p.Kind, Verb: verb,
			Description: "See and set " + strings.Join(p.Fields, ", ") + " of " + strings.ReplaceAll(of, "_", " ") + "."})
	}
	slices.SortFunc(out, func(a, b Permission) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// IDs are the permissions of a table of operations, in the order of the alphabet.
func IDs(ops []httpapi.Op) []string {
	var out []string
	for _, op := range granted(ops) {
		out = append(out, op.Permission)
	}
	for _, p := range httpapi.FieldPermissions(ops) {
		out = append(out, p.ID)
	}
	slices.Sort(out)
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
func (s *Service) Get(_ context.Context, id string) (Permission, error) {
	for _, p := range s.all() {
		if p.ID == id {
			return p, nil
		}
	}
	return Permission{}, fault.NotFoundError()
}

// List returns a page of permissions, in the order of the alphabet.
func (s *Service) List(_ context.Context, q resource.ListQuery) (resource.Page[Permission], error) {
	page := resource.Page[Permission]{Items: []Permission{}}
	after, err := resource.After(q, 1)
	if err != nil {
		return page, err
	}
	size := q.Size()
	kind, one := q.Filters["kind"]
	for _, p := range s.all() {
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
