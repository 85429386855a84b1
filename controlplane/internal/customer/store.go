package customer

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// count is how many customers of a billing entity count against its limit.
func count(ctx context.Context, d *db.DB, billingEntityID string) (int64, error) {
	var n int64
	err := resource.Unscoped(ctx, d).Table(Kind.Table()).Where("billing_entity_id = ? AND status <> ?", billingEntityID, StatusTerminated).Count(&n).Error
	return n, err
}

type source struct{ db *db.DB }

// Source is the customers, for the evaluator.
func Source(d *db.DB) authz.Customers { return source{d} }

// Suspended implements authz.Customers.
func (s source) Suspended(ctx context.Context, ids []string) ([]string, error) {
	var out []string
	return out, resource.Unscoped(ctx, s.db).Table(Kind.Table()).Where("id IN ? AND status = ?", ids, StatusSuspended).Pluck("id", &out).Error
}
