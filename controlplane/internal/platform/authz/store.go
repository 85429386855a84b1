package authz

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
)

// Holder is a binding with who has it.
type Holder struct {
	Binding
	PrincipalKind, PrincipalID string
}

type bindingRow struct {
	ID, RoleID, RoleName, ScopeID string
	PrincipalKind, PrincipalID    string
	BillingEntityID, CustomerID   string
	Others, Permissions           string
	ExpiresAt                     *time.Time
	Suspended                     bool
}

func (r bindingRow) binding() (Binding, error) {
	b := Binding{ID: r.ID, RoleID: r.RoleID, RoleName: r.RoleName, ExpiresAt: r.ExpiresAt, Suspended: r.Suspended, Permissions: map[string]bool{},
		Scope: Chain{ID: r.ScopeID, BillingEntityID: r.BillingEntityID, CustomerID: r.CustomerID, Others: strings.Fields(r.Others)}}
	var names []string
	if err := json.Unmarshal([]byte(r.Permissions), &names); err != nil {
		return b, err
	}
	for _, n := range names {
		b.Permissions[n] = true
	}
	return b, nil
}

// holdersQuery reads bindings with their roles. A binding in the scope of a customer, or of something of a customer, is suspended with it.
const holdersQuery = `SELECT b.id, b.role_id, r.name AS role_name, b.scope_id, b.principal_kind, b.principal_id, b.billing_entity_id, b.customer_id,
	COALESCE((SELECT string_agg(s.scope_id, ' ') FROM role_binding_scope s WHERE s.id = b.id), '') AS others, r.permissions::text AS permissions, b.expires_at, COALESCE(c.status = 'suspended', false) AS suspended
	FROM role_binding b JOIN role r ON r.id = b.role_id LEFT JOIN customer c ON c.id = b.customer_id `

func loadHolders(ctx context.Context, d *db.DB, scopes []string) ([]Holder, error) {
	return readHolders(ctx, d, holdersQuery+"WHERE b.scope_id IN ? ORDER BY b.principal_kind, b.principal_id, b.id", scopes)
}

func readHolders(ctx context.Context, d *db.DB, query string, args ...any) ([]Holder, error) {
	var rows []bindingRow
	if err := d.Conn(ctx).Raw(query, args...).Scan(&rows).Error; err != nil {
		return nil, err
	}
	out := make([]Holder, len(rows))
	for i, r := range rows {
		b, err := r.binding()
		if err != nil {
			return nil, err
		}
		out[i] = Holder{b, r.PrincipalKind, r.PrincipalID}
	}
	return out, nil
}

func loadBindings(ctx context.Context, d *db.DB, p authn.Principal) ([]Binding, error) {
	groups := p.Groups
	if len(groups) == 0 {
		groups = []string{""}
	}
	held, err := readHolders(ctx, d, holdersQuery+
		"WHERE (b.principal_kind = ? AND b.principal_id = ?) OR (b.principal_kind = 'group' AND b.principal_id IN ?) ORDER BY b.id", p.Kind, p.ID, groups)
	out := make([]Binding, len(held))
	for i := range held {
		out[i] = held[i].Binding
	}
	return out, err
}

func loadTree(ctx context.Context, d *db.DB) (*tree, error) {
	var rows []struct{ ID, ParentID string }
	if err := d.Conn(ctx).Raw("SELECT id, COALESCE(parent_id, '') AS parent_id FROM billing_entity").Scan(&rows).Error; err != nil {
		return nil, err
	}
	parents := make(map[string]string, len(rows))
	for _, r := range rows {
		parents[r.ID] = r.ParentID
	}
	return newTree(parents), nil
}
