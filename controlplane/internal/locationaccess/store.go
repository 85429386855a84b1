package locationaccess

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// granted says whether any of the grantees has access to the location.
func granted(ctx context.Context, d *db.DB, locationID string, grantees []string) (found bool, err error) {
	return found, resource.Unscoped(ctx, d).Raw("SELECT EXISTS (SELECT FROM location_access WHERE location_id = ? AND grantee_id IN ?)", locationID, grantees).
		Scan(&found).Error
}

// forget removes what a grantee has.
func forget(ctx context.Context, d *db.DB, granteeID string) error {
	return resource.Unscoped(ctx, d).Exec("DELETE FROM location_access WHERE grantee_id = ?", granteeID).Error
}
