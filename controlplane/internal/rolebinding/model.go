package rolebinding

import (
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// Kind describes role bindings.
var Kind = resource.Kind{
	Name: "role_binding", Title: "Role binding", Category: "Access", Prefix: "rb",
	Description: "Gives a role to somebody in a scope, and in everything below it.",
	Key:         []string{"principal_kind", "principal_id", "role_id", "scope_id"},
	DecidedBy:   "scope_id", // which does not contain it
	Dormant:     true,
	Needs:       []resource.Link{{Kind: "role", Field: "role_id"}},
	Scopes:      []resource.Link{{Field: "scope_id"}}, ScopeTable: scopeTable,
	Filters: []resource.Filter{
		{Name: "principal_kind", Words: "Those of one kind of principals"},
		{Name: "principal_id", Words: "Those of one principal"},
		{Name: "role_id", Words: "Those of one role"},
		{Name: "scope_id", Words: "Those in one scope itself"},
		{Name: "expires_at", Words: "Those that end", Range: resource.Times},
	},
	Orders: []string{"expires_at"},
	Words:  map[string]string{"update": "Change when a role binding ends"},
}

// Spec is what can be changed of a role binding.
type Spec struct {
	// When it ends; null for never.
	ExpiresAt *time.Time `json:"expires_at" format:"date-time"`
	// Kept for conditions, which this release does not know: null.
	Condition *string `json:"condition" gorm:"-" maxLength:"2000"`
} // @name RoleBindingSpec

// Create is what a role binding is made from.
type Create struct {
	// What kind of principal gets the role.
	PrincipalKind string `json:"principal_kind" validate:"required" enums:"user,group,service_account,platform_owner"`
	// Id of the principal. The platform owner's is owner.
	PrincipalID string `json:"principal_id" validate:"required" minLength:"1" maxLength:"200"`
	// The role. It is built in, or belongs to the customer or to one of the billing entities that the scope is in.
	RoleID string `json:"role_id" validate:"required" format:"typeid" extensions:"x-ref=role"`
	// Where it is given: an object, with all that is in it, or platform.
	ScopeID string `json:"scope_id" validate:"required" format:"typeid" extensions:"x-ref=scope"`
	Spec
} // @name RoleBindingCreate

// RoleBinding gives a role to somebody in a scope.
type RoleBinding struct {
	resource.Record
	Create
} // @name RoleBinding

// Validate reports every wrong field that the specification cannot see.
func (s Spec) Validate() []fault.Field {
	if s.Condition == nil {
		return nil
	}
	return []fault.Field{{Pointer: "/condition", Code: "unsupported", Detail: "this release knows no conditions: leave it out, or send null"}}
}
