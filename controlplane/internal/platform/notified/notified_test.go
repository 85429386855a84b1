package notified_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
	"github.com/demarc/demarc/controlplane/internal/platform/notified"
)

const patience = 20 * time.Second

// node is one of several on a database, with a cache of a value that all change.
type node struct {
	db     *db.DB
	group  *notified.Group
	cache  *notified.Cache[string]
	loaded atomic.Int64
}

func newNode(t *testing.T, url string, listens bool) *node {
	t.Helper()
	n := &node{db: dbtest.Open(t, url)}
	n.group = notified.NewGroup(n.db, clock.Real(), "things")
	n.cache = notified.NewCache[string](n.group)
	if !listens {
		return n
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := n.db.Broker().Run(ctx); err != nil {
			t.Error(err)
		}
	})
	running.Go(func() { n.group.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	// It is listening once a value is kept.
	eventually(t, "nothing is kept", func() bool {
		n.get(t)
		before := n.loaded.Load()
		n.get(t)
		return n.loaded.Load() == before
	})
	return n
}

func eventually(t *testing.T, otherwise string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(otherwise)
		}
	}
}

func (n *node) load(ctx context.Context) (string, error) {
	n.loaded.Add(1)
	var v string
	return v, n.db.Conn(ctx).Raw("SELECT v FROM thing").Scan(&v).Error
}

func (n *node) get(t *testing.T) string {
	t.Helper()
	v, err := n.cache.Get(t.Context(), "", n.load)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

var errNo = errors.New("no")

// set changes the value, and commits unless result is an error.
func (n *node) set(t *testing.T, v string, result error) {
	t.Helper()
	err := n.db.InTx(t.Context(), func(ctx context.Context) error {
		if err := n.db.Conn(ctx).Exec("UPDATE thing SET v = ?", v).Error; err != nil {
			return err
		}
		if err := n.group.Changed(ctx); err != nil {
			return err
		}
		// The change sees itself.
		if got, err := n.cache.Get(ctx, "", n.load); err != nil || got != v {
			t.Errorf("within the transaction it is %q, %v", got, err)
		}
		return result
	})
	if !errors.Is(err, result) {
		t.Fatal(err)
	}
}

func database(t *testing.T) string {
	t.Helper()
	url := dbtest.URL(t)
	d := dbtest.Open(t, url)
	if err := d.Conn(t.Context()).Exec("CREATE TABLE thing AS SELECT 'a'::text AS v").Error; err != nil {
		t.Fatal(err)
	}
	return url
}

func TestAChangeIsSeenAtOnceHereAndSoonElsewhere(t *testing.T) {
	t.Parallel()
	url := database(t)
	here, there := newNode(t, url, true), newNode(t, url, true)
	if here.get(t) != "a" || there.get(t) != "a" {
		t.Fatal("not a")
	}
	here.set(t, "b", nil)
	if got := here.get(t); got != "b" {
		t.Errorf("after its own commit the node still has %q", got)
	}
	eventually(t, "the other node never sees b", func() bool { return there.get(t) == "b" })
	here.set(t, "c", errNo)
	if here.get(t) != "b" || there.get(t) != "b" {
		t.Error("what was rolled back is kept")
	}
}

func TestWithoutNotificationsNothingIsKept(t *testing.T) {
	t.Parallel()
	n := newNode(t, database(t), false)
	n.get(t)
	n.get(t)
	if got := n.loaded.Load(); got != 2 {
		t.Errorf("read %d times, want 2", got)
	}
}

// A value that was read before a change, and arrives after it was announced, must not stay.
func TestWhatWasReadBeforeAChangeIsNotKept(t *testing.T) {
	t.Parallel()
	url := database(t)
	n := newNode(t, url, true)
	n.set(t, "b", nil)
	reading, changed := make(chan struct{}), make(chan struct{})
	var slow sync.WaitGroup
	slow.Go(func() {
		_, err := n.cache.Get(t.Context(), "", func(ctx context.Context) (string, error) {
			v, err := n.load(ctx)
			close(reading)
			<-changed
			return v, err
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-reading
	n.set(t, "c", nil)
	close(changed)
	slow.Wait()
	if got := n.get(t); got != "c" {
		t.Errorf("the value of before the change was kept: %q", got)
	}
}

func TestAnErrorIsNotKept(t *testing.T) {
	t.Parallel()
	n := newNode(t, database(t), true)
	n.set(t, "b", nil)
	if _, err := n.cache.Get(t.Context(), "other", func(context.Context) (string, error) { return "", errNo }); !errors.Is(err, errNo) {
		t.Fatal(err)
	}
	if got, err := n.cache.Get(t.Context(), "other", n.load); err != nil || got != "b" {
		t.Errorf("got %q, %v", got, err)
	}
}
