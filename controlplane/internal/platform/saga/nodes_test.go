package saga_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
	"github.com/demarc/demarc/controlplane/internal/platform/jobs"
	"github.com/demarc/demarc/controlplane/internal/platform/saga"
	"github.com/demarc/demarc/controlplane/internal/platform/saga/sagatest"
)

// node is one server process as far as operations go.
type node struct {
	*saga.Engine
	db   *db.DB
	jobs *jobs.Jobs
}

// quick recovers from a lost node within a few seconds, and is still no shorter than a step may take on a busy machine.
var quick = jobs.Options{JobTimeout: 2 * time.Second, RescueAfter: 3 * time.Second, RescueEvery: 50 * time.Millisecond,
	PollInterval: 20 * time.Millisecond}

func newNode(t *testing.T, url, name string, workers int, jo jobs.Options, so saga.Options, definitions ...saga.Definition) *node {
	t.Helper()
	n := &node{db: dbtest.Open(t, url)}
	log := slog.New(slog.NewTextHandler(t.Output(), nil)).With("node", name)
	jo.Node, jo.Workers, jo.Log = name, workers, log
	var err error
	if n.jobs, err = jobs.New(n.db, jo); err != nil {
		t.Fatal(err)
	}
	n.Engine = saga.New(saga.Deps{DB: n.db, Jobs: n.jobs, Log: log, Options: so})
	for _, d := range definitions {
		n.Register(d)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var listening sync.WaitGroup
	listening.Go(func() {
		if err := n.db.Broker().Run(ctx); err != nil {
			t.Error(err)
		}
	})
	if err := n.jobs.Start(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop, done := context.WithTimeout(ctx, 20*time.Second)
		defer done()
		if err := n.jobs.Stop(stop); err != nil {
			t.Error(err)
		}
		cancel()
		listening.Wait()
	})
	return n
}

// patience is for what takes a moment, on a machine that is busy.
const patience = 50 * time.Second

// wait fails if nothing wakes it: the last look of a Wait that ends at its own time would hide that.
func (n *node) wait(t *testing.T, operationID string) saga.Operation {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	op, err := n.Wait(ctx, operationID, time.Hour)
	if err != nil {
		t.Fatalf("%v: %+v", err, op)
	}
	return op
}

func TestStartedOnOneNodeWorkedOnByAnother(t *testing.T) {
	t.Parallel()
	url := dbtest.URL(t)
	ja, jb := &journal{}, &journal{}
	create := func(j *journal) saga.Definition {
		return saga.Definition{Action: "thing.create", Steps: []saga.Step{j.step("a", nil, nil)}}
	}
	a := newNode(t, url, "a", 0, jobs.Options{}, saga.Options{}, create(ja))
	newNode(t, url, "b", 4, jobs.Options{}, saga.Options{}, create(jb))
	operationID := begin(t, a.db, a.Engine, "thing.create", nil)
	if op := a.wait(t, operationID); op.State != saga.Succeeded {
		t.Errorf("got %+v", op)
	}
	wantLines(t, ja.all())
	wantLines(t, jb.all(), "do a")
}

