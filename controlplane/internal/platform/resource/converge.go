package resource

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/ledger"
	"github.com/demarc/demarc/controlplane/internal/platform/requestid"
	"github.com/demarc/demarc/controlplane/internal/platform/saga"
)

// Verbs of the operations of a Converger.
const (
	verbCreate = "create"
	verbUpdate = "update"
	verbDelete = "delete"
	verbRepair = "repair"
)

// Stage is one step of bringing the world to what a row says, or of taking it out of the world. Do is given the row as it is at that
// moment, may run more than once, and changes nothing where nothing differs.
type Stage[R any] struct {
	Name string
	Do   func(ctx context.Context, row R) error
	// Undo takes away what Do may have made, when a create fails.
	Undo func(ctx context.Context, row R) error
}

// Converger brings the objects of a kind to what was asked for, by operations. Create, update and repair are the same work: the world is
// made as the row says. So a failed object is repaired by the next update, whatever it asks for.
type Converger[R any, P Row[R]] struct {
	Table *Table[R, P]
	Sagas *saga.Engine
	// Apply makes the world as the row says, Remove takes the object out of it.
	Apply, Remove []Stage[R]
	// Actions are one-step operations, by their verb, that leave nothing to declare: the object stays active if one fails.
	Actions []Stage[R]
	// Uses says what the row uses; nil for a kind that nobody pays for.
	Uses   func(ctx context.Context, row R) (ledger.Entry, error)
	Ledger *ledger.Ledger
}

// Definitions are the operations of the kind.
func (c *Converger[R, P]) Definitions() []saga.Definition {
	kind := c.Table.kind.Name
	out := []saga.Definition{
		{Action: kind + "." + verbCreate, Steps: c.steps(c.Apply, true), Done: c.done, Failed: c.createFailed},
		{Action: kind + "." + verbUpdate, Steps: c.steps(c.Apply, false), Done: c.done, Failed: c.failed},
		{Action: kind + "." + verbRepair, Steps: c.steps(c.Apply, false), Done: c.done, Failed: c.failed},
		{Action: kind + "." + verbDelete, Steps: c.steps(c.Remove, false), Done: c.removed, Failed: c.failed},
	}
	for _, a := range c.Actions {
		out = append(out, saga.Definition{
			Action: kind + "." + a.Name, Steps: c.steps([]Stage[R]{a}, false), Done: c.done,
			Failed: func(ctx context.Context, r *saga.Run, _ error) error { return c.done(ctx, r) },
		})
	}
	return out
}

