package rolebinding

// The rules of giving and taking roles, the same for single bindings and for whole policies. Whoever calls what is here holds the lock of
// the scope's policy.

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

// give makes a binding. pointer says where in the request its fields stand.
func (s *Service) give(ctx context.Context, at authz.Chain, g authz.Grant, pointer func(field string) string) (*row, error) {
	expires := stored(g.ExpiresAt)
	var wrong []fault.Field
	if err := fault.Gather(&wrong, s.checkPrincipal(ctx, pointer("principal_id"), g)); err != nil {
		return nil, err
	}
	if err := fault.Gather(&wrong, s.checkExpiry(pointer("expires_at"), expires)); err != nil {
		return nil, err
	}
	permissions, err := s.roles.ReferRole(ctx, pointer("role_id"), g.RoleID, at)
	if err := fault.Gather(&wrong, err); err != nil {
		return nil, err
	}
	if err := fault.InvalidFields(wrong...); err != nil {
		return nil, err
	}
	if err := authz.CallerOf(ctx).Holds(permissions, at); err != nil {
		return nil, err
	}
	r := &row{Create: Create{PrincipalKind: g.PrincipalKind, PrincipalID: g.PrincipalID, RoleID: g.RoleID, ScopeID: at.ID, Spec: Spec{ExpiresAt: expires}}}
	r.BillingEntityID, r.CustomerID = at.BillingEntityID, at.CustomerID
	if err := s.Table.Insert(ctx, r); err != nil {
		return nil, err
	}
	if err := within(ctx, s.deps.DB, r, at.Others); err != nil {
		return nil, err
	}
	return r, s.changed(ctx, at.ID)
}

// checkPrincipal refuses a principal that is known not to exist. People and groups are known elsewhere.
func (s *Service) checkPrincipal(ctx context.Context, pointer string, g authz.Grant) error {
	switch g.PrincipalKind {
	case authn.KindServiceAccount:
		_, err := s.locator.Refer(ctx, pointer, g.PrincipalID, authn.KindServiceAccount)
		return err
	case authn.KindOwner:
		if g.PrincipalID != authn.OwnerID {
			return fault.Invalidf(pointer, "not_found", "the platform owner's id is %s", authn.OwnerID)
		}
	}
	if strings.TrimSpace(g.PrincipalID) != g.PrincipalID || g.PrincipalID == "" {
		return fault.Invalidf(pointer, "invalid", "is blank, or has blanks at its ends")
	}
	return nil
}

func (s *Service) checkExpiry(pointer string, at *time.Time) error {
	if at != nil && !at.After(s.deps.Clock.Now()) {
		return fault.Invalidf(pointer, "conflict", "is in the past")
	}
	return nil
}

// scope is where the scope of a binding stands.
func (s *Service) scope(ctx context.Context, r *row) (authz.Chain, error) {
	all, err := chains(ctx, s.deps.DB, []row{*r})
	return all[r.ID], err
}

