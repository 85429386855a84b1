package authz

// What it takes to give access to others.

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

// Grant is a role that somebody has, or is to have, in a scope.
type Grant struct {
	ID            string // of the binding; empty before it is made
	PrincipalKind string
	PrincipalID   string
	RoleID        string
	ExpiresAt     *time.Time
}

// Permanent says whether it never ends.
func (g Grant) Permanent() bool { return g.ExpiresAt == nil }

// shownMissing is how many permissions a refusal names.
const shownMissing = 10

// Holds refuses to give these permissions on what stands there unless the caller has all of them there: nobody grants what they do not
// hold. The control plane itself, a nil caller, may.
func (c *Caller) Holds(permissions []string, there Chain) error {
	if c == nil {
		return nil
	}
	missing := c.Missing(permissions, there)
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	more := ""
	if n := len(missing) - shownMissing; n > 0 {
		missing, more = missing[:shownMissing], fmt.Sprintf(" and %d more", n)
	}
	return &fault.Error{Kind: fault.Forbidden, Code: "exceeds_own_permissions",
		Detail: "nobody gives permissions that they have not got there themselves: " + strings.Join(missing, ", ") + more}
}

// FromAbove says whether the caller may do something in a scope by a role in another one that it stands in.
func (c *Caller) FromAbove(permission string, scope Chain) bool {
	now := c.now()
	return slices.ContainsFunc(c.Bindings, func(b Binding) bool {
		return b.Scope.ID != scope.ID && !b.expired(now) && b.Permissions[permission] && c.tree.in(scope, b.Scope)
	})
}

// Granted are the permissions that the binding gives, in the order of the alphabet; none once it has expired.
func (b *Binding) Granted(now time.Time) []string {
	if b.expired(now) {
		return []string{}
	}
	return sorted(b.Permissions)
}

// Expired says whether the binding has ended by then.
func (b *Binding) Expired(now time.Time) bool { return b.expired(now) }
