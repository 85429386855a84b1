// The rows of operations and their steps.

package saga

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

// States of an operation.
const (
	Pending   = "pending"
	Running   = "running"
	Succeeded = "succeeded"
	Failed    = "failed"
	Cancelled = "cancelled"
)

// States of a step.
const (
	stepPending = "pending"
	stepRunning = "running" // begun: what it did is not known
	stepDone    = "done"
	stepFailed  = "failed"
	stepUndoing = "undoing" // an undo has failed and is tried again
	stepUndone  = "undone"
)

// Operation is the progress of one piece of long work.
type Operation struct {
	ID              string
	Action          string // virtual_machine.create
	TargetKind      string
	TargetID        string
	BillingEntityID string
	CustomerID      *string
	RequestedBy     string
	RequestID       string
	State           string
	TotalSteps      int
	CompletedSteps  int
	// CurrentStep is the step that is being done or, in an operation that failed, the one that failed.
	CurrentStep *string
	// Failure is set in an operation that failed or was cancelled, and while its steps are being undone.
	Failure *Failure
	// NeedsAttention: it could not be undone as a whole, and somebody has to look.
	NeedsAttention  bool
	CancelRequested bool
	CreatedAt       time.Time
	StartedAt       *time.Time
	FinishedAt      *time.Time
}

// Ended says whether the operation has come to its end.
func (o Operation) Ended() bool { return ended(o.State) }

func ended(state string) bool { return state == Succeeded || state == Failed || state == Cancelled }

type operationRow struct {
	ID              string `gorm:"primaryKey"`
	Action          string
	TargetKind      string
	TargetID        string
	State           string
	StepState       json.RawMessage `gorm:"type:jsonb"`
	CompletedSteps  int
	TotalSteps      int
	CurrentStep     *string
	ErrorCode       *string
	ErrorDetail     *string
	CancelRequested bool
	NeedsAttention  bool
	// Attempt counts the runners that took the operation and did not put it down again: 1 while the first one runs.
	Attempt         int
	Fence           int64
	BillingEntityID string
	CustomerID      *string
	RequestedBy     string
	RequestID       string
	CreatedAt       time.Time `gorm:"autoCreateTime:false"`
	StartedAt       *time.Time
	FinishedAt      *time.Time
}

func (operationRow) TableName() string { return "operation" }

func (r operationRow) operation() Operation {
	o := Operation{
		ID: r.ID, Action: r.Action, TargetKind: r.TargetKind, TargetID: r.TargetID, BillingEntityID: r.BillingEntityID,
		CustomerID: r.CustomerID, RequestedBy: r.RequestedBy, RequestID: r.RequestID, State: r.State, TotalSteps: r.TotalSteps,
		CompletedSteps: r.CompletedSteps, CurrentStep: r.CurrentStep, Failure: r.failure(), NeedsAttention: r.NeedsAttention,
		CancelRequested: r.CancelRequested, CreatedAt: r.CreatedAt.UTC(), StartedAt: utc(r.StartedAt), FinishedAt: utc(r.FinishedAt),
	}
	return o
}

func (r operationRow) failure() *Failure {
	if r.ErrorCode == nil {
		return nil
	}
	f := &Failure{Code: *r.ErrorCode}
	if r.ErrorDetail != nil {
		f.Detail = *r.ErrorDetail
	}
	if r.CurrentStep != nil {
		f.Step = *r.CurrentStep
	}
	return f
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

type stepRow struct {
	OperationID string `gorm:"primaryKey"`
	Ordinal     int    `gorm:"primaryKey"`
	Name        string
	State       string
	Attempts    int
	// Error is the last error in full, for the operator: never shown to users.
	Error      *string
	StartedAt  *time.Time
	FinishedAt *time.Time
}

func (stepRow) TableName() string { return "operation_step" }

// persisted is what the operation's column step_state holds.
type persisted struct {
	Data json.RawMessage `json:"data,omitempty"`
	// Failures counts the errors of what is being tried now: a step, an undo, or the closing.
	Failures int `json:"failures,omitempty"`
}

type store struct{ db *db.DB }

// scopeRow is a scope that the operation's target is in.
type scopeRow struct{ ScopeID, ID string }

func (scopeRow) TableName() string { return "operation_scope" }

func (s store) insert(ctx context.Context, op operationRow, scopes []scopeRow, steps []stepRow) error {
	// Of the operations on one object only one may be unfinished. Without an error the caller's transaction stays usable.
	res := s.db.Conn(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&op)
	if res.Error != nil {
		return fmt.Errorf("insert operation: %w", res.Error)
	}
	if res.RowsAffected == 0 {
		return s.inProgress(ctx, op.TargetID)
	}
	if len(scopes) > 0 {
		if err := s.db.Conn(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&scopes).Error; err != nil {
			return fmt.Errorf("insert scopes: %w", err)
		}
	}
	if len(steps) == 0 {
		return nil
	}
	if err := s.db.Conn(ctx).Create(&steps).Error; err != nil {
		return fmt.Errorf("insert steps: %w", err)
	}
	return nil
}

// inProgress is the refusal of a second operation on an object.
func (s store) inProgress(ctx context.Context, targetID string) error {
	var running string
	err := s.db.Conn(ctx).Model(&operationRow{}).Select("id").Where("target_id = ? AND finished_at IS NULL", targetID).Scan(&running).Error
	if err != nil {
		return fmt.Errorf("find the running operation: %w", err)
	}
	return &fault.Error{Kind: fault.Conflict, Code: "operation_in_progress", OperationID: running,
		Detail: "an operation is changing it: wait for " + running + " and try again"}
}

func (s store) get(ctx context.Context, id string) (operationRow, error) {
	var row operationRow
	err := s.db.Conn(ctx).Where("id = ?", id).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, fault.NotFoundError()
	}
	return row, err
}

