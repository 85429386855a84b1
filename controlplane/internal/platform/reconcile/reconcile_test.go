package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
	"github.com/demarc/demarc/controlplane/internal/platform/reconcile"
)

// patience is for what takes a moment, on a machine that is busy.
const patience = 50 * time.Second

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// log keeps what is logged, and the test's log has it too.
type log struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// run starts a loop, as one node, until the test ends.
func run(t *testing.T, url string, clk clock.Clock, out *log, reconcilers ...reconcile.Reconciler) *reconcile.Loop {
	t.Helper()
	d := dbtest.Open(t, url)
	if out == nil {
		out = &log{}
	}
	l := reconcile.New(reconcile.Deps{DB: d, Clock: clk, Log: slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	l.Add(reconcilers...)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := d.Broker().Run(ctx); err != nil {
			t.Error(err)
		}
	})
	wg.Go(func() { l.Run(ctx) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	return l
}

func receive[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("nothing came within %v", patience)
		panic("unreachable")
	}
}

// asleep waits until n timers wait: the loops have nothing to do.
func asleep(t *testing.T, c *clock.Fake, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := c.BlockUntil(ctx, n); err != nil {
		t.Fatalf("still at work: %v", err)
	}
}

func TestRunsAtStartAndOnTheTimer(t *testing.T) {
	t.Parallel()
	still := clock.Frozen(noon)
	ran := make(chan time.Time, 10)
	run(t, dbtest.URL(t), still, nil, reconcile.Reconciler{Name: "things", Every: time.Hour, Run: func(ctx context.Context) error {
		if _, err := authz.From(ctx); err != nil {
			t.Error(err)
		}
		if _, ok := ctx.Deadline(); !ok {
			t.Error("a run without a deadline")
		}
		ran <- still.Now()
		return nil
	}})
	receive(t, ran) // at start: nobody knows what happened before
	for range 3 {
		asleep(t, still, 1)
		still.Advance(time.Hour)
		if at := receive(t, ran); !at.Equal(still.Now()) {
			t.Errorf("ran at %v, want %v", at, still.Now())
		}
	}
}

func TestNudge(t *testing.T) {
	t.Parallel()
	url := dbtest.URL(t)
	var wanted atomic.Int64
	seen := make(chan int64, 100)
	still := clock.Frozen(noon)
	run(t, url, still, nil, reconcile.Reconciler{Name: "things", Every: time.Hour, Run: func(context.Context) error {
		seen <- wanted.Load()
		return nil
	}}, reconcile.Reconciler{Name: "others", Run: func(context.Context) error { return nil }})
	receive(t, seen)

	// From another node, and in a transaction.
	d := dbtest.Open(t, url)
	elsewhere := reconcile.New(reconcile.Deps{DB: d})
	wanted.Store(1)
	if err := d.InTx(t.Context(), func(ctx context.Context) error { return elsewhere.Nudge(ctx, "things") }); err != nil {
		t.Fatal(err)
	}
	for receive(t, seen) != 1 {
	}
}

// What is asked for while a run is under way may have come too late for it: there must be another.
func TestNudgeDuringARun(t *testing.T) {
	t.Parallel()
	url := dbtest.URL(t)
	inside, release := make(chan bool), make(chan bool)
	l := run(t, url, clock.Frozen(noon), nil, reconcile.Reconciler{Name: "things", Every: time.Hour, Run: func(ctx context.Context) error {
		select {
		case inside <- true:
		case <-ctx.Done():
			return ctx.Err()
		}
		select {
		case <-release:
		case <-ctx.Done():
		}
		return ctx.Err()
	}})
	receive(t, inside)
	if err := l.Nudge(t.Context(), "things"); err != nil {
		t.Fatal(err)
	}
	release <- true
	receive(t, inside)
	release <- true
}

func TestNeverTwiceAtATime(t *testing.T) {
	t.Parallel()
	url := dbtest.URL(t)
	var running, runs atomic.Int64
	enough := make(chan bool)
	var once sync.Once
	things := reconcile.Reconciler{Name: "things", Every: time.Hour, Run: func(ctx context.Context) error {
		if n := running.Add(1); n != 1 {
			t.Errorf("%d at a time", n)
		}
		defer running.Add(-1)
		// Long enough for the other nodes to try.
		if err := clock.Real().Sleep(ctx, time.Millisecond); err != nil {
			return err
		}
		if runs.Add(1) == 30 {
			once.Do(func() { close(enough) })
		}
		return nil
	}}
	var loops []*reconcile.Loop
	for range 3 {
		loops = append(loops, run(t, url, clock.Real(), nil, things))
	}
	deadline := time.After(patience)
	for i := 0; ; i++ {
		if err := loops[i%len(loops)].Nudge(t.Context(), "things"); err != nil {
			t.Fatal(err)
		}
		select {
		case <-enough:
			return
		case <-deadline:
			t.Fatalf("%d runs", runs.Load())
		default:
		}
	}
}

// Nodes tell each other when they ran, so that together they run as often as one.
func TestRunOfAnotherNodeCounts(t *testing.T) {
	t.Parallel()
	url := dbtest.URL(t)
	d := dbtest.Open(t, url)
	still, out := clock.Frozen(noon), &log{}
	ran := make(chan time.Time, 100)
	run(t, url, still, out, reconcile.Reconciler{Name: "things", Every: time.Hour, Run: func(context.Context) error {
		ran <- still.Now()
		return nil
	}})
	receive(t, ran)
	asleep(t, still, 1)
	still.Advance(59 * time.Minute)
	if err := d.Notify(t.Context(), "reconcile", "ran things another"); err != nil {
		t.Fatal(err)
	}
	deadline := time.After(patience)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !strings.Contains(out.String(), "reconciler ran on another node") {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("the notification did not come")
		}
	}
	still.Advance(59 * time.Minute)
	asleep(t, still, 1) // also after a run
	if len(ran) > 0 {
		t.Error("it ran before the hour was over")
	}
	still.Advance(time.Minute)
	receive(t, ran)
}

