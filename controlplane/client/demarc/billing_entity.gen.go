// Code generated from the catalog by cmd/gen. DO NOT EDIT.

package demarc

import (
	"time"

	"github.com/demarc/demarc/controlplane/client"
)

// BillingEntity is a billing entity, as it is answered. Who sends invoices: the operator, and the resellers below it at any depth.
type BillingEntity struct {
	Named
	// The billing entity above it: the operator, unless another is named. It can be moved, but not below itself.
	ParentID  *string               `json:"parent_id"`
	Currency  string                `json:"currency"`   // ISO 4217 currency of all its prices and documents.
	Address   *BillingEntityAddress `json:"address"`    // Postal address.
	TaxNumber *string               `json:"tax_number"` // VAT or tax number.
	TimeZone  string                `json:"time_zone"`  // IANA time zone in which its months begin and end.
	Language  string                `json:"language"`   // Language of its documents and mails.
	// How many customers it may have, 10 unless somebody says otherwise. Those of the billing entities below it count for themselves.
	CustomerLimit int `json:"customer_limit"`
}

// BillingEntityCreate is what a billing entity is made from.
type BillingEntityCreate struct {
	// What it is called: unique within the parent, and can be changed. Required.
	Name string `json:"name"`
	// The billing entity above it: the operator, unless another is named. The server chooses if it is absent.
	ParentID    *string `json:"parent_id,omitzero"`
	DisplayName *string `json:"display_name,omitzero"` // Name for people.
	// ISO 4217 currency of all its prices and documents. Required.
	Currency           string                      `json:"currency"`
	Labels             map[string]string           `json:"labels,omitzero"`              // Labels to select by.
	Notes              *string                     `json:"notes,omitzero"`               // Notes for people.
	DeletionProtection *bool                       `json:"deletion_protection,omitzero"` // While true, a delete is refused.
	Address            *BillingEntityAddressCreate `json:"address,omitzero"`             // Postal address.
	TaxNumber          *string                     `json:"tax_number,omitzero"`          // VAT or tax number.
	// IANA time zone in which its months begin and end. Default "UTC".
	TimeZone *string `json:"time_zone,omitzero"`
	Language *string `json:"language,omitzero"` // Language of its documents and mails. Default "en".
	// How many customers it may have, 10 unless somebody says otherwise. The server chooses if it is absent. 0 to 1000000.
	CustomerLimit *int `json:"customer_limit,omitzero"`
}

// BillingEntityPatch is a change of a billing entity.
type BillingEntityPatch struct {
	// What it is called: unique within the parent, and can be changed.
	Name client.Optional[string] `json:"name,omitzero"`
	// The billing entity above it: the operator, unless another is named.
	ParentID           client.Optional[string]                    `json:"parent_id,omitzero"`
	DisplayName        client.Optional[string]                    `json:"display_name,omitzero"`        // Name for people.
	Labels             client.Optional[client.Entries[string]]    `json:"labels,omitzero"`              // Labels to select by.
	Notes              client.Optional[string]                    `json:"notes,omitzero"`               // Notes for people.
	DeletionProtection client.Optional[bool]                      `json:"deletion_protection,omitzero"` // While true, a delete is refused.
	Address            client.Optional[BillingEntityAddressPatch] `json:"address,omitzero"`             // Postal address.
	TaxNumber          client.Optional[string]                    `json:"tax_number,omitzero"`          // VAT or tax number.
	// IANA time zone in which its months begin and end.
	TimeZone client.Optional[string] `json:"time_zone,omitzero"`
	Language client.Optional[string] `json:"language,omitzero"` // Language of its documents and mails.
	// How many customers it may have, 10 unless somebody says otherwise. 0 to 1000000. Null leaves it.
	CustomerLimit client.Optional[int] `json:"customer_limit,omitzero"`
}

// BillingEntityAddress is a part of BillingEntity. Postal address.
type BillingEntityAddress struct {
	Street     *string `json:"street"`      // Street and number.
	PostalCode *string `json:"postal_code"` // Postal code.
	City       *string `json:"city"`        // City.
	Region     *string `json:"region"`      // State or province.
	Country    *string `json:"country"`     // ISO 3166 country code.
}

// BillingEntityAddressCreate is what is sent as BillingEntityAddress.
type BillingEntityAddressCreate struct {
	Street     *string `json:"street,omitzero"`      // Street and number.
	PostalCode *string `json:"postal_code,omitzero"` // Postal code.
	City       *string `json:"city,omitzero"`        // City.
	Region     *string `json:"region,omitzero"`      // State or province.
	Country    *string `json:"country,omitzero"`     // ISO 3166 country code.
}

// BillingEntityAddressPatch is a change of BillingEntityAddress.
type BillingEntityAddressPatch struct {
	Street     client.Optional[string] `json:"street,omitzero"`      // Street and number.
	PostalCode client.Optional[string] `json:"postal_code,omitzero"` // Postal code.
	City       client.Optional[string] `json:"city,omitzero"`        // City.
	Region     client.Optional[string] `json:"region,omitzero"`      // State or province.
	Country    client.Optional[string] `json:"country,omitzero"`     // ISO 3166 country code.
}

// BillingEntityQuery says which billing entities a list finds: all, unless it says more.
type BillingEntityQuery struct {
	State          []State   `query:"state"`            // Those in one of these states.
	ParentID       string    `query:"parent_id"`        // Those directly below it.
	CreatedAtFrom  time.Time `query:"created_at_from"`  // Those that were made then or later.
	CreatedAtUntil time.Time `query:"created_at_until"` // Those that were made before then.
	Label          string    `query:"label"`            // Label selector: env=prod,tier!=db,owner,!legacy.
	Search         string    `query:"q"`                // Part of the name or display name.
	Path           string    `query:"path"`             // Name path: all that match it.
	OrderBy        string    `query:"order_by"`         // With a minus sign the other way round: name, created_at.
	PageSize       int       `query:"page_size"`        // How many objects one request brings, up to 500; 0 for as many as that.
}

// BillingEntityKind is what can be done with billing entities.
type BillingEntityKind = client.NamedKind[BillingEntity, BillingEntityCreate, BillingEntityPatch, BillingEntityQuery]

// BillingEntities are the billing entities of a server.
func BillingEntities(c *client.Client) BillingEntityKind {
	return client.Bind[BillingEntityKind](c, kind("billing_entity"))
}
