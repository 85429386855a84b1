package operation

import (
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/saga"
)

// Kind describes operations.
var Kind = resource.Kind{
	Name: "operation", Title: "Operation", Category: "Platform", Prefix: saga.Prefix,
	Key:    []string{"id"},
	Scopes: []resource.Link{{Field: "target_id"}}, ScopeTable: "operation_scope",
	Description: "Work that goes on after a request has been answered.",
	Filters: []resource.Filter{
		{Name: "target_id", Words: "Those of one object"},
	},
	Words: map[string]string{"list": "List operations, the newest first"},
	States: map[string][]string{
		saga.Pending: {"get", "cancel"}, saga.Running: {"get", "cancel"},
		saga.Succeeded: {"get"}, saga.Failed: {"get"}, saga.Cancelled: {"get"},
	},
}

// Error is why an operation failed.
type Error struct {
	// Kind of the failure.
	Code string `json:"code" readonly:"true"`
	// What went wrong.
	Detail string `json:"detail" quotes:"target" readonly:"true"`
	// The step that failed.
	Step *string `json:"step" readonly:"true" extensions:"x-nullable"`
} // @name OperationError

// Operation is one piece of work.
type Operation struct {
	// Id.
	ID string `json:"id" format:"typeid" readonly:"true"`
	// What it does: the kind and the verb, such as virtual_machine.create.
	Action string `json:"action" readonly:"true"`
	// Kind of what it changes.
	TargetKind string `json:"target_kind" readonly:"true"`
	// Id of what it changes.
	TargetID string `json:"target_id" readonly:"true"`
	// The customer that it belongs to.
	CustomerID *string `json:"customer_id" format:"typeid" readonly:"true" extensions:"x-nullable,x-ref=customer"`
	// How far it is.
	State string `json:"state" enums:"pending,running,succeeded,failed,cancelled" readonly:"true" extensions:"x-volatile,x-open-enum"`
	// Whether it has ended.
	Done bool `json:"done" readonly:"true" extensions:"x-volatile"`
	// Number of its steps.
	TotalSteps int64 `json:"total_steps" readonly:"true"`
	// Number of the steps that are done.
	CompletedSteps int64 `json:"completed_steps" readonly:"true" extensions:"x-volatile"`
	// The step that is being done.
	CurrentStep *string `json:"current_step" readonly:"true" extensions:"x-volatile,x-nullable"`
	// Why it failed.
	Error *Error `json:"error" readonly:"true" extensions:"x-volatile,x-nullable"`
	// Whether something of it could not be undone, so that somebody has to look.
	NeedsAttention bool `json:"needs_attention" readonly:"true" extensions:"x-volatile"`
	// Whether it was asked to stop.
	CancelRequested bool `json:"cancel_requested" readonly:"true" extensions:"x-volatile"`
	// Id of the request that began it.
	RequestID string `json:"request_id" readonly:"true"`
	// When it was made.
	CreatedAt time.Time `json:"created_at" format:"date-time" readonly:"true" extensions:"x-volatile"`
	// When its first step began.
	StartedAt *time.Time `json:"started_at" format:"date-time" readonly:"true" extensions:"x-volatile,x-nullable"`
	// When it ended.
	FinishedAt *time.Time `json:"finished_at" format:"date-time" readonly:"true" extensions:"x-volatile,x-nullable"`
} // @name Operation

func model(o saga.Operation) Operation {
	out := Operation{
		ID: o.ID, Action: o.Action, TargetKind: o.TargetKind, TargetID: o.TargetID, CustomerID: o.CustomerID, State: o.State, Done: o.Ended(),
		TotalSteps: int64(o.TotalSteps), CompletedSteps: int64(o.CompletedSteps), CurrentStep: o.CurrentStep, NeedsAttention: o.NeedsAttention,
		CancelRequested: o.CancelRequested, RequestID: o.RequestID, CreatedAt: o.CreatedAt.UTC(), StartedAt: utc(o.StartedAt), FinishedAt: utc(o.FinishedAt),
	}
	if f := o.Failure; f != nil {
		out.Error = &Error{Code: f.Code, Detail: f.Detail}
		if f.Step != "" {
			out.Error.Step = &f.Step
		}
	}
	return out
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}
