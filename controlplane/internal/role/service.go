package role

import (
	"context"
	"fmt"
	"slices"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// Bindings is what roles need of the role bindings.
type Bindings interface {
	// ScopesOf returns every scope that a role is bound in.
	ScopesOf(ctx context.Context, roleID string) ([]authz.Chain, error)
	// Unbind takes a role away from all who have it.
	Unbind(ctx context.Context, roleID string) error
}

// Service keeps the roles.
type Service struct {
	deps        module.Deps
	table       *resource.Table[row, *row]
	locator     *resource.Locator
	bindings    Bindings
	permissions []string
}

// Create adds a role.
func (s *Service) Create(ctx context.Context, in RoleCreate) (Role, error) {
	r := &row{OwnerID: in.OwnerID}
	r.set(in.RoleSpec)
	err := s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		at, err := s.locator.Refer(ctx, "/owner_id", in.OwnerID, "customer", "billing_entity")
		if err != nil {
			return err
		}
		r.BillingEntityID, r.CustomerID = at.BillingEntityID, at.CustomerID
		if err := s.check(nil, in.RoleSpec); err != nil {
			return err
		}
		if err := authz.CallerOf(ctx).Holds(in.Permissions, at); err != nil {
			return err
		}
		return s.table.Insert(ctx, r)
	})
	return r.model(), err
}

// check reports what is wrong with what a role is to become. A permission that it had may have gone from the server since: that is no fault
// of this change.
func (s *Service) check(had []string, next RoleSpec) error {
	var wrong []fault.Field
	if _, reserved := builtIn(next.Name); reserved {
		wrong = append(wrong, fault.Field{Pointer: "/name", Code: "conflict", Detail: "the name is that of a role that is built in"})
	}
	for i, p := range next.Permissions {
		if !slices.Contains(had, p) && !slices.Contains(s.permissions, p) {
			wrong = append(wrong, fault.Field{Pointer: fmt.Sprintf("/permissions/%d", i), Code: "not_found", Detail: "there is no such permission"})
		}
	}
	return fault.InvalidFields(wrong...)
}

// Get returns a role.
func (s *Service) Get(ctx context.Context, id string) (Role, error) {
	r, err := s.table.Get(ctx, id)
	return r.model(), err
}

// List returns a page of roles.
func (s *Service) List(ctx context.Context, q resource.ListQuery) (resource.Page[Role], error) {
	return resource.PageOf(ctx, s.table, q, (*row).model)
}

// Update changes a role, and with it what everybody may do who has it.
func (s *Service) Update(ctx context.Context, in httpapi.PatchInput[RoleSpec]) (Role, error) {
	var r row
	err := s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		var err error
		r, _, err = s.table.Change(ctx, in.ID, in.IfMatch, func(r *row) error {
			if err := changeable(r); err != nil {
				return err
			}
			old := *r
			next, err := in.Patch.Apply(r.spec())
			if err != nil {
				return err
			}
			if err := s.check(old.Permissions, next); err != nil {
				return err
			}
			r.set(next)
			if slices.Equal(old.Permissions, r.Permissions) && old.Name == r.Name {
				return nil
			}
			if err := s.extend(ctx, &old, r); err != nil {
				return err
			}
			return s.deps.Access.Changed(ctx)
		})
		return err
	})
	return r.model(), err
}

// extend refuses permissions that the caller does not hold where the role belongs, and wherever it is bound: that can be on the platform,
// or, since billing entities move, in one that has left the owner.
func (s *Service) extend(ctx context.Context, old, next *row) error {
	var added []string
	for _, p := range next.Permissions {
		if !slices.Contains(old.Permissions, p) {
			added = append(added, p)
		}
	}
	caller := authz.CallerOf(ctx)
	if len(added) == 0 || caller == nil {
		return nil
	}
	bound, err := s.bindings.ScopesOf(ctx, next.ID)
	if err != nil {
		return err
	}
	owner := authz.Chain{ID: next.OwnerID, BillingEntityID: next.BillingEntityID, CustomerID: next.CustomerID}
	for _, at := range append([]authz.Chain{owner}, bound...) {
		if err := caller.Holds(added, at); err != nil {
			return err
		}
	}
	return nil
}

// Delete removes a role that is bound nowhere.
func (s *Service) Delete(ctx context.Context, in httpapi.DeleteInput) (resource.None, error) {
	return resource.None{}, s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		r, err := s.table.LockIdle(ctx, in.ID, in.IfMatch)
		if err != nil {
			return err
		}
		if err := changeable(&r); err != nil {
			return err
		}
		return s.table.Drop(ctx, in.ID, in.IfMatch)
	})
}

func changeable(r *row) error {
	if r.BuiltIn {
		return fault.Conflictf("built_in", "the role comes with the platform: make one of your own with the permissions that you want")
	}
	return nil
}

