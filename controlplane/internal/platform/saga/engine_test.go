package saga_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
	"github.com/demarc/demarc/controlplane/internal/platform/jobs"
	"github.com/demarc/demarc/controlplane/internal/platform/obs"
	"github.com/demarc/demarc/controlplane/internal/platform/requestid"
	"github.com/demarc/demarc/controlplane/internal/platform/saga"
	"github.com/demarc/demarc/controlplane/internal/platform/saga/sagatest"
)

// bench is an engine whose queue works when the test says so.
type bench struct {
	*saga.Engine
	db    *db.DB
	queue *sagatest.Queue
	log   *logged
}

func newBench(t *testing.T, o saga.Options, definitions ...saga.Definition) *bench {
	t.Helper()
	b := &bench{db: dbtest.New(t), queue: &sagatest.Queue{}, log: &logged{}}
	b.Engine = saga.New(saga.Deps{DB: b.db, Jobs: b.queue, Log: slog.New(slog.NewTextHandler(b.log, nil)), Options: o})
	for _, d := range definitions {
		b.Register(d)
	}
	return b
}

// logged keeps what is logged.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// begin starts an operation in a transaction of its own.
func begin(t *testing.T, d *db.DB, e *saga.Engine, action string, input any) string {
	t.Helper()
	var operationID string
	err := d.InTx(t.Context(), func(ctx context.Context) (err error) {
		operationID, err = e.Start(ctx, saga.Start{Action: action, TargetKind: "thing", TargetID: id.New("thing"),
			BillingEntityID: "be_1", RequestedBy: "owner", RequestID: "req_1", Input: input})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return operationID
}

// carryOut starts an operation and brings it to its end.
func (b *bench) carryOut(t *testing.T, action string, input any) saga.Operation {
	t.Helper()
	operationID := begin(t, b.db, b.Engine, action, input)
	b.drain(t)
	return b.get(t, operationID)
}

func (b *bench) drain(t *testing.T) {
	t.Helper()
	if err := b.queue.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (b *bench) get(t *testing.T, operationID string) saga.Operation {
	t.Helper()
	op, err := b.Get(t.Context(), operationID)
	if err != nil {
		t.Fatal(err)
	}
	return op
}

// steps reads name, state and attempts of an operation's steps.
func (b *bench) steps(t *testing.T, operationID string) []string {
	t.Helper()
	rows, err := b.db.Pool().Query(t.Context(), "SELECT name, state, attempts FROM operation_step WHERE operation_id = $1 ORDER BY ordinal", operationID)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var name, state string
		var attempts int
		if err := rows.Scan(&name, &state, &attempts); err != nil {
			t.Fatal(err)
		}
		out = append(out, fmt.Sprintf("%s %s %d", name, state, attempts))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// journal notes what steps did.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) note(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}

func (j *journal) all() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.lines)
}

func (j *journal) count(line string) int {
	n := 0
	for _, l := range j.all() {
		if l == line {
			n++
		}
	}
	return n
}

// step notes its Do and Undo, which end with the errors given.
func (j *journal) step(name string, do, undo func() error) saga.Step {
	run := func(line string, fn func() error) func(context.Context, *saga.Run) error {
		return func(context.Context, *saga.Run) error {
			j.note(line)
			if fn == nil {
				return nil
			}
			return fn()
		}
	}
	return saga.Step{Name: name, Do: run("do "+name, do), Undo: run("undo "+name, undo)}
}

// hooked adds the hooks, which note how it ended.
func (j *journal) hooked(d saga.Definition) saga.Definition {
	d.Done = func(context.Context, *saga.Run) error { j.note("done"); return nil }
	d.Failed = func(_ context.Context, _ *saga.Run, cause error) error {
		j.note("failed: " + cause.Error())
		return nil
	}
	return d
}

type passing struct{ text string }

func (p passing) Error() string { return p.text }
func (passing) Temporary() bool { return true }

// failing answers errors in turn, and then nil.
func failing(errs ...error) func() error {
	var mu sync.Mutex
	return func() error {
		mu.Lock()
		defer mu.Unlock()
		if len(errs) == 0 {
			return nil
		}
		err := errs[0]
		errs = errs[1:]
		return err
	}
}

func always(err error) func() error { return func() error { return err } }

func wantLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestStepsRunInOrderAndPassOnTheirState(t *testing.T) {
	t.Parallel()
	type state struct{ Input, Made string }
	var seen state
	var ctxRequest string
	var ctxAttrs []slog.Attr
	j := &journal{}
	b := newBench(t, saga.Options{}, saga.Definition{
		Action: "thing.create",
		Steps: []saga.Step{
			{Name: "first", Do: func(ctx context.Context, r *saga.Run) error {
				if _, err := authz.From(ctx); err != nil {
					return err
				}
				ctxRequest, ctxAttrs = requestid.From(ctx), obs.Attrs(ctx)
				var s state
				if err := r.Load(&s); err != nil {
					return err
				}
				s.Made = "disk of " + r.TargetID
				return r.Save(s)
			}},
			{Name: "second", Do: func(_ context.Context, r *saga.Run) error { return r.Load(&seen) }},
		},
		Done: func(_ context.Context, r *saga.Run) error { j.note("done " + r.TargetID); return nil },
	})
	op := b.carryOut(t, "thing.create", state{Input: "in"})
	if op.State != saga.Succeeded || op.CompletedSteps != 2 || op.TotalSteps != 2 || op.CurrentStep != nil || op.Failure != nil {
		t.Errorf("got %+v", op)
	}
	if op.StartedAt == nil || op.FinishedAt == nil || op.FinishedAt.Before(*op.StartedAt) || op.StartedAt.Before(op.CreatedAt) {
		t.Errorf("times: created %v, started %v, finished %v", op.CreatedAt, op.StartedAt, op.FinishedAt)
	}
	if want := (state{"in", "disk of " + op.TargetID}); seen != want {
		t.Errorf("second saw %+v, want %+v", seen, want)
	}
	if ctxRequest != "req_1" || len(ctxAttrs) != 2 {
		t.Errorf("the step's context has request %q and attributes %v", ctxRequest, ctxAttrs)
	}
	wantLines(t, j.all(), "done "+op.TargetID)
	wantLines(t, b.steps(t, op.ID), "first done 1", "second done 1")
}

func TestOperationWithoutStepsSucceeds(t *testing.T) {
	t.Parallel()
	j := &journal{}
	b := newBench(t, saga.Options{}, j.hooked(saga.Definition{Action: "thing.touch"}))
	if op := b.carryOut(t, "thing.touch", nil); op.State != saga.Succeeded {
		t.Errorf("got %+v", op)
	}
	wantLines(t, j.all(), "done")
}

func TestFailureUndoesInReverse(t *testing.T) {
	t.Parallel()
	j := &journal{}
	cause := errors.New("the disk is on fire")
	b := newBench(t, saga.Options{}, j.hooked(saga.Definition{Action: "thing.create", Steps: []saga.Step{
		j.step("a", nil, nil), {Name: "b", Do: func(context.Context, *saga.Run) error { j.note("do b"); return nil }},
		j.step("c", always(cause), nil), j.step("d", nil, nil),
	}}))
	op := b.carryOut(t, "thing.create", nil)
	if op.State != saga.Failed || op.NeedsAttention || op.CompletedSteps != 2 || *op.CurrentStep != "c" {
		t.Errorf("got %+v", op)
	}
	detail := "something went wrong inside; its cause is in the log under " + op.ID
	if op.Failure.Code != saga.CodeInternal || op.Failure.Detail != detail {
		t.Errorf("failure is %+v", op.Failure)
	}
	wantLines(t, j.all(), "do a", "do b", "do c", "undo c", "undo a", "failed: "+detail)
	wantLines(t, b.steps(t, op.ID), "a undone 1", "b undone 1", "c undone 1", "d pending 0")
	if !strings.Contains(b.log.String(), "the disk is on fire") {
		t.Error("the cause is not in the log")
	}
}

func TestWhatTheUserIsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cause        error
		code, detail string // an empty detail is the opaque one
	}{
		"opaque":           {errors.New("pq: secret host"), saga.CodeInternal, ""},
		"fault":            {fmt.Errorf("wrapped: %w", fault.Conflictf("limit_reached", "no room")), "limit_reached", "no room"},
		"fault with cause": {&fault.Error{Kind: fault.Conflict, Code: "x", Detail: "y", Cause: errors.New("hidden")}, "x", "y"},
		"internal fault":   {&fault.Error{Kind: fault.Internal, Code: "internal", Detail: "hidden"}, saga.CodeInternal, ""},
		"fields":           {fault.Invalidf("/size_gib", "shrink", "cannot shrink"), "invalid", "1 field is wrong; /size_gib cannot shrink"},
		"public":           {fmt.Errorf("hidden: %w", public{}), "failed", "the image is broken"},
		"public with code": {publicWithCode{}, "image_broken", "the image is broken"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := &journal{}
			b := newBench(t, saga.Options{}, saga.Definition{Action: "thing.create", Steps: []saga.Step{j.step("a", always(c.cause), nil)}})
			op := b.carryOut(t, "thing.create", nil)
			if c.detail == "" {
				c.detail = "something went wrong inside; its cause is in the log under " + op.ID
			}
			if op.Failure == nil || op.Failure.Code != c.code || op.Failure.Detail != c.detail {
				t.Errorf("got %+v, want %s: %s", op.Failure, c.code, c.detail)
			}
		})
	}
}

