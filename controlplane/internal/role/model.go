package role

import (
	"slices"

	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// Kind describes roles. What belongs to a billing entity is for everybody below it to use.
var Kind = resource.Kind{
	Name: "role", Title: "Role", Category: "Access", Prefix: "role", Named: true, Dormant: true,
	Description: "A set of permissions. A role binding gives it to somebody in a scope.",
	Parent:      &resource.Link{Kind: "customer", Or: []string{"billing_entity"}, Field: "owner_id"},
	Shared:      offered,
	Filters: []resource.Filter{
		{Name: "owner_id", Words: "Those of one customer or billing entity"},
		{Name: "built_in", Words: "Those that come with the platform, or the others"},
	},
}

// Spec is what can be changed of a role.
type Spec struct {
	resource.Named
	// What who has it may do, such as virtual_machines.create. Only permissions that the caller has can be added.
	Permissions []string `json:"permissions" gorm:"serializer:json" validate:"required" maxLength:"100" extensions:"x-max-items=1000,x-set"`
} // @name RoleSpec

// Create is what a role is made from.
type Create struct {
	// The customer or billing entity that it belongs to. It can be bound there and below.
	OwnerID string `json:"owner_id" validate:"required" format:"typeid" extensions:"x-ref=customer|billing_entity"`
	Spec
} // @name RoleCreate

// Role is a set of permissions.
type Role struct {
	resource.Meta
	Create
	// Whether it comes with the platform, which alone changes it.
	BuiltIn bool `json:"built_in" readonly:"true"`
} // @name Role

type row struct {
	resource.Base
	Create
	BuiltIn bool
}

// inOrder says the same of permissions that are the same, in whatever order they were named.
func (s *Spec) inOrder() {
	s.Permissions = slices.Compact(slices.Sorted(slices.Values(s.Permissions)))
}
