package resource

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"

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
	return l.refer(ctx, "SHARE", pointer, objectID, kinds)
}

// ReferAlone is Refer that keeps others who do the same waiting until the transaction ends. Whoever took a shared lock first and this one
// later would wait for another who did so too, for ever.
func (l *Locator) ReferAlone(ctx context.Context, pointer, objectID string, kinds ...string) (authz.Chain, error) {
	return l.refer(ctx, "UPDATE", pointer, objectID, kinds)
}

func (l *Locator) refer(ctx context.Context, strength, pointer, objectID string, kinds []string) (authz.Chain, error) {
	what := "object"
	switch {
	case slices.Contains(kinds, AnyScope):
		kinds = l.registry.Scopes()
	case len(kinds) == 1:
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
	err = q.Clauses(clause.Locking{Strength: strength}).Select("state").Where("id = ?", objectID).Take(&row).Error
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

// AnyScope stands, among kinds that can be referred to, for the platform and every kind that roles can be bound on.
const AnyScope = "scope"

// Reference is a field that holds the id of another object.
type Reference struct {
	Field string
	Kinds []string
}

// ReferencesOf are the fields of a type of the API that are marked with x-ref.
func ReferencesOf(t reflect.Type) []Reference {
	var out []Reference
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		for _, trait := range strings.Split(f.Tag.Get("extensions"), ",") {
			to, marked := strings.CutPrefix(trait, "x-ref=")
			if !marked || f.Type.Kind() == reflect.Map {
				continue
			}
			out = append(out, Reference{name, strings.Split(to, "|")})
		}
	}
	return out
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
