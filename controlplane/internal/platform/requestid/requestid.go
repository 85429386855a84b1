// Package requestid carries the id of the request that work belongs to.
package requestid

import "context"

type contextKey struct{}

// With puts the request's id into the context.
func With(ctx context.Context, rid string) context.Context {
	return context.WithValue(ctx, contextKey{}, rid)
}

// From is the id of the request that the context belongs to, empty outside one.
func From(ctx context.Context) string {
	rid, _ := ctx.Value(contextKey{}).(string)
	return rid
}
