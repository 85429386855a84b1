// Code generated from the catalog by cmd/gen. DO NOT EDIT.

package demarc

import (
	"time"

	"github.com/demarc/demarc/controlplane/client"
)

// RoleBinding is a role binding, as it is answered. Gives a role to somebody in a scope, and in everything below it.
type RoleBinding struct {
	ID            string                   `json:"id"`             // Id; its prefix says the kind.
	PrincipalKind RoleBindingPrincipalKind `json:"principal_kind"` // What kind of principal gets the role.
	PrincipalID   string                   `json:"principal_id"`   // Id of the principal. The platform owner's is owner.
	// The role. It is built in, or belongs to the customer or to one of the billing entities that the scope is in.
	RoleID    string     `json:"role_id"`
	ScopeID   string     `json:"scope_id"`   // Where it is given: an object, with all that is in it, or platform.
	ExpiresAt *time.Time `json:"expires_at"` // When it ends; null for never.
	Condition *string    `json:"condition"`  // Kept for conditions, which this release does not know: null.
	Revision  int64      `json:"revision"`   // Counts the changes of what was asked for.
	CreatedAt time.Time  `json:"created_at"` // When it was made.
	UpdatedAt time.Time  `json:"updated_at"` // When it was last changed.
}

// RoleBindingCreate is what a role binding is made from.
type RoleBindingCreate struct {
	PrincipalKind RoleBindingPrincipalKind `json:"principal_kind"` // What kind of principal gets the role. Required.
	PrincipalID   string                   `json:"principal_id"`   // Id of the principal. Required.
	RoleID        string                   `json:"role_id"`        // The role. Required.
	// Where it is given: an object, with all that is in it, or platform. Required.
	ScopeID   string     `json:"scope_id"`
	ExpiresAt *time.Time `json:"expires_at,omitzero"` // When it ends; null for never.
	Condition *string    `json:"condition,omitzero"`  // Kept for conditions, which this release does not know: null.
}

// RoleBindingPatch is a change of a role binding.
type RoleBindingPatch struct {
	ExpiresAt client.Optional[time.Time] `json:"expires_at,omitzero"` // When it ends; null for never.
	Condition client.Optional[string]    `json:"condition,omitzero"`  // Kept for conditions, which this release does not know: null.
}

// RoleBindingPrincipalKind is what principal_kind can be.
type RoleBindingPrincipalKind string

const (
	RoleBindingPrincipalKindUser           RoleBindingPrincipalKind = "user"
	RoleBindingPrincipalKindGroup          RoleBindingPrincipalKind = "group"
	RoleBindingPrincipalKindServiceAccount RoleBindingPrincipalKind = "service_account"
	RoleBindingPrincipalKindPlatformOwner  RoleBindingPrincipalKind = "platform_owner"
)

// RoleBindingQuery says which role bindings a list finds: all, unless it says more.
type RoleBindingQuery struct {
	BillingEntityID string                   `query:"billing_entity_id"` // Those of one billing entity, and of its customers.
	CustomerID      string                   `query:"customer_id"`       // Those of one customer.
	PrincipalKind   RoleBindingPrincipalKind `query:"principal_kind"`    // Those of one kind of principals.
	PrincipalID     string                   `query:"principal_id"`      // Those of one principal.
	RoleID          string                   `query:"role_id"`           // Those of one role.
	ScopeID         string                   `query:"scope_id"`          // Those in one scope itself.
	ExpiresAtFrom   time.Time                `query:"expires_at_from"`   // Those that end then or later.
	ExpiresAtUntil  time.Time                `query:"expires_at_until"`  // Those that end before then.
	CreatedAtFrom   time.Time                `query:"created_at_from"`   // Those that were made then or later.
	CreatedAtUntil  time.Time                `query:"created_at_until"`  // Those that were made before then.
	OrderBy         string                   `query:"order_by"`          // With a minus sign the other way round: created_at, expires_at.
	PageSize        int                      `query:"page_size"`         // How many objects one request brings, up to 500; 0 for as many as that.
}

// RoleBindingKind is what can be done with role bindings.
type RoleBindingKind = client.Kind[RoleBinding, RoleBindingCreate, RoleBindingPatch, RoleBindingQuery]

// RoleBindings are the role bindings of a server.
func RoleBindings(c *client.Client) RoleBindingKind {
	return client.Bind[RoleBindingKind](c, kind("role_binding"))
}
