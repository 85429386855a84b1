package billingentity

import (
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// Kind describes billing entities.
var Kind = resource.Kind{
	Name: "billing_entity", Plural: "billing_entities", Title: "Billing entity", Category: "Tenancy", Prefix: "ben",
	Path: "/billing-entities", Table: "billing_entity", Named: true,
	Description: "Who sends invoices: the operator, and the resellers below it at any depth.",
	Parent:      &resource.Link{Kind: "billing_entity", Field: "parent_id"},
	Tenant:      resource.BillingEntityColumn,
	Scope:       true,
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

// BillingEntitySpec is what can be changed of a billing entity.
type BillingEntitySpec struct {
	resource.Named
	// The billing entity above it: the operator, unless another is named. It can be moved, but not below itself.
	ParentID *string `json:"parent_id" format:"typeid" extensions:"x-ref=billing_entity,x-server-default"`
	// Postal address.
	Address *Address `json:"address"`
	// VAT or tax number.
	TaxNumber *string `json:"tax_number" maxLength:"40"`
	// IANA time zone in which its months begin and end.
	TimeZone string `json:"time_zone" format:"time-zone" maxLength:"64" default:"UTC"`
	// Language of its documents and mails.
	Language string `json:"language" format:"language" default:"en"`
	// How many customers it may have. Those of the billing entities below it count for themselves.
	CustomerLimit int64 `json:"customer_limit" minimum:"0" maximum:"1000000" default:"10"`
} // @name BillingEntitySpec

// BillingEntityCreate is what a billing entity is made from.
type BillingEntityCreate struct {
	// ISO 4217 currency of all its prices and documents.
	Currency string `json:"currency" validate:"required" format:"currency"`
	BillingEntitySpec
} // @name BillingEntityCreate

// BillingEntity is one node of the tree.
type BillingEntity struct {
	resource.Meta
	BillingEntityCreate
} // @name BillingEntity

// BillingEntityList is one page of billing entities.
type BillingEntityList struct {
	resource.Page[BillingEntity]
} // @name BillingEntityList

// Validate reports every wrong field that the specification cannot see.
func (s BillingEntitySpec) Validate() []fault.Field {
	return append(s.Named.Validate(), resource.ValidateTimeZone("/time_zone", s.TimeZone)...)
}
