// Code generated from the catalog by cmd/gen. DO NOT EDIT.

package demarc

import (
	"time"

	"github.com/demarc/demarc/controlplane/client"
)

// Customer is a customer, as it is answered. An organisation that uses resources and pays for them.
type Customer struct {
	Named
	BillingEntityID string              `json:"billing_entity_id"` // The billing entity that bills it.
	Email           string              `json:"email"`             // Contact e-mail address.
	Phone           *string             `json:"phone"`             // Phone number in E.164 form.
	Industry        *string             `json:"industry"`          // Line of business.
	Country         *string             `json:"country"`           // ISO 3166 country code.
	Region          *string             `json:"region"`            // State or province.
	Language        string              `json:"language"`          // Language of its documents and mails.
	TimeZone        string              `json:"time_zone"`         // IANA time zone in which its months begin and end.
	TaxNumber       *string             `json:"tax_number"`        // VAT or tax number.
	ExternalIDs     map[string]string   `json:"external_ids"`      // Its ids in other systems.
	AccountManagers []string            `json:"account_managers"`  // E-mail addresses of its account managers.
	PortalURL       *string             `json:"portal_url"`        // Link to its portal.
	PaymentMode     CustomerPaymentMode `json:"payment_mode"`      // When it pays: before use from a balance, or after by invoice.
	// Life cycle. A pending customer cannot make resources; suspending stops what it runs, and active again starts what ran; terminated removes
	// everything that it has, for good. A new one is active unless it is made pending or suspended.
	Status       CustomerStatus `json:"status"`
	StatusReason *string        `json:"status_reason"` // Why it has this status.
}

// CustomerCreate is what a customer is made from.
type CustomerCreate struct {
	// What it is called: unique within the parent, and can be changed. Required.
	Name               string            `json:"name"`
	BillingEntityID    string            `json:"billing_entity_id"`            // The billing entity that bills it. Required.
	DisplayName        *string           `json:"display_name,omitzero"`        // Name for people.
	Email              string            `json:"email"`                        // Contact e-mail address. Required.
	Labels             map[string]string `json:"labels,omitzero"`              // Labels to select by.
	Notes              *string           `json:"notes,omitzero"`               // Notes for people.
	DeletionProtection *bool             `json:"deletion_protection,omitzero"` // While true, a delete is refused.
	Phone              *string           `json:"phone,omitzero"`               // Phone number in E.164 form.
	Industry           *string           `json:"industry,omitzero"`            // Line of business.
	Country            *string           `json:"country,omitzero"`             // ISO 3166 country code.
	Region             *string           `json:"region,omitzero"`              // State or province.
	Language           *string           `json:"language,omitzero"`            // Language of its documents and mails. Default "en".
	TimeZone           *string           `json:"time_zone,omitzero"`           // IANA time zone in which its months begin and end. Default "UTC".
	TaxNumber          *string           `json:"tax_number,omitzero"`          // VAT or tax number.
	ExternalIDs        map[string]string `json:"external_ids,omitzero"`        // Its ids in other systems.
	AccountManagers    []string          `json:"account_managers,omitzero"`    // E-mail addresses of its account managers.
	PortalURL          *string           `json:"portal_url,omitzero"`          // Link to its portal.
	// When it pays: before use from a balance, or after by invoice. Default "postpaid".
	PaymentMode  CustomerPaymentMode `json:"payment_mode,omitzero"`
	Status       CustomerStatus      `json:"status,omitzero"`        // Life cycle. The server chooses if it is absent.
	StatusReason *string             `json:"status_reason,omitzero"` // Why it has this status.
}

// CustomerPatch is a change of a customer.
type CustomerPatch struct {
	// What it is called: unique within the parent, and can be changed.
	Name               client.Optional[string]                 `json:"name,omitzero"`
	DisplayName        client.Optional[string]                 `json:"display_name,omitzero"`        // Name for people.
	Email              client.Optional[string]                 `json:"email,omitzero"`               // Contact e-mail address.
	Labels             client.Optional[client.Entries[string]] `json:"labels,omitzero"`              // Labels to select by.
	Notes              client.Optional[string]                 `json:"notes,omitzero"`               // Notes for people.
	DeletionProtection client.Optional[bool]                   `json:"deletion_protection,omitzero"` // While true, a delete is refused.
	Phone              client.Optional[string]                 `json:"phone,omitzero"`               // Phone number in E.164 form.
	Industry           client.Optional[string]                 `json:"industry,omitzero"`            // Line of business.
	Country            client.Optional[string]                 `json:"country,omitzero"`             // ISO 3166 country code.
	Region             client.Optional[string]                 `json:"region,omitzero"`              // State or province.
	Language           client.Optional[string]                 `json:"language,omitzero"`            // Language of its documents and mails.
	// IANA time zone in which its months begin and end.
	TimeZone        client.Optional[string]                 `json:"time_zone,omitzero"`
	TaxNumber       client.Optional[string]                 `json:"tax_number,omitzero"`       // VAT or tax number.
	ExternalIDs     client.Optional[client.Entries[string]] `json:"external_ids,omitzero"`     // Its ids in other systems.
	AccountManagers client.Optional[[]string]               `json:"account_managers,omitzero"` // E-mail addresses of its account managers.
	PortalURL       client.Optional[string]                 `json:"portal_url,omitzero"`       // Link to its portal.
	// When it pays: before use from a balance, or after by invoice.
	PaymentMode  client.Optional[CustomerPaymentMode] `json:"payment_mode,omitzero"`
	Status       client.Optional[CustomerStatus]      `json:"status,omitzero"`        // Life cycle. Null leaves it.
	StatusReason client.Optional[string]              `json:"status_reason,omitzero"` // Why it has this status.
}

// CustomerPaymentMode is what payment_mode can be.
type CustomerPaymentMode string

const (
	CustomerPaymentModePrepaid  CustomerPaymentMode = "prepaid"
	CustomerPaymentModePostpaid CustomerPaymentMode = "postpaid"
)

// CustomerStatus is what status can be.
type CustomerStatus string

const (
	CustomerStatusPending    CustomerStatus = "pending"
	CustomerStatusActive     CustomerStatus = "active"
	CustomerStatusSuspended  CustomerStatus = "suspended"
	CustomerStatusTerminated CustomerStatus = "terminated"
)

// CustomerQuery says which customers a list finds: all, unless it says more.
type CustomerQuery struct {
	BillingEntityID string              `query:"billing_entity_id"` // Those of one billing entity.
	State           []State             `query:"state"`             // Those in one of these states.
	Status          []CustomerStatus    `query:"status"`            // Those of one of these statuses.
	PaymentMode     CustomerPaymentMode `query:"payment_mode"`      // Those of this payment mode.
	CreatedAtFrom   time.Time           `query:"created_at_from"`   // Those that were made then or later.
	CreatedAtUntil  time.Time           `query:"created_at_until"`  // Those that were made before then.
	Label           string              `query:"label"`             // Label selector: env=prod,tier!=db,owner,!legacy.
	Search          string              `query:"q"`                 // Part of the name or display name.
	Path            string              `query:"path"`              // Name path: all that match it.
	OrderBy         string              `query:"order_by"`          // With a minus sign the other way round: name, created_at.
	PageSize        int                 `query:"page_size"`         // How many objects one request brings, up to 500; 0 for as many as that.
}

// CustomerKind is what can be done with customers.
type CustomerKind = client.NamedKind[Customer, CustomerCreate, CustomerPatch, CustomerQuery]

// Customers are the customers of a server.
func Customers(c *client.Client) CustomerKind { return client.Bind[CustomerKind](c, kind("customer")) }
