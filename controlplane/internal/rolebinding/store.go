package rolebinding

import (
	"context"
	"time"

	"gorm.io/gorm/clause"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

type row struct {
	resource.Base
	Create
}

func (r *row) grant() authz.Grant {
	return authz.Grant{ID: r.ID, PrincipalKind: r.PrincipalKind, PrincipalID: r.PrincipalID, RoleID: r.RoleID, ExpiresAt: r.ExpiresAt}
}

// scopeTable has what else a binding's scope is in.
const scopeTable = "role_binding_scope"

type scopeRow struct{ ScopeID, CustomerID, ID string }

// within keeps what else the scope of a new binding is in.
func within(ctx context.Context, d *db.DB, r *row, scopes []string) error {
	rows := make([]scopeRow, 0, len(scopes))
	for _, scope := range scopes {
		rows = append(rows, scopeRow{scope, r.CustomerID, r.ID})
	}
	if len(rows) == 0 {
		return nil
	}
	return resource.Unscoped(ctx, d).Table(scopeTable).Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error
}

// chains are where the scopes of bindings stand, by the bindings' ids.
func chains(ctx context.Context, d *db.DB, bindings []row) (map[string]authz.Chain, error) {
	out := make(map[string]authz.Chain, len(bindings))
	ids := make([]string, len(bindings))
	for i := range bindings {
		r := &bindings[i]
		ids[i], out[r.ID] = r.ID, authz.Chain{ID: r.ScopeID, BillingEntityID: r.BillingEntityID, CustomerID: r.CustomerID}
	}
	var rows []scopeRow
	err := resource.Unscoped(ctx, d).Table(scopeTable).Where("id IN ?", ids).Order("id, scope_id").Find(&rows).Error
	for _, r := range rows {
		at := out[r.ID]
		at.Others = append(at.Others, r.ScopeID)
		out[r.ID] = at
	}
	return out, err
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

type source struct{ db *db.DB }

// Source is the bindings, for the evaluator.
func Source(d *db.DB) authz.Bindings { return source{d} }

// Held implements authz.Bindings.
func (s source) Held(ctx context.Context, p authn.Principal) ([]authz.Bound, error) {
	condition, args := "principal_kind = ? AND principal_id = ?", []any{p.Kind, p.ID}
	if len(p.Groups) > 0 {
		condition, args = condition+" OR principal_kind = ? AND principal_id IN ?", append(args, authn.KindGroup, p.Groups)
	}
	return s.bound(ctx, condition, args...)
}

// In implements authz.Bindings.
func (s source) In(ctx context.Context, scopes []string) ([]authz.Bound, error) {
	return s.bound(ctx, "scope_id IN ?", scopes)
}

func (s source) bound(ctx context.Context, condition string, args ...any) ([]authz.Bound, error) {
	var rows []row
	err := resource.Unscoped(ctx, s.db).Table(Kind.Table()).Where(condition, args...).Order("principal_kind, principal_id, id").Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	at, err := chains(ctx, s.db, rows)
	out := make([]authz.Bound, len(rows))
	for i := range rows {
		out[i] = authz.Bound{Grant: rows[i].grant(), Scope: at[rows[i].ID]}
	}
	return out, err
}
