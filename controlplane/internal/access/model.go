package access

import (
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// Principal is who calls.
type Principal struct {
	// Id of the principal.
	ID string `json:"id" readonly:"true"`
	// What kind of principal it is.
	Kind string `json:"kind" readonly:"true"`
	// Groups that it belongs to.
	Groups []string `json:"groups" readonly:"true"`
} // @name WhoamiPrincipal

// HeldRole is a role that the caller has.
type HeldRole struct {
	// Id of the role.
	RoleID string `json:"role_id" format:"typeid" readonly:"true" extensions:"x-ref=role"`
	// Name of the role.
	RoleName string `json:"role_name" readonly:"true"`
	// Where the caller has it: an object, with all that is in it, or platform.
	ScopeID string `json:"scope_id" format:"typeid" readonly:"true" extensions:"x-ref=scope"`
	// The role binding that gives it.
	BindingID string `json:"binding_id" format:"typeid" readonly:"true" extensions:"x-ref=role_binding"`
	// When it ends.
	ExpiresAt *time.Time `json:"expires_at" format:"date-time" readonly:"true" extensions:"x-nullable"`
} // @name WhoamiRole

// Whoami is who calls, and with what.
type Whoami struct {
	// Who calls.
	Principal Principal `json:"principal" readonly:"true"`
	// The token that was sent, where that has an id.
	TokenID *string `json:"token_id" readonly:"true" extensions:"x-nullable"`
	// When the token ends.
	TokenExpiresAt *time.Time `json:"token_expires_at" format:"date-time" readonly:"true" extensions:"x-nullable"`
	// Where alone the token can be used; null for everywhere.
	TokenScopeID *string `json:"token_scope_id" readonly:"true" extensions:"x-nullable"`
	// What alone the token can be used for; empty for everything.
	TokenPermissions []string `json:"token_permissions" readonly:"true"`
	// The roles that the caller has with this token.
	Roles []HeldRole `json:"roles" readonly:"true"`
} // @name Whoami

// Check is the answer to one question.
type Check struct {
	// The permission that was asked about.
	Permission string `json:"permission" readonly:"true"`
	// The object that was asked about, or platform.
	ResourceID string `json:"resource_id" readonly:"true"`
	// Whether the caller has the permission there. False for an object that there is not, too.
	Allowed bool `json:"allowed" readonly:"true"`
} // @name PermissionCheck

// Checks are the answers, in the order of the questions.
type Checks struct {
	// One answer for each question.
	Results []Check `json:"results" readonly:"true"`
} // @name PermissionChecks

// Effective is all that the caller may do in a place.
type Effective struct {
	// The object that was asked about, or platform.
	ResourceID string `json:"resource_id" readonly:"true"`
	// The permissions that the caller has there, given there or above.
	Held []string `json:"held" readonly:"true"`
	// Those that the caller has there or somewhere below: with these there may be something to list.
	HeldBelow []string `json:"held_below" readonly:"true"`
} // @name EffectivePermissions

// Entry is one way in which somebody can do something with an object.
type Entry struct {
	// What kind of principal has the role.
	PrincipalKind string `json:"principal_kind" readonly:"true"`
	// Id of the principal.
	PrincipalID string `json:"principal_id" readonly:"true"`
	// The role.
	RoleID string `json:"role_id" format:"typeid" readonly:"true" extensions:"x-ref=role"`
	// Name of the role.
	RoleName string `json:"role_name" readonly:"true"`
	// What it lets the principal do.
	Permissions []string `json:"permissions" readonly:"true"`
	// The role binding that gives it.
	BindingID string `json:"binding_id" format:"typeid" readonly:"true" extensions:"x-ref=role_binding"`
	// Where the role was given: the object itself, something that it is in, or platform.
	ScopeID string `json:"scope_id" format:"typeid" readonly:"true" extensions:"x-ref=scope"`
	// Whether it was given above the object.
	Inherited bool `json:"inherited" readonly:"true"`
	// When it ends.
	ExpiresAt *time.Time `json:"expires_at" format:"date-time" readonly:"true" extensions:"x-nullable"`
} // @name AccessEntry

// List is one page of who can do what.
type List struct {
	resource.Page[Entry]
	// Whether there are others, given above, that the caller may not see.
	Hidden bool `json:"hidden" readonly:"true"`
} // @name AccessList
