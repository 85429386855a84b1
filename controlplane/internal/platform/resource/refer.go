package resource

import (
	"context"
	"errors"
	"slices"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
)

// Refer finds where an object stands that another one is about to refer to, and keeps it from being deleted meanwhile. It may be of any of
// these kinds; the platform is one where authz.Platform is among them. pointer is the field of the request that names it. The caller must
// be able to read it.
func (l *Locator) Refer(ctx context.Context, pointer, objectID string, kinds ...string) (authz.Chain, error) {
	what := "object"
	if len(kinds) == 1 {
		what = kinds[0]
	}
	missing := fault.MissingReference(pointer, what)
	if objectID == authz.Platform && slices.Contains(kinds, authz.Platform) {
		return authz.Chain{ID: authz.Platform}, nil
	}
	k, ok := l.registry.ByPrefix(id.Prefix(objectID))
	if !ok || !slices.Contains(kinds, k.Name) {
		return authz.Chain{}, missing
	}
	q, err := scopedQuery(authz.For(ctx, k.ReadPermission()), l.db, l.registry, k)
	if err != nil {
		return authz.Chain{}, err
	}
	var row struct{ State string }
	err = q.Clauses(clause.Locking{Strength: "SHARE"}).Select("state").Where("id = ?", objectID).Take(&row).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound):
		return authz.Chain{}, missing
	case err != nil:
		return authz.Chain{}, err
	case row.State == Deleting || row.State == Recycled:
		return authz.Chain{}, fault.Invalidf(pointer, "conflict", "it is %s", row.State)
	}
	at, _, err := l.Locate(ctx, objectID)
	return at, err
}

// Scopes are the kinds that roles can be bound on, the platform among them.
func (r *Registry) Scopes() []string {
	out := []string{authz.Platform}
	for _, k := range r.All() {
		if k.Scope {
			out = append(out, k.Name)
		}
	}
	return out
}
