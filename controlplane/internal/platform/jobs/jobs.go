// Package jobs is the queue of work that goes on after a request has been answered. It is the only package that knows River.
//
// There is one kind of job: "operation", with the id of an operation and nothing else. It is inserted in the transaction that
// makes the operation, so there is never one without the other; what is to be done is read from the operation's row when the
// job is worked. A job that is lost or delivered twice therefore does no harm.
//
// Several nodes work one queue. A node that ends without notice leaves jobs behind that nobody works: it frees them itself
// when it starts again, and the other nodes take them over after Options.RescueAfter.
package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
)

// Handler works on an operation until it has ended, or returns Again to be called later, on any node. Another error is an
// outage: it is logged and the handler is called again after a pause, as often as needed.
type Handler func(ctx context.Context, operationID string) error

// Options of New. The zero value works and inserts only.
type Options struct {
	// Node names this process; no two that run may have the same. A node that has none cannot free its own jobs at a restart:
	// they wait for the rescue.
	Node string
	// Workers is how many operations this node works on at a time. With 0 it inserts and works on none.
	Workers int
	// JobTimeout is how long a handler may work before its context ends: 35 s unless set.
	JobTimeout time.Duration
	// RescueAfter is the age at which a job that is being worked is taken from its node: a second more than JobTimeout unless set.
	// It must be greater than JobTimeout, else two nodes would work on one operation at a time.
	RescueAfter time.Duration
	// RescueEvery is how often a node looks for such jobs: 5 s unless set.
	RescueEvery time.Duration
	// PollInterval is how often a node looks for jobs that it was not notified of: 500 ms unless set.
	PollInterval time.Duration
	// StopTimeout is how long Stop leaves running handlers alone before it cancels their contexts: 20 s unless set.
	StopTimeout time.Duration
	Clock       clock.Clock
	Log         *slog.Logger
	Metrics     Metrics // may be nil
}

// Metrics is what the queue tells about itself; *obs.Metrics is one.
type Metrics interface {
	// JobStarted: a job is worked on after it could have been for the time waited.
	JobStarted(queue string, waited time.Duration)
	// JobEnded: one attempt is over, as "done", "again" or "failed".
	JobEnded(kind, outcome string, took time.Duration)
	// QueueSize is how many jobs there are by state, on all nodes together.
	QueueSize(queue string, byState map[string]int)
}

type noMetrics struct{}

func (noMetrics) JobStarted(string, time.Duration)       {}
func (noMetrics) JobEnded(string, string, time.Duration) {}
func (noMetrics) QueueSize(string, map[string]int)       {}

func (o Options) withDefaults() Options {
	setDuration := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	setDuration(&o.JobTimeout, 35*time.Second)
	setDuration(&o.RescueAfter, o.JobTimeout+time.Second)
	setDuration(&o.RescueEvery, 5*time.Second)
	setDuration(&o.PollInterval, 500*time.Millisecond)
	setDuration(&o.StopTimeout, 20*time.Second)
	if o.Clock == nil {
		o.Clock = clock.Real()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = noMetrics{}
	}
	return o
}

const (
	kind  = "operation"
	queue = river.QueueDefault
	// River's attempts count outages only, and those must never make it give up: its column is a smallint.
	maxAttempts = 32000
)

// Jobs is this node's end of the queue.
type Jobs struct {
	db     *db.DB
	o      Options
	river  *river.Client[pgx.Tx]
	handle Handler

	mu       sync.Mutex
	started  bool
	stopping chan struct{} // closed when Stop begins
	rescuer  sync.WaitGroup
	cancel   context.CancelFunc // of the rescuer
}

// New returns this node's end of the queue. Insert works at once; Start begins to work on jobs.
func New(d *db.DB, o Options) (*Jobs, error) {
	o = o.withDefaults()
	if o.RescueAfter <= o.JobTimeout {
		return nil, fmt.Errorf("jobs: RescueAfter (%v) must be greater than JobTimeout (%v)", o.RescueAfter, o.JobTimeout)
	}
	j := &Jobs{db: d, o: o, stopping: make(chan struct{})}
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &worker{jobs: j}); err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	cfg := &river.Config{
		ID:                o.Node,
		Workers:           workers,
		JobTimeout:        o.JobTimeout,
		FetchPollInterval: o.PollInterval,
		FetchCooldown:     min(100*time.Millisecond, o.PollInterval),
		SoftStopTimeout:   o.StopTimeout,
		// River rescues a job by handing the same row out again, and a late worker could then end the row under the new one. Our
		// own rescue makes a new row; River's stays behind it for the case that ours does not run.
		RescueStuckJobsAfter:        o.RescueAfter + time.Minute,
		CompletedJobRetentionPeriod: time.Hour,
		DiscardedJobRetentionPeriod: 24 * time.Hour,
		ErrorHandler:                errorLog{o.Log},
		Logger:                      slog.New(atLeast{o.Log.Handler(), slog.LevelWarn}),
	}
	if o.Workers > 0 {
		cfg.Queues = map[string]river.QueueConfig{queue: {MaxWorkers: o.Workers}}
	}
	c, err := river.NewClient(riverpgxv5.New(d.Pool()), cfg)
	if err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	j.river = c
	return j, nil
}