type public struct{}

func (public) Error() string  { return "hidden" }
func (public) Public() string { return "the image is broken" }

type publicWithCode struct{ public }

func (publicWithCode) Code() string { return "image_broken" }

func TestTemporaryErrorsAreTriedAgain(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"says so":     passing{"busy"},
		"wrapped":     fmt.Errorf("host: %w", passing{"busy"}),
		"unavailable": &fault.Error{Kind: fault.Unavailable, Code: "unavailable"},
		"network":     &net.OpError{Op: "dial", Err: errors.New("connection refused")},
		"cut off":     fmt.Errorf("read: %w", io.ErrUnexpectedEOF),
		"deadline":    context.DeadlineExceeded,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := &journal{}
			// A runner that comes back later has not crashed.
			b := newBench(t, saga.Options{MaxCrashes: 1}, j.hooked(saga.Definition{Action: "thing.create", Steps: []saga.Step{
				j.step("a", failing(err, err), nil),
			}}))
			op := b.carryOut(t, "thing.create", nil)
			if op.State != saga.Succeeded {
				t.Errorf("got %+v", op)
			}
			wantLines(t, j.all(), "do a", "do a", "do a", "done")
			wantLines(t, b.steps(t, op.ID), "a done 3")
		})
	}
}

// waiting says that something else has to end first.
type waiting struct{}

