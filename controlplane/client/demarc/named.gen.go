// Code generated from the catalog by cmd/gen. DO NOT EDIT.

package demarc

import (
	"time"
)

// Named is what the objects of all kinds that have names have in common.
type Named struct {
	ID                 string            `json:"id"`                  // Id; its prefix says the kind.
	Name               string            `json:"name"`                // What it is called: unique within the parent, and can be changed.
	DisplayName        *string           `json:"display_name"`        // Name for people.
	Labels             map[string]string `json:"labels"`              // Labels to select by. A key may have a prefix and a slash.
	Notes              *string           `json:"notes"`               // Notes for people.
	DeletionProtection bool              `json:"deletion_protection"` // While true, a delete is refused.
	// Counts the changes of what was asked for; what the system observes does not count.
	Revision    int64     `json:"revision"`
	CreatedAt   time.Time `json:"created_at"`   // When it was made.
	UpdatedAt   time.Time `json:"updated_at"`   // When it was last changed.
	State       State     `json:"state"`        // Where it is in its life cycle.
	StateReason *string   `json:"state_reason"` // Why it is in this state.
	OperationID *string   `json:"operation_id"` // The operation that is changing it now.
}

// State is what state can be. Further values may come.
type State string

const (
	StatePending  State = "pending"
	StateCreating State = "creating"
	StateActive   State = "active"
	StateUpdating State = "updating"
	StateDeleting State = "deleting"
	StateRecycled State = "recycled"
	StateFailed   State = "failed"
)
