// Code generated from the catalog by cmd/gen. DO NOT EDIT.

package demarc

import (
	"encoding/json"
	"time"

	"github.com/demarc/demarc/controlplane/client"
)

// AuditRecord is an audit record, as it is answered. What somebody did, or was refused: every change, every attempt at one, and reads where the
// server's settings say so.
type AuditRecord struct {
	ID            string    `json:"id"`             // Id.
	At            time.Time `json:"at"`             // When it was tried.
	PrincipalID   *string   `json:"principal_id"`   // Id of who tried; null if that is not known.
	PrincipalKind string    `json:"principal_kind"` // Kind of who tried.
	// Id of the token that was used, as whoever issued it calls it: tok_… of an API token. Null if it has none.
	TokenID   *string `json:"token_id"`
	BindingID *string `json:"binding_id"` // Id of the role binding that allowed it; null if none did, or none was needed.
	// What was tried: the id of an operation of this API, such as virtual_machines.update.
	Operation       string             `json:"operation"`
	TargetKind      string             `json:"target_kind"`       // Kind of what it was tried on.
	TargetID        *string            `json:"target_id"`         // Id of what it was tried on, as it was given; null if nothing has come to be.
	BillingEntityID *string            `json:"billing_entity_id"` // The billing entity that its target belongs to.
	CustomerID      *string            `json:"customer_id"`       // The customer that its target belongs to.
	Outcome         AuditRecordOutcome `json:"outcome"`           // What came of it: denied for want of a permission, or failed for another reason.
	Code            *string            `json:"code"`              // The code of the problem that it was refused with.
	RequestID       string             `json:"request_id"`        // Id of the request.
	RemoteAddr      *string            `json:"remote_addr"`       // Address that the request came from.
	UserAgent       *string            `json:"user_agent"`        // What the client said of itself.
	// The object before, as its readers saw it; null if there was none, or nothing was changed.
	Old json.RawMessage `json:"old"`
	// The object after, as its readers saw it, or a summary, of an operation on many things; null if there was none, or nothing was changed.
	New json.RawMessage `json:"new"`
	// Its number in the chain that proves the trail complete; null for the first seconds.
	Sequence *int64 `json:"sequence"`
}

// AuditRecordOutcome is what outcome can be. Further values may come.
type AuditRecordOutcome string

const (
	AuditRecordOutcomeSucceeded AuditRecordOutcome = "succeeded"
	AuditRecordOutcomeDenied    AuditRecordOutcome = "denied"
	AuditRecordOutcomeFailed    AuditRecordOutcome = "failed"
)

// AuditRecordQuery says which audit records a list finds: all, unless it says more.
type AuditRecordQuery struct {
	BillingEntityID string               `query:"billing_entity_id"` // Those of one billing entity, and of its customers.
	CustomerID      string               `query:"customer_id"`       // Those of one customer.
	TargetID        string               `query:"target_id"`         // What was tried on this object.
	PrincipalID     string               `query:"principal_id"`      // What this principal tried.
	Operation       string               `query:"operation"`         // Attempts at this operation.
	Outcome         []AuditRecordOutcome `query:"outcome"`           // What came to one of these.
	RequestID       string               `query:"request_id"`        // What this request tried.
	AtFrom          time.Time            `query:"at_from"`           // Those that were made then or later.
	AtUntil         time.Time            `query:"at_until"`          // Those that were made before then.
	OrderBy         string               `query:"order_by"`          // With a minus sign the other way round: at.
	PageSize        int                  `query:"page_size"`         // How many objects one request brings, up to 500; 0 for as many as that.
}

// AuditRecordKind is what can be done with audit records.
type AuditRecordKind struct {
	client.Getter[AuditRecord]
	client.Lister[AuditRecord, AuditRecordQuery]
}

// AuditRecords are the audit records of a server.
func AuditRecords(c *client.Client) AuditRecordKind {
	return client.Bind[AuditRecordKind](c, kind("audit_record"))
}
