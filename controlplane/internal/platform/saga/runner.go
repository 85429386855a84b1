// The runner: takes an operation and brings it forward, step by step, until it has ended or has to wait.

package saga

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/jobs"
)

// errFenced ends a runner that is no longer the operation's.
var errFenced = errors.New("saga: another runner has taken the operation")

// errCancelRequested rolls back a closing that a cancel overtook.
var errCancelRequested = errors.New("saga: a cancel was asked for meanwhile")

// retryUnknown is the pause before another node is given an operation that this program has no definition of.
const retryUnknown = 2 * time.Second

// Work takes the operation and brings it forward: nil when there is nothing left to do for this runner, jobs.Again when it has to be
// called again, on any node; any other error is an outage of the database. It is the queue's handler.
func (e *Engine) Work(ctx context.Context, operationID string) error {
	row, err := e.store.get(ctx, operationID)
	if fault.IsCode(err, "not_found") {
		e.log.WarnContext(ctx, "job of an operation that does not exist", "operation_id", operationID)
		return nil
	}
	if err != nil || ended(row.State) {
		return err
	}
	def, ok := e.definitions[row.Action]
	if !ok {
		// While nodes of two versions run, one of them may know it.
		e.log.WarnContext(ctx, "operation of an unknown action", "operation_id", operationID, "action", row.Action)
		return jobs.Again(retryUnknown)
	}
	began := e.clock.Now()
	row, steps, ok, err := e.store.take(ctx, operationID, began)
	if err != nil || !ok {
		return err
	}
	r, err := e.newRunner(row, steps, def)
	if err != nil {
		return err
	}
	err = r.run(inside(ctx, row), began)
	if errors.Is(err, errFenced) {
		e.log.WarnContext(ctx, "operation was taken by another runner", "operation_id", operationID)
		return nil
	}
	return err
}

// runner is one taking of an operation. Its rows mirror the database's: changes are made here and then written.
type runner struct {
	*Engine
	def   Definition
	row   operationRow
	steps []stepRow
	state persisted
	view  *Run
	dirty map[int]bool // indexes of steps to write
}

func (e *Engine) newRunner(row operationRow, steps []stepRow, def Definition) (*runner, error) {
	r := &runner{Engine: e, def: def, row: row, steps: steps, dirty: map[int]bool{}}
	if err := json.Unmarshal(row.StepState, &r.state); err != nil {
		return nil, fmt.Errorf("state of %s: %w", row.ID, err)
	}
	r.view = &Run{
		OperationID: row.ID, Action: row.Action, TargetKind: row.TargetKind, TargetID: row.TargetID, BillingEntityID: row.BillingEntityID,
		CustomerID: row.CustomerID, RequestedBy: row.RequestedBy, RequestID: row.RequestID, data: r.state.Data,
	}
	return r, nil
}

// run goes on until the operation has ended (nil) or the rest is for a later runner.
func (r *runner) run(ctx context.Context, began time.Time) error {
	if r.row.Attempt > r.o.MaxCrashes {
		r.giveUp(ctx)
	}
	for {
		if r.paused(ctx, began) {
			return r.putDown(ctx)
		}
		if r.row.CancelRequested && r.row.ErrorCode == nil {
			r.fail(ctx, nil, ErrCancelled)
		}
		var again time.Duration
		var err error
		switch {
		case r.row.ErrorCode == nil:
			if i := r.nextStep(); i >= 0 {
				again, err = r.do(ctx, i)
			} else {
				again, err = r.closeWell(ctx)
			}
		default:
			if i := r.nextUndo(); i >= 0 && !r.row.NeedsAttention {
				again, err = r.undo(ctx, i)
			} else {
				again, err = r.closeBadly(ctx)
			}
		}
		switch {
		case err != nil:
			return err
		case ended(r.row.State):
			return nil
		case again > 0:
			return jobs.Again(again)
		}
	}
}

// paused says whether it is time to leave the rest to a later runner.
func (r *runner) paused(ctx context.Context, began time.Time) bool {
	return jobs.Stopping(ctx) || ctx.Err() != nil || r.clock.Now().Sub(began) > r.o.HandOver
}

