package billingentity

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// rootID is the id of the root, empty while there is none.
func rootID(ctx context.Context, d *db.DB) (string, error) {
	var id string
	err := resource.Unscoped(ctx, d).Table(Kind.Table()).Select("id").Where("parent_id IS NULL").Limit(1).Scan(&id).Error
	return id, err
}

// lockTree keeps the tree's shape from being changed by another transaction.
func lockTree(ctx context.Context, d *db.DB) error {
	return resource.Unscoped(ctx, d).Exec("SELECT pg_advisory_xact_lock(hashtext('billing_entity.tree'))").Error
}

// below says whether id is ancestor or stands below it.
func below(ctx context.Context, d *db.DB, ancestor, id string) (bool, error) {
	var found bool
	err := resource.Unscoped(ctx, d).Raw(`WITH RECURSIVE up AS (
			SELECT id, parent_id FROM billing_entity WHERE id = ?
			UNION SELECT b.id, b.parent_id FROM billing_entity b JOIN up ON b.id = up.parent_id)
		SELECT EXISTS (SELECT 1 FROM up WHERE id = ?)`, id, ancestor).Scan(&found).Error
	return found, err
}
