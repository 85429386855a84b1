package role

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// lockBuiltIn keeps others from writing the built-in roles until the transaction ends.
func lockBuiltIn(ctx context.Context, d *db.DB) error {
	return resource.Unscoped(ctx, d).Exec("SELECT pg_advisory_xact_lock(hashtext('role.built_in'))").Error
}
