// Code generated from the catalog by cmd/gen. DO NOT EDIT.

package demarc

import (
	"context"
	"time"

	"github.com/demarc/demarc/controlplane/client"
)

// Operation is an operation, as it is answered. Work that goes on after a request has been answered.
type Operation struct {
	ID              string          `json:"id"`               // Id.
	Action          string          `json:"action"`           // What it does: the kind and the verb, such as virtual_machine.create.
	TargetKind      string          `json:"target_kind"`      // Kind of what it changes.
	TargetID        string          `json:"target_id"`        // Id of what it changes.
	CustomerID      *string         `json:"customer_id"`      // The customer that it belongs to.
	State           OperationState  `json:"state"`            // How far it is.
	Done            bool            `json:"done"`             // Whether it has ended.
	TotalSteps      int64           `json:"total_steps"`      // Number of its steps.
	CompletedSteps  int64           `json:"completed_steps"`  // Number of the steps that are done.
	CurrentStep     *string         `json:"current_step"`     // The step that is being done.
	Error           *OperationError `json:"error"`            // Why it failed.
	NeedsAttention  bool            `json:"needs_attention"`  // Whether something of it could not be undone, so that somebody has to look.
	CancelRequested bool            `json:"cancel_requested"` // Whether it was asked to stop.
	RequestID       string          `json:"request_id"`       // Id of the request that began it.
	CreatedAt       time.Time       `json:"created_at"`       // When it was made.
	StartedAt       *time.Time      `json:"started_at"`       // When its first step began.
	FinishedAt      *time.Time      `json:"finished_at"`      // When it ended.
}

// OperationState is what state can be. Further values may come.
type OperationState string

const (
	OperationStatePending   OperationState = "pending"
	OperationStateRunning   OperationState = "running"
	OperationStateSucceeded OperationState = "succeeded"
	OperationStateFailed    OperationState = "failed"
	OperationStateCancelled OperationState = "cancelled"
)

// OperationError is a part of Operation. Why it failed.
type OperationError struct {
	Code   string  `json:"code"`   // Kind of the failure.
	Detail string  `json:"detail"` // What went wrong.
	Step   *string `json:"step"`   // The step that failed.
}

// OperationQuery says which operations a list finds: all, unless it says more.
type OperationQuery struct {
	BillingEntityID string           `query:"billing_entity_id"` // Those of one billing entity, and of its customers.
	CustomerID      string           `query:"customer_id"`       // Those of one customer.
	State           []OperationState `query:"state"`             // Those in one of these states.
	TargetID        string           `query:"target_id"`         // Those of one object.
	CreatedAtFrom   time.Time        `query:"created_at_from"`   // Those that were made then or later.
	CreatedAtUntil  time.Time        `query:"created_at_until"`  // Those that were made before then.
	OrderBy         string           `query:"order_by"`          // With a minus sign the other way round: created_at.
	PageSize        int              `query:"page_size"`         // How many objects one request brings, up to 500; 0 for as many as that.
}

// OperationKind is what can be done with operations.
type OperationKind struct {
	client.Getter[Operation]
	client.Lister[Operation, OperationQuery]
	client.Actions[Operation]
}

// Operations are the operations of a server.
func Operations(c *client.Client) OperationKind {
	return client.Bind[OperationKind](c, kind("operation"))
}

// Cancel is the action operations.cancel. Ask an operation to stop and to undo what it has done.
func (k OperationKind) Cancel(ctx context.Context, id string, opts ...client.WriteOption) (Operation, error) {
	return k.Action(ctx, id, "cancel", nil, opts...)
}
