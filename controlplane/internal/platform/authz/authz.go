// Package authz decides what a principal may do, and which rows it may see. A query without an Access in its context fails.
package authz

import (
	"context"
	"errors"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

// Target is what an operation's permission is asked for.
type Target struct {
	Kind string
	ID   string // of the object itself, empty at create and list
	// ParentID is the object in which a new one is to be made.
	ParentID string
}

// Access is what a principal may see with one permission.
type Access struct {
	// All: every row.
	All bool
}

// Authorizer decides.
type Authorizer interface {
	// Authorize says what the principal of ctx may see with the permission, or refuses: not found where it may not even see the
	// target, forbidden where it may see it and not do this.
	Authorize(ctx context.Context, permission string, t Target) (Access, error)
}

// OwnerOnly lets the platform's owner do everything, and nobody else anything.
type OwnerOnly struct{}

// Authorize implements Authorizer.
func (OwnerOnly) Authorize(ctx context.Context, _ string, _ Target) (Access, error) {
	if authn.From(ctx).Kind != authn.KindOwner {
		return Access{}, fault.NotFoundError()
	}
	return Access{All: true}, nil
}

type contextKey struct{}

// With puts the access into the context.
func With(ctx context.Context, a Access) context.Context {
	return context.WithValue(ctx, contextKey{}, a)
}

// System is the context in which the control plane itself works: it sees every row.
func System(ctx context.Context) context.Context {
	return With(authn.With(ctx, authn.System), Access{All: true})
}

var errNoAccess = errors.New("query without an access in its context")

// From returns the access of the context; without one it fails, so that no query runs unscoped by accident.
func From(ctx context.Context) (Access, error) {
	a, ok := ctx.Value(contextKey{}).(Access)
	if !ok {
		return Access{}, errNoAccess
	}
	return a, nil
}
