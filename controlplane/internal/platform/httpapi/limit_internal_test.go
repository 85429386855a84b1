package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// gate is a server without any operation, at a clock that stands still.
type gate struct {
	*Server
	clk     *clock.Fake
	mu      sync.Mutex
	reached []string
}

func newGate(limits Limits, proxies ...string) *gate {
	g := &gate{clk: clock.Frozen(time.Unix(1_900_000_000, 0))}
	deps := Deps{Kinds: resource.NewRegistry(), Authenticator: known{}, Observer: g, Clock: g.clk, Log: slog.New(slog.DiscardHandler), Limits: limits}
	for _, p := range proxies {
		deps.TrustedProxies = append(deps.TrustedProxies, netip.MustParsePrefix(p))
	}
	g.Server = New(deps, nil)
	g.Pages(Pages{Ready: func(context.Context) error { return nil }})
	return g
}

// RequestStarted implements Observer.
func (g *gate) RequestStarted() func() { return func() {} }

// RequestAnswered implements Observer.
func (g *gate) RequestAnswered(string, int, time.Duration) {}

// LimitReached implements Observer.
func (g *gate) LimitReached(limit string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.reached = append(g.reached, limit)
}

// known takes "good…" for the token of a service account of that name; its table is down for "outage".
type known struct{}

// Authenticate implements authn.Authenticator.
func (known) Authenticate(_ context.Context, r *http.Request) (authn.Principal, error) {
	switch token := authn.BearerToken(r); {
	case strings.HasPrefix(token, "good"):
		return authn.Principal{Kind: authn.KindServiceAccount, ID: token}, nil
	case token == "outage":
		return authn.Principal{}, errors.New("no connection")
	}
	return authn.Principal{}, authn.Denied()
}

