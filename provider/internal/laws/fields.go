package laws

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/provider/internal/coretest"
)

// Fields changes every field that can change by itself, and clears every optional one by itself; each with a
// plan, an apply and an empty plan after it.
func (w *World) Fields(t *testing.T) {
	w.each(t, func(t *testing.T, core *coretest.Core, s *subject) {
		full, changes := s.full(), s.changes()
		body := maps.Clone(full)
		version := 1
		instance := core.MustApply(core.Nothing(s.resource()), s.attributes(body, version))
		id := instance.ID()
		t.Cleanup(func() { core.MustApply(instance, nil) })
		step := func(what string) {
			t.Helper()
			config := s.attributes(body, version)
			plan, errs := core.Plan(instance, config)
			if errs != "" || plan.Empty() || len(plan.Replace) > 0 {
				t.Fatalf("%s: want an update: %s (replace %v)", what, errs, plan.Replace)
			}
			before := s.now(t, instance.ID())
			instance = core.MustApply(instance, config)
			if instance.ID() != id {
				t.Fatalf("%s: another object", what)
			}
			// Of what is never read back, that it was sent shows by this alone.
			if sameValue(before["revision"], s.now(t, instance.ID())["revision"]) {
				t.Errorf("%s: nothing was changed on the control plane", what)
			}
		}
		stays := func(what string) {
			t.Helper()
			if plan, errs := core.Plan(instance, s.attributes(body, version)); errs != "" || !plan.Empty() {
				t.Errorf("%s: others set it, too, so nothing is to change: %s%s", what, errs, plan.Difference())
			}
		}
		for _, f := range s.Fields {
			value, changes := changes[f.Name]
			switch {
			case !f.Mutable() && changes:
				t.Errorf("the fixture changes %s, which cannot change", f.Name)
			case !f.Mutable() || f.Name == "deletion_protection":
			case !changes:
				t.Errorf("the fixture does not change %s", f.Name)
			case !reflect.DeepEqual(value, body[f.Name]):
				body[f.Name] = value
				version++
				step("change of " + f.Name)
				if !f.WriteOnly && !sameValue(instance.Attribute(f.Name), value) {
					t.Errorf("%s: %v, want %v", f.Name, instance.Attribute(f.Name), value)
				}
			}
		}
		for _, f := range s.Fields {
			if _, set := body[f.Name]; !set || !f.Mutable() || f.Required || f.GrowOnly || f.Name == "deletion_protection" {
				continue
			}
			if !f.WriteOnly && !f.Kept && sameValue(body[f.Name], literal(t, f)) {
				continue // It has its default already.
			}
			delete(body, f.Name)
			if f.Kept {
				stays("removal of " + f.Name)
				continue
			}
			step("removal of " + f.Name)
			if want := literal(t, f); !f.WriteOnly && !f.ServerDefault && !sameValue(instance.Attribute(f.Name), want) {
				t.Errorf("%s after its removal: %v, want %v", f.Name, instance.Attribute(f.Name), want)
			}
		}
		// Members of objects and keys of maps, by themselves.
		grown := only(body, func(name string) bool { return s.Field(name).GrowOnly })
		body = merged(full, grown)
		for _, f := range s.Fields {
			m, ok := body[f.Name].(map[string]any)
			if !ok || !f.Mutable() {
				continue
			}
			instance = core.MustApply(instance, s.attributes(body, version))
			for _, member := range slices.Sorted(maps.Keys(m)) {
				if i := slices.IndexFunc(f.Fields, func(g catalog.Field) bool { return g.Name == member }); i >= 0 && f.Fields[i].Required {
					continue
				}
				rest := maps.Clone(m)
				delete(rest, member)
				body[f.Name] = rest
				if i := slices.IndexFunc(f.Fields, func(g catalog.Field) bool { return g.Name == member }); i >= 0 && f.Fields[i].Kept {
					stays("removal of " + f.Name + "." + member)
					body[f.Name] = m
					continue
				}
				step("removal of " + f.Name + "." + member)
				body[f.Name] = m
				step("return of " + f.Name + "." + member)
			}
		}
	})
}
