// Package authz decides what a principal may do, and which rows it may see.
//
// A role is a set of permissions; a binding gives it to a principal in a scope: the platform, a billing entity (with all below it), a
// customer, a location, a cloudspace, or a single object. Nothing denies: what no binding grants is refused. A decision on one object and
// the condition that limits a query come from the same value, an Access. A query without an Access in its context fails.
package authz

import (
	"context"
	"errors"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
)

// present is what a context carries: who calls, and what they may see with the permission that they are using.
type present struct {
	caller *Caller // nil for the control plane itself
	access Access
}

type contextKey struct{}

// With puts an access into the context, of nobody in particular.
func With(ctx context.Context, a Access) context.Context {
	return context.WithValue(ctx, contextKey{}, present{access: a})
}

// WithCaller puts a caller into the context, who uses that access.
func WithCaller(ctx context.Context, c *Caller, a Access) context.Context {
	return context.WithValue(authn.With(ctx, c.Principal), contextKey{}, present{c, a})
}

// System is the context in which the control plane itself works: it sees every row.
func System(ctx context.Context) context.Context {
	return With(authn.With(ctx, authn.System), Access{All: true})
}

// Elevated is the context in which the control plane looks up what it needs to do what the caller may: the caller stays the one who did it,
// every row is seen. Never for what the caller named.
func Elevated(ctx context.Context) context.Context {
	p, _ := ctx.Value(contextKey{}).(present)
	p.access = Access{All: true}
	return context.WithValue(ctx, contextKey{}, present{p.caller, p.access})
}

// For is the context of the same caller with another permission: what they may see with that one. Where there is no caller, but the control
// plane itself, nothing changes.
func For(ctx context.Context, permission string) context.Context {
	p, ok := ctx.Value(contextKey{}).(present)
	if !ok || p.caller == nil {
		return ctx
	}
	return context.WithValue(ctx, contextKey{}, present{p.caller, p.caller.Access(permission)})
}

// CallerOf returns who calls, nil if that is the control plane itself.
func CallerOf(ctx context.Context) *Caller {
	p, _ := ctx.Value(contextKey{}).(present)
	return p.caller
}

var errNoAccess = errors.New("query without an access in its context")

// From returns the access of the context; without one it fails, so that no query runs unscoped by accident.
func From(ctx context.Context) (Access, error) {
	p, ok := ctx.Value(contextKey{}).(present)
	if !ok {
		return Access{}, errNoAccess
	}
	return p.access, nil
}
