package apitoken

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/authn/authntest"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
	"github.com/demarc/demarc/controlplane/internal/platform/notified"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// node is an authenticator as one of several nodes has it, with notifications.
type node struct {
	*Authenticator
	t     *testing.T
	group *notified.Group
	log   *bytes.Buffer
}

func newNode(t *testing.T, d *db.DB, clk clock.Clock) *node {
	t.Helper()
	n := &node{t: t, group: notified.NewGroup(d, clk, authz.Channel), log: &bytes.Buffer{}}
	n.Authenticator = NewAuthenticator(d, clk, n.group, slog.New(slog.NewTextHandler(n.log, nil)))
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := d.Broker().Run(ctx); err != nil {
			t.Error(err)
		}
	})
	running.Go(func() { n.group.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	n.until("notifications arrive", d.Broker().Healthy)
	return n
}

// until asks again and again until something is so.
func (n *node) until(what string, so func() bool) {
	n.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); !so(); <-tick.C {
		if time.Now().After(deadline) {
			n.t.Fatalf("not within a minute: %s", what)
		}
	}
}

func (n *node) exec(statement string, args ...any) {
	n.t.Helper()
	if err := n.db.Conn(n.t.Context()).Exec(statement, args...).Error; err != nil {
		n.t.Fatal(err)
	}
}

// account makes a service account.
func (n *node) account(enabled bool) string {
	n.t.Helper()
	account := id.New("sa")
	n.exec(`INSERT INTO service_account (id, name, revision, state, created_at, updated_at, billing_entity_id, owner_id, enabled)
		VALUES (?, ?, 1, 'active', now(), now(), 'be', 'be', ?)`, account, account, enabled)
	return account
}

// issue makes a token. change sets further columns.
func (n *node) issue(account string, change func(r *row)) (text string, r row) {
	n.t.Helper()
	s := newSecret()
	expires := start.Add(24 * time.Hour)
	r = row{Create: Create{ServiceAccountID: account, Permissions: []string{}, ExpiresAt: &expires}, IssuedAt: start, SecretHash: hashOf(s)}
	r.ID, r.Name, r.BillingEntityID = id.New(Kind.Prefix), "token", "be"
	if change != nil {
		change(&r)
	}
	r.Name = r.ID
	r.Revision, r.State, r.Labels, r.CreatedAt, r.UpdatedAt = 1, "active", map[string]string{}, start, start
	if err := n.db.Conn(n.t.Context()).Table(Kind.Table()).Create(&r).Error; err != nil {
		n.t.Fatal(err)
	}
	return s.Reveal(), r
}

func (n *node) ask(token string) (authn.Principal, error) {
	n.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return n.Authenticate(n.t.Context(), r)
}

// refuses says whether a token is refused as one that does not exist.
func (n *node) refuses(token string) bool {
	n.t.Helper()
	_, err := n.ask(token)
	if err != nil && !authntest.Denied(err) {
		n.t.Fatal(err)
	}
	return err != nil
}

// wasUsed says whether that is noted as the last use of a token.
func (n *node) wasUsed(token string, at time.Time) (noted bool) {
	n.t.Helper()
	if err := n.db.Conn(n.t.Context()).Raw("SELECT EXISTS (SELECT FROM api_token WHERE id = ? AND last_used_at = ?)", token, at).Scan(&noted).Error; err != nil {
		n.t.Fatal(err)
	}
	return noted
}

func TestConformance(t *testing.T) {
	t.Parallel()
	clk := clock.Frozen(start)
	n := newNode(t, dbtest.New(t), clk)
	account := n.account(true)
	good := func(name string, change func(r *row)) authntest.Good {
		text, r := n.issue(account, change)
		p := authn.Principal{ID: account, Kind: authn.KindServiceAccount, TokenID: r.ID, Permissions: r.Permissions, ExpiresAt: *r.ExpiresAt}
		if r.ScopeID != nil {
			p.ScopeID = *r.ScopeID
		}
		return authntest.Good{Name: name, Token: text, Principal: p}
	}
	scope := "cs_1"
	s := authntest.Subject{Authenticator: n, Good: []authntest.Good{
		good("a token", nil),
		good("a token for less", func(r *row) { r.ScopeID, r.Permissions = &scope, []string{"disks.get"} }),
	}}

	// A secret that was rotated away, and is still good.
	former, until := newSecret(), start.Add(time.Hour)
	overlapping := good("the present secret", func(r *row) { r.PreviousHash, r.PreviousExpiresAt = hashOf(former), &until })
	s.Good = append(s.Good, overlapping)
	overlapping.Name, overlapping.Token, overlapping.Principal.ExpiresAt = "the former secret", former.Reveal(), until
	s.Good = append(s.Good, overlapping)

	bad := func(name, text string) { s.Bad = append(s.Bad, authntest.Bad{Name: name, Token: text}) }
	bad("unknown", newSecret().Reveal())
	expired, _ := n.issue(account, func(r *row) { r.ExpiresAt = &start })
	bad("expired", expired)
	revoked, r := n.issue(account, nil)
	n.exec("DELETE FROM api_token WHERE id = ?", r.ID)
	bad("revoked", revoked)
	disabled, _ := n.issue(n.account(false), nil)
	bad("of an account that is disabled", disabled)
	over := newSecret()
	n.issue(account, func(r *row) { r.PreviousHash, r.PreviousExpiresAt = hashOf(over), &start })
	bad("the former secret after its time", over.Reveal())
	ended := newSecret()
	n.issue(account, func(r *row) { r.ExpiresAt, r.PreviousHash, r.PreviousExpiresAt = &start, hashOf(ended), &until })
	bad("the former secret of a token that has ended", ended.Reveal())
	authntest.Conformance(t, s)
}

