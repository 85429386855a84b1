package engine

// What a write sends: the whole of what is planned at create, a JSON merge patch of what differs at update.

import (
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// createBody is what a POST sends: every field that has a value. Secrets come from the configuration, because no plan
// holds them; unknown values are those that the server is to choose.
func createBody(fields []catalog.Field, plan, config tftypes.Value) map[string]any {
	out := map[string]any{}
	planned, configured := members(plan), members(config)
	for _, f := range fields {
		switch {
		case !f.Writable():
		case f.WriteOnly:
			if secret := configured[f.Name+writeOnlySuffix]; !absent(secret) {
				out[f.Name] = toJSON(secret)
			}
		case unset(f, configured[f.Name]):
		case !absent(planned[f.Name]):
			out[f.Name] = createValue(f, planned[f.Name], configured[f.Name])
		}
	}
	return out
}

func createValue(f catalog.Field, plan, config tftypes.Value) any {
	switch {
	case f.Type == catalog.Object:
		return createBody(f.Fields, plan, config)
	case f.Type == catalog.Map && f.Items != nil && f.Items.Type == catalog.Object:
		out := map[string]any{}
		configured := members(config)
		for key, e := range members(plan) {
			out[key] = createBody(f.Items.Fields, e, configured[key])
		}
		return out
	case f.Type == catalog.List && f.Items != nil && f.Items.Type == catalog.Object:
		out := []any{}
		configured := elements(config)
		for i, e := range elements(plan) {
			var c tftypes.Value
			if i < len(configured) {
				c = configured[i]
			}
			out = append(out, createBody(f.Items.Fields, e, c))
		}
		return out
	}
	return toJSON(plan)
}

// mergePatch is what a PATCH sends to bring state to plan: changed fields with their value, removed ones with null,
// objects and maps member by member. It is empty if nothing differs.
func mergePatch(fields []catalog.Field, state, plan, config tftypes.Value) map[string]any {
	out := map[string]any{}
	prior, planned, configured := members(state), members(plan), members(config)
	for _, f := range fields {
		if !f.Mutable() {
			continue
		}
		if f.WriteOnly {
			version := f.Name + writeOnlyVersionSuffix
			if !planned[version].Equal(prior[version]) {
				out[f.Name] = toJSON(configured[f.Name+writeOnlySuffix])
			}
			continue
		}
		if absent(prior[f.Name]) && unset(f, configured[f.Name]) {
			continue
		}
		if v, differs := mergeValue(f, prior[f.Name], planned[f.Name], configured[f.Name]); differs {
			out[f.Name] = v
		}
	}
	return out
}

func mergeValue(f catalog.Field, state, plan, config tftypes.Value) (any, bool) {
	switch {
	case plan.Type() == nil:
		return nil, false
	case absent(plan):
		// Unknown is a value that the server is to choose again.
		return nil, !plan.IsKnown() || !absent(state)
	case absent(state):
		return createValue(f, plan, config), true
	case f.Type == catalog.Object:
		sub := mergePatch(f.Fields, state, plan, config)
		return sub, len(sub) > 0
	case f.Type == catalog.Map:
		return mergeMap(f, state, plan, config)
	case f.Type == catalog.List && f.Items != nil && f.Items.Type == catalog.Object:
		v := createValue(f, plan, config)
		return v, !plan.Equal(state)
	}
	if f.Type == catalog.String {
		return toJSON(plan), !sameText(f.Format, text(plan), text(state))
	}
	return toJSON(plan), !sameJSON(toJSON(plan), toJSON(state))
}

func mergeMap(f catalog.Field, state, plan, config tftypes.Value) (any, bool) {
	sub := map[string]any{}
	prior, planned, configured := members(state), members(plan), members(config)
	for key := range prior {
		if _, kept := planned[key]; !kept {
			sub[key] = nil
		}
	}
	for key, e := range planned {
		item := catalog.Field{Type: catalog.String}
		if f.Items != nil {
			item = *f.Items
		}
		if v, differs := mergeValue(item, prior[key], e, configured[key]); differs {
			sub[key] = v
		}
	}
	return sub, len(sub) > 0
}

// sameJSON compares decoded JSON by value.
func sameJSON(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		other, ok := b.(map[string]any)
		if !ok || len(a) != len(other) {
			return false
		}
		for k, v := range a {
			w, ok := other[k]
			if !ok || !sameJSON(v, w) {
				return false
			}
		}
		return true
	case []any:
		other, ok := b.([]any)
		return ok && slices.EqualFunc(a, other, sameJSON)
	}
	return a == b
}

// overwritten lists, as JSON pointers, where a merge patch changes or removes what an object has.
func overwritten(patch map[string]any, o map[string]any, prefix string) []string {
	var out []string
	for _, name := range sortedKeys(patch) {
		pointer := prefix + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		switch has := o[name].(type) {
		case nil:
		case map[string]any:
			sub, partly := patch[name].(map[string]any)
			if partly {
				out = append(out, overwritten(sub, has, pointer)...)
			} else if len(has) > 0 {
				out = append(out, pointer)
			}
		case []any:
			if len(has) > 0 {
				out = append(out, pointer)
			}
		default:
			out = append(out, pointer)
		}
	}
	return out
}

// collisions lists, as JSON pointers, the fields that two merge patches of the same object set to different values.
func collisions(ours, theirs map[string]any, prefix string) []string {
	var out []string
	for name, want := range ours {
		got, both := theirs[name]
		if !both {
			continue
		}
		pointer := prefix + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		ourMembers, ok := want.(map[string]any)
		theirMembers, okToo := got.(map[string]any)
		switch {
		case ok && okToo:
			out = append(out, collisions(ourMembers, theirMembers, pointer)...)
		case !sameJSON(want, got):
			out = append(out, pointer)
		}
	}
	slices.Sort(out)
	return out
}
