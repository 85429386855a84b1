// Package ratelimit says how often somebody may do something: a token bucket for each key, on this node, in bounded memory.
package ratelimit

import (
	"container/list"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
)

// A Limit is what each key may have.
type Limit struct {
	// Rate is how many tokens flow into a bucket each second; 0 means that there is no limit.
	Rate int
	// Burst is how many tokens a bucket holds.
	Burst int
}

// Window is how long an empty bucket takes to be full again.
func (l Limit) Window() time.Duration {
	return time.Duration(float64(time.Second) * float64(l.Burst) / float64(l.Rate))
}

// A Limiter has a bucket for each key that was seen lately. Its methods are safe for use by several goroutines; those of a nil
// Limiter allow everything.
type Limiter[K comparable] struct {
	// Limit is the same for every key.
	Limit Limit

	clock clock.Clock
	size  int

	mu      sync.Mutex
	buckets map[K]*list.Element
	used    list.List // of *bucket[K], the latest used first
	latest  time.Time
	behind  time.Duration // by how much the clock has been put back
}

type bucket[K comparable] struct {
	key    K
	tokens *rate.Limiter
}

// New keeps at most size buckets: beyond that, the one that was not used for the longest time makes room. It returns nil for a
// limit that is none.
func New[K comparable](clk clock.Clock, limit Limit, size int) *Limiter[K] {
	if limit.Rate <= 0 {
		return nil
	}
	return &Limiter[K]{Limit: limit, clock: clk, size: size, buckets: map[K]*list.Element{}}
}

// State is what a bucket has.
type State struct {
	// Allowed says that there was a token.
	Allowed bool
	// Remaining tokens, whole ones.
	Remaining int
	// Next is how long it takes until there is one more token; 0 if the bucket is full.
	Next time.Duration
}

// Take takes a token out of the key's bucket, if there is one.
func (l *Limiter[K]) Take(key K) State {
	if l == nil {
		return State{Allowed: true}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.forget(now)
	tokens := l.bucket(key)
	allowed := tokens.AllowN(now, 1)
	return l.state(tokens.TokensAt(now), allowed)
}

// Owe takes a token that there may not be: the bucket pays for it later. It is for what is known to have cost one only afterwards.
func (l *Limiter[K]) Owe(key K) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.forget(now)
	l.bucket(key).ReserveN(now, 1)
}

// Look says what Take would find, and takes nothing.
func (l *Limiter[K]) Look(key K) State {
	if l == nil {
		return State{Allowed: true}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	tokens := float64(l.Limit.Burst)
	if e, ok := l.buckets[key]; ok {
		tokens = e.Value.(*bucket[K]).tokens.TokensAt(l.now())
	}
	return l.state(tokens, tokens >= 1)
}

// Len is how many buckets there are.
func (l *Limiter[K]) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.buckets)
}

// now goes on where it was when the clock is put back: buckets must not wait until it is that late again.
func (l *Limiter[K]) now() time.Time {
	now := l.clock.Now().Add(l.behind)
	if now.Before(l.latest) {
		l.behind += l.latest.Sub(now)
		now = l.latest
	}
	l.latest = now
	return now
}

func (l *Limiter[K]) state(tokens float64, allowed bool) State {
	s := State{Allowed: allowed, Remaining: max(0, int(tokens))}
	if s.Remaining < l.Limit.Burst {
		s.Next = time.Duration((float64(s.Remaining+1) - tokens) / float64(l.Limit.Rate) * float64(time.Second))
	}
	return s
}

// bucket finds or makes the bucket of a key.
func (l *Limiter[K]) bucket(key K) *rate.Limiter {
	e, ok := l.buckets[key]
	if !ok {
		if len(l.buckets) >= l.size {
			l.drop(l.used.Back())
		}
		e = l.used.PushFront(&bucket[K]{key: key, tokens: rate.NewLimiter(rate.Limit(l.Limit.Rate), l.Limit.Burst)})
		l.buckets[key] = e
	}
	l.used.MoveToFront(e)
	return e.Value.(*bucket[K]).tokens
}

// forget drops the oldest buckets if they are full again: a new one is the same. Two at most, so that no request pays for all; that is
// more than requests can add.
func (l *Limiter[K]) forget(now time.Time) {
	for range 2 {
		e := l.used.Back()
		if e == nil || e.Value.(*bucket[K]).tokens.TokensAt(now) < float64(l.Limit.Burst) {
			return
		}
		l.drop(e)
	}
}

func (l *Limiter[K]) drop(e *list.Element) {
	delete(l.buckets, l.used.Remove(e).(*bucket[K]).key)
}
