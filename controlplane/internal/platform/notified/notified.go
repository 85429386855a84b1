// Package notified keeps values in memory that were read from the database, until a notification says that they may be others now.
//
// A value that is kept is one that no change was committed to since it was read, but for the moment that a notification takes. On the node
// that makes the change it is none: the values are dropped before the change is answered. While notifications do not arrive nothing is kept.
package notified

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
)

const (
	// maxAge limits how long a value is kept if a notification should be lost without anybody noticing.
	maxAge = 20 * time.Second
	// maxEntries of each cache; when it is full it begins anew.
	maxEntries = 20_000
)

// Group is the caches that are dropped together, by one channel of notifications.
type Group struct {
	db      *db.DB
	clock   clock.Clock
	channel string

	// subscribed: notifications arrive whenever the broker is healthy.
	subscribed atomic.Bool
	generation atomic.Uint64
	mu         sync.Mutex
	caches     []interface{ drop() }
	dropped    chan struct{} // closed at the next drop
}

// NewGroup returns a group; its caches keep nothing before Run.
func NewGroup(d *db.DB, clk clock.Clock, channel string) *Group {
	return &Group{db: d, clock: clk, channel: channel, dropped: make(chan struct{})}
}

// Run drops the values whenever a notification arrives, until ctx ends.
func (g *Group) Run(ctx context.Context) {
	payloads, cancel := g.db.Broker().Subscribe(g.channel)
	defer cancel()
	g.subscribed.Store(true)
	defer g.subscribed.Store(false)
	for {
		select {
		case <-ctx.Done():
			return
		case <-payloads:
			g.drop()
		}
	}
}

// Changed says, in the transaction of a change, that values may be others once it is committed.
func (g *Group) Changed(ctx context.Context) error {
	g.db.AfterCommit(ctx, g.drop)
	return g.db.Notify(ctx, g.channel, "")
}

func (g *Group) drop() {
	g.generation.Add(1)
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.caches {
		c.drop()
	}
	close(g.dropped)
	g.dropped = make(chan struct{})
}

// Dropped is closed when the values are dropped for the next time: what goes on for long asks again then.
func (g *Group) Dropped() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.dropped
}

// fresh says whether a change would be heard of.
func (g *Group) fresh() bool { return g.subscribed.Load() && g.db.Broker().Healthy() }

// Cache keeps values of one type by a key.
type Cache[V any] struct {
	group *Group
	mu    sync.Mutex
	kept  map[string]entry[V]
}

type entry[V any] struct {
	value V
	read  time.Time
}

// NewCache returns a cache of the group.
func NewCache[V any](g *Group) *Cache[V] {
	c := &Cache[V]{group: g, kept: map[string]entry[V]{}}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.caches = append(g.caches, c)
	return c
}

func (c *Cache[V]) drop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.kept)
}

// Get returns the value of the key, which load reads if it is not kept. Within a transaction it is always read: that may have changed it.
func (c *Cache[V]) Get(ctx context.Context, key string, load func(context.Context) (V, error)) (V, error) {
	g := c.group
	if g.db.InTxNow(ctx) || !g.fresh() {
		return load(ctx)
	}
	now := g.clock.Now()
	c.mu.Lock()
	e, ok := c.kept[key]
	c.mu.Unlock()
	if ok && now.Sub(e.read) < maxAge {
		return e.value, nil
	}
	generation := g.generation.Load()
	v, err := load(ctx)
	if err != nil || !g.fresh() {
		return v, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	// What was dropped meanwhile may have been read before.
	if g.generation.Load() == generation {
		if len(c.kept) >= maxEntries {
			clear(c.kept)
		}
		c.kept[key] = entry[V]{v, now}
	}
	return v, nil
}
