package serviceaccount

import "github.com/demarc/demarc/controlplane/internal/platform/resource"

// Kind describes service accounts.
var Kind = resource.Kind{
	Name: "service_account", Title: "Service account", Category: "Access", Prefix: "sa", Named: true, Dormant: true,
	Description: "A principal for programs, which use the API with its tokens.",
	Parent:      &resource.Link{Kind: "customer", Or: []string{"billing_entity"}, Field: "owner_id"},
	Scope:       true,
	Filters:     []resource.Filter{{Name: "owner_id", Words: "Those of one customer or billing entity"}},
	Words:       map[string]string{"delete": "Delete a service account, with its tokens and role bindings"},
}

// Spec is what can be changed of a service account.
type Spec struct {
	resource.Named
	// Whether its tokens work; those of a new one do.
	Enabled bool `json:"enabled" extensions:"x-kept=true"`
} // @name ServiceAccountSpec

// Create is what a service account is made from.
type Create struct {
	// The customer or billing entity that it belongs to.
	OwnerID string `json:"owner_id" validate:"required" format:"typeid" extensions:"x-ref=customer|billing_entity"`
	Spec
} // @name ServiceAccountCreate

// Use is an object that a service account is used by.
type Use struct {
	// Kind of the object.
	Kind string `json:"kind" readonly:"true"`
	// Id of the object.
	ID string `json:"id" format:"typeid" readonly:"true"`
} // @name ServiceAccountUse

// ServiceAccount is a principal for programs.
type ServiceAccount struct {
	resource.Meta
	Create
	// Its role bindings and tokens, as far as the caller may see them. They end with it.
	InUseBy []Use `json:"in_use_by" readonly:"true" extensions:"x-volatile"`
} // @name ServiceAccount

type row struct {
	resource.Base
	Create
}
