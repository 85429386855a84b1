package resource

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

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
	places, err := standing(q.Clauses(clause.Locking{Strength: strength}), k, "state", objectID)
	at, found := places[objectID]
	switch {
	case err != nil:
		return authz.Chain{}, err
	case !found:
		return authz.Chain{}, missing
	case at.state == Deleting || at.state == Recycled:
		return authz.Chain{}, fault.Invalidf(pointer, "conflict", "it is %s", at.state)
	}
	return at.Chain, nil
}

// Mention is a reference to another object in a value of one of the API's types: a field that is marked with x-ref, in whatever object or map of
// objects it stands. Of a map that is marked itself the keys are references.
type Mention struct {
	Pointer string
	ID      string
	Kinds   []string
}

// Mentions are the references in a value, in the order of its fields; those in a map in the order of its keys.
func Mentions(value any) []Mention {
	var out []Mention
	mentions(reflect.ValueOf(value), "", nil, &out)
	return out
}

// mentions looks into a value that stands at the pointer; kinds are those that it refers to itself, if it does.
func mentions(v reflect.Value, pointer string, kinds []string, out *[]Mention) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			mentions(v.Elem(), pointer, kinds, out)
		}
	case reflect.String:
		if kinds != nil && v.String() != "" {
			*out = append(*out, Mention{pointer, v.String(), kinds})
		}
	case reflect.Slice:
		for i := range v.Len() {
			mentions(v.Index(i), fmt.Sprintf("%s/%d", pointer, i), kinds, out)
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			at := pointer + fault.Pointer(k.String())
			mentions(k, at, kinds, out)
			mentions(v.MapIndex(k), at, nil, out)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			switch {
			case !f.IsExported():
			case f.Anonymous:
				mentions(v.Field(i), pointer, nil, out)
			case name != "" && name != "-":
				mentions(v.Field(i), pointer+"/"+name, referred(f), out)
			}
		}
	}
}

// Trait is the value of an extension of a field in the specification; many have none.
func Trait(f reflect.StructField, name string) (value string, has bool) {
	for trait := range strings.SplitSeq(f.Tag.Get("extensions"), ",") {
		if is, value, _ := strings.Cut(trait, "="); is == name {
			return value, true
		}
	}
	return "", false
}

// referred are the kinds that a field is marked to refer to, nil for none.
func referred(f reflect.StructField) []string {
	if to, marked := Trait(f, "x-ref"); marked {
		return strings.Split(to, "|")
	}
	return nil
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

// AnyScope stands, among kinds that can be referred to, for the platform and every kind that roles can be bound on.
const AnyScope = "scope"
