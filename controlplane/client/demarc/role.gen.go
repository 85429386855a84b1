// Code generated from the catalog by cmd/gen. DO NOT EDIT.

package demarc

import (
	"time"

	"github.com/demarc/demarc/controlplane/client"
)

// Role is a role, as it is answered. A set of permissions. A role binding gives it to somebody in a scope.
type Role struct {
	Named
	OwnerID string `json:"owner_id"` // The customer or billing entity that it belongs to. It can be bound there and below.
	// What who has it may do, such as virtual_machines.create. Only permissions that the caller has can be added.
	Permissions []string `json:"permissions"`
	BuiltIn     bool     `json:"built_in"` // Whether it comes with the platform, which alone changes it.
}

// RoleCreate is what a role is made from.
type RoleCreate struct {
	// What it is called: unique within the parent, and can be changed. Required.
	Name               string            `json:"name"`
	OwnerID            string            `json:"owner_id"`                     // The customer or billing entity that it belongs to. Required.
	DisplayName        *string           `json:"display_name,omitzero"`        // Name for people.
	Permissions        []string          `json:"permissions"`                  // What who has it may do, such as virtual_machines.create. Required.
	Labels             map[string]string `json:"labels,omitzero"`              // Labels to select by.
	Notes              *string           `json:"notes,omitzero"`               // Notes for people.
	DeletionProtection *bool             `json:"deletion_protection,omitzero"` // While true, a delete is refused.
}

// RolePatch is a change of a role.
type RolePatch struct {
	// What it is called: unique within the parent, and can be changed.
	Name        client.Optional[string] `json:"name,omitzero"`
	DisplayName client.Optional[string] `json:"display_name,omitzero"` // Name for people.
	// What who has it may do, such as virtual_machines.create.
	Permissions        client.Optional[[]string]               `json:"permissions,omitzero"`
	Labels             client.Optional[client.Entries[string]] `json:"labels,omitzero"`              // Labels to select by.
	Notes              client.Optional[string]                 `json:"notes,omitzero"`               // Notes for people.
	DeletionProtection client.Optional[bool]                   `json:"deletion_protection,omitzero"` // While true, a delete is refused.
}

// RoleQuery says which roles a list finds: all, unless it says more.
type RoleQuery struct {
	BillingEntityID string    `query:"billing_entity_id"` // Those of one billing entity, and of its customers.
	CustomerID      string    `query:"customer_id"`       // Those of one customer.
	State           []State   `query:"state"`             // Those in one of these states.
	OwnerID         string    `query:"owner_id"`          // Those of one customer or billing entity.
	BuiltIn         *bool     `query:"built_in"`          // Those that come with the platform, or the others.
	CreatedAtFrom   time.Time `query:"created_at_from"`   // Those that were made then or later.
	CreatedAtUntil  time.Time `query:"created_at_until"`  // Those that were made before then.
	Label           string    `query:"label"`             // Label selector: env=prod,tier!=db,owner,!legacy.
	Search          string    `query:"q"`                 // Part of the name or display name.
	Path            string    `query:"path"`              // Name path: all that match it.
	OrderBy         string    `query:"order_by"`          // With a minus sign the other way round: name, created_at.
	PageSize        int       `query:"page_size"`         // How many objects one request brings, up to 500; 0 for as many as that.
}

// RoleKind is what can be done with roles.
type RoleKind = client.NamedKind[Role, RoleCreate, RolePatch, RoleQuery]

// Roles are the roles of a server.
func Roles(c *client.Client) RoleKind { return client.Bind[RoleKind](c, kind("role")) }