func TestErrorIsTriedAgainSoonerAndStopsNobody(t *testing.T) {
	t.Parallel()
	still := clock.Frozen(noon)
	out := &log{}
	tries, others := make(chan time.Time, 100), make(chan bool, 100)
	n := 0
	run(t, dbtest.URL(t), still, out,
		reconcile.Reconciler{Name: "broken", Every: 3 * time.Second, Run: func(context.Context) error {
			tries <- still.Now()
			if n++; n == 1 {
				panic("out of cheese")
			}
			return fmt.Errorf("try %d: %w", n, errors.New("no"))
		}},
		reconcile.Reconciler{Name: "good", Every: time.Second, Run: func(context.Context) error { others <- true; return nil }})
	receive(t, tries)
	receive(t, others)
	for range 4 {
		asleep(t, still, 2)
		still.Advance(time.Second)
	}
	asleep(t, still, 2)
	for _, want := range []string{"out of cheese", "pause=1s", "pause=2s"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in the log:\n%s", want, out.String())
		}
	}
	still.Advance(time.Hour)
	for !receive(t, tries).After(noon.Add(time.Minute)) {
	}
	asleep(t, still, 2)
	if text := out.String(); !strings.Contains(text, "pause=3s") || strings.Contains(text, "pause=4s") {
		t.Errorf("the pause is not limited to the interval:\n%s", text)
	}
	receive(t, others)
}

func TestRunIsLimitedInTime(t *testing.T) {
	t.Parallel()
	out := &log{}
	ended := make(chan error, 100)
	run(t, dbtest.URL(t), clock.Frozen(noon), out, reconcile.Reconciler{Name: "things", Every: time.Hour, Timeout: time.Millisecond,
		Run: func(ctx context.Context) error {
			<-ctx.Done()
			ended <- ctx.Err()
			return ctx.Err()
		}})
	if err := receive(t, ended); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestMalformedReconcilersPanic(t *testing.T) {
	t.Parallel()
	do := func(context.Context) error { return nil }
	for name, r := range map[string]reconcile.Reconciler{
		"no name": {Run: do}, "two words": {Name: "a b", Run: do}, "no run": {Name: "a"}, "taken": {Name: "things", Run: do},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := reconcile.New(reconcile.Deps{DB: &db.DB{}})
			l.Add(reconcile.Reconciler{Name: "things", Run: do})
			defer func() {
				if recover() == nil {
					t.Error("it was added")
				}
			}()
			l.Add(r)
		})
	}
}
