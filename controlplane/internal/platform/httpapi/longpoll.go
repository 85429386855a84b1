package httpapi

// Requests that take long: how many there may be. Those that wait for something end with the server.

import (
	"context"
	"sync"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

// places are those that a node has for requests that take long.
type places struct {
	words string // what is refused
	// node is how many there are, each how many of them one principal may have; 0 for any number.
	node, each           int
	nodeLimit, eachLimit string
	observer             Observer

	mu      sync.Mutex
	running int
	by      map[account]int
}

// polls are the requests of a node that wait.
type polls struct {
	*places
	stopping context.Context
	stop     context.CancelFunc
}

func newPolls(limits Limits, observer Observer) *polls {
	p := &polls{places: &places{words: "too many requests wait", node: limits.LongPolls, each: limits.LongPollsPerPrincipal,
		nodeLimit: limitLongPolls, eachLimit: limitLongPollsPerPrincipal, observer: observer, by: map[account]int{}}}
	p.stopping, p.stop = context.WithCancel(context.Background())
	return p
}

// EndLongPolls has the requests that wait for something answer now.
func (s *Server) EndLongPolls() { s.polls.stop() }

type pollKey struct{}

// LongPoll is a context that ends when the server stops, for a wait that answers with what there is by then; call leave when the wait is
// over. It refuses when too many wait already.
func LongPoll(ctx context.Context) (poll context.Context, leave context.CancelFunc, err error) {
	p, ok := ctx.Value(pollKey{}).(*polls)
	if !ok {
		poll, leave = context.WithCancel(ctx)
		return poll, leave, nil
	}
	who := accountOf(authn.From(ctx))
	if err := p.enter(who); err != nil {
		return nil, nil, err
	}
	poll, cancel := context.WithCancel(ctx)
	forget := context.AfterFunc(p.stopping, cancel)
	return poll, sync.OnceFunc(func() {
		forget()
		cancel()
		p.leave(who)
	}), nil
}

func (p *places) enter(who account) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var limit string
	switch {
	case p.node > 0 && p.running >= p.node:
		limit = p.nodeLimit
	case p.each > 0 && p.by[who] >= p.each:
		limit = p.eachLimit
	default:
		p.running++
		p.by[who]++
		return nil
	}
	p.observer.LimitReached(limit)
	return &fault.Error{Kind: fault.RateLimited, Code: "rate_limited", RetryAfter: time.Second, Detail: p.words + " (" + limit + "): ask again later"}
}

func (p *places) leave(who account) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running--
	if p.by[who]--; p.by[who] == 0 {
		delete(p.by, who)
	}
}
