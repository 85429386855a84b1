// Package sagatest proves that a saga keeps what its steps have promised, by trying it at every step: that a step may be repeated,
// that a failure leaves a clean world, that an undo may be repeated, and that a node may end between a step and the note of it.
//
//	func TestCreateKeepsTheLaws(t *testing.T) {
//		sagatest.All(t, func(t testing.TB, b sagatest.Bench) sagatest.Scenario {
//			driver := newDriver(t)
//			service := New(Deps{DB: b.DB, Sagas: b.Engine, Driver: driver})
//			return sagatest.Scenario{
//				Start: func(ctx context.Context) (string, error) { return service.create(ctx, …) },
//				World: func(ctx context.Context) (any, error) { return driver.names(ctx) },
//			}
//		})
//	}
package sagatest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
	"github.com/demarc/demarc/controlplane/internal/platform/saga"
)

// Bench is what a scenario is built on: an empty database of its own, and an engine that works when the law says so.
type Bench struct {
	DB     *db.DB
	Engine *saga.Engine
}

// Scenario is one operation that is tried.
type Scenario struct {
	// Start asks for the operation and returns its id.
	Start func(ctx context.Context) (operationID string, err error)
	// World describes all that the operation makes or changes, apart from its own rows and the state of its object. Ids that differ from
	// run to run must be left out: two worlds are compared with reflect.DeepEqual.
	World func(ctx context.Context) (any, error)
}

// Setup builds a scenario. It is called often, each time with another bench, and must register the definition with the bench's engine.
type Setup func(t testing.TB, b Bench) Scenario

// All proves all laws: for a saga that undoes what it did.
func All(t *testing.T, setup Setup) {
	t.Helper()
	RepeatEveryStep(t, setup)
	FailAtEveryStep(t, setup)
	RepeatEveryUndo(t, setup)
	CrashAtEveryStep(t, setup)
}

// RepeatEveryStep proves that each Do may run twice: the operation succeeds, and the world is the same as when it ran once.
func RepeatEveryStep(t *testing.T, setup Setup) {
	prove(t, "repeat every step", setup, repeatEveryStep)
}

// FailAtEveryStep proves that the operation leaves the world as it found it when any step fails, before it has done anything and
// after it has done everything.
func FailAtEveryStep(t *testing.T, setup Setup) {
	prove(t, "fail at every step", setup, failAtEveryStep)
}

// RepeatEveryUndo proves that each Undo may run twice.
func RepeatEveryUndo(t *testing.T, setup Setup) {
	prove(t, "repeat every undo", setup, repeatEveryUndo)
}

// CrashAtEveryStep proves that the operation goes on as if nothing had been when a node ends after a Do, or after an Undo, and before
// that is noted.
func CrashAtEveryStep(t *testing.T, setup Setup) {
	prove(t, "crash at every step", setup, crashAtEveryDo)
	prove(t, "crash at every undo", setup, crashAtEveryUndo)
}

// Redo proves the laws that also hold for a saga without undo: RepeatEveryStep, and CrashAtEveryStep while it goes well.
func Redo(t *testing.T, setup Setup) {
	t.Helper()
	RepeatEveryStep(t, setup)
	prove(t, "crash at every step", setup, crashAtEveryDo)
}

// errInjected is the failure of a trial.
var errInjected = errors.New("failed by the trial")

// A trial is one way of disturbing an operation, and what has to come of it.
type trial struct {
	name string
	// disturb stands in for the call of a Do or Undo. It returns whether it did something out of the ordinary.
	disturb func(ctx context.Context, x *examination, step string, undo bool, call func(context.Context) error) (disturbed bool, err error)
	// state in which the operation ends: succeeded in the world of an undisturbed run, failed in the world of before.
	state string
	// crash: a runner has to be lost on the way.
	crash bool
}

func call(ctx context.Context, fn func(context.Context) error) (bool, error) { return false, fn(ctx) }

func twice(ctx context.Context, fn func(context.Context) error) (bool, error) {
	if err := fn(ctx); err != nil {
		return true, err
	}
	return true, fn(ctx)
}

