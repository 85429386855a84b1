// Package authntest proves that an authenticator keeps what every one of them has promised: who has a good credential is known, and all others
// get one and the same refusal. It also has an authenticator to stand in for an identity service that signs its tokens.
package authntest

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

// Good is a credential that works, and whose it is.
type Good struct {
	Name      string
	Token     string
	Principal authn.Principal
}

// Bad is a credential of the authenticator's own sort that does not work, named after the reason.
type Bad struct{ Name, Token string }

// Subject is an authenticator, with credentials to try.
type Subject struct {
	Authenticator authn.Authenticator
	Good          []Good
	// Bad are those that only their authenticator can make: unknown, expired, revoked, of somebody else.
	Bad []Bad
}

// foreign are texts that are a token of no authenticator.
var foreign = []Bad{
	{"nothing", ""},
	{"a word", "token"},
	{"only dots", ".."},
	{"a token without a signature", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJvd25lciJ9."},
	{"not ASCII", "dmc_żółć"},
	{"very long", strings.Repeat("a", 60_000)},
	{"control characters", "dmc_\x01\x02"},
}

// Conformance tries the subject.
func Conformance(t *testing.T, s Subject) {
	t.Helper()
	if len(s.Good) == 0 {
		t.Fatal("nothing to try: no credential works")
	}
	for _, good := range s.Good {
		t.Run("accepts "+good.Name, func(t *testing.T) {
			for range 2 { // also the second time, when something may be kept of the first
				s.accepts(t, "Bearer "+good.Token, good)
			}
			s.accepts(t, "bearer "+good.Token, good) // RFC 7235 §2.1: the scheme is case-insensitive
		})
		for _, at := range mistakes(good.Token) {
			t.Run("refuses "+good.Name+", "+at.Name, func(t *testing.T) { s.refuses(t, at.Token) })
		}
		t.Run("refuses "+good.Name+" elsewhere", func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/?access_token="+good.Token+"&token="+good.Token, nil)
			r.Header.Set("X-Auth-Token", good.Token)
			r.Header.Set("Cookie", "token="+good.Token)
			s.refusesRequest(t, r)
		})
	}
	for _, bad := range append(s.Bad, foreign...) {
		t.Run("refuses "+bad.Name, func(t *testing.T) { s.refuses(t, "Bearer "+bad.Token) })
	}
	t.Run("refuses no credential", func(t *testing.T) {
		s.refusesRequest(t, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	})
}

// mistakes are headers that nearly are the good one.
func mistakes(token string) []Bad {
	last := len(token) - 1
	other := func(i int) string {
		c := byte('A')
		if token[i] == c {
			c = 'B'
		}
		return token[:i] + string(c) + token[i+1:]
	}
	return []Bad{
		{"its first character is another", "Bearer " + other(0)},
		{"one in the middle is another", "Bearer " + other(last/2)},
		{"its last character is another", "Bearer " + other(last)},
		{"its end is missing", "Bearer " + token[:last]},
		{"something stands behind it", "Bearer " + token + "A"},
		{"twice", "Bearer " + token + " " + token},
		{"in other letters", "Bearer " + swapCase(token)},
		{"the scheme is Basic", "Basic " + token},
		{"the scheme is a longer word", "Bearers " + token},
		{"without a scheme", token},
		{"without a blank", "Bearer" + token},
	}
}

func swapCase(s string) string {
	if upper := strings.ToUpper(s); upper != s {
		return upper
	}
	return strings.ToLower(s)
}

func (s Subject) accepts(t *testing.T, header string, good Good) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	r.Header.Set("Authorization", header)
	got, err := s.Authenticator.Authenticate(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, good.Principal) {
		t.Errorf("is known as %+v, want %+v", got, good.Principal)
	}
}

func (s Subject) refuses(t *testing.T, header string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	r.Header["Authorization"] = []string{header}
	s.refusesRequest(t, r)
}

// Denied says whether an error is the one answer to every unusable credential, with nothing around it and nothing behind it.
func Denied(err error) bool {
	got, want := fault.As(err), fault.As(authn.Denied())
	return got != nil && err.Error() == want.Error() && fmt.Sprintf("%#v", *got) == fmt.Sprintf("%#v", *want)
}

// refusesRequest wants the same answer for every reason, down to what the log would say.
func (s Subject) refusesRequest(t *testing.T, r *http.Request) {
	t.Helper()
	got, err := s.Authenticator.Authenticate(t.Context(), r)
	if !Denied(err) {
		t.Errorf("is refused with %#v, want %#v", err, authn.Denied())
	}
	if got.Known() || !reflect.DeepEqual(got, authn.Principal{}) {
		t.Errorf("is refused and known as %+v", got)
	}
}
