package role

import "github.com/demarc/demarc/controlplane/internal/platform/resource"

// Kind describes roles. What belongs to a billing entity is for everybody below it to use.
var Kind = resource.Kind{
	Name: "role", Plural: "roles", Title: "Role", Category: "Access", Prefix: "role", Path: "/roles", Table: "role", Named: true,
	Description: "A set of permissions. A role binding gives it to somebody in a scope.",
	Parent:      &resource.Link{Kind: "customer", Or: []string{"billing_entity"}, Field: "owner_id"},
	Shared:      offered,
}

// RoleSpec is what can be changed of a role.
type RoleSpec struct {
	resource.Named
	// What who has it may do, such as virtual_machines.create. Only permissions that the caller has can be added.
	Permissions []string `json:"permissions" validate:"required" maxLength:"100" extensions:"x-max-items=1000,x-set"`
} // @name RoleSpec

// RoleCreate is what a role is made from.
type RoleCreate struct {
	// The customer or billing entity that it belongs to. It can be bound there and below.
	OwnerID string `json:"owner_id" validate:"required" format:"typeid" extensions:"x-ref=customer|billing_entity"`
	RoleSpec
} // @name RoleCreate

// Role is a set of permissions.
type Role struct {
	resource.Meta
	RoleCreate
	// Whether it comes with the platform, which alone changes it.
	BuiltIn bool `json:"built_in" readonly:"true"`
} // @name Role

// RoleList is one page of roles.
type RoleList struct {
	resource.Page[Role]
} // @name RoleList
