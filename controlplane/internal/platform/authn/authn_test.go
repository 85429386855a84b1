package authn_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/authn/authntest"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
)

const ownersToken = "demarc_the-token-of-the-owner"

var (
	start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	owner = authntest.Good{Name: "the owner", Token: ownersToken, Principal: authn.Principal{ID: authn.OwnerID, Kind: authn.KindOwner}}
)

func TestBootstrap(t *testing.T) {
	t.Parallel()
	authntest.Conformance(t, authntest.Subject{
		Authenticator: authn.NewBootstrap(secret.New(ownersToken)), Good: []authntest.Good{owner}, Bad: []authntest.Bad{{Name: "the token of another installation", Token: "demarc_the-token-of-another"}},
	})
}

// Who sends nothing is nobody, also where the owner was given no token.
func TestBootstrapWithoutToken(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"", "Bearer", "Bearer ", "Bearer  "} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Authorization", header)
		if p, err := authn.NewBootstrap(secret.String{}).Authenticate(t.Context(), r); err == nil {
			t.Errorf("%q is from %+v", header, p)
		}
	}
}

// people is an identity service, with tokens of two people and every sort of bad one.
func people(clk *clock.Fake) authntest.Subject {
	const us, them = "https://id.example.com", "https://id.example.org"
	i := authntest.NewIssuer(us, "https://api.example.com", clk)
	other := authntest.NewIssuer(us, "https://api.example.com", clk)
	ann := authn.Principal{ID: "usr_ann", Groups: []string{"grp_ops", "grp_all"}}
	good := func(name string, p authn.Principal) authntest.Good {
		token := i.Token(p)
		return authntest.Good{Name: name, Token: token, Principal: i.Principal(token)}
	}
	bad := func(name string, change func(*authntest.Header, *authntest.Claims)) authntest.Bad {
		return authntest.Bad{Name: name, Token: i.Token(ann, change)}
	}
	expired := i.Token(authn.Principal{ID: "usr_ann", ExpiresAt: clk.Now().Add(time.Second)})
	revoked := i.Token(ann)
	i.Revoke(revoked)
	clk.Advance(time.Second)
	return authntest.Subject{Authenticator: i, Good: []authntest.Good{good("ann", ann), good("bob", authn.Principal{ID: "usr_bob"})}, Bad: []authntest.Bad{
		{Name: "expired", Token: expired},
		{Name: "revoked", Token: revoked},
		{Name: "signed by another", Token: other.Token(ann)},
		bad("from another issuer", func(_ *authntest.Header, c *authntest.Claims) { c.Issuer = them }),
		bad("for another audience", func(_ *authntest.Header, c *authntest.Claims) { c.Audience = "https://mail.example.com" }),
		bad("of nobody", func(_ *authntest.Header, c *authntest.Claims) { c.Subject = "" }),
		bad("without an id", func(_ *authntest.Header, c *authntest.Claims) { c.ID = "" }),
		bad("an identity token", func(h *authntest.Header, _ *authntest.Claims) { h.Type = "JWT" }),
		bad("said to have no signature", func(h *authntest.Header, _ *authntest.Claims) { h.Algorithm = "none" }),
	}}
}

func TestIssuer(t *testing.T) {
	t.Parallel()
	s := people(clock.Frozen(start))
	authntest.Conformance(t, s)
	ann := s.Good[0].Principal
	if ann.ID != "usr_ann" || ann.Kind != authn.KindUser || len(ann.Groups) != 2 || ann.TokenID == "" || !ann.ExpiresAt.Equal(start.Add(authntest.Lifetime+time.Second)) {
		t.Errorf("a token made for ann is known as %+v", ann)
	}
}

// Several ways in are one authenticator like any other.
func TestChain(t *testing.T) {
	t.Parallel()
	s := people(clock.Frozen(start))
	s.Authenticator = authn.Chain{authn.NewBootstrap(secret.New(ownersToken)), s.Authenticator}
	s.Good = append(s.Good, owner)
	authntest.Conformance(t, s)
}

type outage struct{ err error }

func (o outage) Authenticate(context.Context, *http.Request) (authn.Principal, error) {
	return authn.Principal{}, o.err
}

// Who cannot be looked up is not refused as a stranger, who would throw a good token away.
func TestChainStopsAtAnOutage(t *testing.T) {
	t.Parallel()
	down := errors.New("the database is away")
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+ownersToken)
	_, err := authn.Chain{outage{down}, authn.NewBootstrap(secret.New(ownersToken))}.Authenticate(t.Context(), r)
	if !errors.Is(err, down) {
		t.Errorf("ended with %v", err)
	}
}
