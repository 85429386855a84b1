package resource

// Fields that follow others of their row: they are computed anew when one of these changes, and then alone.

import (
	"context"
	"fmt"
	"reflect"
	"slices"
)

// Follower is a column that follows others. Set computes it from the rest of the row, and from nothing else.
type Follower[R any] struct {
	Column string
	Of     []string
	Set    func(row *R)
}

// Follow has columns follow others from now on. What follows a follower stands after it.
func (t *Table[R]) Follow(followers []Follower[R]) {
	t.followers = followers
	if len(followers) > 0 {
		t.registry.followers[t.kind.Name] = t.strays
	}
}

// Renew computes the followers of what differs between two rows, or, of a row that is new, all of them. Done twice, it is done once.
func (t *Table[R]) Renew(old, next *R) {
	for _, f := range t.followers {
		if old == nil || slices.ContainsFunc(f.Of, func(column string) bool { return !t.sameIn(column, old, next) }) {
			f.Set(next)
		}
	}
}

// sameIn says whether two rows have the same in a column. Null is no collection.
func (t *Table[R]) sameIn(column string, a, b *R) bool {
	x, y := t.value(a, column), t.value(b, column)
	if k := x.Kind(); (k == reflect.Map || k == reflect.Slice) && x.Len() == 0 && y.Len() == 0 {
		return true
	}
	return reflect.DeepEqual(x.Interface(), y.Interface())
}

// strays are the rows in which a follower is something else than what it follows makes of it: something has changed one or the other
// past Change.
func (t *Table[R]) strays(ctx context.Context) ([]string, error) {
	rows, err := t.All(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for i := range rows {
		computed := rows[i]
		t.Renew(nil, &computed)
		t.layout.normalize(reflect.ValueOf(&computed).Elem())
		for _, f := range t.followers {
			if !t.sameIn(f.Column, &rows[i], &computed) {
				out = append(out, fmt.Sprintf("%s %s: %s is %v, and what it follows makes it %v", t.kind.Name, BaseOf(&rows[i]).ID, f.Column,
					t.field(&rows[i], f.Column), t.field(&computed, f.Column)))
			}
		}
	}
	return out, nil
}

// Strays are the objects whose followers are not what they should be, of all kinds, in words; what ctx may see of them.
func (r *Registry) Strays(ctx context.Context) ([]string, error) {
	var out []string
	for _, k := range r.All() {
		of := r.followers[k.Name]
		if of == nil {
			continue
		}
		found, err := of(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}
