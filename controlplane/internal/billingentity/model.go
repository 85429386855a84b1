package billingentity

import (
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// Kind describes billing entities.
var Kind = resource.Kind{
	Name: "billing_entity", Title: "Billing entity", Category: "Tenancy", Prefix: "ben", Named: true,
	Description: "Who sends invoices: the operator, and the resellers below it at any depth.",
	Parent:      &resource.Link{Kind: "billing_entity", Field: "parent_id"},
	Tenant:      resource.BillingEntityColumn,
	Scope:       true,
	Filters:     []resource.Filter{{Name: "parent_id", Words: "Those directly below it"}},
}

// Address is a postal address.
type Address struct {
	// Street and number.
	Street *string `json:"street" maxLength:"200"`
	// Postal code.
	PostalCode *string `json:"postal_code" maxLength:"20"`
	// City.
	City *string `json:"city" maxLength:"100"`
	// State or province.
	Region *string `json:"region" maxLength:"100"`
	// ISO 3166 country code.
	Country *string `json:"country" format:"country"`
} // @name Address

// Spec is what can be changed of a billing entity.
type Spec struct {
	resource.Named
	// The billing entity above it: the operator, unless another is named. It can be moved, but not below itself.
	ParentID *string `json:"parent_id" format:"typeid" extensions:"x-ref=billing_entity,x-server-default"`
	// Postal address.
	Address *Address `json:"address" gorm:"serializer:json"`
	// VAT or tax number.
	TaxNumber *string `json:"tax_number" maxLength:"40"`
	// IANA time zone in which its months begin and end.
	TimeZone string `json:"time_zone" format:"time-zone" maxLength:"64" default:"UTC"`
	// Language of its documents and mails.
	Language string `json:"language" format:"language" default:"en"`
	// How many customers it may have, 10 unless somebody says otherwise. Those of the billing entities below it count for themselves.
	CustomerLimit int64 `json:"customer_limit" minimum:"0" maximum:"1000000" extensions:"x-kept=10"`
} // @name BillingEntitySpec

// Create is what a billing entity is made from.
type Create struct {
	// ISO 4217 currency of all its prices and documents.
	Currency string `json:"currency" validate:"required" format:"currency"`
	Spec
} // @name BillingEntityCreate

// BillingEntity is one node of the tree.
type BillingEntity struct {
	resource.Meta
	Create
} // @name BillingEntity

// Validate reports every wrong field that the specification cannot see.
func (s Spec) Validate() []fault.Field {
	return append(s.Named.Validate(), resource.ValidateTimeZone("/time_zone", s.TimeZone)...)
}

type row struct {
	resource.Base
	Create
}
