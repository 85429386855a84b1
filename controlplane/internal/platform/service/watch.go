package service

import (
	"context"
	"errors"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/reconcile"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// watchEvery is how long the world may differ from the rows before that is noticed.
const watchEvery = 30 * time.Second

// World is where the objects of a kind stand in the world outside: in places, each of which something of the type D runs. F is what is found
// there of an object.
type World[R, D, F any] struct {
	// Places calls visit with the id of every place and what runs it.
	Places func(ctx context.Context, visit func(ctx context.Context, place string, runs D) error) error
	// Column is where a row has the id of its place.
	Column string
	// Found is what there is in a place, by the ids of the objects.
	Found func(ctx context.Context, runs D) (map[string]F, error)
	// Differs compares a row with what was found of it, if anything was there.
	Differs func(ctx context.Context, row *R, is F, there bool) (bool, error)
	// Remove takes what has no row out of the world.
	Remove func(runs D, ctx context.Context, id string) error
}

// Watch has the world compared with the rows of a kind now and then, and brought to them.
func Watch[R, D, F any](c *Converger[R], w World[R, D, F]) {
	c.reconcilers = append(c.reconcilers, reconcile.Reconciler{Name: c.table.Kind().Name, Every: watchEvery, Run: func(ctx context.Context) error {
		return w.Places(authz.System(ctx), func(ctx context.Context, place string, runs D) error { return drift(ctx, c, w, place, runs) })
	}})
}

// drift begins to repair every active row of a place that differs from what was found of it, and removes what was found without a row.
func drift[R, D, F any](ctx context.Context, c *Converger[R], w World[R, D, F], place string, runs D) error {
	found, err := w.Found(ctx, runs) // before the rows: what is made in between has its row already, which is looked up once more
	if err != nil {
		return err
	}
	rows, err := c.table.All(ctx, w.Column+" = ?", place)
	if err != nil {
		return err
	}
	var errs []error
	known := make(map[string]bool, len(rows))
	for i := range rows {
		base := resource.BaseOf(&rows[i])
		known[base.ID] = true
		if base.State != resource.Active {
			continue
		}
		is, there := found[base.ID]
		differs, err := w.Differs(ctx, &rows[i], is, there)
		if err == nil && differs {
			err = c.repairIdle(ctx, base.ID)
		}
		errs = append(errs, err)
	}
	for id := range found {
		if known[id] {
			continue
		}
		_, err := c.table.Get(ctx, id)
		if fault.IsCode(err, "not_found") {
			err = w.Remove(runs, ctx, id)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
