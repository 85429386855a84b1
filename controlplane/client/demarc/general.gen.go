// Code generated from the catalog by cmd/gen. DO NOT EDIT.

package demarc

import (
	"context"
	"encoding/json"
	"iter"
	"time"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
)

// AccessAnswer is what Access answers.
type AccessAnswer struct {
	Items         []AccessItem `json:"items"`           // What is on the page.
	NextPageToken *string      `json:"next_page_token"` // Where the next page begins; null on the last one.
	Hidden        bool         `json:"hidden"`          // Whether there are others, given above, that the caller may not see.
}

// AccessQuery is what Access is asked.
type AccessQuery struct {
	ResourceID string `query:"resource_id"` // The object, or platform. Required.
	PageSize   int    `query:"page_size"`   // How much one request brings, up to 500; 0 for as much as that.
}

// AccessItem is one in the field items of Access. What is on the page.
type AccessItem struct {
	PrincipalKind string     `json:"principal_kind"` // What kind of principal has the role.
	PrincipalID   string     `json:"principal_id"`   // Id of the principal.
	RoleID        string     `json:"role_id"`        // The role.
	RoleName      string     `json:"role_name"`      // Name of the role.
	Permissions   []string   `json:"permissions"`    // What it lets the principal do.
	BindingID     string     `json:"binding_id"`     // The role binding that gives it.
	ScopeID       string     `json:"scope_id"`       // Where the role was given: the object itself, something that it is in, or platform.
	Inherited     bool       `json:"inherited"`      // Whether it was given above the object.
	ExpiresAt     *time.Time `json:"expires_at"`     // When it ends.
}

// Access is the operation access.list. List who can do what with an object, and by which role binding.
// It yields page after page; an error comes last.
func Access(ctx context.Context, c *client.Client, query AccessQuery) iter.Seq2[AccessAnswer, error] {
	return client.CallPages[AccessAnswer](ctx, c, operation("access.list"), query)
}

// BatchAnswer is what Batch answers.
type BatchAnswer struct {
	Items   []BatchItem `json:"items"`   // What was found, in the order in which it was asked for.
	Missing []string    `json:"missing"` // Ids of what was not.
}

// BatchBody is what Batch takes.
type BatchBody struct {
	IDs []string `json:"ids"` // Ids of objects, of any kinds. Required.
}

// BatchItem is one in the field items of Batch. What was found, in the order in which it was asked for.
type BatchItem struct {
	ID     string          `json:"id"`     // Id of the object.
	Kind   string          `json:"kind"`   // Kind of the object.
	Object json.RawMessage `json:"object"` // The object, as its own GET answers it.
}

// Batch is the operation batch.get. Get many objects of any kinds.
func Batch(ctx context.Context, c *client.Client, body BatchBody) (BatchAnswer, error) {
	return client.Call[BatchAnswer](ctx, c, operation("batch.get"), nil, body)
}

// Catalog is the operation catalog.get. Get the catalog of all kinds, with their fields and operations.
func Catalog(ctx context.Context, c *client.Client) (*catalog.Catalog, error) {
	return client.Call[*catalog.Catalog](ctx, c, operation("catalog.get"), nil, nil)
}

// PermissionsCheckAnswer is what PermissionsCheck answers.
type PermissionsCheckAnswer struct {
	Results []PermissionsCheckResult `json:"results"` // One answer for each question.
}

// PermissionsCheckQuery is what PermissionsCheck is asked.
type PermissionsCheckQuery struct {
	Checks string `query:"checks"` // Questions with commas between them, at most 100: a permission, or permission@id for one object. Required.
}

// PermissionsCheckResult is one in the field results of PermissionsCheck. One answer for each question.
type PermissionsCheckResult struct {
	Permission string `json:"permission"`  // The permission that was asked about.
	ResourceID string `json:"resource_id"` // The object that was asked about, or platform.
	Allowed    bool   `json:"allowed"`     // Whether the caller has the permission there. False for an object that there is not, too.
}

// PermissionsCheck is the operation permissions.check. Say whether the caller may do something.
func PermissionsCheck(ctx context.Context, c *client.Client, query PermissionsCheckQuery) (PermissionsCheckAnswer, error) {
	return client.Call[PermissionsCheckAnswer](ctx, c, operation("permissions.check"), query, nil)
}

// PermissionsEffectiveAnswer is what PermissionsEffective answers.
type PermissionsEffectiveAnswer struct {
	ResourceID string   `json:"resource_id"` // The object that was asked about, or platform.
	Held       []string `json:"held"`        // The permissions that the caller has there, given there or above.
	HeldBelow  []string `json:"held_below"`  // Those that the caller has there or somewhere below: with these there may be something to list.
}

// PermissionsEffectiveQuery is what PermissionsEffective is asked.
type PermissionsEffectiveQuery struct {
	ResourceID string `query:"resource_id"` // The object; the platform unless one is named.
}

// PermissionsEffective is the operation permissions.effective. Say all that the caller may do in a place, and below it.
func PermissionsEffective(ctx context.Context, c *client.Client, query PermissionsEffectiveQuery) (PermissionsEffectiveAnswer, error) {
	return client.Call[PermissionsEffectiveAnswer](ctx, c, operation("permissions.effective"), query, nil)
}

// WhoamiAnswer is what Whoami answers.
type WhoamiAnswer struct {
	Principal        WhoamiPrincipal `json:"principal"`         // Who calls.
	TokenID          *string         `json:"token_id"`          // The token that was sent, where that has an id.
	TokenExpiresAt   *time.Time      `json:"token_expires_at"`  // When the token ends.
	TokenScopeID     *string         `json:"token_scope_id"`    // Where alone the token can be used; null for everywhere.
	TokenPermissions []string        `json:"token_permissions"` // What alone the token can be used for; empty for everything.
	Roles            []WhoamiRole    `json:"roles"`             // The roles that the caller has with this token.
}

// WhoamiPrincipal is a part of Whoami. Who calls.
type WhoamiPrincipal struct {
	ID     string   `json:"id"`     // Id of the principal.
	Kind   string   `json:"kind"`   // What kind of principal it is.
	Groups []string `json:"groups"` // Groups that it belongs to.
}

// WhoamiRole is one in the field roles of Whoami. The roles that the caller has with this token.
type WhoamiRole struct {
	RoleID    string     `json:"role_id"`    // Id of the role.
	RoleName  string     `json:"role_name"`  // Name of the role.
	ScopeID   string     `json:"scope_id"`   // Where the caller has it: an object, with all that is in it, or platform.
	BindingID string     `json:"binding_id"` // The role binding that gives it.
	ExpiresAt *time.Time `json:"expires_at"` // When it ends.
}

// Whoami is the operation whoami.get. Say who calls, with which token and which roles.
func Whoami(ctx context.Context, c *client.Client) (WhoamiAnswer, error) {
	return client.Call[WhoamiAnswer](ctx, c, operation("whoami.get"), nil, nil)
}
