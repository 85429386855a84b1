// Code generated from the catalog by cmd/gen. DO NOT EDIT.

package demarc

import (
	"time"

	"github.com/demarc/demarc/controlplane/client"
)

// LocationAccess is a location access, as it is answered. Lets a customer, or a billing entity with all below it, see and use a restricted
// location.
type LocationAccess struct {
	ID         string    `json:"id"`          // Id; its prefix says the kind.
	LocationID string    `json:"location_id"` // The location.
	GranteeID  string    `json:"grantee_id"`  // The customer or billing entity that may use it.
	Revision   int64     `json:"revision"`    // Counts the changes of what was asked for.
	CreatedAt  time.Time `json:"created_at"`  // When it was made.
	UpdatedAt  time.Time `json:"updated_at"`  // When it was last changed.
}

// LocationAccessCreate is what a location access is made from.
type LocationAccessCreate struct {
	LocationID string `json:"location_id"` // The location. Required.
	GranteeID  string `json:"grantee_id"`  // The customer or billing entity that may use it. Required.
}

// LocationAccessQuery says which location accesses a list finds: all, unless it says more.
type LocationAccessQuery struct {
	LocationID     string    `query:"location_id"`      // Those to one location.
	GranteeID      string    `query:"grantee_id"`       // Those of one customer or billing entity.
	CreatedAtFrom  time.Time `query:"created_at_from"`  // Those that were made then or later.
	CreatedAtUntil time.Time `query:"created_at_until"` // Those that were made before then.
	OrderBy        string    `query:"order_by"`         // With a minus sign the other way round: created_at.
	PageSize       int       `query:"page_size"`        // How many objects one request brings, up to 500; 0 for as many as that.
}

// LocationAccessKind is what can be done with location accesses.
type LocationAccessKind struct {
	client.Getter[LocationAccess]
	client.Lister[LocationAccess, LocationAccessQuery]
	client.Creator[LocationAccess, LocationAccessCreate]
	client.Deleter
}

// LocationAccesses are the location accesses of a server.
func LocationAccesses(c *client.Client) LocationAccessKind {
	return client.Bind[LocationAccessKind](c, kind("location_access"))
}