// ReferRole returns the permissions of a role that is about to be bound in a scope, and keeps it from changing meanwhile. It refuses one that
// the caller cannot see, and one that is not for use there.
func (s *Service) ReferRole(ctx context.Context, pointer, id string, scope authz.Chain) ([]string, error) {
	r, err := s.table.Refer(ctx, pointer, id)
	if err != nil {
		return nil, err
	}
	usable, err := s.usable(ctx, &r, scope)
	if err == nil && !usable {
		err = fault.MissingReference(pointer, Kind.Name)
	}
	return r.Permissions, err
}

// usable says whether a role is for use in a scope: it is built in, or it belongs to the customer or to one of the billing entities that the
// scope is in. What belongs to the platform is in the root.
func (s *Service) usable(ctx context.Context, r *row, scope authz.Chain) (bool, error) {
	switch {
	case r.BuiltIn:
		return true, nil
	case r.CustomerID != "":
		return r.CustomerID == scope.CustomerID, nil
	case scope.BillingEntityID == "":
		above, err := s.deps.Access.Lineage(ctx, r.OwnerID)
		return len(above) == 1, err
	}
	above, err := s.deps.Access.Lineage(ctx, scope.BillingEntityID)
	return slices.Contains(above, r.OwnerID), err
}

// Permissions are those of a role, whoever may see it.
func (s *Service) Permissions(ctx context.Context, id string) ([]string, error) {
	r, err := s.table.Get(authz.Elevated(ctx), id)
	return r.Permissions, err
}

// Owning are the ids of the roles whose holders own what they are bound on.
func (s *Service) Owning(ctx context.Context) ([]string, error) {
	var names []string
	for _, b := range BuiltIns() {
		if b.Owner {
			names = append(names, b.Name)
		}
	}
	return s.builtInIDs(ctx, names...)
}

// OwnerOfPlatform is the id of the role of whoever owns the platform.
func (s *Service) OwnerOfPlatform(ctx context.Context) (string, error) {
	ids, err := s.builtInIDs(ctx, PlatformOwner)
	if err == nil && len(ids) != 1 {
		err = fmt.Errorf("%d roles are called %s", len(ids), PlatformOwner)
	}
	if err != nil {
		return "", err
	}
	return ids[0], nil
}

func (s *Service) builtInIDs(ctx context.Context, names ...string) ([]string, error) {
	rows, err := s.table.All(authz.Elevated(ctx), "built_in AND name IN ?", names)
	out := make([]string, len(rows))
	for i := range rows {
		out[i] = rows[i].ID
	}
	return out, err
}

// WriteBuiltIn brings the roles that are built in to what this program knows of them. They belong to the root.
func (s *Service) WriteBuiltIn(ctx context.Context, root string) error {
	return s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		if err := lockBuiltIn(ctx, s.deps.DB); err != nil {
			return err
		}
		rows, err := s.table.All(ctx, "built_in")
		if err != nil {
			return err
		}
		present := map[string]string{}
		for _, r := range rows {
			present[r.Name] = r.ID
		}
		changed := false
		for _, b := range BuiltIns() {
			wrote, err := s.write(ctx, root, present[b.Name], b)
			if err != nil {
				return fmt.Errorf("role %s: %w", b.Name, err)
			}
			changed = changed || wrote
		}
		if !changed {
			return nil
		}
		return s.deps.Access.Changed(ctx)
	})
}

// write makes or changes one of them, and says whether it had to.
func (s *Service) write(ctx context.Context, root, id string, b BuiltIn) (bool, error) {
	spec := RoleSpec{Named: resource.Named{Name: b.Name, DisplayName: &b.DisplayName, Notes: &b.Description}, Permissions: b.Resolve(s.permissions)}
	if id == "" {
		r := &row{OwnerID: root, BuiltIn: true}
		r.BillingEntityID = root
		r.set(spec)
		return true, s.table.Insert(ctx, r)
	}
	_, changed, err := s.table.Change(ctx, id, nil, func(r *row) error {
		r.set(spec)
		return nil
	})
	return changed, err
}

// Align implements customer.Holdings: what a role allows while its customer is not active is decided where it is used.
func (s *Service) Align(context.Context, string) error { return nil }

// RemoveAll implements customer.Holdings: a customer's own roles are bound in it alone, so they go with it.
func (s *Service) RemoveAll(ctx context.Context, customerID string) error {
	return s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		rows, err := s.table.All(ctx, "owner_id = ?", customerID)
		if err != nil {
			return err
		}
		for i := range rows {
			if err := s.bindings.Unbind(ctx, rows[i].ID); err != nil {
				return err
			}
			if err := s.table.Remove(ctx, rows[i].ID); err != nil {
				return err
			}
		}
		return nil
	})
}
