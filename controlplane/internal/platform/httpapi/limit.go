package httpapi

// How many requests one node takes: of an address, before anything is known about them; of an address whose tokens are not valid; of a
// principal. Refusing costs no reading of a body, no database and no log.

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/ratelimit"
)

// Limits are how much one node takes; 0 for any number.
type Limits struct {
	// Address, Authentication and Principal are requests per second: from one remote address; from one with a token that is not valid; of
	// one principal. Five times as many may come at once.
	Address, Authentication, Principal int
	// LongPolls and LongPollsPerPrincipal are requests that wait for something at a time.
	LongPolls, LongPollsPerPrincipal int
	// Streams and StreamsPerPrincipal are requests at a time of which the body or the answer streams.
	Streams, StreamsPerPrincipal int
	// StreamStall is how long a stream may stand still because of its client; 30 s, if it is zero.
	StreamStall time.Duration
	// StreamRate is how many bytes per second a body that streams has to come at.
	StreamRate int
}

// burstSeconds is for how many seconds' requests may come at once.
const burstSeconds = 5

// maxBuckets is how many addresses, and how many principals, are remembered: some tens of megabytes when all of them are.
const maxBuckets = 50_000

// Names of the limits, in headers and metrics.
const (
	limitAddress               = "address"
	limitAuthentication        = "authentication"
	limitPrincipal             = "principal"
	limitLongPolls             = "long_polls"
	limitLongPollsPerPrincipal = "long_polls_per_principal"
	limitStreams               = "streams"
	limitStreamsPerPrincipal   = "streams_per_principal"
)

// account is who has a bucket of their own after authentication.
type account struct{ kind, id string }

func accountOf(p authn.Principal) account { return account{p.Kind, p.ID} }

// limiters are the buckets of a node.
type limiters struct {
	address        *ratelimit.Limiter[netip.Prefix]
	authentication *ratelimit.Limiter[netip.Prefix]
	principal      *ratelimit.Limiter[account]
	valid          *tokens
}

func newLimiters(clk clock.Clock, l Limits) *limiters {
	of := func(rate int) ratelimit.Limit { return ratelimit.Limit{Rate: rate, Burst: rate * burstSeconds} }
	return &limiters{
		address:        ratelimit.New[netip.Prefix](clk, of(l.Address), maxBuckets),
		authentication: ratelimit.New[netip.Prefix](clk, of(l.Authentication), maxBuckets),
		principal:      ratelimit.New[account](clk, of(l.Principal), maxBuckets),
		valid:          &tokens{},
	}
}

// remote is where a request comes from. Whoever has an IPv6 address has a network of them to choose from.
func remote(c *gin.Context) netip.Prefix {
	address, err := netip.ParseAddr(c.ClientIP())
	if err != nil { // a link-local address is told with its zone
		if address, err = netip.ParseAddr(c.RemoteIP()); err != nil {
			return netip.Prefix{}
		}
	}
	bits := 32
	if address = address.Unmap().WithZone(""); address.Is6() {
		bits = 64
	}
	network, _ := address.Prefix(bits)
	return network
}

// trust has X-Forwarded-For believed from these proxies alone.
func (s *Server) trust(proxies []netip.Prefix) {
	networks := make([]string, len(proxies))
	for i, p := range proxies {
		networks[i] = p.String()
	}
	// Another header would be believed as well where a proxy leaves that of its client alone.
	s.engine.RemoteIPHeaders = []string{"X-Forwarded-For"}
	if err := s.engine.SetTrustedProxies(networks); err != nil {
		panic(err) // a prefix always has the form of one
	}
}

// receive refuses what is too much from one address, before anything else is done for it.
func (s *Server) receive(c *gin.Context) {
	switch c.FullPath() {
	case livePath, readyPath:
		return // whoever looks after the process must not take it for dead
	}
	if err := allow(s, c, limitAddress, s.limiters.address, remote(c)); err != nil {
		s.refuse(c, err)
	}
}

// admit finds out who calls, once it is not too often. An address that comes with token after token that is not valid has to wait, but
// for the tokens that were valid just now: others behind the same address go on.
func (s *Server) admit(ctx context.Context, at *attempt) (authn.Principal, error) {
	r, l, from := at.c.Request, s.limiters, remote(at.c)
	if at.admitted {
		return s.Authenticator.Authenticate(ctx, r)
	}
	token := sha256.Sum256([]byte(authn.BearerToken(r)))
	if left := l.authentication.Look(from); !left.Allowed && !l.valid.has(token) {
		return authn.Principal{}, exceeded(s, at.c, limitAuthentication, l.authentication, left)
	}
	p, err := s.Authenticator.Authenticate(ctx, r)
	if err != nil {
		if f := fault.As(err); f != nil && f.Kind == fault.Unauthenticated {
			l.authentication.Owe(from)
			l.valid.remove(token)
		}
		return authn.Principal{}, err
	}
	at.admitted = true
	l.valid.add(token)
	return p, allow(s, at.c, limitPrincipal, l.principal, accountOf(p))
}

// allow takes a token for the request, and says in its answer what is left.
func allow[K comparable](s *Server, c *gin.Context, name string, l *ratelimit.Limiter[K], key K) error {
	if l == nil {
		return nil
	}
	left := l.Take(key)
	if !left.Allowed {
		return exceeded(s, c, name, l, left)
	}
	tell(c, name, l, left)
	return nil
}

// exceeded is the refusal of a request.
func exceeded[K comparable](s *Server, c *gin.Context, name string, l *ratelimit.Limiter[K], left ratelimit.State) error {
	tell(c, name, l, left)
	s.Observer.LimitReached(name)
	return &fault.Error{Kind: fault.RateLimited, Code: "rate_limited", RetryAfter: left.Next,
		Detail: fmt.Sprintf("too many requests (%s): at most %d per second, and %d at once", name, l.Limit.Rate, l.Limit.Burst)}
}

// tell sets the headers of draft-ietf-httpapi-ratelimit-headers: the policy nearest to the request, and what is left of it.
func tell[K comparable](c *gin.Context, name string, l *ratelimit.Limiter[K], left ratelimit.State) {
	c.Header("RateLimit-Policy", fmt.Sprintf(`"%s";q=%d;w=%d`, name, l.Limit.Burst, seconds(l.Limit.Window())))
	c.Header("RateLimit", fmt.Sprintf(`"%s";r=%d;t=%d`, name, left.Remaining, seconds(left.Next)))
}

// seconds rounds up, as what waits too short a time is refused again.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

// tokens remembers the latest tokens that were valid, by their hashes, in bounded memory: in two generations, of which the older one is
// dropped as a whole.
type tokens struct {
	mu           sync.Mutex
	young, older map[[sha256.Size]byte]struct{}
}

// generation is how many tokens one generation has.
const generation = 10_000

func (t *tokens) has(token [sha256.Size]byte) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, young := t.young[token]
	_, older := t.older[token]
	return young || older
}

func (t *tokens) add(token [sha256.Size]byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.young == nil || len(t.young) >= generation {
		t.young, t.older = map[[sha256.Size]byte]struct{}{}, t.young
	}
	t.young[token] = struct{}{}
}

func (t *tokens) remove(token [sha256.Size]byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.young, token)
	delete(t.older, token)
}
