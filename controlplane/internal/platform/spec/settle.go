package spec

// What a patch leaves as it is: what the server alone sets, what cannot be changed, secrets that are not sent again, and what is only spelt
// otherwise.

import (
	"encoding/json"
	"slices"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

// sendable takes out of a value what the server alone has set in it: it is not merged, and stands again afterwards.
func (n *node) sendable(m map[string]any) {
	for name, why := range n.refused {
		if why == readOnly {
			delete(m, name)
		}
	}
	for name, x := range m {
		if sub, ok := x.(map[string]any); ok && n.inside(name) != nil {
			n.inside(name).sendable(sub)
		}
	}
}

// seals finds the secrets that need not be sent again: those of what was there before.
func (v *validation) seals(n *node, was, is map[string]any) {
	for name, f := range n.fields {
		if f.secret {
			v.sealed[pointer(v.path, name)] = true
		}
	}
	v.both(n, was, is, v.seals)
}

// both calls fn for the objects that are in one object before and after.
func (v *validation) both(n *node, was, is map[string]any, fn func(n *node, was, is map[string]any)) {
	for name, x := range is {
		f := n.inside(name)
		before, ok := was[name].(map[string]any)
		after, still := x.(map[string]any)
		if f == nil || !ok || !still || f.kind != "object" {
			continue
		}
		v.path = append(v.path, name)
		fn(f, before, after)
		v.path = v.path[:len(v.path)-1]
	}
}

// settle compares an object with what it was. What means the same stays as it was, with what the server has set in it; what cannot be changed is
// refused if it was.
func (v *validation) settle(n *node, was, is map[string]any) {
	for name, why := range n.refused {
		if x, ok := was[name]; ok && why == readOnly {
			is[name] = x
		}
	}
	for name, f := range n.fields {
		if f.immutable && !f.same(was[name], is[name]) && !v.failed(name) {
			v.fail(immutable, "cannot be changed once it is set; remove what it is in, and make it anew", name)
		}
	}
	for name, x := range is {
		if f := n.inside(name); f != nil && was[name] != nil && f.same(was[name], x) {
			is[name] = was[name]
		}
	}
	v.both(n, was, is, v.settle)
}

// failed says whether something is known to be wrong with a field.
func (v *validation) failed(name string) bool {
	at := pointer(v.path, name)
	return slices.ContainsFunc(v.errors, func(f fault.Field) bool { return f.Pointer == at })
}

// same says whether two values mean the same. What is absent is null, and what only the server sets does not count.
func (n *node) same(a, b any) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && n.sameMembers(a, b)
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		if n.unique {
			return n.items.sameSet(a, b)
		}
		return slices.EqualFunc(a, b, n.items.same)
	}
	return n.meaning(a) == n.meaning(b)
}

// sameSet says whether two sets of as many scalar values have the same, in whatever order.
func (n *node) sameSet(a, b []any) bool {
	has := make(map[any]bool, len(a))
	for _, x := range a {
		switch x := n.meaning(x).(type) {
		case string, json.Number, bool:
			has[x] = true
		}
	}
	for _, x := range b {
		switch x := n.meaning(x).(type) {
		case string, json.Number, bool:
			if !has[x] {
				return false
			}
			delete(has, x)
		default:
			return false
		}
	}
	return len(has) == 0
}

func (n *node) sameMembers(a, b map[string]any) bool {
	for name, f := range n.fields {
		if !f.same(a[name], b[name]) {
			return false
		}
	}
	if n.values == nil {
		return true
	}
	if len(a) != len(b) {
		return false
	}
	for key, x := range a {
		if y, ok := b[key]; !ok || !n.values.same(x, y) {
			return false
		}
	}
	return true
}

// meaning is a scalar value in the spelling that all have which mean the same.
func (n *node) meaning(x any) any {
	if s, ok := x.(string); ok && n.canonical != nil {
		return n.canonical(s)
	}
	return x
}
