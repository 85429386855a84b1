package rolebinding

import (
	"context"
	"slices"
	"strings"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/service"
)

// Roles is what role bindings need of the roles.
type Roles interface {
	// ReferRole returns the permissions of a role that is about to be bound in a scope, and keeps it from changing meanwhile. It refuses one
	// that the caller cannot see, and one that is not for use there.
	ReferRole(ctx context.Context, pointer, id string, scope authz.Chain) ([]string, error)
	// Permissions are those of a role, whoever may see it.
	Permissions(ctx context.Context, id string) ([]string, error)
	// Owning are the ids of the roles whose holders own what they are bound on.
	Owning(ctx context.Context) ([]string, error)
	// OwnerOfPlatform is the id of the role of whoever owns the platform.
	OwnerOfPlatform(ctx context.Context) (string, error)
}

// Accounts is what role bindings need of the service accounts.
type Accounts interface {
	// Usable says whether an account can be used: it is enabled, and its customer is not terminated.
	Usable(ctx context.Context, accountID string) (bool, error)
	// Of are the accounts of a customer.
	Of(ctx context.Context, customerID string) ([]string, error)
}

// Service keeps the role bindings.
type Service struct {
	*service.Stored[row, Create, Spec, RoleBinding]
	deps     module.Deps
	locator  *resource.Locator
	roles    Roles
	accounts Accounts
}

// New returns the service.
func New(d module.Deps, roles Roles, accounts Accounts) *Service {
	s := &Service{deps: d, locator: resource.NewLocator(d.DB, d.Registry), roles: roles, accounts: accounts}
	s.Stored = service.NewStored(d, Kind, service.Rules[row, Create, Spec, RoleBinding]{
		Row:  func(in Create) row { return row{Create: in} },
		Spec: func(r *row) *Spec { return &r.Spec },
		View: func(r *row) RoleBinding { return RoleBinding{Record: r.Record(), Create: r.Create} },
	})
	d.Registry.OnRemove(s.scopeRemoved)
	return s
}

// Module is what it brings to the server.
func (s *Service) Module() module.Module { return service.Module(s) }

// inBody is the pointer to a field of a role binding's own body.
func inBody(field string) string { return "/" + field }

// Create gives a role to a principal.
func (s *Service) Create(ctx context.Context, in Create) (RoleBinding, error) {
	var r *row
	err := s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		at, err := s.locator.Refer(ctx, "/scope_id", in.ScopeID, s.deps.Registry.Scopes()...)
		if err != nil {
			return err
		}
		if _, err := lock(ctx, s.deps.DB, in.ScopeID); err != nil {
			return err
		}
		r, err = s.give(ctx, at, authz.Grant{PrincipalKind: in.PrincipalKind, PrincipalID: in.PrincipalID, RoleID: in.RoleID, ExpiresAt: in.ExpiresAt}, inBody)
		return err
	})
	return s.Answer(ctx, r, err)
}

// Update changes when a role binding ends.
func (s *Service) Update(ctx context.Context, in httpapi.PatchInput[Spec]) (RoleBinding, error) {
	var r row
	err := s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		if err := s.lockOf(ctx, in.ID); err != nil {
			return err
		}
		var changed bool
		var err error
		r, changed, err = s.Table.Change(ctx, in.ID, in.IfMatch, func(r *row) error {
			next, err := in.Patch.Apply(r.Spec)
			if err != nil {
				return err
			}
			return s.renew(ctx, r, stored(next.ExpiresAt), "role_bindings.update", inBody)
		})
		if err != nil || !changed {
			return err
		}
		return s.changed(ctx, r.ScopeID)
	})
	return s.Answer(ctx, &r, err)
}

// Delete takes a role away.
func (s *Service) Delete(ctx context.Context, in httpapi.DeleteInput) (resource.None, error) {
	return resource.None{}, s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		if err := s.lockOf(ctx, in.ID); err != nil {
			return err
		}
		r, err := s.Table.LockIdle(ctx, in.ID, in.IfMatch)
		if err == nil {
			err = s.Table.Deletable(ctx, &r)
		}
		if err != nil {
			return err
		}
		return s.take(ctx, &r, "role_bindings.delete")
	})
}

// lockOf locks the policy that a binding is of: before the binding's own row, as everybody else does.
func (s *Service) lockOf(ctx context.Context, id string) error {
	r, err := s.Table.Get(ctx, id)
	if err != nil {
		return err
	}
	_, err = lock(ctx, s.deps.DB, r.ScopeID)
	return err
}

// changed is to be called after every change of a scope's bindings.
func (s *Service) changed(ctx context.Context, scopeID string) error {
	if err := count(ctx, s.deps.DB, scopeID); err != nil {
		return err
	}
	return s.deps.Access.Changed(ctx)
}

