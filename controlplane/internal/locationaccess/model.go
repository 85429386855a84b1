package locationaccess

import "github.com/demarc/demarc/controlplane/internal/platform/resource"

// Kind describes location accesses.
var Kind = resource.Kind{
	Name: "location_access", Plural: "location_accesses", Title: "Location access", Category: "Access", Prefix: "lac",
	Path: "/location-accesses", Table: "location_access",
	Description: "Lets a customer, or a billing entity with all below it, see and use a restricted location.",
	Key:         []string{"location_id", "grantee_id"},
	Scopes:      []resource.Link{{Kind: "location", Field: "location_id"}},
}

// LocationAccessCreate is what a location access is made from.
type LocationAccessCreate struct {
	// The location.
	LocationID string `json:"location_id" validate:"required" format:"typeid" extensions:"x-ref=location"`
	// The customer or billing entity that may use it.
	GranteeID string `json:"grantee_id" validate:"required" format:"typeid" extensions:"x-ref=customer|billing_entity"`
} // @name LocationAccessCreate

// LocationAccess lets somebody use a restricted location.
type LocationAccess struct {
	resource.Record
	LocationAccessCreate
} // @name LocationAccess

// LocationAccessList is one page of location accesses.
type LocationAccessList struct {
	resource.Page[LocationAccess]
} // @name LocationAccessList