func (waiting) Error() string { return "another one has not ended" }
func (waiting) Waits() bool   { return true }

// To wait is no failure: it takes nothing of the attempts that a step has.
func TestAStepThatWaits(t *testing.T) {
	t.Parallel()
	var first []error
	for range 10 {
		first = append(first, fmt.Errorf("machine: %w", waiting{}))
	}
	j := &journal{}
	b := newBench(t, saga.Options{Attempts: 2, MaxCrashes: 1, Backoff: time.Millisecond, MaxBackoff: 2 * time.Millisecond},
		j.hooked(saga.Definition{Action: "thing.create", Steps: []saga.Step{j.step("a", failing(append(first, passing{"busy"})...), nil)}}))
	op := b.carryOut(t, "thing.create", nil)
	if op.State != saga.Succeeded {
		t.Errorf("got %+v", op)
	}
	wantLines(t, b.steps(t, op.ID), "a done 12")
}

func TestTemporaryErrorsEndInAFailure(t *testing.T) {
	t.Parallel()
	j := &journal{}
	b := newBench(t, saga.Options{Attempts: 3}, j.hooked(saga.Definition{Action: "thing.create", Steps: []saga.Step{
		j.step("a", nil, nil), j.step("b", always(passing{"busy"}), nil),
	}}))
	op := b.carryOut(t, "thing.create", nil)
	if op.State != saga.Failed {
		t.Errorf("got %+v", op)
	}
	wantLines(t, j.all()[:6], "do a", "do b", "do b", "do b", "undo b", "undo a")
	if got := b.steps(t, op.ID); got[1] != "b undone 3" {
		t.Errorf("steps are %q", got)
	}
}

// notTemporary says of itself that it is permanent, whatever is in it.
type notTemporary struct{ error }

func (notTemporary) Temporary() bool { return false }
func (n notTemporary) Unwrap() error { return n.error }

func TestAnErrorThatSaysItIsPermanentIsBelieved(t *testing.T) {
	t.Parallel()
	j := &journal{}
	b := newBench(t, saga.Options{}, saga.Definition{Action: "thing.create", Steps: []saga.Step{
		j.step("a", always(notTemporary{passing{"busy"}}), nil),
	}})
	b.carryOut(t, "thing.create", nil)
	wantLines(t, j.all(), "do a", "undo a")
}

func TestPausesBetweenAttemptsDouble(t *testing.T) {
	t.Parallel()
	j := &journal{}
	b := newBench(t, saga.Options{Attempts: 5, Backoff: 8 * time.Second, MaxBackoff: 30 * time.Second}, saga.Definition{
		Action: "thing.create", Steps: []saga.Step{j.step("a", always(passing{"busy"}), nil)}})
	operationID := begin(t, b.db, b.Engine, "thing.create", nil)
	for _, mean := range []time.Duration{8 * time.Second, 16 * time.Second, 30 * time.Second, 30 * time.Second} {
		after, ok := jobs.After(b.Work(t.Context(), operationID))
		if !ok || after < mean*3/4 || after > mean*5/4 {
			t.Errorf("pause is %v, want about %v", after, mean)
		}
	}
	if err := b.Work(t.Context(), operationID); err != nil {
		t.Errorf("after the last attempt: %v", err)
	}
	if op := b.get(t, operationID); op.State != saga.Failed {
		t.Errorf("got %+v", op)
	}
}

