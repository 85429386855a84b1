// Code generated from the catalog by cmd/gen. DO NOT EDIT.

package demarc

import (
	"context"
	"time"

	"github.com/demarc/demarc/controlplane/client"
)

// APIToken is an API token, as it is answered. A secret with which a service account uses the API.
type APIToken struct {
	Named
	ServiceAccountID string `json:"service_account_id"` // The service account that it is for.
	// Where alone it can be used, with all that is below; everywhere that its account has a role if absent.
	ScopeID *string `json:"scope_id"`
	// What alone it can be used for, such as virtual_machines.get; everything that its account may do if there are none.
	Permissions []string   `json:"permissions"`
	ExpiresAt   *time.Time `json:"expires_at"` // When it ends: 90 days from now if absent, 366 days at most.
	// The secret itself, in the answers of create and rotate; null ever after. It begins with dmc_.
	Token             *string    `json:"token"`
	LastUsedAt        *time.Time `json:"last_used_at"`        // When it was last used, to the minute; null if never.
	PreviousExpiresAt *time.Time `json:"previous_expires_at"` // Until when the secret before the last rotation works; null if it does not.
}

// APITokenCreate is what an API token is made from.
type APITokenCreate struct {
	// What it is called: unique within the parent, and can be changed. Required.
	Name             string  `json:"name"`
	ServiceAccountID string  `json:"service_account_id"`    // The service account that it is for. Required.
	DisplayName      *string `json:"display_name,omitzero"` // Name for people.
	// Where alone it can be used, with all that is below; everywhere that its account has a role if absent.
	ScopeID *string           `json:"scope_id,omitzero"`
	Labels  map[string]string `json:"labels,omitzero"` // Labels to select by.
	// What alone it can be used for, such as virtual_machines.get; everything that its account may do if there are none.
	Permissions []string `json:"permissions,omitzero"`
	Notes       *string  `json:"notes,omitzero"` // Notes for people.
	// When it ends: 90 days from now if absent, 366 days at most. The server chooses if it is absent.
	ExpiresAt          *time.Time `json:"expires_at,omitzero"`
	DeletionProtection *bool      `json:"deletion_protection,omitzero"` // While true, a delete is refused.
}

// APITokenPatch is a change of an API token.
type APITokenPatch struct {
	// What it is called: unique within the parent, and can be changed.
	Name               client.Optional[string]                 `json:"name,omitzero"`
	DisplayName        client.Optional[string]                 `json:"display_name,omitzero"`        // Name for people.
	Labels             client.Optional[client.Entries[string]] `json:"labels,omitzero"`              // Labels to select by.
	Notes              client.Optional[string]                 `json:"notes,omitzero"`               // Notes for people.
	DeletionProtection client.Optional[bool]                   `json:"deletion_protection,omitzero"` // While true, a delete is refused.
}

// APITokenQuery says which api tokens a list finds: all, unless it says more.
type APITokenQuery struct {
	BillingEntityID  string    `query:"billing_entity_id"`  // Those of one billing entity, and of its customers.
	CustomerID       string    `query:"customer_id"`        // Those of one customer.
	State            []State   `query:"state"`              // Those in one of these states.
	ServiceAccountID string    `query:"service_account_id"` // Those of one service account.
	ExpiresAtFrom    time.Time `query:"expires_at_from"`    // Those that end then or later.
	ExpiresAtUntil   time.Time `query:"expires_at_until"`   // Those that end before then.
	CreatedAtFrom    time.Time `query:"created_at_from"`    // Those that were made then or later.
	CreatedAtUntil   time.Time `query:"created_at_until"`   // Those that were made before then.
	Label            string    `query:"label"`              // Label selector: env=prod,tier!=db,owner,!legacy.
	Search           string    `query:"q"`                  // Part of the name or display name.
	Path             string    `query:"path"`               // Name path: all that match it.
	OrderBy          string    `query:"order_by"`           // With a minus sign the other way round: name, created_at, expires_at.
	PageSize         int       `query:"page_size"`          // How many objects one request brings, up to 500; 0 for as many as that.
}

// APITokenKind is what can be done with api tokens.
type APITokenKind struct {
	client.NamedKind[APIToken, APITokenCreate, APITokenPatch, APITokenQuery]
	client.Actions[APIToken]
}

// APITokens are the api tokens of a server.
func APITokens(c *client.Client) APITokenKind { return client.Bind[APITokenKind](c, kind("api_token")) }

// APITokenRotateBody is what the action takes.
type APITokenRotateBody struct {
	OverlapSeconds *int       `json:"overlap_seconds,omitzero"` // For how long the present secret goes on working. In s. Default 3600. 0 to 604800.
	ExpiresAt      *time.Time `json:"expires_at,omitzero"`      // When it ends; as far ahead as it was when its present secret was made if absent.
}

// Rotate is the action api_tokens.rotate. Give an API token another secret.
func (k APITokenKind) Rotate(ctx context.Context, id string, body APITokenRotateBody, opts ...client.WriteOption) (APIToken, error) {
	return k.Action(ctx, id, "rotate", body, opts...)
}
