package policy

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// Bindings is what policies need of the role bindings.
type Bindings interface {
	// Of are all bindings of a scope itself.
	Of(ctx context.Context, scopeID string) ([]authz.Grant, error)
	// Revision is that of the list of a scope's bindings, 0 for one that never had any.
	Revision(ctx context.Context, scopeID string) (int64, error)
	// Lock keeps others from changing a scope's bindings until the transaction ends, and returns the revision of their list.
	Lock(ctx context.Context, scopeID string) (int64, error)
	// Give makes a binding in a scope that is locked. pointer says where in the request its fields stand.
	Give(ctx context.Context, at authz.Chain, g authz.Grant, pointer func(field string) string) error
	// Renew changes when a binding of a scope that is locked ends; permission is the one that the caller uses.
	Renew(ctx context.Context, bindingID string, expires *time.Time, permission string, pointer func(field string) string) error
	// Take removes a binding of a scope that is locked; permission is the one that the caller uses.
	Take(ctx context.Context, bindingID, permission string) error
}

// Service shows and changes policies.
type Service struct {
	deps     module.Deps
	locator  *resource.Locator
	bindings Bindings
}

// Get returns the policy of a scope.
func (s *Service) Get(ctx context.Context, scopeID string) (Policy, error) {
	if _, err := s.scope(ctx, scopeID); err != nil {
		return Policy{}, err
	}
	return s.read(ctx, scopeID)
}

func (s *Service) read(ctx context.Context, scopeID string) (Policy, error) {
	// The revision first: bindings that are newer than it are found out by If-Match, older ones would not be.
	revision, err := s.bindings.Revision(ctx, scopeID)
	if err != nil {
		return Policy{}, err
	}
	grants, err := s.bindings.Of(ctx, scopeID)
	return Policy{ScopeID: scopeID, Revision: revision, PolicySpec: specOf(grants)}, err
}

// scope finds a scope that the context may do with what it is about to.
func (s *Service) scope(ctx context.Context, scopeID string) (authz.Chain, error) {
	access, err := authz.From(ctx)
	if err != nil {
		return authz.Chain{}, err
	}
	see := ""
	if scopeID != authz.Platform {
		k, ok := s.deps.Registry.ByPrefix(id.Prefix(scopeID))
		if !ok || !k.Scope {
			return authz.Chain{}, fault.NotFoundError()
		}
		see = k.ReadPermission()
	}
	at, found, err := s.locator.Locate(ctx, scopeID)
	if err != nil || found && access.Covers(at) {
		return at, err
	}
	if _, visible, err := s.deps.Access.Located(ctx, scopeID, see); err != nil || !visible {
		return at, cmp.Or(err, error(fault.NotFoundError()))
	}
	return at, &fault.Error{Kind: fault.Forbidden, Code: "forbidden", Detail: "this needs a permission on the policy of that scope"}
}

// lock finds a scope whose policy is to be changed, and keeps both from being changed by others.
func (s *Service) lock(ctx context.Context, scopeID string, ifMatch *int64) (authz.Chain, error) {
	if _, err := s.scope(ctx, scopeID); err != nil {
		return authz.Chain{}, err
	}
	at, err := s.locator.Refer(ctx, "/scope_id", scopeID, s.deps.Registry.Scopes()...)
	if f := fault.As(err); f != nil && f.Kind == fault.Invalid { // the scope stands in the path, not in the body
		if f.Fields[0].Code == "not_found" {
			return at, fault.NotFoundError()
		}
		return at, fault.Conflictf("wrong_state", "%s: %s", scopeID, f.Fields[0].Detail)
	}
	if err != nil {
		return at, err
	}
	revision, err := s.bindings.Lock(ctx, scopeID)
	if err == nil && ifMatch != nil && *ifMatch != revision {
		err = &fault.Error{Kind: fault.PreconditionFailed, Code: "revision_mismatch",
			Detail: fmt.Sprintf("its revision is %d, not %d: read it again", revision, *ifMatch)}
	}
	return at, err
}

// Update changes the policy of a scope: the bindings become those that it says.
func (s *Service) Update(ctx context.Context, in httpapi.PatchInput[PolicySpec]) (Policy, error) {
	var p Policy
	err := s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		at, err := s.lock(ctx, in.ID, in.IfMatch)
		if err != nil {
			return err
		}
		present, err := s.bindings.Of(ctx, in.ID)
		if err != nil {
			return err
		}
		next, err := in.Patch.Apply(specOf(present))
		if err != nil {
			return err
		}
		if err := s.replace(ctx, at, present, next); err != nil {
			return err
		}
		p, err = s.read(ctx, in.ID)
		return err
	})
	return p, err
}