func TestStepTimeoutIsTemporary(t *testing.T) {
	t.Parallel()
	var calls int
	b := newBench(t, saga.Options{StepTimeout: 10 * time.Millisecond}, saga.Definition{Action: "thing.create", Steps: []saga.Step{
		{Name: "a", Do: func(ctx context.Context, r *saga.Run) error {
			if calls++; r.Attempt < 3 {
				<-ctx.Done()
				return errors.New("killed")
			}
			return nil
		}},
	}})
	if op := b.carryOut(t, "thing.create", nil); op.State != saga.Succeeded || calls != 3 {
		t.Errorf("%d calls, got %+v", calls, op)
	}
}

// The time of the whole runner, unlike a stopping node, counts against the step.
func TestTimeoutOfTheRunnerIsAFailure(t *testing.T) {
	t.Parallel()
	calls := 0
	b := newBench(t, saga.Options{Attempts: 1}, saga.Definition{Action: "thing.create", Steps: []saga.Step{
		{Name: "a", Do: func(ctx context.Context, _ *saga.Run) error { calls++; <-ctx.Done(); return ctx.Err() }},
	}})
	operationID := begin(t, b.db, b.Engine, "thing.create", nil)
	// It has to have begun by then; where the machine is too slow for that it is begun again.
	for timeout := 50 * time.Millisecond; calls == 0; timeout *= 2 {
		ctx, cancel := context.WithTimeout(t.Context(), timeout)
		err := b.Work(ctx, operationID)
		cancel()
		if _, again := jobs.After(err); !again && calls > 0 {
			t.Fatalf("the runner ended with %v", err)
		}
	}
	b.drain(t)
	if op := b.get(t, operationID); op.State != saga.Failed || calls != 1 {
		t.Errorf("%d calls, got %+v", calls, op)
	}
}

