package authz

import (
	"slices"
	"sync"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
)

// Caller is a principal with all the roles that it has, narrowed to what its credential is for.
type Caller struct {
	Principal authn.Principal
	Bindings  []Binding
	reads     map[string]bool
	tree      *tree
	now       func() time.Time

	mu   sync.Mutex
	memo map[string]remembered
}

// remembered is an access that was worked out, and until when it stays the same.
type remembered struct {
	access Access
	until  time.Time // zero: as long as the bindings do
}

// NewCaller returns the principal with these bindings, narrowed to what its credential is for; scope is where p.ScopeID stands. parents says
// below which other one each billing entity stands; the root below none. reads are the permissions to read.
func NewCaller(p authn.Principal, bindings []Binding, scope *Chain, parents map[string]string, reads map[string]bool, now func() time.Time) *Caller {
	return newCaller(p, bindings, scope, newTree(parents), reads, now)
}

func newCaller(p authn.Principal, bindings []Binding, scope *Chain, t *tree, reads map[string]bool, now func() time.Time) *Caller {
	return &Caller{Principal: p, Bindings: narrowed(bindings, t, scope, p.Permissions), reads: reads, tree: t, now: now, memo: map[string]remembered{}}
}

// Access is what the caller may see or do with the permission.
func (c *Caller) Access(permission string) Access {
	now := c.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if m, ok := c.memo[permission]; ok && (m.until.IsZero() || now.Before(m.until)) {
		return m.access
	}
	m := c.work(permission, now)
	c.memo[permission] = m
	return m.access
}

func (c *Caller) work(permission string, now time.Time) remembered {
	var m remembered
	a := &m.access
	lineage := map[string]bool{}
	for i := range c.Bindings {
		b := &c.Bindings[i]
		if b.expired(now) || !b.Permissions[permission] {
			continue
		}
		if b.ExpiresAt != nil && (m.until.IsZero() || b.ExpiresAt.Before(m.until)) {
			m.until = *b.ExpiresAt
		}
		s := b.Scope
		switch {
		case s.ID == Platform:
			a.All = true
		case s.ID == s.CustomerID:
			a.Customers = append(a.Customers, s.ID)
		case s.ID == s.BillingEntityID:
			a.BillingEntities = append(a.BillingEntities, c.tree.subtree(s.ID)...)
		default:
			a.Objects = append(a.Objects, s.ID)
		}
		for _, id := range c.tree.lineage(s.BillingEntityID) {
			lineage[id] = true
		}
		a.Shared = a.Shared || c.reads[permission]
	}
	if a.All {
		*a = Access{All: true}
		return m
	}
	for _, list := range []*[]string{&a.BillingEntities, &a.Customers, &a.Objects} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	for _, id := range a.BillingEntities {
		lineage[id] = true
	}
	for id := range lineage {
		a.Lineage = append(a.Lineage, id)
	}
	slices.Sort(a.Lineage)
	return m
}

// Everywhere says whether the caller has another permission, too, wherever it has the one. What is in a scope that is no tenant, a location,
// may be anybody's: there the other one must be held in the scope itself.
func (c *Caller) Everywhere(permission, another string) bool {
	a, now := c.Access(another), c.now()
	return !slices.ContainsFunc(c.Bindings, func(b Binding) bool {
		if b.expired(now) || !b.Permissions[permission] {
			return false
		}
		if s := b.Scope; s.ID == Platform || s.ID == s.CustomerID || s.ID == s.BillingEntityID {
			return !a.Covers(s)
		}
		return !a.All && !slices.Contains(a.Objects, b.Scope.ID)
	})
}

// Through returns the binding that lets the caller do something with an object that stands there: of several, the one nearest to the
// object; nil if none does.
func (c *Caller) Through(permission string, object Chain) *Binding {
	now := c.now()
	var best *Binding
	distance := 0
	for i := range c.Bindings {
		b := &c.Bindings[i]
		if b.expired(now) || !b.Permissions[permission] || !c.tree.in(object, b.Scope) {
			continue
		}
		if d := c.distance(object, b.Scope); best == nil || d < distance {
			best, distance = b, d
		}
	}
	return best
}

// Effective are the permissions that the caller has on an object that stands there, and those that it has on it or in a scope below it, both in the
// order of the alphabet.
func (c *Caller) Effective(object Chain) (held, below []string) {
	now := c.now()
	here, anywhere := map[string]bool{}, map[string]bool{}
	for i := range c.Bindings {
		b := &c.Bindings[i]
		above := c.tree.in(object, b.Scope)
		if b.expired(now) || !above && !c.tree.in(b.Scope, object) {
			continue
		}
		for p, has := range b.Permissions {
			here[p] = here[p] || has && above
			anywhere[p] = anywhere[p] || has
		}
	}
	return sorted(here), sorted(anywhere)
}

// sorted are those of a set, in the order of the alphabet.
func sorted(set map[string]bool) []string {
	out := []string{}
	for p, has := range set {
		if has {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return out
}

// distance counts how far above an object a scope that it is in stands.
func (c *Caller) distance(object, scope Chain) int {
	switch {
	case scope.ID == object.ID:
		return 0
	case slices.Contains(object.Others, scope.ID):
		return 1
	case scope.ID == Platform:
		return 1 << 20
	case scope.ID == object.CustomerID:
		return 2
	}
	return 3 + slices.Index(c.tree.lineage(object.BillingEntityID), scope.ID)
}

// Missing are those of the permissions that the caller has not got on an object that stands there.
func (c *Caller) Missing(permissions []string, object Chain) []string {
	var out []string
	for _, p := range permissions {
		if !c.Access(p).Covers(object) {
			out = append(out, p)
		}
	}
	return out
}

// Narrowed is the caller with a credential for one scope (nil: for all) and for some permissions (none: for all).
func (c *Caller) Narrowed(scope *Chain, permissions []string) *Caller {
	p := c.Principal
	p.ScopeID, p.Permissions = "", permissions
	if scope != nil {
		p.ScopeID = scope.ID
	}
	return newCaller(p, c.Bindings, scope, c.tree, c.reads, c.now)
}

// narrowed are the bindings as a credential for one scope, and for some permissions, has them: a role above the scope becomes one in it, a
// role within it stays, and every other one is none.
func narrowed(bindings []Binding, t *tree, scope *Chain, permissions []string) []Binding {
	out := bindings[:0:0]
	for _, b := range bindings {
		if scope != nil && !t.in(b.Scope, *scope) {
			if !t.in(*scope, b.Scope) {
				continue
			}
			b.Scope = *scope
		}
		if len(permissions) > 0 {
			b.Permissions, b.Withheld = only(b.Permissions, permissions), only(b.Withheld, permissions)
		}
		out = append(out, b)
	}
	return out
}

// only are those of a set that are among some permissions.
func only(set map[string]bool, permissions []string) map[string]bool {
	out := map[string]bool{}
	for _, p := range permissions {
		out[p] = set[p]
	}
	return out
}