// find returns the binding of that principal, role and scope, nil if there is none.
func (s *Service) find(ctx context.Context, scopeID string, g authz.Grant) (*row, error) {
	rows, err := s.Table.All(authz.Elevated(ctx), "scope_id = ? AND principal_kind = ? AND principal_id = ? AND role_id = ?",
		scopeID, g.PrincipalKind, g.PrincipalID, g.RoleID)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// renew changes when a binding ends. permission is the one that the caller uses.
func (s *Service) renew(ctx context.Context, r *row, expires *time.Time, permission string, pointer func(field string) string) error {
	old := r.ExpiresAt
	if old == nil && expires == nil || old != nil && expires != nil && old.Equal(*expires) {
		return nil
	}
	if err := s.checkExpiry(pointer("expires_at"), expires); err != nil {
		return err
	}
	if old != nil && (expires == nil || expires.After(*old)) {
		permissions, err := s.roles.Permissions(ctx, r.RoleID)
		if err != nil {
			return err
		}
		at, err := s.scope(ctx, r)
		if err != nil {
			return err
		}
		if err := authz.CallerOf(ctx).Holds(permissions, at); err != nil {
			return err
		}
	}
	if err := s.keepOwner(ctx, r, permission); err != nil {
		return err
	}
	r.ExpiresAt = expires
	return nil
}

// take removes a binding.
func (s *Service) take(ctx context.Context, r *row, permission string) error {
	if err := s.keepOwner(ctx, r, permission); err != nil {
		return err
	}
	if err := s.Table.Remove(ctx, r.ID); err != nil {
		return err
	}
	return s.changed(ctx, r.ScopeID)
}

// keepOwner refuses to take away, or to limit in time, what is the last owner's; the accounts that go with it own nothing any more. Who stands
// above the scope can always give it a new one.
func (s *Service) keepOwner(ctx context.Context, r *row, permission string, going ...string) error {
	if r.ExpiresAt != nil {
		return nil
	}
	owning, err := s.roles.Owning(ctx)
	if err != nil || !slices.Contains(owning, r.RoleID) {
		return err
	}
	if owned, err := s.owned(ctx, r.ScopeID, r.ID, owning, going...); err != nil || owned {
		return err
	}
	at, err := s.scope(ctx, r)
	if err != nil {
		return err
	}
	caller := authz.CallerOf(ctx)
	if r.ScopeID != authz.Platform && (caller == nil || caller.FromAbove(permission, at)) {
		return nil
	}
	return fault.Conflictf("last_owner", "it is the last owner here: make another one first, that does not expire")
}

// owned says whether a scope has an owner for good beside that of one binding. An account that cannot be used owns nothing, nor do those that
// are going.
func (s *Service) owned(ctx context.Context, scopeID, but string, owning []string, going ...string) (bool, error) {
	owners, err := permanent(ctx, s.deps.DB, scopeID, but, owning)
	if err != nil {
		return false, err
	}
	for i := range owners {
		usable := true
		if owners[i].PrincipalKind == authn.KindServiceAccount {
			if usable, err = s.accounts.Usable(authz.Elevated(ctx), owners[i].PrincipalID); err != nil {
				return false, err
			}
			usable = usable && !slices.Contains(going, owners[i].PrincipalID)
		}
		if usable {
			return true, nil
		}
	}
	return false, nil
}

// Lock keeps others from changing a scope's bindings until the transaction ends, and returns the revision of their list.
func (s *Service) Lock(ctx context.Context, scopeID string) (int64, error) {
	return lock(ctx, s.deps.DB, scopeID)
}

// Revision is that of the list of a scope's bindings, 0 for one that never had any.
func (s *Service) Revision(ctx context.Context, scopeID string) (int64, error) {
	return revision(ctx, s.deps.DB, scopeID)
}

// Of are all bindings of a scope itself, for a caller who may read its policy.
func (s *Service) Of(ctx context.Context, scopeID string) ([]authz.Grant, error) {
	rows, err := s.Table.All(authz.Elevated(ctx), "scope_id = ?", scopeID)
	out := make([]authz.Grant, len(rows))
	for i := range rows {
		out[i] = rows[i].grant()
	}
	return out, err
}

// Give makes a binding in a scope that is locked. pointer says where in the request its fields stand.
func (s *Service) Give(ctx context.Context, at authz.Chain, g authz.Grant, pointer func(field string) string) error {
	_, err := s.give(ctx, at, g, pointer)
	return err
}

// Renew changes when a binding of a scope that is locked ends; permission is the one that the caller uses.
func (s *Service) Renew(ctx context.Context, bindingID string, expires *time.Time, permission string, pointer func(field string) string) error {
	r, changed, err := s.Table.Change(authz.Elevated(ctx), bindingID, nil, func(r *row) error {
		return s.renew(ctx, r, stored(expires), permission, pointer)
	})
	if err != nil || !changed {
		return err
	}
	return s.changed(ctx, r.ScopeID)
}

// Take removes a binding of a scope that is locked; permission is the one that the caller uses.
func (s *Service) Take(ctx context.Context, bindingID, permission string) error {
	r, err := s.Table.Lock(authz.Elevated(ctx), bindingID)
	if err != nil {
		return err
	}
	return s.take(ctx, &r, permission)
}
