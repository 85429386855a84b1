package sagatest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/demarc/demarc/controlplane/internal/platform/jobs"
)

// Queue is a queue of jobs in memory that works when it is told to: for tests that want to see every step. Unlike the real one it
// does not take part in transactions: what is rolled back stays queued, and is dropped when it is worked on.
type Queue struct {
	mu      sync.Mutex
	queued  []string
	handler jobs.Handler
}

// Insert implements saga.Jobs.
func (q *Queue) Insert(_ context.Context, operationID string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !slices.Contains(q.queued, operationID) {
		q.queued = append(q.queued, operationID)
	}
	return nil
}

// Missing implements saga.Jobs.
func (q *Queue) Missing(_ context.Context, operationIDs []string) ([]string, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var out []string
	for _, o := range operationIDs {
		if !slices.Contains(q.queued, o) {
			out = append(out, o)
		}
	}
	return out, nil
}

// Handle implements saga.Jobs.
func (q *Queue) Handle(h jobs.Handler) { q.handler = h }

// Queued returns the operations that are queued.
func (q *Queue) Queued() []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.queued)
}

// Lose empties the queue.
func (q *Queue) Lose() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.queued = nil
}

// enough is more turns than any operation needs.
const enough = 1000

// Drain works until the queue is empty. Pauses are not waited for.
func (q *Queue) Drain(ctx context.Context) error {
	for range enough {
		q.mu.Lock()
		if len(q.queued) == 0 {
			q.mu.Unlock()
			return nil
		}
		operationID := q.queued[0]
		q.queued = q.queued[1:]
		q.mu.Unlock()
		err := q.handler(ctx, operationID)
		if _, again := jobs.After(err); again {
			err = q.Insert(ctx, operationID)
		}
		if err != nil {
			return err
		}
	}
	return fmt.Errorf("the queue is not empty after %d turns: %w", enough, errEndless)
}

var errEndless = errors.New("an operation does not end")
