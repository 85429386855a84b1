package ratelimit_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/ratelimit"
)

func TestBucket(t *testing.T) {
	t.Parallel()
	clk := clock.Frozen(time.Unix(1_800_000_000, 0))
	l := ratelimit.New[string](clk, ratelimit.Limit{Rate: 4, Burst: 3}, 10)
	if got := l.Look("a"); got != (ratelimit.State{Allowed: true, Remaining: 3}) {
		t.Errorf("untouched: %+v", got)
	}
	for remaining := 2; remaining >= 0; remaining-- {
		if got := l.Take("a"); got != (ratelimit.State{Allowed: true, Remaining: remaining, Next: time.Second / 4}) {
			t.Errorf("%d left: %+v", remaining, got)
		}
	}
	none := ratelimit.State{Next: time.Second / 4}
	if got := l.Take("a"); got != none {
		t.Errorf("empty: %+v", got)
	}
	if got := l.Look("a"); got != none {
		t.Errorf("looking at the empty one: %+v", got)
	}
	if !l.Take("b").Allowed {
		t.Error("a key pays for another")
	}
	clk.Advance(100 * time.Millisecond)
	if got := l.Take("a"); got != (ratelimit.State{Next: 150 * time.Millisecond}) {
		t.Errorf("a refusal cost something: %+v", got)
	}
	clk.Advance(150 * time.Millisecond)
	if got := l.Take("a"); !got.Allowed || got.Remaining != 0 {
		t.Errorf("one token later: %+v", got)
	}
	clk.Advance(time.Hour)
	if got := l.Look("a"); got != (ratelimit.State{Allowed: true, Remaining: 3}) {
		t.Errorf("an hour later: %+v", got)
	}
}

// What is known to cost something only afterwards is paid for, however many pass at a time.
func TestOwe(t *testing.T) {
	t.Parallel()
	clk := clock.Frozen(time.Unix(1_800_000_000, 0))
	l := ratelimit.New[string](clk, ratelimit.Limit{Rate: 1, Burst: 2}, 10)
	for range 5 {
		l.Owe("a")
	}
	if got := l.Look("a"); got != (ratelimit.State{Next: 4 * time.Second}) {
		t.Errorf("three are owed: %+v", got)
	}
	clk.Advance(3 * time.Second)
	l.Take("b")
	if got := l.Look("a"); got.Allowed {
		t.Errorf("the debt is forgotten: %+v", got)
	}
	clk.Advance(time.Second)
	if !l.Take("a").Allowed {
		t.Error("the debt is paid")
	}
}

// A clock that is put back must neither give tokens nor keep them back for that long.
func TestClockPutBack(t *testing.T) {
	t.Parallel()
	clk := clock.Frozen(time.Unix(1_800_000_000, 0))
	l := ratelimit.New[string](clk, ratelimit.Limit{Rate: 1, Burst: 1}, 10)
	l.Take("a")
	clk.Advance(-time.Hour)
	if l.Take("a").Allowed {
		t.Error("it gave a token")
	}
	clk.Advance(2 * time.Second)
	if !l.Take("a").Allowed {
		t.Error("there is no token two seconds later")
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	clk := clock.Frozen(time.Unix(1_800_000_000, 0))
	l := ratelimit.New[int](clk, ratelimit.Limit{Rate: 1, Burst: 2}, 100)
	for key := range 1000 {
		l.Take(0) // stays in use
		l.Take(key)
		if l.Len() > 100 {
			t.Fatalf("%d buckets", l.Len())
		}
	}
	if l.Take(0).Allowed {
		t.Error("a bucket in use was dropped for one that was not")
	}
	// The others are full again; each request drops up to two.
	clk.Advance(time.Minute)
	for range 60 {
		l.Take(0)
	}
	if l.Len() != 1 {
		t.Errorf("%d buckets are left", l.Len())
	}
}

func TestNoLimit(t *testing.T) {
	t.Parallel()
	l := ratelimit.New[int](clock.Real(), ratelimit.Limit{}, 1)
	for range 10_000 {
		l.Owe(1)
		if !l.Take(1).Allowed || !l.Look(1).Allowed {
			t.Fatal("refused")
		}
	}
}

func TestConcurrentTakes(t *testing.T) {
	t.Parallel()
	l := ratelimit.New[int](clock.Frozen(time.Unix(1_800_000_000, 0)), ratelimit.Limit{Rate: 1, Burst: 500}, 10)
	var allowed atomic.Int64
	var running sync.WaitGroup
	for range 10 {
		running.Go(func() {
			for range 100 {
				if l.Take(1).Allowed {
					allowed.Add(1)
				}
			}
		})
	}
	running.Wait()
	if allowed.Load() != 500 {
		t.Errorf("%d were allowed", allowed.Load())
	}
}
