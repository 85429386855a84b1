package service

import (
	"context"
	"fmt"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/reconcile"
	"github.com/demarc/demarc/controlplane/internal/platform/requestid"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/saga"
)

// repair is the verb of the operation after the world was found to differ from a row.
const repair = "repair"

// Work is what has to be done in the world outside for the objects of a kind. Create, update and repair are the same work: the world is made
// as the row says. So a failed object is repaired by the next update, whatever it asks for.
type Work[R any] struct {
	// Apply makes the world as the row says, Remove takes the object out of it.
	Apply, Remove []Stage[R]
	// Named: the world knows the object's name, so that another one has to be brought to it.
	Named bool
	// Actions leave nothing to declare.
	Actions []Action[R]
}

// Stage is one step of bringing the world to what a row says, or of taking it out of the world. Do is given the row as it is at that
// moment, may run more than once, and changes nothing where nothing differs.
type Stage[R any] struct {
	Name string
	Do   func(ctx context.Context, row R) error
	// Undo takes away what Do may have made, when a create fails.
	Undo func(ctx context.Context, row R) error
}

// Action is an operation of one step. The object stays active if it fails.
type Action[R any] struct {
	Verb    string
	Summary string
	// Check refuses it, beside what is not active.
	Check func(ctx context.Context, row *R) error
	Do    func(ctx context.Context, row R) error
}

// Converger brings the objects of a kind to what was asked for, by operations.
type Converger[R any] struct {
	table *resource.Table[R]
	deps  module.Deps
	work  Work[R]
	// gone is called in the transaction that ends a removal, dropped in that which removes what nobody has asked for, amend in that which ends
	// anything else well, released in that which ends a create that failed.
	gone, dropped, amend func(ctx context.Context, row *R) error
	released             func(ctx context.Context, id string) error

	reconcilers []reconcile.Reconciler
}

// NewConverger returns a converger for the rows of a service.
func NewConverger[R, C, S, V any](s *Stored[R, C, S, V], work Work[R]) *Converger[R] {
	return &Converger[R]{table: s.Table, deps: s.deps, work: work, gone: s.gone, dropped: s.drop, amend: s.Amend, released: s.release}
}

// Definitions are the operations of the kind.
func (c *Converger[R]) Definitions() []saga.Definition {
	kind := c.table.Kind().Name
	out := []saga.Definition{
		{Action: kind + "." + httpapi.Create, Steps: c.steps(c.work.Apply, true), Done: c.done, Failed: c.createFailed},
		{Action: kind + "." + httpapi.Update, Steps: c.steps(c.work.Apply, false), Done: c.done, Failed: c.failed},
		{Action: kind + "." + repair, Steps: c.steps(c.work.Apply, false), Done: c.done, Failed: c.failed},
		{Action: kind + "." + httpapi.Delete, Steps: c.steps(c.work.Remove, false), Done: c.removed, Failed: c.failed},
	}
	for _, a := range c.work.Actions {
		out = append(out, saga.Definition{
			Action: kind + "." + a.Verb, Steps: c.steps([]Stage[R]{{Name: a.Verb, Do: a.Do}}, false), Done: c.done,
			Failed: func(ctx context.Context, r *saga.Run, _ error) error { return c.done(ctx, r) },
		})
	}
	return out
}

func (c *Converger[R]) steps(stages []Stage[R], undo bool) []saga.Step {
	out := make([]saga.Step, 0, len(stages))
	for _, s := range stages {
		step := saga.Step{Name: s.Name, Do: c.onRow(s.Do)}
		if undo && s.Undo != nil {
			step.Undo = c.onRow(s.Undo)
		}
		out = append(out, step)
	}
	return out
}

// onRow runs fn with the row as it is now. A row that is gone needs nothing.
func (c *Converger[R]) onRow(fn func(context.Context, R) error) func(context.Context, *saga.Run) error {
	return func(ctx context.Context, r *saga.Run) error {
		ctx = authz.System(ctx)
		row, err := c.table.Get(ctx, r.TargetID)
		if fault.IsCode(err, "not_found") {
			return nil
		}
		if err != nil {
			return err
		}
		return fn(ctx, row)
	}
}

// done also says what the object uses: that may have become another since the operation began.
func (c *Converger[R]) done(ctx context.Context, r *saga.Run) error {
	if err := c.table.End(authz.System(ctx), r.TargetID, nil); err != nil {
		return err
	}
	return c.onRow(func(ctx context.Context, row R) error { return c.amend(ctx, &row) })(ctx, r)
}

func (c *Converger[R]) failed(ctx context.Context, r *saga.Run, cause error) error {
	reason := cause.Error()
	return c.table.End(authz.System(ctx), r.TargetID, &reason)
}