// The notification alone wakes it: the clock of the waiting node stands still.
func TestWaitIsWokenByAnotherNode(t *testing.T) {
	t.Parallel()
	url := dbtest.URL(t)
	release := make(chan struct{})
	create := saga.Definition{Action: "thing.create", Steps: []saga.Step{{Name: "a", Do: func(ctx context.Context, _ *saga.Run) error {
		select {
		case <-release:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}}}}
	a := newNode(t, url, "a", 0, jobs.Options{}, saga.Options{})
	b := newNode(t, url, "b", 1, jobs.Options{}, saga.Options{}, create)
	still := clock.Frozen(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	waiting := saga.New(saga.Deps{DB: a.db, Jobs: &sagatest.Queue{}, Clock: still})

	operationID := begin(t, b.db, b.Engine, "thing.create", nil)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	type answer struct {
		op  saga.Operation
		err error
	}
	answers := make(chan answer, 3)
	for range cap(answers) {
		go func() {
			op, err := waiting.Wait(ctx, operationID, time.Minute)
			answers <- answer{op, err}
		}()
	}
	// Two timers each: they wait.
	if err := still.BlockUntil(ctx, 2*cap(answers)); err != nil {
		t.Fatal(err)
	}
	close(release)
	for range cap(answers) {
		if got := <-answers; got.err != nil || got.op.State != saga.Succeeded {
			t.Errorf("got %+v, %v", got.op, got.err)
		}
	}
}

func TestWaitEndsAtItsTime(t *testing.T) {
	t.Parallel()
	b := newBench(t, saga.Options{}, saga.Definition{Action: "thing.create"})
	still := clock.Frozen(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	e := saga.New(saga.Deps{DB: b.db, Jobs: b.queue, Clock: still})
	operationID := begin(t, b.db, b.Engine, "thing.create", nil)
	done := make(chan saga.Operation, 1)
	go func() {
		op, err := e.Wait(t.Context(), operationID, 30*time.Second)
		if err != nil {
			t.Error(err)
		}
		done <- op
	}()
	if err := still.BlockUntil(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	still.Advance(30 * time.Second)
	if op := <-done; op.State != saga.Pending {
		t.Errorf("got %+v", op)
	}
}

// Without notifications, as while the connection for them is down, it reads again every second.
func TestWaitWithoutNotifications(t *testing.T) {
	t.Parallel()
	b := newBench(t, saga.Options{}, saga.Definition{Action: "thing.create"})
	still := clock.Frozen(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	e := saga.New(saga.Deps{DB: b.db, Jobs: b.queue, Clock: still})
	e.Register(saga.Definition{Action: "thing.create"})
	operationID := begin(t, b.db, b.Engine, "thing.create", nil)
	done := make(chan saga.Operation, 1)
	go func() {
		op, err := e.Wait(t.Context(), operationID, time.Hour)
		if err != nil {
			t.Error(err)
		}
		done <- op
	}()
	if err := still.BlockUntil(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	b.drain(t)
	still.Advance(time.Second)
	if op := <-done; op.State != saga.Succeeded {
		t.Errorf("got %+v", op)
	}
}

func TestWaitForNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, saga.Options{}, saga.Definition{Action: "thing.create"})
	if _, err := b.Wait(t.Context(), id.New(saga.Prefix), time.Minute); !fault.IsCode(err, "not_found") {
		t.Errorf("no such operation: %v", err)
	}
	operationID := begin(t, b.db, b.Engine, "thing.create", nil)
	if op, err := b.Wait(t.Context(), operationID, 0); err != nil || op.State != saga.Pending {
		t.Errorf("no time: %+v, %v", op, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Wait(ctx, operationID, time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %v", err)
	}
}

func TestRollbackLeavesNothing(t *testing.T) {
	t.Parallel()
	j := &journal{}
	n := newNode(t, dbtest.URL(t), "a", 2, quick, saga.Options{}, saga.Definition{Action: "thing.create", Steps: []saga.Step{j.step("a", nil, nil)}})
	var lost string
	err := n.db.InTx(t.Context(), func(ctx context.Context) (err error) {
		lost, err = n.Start(ctx, saga.Start{Action: "thing.create", TargetKind: "thing", TargetID: "thing_1"})
		if err != nil {
			return err
		}
		return errors.New("changed my mind")
	})
	if err == nil || err.Error() != "changed my mind" {
		t.Fatal(err)
	}
	if _, err := n.Get(t.Context(), lost); !fault.IsCode(err, "not_found") {
		t.Errorf("the operation: %v", err)
	}
	var left int
	if err := n.db.Pool().QueryRow(t.Context(), "SELECT count(*) FROM river_job").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d jobs are left, %v", left, err)
	}
	// The queue still works, and has not worked on the lost one.
	n.wait(t, begin(t, n.db, n.Engine, "thing.create", nil))
	wantLines(t, j.all(), "do a")
}

func TestHundredOperationsOnTwoNodesRunOnce(t *testing.T) {
	t.Parallel()
	url := dbtest.URL(t)
	j := &journal{}
	create := saga.Definition{Action: "thing.create",
		Steps: []saga.Step{
			{Name: "a", Do: func(_ context.Context, r *saga.Run) error { j.note("a " + r.OperationID); return nil }},
			{Name: "b", Do: func(_ context.Context, r *saga.Run) error { j.note("b " + r.OperationID); return nil }},
		},
		Done: func(_ context.Context, r *saga.Run) error { j.note("done " + r.OperationID); return nil }}
	// The standing timeouts: what is slow here is the machine, and nobody is to be taken for dead.
	nodes := []*node{
		newNode(t, url, "a", 4, jobs.Options{PollInterval: 50 * time.Millisecond}, saga.Options{}, create),
		newNode(t, url, "b", 4, jobs.Options{PollInterval: 50 * time.Millisecond}, saga.Options{}, create),
	}
	var operations []string
	for i := range 100 {
		n := nodes[i%len(nodes)]
		operations = append(operations, begin(t, n.db, n.Engine, "thing.create", nil))
	}
	for i, operationID := range operations {
		if op := nodes[i%len(nodes)].wait(t, operationID); op.State != saga.Succeeded || op.CompletedSteps != 2 {
			t.Errorf("got %+v", op)
		}
		for _, what := range []string{"a ", "b ", "done "} {
			if n := j.count(what + operationID); n != 1 {
				t.Errorf("%s%s happened %d times", what, operationID, n)
			}
		}
	}
}

// A node that stops lets the running step end and leaves the rest to others.
func TestStoppingNodeHandsOver(t *testing.T) {
	t.Parallel()
	url := dbtest.URL(t)
	inside, release := make(chan struct{}), make(chan struct{})
	ja, jb := &journal{}, &journal{}
	a := newNode(t, url, "a", 1, jobs.Options{}, saga.Options{}, saga.Definition{Action: "thing.create", Steps: []saga.Step{
		ja.step("a", func() error { close(inside); <-release; return nil }, nil), ja.step("b", nil, nil),
	}})
	operationID := begin(t, a.db, a.Engine, "thing.create", nil)
	<-inside
	stopped := make(chan error, 1)
	go func() { stopped <- a.jobs.Stop(t.Context()) }()
	b := newNode(t, url, "b", 1, jobs.Options{PollInterval: 50 * time.Millisecond}, saga.Options{}, saga.Definition{Action: "thing.create", Steps: []saga.Step{
		jb.step("a", nil, nil), jb.step("b", nil, nil),
	}})
	awaitStopping(t, a)
	close(release)
	if err := <-stopped; err != nil {
		t.Fatal(err)
	}
	if op := b.wait(t, operationID); op.State != saga.Succeeded {
		t.Errorf("got %+v", op)
	}
	wantLines(t, ja.all(), "do a")
	wantLines(t, jb.all(), "do b")
}

// awaitStopping returns when the node has begun to stop.
func awaitStopping(t *testing.T, n *node) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for !n.jobs.IsStopping() {
		if err := clock.Real().Sleep(ctx, time.Millisecond); err != nil {
			t.Fatal("the node does not begin to stop")
		}
	}
}

// A node that is stopped without patience cuts the step off; it is done again, and that is no failure.
func TestHardStopCutsTheStepOff(t *testing.T) {
	t.Parallel()
	url := dbtest.URL(t)
	inside := make(chan struct{})
	j := &journal{}
	a := newNode(t, url, "a", 1, jobs.Options{StopTimeout: time.Millisecond}, saga.Options{}, saga.Definition{Action: "thing.create", Steps: []saga.Step{
		{Name: "a", Do: func(ctx context.Context, _ *saga.Run) error { close(inside); <-ctx.Done(); return ctx.Err() }},
	}})
	operationID := begin(t, a.db, a.Engine, "thing.create", nil)
	<-inside
	if err := a.jobs.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := newNode(t, url, "b", 1, jobs.Options{PollInterval: 50 * time.Millisecond}, saga.Options{Attempts: 1}, saga.Definition{Action: "thing.create", Steps: []saga.Step{j.step("a", nil, nil)}})
	if op := b.wait(t, operationID); op.State != saga.Succeeded {
		t.Errorf("got %+v", op)
	}
	wantLines(t, j.all(), "do a")
}

// envVictim makes the test binary a node that is killed.
const envVictim = "DEMARC_TEST_SAGA_VICTIM"

func TestMain(m *testing.M) {
	if url := os.Getenv(envVictim); url != "" {
		if err := victim(url); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// victim is a node that says "inside" when it is in the middle of the second step, and stays there.
func victim(url string) error {
	ctx := context.Background()
	d, err := db.Open(ctx, url, db.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	q, err := jobs.New(d, jobs.Options{Node: "victim", Workers: 1})
	if err != nil {
		return err
	}
	e := saga.New(saga.Deps{DB: d, Jobs: q})
	e.Register(saga.Definition{Action: "thing.create", Steps: []saga.Step{
		{Name: "a", Do: func(_ context.Context, r *saga.Run) error { return r.Save("made by the victim") }},
		{Name: "b", Do: func(context.Context, *saga.Run) error { fmt.Println("inside"); select {} }},
	}})
	if err := q.Start(ctx); err != nil {
		return err
	}
	select {}
}

// kill starts a victim, begins an operation, and kills the victim in the middle of it.
func kill(t *testing.T, url string, starter *node) (operationID string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, "-test.run=^$")
	cmd.Env = append(os.Environ(), envVictim+"="+url)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	operationID = begin(t, starter.db, starter.Engine, "thing.create", nil)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || line != "inside\n" {
		t.Fatalf("the victim said %q, %v: %s", line, err, complaints.String())
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed: that is its error
	return operationID
}

// survivor finishes what the victim began.
func survivor(j *journal) saga.Definition {
	return saga.Definition{Action: "thing.create", Steps: []saga.Step{j.step("a", nil, nil), {
		Name: "b",
		Do: func(_ context.Context, r *saga.Run) error {
			var state string
			err := r.Load(&state)
			j.note(fmt.Sprintf("do b, attempt %d, %s", r.Attempt, state))
			return err
		},
	}}}
}

func TestOtherNodeTakesOverFromAKilledOne(t *testing.T) {
	t.Parallel()
	url := dbtest.URL(t)
	j := &journal{}
	starter := newNode(t, url, "starter", 0, jobs.Options{}, saga.Options{}, survivor(j))
	operationID := kill(t, url, starter)
	newNode(t, url, "other", 1, quick, saga.Options{}, survivor(j))
	if op := starter.wait(t, operationID); op.State != saga.Succeeded {
		t.Errorf("got %+v", op)
	}
	wantLines(t, j.all(), "do b, attempt 2, made by the victim")
}

func TestKilledNodeGoesOnAtItsNextStart(t *testing.T) {
	t.Parallel()
	url := dbtest.URL(t)
	j := &journal{}
	starter := newNode(t, url, "starter", 0, jobs.Options{}, saga.Options{}, survivor(j))
	operationID := kill(t, url, starter)
	// With the standing timeouts: nobody but the node itself would free the job so soon.
	newNode(t, url, "victim", 1, jobs.Options{JobTimeout: time.Hour}, saga.Options{}, survivor(j))
	if op := starter.wait(t, operationID); op.State != saga.Succeeded {
		t.Errorf("got %+v", op)
	}
	wantLines(t, j.all(), "do b, attempt 2, made by the victim")
}
