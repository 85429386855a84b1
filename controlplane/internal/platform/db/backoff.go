// Waiting between attempts. It uses the machine's time, not the server's clock: a test that freezes the clock still
// needs its database connection.

package db

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
)

// backoff doubles from first to most; each wait is a random part, at least half, of the step.
type backoff struct {
	first, most time.Duration
	step        time.Duration
}

// sleep waits for the next step, or returns ctx's error as soon as ctx ends.
func (b *backoff) sleep(ctx context.Context) error {
	b.step = min(max(b.step*2, b.first), b.most)
	return clock.Real().Sleep(ctx, b.step/2+rand.N(b.step/2+1))
}

func (b *backoff) reset() { b.step = 0 }