// scopeRemoved releases the bindings of an object that goes.
func (s *Service) scopeRemoved(ctx context.Context, id string) error {
	had, err := forget(ctx, s.deps.DB, id)
	if err != nil || !had {
		return err
	}
	return s.deps.Access.Changed(ctx)
}

// Release takes all roles of a principal away that is about to go.
func (s *Service) Release(ctx context.Context, principalKind, principalID string) error {
	return s.takeAll(ctx, "principal_kind = ? AND principal_id = ?", principalKind, principalID)
}

// Unbind takes a role away from all who have it.
func (s *Service) Unbind(ctx context.Context, roleID string) error {
	return s.takeAll(ctx, "role_id = ?", roleID)
}

// takeAll removes the bindings that meet a condition.
func (s *Service) takeAll(ctx context.Context, condition ...any) error {
	return s.each(ctx, func(ctx context.Context, r *row) error { return s.take(ctx, r, "role_bindings.delete") }, condition...)
}

// CheckDispensable refuses to put a principal out of action who is the last owner of a scope, as taking that role away would be.
func (s *Service) CheckDispensable(ctx context.Context, principalKind, principalID string) error {
	return s.each(ctx, func(ctx context.Context, r *row) error { return s.keepOwner(ctx, r, "role_bindings.delete") },
		"principal_kind = ? AND principal_id = ?", principalKind, principalID)
}

// CheckEnd refuses to end a customer among whose accounts are the last owners of something else.
func (s *Service) CheckEnd(ctx context.Context, customerID string) error {
	accounts, err := s.accounts.Of(authz.Elevated(ctx), customerID)
	if err != nil || len(accounts) == 0 {
		return err
	}
	return s.each(ctx, func(ctx context.Context, r *row) error {
		at, err := s.scope(ctx, r)
		if err != nil || at.CustomerID == customerID {
			return err
		}
		return s.keepOwner(ctx, r, "role_bindings.delete", accounts...)
	}, "principal_kind = ? AND principal_id IN ?", authn.KindServiceAccount, accounts)
}

// each calls fn with the bindings that meet a condition, while their policies are locked.
func (s *Service) each(ctx context.Context, fn func(context.Context, *row) error, condition ...any) error {
	return s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		held := func() ([]row, error) { return s.Table.All(authz.Elevated(ctx), condition...) }
		rows, err := held()
		if err != nil {
			return err
		}
		// Everybody who locks several policies does so in this order.
		slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.ScopeID, b.ScopeID) })
		for i := range rows {
			if _, err := lock(ctx, s.deps.DB, rows[i].ScopeID); err != nil {
				return err
			}
		}
		if rows, err = held(); err != nil {
			return err
		}
		for i := range rows {
			if err := fn(ctx, &rows[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// Held returns the ids of the bindings that principals of a kind have, of those that the caller may read, by principal.
func (s *Service) Held(ctx context.Context, principalKind string, principalIDs []string) (map[string][]string, error) {
	rows, err := s.Table.All(authz.For(ctx, Kind.ReadPermission()), "principal_kind = ? AND principal_id IN ?", principalKind, principalIDs)
	out := map[string][]string{}
	for i := range rows {
		out[rows[i].PrincipalID] = append(out[rows[i].PrincipalID], rows[i].ID)
	}
	return out, err
}

// ScopesOf returns every scope that a role is bound in.
func (s *Service) ScopesOf(ctx context.Context, roleID string) ([]authz.Chain, error) {
	rows, err := s.Table.All(authz.Elevated(ctx), "role_id = ?", roleID)
	if err != nil {
		return nil, err
	}
	all, err := chains(ctx, s.deps.DB, rows)
	if err != nil {
		return nil, err
	}
	var out []authz.Chain
	for i := range rows {
		if !slices.ContainsFunc(out, func(c authz.Chain) bool { return c.ID == rows[i].ScopeID }) {
			out = append(out, all[rows[i].ID])
		}
	}
	return out, nil
}

// OwnPlatform gives the platform to whoever holds the bootstrap token, unless it has an owner.
func (s *Service) OwnPlatform(ctx context.Context) error {
	return s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		if _, err := lock(ctx, s.deps.DB, authz.Platform); err != nil {
			return err
		}
		owning, err := s.roles.Owning(ctx)
		if err != nil {
			return err
		}
		if owned, err := s.owned(ctx, authz.Platform, "", owning); err != nil || owned {
			return err
		}
		role, err := s.roles.OwnerOfPlatform(ctx)
		if err != nil {
			return err
		}
		g := authz.Grant{PrincipalKind: authn.KindOwner, PrincipalID: authn.OwnerID, RoleID: role}
		old, err := s.find(ctx, authz.Platform, g)
		if err != nil {
			return err
		}
		if old != nil { // it was to expire
			if err := s.take(ctx, old, ""); err != nil {
				return err
			}
		}
		_, err = s.give(ctx, authz.Chain{ID: authz.Platform}, g, inBody)
		return err
	})
}
