package rolebinding

import (
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// Kind describes role bindings.
var Kind = resource.Kind{
	Name: "role_binding", Plural: "role_bindings", Title: "Role binding", Category: "Access", Prefix: "rb", Path: "/role-bindings", Table: "role_binding",
	Description: "Gives a role to somebody in a scope, and in everything below it.",
	Key:         []string{"principal_kind", "principal_id", "role_id", "scope_id"},
	Needs:       []resource.Link{{Kind: "role", Field: "role_id"}},
	Scopes:      []resource.Link{{Field: "scope_id"}}, ScopeTable: scopeTable,
}

// RoleBindingSpec is what can be changed of a role binding.
type RoleBindingSpec struct {
	// When it ends; null for never.
	ExpiresAt *time.Time `json:"expires_at" format:"date-time"`
	// Kept for conditions, which this release does not know: null.
	Condition *string `json:"condition" maxLength:"2000"`
} // @name RoleBindingSpec

// RoleBindingCreate is what a role binding is made from.
type RoleBindingCreate struct {
	// What kind of principal gets the role.
	PrincipalKind string `json:"principal_kind" validate:"required" enums:"user,group,service_account,platform_owner"`
	// Id of the principal. The platform owner's is owner.
	PrincipalID string `json:"principal_id" validate:"required" minLength:"1" maxLength:"200"`
	// The role. It is built in, or belongs to the customer or to one of the billing entities that the scope is in.
	RoleID string `json:"role_id" validate:"required" format:"typeid" extensions:"x-ref=role"`
	// Where it is given: an object, with all that is in it, or platform.
	ScopeID string `json:"scope_id" validate:"required" format:"typeid" extensions:"x-ref=scope"`
	RoleBindingSpec
} // @name RoleBindingCreate

// RoleBinding gives a role to somebody in a scope.
type RoleBinding struct {
	resource.Record
	RoleBindingCreate
} // @name RoleBinding

// RoleBindingList is one page of role bindings.
type RoleBindingList struct {
	resource.Page[RoleBinding]
} // @name RoleBindingList

// Validate reports every wrong field that the specification cannot see.
func (s RoleBindingSpec) Validate() []fault.Field {
	if s.Condition == nil {
		return nil
	}
	return []fault.Field{{Pointer: "/condition", Code: "unsupported", Detail: "this release knows no conditions: leave it out, or send null"}}
}
