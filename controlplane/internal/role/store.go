package role

import (
	"context"
	"slices"

	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

type row struct {
	resource.Columns `gorm:"embedded"`
	OwnerID          string
	Permissions      []string `gorm:"serializer:json"`
	BuiltIn          bool
}

func (r *row) model() Role {
	return Role{Meta: r.Meta(), RoleCreate: RoleCreate{OwnerID: r.OwnerID, RoleSpec: r.spec()}, BuiltIn: r.BuiltIn}
}

func (r *row) spec() RoleSpec { return RoleSpec{Named: r.Named(), Permissions: r.Permissions} }

func (r *row) set(s RoleSpec) {
	r.SetNamed(s.Named)
	sorted := append([]string{}, s.Permissions...)
	slices.Sort(sorted)
	r.Permissions = slices.Compact(sorted)
}

// lockBuiltIn keeps others from writing the built-in roles until the transaction ends.
func lockBuiltIn(ctx context.Context, d *db.DB) error {
	return resource.Unscoped(ctx, d).Exec("SELECT pg_advisory_xact_lock(hashtext('role.built_in'))").Error
}