// putDown gives the operation back to the queue in good order.
func (r *runner) putDown(ctx context.Context) error {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	r.row.Attempt--
	if err := r.write(ctx, nil); err != nil {
		return err
	}
	return jobs.Again(0)
}

// afterwards is a context for a last write when the runner's own may have been cancelled, because the node stops.
func afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
}

// nextStep is the first step that is not done, -1 if all are.
func (r *runner) nextStep() int {
	for i := range r.steps {
		if r.steps[i].State != stepDone {
			return i
		}
	}
	return -1
}

// nextUndo is the last step that has been begun and not undone, -1 if there is none.
func (r *runner) nextUndo() int {
	for i := len(r.steps) - 1; i >= 0; i-- {
		if s := r.steps[i].State; s != stepPending && s != stepUndone {
			return i
		}
	}
	return -1
}

// do does one step. A positive duration says when it is to be tried again.
func (r *runner) do(ctx context.Context, i int) (again time.Duration, err error) {
	row := &r.steps[i]
	def, ok := r.def.step(row.Name)
	if !ok {
		r.fail(ctx, row, fmt.Errorf("this program has no step %s of %s", row.Name, r.row.Action))
		return 0, r.write(ctx, nil)
	}
	// That a step has been begun has to be known before it is, else it would not be undone.
	now := r.clock.Now()
	row.State, row.StartedAt, row.FinishedAt = stepRunning, &now, nil
	row.Attempts++
	r.row.CurrentStep = &row.Name
	r.touch(i)
	if err := r.write(ctx, nil); err != nil {
		return 0, err
	}
	if r.row.CancelRequested {
		return 0, nil
	}
	r.view.Attempt = row.Attempts
	cause := r.call(ctx, row.Name, false, def.Do)
	if cause != nil && stopped(ctx) {
		return 0, r.interrupted(ctx, row, i)
	}
	ctx, cancel := afterwards(ctx)
	defer cancel()
	now = r.clock.Now()
	row.FinishedAt, row.Error = &now, errorText(cause)
	r.touch(i)
	if cause == nil {
		row.State = stepDone
		r.row.CompletedSteps++
		r.state.Failures = 0
		return 0, r.write(ctx, nil)
	}
	if waits(cause) {
		return r.later(ctx, "do", row.Name, cause, r.backoff(row.Attempts))
	}
	r.state.Failures++
	if temporary(cause) && r.state.Failures < r.o.Attempts {
		return r.later(ctx, "do", row.Name, cause, r.backoff(r.state.Failures))
	}
	row.State = stepFailed
	r.fail(ctx, row, cause)
	return 0, r.write(ctx, nil)
}

// stopped says whether the node has cut the runner off. A deadline that has passed is the operation's own failure.
func stopped(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }

// interrupted puts down an operation whose step was cut off because the node stops: that is no failure of the step.
func (r *runner) interrupted(ctx context.Context, row *stepRow, i int) error {
	row.Attempts--
	r.touch(i)
	return r.putDown(ctx)
}

// undo takes back one step.
func (r *runner) undo(ctx context.Context, i int) (again time.Duration, err error) {
	row := &r.steps[i]
	def, ok := r.def.step(row.Name)
	cause := error(nil)
	switch {
	case !ok:
		cause = fmt.Errorf("this program has no step %s of %s", row.Name, r.row.Action)
		r.state.Failures = r.o.Attempts
	case def.Undo != nil:
		r.view.Attempt = r.state.Failures + 1
		cause = r.call(ctx, row.Name, true, def.Undo)
	}
	if cause != nil && stopped(ctx) {
		return 0, r.putDown(ctx)
	}
	ctx, cancel := afterwards(ctx)
	defer cancel()
	r.touch(i)
	if cause == nil {
		row.State = stepUndone
		r.state.Failures = 0
		return 0, r.write(ctx, nil)
	}
	row.State, row.Error = stepUndoing, errorText(fmt.Errorf("undo: %w", cause))
	r.state.Failures++
	if r.state.Failures < r.o.Attempts {
		return r.later(ctx, "undo", row.Name, cause, r.backoff(r.state.Failures))
	}
	r.log.ErrorContext(ctx, "operation could not be undone and needs attention", "operation_id", r.row.ID, "action", r.row.Action,
		"step", row.Name, "error", cause)
	r.needAttention(fmt.Sprintf("undoing step %s failed: %s", row.Name, describe(r.row.ID, row.Name, cause).Detail))
	return 0, r.write(ctx, nil)
}