// Delete takes away every role that is given in the scope itself.
func (s *Service) Delete(ctx context.Context, in httpapi.DeleteInput) (resource.None, error) {
	return resource.None{}, s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		if _, err := s.lock(ctx, in.ID, in.IfMatch); err != nil {
			return err
		}
		present, err := s.bindings.Of(ctx, in.ID)
		if err != nil {
			return err
		}
		for _, g := range present {
			if err := s.bindings.Take(ctx, g.ID, "policies.delete"); err != nil {
				return err
			}
		}
		return nil
	})
}

// replace makes the bindings of a scope those of a policy. What is given comes before what is taken, so that owners can take turns.
func (s *Service) replace(ctx context.Context, at authz.Chain, present []authz.Grant, next PolicySpec) error {
	const permission = "policies.update"
	left := map[authz.Grant]authz.Grant{}
	for _, g := range present {
		left[identity(g)] = g
	}
	type renewal struct {
		bindingID string
		wanted
	}
	var wrong []fault.Field
	var renewals []renewal
	for _, w := range wantedOf(next) {
		old, ok := left[identity(w.grant)]
		if !ok {
			if err := fault.Gather(&wrong, s.bindings.Give(ctx, at, w.grant, w.pointer)); err != nil {
				return err
			}
			continue
		}
		delete(left, identity(w.grant))
		renewals = append(renewals, renewal{old.ID, w})
	}
	slices.SortStableFunc(renewals, func(a, b renewal) int { return permanentFirst(a.grant, b.grant) })
	for _, r := range renewals {
		if err := fault.Gather(&wrong, s.bindings.Renew(ctx, r.bindingID, r.grant.ExpiresAt, permission, r.pointer)); err != nil {
			return err
		}
	}
	if err := fault.InvalidFields(wrong...); err != nil {
		return err
	}
	gone := slices.SortedFunc(maps.Values(left), func(a, b authz.Grant) int { return strings.Compare(a.ID, b.ID) })
	for _, g := range gone {
		if err := s.bindings.Take(ctx, g.ID, permission); err != nil {
			return err
		}
	}
	return nil
}

func permanentFirst(a, b authz.Grant) int {
	switch {
	case a.Permanent() == b.Permanent():
		return 0
	case a.Permanent():
		return -1
	}
	return 1
}

// identity is what tells a scope's bindings apart.
func identity(g authz.Grant) authz.Grant {
	return authz.Grant{PrincipalKind: g.PrincipalKind, PrincipalID: g.PrincipalID, RoleID: g.RoleID}
}

// wanted is a binding that a policy asks for, and where in it.
type wanted struct {
	grant authz.Grant
	// member is the pointer to it, role that to its role.
	member, role string
}

func (w wanted) pointer(field string) string {
	if field == "role_id" {
		return w.role
	}
	return w.member
}

// wantedOf lists what a policy asks for, in a stable order.
func wantedOf(s PolicySpec) []wanted {
	var out []wanted
	for _, role := range slices.Sorted(maps.Keys(s.Bindings)) {
		add := func(member string, expires *time.Time, list, key string) {
			kind, principal, _ := strings.Cut(member, ":")
			out = append(out, wanted{authz.Grant{PrincipalKind: kind, PrincipalID: principal, RoleID: role, ExpiresAt: expires},
				fault.Pointer("bindings", role, list, key), fault.Pointer("bindings", role)})
		}
		b := s.Bindings[role]
		for i, m := range b.Members {
			add(m, nil, "members", fmt.Sprint(i))
		}
		for _, m := range slices.Sorted(maps.Keys(b.ExpiringMembers)) {
			expires := b.ExpiringMembers[m]
			add(m, &expires, "expiring_members", m)
		}
	}
	return out
}

// specOf is the policy that some bindings are.
func specOf(grants []authz.Grant) PolicySpec {
	out := PolicySpec{Bindings: map[string]PolicyBinding{}}
	for _, g := range grants {
		b, ok := out.Bindings[g.RoleID]
		if !ok {
			b = PolicyBinding{Members: []string{}, ExpiringMembers: map[string]time.Time{}}
		}
		member := g.PrincipalKind + ":" + g.PrincipalID
		if g.Permanent() {
			b.Members = append(b.Members, member)
		} else {
			b.ExpiringMembers[member] = *g.ExpiresAt
		}
		slices.Sort(b.Members)
		out.Bindings[g.RoleID] = b
	}
	return out
}