func repeatEveryStep(steps known) ([]trial, error) {
	var out []trial
	for _, at := range steps.done {
		out = append(out, trial{name: at, state: saga.Succeeded,
			disturb: func(ctx context.Context, _ *examination, step string, undo bool, fn func(context.Context) error) (bool, error) {
				if step == at && !undo {
					return twice(ctx, fn)
				}
				return call(ctx, fn)
			}})
	}
	return out, nil
}

func failAtEveryStep(steps known) ([]trial, error) {
	var out []trial
	for _, at := range steps.done {
		out = append(out, trial{name: "before " + at, state: saga.Failed,
			disturb: func(ctx context.Context, _ *examination, step string, undo bool, fn func(context.Context) error) (bool, error) {
				if step == at && !undo {
					return true, errInjected
				}
				return call(ctx, fn)
			}}, failAfter(at, "after "+at))
	}
	return out, nil
}

func failAfter(at, name string) trial {
	return trial{name: name, state: saga.Failed,
		disturb: func(ctx context.Context, _ *examination, step string, undo bool, fn func(context.Context) error) (bool, error) {
			if step != at || undo {
				return call(ctx, fn)
			}
			if err := fn(ctx); err != nil {
				return true, err
			}
			return true, errInjected
		}}
}

// repeatEveryUndo needs one trial: when the last step fails, all are undone.
func repeatEveryUndo(steps known) ([]trial, error) {
	undone, err := steps.undone()
	if err != nil {
		return nil, err
	}
	fail := failAfter(steps.last(), strings.Join(undone, ", "))
	failing := fail.disturb
	fail.disturb = func(ctx context.Context, x *examination, step string, undo bool, fn func(context.Context) error) (bool, error) {
		if undo {
			return twice(ctx, fn)
		}
		return failing(ctx, x, step, undo, fn)
	}
	return []trial{fail}, nil
}

func crashAtEveryUndo(steps known) ([]trial, error) {
	undone, err := steps.undone()
	var out []trial
	for _, at := range undone {
		fail := failAfter(steps.last(), at)
		failing := fail.disturb
		fail.crash = true
		fail.disturb = func(ctx context.Context, x *examination, step string, undo bool, fn func(context.Context) error) (bool, error) {
			switch {
			case !undo:
				return failing(ctx, x, step, undo, fn)
			case step == at:
				return x.crashOnce(ctx, fn)
			}
			return call(ctx, fn)
		}
		out = append(out, fail)
	}
	return out, err
}

func crashAtEveryDo(steps known) ([]trial, error) {
	var out []trial
	for _, at := range steps.done {
		out = append(out, trial{name: at, state: saga.Succeeded, crash: true,
			disturb: func(ctx context.Context, x *examination, step string, undo bool, fn func(context.Context) error) (bool, error) {
				if step == at && !undo {
					return x.crashOnce(ctx, fn)
				}
				return call(ctx, fn)
			}})
	}
	return out, nil
}

// known is what an undisturbed run and a failed one have shown of a saga.
type known struct {
	done   []string // steps with a Do, in order
	undone func() ([]string, error)
	after  any // the world when all went well
}

func (k known) last() string { return k.done[len(k.done)-1] }

// law makes the trials that prove it for a saga.
type law func(steps known) ([]trial, error)

// prove runs the trials of a law, each in a world of its own.
func prove(t *testing.T, name string, setup Setup, l law) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		steps, err := explore(t, setup)
		if err != nil {
			t.Fatal(err)
		}
		trials, err := l(steps)
		if err != nil {
			t.Fatal(err)
		}
		for _, tr := range trials {
			t.Run(tr.name, func(t *testing.T) {
				t.Parallel()
				if err := examine(t, setup, tr, steps.after); err != nil {
					t.Error(err)
				}
			})
		}
	})
}

// explore runs the scenario to see what its steps are, and what the world is afterwards.
func explore(t testing.TB, setup Setup) (k known, err error) {
	ctx := authz.System(t.Context())
	x := newExamination(t, setup, trial{
		disturb: func(ctx context.Context, _ *examination, step string, _ bool, fn func(context.Context) error) (bool, error) {
			k.done = append(k.done, step)
			return call(ctx, fn)
		}})
	op, err := x.run(ctx)
	if err != nil {
		return k, err
	}
	if op.State != saga.Succeeded {
		return k, fmt.Errorf("undisturbed, the operation is %s: %w", op.State, op.Failure)
	}
	if len(k.done) == 0 {
		return k, errors.New("no step of the saga does anything: there is nothing to prove")
	}
	k.after, err = x.scenario.World(ctx)
	k.undone = func() ([]string, error) { return exploreUndo(t, setup, k.last()) }
	return k, err
}

