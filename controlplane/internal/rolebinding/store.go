package rolebinding

import (
	"context"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

type row struct {
	resource.Base
	Create
	LocationID   string
	CloudspaceID string
}

func (r *row) grant() authz.Grant {
	return authz.Grant{ID: r.ID, PrincipalKind: r.PrincipalKind, PrincipalID: r.PrincipalID, RoleID: r.RoleID, ExpiresAt: r.ExpiresAt}
}

// scope is where the binding's scope stands.
func (r *row) scope() authz.Chain {
	at := authz.Chain{ID: r.ScopeID, BillingEntityID: r.BillingEntityID, CustomerID: r.CustomerID}
	for _, id := range []string{r.LocationID, r.CloudspaceID} {
		if id != "" && id != r.ScopeID {
			at.Others = append(at.Others, id)
		}
	}
	return at
}

// stored is a time as the database keeps it.
func stored(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC().Truncate(time.Microsecond)
	return &u
}

// lock keeps others from changing a scope's bindings until the transaction ends, and returns the revision of their list.
func lock(ctx context.Context, d *db.DB, scopeID string) (int64, error) {
	var revision int64
	err := resource.Unscoped(ctx, d).Raw(`INSERT INTO policy (scope_id, revision) VALUES (?, 0)
		ON CONFLICT (scope_id) DO UPDATE SET scope_id = EXCLUDED.scope_id RETURNING revision`, scopeID).Scan(&revision).Error
	return revision, err
}

// count gives the list of a scope's bindings its next revision.
func count(ctx context.Context, d *db.DB, scopeID string) error {
	return resource.Unscoped(ctx, d).Exec("UPDATE policy SET revision = revision + 1 WHERE scope_id = ?", scopeID).Error
}

// revision is that of the list of a scope's bindings, 0 for one that never had any.
func revision(ctx context.Context, d *db.DB, scopeID string) (int64, error) {
	var n int64
	err := resource.Unscoped(ctx, d).Raw("SELECT COALESCE(max(revision), 0) FROM policy WHERE scope_id = ?", scopeID).Scan(&n).Error
	return n, err
}

// permanent are the bindings of a scope, but for one, that never expire and are to one of the roles.
func permanent(ctx context.Context, d *db.DB, scopeID, but string, roles []string) ([]row, error) {
	var rows []row
	return rows, resource.Unscoped(ctx, d).Table(Kind.Table()).
		Where("scope_id = ? AND id <> ? AND expires_at IS NULL AND role_id IN ?", scopeID, but, roles).Find(&rows).Error
}

// forget removes all bindings of a scope that is about to go, and says whether there were any.
func forget(ctx context.Context, d *db.DB, scopeID string) (bool, error) {
	res := resource.Unscoped(ctx, d).Exec("DELETE FROM role_binding WHERE scope_id = ?", scopeID)
	if res.Error != nil {
		return false, res.Error
	}
	return res.RowsAffected > 0, resource.Unscoped(ctx, d).Exec("DELETE FROM policy WHERE scope_id = ?", scopeID).Error
}
