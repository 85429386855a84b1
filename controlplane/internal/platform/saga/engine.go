// The engine: how operations are started, read, waited for and cancelled.

package saga

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
	"github.com/demarc/demarc/controlplane/internal/platform/jobs"
	"github.com/demarc/demarc/controlplane/internal/platform/obs"
	"github.com/demarc/demarc/controlplane/internal/platform/reconcile"
	"github.com/demarc/demarc/controlplane/internal/platform/requestid"
)

// Prefix is that of operations' ids.
const Prefix = "op"

// Channel is the notification channel on which the end of each operation is told, by its id. Progress is not: PostgreSQL commits
// transactions that notify one after the other, and nobody waits for a step.
const Channel = "operation"

// Jobs is the queue as the engine uses it; *jobs.Jobs is one.
type Jobs interface {
	// Insert queues the operation in the transaction of ctx.
	Insert(ctx context.Context, operationID string) error
	// Missing returns those of the operations that nothing is queued for.
	Missing(ctx context.Context, operationIDs []string) ([]string, error)
	// Handle sets what works on operations.
	Handle(jobs.Handler)
}

// Options tune an Engine. The zero value is good for production.
type Options struct {
	// StepTimeout is how long one Do, Undo, Done or Failed may take: 30 s unless set.
	StepTimeout time.Duration
	// Attempts is how often one of them is tried: 5 times unless set.
	Attempts int
	// Backoff is the mean pause before the second attempt, 1 s unless set; it doubles each time, up to MaxBackoff: 8 s unless set.
	Backoff    time.Duration
	MaxBackoff time.Duration
	// HandOver is the time after which a runner gives the rest of an operation back to the queue, so that no job is worked on for longer
	// than HandOver and StepTimeout together, the measure of the queue's JobTimeout: 4 s unless set.
	HandOver time.Duration
	// MaxCrashes is how many runners may end without notice in the middle of one operation before that is taken to be the operation's
	// fault: 20 unless set.
	MaxCrashes int
	// Around, if set, is called for each Do and Undo in its place, and calls it: for tests and traces.
	Around func(ctx context.Context, r *Run, step string, undo bool, call func(context.Context) error) error
	// Ended, if set, is told about each operation that has ended, after the commit, on the node that ended it.
	Ended func(Operation)
}

func (o Options) withDefaults() Options {
	setDuration := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	setInt := func(i *int, v int) {
		if *i <= 0 {
			*i = v
		}
	}
	setDuration(&o.StepTimeout, 30*time.Second)
	setDuration(&o.Backoff, time.Second)
	setDuration(&o.MaxBackoff, 8*time.Second)
	setDuration(&o.HandOver, 4*time.Second)
	setInt(&o.Attempts, 5)
	setInt(&o.MaxCrashes, 20)
	return o
}

// Deps is what an Engine needs.
type Deps struct {
	DB    *db.DB
	Jobs  Jobs
	Clock clock.Clock
	Log   *slog.Logger
	Options
}

// Engine runs operations. Definitions are registered while the program is put together, before the queue is started.
type Engine struct {
	store       store
	db          *db.DB
	jobs        Jobs
	clock       clock.Clock
	log         *slog.Logger
	o           Options
	definitions map[string]Definition
	waiters     *waiters
}

