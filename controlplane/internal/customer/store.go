package customer

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// count is how many customers of a billing entity count against its limit.
func count(ctx context.Context, d *db.DB, billingEntityID string) (int64, error) {
	var n int64
	err := resource.Unscoped(ctx, d).Table(Kind.Table()).Where("billing_entity_id = ? AND status <> ?", billingEntityID, StatusTerminated).Count(&n).Error
	return n, err
}