// closeWell ends the operation as succeeded.
func (r *runner) closeWell(ctx context.Context) (again time.Duration, err error) {
	err = r.close(ctx, Succeeded, r.def.Done)
	switch {
	case err == nil, errors.Is(err, errCancelRequested):
		return 0, nil
	case errors.Is(err, errFenced):
		return 0, err
	case stopped(ctx):
		return 0, r.putDown(ctx)
	}
	r.state.Failures++
	if temporary(err) && r.state.Failures < r.o.Attempts {
		return r.later(ctx, "done", "", err, r.backoff(r.state.Failures))
	}
	r.fail(ctx, nil, err)
	return 0, r.write(ctx, nil)
}

// closeBadly ends the operation as failed or cancelled.
func (r *runner) closeBadly(ctx context.Context) (again time.Duration, err error) {
	failure := r.row.failure()
	var failed func(context.Context, *Run) error
	if r.def.Failed != nil {
		failed = func(ctx context.Context, run *Run) error { return r.def.Failed(ctx, run, failure) }
	}
	err = r.close(ctx, r.badState(failure), failed)
	switch {
	case err == nil:
		return 0, nil
	case errors.Is(err, errFenced):
		return 0, err
	case stopped(ctx):
		return 0, r.putDown(ctx)
	}
	r.state.Failures++
	if r.state.Failures < r.o.Attempts {
		return r.later(ctx, "failed", "", err, r.backoff(r.state.Failures))
	}
	// An operation that never ends would keep its object locked, and everybody waiting.
	r.log.ErrorContext(ctx, "failed operation was closed without its object and needs attention", "operation_id", r.row.ID,
		"action", r.row.Action, "error", err)
	r.needAttention("what became of the object could not be written")
	return 0, r.close(ctx, r.badState(failure), nil)
}

// badState is the state of an operation that did not succeed. One that was cancelled and could not be undone has failed.
func (r *runner) badState(failure *Failure) string {
	if errors.Is(failure, ErrCancelled) && !r.row.NeedsAttention {
		return Cancelled
	}
	return Failed
}

// close ends the operation in that state, together with what hook writes. After an error it has not ended.
func (r *runner) close(ctx context.Context, state string, hook func(context.Context, *Run) error) error {
	before, now := r.row, r.clock.Now()
	r.row.State, r.row.FinishedAt = state, &now
	if state == Succeeded {
		r.row.CurrentStep = nil
	}
	err := r.write(ctx, hook)
	if err != nil {
		before.CancelRequested = r.row.CancelRequested
		r.row = before
		return err
	}
	op := r.row.operation()
	r.log.InfoContext(ctx, "operation ended", "operation_id", op.ID, "action", op.Action, "target_id", op.TargetID, "state", op.State,
		"duration", now.Sub(op.CreatedAt))
	if r.o.Ended != nil {
		r.o.Ended(op)
	}
	return nil
}

// write keeps what has changed, in one transaction with what hook writes, and wakes those who wait for the end.
func (r *runner) write(ctx context.Context, hook func(context.Context, *Run) error) error {
	r.state.Data = r.view.data
	raw, err := json.Marshal(r.state)
	if err != nil {
		return fmt.Errorf("state of %s: %w", r.row.ID, err)
	}
	r.row.StepState = raw
	var steps []stepRow
	for i := range r.steps {
		if r.dirty[i] {
			steps = append(steps, r.steps[i])
		}
	}
	var cancel bool
	err = r.db.InTx(ctx, func(ctx context.Context) error {
		var err error
		if cancel, err = r.store.write(ctx, r.row, steps); err != nil {
			return err
		}
		if cancel && r.row.State == Succeeded {
			return errCancelRequested
		}
		if hook != nil {
			ctx, cancel := context.WithTimeout(ctx, r.o.StepTimeout)
			defer cancel()
			if err := guard(func() error { return hook(ctx, r.view) }); err != nil {
				return err
			}
		}
		if !ended(r.row.State) {
			return nil
		}
		return r.db.Notify(ctx, Channel, r.row.ID)
	})
	r.row.CancelRequested = r.row.CancelRequested || cancel
	if err == nil {
		clear(r.dirty)
	}
	return err
}

