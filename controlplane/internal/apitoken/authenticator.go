package apitoken

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/notified"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
)

// useResolution is how exactly it is known when a token was last used.
const useResolution = time.Minute

// Authenticator knows the service accounts by their tokens. It keeps what it read until a notification says that something of it has
// changed, and looks at the clock at every use.
type Authenticator struct {
	db    *db.DB
	clock clock.Clock
	log   *slog.Logger
	known *notified.Cache[credential]

	wake chan struct{}
	mu   sync.Mutex
	// seen is when each token's use was last noted here; pending are the notes that are not written yet.
	seen, pending map[string]time.Time
	forgotten     time.Time // when seen was last cleared of what is old
}

// NewAuthenticator returns an authenticator; group is the evaluator's.
func NewAuthenticator(d *db.DB, clk clock.Clock, group *notified.Group, log *slog.Logger) *Authenticator {
	return &Authenticator{db: d, clock: clk, log: log, known: notified.NewCache[credential](group), wake: make(chan struct{}, 1),
		seen: map[string]time.Time{}, pending: map[string]time.Time{}}
}

// errUnknown keeps secrets that nobody has out of the cache: guesses would drive the good ones out of it.
var errUnknown = errors.New("no token has this secret")

// Authenticate implements authn.Authenticator.
func (a *Authenticator) Authenticate(ctx context.Context, r *http.Request) (authn.Principal, error) {
	text := authn.BearerToken(r)
	if !wellFormed(text) {
		return authn.Principal{}, authn.Denied()
	}
	hash := hashOf(secret.New(text))
	c, err := a.known.Get(ctx, string(hash), func(ctx context.Context) (credential, error) {
		c, found, err := find(ctx, a.db, hash)
		if err == nil && !found {
			err = errUnknown
		}
		return c, err
	})
	now := a.clock.Now()
	switch {
	case errors.Is(err, errUnknown), err == nil && (!c.Enabled || !now.Before(c.ExpiresAt)):
		return authn.Principal{}, authn.Denied()
	case err != nil:
		return authn.Principal{}, err
	}
	a.note(c.TokenID, now)
	return authn.Principal{ID: c.AccountID, Kind: authn.KindServiceAccount, TokenID: c.TokenID, ScopeID: c.ScopeID, Permissions: c.Permissions,
		ExpiresAt: c.ExpiresAt.UTC()}, nil
}

// note remembers that a token was used, for Run to write.
func (a *Authenticator) note(tokenID string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Sub(a.seen[tokenID]) < useResolution {
		return
	}
	a.seen[tokenID], a.pending[tokenID] = now, now
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// Run writes down when tokens were used, until ctx ends. Requests do not wait for that.
func (a *Authenticator) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-a.wake:
		}
		a.write(ctx)
	}
}

// write writes the notes that are not written yet. One that is lost is made again at the next use, a minute later.
func (a *Authenticator) write(ctx context.Context) {
	for id, at := range a.due() {
		if err := used(ctx, a.db, id, at); err != nil && ctx.Err() == nil {
			a.log.WarnContext(ctx, "when a token was used is not written", "token_id", id, "error", err)
		}
	}
}

// due are the notes that are to be written now.
func (a *Authenticator) due() map[string]time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	due := a.pending
	a.pending = map[string]time.Time{}
	if now := a.clock.Now(); now.Sub(a.forgotten) >= useResolution {
		for id, at := range a.seen {
			if now.Sub(at) >= useResolution {
				delete(a.seen, id)
			}
		}
		a.forgotten = now
	}
	return due
}