func TestJobOfNoOperationIsDropped(t *testing.T) {
	t.Parallel()
	b := newBench(t, saga.Options{})
	if err := b.Work(t.Context(), id.New(saga.Prefix)); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestPanicIsAFailure(t *testing.T) {
	t.Parallel()
	j := &journal{}
	b := newBench(t, saga.Options{}, j.hooked(saga.Definition{Action: "thing.create", Steps: []saga.Step{
		j.step("a", nil, nil), j.step("b", func() error { panic("out of cheese") }, nil),
	}}))
	op := b.carryOut(t, "thing.create", nil)
	if op.State != saga.Failed || op.Failure.Code != saga.CodeInternal {
		t.Errorf("got %+v", op)
	}
	wantLines(t, j.all()[:4], "do a", "do b", "undo b", "undo a")
	if log := b.log.String(); !strings.Contains(log, "out of cheese") || !strings.Contains(log, "engine_test.go") {
		t.Error("the panic and its stack are not in the log")
	}
}

func TestUndoIsTriedAgain(t *testing.T) {
	t.Parallel()
	j := &journal{}
	b := newBench(t, saga.Options{}, saga.Definition{Action: "thing.create", Steps: []saga.Step{
		j.step("a", nil, failing(errors.New("x"), passing{"y"})), j.step("b", always(errors.New("broken")), nil),
	}})
	op := b.carryOut(t, "thing.create", nil)
	if op.State != saga.Failed || op.NeedsAttention {
		t.Errorf("got %+v", op)
	}
	wantLines(t, j.all(), "do a", "do b", "undo b", "undo a", "undo a", "undo a")
	wantLines(t, b.steps(t, op.ID), "a undone 1", "b undone 1")
}

func TestUndoThatFailsForGoodNeedsAttention(t *testing.T) {
	t.Parallel()
	j := &journal{}
	b := newBench(t, saga.Options{Attempts: 2}, j.hooked(saga.Definition{Action: "thing.create", Steps: []saga.Step{
		j.step("a", nil, nil), j.step("b", nil, always(errors.New("stuck"))),
		j.step("c", always(fault.Conflictf("no_room", "there is no room")), nil),
	}}))
	op := b.carryOut(t, "thing.create", nil)
	if op.State != saga.Failed || !op.NeedsAttention || op.Failure.Code != "no_room" {
		t.Errorf("got %+v", op)
	}
	want := "there is no room; undoing step b failed: something went wrong inside; its cause is in the log under " + op.ID
	if op.Failure.Detail != want {
		t.Errorf("detail is %q, want %q", op.Failure.Detail, want)
	}
	// What b stands on is left alone.
	wantLines(t, j.all(), "do a", "do b", "do c", "undo c", "undo b", "undo b", "failed: "+want)
	wantLines(t, b.steps(t, op.ID), "a done 1", "b undoing 1", "c undone 1")
}

func TestCancelOfAPendingOperation(t *testing.T) {
	t.Parallel()
	j := &journal{}
	b := newBench(t, saga.Options{}, j.hooked(saga.Definition{Action: "thing.create", Steps: []saga.Step{j.step("a", nil, nil)}}))
	operationID := begin(t, b.db, b.Engine, "thing.create", nil)
	op, err := b.Cancel(t.Context(), operationID)
	if err != nil || !op.CancelRequested || op.State != saga.Pending {
		t.Fatalf("got %+v, %v", op, err)
	}
	if again, err := b.Cancel(t.Context(), operationID); err != nil || !again.CancelRequested {
		t.Errorf("the second cancel: %+v, %v", again, err)
	}
	b.drain(t)
	op = b.get(t, operationID)
	if op.State != saga.Cancelled || op.Failure.Code != saga.CodeCancelled || !errors.Is(op.Failure, saga.ErrCancelled) {
		t.Errorf("got %+v", op)
	}
	wantLines(t, j.all(), "failed: it was cancelled")
	if _, err := b.Cancel(t.Context(), operationID); !fault.IsCode(err, "wrong_state") {
		t.Errorf("cancel of an ended operation: %v", err)
	}
	if _, err := b.Cancel(t.Context(), id.New(saga.Prefix)); !fault.IsCode(err, "not_found") {
		t.Errorf("cancel of no operation: %v", err)
	}
}

func TestCancelBetweenSteps(t *testing.T) {
	t.Parallel()
	j := &journal{}
	var b *bench
	var cause error
	b = newBench(t, saga.Options{}, saga.Definition{Action: "thing.create",
		Steps: []saga.Step{
			j.step("a", nil, nil),
			{Name: "b",
				Do: func(ctx context.Context, r *saga.Run) error {
					_, err := b.Cancel(ctx, r.OperationID)
					return err
				},
				Undo: func(context.Context, *saga.Run) error { j.note("undo b"); return nil }},
			j.step("c", nil, nil),
		},
		Failed: func(_ context.Context, _ *saga.Run, err error) error { cause = err; return nil },
	})
	op := b.carryOut(t, "thing.create", nil)
	if op.State != saga.Cancelled || op.CurrentStep != nil || !errors.Is(cause, saga.ErrCancelled) {
		t.Errorf("cause %v, got %+v", cause, op)
	}
	wantLines(t, j.all(), "do a", "undo b", "undo a")
}

func TestCancelDuringTheLastStepIsHonoured(t *testing.T) {
	t.Parallel()
	j := &journal{}
	var b *bench
	b = newBench(t, saga.Options{}, j.hooked(saga.Definition{Action: "thing.create", Steps: []saga.Step{
		{Name: "a",
			Do: func(ctx context.Context, r *saga.Run) error {
				_, err := b.Cancel(ctx, r.OperationID)
				return err
			},
			Undo: func(context.Context, *saga.Run) error { j.note("undo a"); return nil }},
	}}))
	if op := b.carryOut(t, "thing.create", nil); op.State != saga.Cancelled {
		t.Errorf("got %+v", op)
	}
	wantLines(t, j.all(), "undo a", "failed: it was cancelled")
}

// watched is a clock that says when it is asked.
type watched struct {
	clock.Clock
	asked func()
}

func (w watched) Now() time.Time {
	w.asked()
	return w.Clock.Now()
}

// A cancel that comes after the last look at it, and before the closing, is not overlooked.
func TestCancelOvertakesTheClosing(t *testing.T) {
	t.Parallel()
	j := &journal{}
	d := j.hooked(saga.Definition{Action: "thing.touch"})
	b := newBench(t, saga.Options{}, d)
	operationID := begin(t, b.db, b.Engine, "thing.touch", nil)
	e := saga.New(saga.Deps{DB: b.db, Jobs: &sagatest.Queue{}, Clock: watched{clock.Real(), func() {
		op := b.get(t, operationID)
		if op.State != saga.Running || op.CancelRequested {
			return
		}
		if _, err := b.Cancel(t.Context(), operationID); err != nil {
			t.Error(err)
		}
	}}})
	e.Register(d)
	if err := e.Work(t.Context(), operationID); err != nil {
		t.Fatal(err)
	}
	if op := b.get(t, operationID); op.State != saga.Cancelled {
		t.Errorf("got %+v", op)
	}
	wantLines(t, j.all(), "failed: it was cancelled")
}

func TestErrorOfDoneUndoes(t *testing.T) {
	t.Parallel()
	j := &journal{}
	d := j.hooked(saga.Definition{Action: "thing.create", Steps: []saga.Step{j.step("a", nil, nil)}})
	errs := failing(passing{"busy"}, errors.New("no"))
	d.Done = func(context.Context, *saga.Run) error { j.note("done"); return errs() }
	b := newBench(t, saga.Options{}, d)
	op := b.carryOut(t, "thing.create", nil)
	if op.State != saga.Failed {
		t.Errorf("got %+v", op)
	}
	wantLines(t, j.all()[:4], "do a", "done", "done", "undo a")
}

func TestHooksAreInTheClosingTransaction(t *testing.T) {
	t.Parallel()
	j := &journal{}
	var b *bench
	write := func(ctx context.Context, what string) error {
		return b.db.Conn(ctx).Exec("INSERT INTO river_queue (name, created_at, updated_at) VALUES (?, now(), now())", what).Error
	}
	d := saga.Definition{Action: "thing.create", Steps: []saga.Step{j.step("a", nil, nil)}}
	d.Done = func(ctx context.Context, _ *saga.Run) error {
		if err := write(ctx, "by_done"); err != nil {
			return err
		}
		return errors.New("and yet not")
	}
	d.Failed = func(ctx context.Context, r *saga.Run, _ error) error {
		if r.TargetID == "" {
			return errors.New("no target")
		}
		return write(ctx, "by_failed")
	}
	b = newBench(t, saga.Options{}, d)
	if op := b.carryOut(t, "thing.create", nil); op.State != saga.Failed || op.NeedsAttention {
		t.Errorf("got %+v", op)
	}
	var names []string
	if err := b.db.Conn(t.Context()).Raw("SELECT name FROM river_queue WHERE name LIKE 'by_%'").Scan(&names).Error; err != nil {
		t.Fatal(err)
	}
	wantLines(t, names, "by_failed")
}

func TestErrorOfFailedNeedsAttentionButEnds(t *testing.T) {
	t.Parallel()
	j := &journal{}
	d := saga.Definition{Action: "thing.create", Steps: []saga.Step{j.step("a", always(errors.New("no")), nil)}}
	var calls int
	d.Failed = func(context.Context, *saga.Run, error) error { calls++; return errors.New("cannot write") }
	b := newBench(t, saga.Options{Attempts: 3}, d)
	op := b.carryOut(t, "thing.create", nil)
	if op.State != saga.Failed || !op.NeedsAttention || calls != 3 {
		t.Errorf("%d calls, got %+v", calls, op)
	}
	if !strings.HasSuffix(op.Failure.Detail, "; what became of the object could not be written") {
		t.Errorf("detail is %q", op.Failure.Detail)
	}
}

func TestStartNeedsATransaction(t *testing.T) {
	t.Parallel()
	b := newBench(t, saga.Options{}, saga.Definition{Action: "thing.create"})
	if _, err := b.Start(t.Context(), saga.Start{Action: "thing.create"}); !errors.Is(err, saga.ErrNoTransaction) {
		t.Errorf("got %v", err)
	}
}

func TestStartOfWhatIsNotDefined(t *testing.T) {
	t.Parallel()
	b := newBench(t, saga.Options{})
	err := b.db.InTx(t.Context(), func(ctx context.Context) error {
		_, err := b.Start(ctx, saga.Start{Action: "thing.create"})
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "not defined") {
		t.Errorf("got %v", err)
	}
}

func TestOnlyOneOperationOnAnObject(t *testing.T) {
	t.Parallel()
	b := newBench(t, saga.Options{}, saga.Definition{Action: "thing.create"})
	start := saga.Start{Action: "thing.create", TargetKind: "thing", TargetID: id.New("thing")}
	var first string
	err := b.db.InTx(t.Context(), func(ctx context.Context) (err error) {
		if first, err = b.Start(ctx, start); err != nil {
			return err
		}
		_, err = b.Start(ctx, start)
		if f := fault.As(err); f == nil || f.Code != "operation_in_progress" || f.OperationID != first {
			t.Errorf("the second: %v", err)
		}
		return nil // the transaction is still good
	})
	if err != nil {
		t.Fatal(err)
	}
	b.drain(t)
	if op := b.get(t, first); op.State != saga.Succeeded {
		t.Errorf("got %+v", op)
	}
	if err := b.db.InTx(t.Context(), func(ctx context.Context) error { _, err := b.Start(ctx, start); return err }); err != nil {
		t.Errorf("after the first has ended: %v", err)
	}
}

// A runner that was thought dead comes back while another is at work: it must not write anything.
func TestStaleRunnerLoses(t *testing.T) {
	t.Parallel()
	type gate struct{ inside, release chan struct{} }
	newGate := func() gate { return gate{make(chan struct{}), make(chan struct{})} }
	pass := func(g gate) { close(g.inside); <-g.release }
	first, second := newGate(), newGate()
	var taken sync.Map
	j := &journal{}
	b := newBench(t, saga.Options{}, j.hooked(saga.Definition{Action: "thing.create", Steps: []saga.Step{
		{Name: "a", Do: func(_ context.Context, r *saga.Run) error {
			if _, again := taken.LoadOrStore("a", true); again {
				return r.Save("by the second")
			}
			pass(first)
			return r.Save("by the first")
		}},
		{Name: "b", Do: func(_ context.Context, r *saga.Run) error {
			pass(second)
			var who string
			err := r.Load(&who)
			j.note(who)
			return err
		}},
	}}))
	operationID := begin(t, b.db, b.Engine, "thing.create", nil)
	work := func() <-chan error {
		done := make(chan error, 1)
		go func() { done <- b.Work(t.Context(), operationID) }()
		return done
	}
	stale := work()
	<-first.inside
	present := work()
	<-second.inside
	close(first.release)
	if err := <-stale; err != nil {
		t.Errorf("the stale runner ended with %v", err)
	}
	wantLines(t, b.steps(t, operationID), "a done 2", "b running 1")
	close(second.release)
	if err := <-present; err != nil {
		t.Errorf("the present runner ended with %v", err)
	}
	wantLines(t, j.all(), "by the second", "done")
	if op := b.get(t, operationID); op.State != saga.Succeeded || op.CompletedSteps != 2 {
		t.Errorf("got %+v", op)
	}
	if !strings.Contains(b.log.String(), "taken by another runner") {
		t.Error("the stale runner was not noticed")
	}
}

func TestLongOperationIsHandedOver(t *testing.T) {
	t.Parallel()
	j := &journal{}
	b := newBench(t, saga.Options{})
	fake := clock.Frozen(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	e := saga.New(saga.Deps{DB: b.db, Jobs: b.queue, Clock: fake, Options: saga.Options{HandOver: 4 * time.Second, MaxCrashes: 1}})
	e.Register(saga.Definition{Action: "thing.create", Steps: []saga.Step{
		j.step("a", func() error { fake.Advance(5 * time.Second); return nil }, nil), j.step("b", nil, nil),
	}})
	operationID := begin(t, b.db, e, "thing.create", nil)
	if after, ok := jobs.After(e.Work(t.Context(), operationID)); !ok || after != 0 {
		t.Errorf("a runner that took long was not handed over")
	}
	wantLines(t, b.steps(t, operationID), "a done 1", "b pending 0")
	if err := e.Work(t.Context(), operationID); err != nil {
		t.Error(err)
	}
	wantLines(t, b.steps(t, operationID), "a done 1", "b done 1")
}

func TestInterruptedStepIsNoFailure(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	first := true
	j := &journal{}
	b := newBench(t, saga.Options{Attempts: 1, MaxCrashes: 1}, saga.Definition{Action: "thing.create", Steps: []saga.Step{
		{Name: "a",
			Do: func(ctx context.Context, _ *saga.Run) error {
				if !first {
					return nil
				}
				first = false
				stop()
				<-ctx.Done()
				return ctx.Err()
			},
			Undo: func(context.Context, *saga.Run) error { j.note("undone"); return nil }},
	}})
	operationID := begin(t, b.db, b.Engine, "thing.create", nil)
	if _, again := jobs.After(b.Work(ctx, operationID)); !again {
		t.Error("the interrupted runner did not hand over")
	}
	b.drain(t)
	if op := b.get(t, operationID); op.State != saga.Succeeded || len(j.all()) > 0 {
		t.Errorf("undone: %q, got %+v", j.all(), op)
	}
	wantLines(t, b.steps(t, operationID), "a done 1")
}

// crash makes the runner of an operation unable to write, as if its node had ended.
func crash(ctx context.Context, d *db.DB, operationID string) error {
	_, err := d.Pool().Exec(ctx, "UPDATE operation SET fence = fence + 1 WHERE id = $1", operationID)
	return err
}

func TestOperationThatEndsItsNodesIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, inUndo := range map[string]bool{"do": false, "undo": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := &journal{}
			var b *bench
			fatal := func(ctx context.Context, r *saga.Run) error { j.note("crash"); return crash(ctx, b.db, r.OperationID) }
			a := saga.Step{Name: "a", Do: fatal}
			if inUndo {
				a = saga.Step{Name: "a", Do: func(context.Context, *saga.Run) error { return errors.New("no") }, Undo: fatal}
			}
			b = newBench(t, saga.Options{MaxCrashes: 3}, j.hooked(saga.Definition{Action: "thing.create", Steps: []saga.Step{a}}))
			operationID := begin(t, b.db, b.Engine, "thing.create", nil)
			for range 10 {
				if err := b.Work(t.Context(), operationID); err != nil {
					t.Fatal(err)
				}
			}
			op := b.get(t, operationID)
			if op.State != saga.Failed || op.NeedsAttention != inUndo || j.count("crash") != 3 {
				t.Errorf("%q, got %+v", j.all(), op)
			}
		})
	}
}

