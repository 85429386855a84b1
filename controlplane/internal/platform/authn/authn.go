// Package authn says who is calling. An Authenticator turns a request's credential into a Principal; people, service accounts and
// tokens arrive through the same interface.
package authn

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
)

// Kinds of principals.
const (
	KindUser           = "user"
	KindGroup          = "group"
	KindServiceAccount = "service_account"
	KindOwner          = "platform_owner"
	KindSystem         = "system"
)

// OwnerID is the id of the one principal of KindOwner: whoever holds the bootstrap token.
const OwnerID = "owner"

// Principal is who calls: an id and a kind, with no table of its own assumed. What else there is comes from the credential.
type Principal struct {
	ID   string
	Kind string
	// Groups that it belongs to, by id: what is bound to one of them is bound to it.
	Groups []string
	// TokenID is the credential, where that has an id.
	TokenID string
	// ScopeID and Permissions narrow what the credential can be used for; empty: not at all.
	ScopeID     string
	Permissions []string
	// ExpiresAt is when the credential ends, zero if it does not.
	ExpiresAt time.Time
}

// Known says whether there is a principal at all.
func (p Principal) Known() bool { return p.Kind != "" }

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

// Chain asks several authenticators in turn. Who knows the credential decides; what none of them knows is refused.
type Chain []Authenticator

// Authenticate implements Authenticator.
func (c Chain) Authenticate(ctx context.Context, r *http.Request) (Principal, error) {
	for _, a := range c {
		p, err := a.Authenticate(ctx, r)
		if f := fault.As(err); f != nil && f.Kind == fault.Unauthenticated {
			continue
		}
		return p, err
	}
	return Principal{}, Denied()
}

// Bootstrap knows one principal, the platform's owner, by the token that was made at the first start. Only the token's hash is kept.
type Bootstrap struct{ hash [sha256.Size]byte }

// NewBootstrap returns the authenticator for that token.
func NewBootstrap(token secret.String) *Bootstrap {
	return &Bootstrap{hash: sha256.Sum256([]byte(token.Reveal()))}
}

// Authenticate implements Authenticator.
func (b *Bootstrap) Authenticate(_ context.Context, r *http.Request) (Principal, error) {
	token := BearerToken(r)
	sum := sha256.Sum256([]byte(token))
	// Without a token there is no owner, not one whose token is nothing.
	if subtle.ConstantTimeCompare(sum[:], b.hash[:]) != 1 || token == "" {
		return Principal{}, Denied()
	}
	return Principal{ID: OwnerID, Kind: KindOwner}, nil
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
