package customer

import (
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// Kind describes customers.
var Kind = resource.Kind{
	Name: "customer", Title: "Customer", Category: "Tenancy", Prefix: "cus", Named: true,
	Description: "An organisation that uses resources and pays for them.",
	Parent:      &resource.Link{Kind: "billing_entity", Field: "billing_entity_id", Alone: true}, // they are counted
	Tenant:      resource.CustomerColumn,
	Scope:       true,
	Filters: []resource.Filter{
		{Name: "status", Words: "Those of one of these statuses", Many: true},
		{Name: "payment_mode", Words: "Those of this payment mode"},
	},
}

// The life cycle of a customer.
const (
	StatusPending    = "pending"
	StatusActive     = "active"
	StatusSuspended  = "suspended"
	StatusTerminated = "terminated"
)

// Spec is what can be changed of a customer.
type Spec struct {
	resource.Named
	// Contact e-mail address.
	Email string `json:"email" validate:"required" format:"email" maxLength:"254"`
	// Phone number in E.164 form.
	Phone *string `json:"phone" format:"phone"`
	// Line of business.
	Industry *string `json:"industry" maxLength:"100"`
	// ISO 3166 country code.
	Country *string `json:"country" format:"country"`
	// State or province.
	Region *string `json:"region" maxLength:"100"`
	// Language of its documents and mails.
	Language string `json:"language" format:"language" default:"en"`
	// IANA time zone in which its months begin and end.
	TimeZone string `json:"time_zone" format:"time-zone" maxLength:"64" default:"UTC"`
	// VAT or tax number.
	TaxNumber *string `json:"tax_number" maxLength:"40"`
	// Its ids in other systems.
	ExternalIDs map[string]string `json:"external_ids" gorm:"serializer:json" maxLength:"255" extensions:"x-max-items=32"`
	// E-mail addresses of its account managers.
	AccountManagers []string `json:"account_managers" gorm:"serializer:json" maxLength:"254" extensions:"x-max-items=20,x-set,x-item-format=email"`
	// Link to its portal.
	PortalURL *string `json:"portal_url" format:"uri" maxLength:"500"`
	// When it pays: before use from a balance, or after by invoice.
	PaymentMode string `json:"payment_mode" enums:"prepaid,postpaid" default:"postpaid"`
	// Life cycle. A pending customer cannot make resources; suspending stops what it runs, and active again starts what ran;
	// terminated removes everything that it has, for good. A new one is active unless it is made pending or suspended.
	Status string `json:"status" enums:"pending,active,suspended,terminated" extensions:"x-kept=active"`
	// Why it has this status.
	StatusReason *string `json:"status_reason" maxLength:"500"`
} // @name CustomerSpec

// Create is what a customer is made from.
type Create struct {
	// The billing entity that bills it.
	BillingEntityID string `json:"billing_entity_id" validate:"required" format:"typeid" extensions:"x-ref=billing_entity"`
	Spec
} // @name CustomerCreate

// Customer is an organisation that uses resources and pays for them.
type Customer struct {
	resource.Meta
	Create
} // @name Customer

// Validate reports every wrong field that the specification cannot see.
func (s Spec) Validate() []fault.Field {
	return append(s.Named.Validate(), resource.ValidateTimeZone("/time_zone", s.TimeZone)...)
}

type row struct {
	resource.Base
	Create
}
