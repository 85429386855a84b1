// Waiting for operations: one subscription per node, however many requests wait.

package saga

import (
	"context"
	"sync"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/db"
)

// rereadInterval is how often a waiting request reads its operation while notifications do not arrive.
const rereadInterval = time.Second

// Wait returns the operation as soon as it has ended, on whatever node, or after d as it then is. When ctx ends first it returns
// ctx's error.
func (e *Engine) Wait(ctx context.Context, operationID string, d time.Duration) (Operation, error) {
	if d <= 0 {
		return e.Get(ctx, operationID)
	}
	// Listening begins before the first reading, so that no end falls between the two.
	woken, leave := e.waiters.join(operationID)
	defer leave()
	deadline := e.clock.NewTimer(d)
	defer deadline.Stop()
	reread := e.clock.NewTimer(rereadInterval)
	defer reread.Stop()
	for last := false; ; {
		op, err := e.Get(ctx, operationID)
		if err != nil || op.Ended() || last {
			return op, err
		}
		for wait := true; wait; {
			wait = false
			select {
			case <-ctx.Done():
				return op, ctx.Err()
			case <-woken:
			case <-deadline.C():
				last = true
			case <-reread.C():
				reread.Reset(rereadInterval)
				wait = e.db.Broker().Healthy()
			}
		}
	}
}

// waiters wakes those who wait for an operation. It listens for as long as the program lives: to begin and end that with each request
// would keep the broker busy, and not healthy meanwhile.
type waiters struct {
	mu   sync.Mutex
	byID map[string]map[chan struct{}]bool
}

func newWaiters(b *db.Broker) *waiters {
	w := &waiters{byID: map[string]map[chan struct{}]bool{}}
	notifications, _ := b.Subscribe(Channel)
	go w.deliver(notifications)
	return w
}

// join returns a channel that receives when the operation may have ended.
func (w *waiters) join(operationID string) (woken <-chan struct{}, leave func()) {
	c := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.byID[operationID] == nil {
		w.byID[operationID] = map[chan struct{}]bool{}
	}
	w.byID[operationID][c] = true
	return c, func() { w.leave(operationID, c) }
}

func (w *waiters) leave(operationID string, c chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.byID[operationID], c)
	if len(w.byID[operationID]) == 0 {
		delete(w.byID, operationID)
	}
}

// deliver wakes for each notification; the empty one says that some were lost.
func (w *waiters) deliver(notifications <-chan string) {
	for operationID := range notifications {
		w.wake(operationID)
	}
}

// wake wakes those who wait for the operation; all, if it is empty.
func (w *waiters) wake(operationID string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if operationID != "" {
		wake(w.byID[operationID])
		return
	}
	for _, channels := range w.byID {
		wake(channels)
	}
}

func wake(channels map[chan struct{}]bool) {
	for c := range channels {
		select {
		case c <- struct{}{}:
		default: // it is awake already
		}
	}
}