// While nodes of two versions run, one may meet an operation that only the other knows.
func TestUnknownActionIsLeftToOthers(t *testing.T) {
	t.Parallel()
	b := newBench(t, saga.Options{}, saga.Definition{Action: "thing.create"})
	operationID := begin(t, b.db, b.Engine, "thing.create", nil)
	old := saga.New(saga.Deps{DB: b.db, Jobs: &sagatest.Queue{}})
	if after, ok := jobs.After(old.Work(t.Context(), operationID)); !ok || after <= 0 {
		t.Error("it was not put back")
	}
	if op := b.get(t, operationID); op.State != saga.Pending {
		t.Errorf("got %+v", op)
	}
}

func TestStepThatIsNoLongerKnownFails(t *testing.T) {
	t.Parallel()
	j := &journal{}
	b := newBench(t, saga.Options{}, saga.Definition{Action: "thing.create", Steps: []saga.Step{j.step("a", nil, nil), j.step("gone", nil, nil)}})
	operationID := begin(t, b.db, b.Engine, "thing.create", nil)
	next := saga.New(saga.Deps{DB: b.db, Jobs: &sagatest.Queue{}})
	next.Register(saga.Definition{Action: "thing.create", Steps: []saga.Step{j.step("a", nil, nil)}})
	if err := next.Work(t.Context(), operationID); err != nil {
		t.Fatal(err)
	}
	if op := b.get(t, operationID); op.State != saga.Failed || op.NeedsAttention {
		t.Errorf("got %+v", op)
	}
	wantLines(t, j.all(), "do a", "undo a")
}

