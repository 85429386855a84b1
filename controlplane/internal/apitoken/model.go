package apitoken

import (
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
)

// Kind describes API tokens.
var Kind = resource.Kind{
	Name: "api_token", Title: "API token", Category: "Access", Prefix: "tok", Named: true, Dormant: true,
	Description: "A secret with which a service account uses the API.",
	Parent:      &resource.Link{Kind: "service_account", Field: "service_account_id"},
	Scopes:      []resource.Link{{Kind: "service_account", Field: "service_account_id"}},
	Filters: []resource.Filter{
		{Name: "service_account_id", Words: "Those of one service account"},
		{Name: "expires_at", Words: "Those that end", Range: resource.Times},
	},
	Orders:  []string{"expires_at"},
	Words:   map[string]string{"delete": "Revoke an API token"},
	Reveals: []string{"create", "rotate"},
}

// How long tokens work.
const (
	DefaultLifetime = 90 * 24 * time.Hour
	MaxLifetime     = 366 * 24 * time.Hour
)

// Spec is what can be changed of a token.
type Spec struct {
	resource.Named
} // @name APITokenSpec

// Create is what a token is made from.
type Create struct {
	// The service account that it is for.
	ServiceAccountID string `json:"service_account_id" validate:"required" format:"typeid" extensions:"x-ref=service_account"`
	// Where alone it can be used, with all that is below; everywhere that its account has a role if absent.
	ScopeID *string `json:"scope_id" format:"typeid" extensions:"x-ref=scope"`
	// What alone it can be used for, such as virtual_machines.get; everything that its account may do if there are none.
	Permissions []string `json:"permissions" gorm:"serializer:json" maxLength:"100" extensions:"x-max-items=1000,x-set"`
	// When it ends: 90 days from now if absent, 366 days at most.
	ExpiresAt *time.Time `json:"expires_at" format:"date-time" extensions:"x-server-default"`
	Spec
} // @name APITokenCreate

// APIToken is a secret of a service account.
type APIToken struct {
	resource.Meta
	Create
	// The secret itself, in the answers of create and rotate; null ever after. It begins with dmc_.
	Token *secret.Shown `json:"token" swaggertype:"string" readonly:"true" extensions:"x-shown-once,x-nullable"`
	Seen
} // @name APIToken

// Seen is what happened to a token.
type Seen struct {
	// When it was last used, to the minute; null if never.
	LastUsedAt *time.Time `json:"last_used_at" format:"date-time" readonly:"true" extensions:"x-volatile,x-nullable"`
	// Until when the secret before the last rotation works; null if it does not.
	PreviousExpiresAt *time.Time `json:"previous_expires_at" format:"date-time" readonly:"true" extensions:"x-volatile,x-nullable"`
}

// Masked is the token as everybody but the one who has made it sees it.
func (t APIToken) Masked() any {
	t.Token = nil
	return t
}

// Rotation is how a token gets another secret.
type Rotation struct {
	// For how long the present secret goes on working.
	OverlapSeconds int64 `json:"overlap_seconds" minimum:"0" maximum:"604800" default:"3600" extensions:"x-unit=s"`
	// When it ends; as far ahead as it was when its present secret was made if absent.
	ExpiresAt *time.Time `json:"expires_at" format:"date-time"`
} // @name APITokenRotation