// take makes the caller the runner of an operation that has not ended. false: there is nothing to run.
func (s store) take(ctx context.Context, id string, now time.Time) (row operationRow, steps []stepRow, ok bool, err error) {
	err = s.db.InTx(ctx, func(ctx context.Context) error {
		var rows []operationRow
		res := s.db.Conn(ctx).Model(&rows).Clauses(clause.Returning{}).
			Where("id = ? AND state IN ?", id, []string{Pending, Running}).
			Updates(map[string]any{
				"fence": gorm.Expr("fence + 1"), "attempt": gorm.Expr("attempt + 1"),
				"state": Running, "started_at": gorm.Expr("coalesce(started_at, ?)", now),
			})
		if res.Error != nil || len(rows) == 0 {
			return res.Error
		}
		row, ok = rows[0], true
		return s.db.Conn(ctx).Where("operation_id = ?", id).Order("ordinal").Find(&steps).Error
	})
	return row, steps, ok, err
}

// write keeps what a runner has changed, if it still is the runner: else errFenced. It returns whether a cancel has been asked for.
func (s store) write(ctx context.Context, op operationRow, steps []stepRow) (cancel bool, err error) {
	var rows []operationRow
	res := s.db.Conn(ctx).Model(&rows).Clauses(clause.Returning{Columns: []clause.Column{{Name: "cancel_requested"}}}).
		Where("id = ? AND fence = ? AND state = ?", op.ID, op.Fence, Running).
		Updates(map[string]any{
			"state": op.State, "step_state": op.StepState, "completed_steps": op.CompletedSteps, "current_step": op.CurrentStep,
			"error_code": op.ErrorCode, "error_detail": op.ErrorDetail, "needs_attention": op.NeedsAttention, "attempt": op.Attempt,
			"finished_at": op.FinishedAt,
		})
	if res.Error != nil {
		return false, fmt.Errorf("write operation: %w", res.Error)
	}
	if len(rows) == 0 {
		return false, errFenced
	}
	for _, step := range steps {
		err := s.db.Conn(ctx).Model(&stepRow{}).Where("operation_id = ? AND ordinal = ?", step.OperationID, step.Ordinal).
			Select("state", "attempts", "error", "started_at", "finished_at").Updates(&step).Error
		if err != nil {
			return false, fmt.Errorf("write step: %w", err)
		}
	}
	return rows[0].CancelRequested, nil
}

// lock reads the row and keeps it from being changed until the transaction ends.
func (s store) lock(ctx context.Context, id string) (operationRow, error) {
	var row operationRow
	err := s.db.Conn(ctx).Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = ?", id).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row, fault.NotFoundError()
	}
	return row, err
}

func (s store) requestCancel(ctx context.Context, id string) error {
	return s.db.Conn(ctx).Model(&operationRow{}).Where("id = ?", id).Update("cancel_requested", true).Error
}

// unfinished returns the ids of operations that have not ended.
func (s store) unfinished(ctx context.Context) ([]string, error) {
	var ids []string
	err := s.db.Conn(ctx).Model(&operationRow{}).Where("state IN ?", []string{Pending, Running}).
		Order("id").Pluck("id", &ids).Error
	return ids, err
}

// List returns the operations that a query of their table finds. None are found by nil.
func (e *Engine) List(query *gorm.DB) ([]Operation, error) {
	if query == nil {
		return nil, nil
	}
	var rows []operationRow
	if err := query.Find(&rows).Error; err != nil {
		return nil, fmt.Errorf("list operations: %w", err)
	}
	out := make([]Operation, len(rows))
	for i, r := range rows {
		out[i] = r.operation()
	}
	return out, nil
}
