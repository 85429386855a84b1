package authz

import (
	"slices"
	"time"
)

// Platform is the scope that everything is in.
const Platform = "platform"

// Chain is where an object stands: itself, and what it is in. An object of the platform has neither billing entity nor customer.
type Chain struct {
	ID              string // platform, for the platform itself
	BillingEntityID string
	CustomerID      string
	// Others are further scopes that it is in: a location, a cloudspace.
	Others []string
}

// Access is what a principal may see, or do, with one permission. It is plain data: what decides on one object and what limits a query are
// made from the same value.
type Access struct {
	// All: everything.
	All bool
	// BillingEntities with all below them: whoever has a role in one has it in its subtree, which is in here too.
	BillingEntities []string
	Customers       []string
	// Objects are single ones, and scopes that are no tenants: locations, cloudspaces.
	Objects []string
	// Shared: what its owner offers to others counts too. Lineage are the billing entities in, above and below which the principal has it.
	Shared  bool
	Lineage []string
}

// Nothing says whether there is nothing to see.
func (a Access) Nothing() bool {
	return !a.All && len(a.BillingEntities) == 0 && len(a.Customers) == 0 && len(a.Objects) == 0 && !a.Shared
}

// Covers says whether an object that stands there is within the access. Shared objects are a matter of their rows.
func (a Access) Covers(c Chain) bool {
	if a.All {
		return true
	}
	return c.BillingEntityID != "" && slices.Contains(a.BillingEntities, c.BillingEntityID) ||
		c.CustomerID != "" && slices.Contains(a.Customers, c.CustomerID) ||
		slices.Contains(a.Objects, c.ID) ||
		slices.ContainsFunc(c.Others, func(s string) bool { return s != "" && slices.Contains(a.Objects, s) })
}

// Binding is a role that a principal has in a scope.
type Binding struct {
	ID       string
	RoleID   string
	RoleName string
	// Scope is where: a tenant's chain names itself, everything else itself and what it is in.
	Scope       Chain
	Permissions map[string]bool
	ExpiresAt   *time.Time
	// Withheld are permissions that the role has and the binding does not give, because the customer that the scope is, or is in, is suspended.
	Withheld map[string]bool
}

// Suspend withholds what the principals of a suspended customer do not keep.
func (b *Binding) Suspend(all Permissions) {
	kept, withheld := map[string]bool{}, map[string]bool{}
	for p, has := range b.Permissions {
		if all.kept(p) {
			kept[p] = has
		} else {
			withheld[p] = has
		}
	}
	b.Permissions, b.Withheld = kept, withheld
}

// expired says whether the binding has ended by then.
func (b *Binding) expired(now time.Time) bool { return b.ExpiresAt != nil && !now.Before(*b.ExpiresAt) }
