package resource

import (
	"time"
	_ "time/tzdata" // so that every machine knows the same time zones

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

// Named is what a user gives every named thing.
//
// It is embedded in the Spec of each named kind.
type Named struct {
	// What it is called: unique within the parent, and can be changed.
	Name string `json:"name" validate:"required" maxLength:"63" format:"slug"`
	// Name for people.
	DisplayName *string `json:"display_name" maxLength:"200"`
	// Labels to select by. A key may have a prefix and a slash.
	Labels map[string]string `json:"labels" gorm:"serializer:json" maxLength:"255" extensions:"x-max-items=64"`
	// Notes for people.
	Notes *string `json:"notes" maxLength:"4000"`
	// While true, a delete is refused.
	DeletionProtection bool `json:"deletion_protection" default:"false"`
} // @name Named

// Meta is what the system gives every named thing.
//
// It is embedded in the type that is read.
type Meta struct {
	// Id; its prefix says the kind.
	ID string `json:"id" format:"typeid" readonly:"true"`
	// Counts the changes of what was asked for; what the system observes does not count.
	Revision int64 `json:"revision" readonly:"true" extensions:"x-volatile"`
	// When it was made.
	CreatedAt time.Time `json:"created_at" format:"date-time" readonly:"true" extensions:"x-volatile"`
	// When it was last changed.
	UpdatedAt time.Time `json:"updated_at" format:"date-time" readonly:"true" extensions:"x-volatile"`
	// Where it is in its life cycle.
	State string `json:"state" enums:"pending,creating,active,updating,deleting,recycled,failed" readonly:"true" extensions:"x-volatile,x-open-enum"`
	// Why it is in this state.
	StateReason *string `json:"state_reason" readonly:"true" extensions:"x-volatile,x-nullable"`
	// The operation that is changing it now.
	OperationID *string `json:"operation_id" format:"typeid" readonly:"true" extensions:"x-volatile,x-nullable,x-ref=operation"`
} // @name Meta

// Record is what the system gives every unnamed thing.
//
// It is embedded in the type that is read.
type Record struct {
	// Id; its prefix says the kind.
	ID string `json:"id" format:"typeid" readonly:"true"`
	// Counts the changes of what was asked for.
	Revision int64 `json:"revision" readonly:"true" extensions:"x-volatile"`
	// When it was made.
	CreatedAt time.Time `json:"created_at" format:"date-time" readonly:"true" extensions:"x-volatile"`
	// When it was last changed.
	UpdatedAt time.Time `json:"updated_at" format:"date-time" readonly:"true" extensions:"x-volatile"`
} // @name Record

// named are the fields of a row of a named kind.
func (n *Named) named() *Named { return n }

// ETag is the revision that If-Match compares with.
func (r Record) ETag() int64 { return r.Revision }

// ETag is the revision that If-Match compares with.
func (m Meta) ETag() int64 { return m.Revision }

// Running is the operation that goes on, nil if none does.
func (m Meta) Running() *string { return m.OperationID }

// Page is one page of a list.
type Page[T any] struct {
	// What is on the page.
	Items []T `json:"items" validate:"required"`
	// Where the next page begins; null on the last one.
	NextPageToken *string `json:"next_page_token" extensions:"x-nullable"`
}

// None is the answer of an operation that has nothing to say: 204.
type None struct{}

// Validate reports every wrong field that the specification cannot see.
func (n Named) Validate() []fault.Field { return ValidateLabels(n.Labels) }

// ValidateTimeZone reports a name that is not in the IANA database.
func ValidateTimeZone(pointer, name string) []fault.Field {
	// Local is the machine's own zone, which is nobody's answer.
	if _, err := time.LoadLocation(name); err != nil || name == "Local" || name == "" {
		return []fault.Field{{Pointer: pointer, Code: "format", Detail: "is not a time zone of the IANA database"}}
	}
	return nil
}