// Handle sets what works on operations. It must be called before Start.
func (j *Jobs) Handle(h Handler) { j.handle = h }

var errNoTransaction = errors.New("jobs: a job can only be inserted in a transaction")

// Insert puts a job for the operation into the queue, in the transaction of ctx. An operation that is queued already stays so.
func (j *Jobs) Insert(ctx context.Context, operationID string) error {
	tx, ok := j.db.PgxTx(ctx)
	if !ok {
		return errNoTransaction
	}
	if _, err := j.river.InsertTx(ctx, tx, args{OperationID: operationID}, nil); err != nil {
		return fmt.Errorf("insert job of %s: %w", operationID, err)
	}
	return nil
}

// Start begins to work, if the node has workers. It goes on until Stop, also after ctx has ended, and cannot be called after that.
func (j *Jobs) Start(ctx context.Context) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.o.Workers == 0 || j.started {
		return nil
	}
	if j.handle == nil {
		return errors.New("jobs: Start without a Handler")
	}
	if j.IsStopping() {
		return errors.New("jobs: Start after Stop")
	}
	if err := j.freeOwn(ctx); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if err := j.river.Start(ctx); err != nil {
		return fmt.Errorf("start of the job queue: %w", err)
	}
	ctx, j.cancel = context.WithCancel(ctx)
	j.rescuer.Add(1)
	go func() {
		defer j.rescuer.Done()
		j.rescueLoop(ctx)
	}()
	j.started = true
	return nil
}

// Stop takes no more jobs, tells the running handlers that they should find a good place to pause (Stopping), cancels their
// contexts after Options.StopTimeout or when ctx ends, and returns when the last one has returned. What is unfinished goes on
// at once on another node, or on this one at its next start.
func (j *Jobs) Stop(ctx context.Context) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.started {
		return nil
	}
	j.started = false
	close(j.stopping)
	j.cancel()
	j.rescuer.Wait()
	err := j.river.Stop(ctx)
	if err != nil {
		// Without patience there is still the time that a cancelled handler needs to put its operation down.
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		err = j.river.StopAndCancel(last)
	}
	if err != nil {
		return fmt.Errorf("stop of the job queue: %w", err)
	}
	return nil
}

// freeOwn makes the jobs available that this node was working on when it ended without notice. Nobody else works on them: a
// node's name is its own.
func (j *Jobs) freeOwn(ctx context.Context) error {
	if j.o.Node == "" {
		return nil
	}
	tag, err := j.db.Pool().Exec(ctx, `
		UPDATE river_job SET state = 'available', scheduled_at = now(), attempt = greatest(attempt - 1, 0)
		WHERE state = 'running' AND kind = $1 AND attempted_by[array_length(attempted_by, 1)] = $2`, kind, j.o.Node)
	if err != nil {
		return fmt.Errorf("free the jobs of node %s: %w", j.o.Node, err)
	}
	if n := tag.RowsAffected(); n > 0 {
		j.o.Log.InfoContext(ctx, "operations go on that this node had left unfinished", "count", n)
	}
	return nil
}

func (j *Jobs) rescueLoop(ctx context.Context) {
	for j.o.Clock.Sleep(ctx, j.o.RescueEvery) == nil {
		if err := j.rescue(ctx); err != nil && ctx.Err() == nil {
			j.o.Log.ErrorContext(ctx, "rescue of jobs failed", "error", err)
		}
		if err := j.count(ctx); err != nil && ctx.Err() == nil {
			j.o.Log.WarnContext(ctx, "jobs could not be counted", "error", err)
		}
	}
}