// What is kept in memory is looked at with the clock in hand.
func TestATokenEndsInTime(t *testing.T) {
	t.Parallel()
	clk := clock.Frozen(start)
	n := newNode(t, dbtest.New(t), clk)
	text, _ := n.issue(n.account(true), func(r *row) { r.ExpiresAt = new(start.Add(time.Second)) })
	clk.Advance(time.Second - clock.Resolution)
	if n.refuses(text) {
		t.Error("is refused a moment before its end")
	}
	clk.Advance(clock.Resolution)
	if !n.refuses(text) {
		t.Error("works at its end")
	}
}

// Without its database a node can refuse what is no token, and cannot say of others that they are none.
func TestOutage(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	n := newNode(t, d, clock.Frozen(start))
	text, _ := n.issue(n.account(true), nil)
	d.Close()
	for _, wrong := range []string{"", "dmc_", text[:len(text)-1] + "!", text + "0", "demarc_" + text[4:]} {
		if !n.refuses(wrong) {
			t.Errorf("%q works", wrong)
		}
	}
	if _, err := n.ask(text); err == nil || authntest.Denied(err) {
		t.Errorf("ended with %v", err)
	}
}

func TestLastUse(t *testing.T) {
	t.Parallel()
	clk := clock.Frozen(start)
	d := dbtest.New(t)
	n, other := newNode(t, d, clk), &node{Authenticator: NewAuthenticator(d, clk, notified.NewGroup(d, clk, authz.Channel), slog.New(slog.DiscardHandler)), t: t}
	text, r := n.issue(n.account(true), nil)
	use := func(by *node, want time.Time) {
		t.Helper()
		if by.refuses(text) {
			t.Fatal("is refused")
		}
		by.write(t.Context())
		if !n.wasUsed(r.ID, want) {
			t.Errorf("at %v it was not last used at %v", clk.Now(), want)
		}
	}
	use(n, start)
	clk.Advance(time.Minute - clock.Resolution)
	use(n, start)
	use(other, start) // which does not know of the use elsewhere
	clk.Advance(clock.Resolution)
	use(n, start.Add(time.Minute))

	clk.Advance(time.Hour)
	if n.refuses(text) {
		t.Fatal("is refused")
	}
	if due := n.due(); len(due) != 1 || len(n.seen) != 1 || len(n.due()) != 0 {
		t.Errorf("an hour later %v is to be written, and %v is remembered", due, n.seen)
	}
	if n.log.Len() > 0 {
		t.Errorf("the log has %s", n.log)
	}
}

// Run writes by itself, also after a write that failed.
func TestRunWritesTheLastUse(t *testing.T) {
	t.Parallel()
	clk := clock.Frozen(start)
	n := newNode(t, dbtest.New(t), clk)
	text, r := n.issue(n.account(true), nil)
	n.note("tok_"+string([]byte{0}), start) // which PostgreSQL cannot read
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.Run(ctx)
	}()
	if n.refuses(text) {
		t.Fatal("is refused")
	}
	n.until("the use is written", func() bool { return n.wasUsed(r.ID, start) })
	cancel()
	<-done
	if !bytes.Contains(n.log.Bytes(), []byte("when a token was used is not written")) {
		t.Errorf("the log has %q", n.log)
	}
}

// withinOnRevocation is how soon all nodes know.
const withinOnRevocation = time.Second

// A token that works from the memory of one node is refused there as soon as another one has revoked it, or disabled its account.
func TestRevocationReachesOtherNodes(t *testing.T) {
	t.Parallel()
	url := dbtest.URL(t)
	here, there := newNode(t, dbtest.Open(t, url), clock.Real()), newNode(t, dbtest.Open(t, url), clock.Real())
	for _, way := range []struct{ name, statement string }{
		{"removed", "DELETE FROM api_token WHERE service_account_id = ?"},
		{"rotated", "UPDATE api_token SET secret_hash = sha256('another') WHERE service_account_id = ?"},
		{"disabled", "UPDATE service_account SET enabled = false WHERE id = ?"},
	} {
		account := here.account(true)
		text, _ := here.issue(account, func(r *row) { r.ExpiresAt = new(time.Now().Add(time.Hour)) })
		if here.refuses(text) || there.refuses(text) {
			t.Fatalf("%s: is refused before", way.name)
		}
		err := here.db.InTx(t.Context(), func(ctx context.Context) error {
			return errors.Join(here.db.Conn(ctx).Exec(way.statement, account).Error, here.group.Changed(ctx))
		})
		revoked := time.Now()
		if err != nil {
			t.Fatal(err)
		}
		if !here.refuses(text) {
			t.Errorf("%s: works on the node that did it", way.name)
		}
		there.until("the token is refused", func() bool { return there.refuses(text) })
		if took := time.Since(revoked); took > withinOnRevocation {
			t.Errorf("%s: the other node refuses it after %v", way.name, took)
		}
	}
}
