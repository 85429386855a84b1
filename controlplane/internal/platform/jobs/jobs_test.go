package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
	"github.com/demarc/demarc/controlplane/internal/platform/jobs"
	"github.com/demarc/demarc/controlplane/internal/platform/obs"
)

var _ jobs.Metrics = (*obs.Metrics)(nil)

// patience is for what takes a moment, on a machine that is busy.
const patience = 50 * time.Second

func start(t *testing.T, d *db.DB, o jobs.Options, h jobs.Handler) *jobs.Jobs {
	t.Helper()
	if o.Log == nil {
		o.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	if o.PollInterval == 0 {
		o.PollInterval = 20 * time.Millisecond
	}
	j, err := jobs.New(d, o)
	if err != nil {
		t.Fatal(err)
	}
	j.Handle(h)
	if err := j.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, j) })
	return j
}

func stop(t *testing.T, j *jobs.Jobs) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	defer cancel()
	if err := j.Stop(ctx); err != nil {
		t.Error(err)
	}
}

func insert(t *testing.T, d *db.DB, j *jobs.Jobs, operationIDs ...string) {
	t.Helper()
	err := d.InTx(t.Context(), func(ctx context.Context) error {
		for _, o := range operationIDs {
			if err := j.Insert(ctx, o); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func receive[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("nothing came within %v", patience)
		panic("unreachable")
	}
}

// states reads the state of every job of an operation, the oldest first.
func states(t *testing.T, d *db.DB, operationID string) []string {
	t.Helper()
	var out []string
	err := d.Conn(t.Context()).Raw("SELECT state::text FROM river_job WHERE args->>'operation_id' = ? ORDER BY id", operationID).Scan(&out).Error
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// awaitStates polls until the jobs of an operation are in these states.
func awaitStates(t *testing.T, d *db.DB, operationID string, want ...string) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		got := states(t, d, operationID)
		if slices.Equal(got, want) {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("the jobs are %v, want %v", got, want)
		}
	}
}

func TestInsertNeedsATransaction(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	j, err := jobs.New(d, jobs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Insert(t.Context(), "op_1"); err == nil {
		t.Error("inserted")
	}
}

func TestInsertedTwiceIsQueuedOnce(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	j, err := jobs.New(d, jobs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	insert(t, d, j, "op_1", "op_1", "op_2")
	insert(t, d, j, "op_1")
	if got := states(t, d, "op_1"); !slices.Equal(got, []string{"available"}) {
		t.Errorf("got %v", got)
	}
	missing, err := j.Missing(t.Context(), []string{"op_1", "op_2", "op_3"})
	if err != nil || !slices.Equal(missing, []string{"op_3"}) {
		t.Errorf("missing are %v, %v", missing, err)
	}
}

func TestNodeWithoutWorkersInsertsOnly(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	idle := start(t, d, jobs.Options{Node: "idle"}, func(context.Context, string) error { t.Error("it works"); return nil })
	insert(t, d, idle, "op_1")
	worked := make(chan string, 1)
	start(t, d, jobs.Options{Node: "busy", Workers: 1}, func(_ context.Context, o string) error { worked <- o; return nil })
	if got := receive(t, worked); got != "op_1" {
		t.Errorf("got %s", got)
	}
	awaitStates(t, d, "op_1", "completed")
}

func TestAgainAndOutagesAreTriedAgain(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	var log bytes.Buffer
	results := []error{jobs.Again(0), errors.New("the database is away"), jobs.Again(10 * time.Millisecond), nil}
	calls := make(chan int, len(results))
	n := 0
	j := start(t, d, jobs.Options{Workers: 1, Log: slog.New(slog.NewTextHandler(&log, nil))}, func(context.Context, string) error {
		err := results[n]
		n++
		calls <- n
		return err
	})
	insert(t, d, j, "op_1")
	for want := 1; want <= len(results); want++ {
		if got := receive(t, calls); got != want {
			t.Fatalf("call %d, want %d", got, want)
		}
	}
	awaitStates(t, d, "op_1", "completed")
	stop(t, j)
	if text := log.String(); !strings.Contains(text, "the database is away") || !strings.Contains(text, "operation_id=op_1") || strings.Contains(text, "again in") {
		t.Errorf("the log is %s", text)
	}
}

func TestPanicIsLoggedAndTriedAgain(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	var log bytes.Buffer
	done, first := make(chan bool, 1), true
	j := start(t, d, jobs.Options{Workers: 1, Log: slog.New(slog.NewTextHandler(&log, nil))}, func(context.Context, string) error {
		if first {
			first = false
			panic("out of cheese")
		}
		done <- true
		return nil
	})
	insert(t, d, j, "op_1")
	receive(t, done)
	stop(t, j)
	if !strings.Contains(log.String(), "out of cheese") {
		t.Errorf("the log is %s", log.String())
	}
}

// A worker that is merely slow is taken for dead. When it comes back it must not end the job of the one that took over.
func TestRescueMakesANewJob(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	inside, release := make(chan string, 2), map[string]chan struct{}{"slow": make(chan struct{}), "quick": make(chan struct{})}
	handler := func(node string) jobs.Handler {
		return func(context.Context, string) error {
			inside <- node
			<-release[node] // deaf to its context
			return nil
		}
	}
	// Only the quick node rescues within the time of this test.
	slow := start(t, d, jobs.Options{Node: "slow", Workers: 1, JobTimeout: 50 * time.Millisecond, RescueEvery: time.Hour}, handler("slow"))
	insert(t, d, slow, "op_1")
	if got := receive(t, inside); got != "slow" {
		t.Fatalf("worked on by %s", got)
	}
	start(t, d, jobs.Options{Node: "quick", Workers: 1, JobTimeout: 2 * time.Second, RescueAfter: 3 * time.Second, RescueEvery: 10 * time.Millisecond}, handler("quick"))
	defer close(release["quick"])
	if got := receive(t, inside); got != "quick" {
		t.Fatalf("worked on by %s", got)
	}
	awaitStates(t, d, "op_1", "discarded", "running")
	close(release["slow"])
	stop(t, slow) // returns when the slow worker has reported its end
	if got := states(t, d, "op_1"); !slices.Equal(got, []string{"discarded", "running"}) {
		t.Errorf("after the late end the jobs are %v", got)
	}
}

func TestRescueMustComeAfterTheTimeout(t *testing.T) {
	t.Parallel()
	if _, err := jobs.New(dbtest.New(t), jobs.Options{JobTimeout: time.Minute, RescueAfter: time.Minute}); err == nil {
		t.Error("accepted")
	}
}

func TestNodeFreesItsOwnJobsAtStart(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	j, err := jobs.New(d, jobs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	insert(t, d, j, "op_mine", "op_theirs")
	// As a killed node leaves them.
	for operationID, node := range map[string]string{"op_mine": "a", "op_theirs": "b"} {
		_, err := d.Pool().Exec(t.Context(), `UPDATE river_job SET state = 'running', attempt = 1, attempted_at = now(), attempted_by = ARRAY['x', $2]
			WHERE args->>'operation_id' = $1`, operationID, node)
		if err != nil {
			t.Fatal(err)
		}
	}
	worked := make(chan string, 2)
	start(t, d, jobs.Options{Node: "a", Workers: 2}, func(_ context.Context, o string) error { worked <- o; return nil })
	if got := receive(t, worked); got != "op_mine" {
		t.Errorf("got %s", got)
	}
	awaitStates(t, d, "op_mine", "completed")
	if got := states(t, d, "op_theirs"); !slices.Equal(got, []string{"running"}) {
		t.Errorf("the other node's job is %v", got)
	}
}

func TestStopTellsHandlersAndThenCancels(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	inside := make(chan bool, 1)
	var told bool
	j := start(t, d, jobs.Options{Workers: 1, StopTimeout: 10 * time.Millisecond}, func(ctx context.Context, _ string) error {
		if jobs.Stopping(ctx) {
			t.Error("stopping before it does")
		}
		inside <- true
		<-ctx.Done()
		told = jobs.Stopping(ctx)
		return jobs.Again(0)
	})
	insert(t, d, j, "op_1")
	receive(t, inside)
	stop(t, j)
	if !told {
		t.Error("the handler was cancelled and not told why")
	}
	if got := states(t, d, "op_1"); !slices.Equal(got, []string{"available"}) {
		t.Errorf("the job is %v", got)
	}
	if err := j.Start(t.Context()); err == nil {
		t.Error("started again")
	}
}

func TestStopWithoutPatience(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	inside := make(chan bool, 1)
	j := start(t, d, jobs.Options{Workers: 1, StopTimeout: time.Hour}, func(ctx context.Context, _ string) error {
		inside <- true
		<-ctx.Done()
		return jobs.Again(0)
	})
	insert(t, d, j, "op_1")
	receive(t, inside)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := j.Stop(ctx); err != nil {
		t.Error(err)
	}
	if got := states(t, d, "op_1"); !slices.Equal(got, []string{"available"}) {
		t.Errorf("the job is %v", got)
	}
}

type metrics struct {
	mu       sync.Mutex
	outcomes []string
	sizes    chan map[string]int
}

func (m *metrics) JobStarted(string, time.Duration) {}

func (m *metrics) JobEnded(_, outcome string, _ time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.outcomes = append(m.outcomes, outcome)
}

func (m *metrics) QueueSize(_ string, byState map[string]int) {
	select {
	case m.sizes <- byState:
	default:
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	m := &metrics{sizes: make(chan map[string]int)}
	results := []error{jobs.Again(0), nil}
	inside, release := make(chan bool, 2), make(chan bool)
	j := start(t, d, jobs.Options{Workers: 1, RescueEvery: 10 * time.Millisecond, Metrics: m}, func(context.Context, string) error {
		inside <- true
		<-release
		err := results[0]
		results = results[1:]
		return err
	})
	insert(t, d, j, "op_1")
	receive(t, inside)
	receive(t, m.sizes) // may be of before
	if got := receive(t, m.sizes); len(got) != 1 || got["running"] != 1 {
		t.Errorf("sizes are %v", got)
	}
	close(release)
	awaitStates(t, d, "op_1", "completed")
	stop(t, j)
	if want := []string{"again", "done"}; !slices.Equal(m.outcomes, want) {
		t.Errorf("outcomes are %v, want %v", m.outcomes, want)
	}
}