// New returns an engine and makes it the handler of the queue's jobs.
func New(d Deps) *Engine {
	if d.Clock == nil {
		d.Clock = clock.Real()
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	e := &Engine{
		store: store{d.DB}, db: d.DB, jobs: d.Jobs, clock: d.Clock, log: d.Log, o: d.withDefaults(),
		definitions: map[string]Definition{}, waiters: newWaiters(d.DB.Broker()),
	}
	d.Jobs.Handle(e.Work)
	return e
}

// Register adds a definition. It panics on one that is malformed or whose action is defined already: a defect of the program.
func (e *Engine) Register(d Definition) {
	if err := d.validate(); err != nil {
		panic(err)
	}
	if _, ok := e.definitions[d.Action]; ok {
		panic(fmt.Sprintf("saga %s: defined twice", d.Action))
	}
	e.definitions[d.Action] = d
}

// Start says what an operation is to do.
type Start struct {
	Action          string
	TargetKind      string
	TargetID        string
	BillingEntityID string
	CustomerID      *string // nil for what belongs to no customer
	// Scopes are what else the target is in: whoever may see operations there sees this one.
	Scopes      []string
	RequestedBy string
	RequestID   string
	// Input is the state that the first step loads. It is stored as it is: it must not hold secrets.
	Input any
}

// ErrNoTransaction is returned by Start outside of a transaction.
var ErrNoTransaction = errors.New("saga: an operation can only be started in a transaction")

// Start makes an operation and queues it, in the transaction of ctx: it runs if and when that is committed.
func (e *Engine) Start(ctx context.Context, s Start) (operationID string, err error) {
	if !e.db.InTxNow(ctx) {
		return "", ErrNoTransaction
	}
	def, ok := e.definitions[s.Action]
	if !ok {
		return "", fmt.Errorf("saga %s: not defined", s.Action)
	}
	var state persisted
	if s.Input != nil {
		if state.Data, err = json.Marshal(s.Input); err != nil {
			return "", fmt.Errorf("input of %s: %w", s.Action, err)
		}
	}
	raw, err := json.Marshal(state)
	if err != nil {
		return "", fmt.Errorf("input of %s: %w", s.Action, err)
	}
	now := e.clock.Now()
	row := operationRow{
		ID: id.NewAt(Prefix, now), Action: s.Action, TargetKind: s.TargetKind, TargetID: s.TargetID, State: Pending, StepState: raw,
		TotalSteps: len(def.Steps), BillingEntityID: s.BillingEntityID, CustomerID: s.CustomerID,
		RequestedBy: s.RequestedBy, RequestID: s.RequestID, CreatedAt: now,
	}
	steps := make([]stepRow, len(def.Steps))
	for i, step := range def.Steps {
		steps[i] = stepRow{OperationID: row.ID, Ordinal: i + 1, Name: step.Name, State: stepPending}
	}
	scopes := make([]scopeRow, len(s.Scopes))
	for i, scope := range s.Scopes {
		scopes[i] = scopeRow{scope, row.ID}
	}
	if err := e.store.insert(ctx, row, scopes, steps); err != nil {
		return "", err
	}
	return row.ID, e.jobs.Insert(ctx, row.ID)
}

// Get returns the operation of that id.
func (e *Engine) Get(ctx context.Context, operationID string) (Operation, error) {
	row, err := e.store.get(ctx, operationID)
	return row.operation(), err
}

// Cancel asks an operation to stop after the step that is running, and to undo. One that has ended refuses: 409 wrong_state.
func (e *Engine) Cancel(ctx context.Context, operationID string) (Operation, error) {
	var row operationRow
	err := e.db.InTx(ctx, func(ctx context.Context) (err error) {
		if row, err = e.store.lock(ctx, operationID); err != nil {
			return err
		}
		if ended(row.State) {
			return fault.Conflictf("wrong_state", "it has ended: it is %s", row.State)
		}
		if row.CancelRequested {
			return nil
		}
		row.CancelRequested = true
		return e.store.requestCancel(ctx, operationID)
	})
	return row.operation(), err
}

// Reconciler queues operations anew that have not ended and that no job stands for. That cannot happen while the queue's table is
// whole; it is what a restored backup or a hand in the table leaves behind.
func (e *Engine) Reconciler() reconcile.Reconciler {
	return reconcile.Reconciler{Name: "operations", Every: time.Minute, Run: e.requeue}
}

func (e *Engine) requeue(ctx context.Context) error {
	ids, err := e.store.unfinished(ctx)
	if err != nil || len(ids) == 0 {
		return err
	}
	missing, err := e.jobs.Missing(ctx, ids)
	if err != nil {
		return err
	}
	for _, operationID := range missing {
		err := e.db.InTx(ctx, func(ctx context.Context) error {
			row, err := e.store.lock(ctx, operationID)
			if err != nil || ended(row.State) {
				return err
			}
			return e.jobs.Insert(ctx, operationID)
		})
		if err != nil {
			return err
		}
		e.log.WarnContext(ctx, "operation had no job and is queued again", "operation_id", operationID)
	}
	return nil
}

// inside is the context in which an operation is worked on: the control plane works itself, whoever asked, and every line of the log
// says for what.
func inside(ctx context.Context, row operationRow) context.Context {
	ctx = requestid.With(authz.System(ctx), row.RequestID)
	return obs.WithOperationID(obs.WithRequestID(ctx, row.RequestID), row.ID)
}