// exploreUndo runs the scenario with a failure of the last step, to see which steps have an undo.
func exploreUndo(t testing.TB, setup Setup, last string) (undone []string, err error) {
	fail := failAfter(last, "")
	failing := fail.disturb
	fail.disturb = func(ctx context.Context, x *examination, step string, undo bool, fn func(context.Context) error) (bool, error) {
		if undo {
			undone = append(undone, step)
		}
		return failing(ctx, x, step, undo, fn)
	}
	if _, err := newExamination(t, setup, fail).run(authz.System(t.Context())); err != nil {
		return nil, err
	}
	if len(undone) == 0 {
		return nil, errors.New("no step of the saga has an undo: there is nothing to prove")
	}
	return undone, nil
}

// examination is a trial of a scenario.
type examination struct {
	Bench
	queue     *Queue
	scenario  Scenario
	trial     trial
	disturbed bool
	crashed   bool
	operation string
}

func newExamination(t testing.TB, setup Setup, tr trial) *examination {
	x := &examination{queue: &Queue{}, trial: tr}
	x.DB = dbtest.New(t)
	x.Engine = saga.New(saga.Deps{DB: x.DB, Jobs: x.queue, Options: saga.Options{
		Around: func(ctx context.Context, r *saga.Run, step string, undo bool, fn func(context.Context) error) error {
			x.operation = r.OperationID
			disturbed, err := x.trial.disturb(ctx, x, step, undo, fn)
			x.disturbed = x.disturbed || disturbed
			return err
		},
	}})
	x.scenario = setup(t, x.Bench)
	return x
}

// crashOnce is a node that ends after fn, the first time: a runner whose fence is gone cannot note anything any more.
func (x *examination) crashOnce(ctx context.Context, fn func(context.Context) error) (bool, error) {
	if err := fn(ctx); err != nil || x.crashed {
		return false, err
	}
	x.crashed = true
	_, err := x.DB.Pool().Exec(ctx, "UPDATE operation SET fence = fence + 1 WHERE id = $1", x.operation)
	return true, err
}

// run brings the operation to its end.
func (x *examination) run(ctx context.Context) (saga.Operation, error) {
	operationID, err := x.scenario.Start(ctx)
	if err != nil {
		return saga.Operation{}, fmt.Errorf("start: %w", err)
	}
	for range enough {
		if err := x.queue.Drain(ctx); err != nil {
			return saga.Operation{}, err
		}
		op, err := x.Engine.Get(ctx, operationID)
		if err != nil || op.Ended() {
			return op, err
		}
		// Its node has ended in the middle of it: another takes over.
		if err := x.queue.Insert(ctx, operationID); err != nil {
			return op, err
		}
	}
	return saga.Operation{}, errEndless
}

// examine makes one trial. after is the world of an undisturbed run.
func examine(t testing.TB, setup Setup, tr trial, after any) error {
	ctx := authz.System(t.Context())
	x := newExamination(t, setup, tr)
	before, err := x.scenario.World(ctx)
	if err != nil {
		return err
	}
	op, err := x.run(ctx)
	if err != nil {
		return err
	}
	if !x.disturbed || x.crashed != tr.crash {
		return errors.New("the trial never came to its step")
	}
	if op.State != tr.state || op.NeedsAttention {
		return fmt.Errorf("the operation is %s (needs attention: %t, %v), want %s", op.State, op.NeedsAttention, op.Failure, tr.state) //nolint:errorlint // told, not handed on, and often nil
	}
	want := after
	if tr.state == saga.Failed {
		want = before
	}
	got, err := x.scenario.World(ctx)
	if err != nil {
		return err
	}
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("the world is\n%s\nwant\n%s", show(got), show(want))
	}
	return nil
}

func show(v any) string {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Sprintf("%#v", v)
	}
	return string(b)
}
