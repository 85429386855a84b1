package engine

// A refresh reads every object of the state, one call of the provider each. When several of one scope are asked for,
// the rest of it is fetched by listing, so that a plan over a thousand objects makes a handful of requests.

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
)

const (
	// prefetchAfter single reads within one parent, the rest of that parent is listed.
	prefetchAfter = 3
	// prefetchKindAfter single reads of a kind over several parents, the kind is listed as a whole.
	prefetchKindAfter = 16
	// prefetchItems bounds what one scope may bring: of a far larger one Terraform manages a small part, and the
	// rest is read one by one.
	prefetchItems = 10_000
	// prefetchTime bounds a listing, which does not belong to the read that happened to start it.
	prefetchTime = 2 * time.Minute
)

// reads answers reads of single objects. What it fetched ahead is good until the first write of this process: from
// then on, everything is asked for anew.
type reads struct {
	api     *client.Client
	catalog *catalog.Catalog

	mu     sync.Mutex
	off    bool
	counts map[scope]int
	ahead  map[scope]*listing
	unfit  map[string]bool // kinds that this token may not list
}

// scope is what one listing brings: a kind, within one parent if parent is set.
type scope struct{ kind, field, parent string }

type listing struct {
	done  chan struct{}
	items map[string]json.RawMessage // nil if it failed
}

func newReads(api *client.Client, c *catalog.Catalog) *reads {
	return &reads{api: api, catalog: c, counts: map[scope]int{}, ahead: map[scope]*listing{}, unfit: map[string]bool{}}
}

// stop throws away what was fetched ahead, and what is under way: this process has begun to write.
func (r *reads) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.off, r.ahead = true, nil
}

// get returns an object. near is what Terraform knows about it, which says in what parent it is.
func (r *reads) get(ctx context.Context, k *catalog.Kind, id string, near tftypes.Value) (object, error) {
	if l := r.listed(ctx, k, near); l != nil {
		select {
		case <-l.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if raw, ok := l.items[id]; ok && !r.stopped() {
			return objectOf(k, raw)
		}
		// It is not in the list: gone, moved to another parent, or beyond what was listed. Only a read of its own tells.
	}
	return r.fresh(ctx, k, id)
}

// fresh reads an object from the server, whatever was fetched ahead.
func (r *reads) fresh(ctx context.Context, k *catalog.Kind, id string) (object, error) {
	raw, err := client.ObjectsOf(r.api, k).Get(ctx, id)
	if err != nil {
		return nil, err
	}
	return objectOf(k, raw)
}

func (r *reads) stopped() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.off
}

// listed returns the listing that answers this read, nil if it is to be answered alone.
func (r *reads) listed(ctx context.Context, k *catalog.Kind, near tftypes.Value) *listing {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := k.Operations["list"]; !ok || r.off || r.unfit[k.Name] {
		return nil
	}
	whole := scope{kind: k.Name}
	narrow, limit := whole, prefetchAfter
	if k.Parent == nil && !k.Named {
		limit = prefetchKindAfter // It may be about things all over the platform.
	}
	if k.Parent != nil && hasFilter(k, k.Parent.Field) {
		if parent := text(member(near, k.Parent.Field)); parent != "" {
			narrow = scope{k.Name, k.Parent.Field, parent}
		} else {
			limit = prefetchKindAfter
		}
	}
	for _, s := range []scope{whole, narrow} {
		if l := r.ahead[s]; l != nil {
			return l
		}
	}
	r.counts[narrow]++
	if narrow != whole {
		r.counts[whole]++
	}
	switch {
	case r.counts[narrow] > limit:
		return r.begin(ctx, k, narrow)
	case r.counts[whole] > prefetchKindAfter:
		return r.begin(ctx, k, whole)
	}
	return nil
}

func (r *reads) begin(ctx context.Context, k *catalog.Kind, s scope) *listing {
	l := &listing{done: make(chan struct{})}
	r.ahead[s] = l
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), prefetchTime)
	go func() {
		defer cancel()
		defer close(l.done)
		items, err := r.list(ctx, k, s)
		if err == nil {
			l.items = items
			return
		}
		// Reading needs the get permission alone, so a list that fails costs nothing but itself.
		r.mu.Lock()
		defer r.mu.Unlock()
		r.unfit[k.Name] = true
	}()
	return l
}

func (r *reads) list(ctx context.Context, k *catalog.Kind, s scope) (map[string]json.RawMessage, error) {
	query := url.Values{"page_size": {"500"}}
	if s.parent != "" {
		query.Set(s.field, s.parent)
	}
	items := map[string]json.RawMessage{}
	for raw, err := range client.ObjectsOf(r.api, k).List(ctx, query) {
		if err != nil {
			return nil, err
		}
		var head struct {
			ID string `json:"id"`
		}
		if err := json.Unmarshal(raw, &head); err != nil || head.ID == "" {
			return nil, errors.Join(errors.New("an item without an id"), err)
		}
		items[head.ID] = raw
		if len(items) >= prefetchItems || r.stopped() {
			break
		}
	}
	return items, nil
}

func hasFilter(k *catalog.Kind, name string) bool {
	for _, f := range k.Filters {
		if f.Name == name {
			return true
		}
	}
	return false
}