// createFailed also ends what the object was to use: what was made of it has been undone.
func (c *Converger[R]) createFailed(ctx context.Context, r *saga.Run, cause error) error {
	if err := c.released(ctx, r.TargetID); err != nil {
		return err
	}
	return c.failed(ctx, r, cause)
}

func (c *Converger[R]) removed(ctx context.Context, r *saga.Run) error {
	return c.onRow(func(ctx context.Context, row R) error { return c.gone(ctx, &row) })(ctx, r)
}

// Begin begins an operation on the object of a row that is locked: create, update, delete, or an action of the kind. It is part of the
// transaction that changed the row, and runs once that is committed.
func (c *Converger[R]) Begin(ctx context.Context, row *R, verb string) error {
	base, kind := resource.BaseOf(row), c.table.Kind().Name
	var customer *string
	if base.CustomerID != "" {
		customer = &base.CustomerID
	}
	operation, err := c.deps.Sagas.Start(ctx, saga.Start{
		Action: kind + "." + verb, TargetKind: kind, TargetID: base.ID, BillingEntityID: base.BillingEntityID, CustomerID: customer,
		Scopes: c.table.ScopesOf(row), RequestedBy: authn.From(ctx).ID, RequestID: requestid.From(ctx),
	})
	if err != nil {
		return err
	}
	state := resource.Updating
	switch verb {
	case httpapi.Create:
		state = resource.Creating
	case httpapi.Delete:
		state = resource.Deleting
	}
	return c.table.Begin(ctx, row, state, operation)
}

// repairIdle begins to repair an object that is active and that nothing is changing.
func (c *Converger[R]) repairIdle(ctx context.Context, id string) error {
	err := c.deps.DB.InTx(ctx, func(ctx context.Context) error {
		row, err := c.table.LockIdle(ctx, id, nil)
		if err != nil || resource.BaseOf(&row).State != resource.Active {
			return err
		}
		return c.Begin(ctx, &row, repair)
	})
	if fault.IsCode(err, "operation_in_progress") || fault.IsCode(err, "not_found") {
		return nil
	}
	return err
}

// EachIdle does something in the world for every row that a customer has of the kind, and then, with the row locked as it is by then, what
// follows from it. It is a part of another operation; while one of an object's own is under way it fails for the time being.
func (c *Converger[R]) EachIdle(ctx context.Context, customerID string, do func(ctx context.Context, row R) error, then func(ctx context.Context, row *R) error) error {
	rows, err := c.table.All(ctx, "customer_id = ?", customerID)
	if err != nil {
		return err
	}
	for i := range rows {
		if err := c.idle(ctx, &rows[i]); fault.IsCode(err, "not_found") {
			continue
		} else if err != nil {
			return err
		}
		if err := do(ctx, rows[i]); err != nil {
			return err
		}
		err := c.deps.DB.InTx(ctx, func(ctx context.Context) error {
			row, err := c.table.Lock(ctx, resource.BaseOf(&rows[i]).ID)
			if fault.IsCode(err, "not_found") {
				return nil
			}
			if err == nil {
				err = c.idle(ctx, &row)
			}
			if err != nil {
				return err
			}
			return then(ctx, &row)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// RemoveAll takes everything that a customer has of the kind out of the world, and its rows away, whatever protects them.
func (c *Converger[R]) RemoveAll(ctx context.Context, customerID string) error {
	return c.EachIdle(ctx, customerID, func(ctx context.Context, row R) error {
		for _, stage := range c.work.Remove {
			if err := stage.Do(ctx, row); err != nil {
				return err
			}
		}
		return nil
	}, c.dropped)
}

// idle fails for the time being while an operation is changing the object of a row: a step that meets that waits for it. A row that was read
// before the operation ended is read again. What an operation has left as it was while it was working is nothing to wait for.
func (c *Converger[R]) idle(ctx context.Context, row *R) error {
	id, operation := resource.BaseOf(row).ID, resource.BaseOf(row).OperationID
	if operation == nil {
		return nil
	}
	switch o, err := c.deps.Sagas.Get(authz.System(ctx), *operation); {
	case err != nil && !fault.IsCode(err, "not_found"):
		return err
	case err == nil && !o.Ended():
		return busyError{*operation}
	}
	next, err := c.table.Get(ctx, id)
	if err != nil {
		return err
	}
	*row = next
	switch now := resource.BaseOf(row).OperationID; {
	case now == nil:
		return nil
	case *now != *operation:
		return busyError{*now}
	}
	return fmt.Errorf("operation %s has ended and left %s unfinished: it needs attention", *operation, id)
}

// busyError says that another operation has to end first.
type busyError struct{ operationID string }

func (e busyError) Error() string  { return "operation " + e.operationID + " has not ended" }
func (e busyError) Public() string { return e.Error() }
func (e busyError) Waits() bool    { return true }