func request(path, from, forwarded, token string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
	r.RemoteAddr = from
	if forwarded != "" {
		r.Header.Set("X-Forwarded-For", forwarded)
		r.Header.Set("X-Real-Ip", forwarded)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

func (g *gate) get(path, from, forwarded string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	g.ServeHTTP(w, request(path, from, forwarded, ""))
	return w
}

// try authenticates as a request would; it returns the headers of the answer.
func (g *gate) try(from, token string) (http.Header, error) {
	w := httptest.NewRecorder()
	c := gin.CreateTestContextOnly(w, g.engine)
	c.Request = request("/", from, "", token)
	_, err := g.admit(c.Request.Context(), &attempt{c: c})
	return w.Header(), err
}

func (g *gate) passes(from, token string) bool {
	_, err := g.try(from, token)
	return err == nil
}

func limited(err error) bool { return fault.IsCode(err, "rate_limited") }

func TestAddressLimit(t *testing.T) {
	t.Parallel()
	g := newGate(Limits{Address: 2})
	const here = "192.0.2.1:1000"
	for left := 9; left >= 0; left-- {
		w := g.get("/api/v1/nothing", here, "")
		if got, want := w.Header().Get("RateLimit"), `"address";r=`+strconv.Itoa(left)+`;t=1`; w.Code != http.StatusNotFound || got != want ||
			w.Header().Get("RateLimit-Policy") != `"address";q=10;w=5` {
			t.Errorf("status %d, %s, %s; want %s", w.Code, got, w.Header().Get("RateLimit-Policy"), want)
		}
	}
	w := g.get("/api/v1/nothing", "192.0.2.1:1001", "")
	var p Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != http.StatusTooManyRequests || p.Code != "rate_limited" || p.Status != w.Code || p.RequestID == "" ||
		w.Header().Get("Content-Type") != "application/problem+json" || w.Header().Get("Retry-After") != "1" || w.Header().Get("RateLimit") != `"address";r=0;t=1` {
		t.Errorf("the eleventh: %d, %v, %s", w.Code, w.Header(), w.Body)
	}
	if !slices.Equal(g.reached, []string{"address"}) {
		t.Errorf("observed: %v", g.reached)
	}
	if w := g.get("/swagger", here, ""); w.Code != http.StatusTooManyRequests {
		t.Errorf("a page: %d", w.Code)
	}
	for _, path := range []string{"/livez", "/readyz"} {
		if w := g.get(path, here, ""); w.Code != http.StatusOK {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
	if w := g.get("/api/v1/nothing", "192.0.2.2:1000", ""); w.Code != http.StatusNotFound {
		t.Errorf("another address: %d", w.Code)
	}
	g.clk.Advance(500 * time.Millisecond)
	if w := g.get("/api/v1/nothing", here, ""); w.Code != http.StatusNotFound {
		t.Errorf("half a second later: %d", w.Code)
	}
}

func TestRemote(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]struct {
		proxies         []string
		from, forwarded string
		want            string
	}{
		"IPv4":                      {nil, "192.0.2.1:9", "", "192.0.2.1/32"},
		"IPv6":                      {nil, "[2001:db8:1:2:3:4:5:6]:9", "", "2001:db8:1:2::/64"},
		"IPv4 in IPv6":              {nil, "[::ffff:192.0.2.1]:9", "", "192.0.2.1/32"},
		"a zone":                    {nil, "[fe80::1%eth0]:9", "", "fe80::/64"},
		"nobody is trusted":         {nil, "10.0.0.1:9", "192.0.2.1", "10.0.0.1/32"},
		"the machine is not either": {nil, "127.0.0.1:9", "192.0.2.1", "127.0.0.1/32"},
		"a proxy":                   {[]string{"10.0.0.0/8"}, "10.0.0.1:9", "192.0.2.1", "192.0.2.1/32"},
		"a proxy that adds":         {[]string{"10.0.0.0/8"}, "10.0.0.1:9", "203.0.113.9, 192.0.2.1", "192.0.2.1/32"},
		"two proxies":               {[]string{"10.0.0.0/8"}, "10.0.0.1:9", "203.0.113.9, 192.0.2.1, 10.0.0.2", "192.0.2.1/32"},
		"another proxy":             {[]string{"10.0.0.0/8"}, "11.0.0.1:9", "192.0.2.1", "11.0.0.1/32"},
		"a proxy that says nothing": {[]string{"10.0.0.0/8"}, "10.0.0.1:9", "", "10.0.0.1/32"},
		"a proxy that is wrong":     {[]string{"10.0.0.0/8"}, "10.0.0.1:9", "somebody", "10.0.0.1/32"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := gin.CreateTestContextOnly(httptest.NewRecorder(), newGate(Limits{}, v.proxies...).engine)
			c.Request = request("/", v.from, v.forwarded, "")
			if got := remote(c); got != netip.MustParsePrefix(v.want) {
				t.Errorf("got %v, want %s", got, v.want)
			}
		})
	}
}

// Whoever sends another X-Forwarded-For with each request is still one.
func TestAddressesAreNotInvented(t *testing.T) {
	t.Parallel()
	g := newGate(Limits{Address: 1})
	for i := range 5 {
		g.get("/api/v1/nothing", "192.0.2.1:9", "10.0.0."+strconv.Itoa(i))
	}
	if w := g.get("/api/v1/nothing", "192.0.2.1:9", "10.0.0.99"); w.Code != http.StatusTooManyRequests {
		t.Errorf("status %d", w.Code)
	}
}

func TestPrincipalLimit(t *testing.T) {
	t.Parallel()
	g := newGate(Limits{Principal: 1})
	const here, there = "192.0.2.1:9", "192.0.2.2:9"
	for left := 4; left >= 0; left-- {
		header, err := g.try(here, "good1")
		if got, want := header.Get("RateLimit"), `"principal";r=`+strconv.Itoa(left)+`;t=1`; err != nil || got != want || header.Get("RateLimit-Policy") != `"principal";q=5;w=5` {
			t.Errorf("%v, %s, want %s", err, got, want)
		}
	}
	if header, err := g.try(there, "good1"); !limited(err) || header.Get("RateLimit") != `"principal";r=0;t=1` {
		t.Errorf("from elsewhere: %v, %v", err, header)
	}
	if !g.passes(here, "good2") {
		t.Error("another principal pays for it")
	}
	if !slices.Equal(g.reached, []string{"principal"}) {
		t.Errorf("observed: %v", g.reached)
	}
}

// Asking who calls once more, in the same request, costs nothing and is not refused.
func TestARequestCountsOnce(t *testing.T) {
	t.Parallel()
	g := newGate(Limits{Principal: 1})
	c := gin.CreateTestContextOnly(httptest.NewRecorder(), g.engine)
	c.Request = request("/", "192.0.2.1:9", "", "good1")
	at := &attempt{c: c}
	for i := range 20 {
		if p, err := g.admit(t.Context(), at); err != nil || p.ID != "good1" {
			t.Fatalf("time %d: %v", i, err)
		}
	}
	if !g.passes("192.0.2.1:9", "good1") {
		t.Error("it counted more than once")
	}
}

func TestFailedAuthentications(t *testing.T) {
	t.Parallel()
	g := newGate(Limits{Authentication: 1})
	const here, there = "192.0.2.1:9", "192.0.2.2:9"
	if !g.passes(here, "good1") {
		t.Fatal("a valid token")
	}
	for i := range 5 {
		if _, err := g.try(here, "wrong"+strconv.Itoa(i)); !fault.IsCode(err, "unauthenticated") {
			t.Errorf("guess %d: %v", i, err)
		}
	}
	if header, err := g.try(here, "wrong"); !limited(err) || header.Get("RateLimit") != `"authentication";r=0;t=1` || header.Get("RateLimit-Policy") != `"authentication";q=5;w=5` {
		t.Errorf("the sixth guess: %v, %v", err, header)
	}
	if _, err := g.try(here, "good2"); !limited(err) {
		t.Errorf("a right guess must not be told from a wrong one: %v", err)
	}
	if !g.passes(here, "good1") {
		t.Error("somebody else's guesses refuse a token that is known")
	}
	if !g.passes(there, "good2") {
		t.Error("another address pays for it")
	}
	g.clk.Advance(time.Second)
	if !g.passes(here, "good3") || !g.passes(here, "good4") {
		t.Error("a second later a valid token is refused, or costs something")
	}
	if !slices.Equal(g.reached, []string{"authentication", "authentication"}) {
		t.Errorf("observed: %v", g.reached)
	}
}

// What is the server's own fault does not count as a guess.
func TestAnOutageIsNoGuess(t *testing.T) {
	t.Parallel()
	g := newGate(Limits{Authentication: 1})
	for range 20 {
		if _, err := g.try("192.0.2.1:9", "outage"); err == nil || fault.As(err) != nil {
			t.Fatal(err)
		}
	}
}

// A token that was valid and no longer is counts as any other.
func TestARevokedTokenIsForgotten(t *testing.T) {
	t.Parallel()
	g := newGate(Limits{Authentication: 1})
	g.limiters.valid.add(sha256.Sum256([]byte("revoked")))
	for i := range 20 {
		_, err := g.try("192.0.2.1:9", "revoked")
		if want := i < 5; fault.IsCode(err, "unauthenticated") != want || limited(err) == want {
			t.Errorf("time %d: %v", i, err)
		}
	}
}

func TestValidTokensAreBounded(t *testing.T) {
	t.Parallel()
	known := &tokens{}
	hash := func(i int) [sha256.Size]byte { return sha256.Sum256([]byte(strconv.Itoa(i))) }
	for i := range 3 * generation {
		known.add(hash(i))
		if len(known.young)+len(known.older) > 2*generation {
			t.Fatal("too many")
		}
		if i >= generation && !known.has(hash(i-generation)) {
			t.Fatalf("token %d is forgotten after %d others", i-generation, generation)
		}
	}
	if known.has(hash(0)) {
		t.Error("the first is still known")
	}
}

func TestNoLimits(t *testing.T) {
	t.Parallel()
	g := newGate(Limits{})
	for i := range 10_000 {
		if !g.passes("192.0.2.1:9", "good1") {
			t.Fatalf("request %d is refused", i)
		}
		if _, err := g.try("192.0.2.1:9", "wrong"); limited(err) {
			t.Fatalf("guess %d is refused", i)
		}
	}
	w := g.get("/api/v1/nothing", "192.0.2.1:9", "")
	if w.Header().Get("RateLimit") != "" || w.Header().Get("RateLimit-Policy") != "" {
		t.Errorf("headers of no limit: %v", w.Header())
	}
}

func TestLongPolls(t *testing.T) {
	t.Parallel()
	g := newGate(Limits{LongPolls: 3, LongPollsPerPrincipal: 2})
	as := func(id string) context.Context {
		return context.WithValue(authn.With(t.Context(), authn.Principal{Kind: authn.KindUser, ID: id}), pollKey{}, g.polls)
	}
	enter := func(ctx context.Context) (context.Context, context.CancelFunc) {
		t.Helper()
		poll, leave, err := LongPoll(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return poll, leave
	}
	refused := func(id string) {
		t.Helper()
		if _, _, err := LongPoll(as(id)); !limited(err) || fault.As(err).RetryAfter != time.Second {
			t.Errorf("%s: %v", id, err)
		}
	}
	ctx, cancel := context.WithCancel(as("a"))
	defer cancel()
	first, leaveFirst := enter(ctx)
	_, leaveSecond := enter(as("a"))
	refused("a")
	third, leaveThird := enter(as("b"))
	defer leaveThird()
	refused("c")
	if !slices.Equal(g.reached, []string{"long_polls_per_principal", "long_polls"}) {
		t.Errorf("observed: %v", g.reached)
	}

	cancel()
	if first.Err() == nil || third.Err() != nil {
		t.Errorf("a client that goes away: %v, %v", first.Err(), third.Err())
	}
	leaveFirst()
	leaveFirst() // counts once
	_, leaveAgain := enter(as("a"))
	refused("a")
	leaveAgain()
	leaveSecond()
	if g.polls.running != 1 || len(g.polls.by) != 1 {
		t.Errorf("%d run, of %v", g.polls.running, g.polls.by)
	}

	g.EndLongPolls()
	g.EndLongPolls() // does no harm
	select {
	case <-third.Done():
	case <-t.Context().Done():
		t.Error("it goes on after the server's end")
	}
	if late, leave := enter(as("b")); late.Err() == nil {
		<-late.Done()
		leave()
	}
}

// Outside of a request there is no limit.
func TestLongPollWithoutAServer(t *testing.T) {
	t.Parallel()
	poll, leave, err := LongPoll(t.Context())
	if err != nil || poll.Err() != nil {
		t.Fatal(err)
	}
	leave()
	if poll.Err() == nil {
		t.Error("it goes on")
	}
}
