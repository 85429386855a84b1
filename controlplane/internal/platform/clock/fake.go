package clock

import (
	"context"
	"slices"
	"sync"
	"time"
)

// A Fake is a clock for tests: it stands still until Advance or Set moves it, and fires the timers that it passes.
type Fake struct {
	mu      sync.Mutex
	now     time.Time
	waiting []*fakeTimer
	changed chan struct{} // closed and replaced whenever waiting changes
}

// Frozen is a Fake that stands at t.
func Frozen(t time.Time) *Fake {
	return &Fake{now: at(t), changed: make(chan struct{})}
}

// Now implements Clock.
func (f *Fake) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// Advance moves the clock by d and fires the timers that are due, earliest first, each at its own moment: a timer that is
// reset in between is not fired early.
func (f *Fake) Advance(d time.Duration) { f.Set(f.Now().Add(d)) }

// Set moves the clock to t. Moving it back is allowed and fires nothing: machines do correct their clocks.
func (f *Fake) Set(t time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t = at(t)
	for {
		next := f.earliest()
		if next == nil || next.due.After(t) {
			break
		}
		if next.due.After(f.now) {
			f.now = next.due
		}
		f.remove(next)
		next.c <- f.now
	}
	f.now = t
}

// NewTimer implements Clock.
func (f *Fake) NewTimer(d time.Duration) Timer {
	t := &fakeTimer{clock: f, c: make(chan time.Time, 1)}
	t.Reset(d)
	return t
}

// After implements Clock.
func (f *Fake) After(d time.Duration) <-chan time.Time { return f.NewTimer(d).C() }

// Sleep implements Clock.
func (f *Fake) Sleep(ctx context.Context, d time.Duration) error { return sleep(ctx, f, d) }

// BlockUntil returns nil as soon as at least n timers (sleepers included) wait for this clock: the moment at which a test may
// Advance it and know that its subject is affected. It returns ctx's error if that ends first.
func (f *Fake) BlockUntil(ctx context.Context, n int) error {
	for {
		f.mu.Lock()
		waiting, changed := len(f.waiting), f.changed
		f.mu.Unlock()
		if waiting >= n {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (f *Fake) earliest() *fakeTimer {
	if len(f.waiting) == 0 {
		return nil
	}
	return slices.MinFunc(f.waiting, func(a, b *fakeTimer) int { return a.due.Compare(b.due) })
}

func (f *Fake) remove(t *fakeTimer) bool {
	i := slices.Index(f.waiting, t)
	if i < 0 {
		return false
	}
	f.waiting = slices.Delete(f.waiting, i, i+1)
	f.signal()
	return true
}

func (f *Fake) signal() {
	close(f.changed)
	f.changed = make(chan struct{})
}

type fakeTimer struct {
	clock *Fake
	c     chan time.Time
	due   time.Time
}

func (t *fakeTimer) C() <-chan time.Time { return t.c }

func (t *fakeTimer) Stop() bool {
	t.clock.mu.Lock()
	defer t.clock.mu.Unlock()
	return t.disarm()
}

func (t *fakeTimer) Reset(d time.Duration) bool {
	f := t.clock
	f.mu.Lock()
	defer f.mu.Unlock()
	waited := t.disarm()
	if d <= 0 {
		t.c <- f.now
		return waited
	}
	t.due = f.now.Add(d)
	f.waiting = append(f.waiting, t)
	f.signal()
	return waited
}

// disarm takes the timer out of the clock and drops a tick that nobody has received.
func (t *fakeTimer) disarm() bool {
	waited := t.clock.remove(t)
	select {
	case <-t.c:
	default:
	}
	return waited
}
