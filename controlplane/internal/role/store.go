package role

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

type source struct{ db *db.DB }

// Source is the roles, for the evaluator.
func Source(d *db.DB) authz.Roles { return source{d} }

// Roles implements authz.Roles.
func (s source) Roles(ctx context.Context, ids []string) (map[string]authz.Role, error) {
	var rows []row
	err := resource.Unscoped(ctx, s.db).Table(Kind.Table()).Select("id", "name", "permissions").Where("id IN ?", ids).Find(&rows).Error
	out := make(map[string]authz.Role, len(rows))
	for _, r := range rows {
		out[r.ID] = authz.Role{Name: r.Name, Permissions: r.Permissions}
	}
	return out, err
}

// offered are the roles that come with the platform, and those of the billing entities above, in and below which somebody has a role.
func offered(a authz.Access) []resource.Offer {
	return []resource.Offer{{Where: "role.built_in"}, {Field: "owner_id", In: a.Lineage}}
}

// lockBuiltIn keeps others from writing the built-in roles until the transaction ends.
func lockBuiltIn(ctx context.Context, d *db.DB) error {
	return resource.Unscoped(ctx, d).Exec("SELECT pg_advisory_xact_lock(hashtext('role.built_in'))").Error
}