// rescue queues the operations anew whose jobs have been worked on for longer than any node may. The old rows are given up, so
// that a worker which is merely slow ends its own row and not the new one.
func (j *Jobs) rescue(ctx context.Context) error {
	return j.db.InTx(ctx, func(ctx context.Context) error {
		tx, _ := j.db.PgxTx(ctx)
		rows, err := tx.Query(ctx, `
			UPDATE river_job SET state = 'discarded', finalized_at = now()
			WHERE id IN (
				SELECT id FROM river_job
				WHERE state = 'running' AND kind = $1 AND attempted_at < now() - $2::interval
				ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED)
			RETURNING args->>'operation_id', attempted_by[array_length(attempted_by, 1)]`, kind, j.o.RescueAfter)
		if err != nil {
			return err
		}
		type lost struct{ operation, node string }
		found, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (l lost, err error) {
			err = r.Scan(&l.operation, &l.node)
			return l, err
		})
		if err != nil {
			return err
		}
		for _, l := range found {
			if err := j.Insert(ctx, l.operation); err != nil {
				return err
			}
			j.o.Log.WarnContext(ctx, "operation taken over from a node that left it", "operation_id", l.operation, "node", l.node)
		}
		return nil
	})
}

// Missing returns those of the operations that no job stands for.
func (j *Jobs) Missing(ctx context.Context, operationIDs []string) ([]string, error) {
	rows, err := j.db.Pool().Query(ctx, `
		SELECT o.id FROM unnest($2::text[]) o(id)
		WHERE o.id NOT IN (
			SELECT args->>'operation_id' FROM river_job
			WHERE kind = $1 AND state IN ('available', 'pending', 'running', 'retryable', 'scheduled'))`, kind, operationIDs)
	if err != nil {
		return nil, fmt.Errorf("operations without a job: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("operations without a job: %w", err)
	}
	return ids, nil
}

// count tells the metrics how many jobs there are, in each state that is not an end.
func (j *Jobs) count(ctx context.Context) error {
	rows, err := j.db.Pool().Query(ctx, `
		SELECT state::text, count(*) FROM river_job
		WHERE kind = $1 AND state IN ('available', 'pending', 'running', 'retryable', 'scheduled') GROUP BY state`, kind)
	if err != nil {
		return err
	}
	byState := map[string]int{}
	var state string
	var n int
	_, err = pgx.ForEachRow(rows, []any{&state, &n}, func() error { byState[state] = n; return nil })
	if err != nil {
		return err
	}
	j.o.Metrics.QueueSize(queue, byState)
	return nil
}

// Again is what a Handler returns to be called again after that time.
func Again(after time.Duration) error { return &again{max(after, 0)} }

type again struct{ after time.Duration }

func (a *again) Error() string { return fmt.Sprintf("again in %v", a.after) }

// After returns when a Handler that returned err is to be called again; false if err is not from Again.
func After(err error) (time.Duration, bool) {
	var a *again
	if errors.As(err, &a) {
		return a.after, true
	}
	return 0, false
}

type stoppingKey struct{}

// IsStopping says whether Stop has begun.
func (j *Jobs) IsStopping() bool { return closed(j.stopping) }

// Stopping says whether the node is about to end: a handler then pauses at the next good place and returns Again(0).
func Stopping(ctx context.Context) bool {
	c, ok := ctx.Value(stoppingKey{}).(chan struct{})
	return ok && closed(c)
}

func closed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

type args struct {
	OperationID string `json:"operation_id"`
}

func (args) Kind() string { return kind }

func (args) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: queue, MaxAttempts: maxAttempts, UniqueOpts: river.UniqueOpts{
		ByArgs: true,
		ByState: []rivertype.JobState{rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRunning,
			rivertype.JobStateRetryable, rivertype.JobStateScheduled},
	}}
}

type worker struct {
	river.WorkerDefaults[args]
	jobs *Jobs
}

func (w *worker) Work(ctx context.Context, job *river.Job[args]) error {
	o, began := w.jobs.o, w.jobs.o.Clock.Now()
	o.Metrics.JobStarted(queue, max(began.Sub(job.ScheduledAt), 0))
	err := w.jobs.handle(context.WithValue(ctx, stoppingKey{}, w.jobs.stopping), job.Args.OperationID)
	outcome := "done"
	after, again := After(err)
	switch {
	case again:
		outcome, err = "again", river.JobSnooze(after)
	case err != nil:
		outcome = "failed"
	}
	o.Metrics.JobEnded(kind, outcome, o.Clock.Now().Sub(began))
	return err
}

// NextRetry is the pause after an outage: it doubles from one second to fifteen, with a jitter, so that a database that comes
// back is not met by all operations at once.
func (w *worker) NextRetry(job *river.Job[args]) time.Time {
	pause := min(time.Second<<min(max(job.Attempt-1, 0), 4), 15*time.Second)
	return w.jobs.o.Clock.Now().Add(pause/2 + rand.N(pause/2+1))
}
