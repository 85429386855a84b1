package clock_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func fired(t clock.Timer) (time.Time, bool) {
	select {
	case at := <-t.C():
		return at, true
	default:
		return time.Time{}, false
	}
}

func TestRealNowIsUTCInMicroseconds(t *testing.T) {
	t.Parallel()
	before := time.Now()
	now := clock.Real().Now()
	if now.Location() != time.UTC {
		t.Errorf("location is %v", now.Location())
	}
	if now.Nanosecond()%1000 != 0 {
		t.Errorf("%v has parts of a microsecond", now)
	}
	// Round(0) strips a monotonic reading; == compares the whole value.
	if now != now.Round(0) {
		t.Error("the monotonic reading is still there")
	}
	if now.Before(before.Add(-time.Millisecond)) || now.After(time.Now()) {
		t.Errorf("%v is not between %v and now", now, before)
	}
}

func TestRealSleep(t *testing.T) {
	t.Parallel()
	if err := clock.Real().Sleep(t.Context(), time.Millisecond); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := clock.Real().Sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if err := clock.Real().Sleep(ctx, 0); !errors.Is(err, context.Canceled) {
		t.Fatalf("an ended context must win over no wait, got %v", err)
	}
}

func TestFrozenStandsStill(t *testing.T) {
	t.Parallel()
	c := clock.Frozen(start.In(time.FixedZone("x", 3600)).Add(1500 * time.Nanosecond))
	for range 2 {
		if got, want := c.Now(), start.Add(time.Microsecond); got != want {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}

func TestFakeTimers(t *testing.T) {
	t.Parallel()
	c := clock.Frozen(start)
	late, early, atOnce := c.NewTimer(2*time.Minute), c.NewTimer(time.Minute), c.NewTimer(0)
	if _, ok := fired(atOnce); !ok {
		t.Error("a timer of no duration must fire at once")
	}
	c.Advance(59 * time.Second)
	if _, ok := fired(early); ok {
		t.Error("fired a second early")
	}
	c.Advance(time.Hour)
	if at, ok := fired(early); !ok || at != start.Add(time.Minute) {
		t.Errorf("early fired %v at %v", ok, at)
	}
	if at, ok := fired(late); !ok || at != start.Add(2*time.Minute) {
		t.Errorf("late fired %v at %v", ok, at)
	}
	if _, ok := fired(late); ok {
		t.Error("fired twice")
	}
	if want := start.Add(59*time.Second + time.Hour); c.Now() != want {
		t.Errorf("stands at %v, want %v", c.Now(), want)
	}
}

func TestFakeStopAndReset(t *testing.T) {
	t.Parallel()
	c := clock.Frozen(start)
	timer := c.NewTimer(time.Minute)
	if !timer.Stop() || timer.Stop() {
		t.Error("Stop must tell whether the timer was waiting")
	}
	c.Advance(time.Hour)
	if _, ok := fired(timer); ok {
		t.Error("fired after Stop")
	}
	if timer.Reset(time.Minute) {
		t.Error("a stopped timer was not waiting")
	}
	c.Advance(time.Minute)
	if timer.Reset(time.Minute) {
		t.Error("a fired timer was not waiting")
	}
	if _, ok := fired(timer); ok {
		t.Error("a tick from before Reset was received")
	}
	c.Advance(time.Minute)
	if _, ok := fired(timer); !ok {
		t.Error("did not fire after Reset")
	}
}

func TestFakeMovesBackWithoutFiring(t *testing.T) {
	t.Parallel()
	c := clock.Frozen(start)
	timer := c.NewTimer(time.Minute)
	c.Set(start.Add(-time.Hour))
	if _, ok := fired(timer); ok {
		t.Error("fired")
	}
	if want := start.Add(-time.Hour); c.Now() != want {
		t.Errorf("stands at %v, want %v", c.Now(), want)
	}
}

func TestFakeWakesSleepers(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c := clock.Frozen(start)
	woken := make(chan error, 2)
	for range 2 {
		go func() { woken <- c.Sleep(ctx, time.Hour) }()
	}
	if err := c.BlockUntil(ctx, 2); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-woken:
		t.Fatalf("woke before its time: %v", err)
	default:
	}
	c.Advance(time.Hour)
	for range 2 {
		if err := <-woken; err != nil {
			t.Error(err)
		}
	}
}

func TestFakeSleepEndsWithContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c := clock.Frozen(start)
	done := make(chan error, 1)
	go func() { done <- c.Sleep(ctx, time.Hour) }()
	if err := c.BlockUntil(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	// The sleeper's timer must be gone: else BlockUntil would count the dead.
	if err := c.BlockUntil(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
}
