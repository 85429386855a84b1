package access

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

const (
	// listBindings is the permission to see who has which role.
	listBindings = "role_bindings.list"
	maxChecks    = 100
)

// Permissions is what the answers need of the permissions.
type Permissions interface {
	// Known are all that there are.
	Known() []string
}

// Service answers questions about access.
type Service struct {
	deps        module.Deps
	permissions Permissions
}

// New returns the service.
func New(d module.Deps, permissions Permissions) *Service { return &Service{d, permissions} }

// Module is what it brings to the server.
func (s *Service) Module() module.Module { return module.Module{Ops: api{s}.ops()} }

var errNobody = errors.New("a question about access without a caller")

func callerOf(ctx context.Context) (*authz.Caller, error) {
	c := authz.CallerOf(ctx)
	if c == nil {
		return nil, errNobody
	}
	return c, nil
}

// Whoami says who calls, and with what.
func (s *Service) Whoami(ctx context.Context) (Whoami, error) {
	caller, err := callerOf(ctx)
	if err != nil {
		return Whoami{}, err
	}
	p := caller.Principal
	out := Whoami{
		Principal: Principal{ID: p.ID, Kind: p.Kind, Groups: append([]string{}, p.Groups...)},
		TokenID:   optional(p.TokenID), TokenScopeID: optional(p.ScopeID), TokenPermissions: append([]string{}, p.Permissions...), Roles: []HeldRole{},
	}
	if !p.ExpiresAt.IsZero() {
		out.TokenExpiresAt = utc(&p.ExpiresAt)
	}
	now := s.deps.Clock.Now()
	for i := range caller.Bindings {
		b := &caller.Bindings[i]
		if !b.Expired(now) {
			out.Roles = append(out.Roles, HeldRole{RoleID: b.RoleID, RoleName: b.RoleName, ScopeID: b.Scope.ID, BindingID: b.ID, ExpiresAt: utc(b.ExpiresAt)})
		}
	}
	return out, nil
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// Check answers questions such as virtual_machines.create@cs_…,locations.create.
func (s *Service) Check(ctx context.Context, questions string) (Checks, error) {
	caller, err := callerOf(ctx)
	if err != nil {
		return Checks{}, err
	}
	all := strings.Split(questions, ",")
	if len(all) > maxChecks {
		return Checks{}, fault.Parameter("checks", "invalid_parameter", "has more than 100 questions")
	}
	known, seen := s.permissions.Known(), map[string]standing{}
	out := Checks{Results: make([]Check, 0, len(all))}
	for _, question := range all {
		permission, object, _ := strings.Cut(question, "@")
		if !slices.Contains(known, permission) {
			return Checks{}, fault.Parameter("checks", "invalid_parameter", "asks about "+permission+", which is no permission")
		}
		if object == "" {
			object = authz.Platform
		}
		at, ok := seen[object]
		if !ok {
			if at, err = s.stands(ctx, object); err != nil {
				return Checks{}, err
			}
			seen[object] = at
		}
		// What is offered to all is read by who may read it anywhere.
		allowed := at.visible && (permission == at.read || caller.Access(permission).Covers(at.chain))
		out.Results = append(out.Results, Check{Permission: permission, ResourceID: object, Allowed: allowed})
	}
	return out, nil
}

// Effective answers all that the caller may do with an object, or with the platform, and in what is below it.
func (s *Service) Effective(ctx context.Context, object string) (Effective, error) {
	caller, err := callerOf(ctx)
	if err != nil {
		return Effective{}, err
	}
	at, err := s.stands(ctx, object)
	if err == nil && !at.visible {
		err = fault.NotFoundError()
	}
	if err != nil {
		return Effective{}, err
	}
	out, known := Effective{ResourceID: object}, s.permissions.Known()
	out.Held, out.HeldBelow = caller.Effective(at.chain)
	// A role may still name what an earlier release knew.
	unknown := func(p string) bool { return !slices.Contains(known, p) }
	out.Held, out.HeldBelow = slices.DeleteFunc(out.Held, unknown), slices.DeleteFunc(out.HeldBelow, unknown)
	if at.read != "" { // by itself, or because it is offered to all
		out.Held, out.HeldBelow = with(out.Held, at.read), with(out.HeldBelow, at.read)
	}
	return out, nil
}

// with is a sorted list with that in it.
func with(list []string, one string) []string {
	at, found := slices.BinarySearch(list, one)
	if found {
		return list
	}
	return slices.Insert(list, at, one)
}

// standing is where an object stands, if the caller may see it.
type standing struct {
	chain   authz.Chain
	visible bool
	// read is the permission to read it, empty for the platform.
	read string
}

func (s *Service) stands(ctx context.Context, object string) (standing, error) {
	var out standing
	if object != authz.Platform {
		k, ok := s.deps.Registry.ByPrefix(id.Prefix(object))
		if !ok || k.Table() == "" {
			return out, nil
		}
		out.read = k.ReadPermission()
	}
	var err error
	out.chain, out.visible, err = s.deps.Access.Located(ctx, object, out.read)
	return out, err
}

// List says who can do what with an object, by the bindings on it and on everything that it is in. A caller who may not see who has roles
// further up is told that there are such.
func (s *Service) List(ctx context.Context, q resource.ListQuery) (List, error) {
	out := List{Page: resource.Page[Entry]{Items: []Entry{}}}
	caller, err := callerOf(ctx)
	if err != nil {
		return out, err
	}
	object := q.Filters["resource_id"]
	if object == "" {
		return out, fault.Parameter("resource_id", "invalid_parameter", "is missing: name an object, or platform")
	}
	at, err := s.stands(ctx, object)
	if err != nil {
		return out, err
	}
	may := caller.Access(listBindings)
	switch {
	case !at.visible:
		return out, fault.NotFoundError()
	case !may.Covers(at.chain):
		return out, &fault.Error{Kind: fault.Forbidden, Code: "forbidden", Detail: "this needs the permission " + listBindings + " here"}
	}
	after, err := resource.After(q, 1)
	if err != nil {
		return out, err
	}
	holders, err := s.deps.Access.Binders(ctx, at.chain)
	if err != nil {
		return out, err
	}
	slices.SortFunc(holders, func(a, b authz.Holder) int { return strings.Compare(a.ID, b.ID) })
	size := q.Size()
	now := s.deps.Clock.Now()
	for i := range holders {
		h := &holders[i]
		switch {
		case h.Expired(now):
		case !may.Covers(h.Scope):
			out.Hidden = true
		case after != nil && h.ID <= after[0], out.NextPageToken != nil:
		case len(out.Items) == size:
			out.NextPageToken = resource.NextToken(q, out.Items[size-1].BindingID)
		default:
			out.Items = append(out.Items, Entry{
				PrincipalKind: h.PrincipalKind, PrincipalID: h.PrincipalID, RoleID: h.RoleID, RoleName: h.RoleName, Permissions: h.Granted(now),
				BindingID: h.ID, ScopeID: h.Scope.ID, Inherited: h.Scope.ID != object, ExpiresAt: utc(h.ExpiresAt),
			})
		}
	}
	return out, nil
}
