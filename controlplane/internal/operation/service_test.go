package operation_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/operation"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/saga"
	"github.com/demarc/demarc/controlplane/internal/platform/saga/sagatest"
)

type bench struct {
	*operation.Service
	db     *db.DB
	engine *saga.Engine
	queue  *sagatest.Queue
	ctx    context.Context // of a caller who sees everything
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{db: dbtest.New(t), queue: &sagatest.Queue{}, ctx: authz.System(t.Context())}
	b.engine = saga.New(saga.Deps{DB: b.db, Jobs: b.queue})
	b.engine.Register(saga.Definition{Action: "thing.create"})
	b.engine.Register(saga.Definition{Action: "thing.break", Steps: []saga.Step{{Name: "fall",
		Do: func(context.Context, *saga.Run) error { return fault.Conflictf("limit_reached", "there is no room") }}}})
	b.Service = operation.New(module.Deps{DB: b.db, Sagas: b.engine, Registry: resource.NewRegistry()})
	return b
}

func (b *bench) start(t *testing.T, action, customerID string) string {
	t.Helper()
	var operationID string
	err := b.db.InTx(b.ctx, func(ctx context.Context) (err error) {
		s := saga.Start{Action: action, TargetKind: "thing", TargetID: id.New("thing"), RequestID: "req_1"}
		if customerID != "" {
			s.CustomerID = &customerID
		}
		operationID, err = b.engine.Start(ctx, s)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return operationID
}

func (b *bench) drain(t *testing.T) {
	t.Helper()
	if err := b.queue.Drain(b.ctx); err != nil {
		t.Fatal(err)
	}
}

func TestGet(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	customer := id.New("cus")
	good, bad := b.start(t, "thing.create", customer), b.start(t, "thing.break", "")
	op, err := b.Get(b.ctx, good, "")
	if err != nil || op.State != saga.Pending || op.Done || op.Error != nil || op.StartedAt != nil || *op.CustomerID != customer {
		t.Errorf("pending: %+v, %v", op, err)
	}
	b.drain(t)
	op, err = b.Get(b.ctx, good, "60s")
	if err != nil || op.State != saga.Succeeded || !op.Done || op.FinishedAt == nil || op.FinishedAt.Location() != time.UTC || op.RequestID != "req_1" {
		t.Errorf("succeeded: %+v, %v", op, err)
	}
	op, err = b.Get(b.ctx, bad, "1m")
	if err != nil || op.State != saga.Failed || !op.Done || op.Error == nil || op.CustomerID != nil {
		t.Fatalf("failed: %+v, %v", op, err)
	}
	if got := fmt.Sprint(op.Error.Code, ", ", op.Error.Detail, ", ", *op.Error.Step); got != "limit_reached, there is no room, fall" {
		t.Errorf("its error is %s", got)
	}
	if _, err := b.Get(b.ctx, id.New(saga.Prefix), "1s"); !fault.IsCode(err, "not_found") {
		t.Errorf("no operation: %v", err)
	}
	for _, wait := range []string{"61s", "-1s", "soon", "61", "2m"} {
		if _, err := b.Get(b.ctx, good, wait); !fault.IsCode(err, "invalid_parameter") {
			t.Errorf("wait=%s: %v", wait, err)
		}
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	customer := id.New("cus")
	var all []string
	for i := range 5 {
		action, owner := "thing.create", ""
		if i == 2 {
			action, owner = "thing.break", customer
		}
		all = append(all, b.start(t, action, owner))
	}
	broken := all[2]
	slices.Sort(all) // ids of one millisecond are in no particular order
	b.drain(t)
	ids := func(q resource.ListQuery) (out []string) {
		t.Helper()
		for {
			page, err := b.List(b.ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			if q.PageSize > 0 && len(page.Items) > q.PageSize {
				t.Errorf("a page of %d has %d", q.PageSize, len(page.Items))
			}
			for _, op := range page.Items {
				out = append(out, op.ID)
			}
			if page.NextPageToken == nil {
				return out
			}
			q.PageToken = *page.NextPageToken
		}
	}
	if got := ids(resource.ListQuery{PageSize: 2, OrderBy: "created_at"}); !slices.Equal(got, all) {
		t.Errorf("got %v, want %v", got, all)
	}
	slices.Reverse(all)
	for _, size := range []int{0, 1, 5} {
		if got := ids(resource.ListQuery{PageSize: size}); !slices.Equal(got, all) {
			t.Errorf("page size %d: got %v, want %v", size, got, all)
		}
	}
	one, err := b.Get(b.ctx, broken, "")
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"target_id": one.TargetID, "customer_id": customer, "state": saga.Failed} {
		if got := ids(resource.ListQuery{Filters: map[string]string{name: value}}); !slices.Equal(got, []string{broken}) {
			t.Errorf("%s=%s: got %v", name, value, got)
		}
	}
	page, err := b.List(b.ctx, resource.ListQuery{PageSize: 2})
	if err != nil {
		t.Fatal(err)
	}
	other := resource.ListQuery{PageSize: 2, PageToken: *page.NextPageToken, Filters: map[string]string{"state": saga.Failed}}
	if _, err := b.List(b.ctx, other); !fault.IsCode(err, "invalid_parameter") {
		t.Errorf("a token of another list: %v", err)
	}
}

func TestCancel(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	operationID := b.start(t, "thing.create", "")
	op, err := b.Cancel(b.ctx, operationID)
	if err != nil || !op.CancelRequested || op.Done {
		t.Errorf("got %+v, %v", op, err)
	}
	b.drain(t)
	op, err = b.Get(b.ctx, operationID, "")
	if err != nil || op.State != saga.Cancelled || op.Error.Code != saga.CodeCancelled {
		t.Errorf("got %+v, %v", op, err)
	}
	if _, err := b.Cancel(b.ctx, operationID); !fault.IsCode(err, "wrong_state") {
		t.Errorf("cancel of an ended operation: %v", err)
	}
}

func TestWhoMaySeeNothingFindsNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	operationID := b.start(t, "thing.create", "")
	stranger := authz.With(t.Context(), authz.Access{})
	if _, err := b.Get(stranger, operationID, "1m"); !fault.IsCode(err, "not_found") {
		t.Errorf("get: %v", err)
	}
	if _, err := b.Cancel(stranger, operationID); !fault.IsCode(err, "not_found") {
		t.Errorf("cancel: %v", err)
	}
	if page, err := b.List(stranger, resource.ListQuery{}); err != nil || len(page.Items) != 0 || page.Items == nil {
		t.Errorf("list: %+v, %v", page, err)
	}
	// Without any access in the context it is a defect, and fails.
	_, getErr := b.Get(t.Context(), operationID, "")
	_, listErr := b.List(t.Context(), resource.ListQuery{})
	_, cancelErr := b.Cancel(t.Context(), operationID)
	for name, err := range map[string]error{"get": getErr, "list": listErr, "cancel": cancelErr} {
		if err == nil || fault.As(err) != nil {
			t.Errorf("%s without access: %v", name, err)
		}
	}
}

func TestContextThatEndsWhileWaiting(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	operationID := b.start(t, "thing.create", "")
	ctx, cancel := context.WithCancel(b.ctx)
	cancel()
	if _, err := b.Get(ctx, operationID, "60s"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
