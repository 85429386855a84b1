package billingentity

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
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

type source struct{ db *db.DB }

// Source is the tree, for the evaluator.
func Source(d *db.DB) authz.BillingEntities { return source{d} }

// Parents implements authz.BillingEntities.
func (s source) Parents(ctx context.Context) (map[string]string, error) {
	var rows []struct{ ID, ParentID string }
	err := resource.Unscoped(ctx, s.db).Table(Kind.Table()).Select("id, COALESCE(parent_id, '') AS parent_id").Find(&rows).Error
	out := make(map[string]string, len(rows))
	for _, r := range rows {
		out[r.ID] = r.ParentID
	}
	return out, err
}