func (r *runner) touch(i int) { r.dirty[i] = true }

// call runs the Do or Undo of a step.
func (r *runner) call(ctx context.Context, step string, undo bool, fn func(context.Context, *Run) error) error {
	if fn == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, r.o.StepTimeout)
	defer cancel()
	err := guard(func() error {
		if r.o.Around != nil {
			return r.o.Around(ctx, r.view, step, undo, func(ctx context.Context) error { return fn(ctx, r.view) })
		}
		return fn(ctx, r.view)
	})
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &timeoutError{after: r.o.StepTimeout, cause: err}
	}
	return err
}

// guard makes an error of a panic.
func guard(fn func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &panicError{value: v, stack: debug.Stack()}
		}
	}()
	return fn()
}

// fail begins the undo. step is the one that failed, nil if it was none.
func (r *runner) fail(ctx context.Context, step *stepRow, cause error) {
	name := ""
	r.row.CurrentStep = nil
	if step != nil {
		name, r.row.CurrentStep = step.Name, &step.Name
	}
	f := describe(r.row.ID, name, cause)
	r.row.ErrorCode, r.row.ErrorDetail = &f.Code, &f.Detail
	r.state.Failures = 0
	if errors.Is(cause, ErrCancelled) {
		r.log.InfoContext(ctx, "operation is cancelled", "operation_id", r.row.ID, "action", r.row.Action, "step", name)
		return
	}
	attrs := []any{"operation_id", r.row.ID, "action", r.row.Action, "target_id", r.row.TargetID, "step", name, "error", cause}
	var p *panicError
	if errors.As(cause, &p) {
		attrs = append(attrs, "stack", string(p.stack))
	}
	r.log.ErrorContext(ctx, "operation failed and is undone", attrs...)
}

// giveUp ends an operation in the midst of which one runner after the other has ended without notice: it must be its own doing, and
// would take every node with it.
func (r *runner) giveUp(ctx context.Context) {
	cause := fmt.Errorf("%d runners have ended in the middle of it", r.row.Attempt-1)
	r.row.Attempt = 1 // the undo has its own chances
	if r.row.ErrorCode == nil {
		r.fail(ctx, nil, cause)
		return
	}
	r.log.ErrorContext(ctx, "undo is given up and needs attention", "operation_id", r.row.ID, "action", r.row.Action, "error", cause)
	r.needAttention("undoing was given up")
}

// needAttention marks the operation for the operator, and adds why.
func (r *runner) needAttention(why string) {
	detail := why
	if r.row.ErrorDetail != nil {
		detail = *r.row.ErrorDetail + "; " + why
	}
	r.row.NeedsAttention, r.row.ErrorDetail = true, &detail
	r.state.Failures = 0
}

// later puts the operation down until the next attempt is due. call is the function of the definition that failed.
func (r *runner) later(ctx context.Context, call, step string, cause error, pause time.Duration) (time.Duration, error) {
	r.log.WarnContext(ctx, "part of an operation could not be done yet and is tried again", "operation_id", r.row.ID, "action", r.row.Action,
		"call", call, "step", step, "failures", r.state.Failures, "pause", pause, "error", cause)
	r.row.Attempt--
	return pause, r.write(ctx, nil)
}

// backoff is the pause after so many failures: it doubles, and is up to a quarter shorter or longer so that what failed together
// does not come back together.
func (r *runner) backoff(failures int) time.Duration {
	d := r.o.MaxBackoff
	if shift := failures - 1; shift < 30 {
		d = min(r.o.Backoff<<shift, r.o.MaxBackoff)
	}
	return max(d*3/4+rand.N(d/2+1), 1)
}

func errorText(err error) *string {
	if err == nil {
		return nil
	}
	s := err.Error()
	return &s
}
