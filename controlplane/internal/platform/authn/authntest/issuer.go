package authntest

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
)

// Lifetime is how long the tokens of an issuer work for principals that do not say when theirs ends.
const Lifetime = 10 * time.Minute

const (
	algorithm = "EdDSA"  // RFC 8037: Ed25519
	tokenType = "at+jwt" // RFC 9068
)

// Issuer stands in for an identity service: it makes access tokens as of RFC 9068 for people, and knows them again. It is safe for use by
// several goroutines.
type Issuer struct {
	name, audience string
	clock          clock.Clock
	key            ed25519.PrivateKey

	mu      sync.Mutex
	revoked map[string]bool // by the id of the token
}

// NewIssuer returns an issuer with a key of its own, whose tokens are for that audience.
func NewIssuer(name, audience string, clk clock.Clock) *Issuer {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return &Issuer{name: name, audience: audience, clock: clk, key: key, revoked: map[string]bool{}}
}

// Header is the first part of a token.
type Header struct {
	Algorithm string `json:"alg"`
	Type      string `json:"typ"`
}

// Claims are the second part of a token. Times are in seconds since 1970.
type Claims struct {
	Issuer   string   `json:"iss"`
	Audience string   `json:"aud"`
	Subject  string   `json:"sub"`
	Expires  int64    `json:"exp"`
	Issued   int64    `json:"iat"`
	ID       string   `json:"jti"`
	Groups   []string `json:"groups,omitempty"`
}

// Token makes a token for a person: for its id and its groups, until it expires. change, if there is one, spoils what is signed.
func (i *Issuer) Token(p authn.Principal, change ...func(*Header, *Claims)) string {
	now := i.clock.Now()
	if p.ExpiresAt.IsZero() {
		p.ExpiresAt = now.Add(Lifetime)
	}
	h := Header{algorithm, tokenType}
	c := Claims{Issuer: i.name, Audience: i.audience, Subject: p.ID, Expires: p.ExpiresAt.Unix(), Issued: now.Unix(), ID: id.New("jti"), Groups: p.Groups}
	for _, fn := range change {
		fn(&h, &c)
	}
	signed := encoded(h) + "." + encoded(c)
	return signed + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(i.key, []byte(signed)))
}

func encoded(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts and numbers
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// Principal is who a good token of this issuer is from.
func (i *Issuer) Principal(token string) authn.Principal {
	p, _ := i.known(token)
	return p
}

// Revoke ends a token at once.
func (i *Issuer) Revoke(token string) {
	p, ok := i.known(token)
	if !ok {
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.revoked[p.TokenID] = true
}

// Authenticate implements authn.Authenticator.
func (i *Issuer) Authenticate(_ context.Context, r *http.Request) (authn.Principal, error) {
	p, ok := i.known(authn.BearerToken(r))
	if !ok {
		return authn.Principal{}, authn.Denied()
	}
	return p, nil
}

// known reads a token; it is not ok unless everything about it is as this issuer makes it.
func (i *Issuer) known(token string) (authn.Principal, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return authn.Principal{}, false
	}
	signature, err := decoded(parts[2])
	public, _ := i.key.Public().(ed25519.PublicKey)
	if err != nil || !ed25519.Verify(public, []byte(parts[0]+"."+parts[1]), signature) {
		return authn.Principal{}, false
	}
	var h Header
	var c Claims
	if !read(parts[0], &h) || !read(parts[1], &c) {
		return authn.Principal{}, false
	}
	i.mu.Lock()
	revoked := i.revoked[c.ID]
	i.mu.Unlock()
	expires := time.Unix(c.Expires, 0).UTC()
	if revoked || h.Algorithm != algorithm || h.Type != tokenType || c.Issuer != i.name || c.Audience != i.audience || c.Subject == "" || c.ID == "" ||
		!i.clock.Now().Before(expires) {
		return authn.Principal{}, false
	}
	return authn.Principal{ID: c.Subject, Kind: authn.KindUser, Groups: slices.Clone(c.Groups), TokenID: c.ID, ExpiresAt: expires}, true
}

// decoded reads the one form of base64 that stands for a value: a token that can be written in two ways could be revoked in one of them.
func decoded(part string) ([]byte, error) { return base64.RawURLEncoding.Strict().DecodeString(part) }

func read(part string, v any) bool {
	b, err := decoded(part)
	return err == nil && json.Unmarshal(b, v) == nil
}
