// Code generated from the catalog by cmd/gen. DO NOT EDIT.

package demarc

import (
	"time"

	"github.com/demarc/demarc/controlplane/client"
)

// ServiceAccount is a service account, as it is answered. A principal for programs, which use the API with its tokens.
type ServiceAccount struct {
	Named
	OwnerID string                      `json:"owner_id"`  // The customer or billing entity that it belongs to.
	Enabled bool                        `json:"enabled"`   // Whether its tokens work; those of a new one do.
	InUseBy []ServiceAccountInUseByItem `json:"in_use_by"` // Its role bindings and tokens, as far as the caller may see them. They end with it.
}

// ServiceAccountCreate is what a service account is made from.
type ServiceAccountCreate struct {
	// What it is called: unique within the parent, and can be changed. Required.
	Name               string            `json:"name"`
	OwnerID            string            `json:"owner_id"`                     // The customer or billing entity that it belongs to. Required.
	DisplayName        *string           `json:"display_name,omitzero"`        // Name for people.
	Labels             map[string]string `json:"labels,omitzero"`              // Labels to select by.
	Notes              *string           `json:"notes,omitzero"`               // Notes for people.
	DeletionProtection *bool             `json:"deletion_protection,omitzero"` // While true, a delete is refused.
	// Whether its tokens work; those of a new one do. The server chooses if it is absent.
	Enabled *bool `json:"enabled,omitzero"`
}

// ServiceAccountPatch is a change of a service account.
type ServiceAccountPatch struct {
	// What it is called: unique within the parent, and can be changed.
	Name               client.Optional[string]                 `json:"name,omitzero"`
	DisplayName        client.Optional[string]                 `json:"display_name,omitzero"`        // Name for people.
	Labels             client.Optional[client.Entries[string]] `json:"labels,omitzero"`              // Labels to select by.
	Notes              client.Optional[string]                 `json:"notes,omitzero"`               // Notes for people.
	DeletionProtection client.Optional[bool]                   `json:"deletion_protection,omitzero"` // While true, a delete is refused.
	// Whether its tokens work; those of a new one do. Null leaves it.
	Enabled client.Optional[bool] `json:"enabled,omitzero"`
}

// ServiceAccountInUseByItem is one in the field in_use_by of ServiceAccount. Its role bindings and tokens, as far as the caller may see them.
// They end with it.
type ServiceAccountInUseByItem struct {
	Kind string `json:"kind"` // Kind of the object.
	ID   string `json:"id"`   // Id of the object.
}

// ServiceAccountQuery says which service accounts a list finds: all, unless it says more.
type ServiceAccountQuery struct {
	BillingEntityID string    `query:"billing_entity_id"` // Those of one billing entity, and of its customers.
	CustomerID      string    `query:"customer_id"`       // Those of one customer.
	State           []State   `query:"state"`             // Those in one of these states.
	OwnerID         string    `query:"owner_id"`          // Those of one customer or billing entity.
	CreatedAtFrom   time.Time `query:"created_at_from"`   // Those that were made then or later.
	CreatedAtUntil  time.Time `query:"created_at_until"`  // Those that were made before then.
	Label           string    `query:"label"`             // Label selector: env=prod,tier!=db,owner,!legacy.
	Search          string    `query:"q"`                 // Part of the name or display name.
	Path            string    `query:"path"`              // Name path: all that match it.
	OrderBy         string    `query:"order_by"`          // With a minus sign the other way round: name, created_at.
	PageSize        int       `query:"page_size"`         // How many objects one request brings, up to 500; 0 for as many as that.
}

// ServiceAccountKind is what can be done with service accounts.
type ServiceAccountKind = client.NamedKind[ServiceAccount, ServiceAccountCreate, ServiceAccountPatch, ServiceAccountQuery]

// ServiceAccounts are the service accounts of a server.
func ServiceAccounts(c *client.Client) ServiceAccountKind {
	return client.Bind[ServiceAccountKind](c, kind("service_account"))
}