func (c *Converger[R, P]) steps(stages []Stage[R], undo bool) []saga.Step {
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
func (c *Converger[R, P]) onRow(fn func(context.Context, R) error) func(context.Context, *saga.Run) error {
	return func(ctx context.Context, r *saga.Run) error {
		ctx = authz.System(ctx)
		row, err := c.Table.Get(ctx, r.TargetID)
		if fault.IsCode(err, "not_found") {
			return nil
		}
		if err != nil {
			return err
		}
		return fn(ctx, row)
	}
}

func (c *Converger[R, P]) done(ctx context.Context, r *saga.Run) error {
	return c.Table.End(authz.System(ctx), r.TargetID, nil)
}

func (c *Converger[R, P]) failed(ctx context.Context, r *saga.Run, cause error) error {
	reason := cause.Error()
	return c.Table.End(authz.System(ctx), r.TargetID, &reason)
}

// createFailed also closes what the object was to use: what was made of it has been undone.
func (c *Converger[R, P]) createFailed(ctx context.Context, r *saga.Run, cause error) error {
	if c.Uses != nil {
		if err := c.Ledger.Close(ctx, r.TargetID); err != nil {
			return err
		}
	}
	return c.failed(ctx, r, cause)
}

func (c *Converger[R, P]) removed(ctx context.Context, r *saga.Run) error {
	if c.Uses != nil {
		if err := c.Ledger.Close(ctx, r.TargetID); err != nil {
			return err
		}
	}
	return c.Table.Remove(authz.System(ctx), r.TargetID)
}

// Create begins the operation that makes a new row's object, in the transaction that inserted the row.
func (c *Converger[R, P]) Create(ctx context.Context, row P) error {
	return c.begin(ctx, row, verbCreate, Creating)
}

// Update begins the operation that brings an object to what its row says now.
func (c *Converger[R, P]) Update(ctx context.Context, row P) error {
	return c.begin(ctx, row, verbUpdate, Updating)
}

// Repair is Update after the world was found to differ from the row.
func (c *Converger[R, P]) Repair(ctx context.Context, row P) error {
	return c.begin(ctx, row, verbRepair, Updating)
}

// Delete begins the operation that removes the object; its row goes last.
func (c *Converger[R, P]) Delete(ctx context.Context, row P) error {
	return c.begin(ctx, row, verbDelete, Deleting)
}

// Act begins an operation of another definition on an object, such as a reboot.
func (c *Converger[R, P]) Act(ctx context.Context, row P, verb string) error {
	return c.begin(ctx, row, verb, Updating)
}

func (c *Converger[R, P]) begin(ctx context.Context, row P, verb, state string) error {
	cols := row.base()
	var customer *string
	if cols.CustomerID != "" {
		customer = &cols.CustomerID
	}
	operation, err := c.Sagas.Start(ctx, saga.Start{
		Action: c.Table.kind.Name + "." + verb, TargetKind: c.Table.kind.Name, TargetID: cols.ID,
		BillingEntityID: cols.BillingEntityID, CustomerID: customer,
		Scopes:      c.Table.scopesOf(row),
		RequestedBy: authn.From(ctx).ID, RequestID: requestid.From(ctx),
	})
	if err != nil {
		return err
	}
	if err := c.Table.Begin(ctx, row, state, operation); err != nil {
		return err
	}
	if state == Deleting {
		return nil
	}
	return c.Account(ctx, *row)
}

// Account reports what the row uses now.
func (c *Converger[R, P]) Account(ctx context.Context, row R) error {
	if c.Uses == nil {
		return nil
	}
	entry, err := c.Uses(authz.Elevated(ctx), row)
	if err != nil {
		return err
	}
	return c.Ledger.Record(ctx, entry)
}

// Patch changes a row by fn, and begins an update if what differs is part of the world, or if the object has failed.
func (c *Converger[R, P]) Patch(ctx context.Context, id string, ifMatch *int64, fn func(row P) error, differs func(old, next P) bool) (R, error) {
	var row R
	err := c.Table.db.InTx(ctx, func(ctx context.Context) error {
		var old R
		var err error
		row, _, err = c.Table.Change(ctx, id, ifMatch, func(r P) error {
			old = *r
			return fn(r)
		})
		if err != nil || P(&row).base().State != Failed && !differs(P(&old), P(&row)) {
			return err
		}
		return c.Update(ctx, P(&row))
	})
	return row, err
}

// Drop begins to delete an object that nothing is in and nothing needs.
func (c *Converger[R, P]) Drop(ctx context.Context, id string, ifMatch *int64) (R, error) {
	var row R
	err := c.Table.db.InTx(ctx, func(ctx context.Context) error {
		var err error
		if row, err = c.Table.Deletable(ctx, id, ifMatch); err != nil {
			return err
		}
		return c.Delete(ctx, P(&row))
	})
	return row, err
}

// RepairIdle begins to repair an object that is active and that nothing is changing.
func (c *Converger[R, P]) RepairIdle(ctx context.Context, id string) error {
	err := c.Table.db.InTx(ctx, func(ctx context.Context) error {
		row, err := c.Table.LockIdle(ctx, id, nil)
		if err != nil || P(&row).base().State != Active {
			return err
		}
		return c.Repair(ctx, P(&row))
	})
	if fault.IsCode(err, "operation_in_progress") || fault.IsCode(err, "not_found") {
		return nil
	}
	return err
}

// RemoveAll takes everything that a customer has of the kind out of the world, and its rows away, whatever protects them. It is a part of
// another operation; while one of its own is under way it fails for the time being.
func (c *Converger[R, P]) RemoveAll(ctx context.Context, customerID string) error {
	rows, err := c.Table.All(ctx, "customer_id = ?", customerID)
	if err != nil {
		return err
	}
	for _, row := range rows {
		cols := P(&row).base()
		if cols.OperationID != nil {
			return Later(*cols.OperationID)
		}
		for _, stage := range c.Remove {
			if err := stage.Do(ctx, row); err != nil {
				return err
			}
		}
		err := c.Table.db.InTx(ctx, func(ctx context.Context) error {
			if c.Uses != nil {
				if err := c.Ledger.Close(ctx, cols.ID); err != nil {
					return err
				}
			}
			return c.Table.Remove(ctx, cols.ID)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// busyError says that another operation has to end first.
type busyError struct{ operationID string }

func (e busyError) Error() string   { return "operation " + e.operationID + " has not ended" }
func (e busyError) Public() string  { return e.Error() }
func (e busyError) Temporary() bool { return true }

// Later is the error of a step that has to wait for another operation; it is tried again.
func Later(operationID string) error { return busyError{operationID} }

// Busy refuses a write because an operation is under way: clients wait for it and try again.
func Busy(operationID, why string) error {
	return &fault.Error{Kind: fault.Conflict, Code: "operation_in_progress", OperationID: operationID,
		Detail: why + ": wait for " + operationID + " and try again"}
}

// Orphan removes what is in the world without a row. What was found may have got its row since: it is looked up once more.
func Orphan[R any, P Row[R]](ctx context.Context, t *Table[R, P], id string, remove func(context.Context, string) error) error {
	_, err := t.Get(ctx, id)
	if !fault.IsCode(err, "not_found") {
		return err
	}
	return remove(ctx, id)
}

// Same says whether two optional values are equal.
func Same[T comparable](a, b *T) bool {
	return a == nil && b == nil || a != nil && b != nil && *a == *b
}

// Text is an optional text, empty where there is none.
func Text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
