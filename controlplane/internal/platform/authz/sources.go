package authz

// What the evaluator reads. Whoever keeps it implements these, and reads tables of its own alone.

import (
	"context"
	"errors"
	"slices"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
)

// Sources are what an Evaluator decides by.
type Sources struct {
	Bindings        Bindings
	Roles           Roles
	Customers       Customers
	BillingEntities BillingEntities
	// Permissions returns those of the server, once it has them all.
	Permissions func() Permissions
	// AtOneMoment runs fn so that everything it reads of the others is as it was at one moment.
	AtOneMoment func(ctx context.Context, fn func(ctx context.Context) error) error
}

// Bindings keeps who has which role where.
type Bindings interface {
	// Held returns what a principal has, by itself and by its groups.
	Held(ctx context.Context, p authn.Principal) ([]Bound, error)
	// In returns what is bound in the scopes themselves.
	In(ctx context.Context, scopes []string) ([]Bound, error)
}

// Bound is a grant with where its scope stands.
type Bound struct {
	Grant
	Scope Chain
}

// Roles keeps what a role allows.
type Roles interface {
	// Roles returns the roles of these ids, by id.
	Roles(ctx context.Context, ids []string) (map[string]Role, error)
}

// Role is a set of permissions.
type Role struct {
	Name        string
	Permissions []string
}

// Customers keeps the customers.
type Customers interface {
	// Suspended returns those of the customers that are suspended.
	Suspended(ctx context.Context, ids []string) ([]string, error)
}

// BillingEntities keeps the tree of billing entities.
type BillingEntities interface {
	// Parents says below which other one each billing entity stands; the root below "".
	Parents(ctx context.Context) (map[string]string, error)
}

// Permissions are those of the server that are decided in a way of their own.
type Permissions struct {
	// Reads change nothing: what is offered to others counts for them, and the principals of a suspended customer keep them.
	Reads map[string]bool
	// WhileSuspended are further ones that they keep: to pay.
	WhileSuspended map[string]bool
}

// kept says whether the principals of a suspended customer keep a permission.
func (p Permissions) kept(permission string) bool {
	return p.Reads[permission] || p.WhileSuspended[permission]
}

// check refuses to decide without one of the sources.
func (s Sources) check() error {
	switch {
	case s.Bindings == nil:
		return errors.New("authorization without role bindings")
	case s.Roles == nil:
		return errors.New("authorization without roles")
	case s.Customers == nil:
		return errors.New("authorization without customers")
	case s.BillingEntities == nil:
		return errors.New("authorization without billing entities")
	case s.Permissions == nil:
		return errors.New("authorization without permissions")
	case s.AtOneMoment == nil:
		return errors.New("authorization without a view of one moment")
	}
	return nil
}

// Holder is a binding with who has it.
type Holder struct {
	Binding
	PrincipalKind, PrincipalID string
}

// holders completes what is bound: by what the role allows, and by whether the customer is suspended whose scope it is, or is in.
func (s Sources) holders(ctx context.Context, bound []Bound) ([]Holder, error) {
	if len(bound) == 0 {
		return nil, nil
	}
	var roleIDs, customerIDs []string
	for _, b := range bound {
		roleIDs = append(roleIDs, b.RoleID)
		if b.Scope.CustomerID != "" {
			customerIDs = append(customerIDs, b.Scope.CustomerID)
		}
	}
	roles, err := s.Roles.Roles(ctx, distinct(roleIDs))
	if err != nil {
		return nil, err
	}
	suspended := map[string]bool{}
	if len(customerIDs) > 0 {
		ids, err := s.Customers.Suspended(ctx, distinct(customerIDs))
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			suspended[id] = true
		}
	}
	out := make([]Holder, 0, len(bound))
	for _, b := range bound {
		role, found := roles[b.RoleID]
		if !found { // there is a binding to a role that is gone: it allows nothing
			continue
		}
		h := Holder{PrincipalKind: b.PrincipalKind, PrincipalID: b.PrincipalID, Binding: Binding{
			ID: b.ID, RoleID: b.RoleID, RoleName: role.Name, Scope: b.Scope, ExpiresAt: b.ExpiresAt, Permissions: map[string]bool{},
		}}
		for _, p := range role.Permissions {
			h.Permissions[p] = true
		}
		if suspended[b.Scope.CustomerID] {
			h.Suspend(s.Permissions())
		}
		out = append(out, h)
	}
	return out, nil
}

// distinct are the values without repetitions.
func distinct(values []string) []string { return slices.Compact(slices.Sorted(slices.Values(values))) }
