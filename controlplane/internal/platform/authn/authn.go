// Package authn says who is calling. An Authenticator turns a request's credential into a Principal; people, service accounts and
// tokens arrive through the same interface.
package authn

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
)

// Kinds of principals.
const (
	KindOwner  = "platform_owner"
	KindSystem = "system"
)

// Principal is who calls: an id and a kind, with no table of its own assumed.
type Principal struct {
	ID   string
	Kind string
}

// System is the control plane itself, as it works in the background.
var System = Principal{ID: "system", Kind: KindSystem}

// Authenticator finds the principal of a request; an unusable credential is fault.Unauthenticated.
type Authenticator interface {
	Authenticate(ctx context.Context, r *http.Request) (Principal, error)
}

// Denied is the one answer to every unusable credential: it does not say what was wrong with it.
func Denied() error {
	return &fault.Error{Kind: fault.Unauthenticated, Code: "unauthenticated", Detail: "send a valid token: Authorization: Bearer …"}
}

// BearerToken returns the token of the Authorization header, empty if there is none.
func BearerToken(r *http.Request) string {
	scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// Bootstrap knows one principal, the platform's owner, by the token that was made at the first start. Only the token's hash is kept.
type Bootstrap struct{ hash [sha256.Size]byte }

// NewBootstrap returns the authenticator for that token.
func NewBootstrap(token secret.String) *Bootstrap {
	return &Bootstrap{hash: sha256.Sum256([]byte(token.Reveal()))}
}

// Authenticate implements Authenticator.
func (b *Bootstrap) Authenticate(_ context.Context, r *http.Request) (Principal, error) {
	sum := sha256.Sum256([]byte(BearerToken(r)))
	if subtle.ConstantTimeCompare(sum[:], b.hash[:]) != 1 {
		return Principal{}, Denied()
	}
	return Principal{ID: "owner", Kind: KindOwner}, nil
}

type contextKey struct{}

// With puts the principal into the context.
func With(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// From returns the principal of the context; without one, nobody.
func From(ctx context.Context) Principal {
	p, _ := ctx.Value(contextKey{}).(Principal)
	return p
}
