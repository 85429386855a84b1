// Package reconcile runs the functions that bring what is into line with what was asked for, again and again.
//
// A reconciler takes no input: it looks at everything that is its business, so that it does not matter why it runs, or how often.
// It runs on a timer, and at once when somebody nudges it. A nudge is a hint that saves waiting: one that is lost costs the time
// until the timer, and nothing else.
//
// Of several nodes one runs a reconciler at a time, and together they run it about as often as one would alone.
package reconcile

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
)

// Reconciler brings one matter into line. Run must be idempotent, and end soon after its context has ended.
type Reconciler struct {
	Name string // unique, of a-z and _
	// Every is the time between two runs: a minute unless set. After an error it is tried again sooner.
	Every time.Duration
	// Timeout is how long one run may take: five minutes unless set.
	Timeout time.Duration
	Run     func(ctx context.Context) error
}

// Deps is what a Loop needs.
type Deps struct {
	DB    *db.DB
	Clock clock.Clock
	Log   *slog.Logger
}

// Loop runs reconcilers.
type Loop struct {
	db    *db.DB
	clock clock.Clock
	log   *slog.Logger
	node  string // tells this loop's notifications from others'
	all   []Reconciler
}

// New returns a loop without reconcilers.
func New(d Deps) *Loop {
	if d.Clock == nil {
		d.Clock = clock.Real()
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return &Loop{db: d.DB, clock: d.Clock, log: d.Log, node: id.New("node")}
}

// Add adds reconcilers, before Run. It panics on one that is malformed or whose name is taken: a defect of the program.
func (l *Loop) Add(reconcilers ...Reconciler) {
	for _, r := range reconcilers {
		if r.Name == "" || strings.Contains(r.Name, " ") || r.Run == nil {
			panic(fmt.Sprintf("reconciler %q has no name of one word, or no Run", r.Name))
		}
		for _, o := range l.all {
			if o.Name == r.Name {
				panic(fmt.Sprintf("two reconcilers are named %s", r.Name))
			}
		}
		if r.Every <= 0 {
			r.Every = time.Minute
		}
		if r.Timeout <= 0 {
			r.Timeout = 5 * time.Minute
		}
		l.all = append(l.all, r)
	}
}

// channel carries "nudge <name>" and "ran <name> <node>".
const channel = "reconcile"

// Nudge has a reconciler run soon, on some node: after the commit, if ctx carries a transaction.
func (l *Loop) Nudge(ctx context.Context, name string) error {
	return l.db.Notify(ctx, channel, "nudge "+name)
}

// Run runs all reconcilers until ctx ends, and returns when the last run has returned.
func (l *Loop) Run(ctx context.Context) {
	var wg sync.WaitGroup
	for _, r := range l.all {
		wg.Go(func() { l.keep(ctx, r) })
	}
	wg.Wait()
}

// keep runs one reconciler again and again.
func (l *Loop) keep(ctx context.Context, r Reconciler) {
	signals, cancel := l.db.Broker().Subscribe(channel)
	defer cancel()
	// The first run is soon after the start, but not of all at the same moment.
	timer := l.clock.NewTimer(rand.N(min(r.Every, time.Second)))
	defer timer.Stop()
	failures := 0
	for {
		select {
		case <-ctx.Done():
			return
		case s := <-signals:
			switch l.read(s, r.Name) {
			case ranElsewhere:
				failures = 0
				timer.Reset(r.Every)
				l.log.DebugContext(ctx, "reconciler ran on another node", "reconciler", r.Name)
				continue
			case nothing:
				continue
			}
		case <-timer.C():
		}
		// The timer is set while the loop has nothing to do, and only then.
		timer.Stop()
		ran, err := l.once(ctx, r)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			failures++
			pause := pauseAfter(failures, r.Every)
			l.log.ErrorContext(ctx, "reconciler failed", "reconciler", r.Name, "failures", failures, "pause", pause, "error", err)
			timer.Reset(pause)
			continue
		case ran:
			failures = 0
		}
		timer.Reset(r.Every)
	}
}

type signal int

const (
	nothing signal = iota
	wanted
	ranElsewhere
)

func (l *Loop) read(payload, name string) signal {
	if payload == "" {
		return wanted // some were lost: one may have been for us
	}
	verb, rest, _ := strings.Cut(payload, " ")
	who, node, _ := strings.Cut(rest, " ")
	switch {
	case who != name:
		return nothing
	case verb == "nudge":
		return wanted
	case node != l.node:
		return ranElsewhere
	}
	return nothing
}

// pauseAfter is the time until the next attempt: it doubles from a second up to the reconciler's own interval.
func pauseAfter(failures int, every time.Duration) time.Duration {
	if failures > 30 {
		return every
	}
	return min(time.Second<<(failures-1), every)
}

// once runs the reconciler, unless it is running on another node: that one was nudged too, and will run again if it has to.
func (l *Loop) once(ctx context.Context, r Reconciler) (ran bool, err error) {
	// The lock belongs to a connection: it is free as soon as its node is gone, however that came.
	conn, err := l.db.Pool().Acquire(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Release()
	key := "reconcile " + r.Name
	if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock(hashtextextended($1, 0))", key).Scan(&ran); err != nil || !ran {
		return false, err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if _, unlockErr := conn.Exec(ctx, "SELECT pg_advisory_unlock(hashtextextended($1, 0))", key); unlockErr != nil {
			_ = conn.Conn().Close(ctx) // which frees the lock too
		}
	}()
	// The database's answer to the first query may come while ctx has ended; a run that cannot do anything is not begun.
	if err := ctx.Err(); err != nil {
		return false, err
	}
	begin := l.clock.Now()
	err = run(ctx, r)
	l.log.DebugContext(ctx, "reconciler ran", "reconciler", r.Name, "duration", l.clock.Now().Sub(begin))
	if notifyErr := l.db.Notify(ctx, channel, "ran "+r.Name+" "+l.node); err == nil && notifyErr != nil && ctx.Err() == nil {
		l.log.WarnContext(ctx, "other nodes could not be told that a reconciler ran", "reconciler", r.Name, "error", notifyErr)
	}
	return true, err
}

func run(ctx context.Context, r Reconciler) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(authz.System(ctx), r.Timeout)
	defer cancel()
	return r.Run(ctx)
}
