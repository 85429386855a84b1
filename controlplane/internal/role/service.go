package role

import (
	"context"
	"fmt"
	"slices"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/service"
)

// Bindings is what roles need of the role bindings.
type Bindings interface {
	// ScopesOf returns every scope that a role is bound in.
	ScopesOf(ctx context.Context, roleID string) ([]authz.Chain, error)
	// Unbind takes a role away from all who have it.
	Unbind(ctx context.Context, roleID string) error
}

// Permissions is what roles need of the permissions.
type Permissions interface {
	// Known are all that there are.
	Known() []string
}

// Service keeps the roles.
type Service struct {
	*service.Stored[row, Create, Spec, Role]
	deps        module.Deps
	bindings    Bindings
	permissions Permissions
}

// New returns the service.
func New(d module.Deps, permissions Permissions) *Service {
	s := &Service{deps: d, permissions: permissions}
	module.Need(d, &s.bindings)
	s.Stored = service.NewStored(d, Kind, service.Rules[row, Create, Spec, Role]{
		Row:     func(in Create) row { return row{Create: in} },
		Spec:    func(r *row) *Spec { return &r.Spec },
		View:    func(r *row) Role { return Role{Meta: r.Meta(), Create: r.Create, BuiltIn: r.BuiltIn} },
		Fields:  s.fields,
		Check:   s.check,
		Release: changeable,
		After:   s.follow,
	})
	return s
}

// Module is what it brings to the server.
func (s *Service) Module() module.Module { return service.Module(s) }

// check refuses to change a role that is built in, and permissions that the caller has not got.
func (s *Service) check(ctx context.Context, old, next *row) error {
	next.inOrder()
	if old == nil {
		return authz.CallerOf(ctx).Holds(next.Permissions, owner(next))
	}
	if err := changeable(ctx, old); err != nil {
		return err
	}
	return s.extend(ctx, old, next)
}

// follow says that everybody who has a role may do something else now.
func (s *Service) follow(ctx context.Context, old, next *row) error {
	if old == nil || next == nil || slices.Equal(old.Permissions, next.Permissions) && old.Name == next.Name {
		return nil
	}
	return s.deps.Access.Changed(ctx)
}

// owner is where a role belongs.
func owner(r *row) authz.Chain {
	return authz.Chain{ID: r.OwnerID, BillingEntityID: r.BillingEntityID, CustomerID: r.CustomerID}
}

// fields reports what a role cannot become. A permission that it had may have gone from the server since: that is no fault of this change.
func (s *Service) fields(old, next *row) []fault.Field {
	var wrong []fault.Field
	var had []string
	if old != nil {
		if had = old.Permissions; old.BuiltIn {
			return nil // which is refused as a whole
		}
	}
	if _, reserved := builtIn(next.Name); reserved {
		wrong = append(wrong, fault.Field{Pointer: "/name", Code: "conflict", Detail: "the name is that of a role that is built in"})
	}
	known := s.permissions.Known()
	for i, p := range next.Permissions {
		if !slices.Contains(had, p) && !slices.Contains(known, p) {
			wrong = append(wrong, fault.Field{Pointer: fmt.Sprintf("/permissions/%d", i), Code: "not_found", Detail: "there is no such permission"})
		}
	}
	return wrong
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
	for _, at := range append([]authz.Chain{owner(next)}, bound...) {
		if err := caller.Holds(added, at); err != nil {
			return err
		}
	}
	return nil
}

// changeable refuses a role that is built in.
func changeable(_ context.Context, r *row) error {
	if r.BuiltIn {
		return fault.Conflictf("built_in", "the role comes with the platform: make one of your own with the permissions that you want")
	}
	return nil
}

// ReferRole returns the permissions of a role that is about to be bound in a scope, and keeps it from changing meanwhile. It refuses one that
// the caller cannot see, and one that is not for use there.
func (s *Service) ReferRole(ctx context.Context, pointer, id string, scope authz.Chain) ([]string, error) {
	r, err := s.Table.Refer(ctx, pointer, id)
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
	r, err := s.Table.Get(authz.Elevated(ctx), id)
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
	rows, err := s.Table.All(authz.Elevated(ctx), "built_in AND name IN ?", names)
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
		rows, err := s.Table.All(ctx, "built_in")
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
	spec := Spec{Named: resource.Named{Name: b.Name, DisplayName: &b.DisplayName, Labels: map[string]string{}, Notes: &b.Description},
		Permissions: b.Resolve(s.permissions.Known())}
	spec.inOrder()
	if id == "" {
		r := row{Create: Create{OwnerID: root, Spec: spec}, BuiltIn: true}
		r.BillingEntityID = root
		return true, s.Table.Insert(ctx, &r)
	}
	_, changed, err := s.Table.Change(ctx, id, nil, func(r *row) error {
		r.Spec = spec
		return nil
	})
	return changed, err
}

// RemoveAll removes a customer's own roles, which are bound in it alone.
func (s *Service) RemoveAll(ctx context.Context, customerID string) error {
	return s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		rows, err := s.Table.All(ctx, "customer_id = ?", customerID)
		if err != nil {
			return err
		}
		for i := range rows {
			if err := s.bindings.Unbind(ctx, rows[i].ID); err != nil {
				return err
			}
		}
		return s.Stored.RemoveAll(ctx, customerID)
	})
}
