// Code generated from the catalog by cmd/gen. DO NOT EDIT.

package demarc

import (
	"time"

	"github.com/demarc/demarc/controlplane/client"
)

// Cloudspace is a cloudspace, as it is answered. An isolated network of a customer in one location, with the machines and disks in it.
type Cloudspace struct {
	Named
	CustomerID     string  `json:"customer_id"`     // The customer that it belongs to.
	LocationID     string  `json:"location_id"`     // The location that it is in.
	NetworkCIDR    string  `json:"network_cidr"`    // IPv4 network that its machines have their addresses from, between /8 and /30.
	LocalDomain    *string `json:"local_domain"`    // DNS domain inside the network.
	GatewayAddress *string `json:"gateway_address"` // Address of the network's gateway; null until it is made.
}

// CloudspaceCreate is what a cloudspace is made from.
type CloudspaceCreate struct {
	// What it is called: unique within the parent, and can be changed. Required.
	Name        string            `json:"name"`
	CustomerID  string            `json:"customer_id"`           // The customer that it belongs to. Required.
	DisplayName *string           `json:"display_name,omitzero"` // Name for people.
	LocationID  string            `json:"location_id"`           // The location that it is in. Required.
	Labels      map[string]string `json:"labels,omitzero"`       // Labels to select by.
	// IPv4 network that its machines have their addresses from, between /8 and /30. Default "192.168.100.0/24".
	NetworkCIDR        *string `json:"network_cidr,omitzero"`
	Notes              *string `json:"notes,omitzero"`               // Notes for people.
	DeletionProtection *bool   `json:"deletion_protection,omitzero"` // While true, a delete is refused.
	LocalDomain        *string `json:"local_domain,omitzero"`        // DNS domain inside the network.
}

// CloudspacePatch is a change of a cloudspace.
type CloudspacePatch struct {
	// What it is called: unique within the parent, and can be changed.
	Name               client.Optional[string]                 `json:"name,omitzero"`
	DisplayName        client.Optional[string]                 `json:"display_name,omitzero"`        // Name for people.
	Labels             client.Optional[client.Entries[string]] `json:"labels,omitzero"`              // Labels to select by.
	Notes              client.Optional[string]                 `json:"notes,omitzero"`               // Notes for people.
	DeletionProtection client.Optional[bool]                   `json:"deletion_protection,omitzero"` // While true, a delete is refused.
	LocalDomain        client.Optional[string]                 `json:"local_domain,omitzero"`        // DNS domain inside the network.
}

// CloudspaceQuery says which cloudspaces a list finds: all, unless it says more.
type CloudspaceQuery struct {
	BillingEntityID string    `query:"billing_entity_id"` // Those of one billing entity, and of its customers.
	CustomerID      string    `query:"customer_id"`       // Those of one customer.
	State           []State   `query:"state"`             // Those in one of these states.
	LocationID      string    `query:"location_id"`       // Those in one location.
	CreatedAtFrom   time.Time `query:"created_at_from"`   // Those that were made then or later.
	CreatedAtUntil  time.Time `query:"created_at_until"`  // Those that were made before then.
	Label           string    `query:"label"`             // Label selector: env=prod,tier!=db,owner,!legacy.
	Search          string    `query:"q"`                 // Part of the name or display name.
	Path            string    `query:"path"`              // Name path: all that match it.
	OrderBy         string    `query:"order_by"`          // With a minus sign the other way round: name, created_at.
	PageSize        int       `query:"page_size"`         // How many objects one request brings, up to 500; 0 for as many as that.
}

// CloudspaceKind is what can be done with cloudspaces.
type CloudspaceKind = client.NamedKind[Cloudspace, CloudspaceCreate, CloudspacePatch, CloudspaceQuery]

// Cloudspaces are the cloudspaces of a server.
func Cloudspaces(c *client.Client) CloudspaceKind {
	return client.Bind[CloudspaceKind](c, kind("cloudspace"))
}
