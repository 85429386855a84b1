package auditrecord

import (
	"encoding/json"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/audit"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// Kind describes audit records.
var Kind = resource.Kind{
	Name: "audit_record", Title: "Audit record", Category: "Platform", Prefix: audit.Prefix,
	Key: []string{"id"}, Made: "at", Scopes: []resource.Link{{Field: "target_id"}},
	Description: "What somebody did, or was refused: every change, every attempt at one, and reads where the server's settings say so.",
	Filters: []resource.Filter{
		{Name: "target_id", Words: "What was tried on this object"},
		{Name: "principal_id", Words: "What this principal tried"},
		{Name: "operation", Words: "Attempts at this operation", Column: "op_id"},
		{Name: "outcome", Words: "What came to one of these", Many: true},
		{Name: "request_id", Words: "What this request tried"},
	},
	Words: map[string]string{"list": "List audit records, the newest first"},
}

// Record is one entry of the trail.
type Record struct {
	// Id.
	ID string `json:"id" format:"typeid" readonly:"true"`
	// When it was tried.
	At time.Time `json:"at" format:"date-time" readonly:"true" extensions:"x-title=Time"`
	// Id of who tried; null if that is not known.
	PrincipalID *string `json:"principal_id" readonly:"true" extensions:"x-nullable"`
	// Kind of who tried.
	PrincipalKind string `json:"principal_kind" readonly:"true"`
	// Id of the token that was used, as whoever issued it calls it: tok_… of an API token. Null if it has none.
	TokenID *string `json:"token_id" readonly:"true" extensions:"x-nullable"`
	// Id of the role binding that allowed it; null if none did, or none was needed.
	BindingID *string `json:"binding_id" format:"typeid" readonly:"true" extensions:"x-nullable,x-ref=role_binding"`
	// What was tried: the id of an operation of this API, such as virtual_machines.update.
	Operation string `json:"operation" readonly:"true"`
	// Kind of what it was tried on.
	TargetKind string `json:"target_kind" readonly:"true"`
	// Id of what it was tried on, as it was given; null if nothing has come to be.
	TargetID *string `json:"target_id" readonly:"true" extensions:"x-nullable"`
	// The billing entity that its target belongs to.
	BillingEntityID *string `json:"billing_entity_id" format:"typeid" readonly:"true" extensions:"x-nullable,x-ref=billing_entity"`
	// The customer that its target belongs to.
	CustomerID *string `json:"customer_id" format:"typeid" readonly:"true" extensions:"x-nullable,x-ref=customer"`
	// What came of it: denied for want of a permission, or failed for another reason.
	Outcome string `json:"outcome" enums:"succeeded,denied,failed" readonly:"true" extensions:"x-open-enum"`
	// The code of the problem that it was refused with.
	Code *string `json:"code" readonly:"true" extensions:"x-nullable"`
	// Id of the request.
	RequestID string `json:"request_id" readonly:"true"`
	// Address that the request came from.
	RemoteAddr *string `json:"remote_addr" readonly:"true" extensions:"x-nullable"`
	// What the client said of itself.
	UserAgent *string `json:"user_agent" readonly:"true" extensions:"x-nullable"`
	// The object before, as its readers saw it; null if there was none, or nothing was changed.
	Old *json.RawMessage `json:"old" copies:"target_kind" swaggertype:"object" readonly:"true" extensions:"x-nullable,x-any,x-title=Before"`
	// The object after, as its readers saw it, or a summary, of an operation on many things; null if there was none, or nothing was changed.
	New *json.RawMessage `json:"new" copies:"target_kind" swaggertype:"object" readonly:"true" extensions:"x-nullable,x-any,x-title=After"`
	// Its number in the chain that proves the trail complete; null for the first seconds.
	Sequence *int64 `json:"sequence" readonly:"true" extensions:"x-nullable,x-volatile"`
} // @name AuditRecord
