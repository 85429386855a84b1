package customer

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

type row struct {
	resource.Columns `gorm:"embedded"`
	Email            string
	Phone            *string
	Industry         *string
	Country          *string
	Region           *string
	Language         string
	TimeZone         string
	TaxNumber        *string
	ExternalIDs      map[string]string `gorm:"column:external_ids;serializer:json"`
	AccountManagers  []string          `gorm:"serializer:json"`
	PortalURL        *string           `gorm:"column:portal_url"`
	PaymentMode      string
	Status           string
	StatusReason     *string
}

func (r *row) model() Customer {
	return Customer{Meta: r.Meta(), CustomerCreate: CustomerCreate{BillingEntityID: r.BillingEntityID, CustomerSpec: r.spec()}}
}

func (r *row) spec() CustomerSpec {
	return CustomerSpec{
		Named: r.Named(), Email: r.Email, Phone: r.Phone, Industry: r.Industry, Country: r.Country, Region: r.Region,
		Language: r.Language, TimeZone: r.TimeZone, TaxNumber: r.TaxNumber, ExternalIDs: r.ExternalIDs,
		AccountManagers: r.AccountManagers, PortalURL: r.PortalURL, PaymentMode: r.PaymentMode, Status: r.Status, StatusReason: r.StatusReason,
	}
}

func (r *row) set(s CustomerSpec) {
	r.SetNamed(s.Named)
	r.Email, r.Phone, r.Industry, r.Country, r.Region = s.Email, s.Phone, s.Industry, s.Country, s.Region
	r.Language, r.TimeZone, r.TaxNumber = s.Language, s.TimeZone, s.TaxNumber
	r.ExternalIDs, r.AccountManagers = s.ExternalIDs, s.AccountManagers
	r.PortalURL, r.PaymentMode, r.Status, r.StatusReason = s.PortalURL, s.PaymentMode, s.Status, s.StatusReason
}

// count is how many customers of a billing entity count against its limit.
func count(ctx context.Context, d *db.DB, billingEntityID string) (int64, error) {
	var n int64
	err := resource.Unscoped(ctx, d).Table(Kind.Table).Where("billing_entity_id = ? AND status <> ?", billingEntityID, StatusTerminated).Count(&n).Error
	return n, err
}

type source struct{ db *db.DB }

// Source is the customers, for the evaluator.
func Source(d *db.DB) authz.Customers { return source{d} }

// Suspended implements authz.Customers.
func (s source) Suspended(ctx context.Context, ids []string) ([]string, error) {
	var out []string
	return out, resource.Unscoped(ctx, s.db).Table(Kind.Table).Where("id IN ? AND status = ?", ids, StatusSuspended).Pluck("id", &out).Error
}