func TestRequeueOfOperationsWithoutAJob(t *testing.T) {
	t.Parallel()
	b := newBench(t, saga.Options{}, saga.Definition{Action: "thing.create"})
	ended := b.carryOut(t, "thing.create", nil)
	lost := begin(t, b.db, b.Engine, "thing.create", nil)
	b.queue.Lose()
	if err := b.Reconciler().Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := b.queue.Queued(); !slices.Equal(got, []string{lost}) {
		t.Errorf("queued is %v, want %s alone and not %s", got, lost, ended.ID)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	j := &journal{}
	b := newBench(t, saga.Options{}, saga.Definition{Action: "thing.create"},
		saga.Definition{Action: "thing.break", Steps: []saga.Step{j.step("a", always(errors.New("no")), nil)}})
	var all []string
	for _, action := range []string{"thing.create", "thing.break", "thing.create"} {
		all = append(all, b.carryOut(t, action, nil).ID)
	}
	slices.Sort(all) // ids of one millisecond are in no particular order
	ids := func(where string, args ...any) (out []string) {
		t.Helper()
		ops, err := b.List(b.db.Conn(t.Context()).Table("operation").Where(where, args...).Order("id"))
		if err != nil {
			t.Fatal(err)
		}
		for _, op := range ops {
			out = append(out, op.ID)
		}
		return out
	}
	wantLines(t, ids("true"), all...)
	failed := ids("state = ?", saga.Failed)
	if len(failed) != 1 {
		t.Fatalf("failed are %v", failed)
	}
	wantLines(t, ids("target_id = ?", b.get(t, failed[0]).TargetID), failed[0])
	if ops, err := b.List(nil); err != nil || len(ops) > 0 {
		t.Errorf("nothing to see: %v, %v", ops, err)
	}
	if _, err := b.List(b.db.Conn(t.Context()).Table("operation").Where("colour = 'red'")); err == nil {
		t.Error("a query that fails lists nothing, in silence")
	}
}

func TestEndedIsToldAfterTheCommit(t *testing.T) {
	t.Parallel()
	var b *bench
	var told []string
	b = newBench(t, saga.Options{Ended: func(op saga.Operation) {
		stored, err := b.Get(t.Context(), op.ID)
		if err != nil {
			t.Error(err)
		}
		told = append(told, op.State+" "+stored.State)
	}}, saga.Definition{Action: "thing.create"})
	b.carryOut(t, "thing.create", nil)
	wantLines(t, told, "succeeded succeeded")
}

func TestMalformedDefinitionsPanic(t *testing.T) {
	t.Parallel()
	do := func(context.Context, *saga.Run) error { return nil }
	d := dbtest.New(t)
	for name, malformed := range map[string]saga.Definition{
		"no action": {},
		"no name":   {Action: "x.y", Steps: []saga.Step{{Do: do}}},
		"twice":     {Action: "x.y", Steps: []saga.Step{{Name: "a", Do: do}, {Name: "a", Do: do}}},
		"nothing":   {Action: "x.y", Steps: []saga.Step{{Name: "a"}}},
		"defined":   {Action: "thing.create"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := saga.New(saga.Deps{DB: d, Jobs: &sagatest.Queue{}})
			e.Register(saga.Definition{Action: "thing.create"})
			defer func() {
				if recover() == nil {
					t.Error("it was registered")
				}
			}()
			e.Register(malformed)
		})
	}
}
