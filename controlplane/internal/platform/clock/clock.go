// Package clock is the server's only source of time. Code that asks a Clock instead of package time can be tested at any
// moment, without waiting.
package clock

import (
	"context"
	"time"
)

// Resolution is the finest step that Now answers in: what PostgreSQL keeps of a timestamp. A time that has been stored and
// read back therefore equals the one that was written.
const Resolution = time.Microsecond

// A Clock tells the time and wakes callers up. Implementations are safe for use by several goroutines.
type Clock interface {
	// Now is the present moment: UTC, in microseconds, without a monotonic reading.
	Now() time.Time
	// NewTimer fires once, d from now; at once when d is not positive. Stop a timer that is no longer needed.
	NewTimer(d time.Duration) Timer
	// After is NewTimer for callers that never stop it.
	After(d time.Duration) <-chan time.Time
	// Sleep returns nil after d, or ctx's error as soon as ctx ends. An ended ctx wins over a d that is not positive.
	Sleep(ctx context.Context, d time.Duration) error
}

// A Timer is one wake-up. It behaves as time.Timer does since Go 1.23: after Stop or Reset no earlier tick is received.
type Timer interface {
	// C receives the moment of firing.
	C() <-chan time.Time
	// Stop prevents the firing; it reports whether the timer was still waiting.
	Stop() bool
	// Reset makes the timer fire d from now; it reports whether the timer was still waiting.
	Reset(d time.Duration) bool
}

// Real is the clock of the machine.
func Real() Clock { return realClock{} }

type realClock struct{}

func (realClock) Now() time.Time { return at(time.Now()) }

func (realClock) NewTimer(d time.Duration) Timer { return realTimer{time.NewTimer(d)} }

func (realClock) After(d time.Duration) <-chan time.Time { return time.After(d) }

func (c realClock) Sleep(ctx context.Context, d time.Duration) error { return sleep(ctx, c, d) }

type realTimer struct{ *time.Timer }

func (t realTimer) C() <-chan time.Time { return t.Timer.C }

// at brings a time into the form that every Clock answers.
func at(t time.Time) time.Time { return t.UTC().Truncate(Resolution) }

func sleep(ctx context.Context, c Clock, d time.Duration) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if d <= 0 {
		return nil
	}
	t := c.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
