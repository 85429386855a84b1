package laws

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/demarc/demarc/controlplane/client/fixture"
	"github.com/demarc/demarc/provider/internal/coretest"
)

// Life takes objects of every kind through their lives. Each MustApply expects that a plan after it is empty.
func (w *World) Life(t *testing.T) {
	w.each(t, func(t *testing.T, core *coretest.Core, s *subject) {
		least := s.sample.MustBody(fixture.Minimal)
		object := s.make(t, core, least)
		s.imports(t, core, object, object.ID(), s.attributes(least, 1))
		s.unmake(t, core, object)

		full := s.full()
		config := s.attributes(full, 1)
		object = s.make(t, core, full)
		s.imports(t, core, object, object.ID(), config)
		s.imports(t, core, object, s.otherID(full), config)
		if s.updates() {
			object = s.change(t, core, object, full)
		}

		// Deleted by others: it is made again. What is there for as long as something else is has nothing in it then.
		s.write(t, object.ID(), nil)
		left, errs := core.Refresh(object)
		if errs != "" || left.State.IsNull() == s.Singleton {
			t.Fatalf("after a delete by others: %s%v", errs, left.State)
		}
		if left.State.IsNull() {
			left = core.Nothing(s.resource())
		}
		object = core.MustApply(left, config)
		s.holds(t, object, full)
		s.unmake(t, core, object)
	})
}

// make creates an object, and holds what the control plane then has against the body.
func (s *subject) make(t *testing.T, core *coretest.Core, body map[string]any) coretest.Instance {
	t.Helper()
	object := core.MustApply(core.Nothing(s.resource()), s.attributes(body, 1))
	s.holds(t, object, body)
	return object
}

// unmake destroys an object.
func (s *subject) unmake(t *testing.T, core *coretest.Core, object coretest.Instance) {
	t.Helper()
	core.MustApply(object, nil)
	if err := s.gone(t, object.ID()); err != nil {
		t.Fatal(err)
	}
}

// change changes all that can change, lets others clear it, changes it back, and clears it.
func (s *subject) change(t *testing.T, core *coretest.Core, object coretest.Instance, full map[string]any) coretest.Instance {
	t.Helper()
	id, changed := object.ID(), merged(full, s.changes())
	object = s.update(t, core, object, changed, 2)

	patch := s.clearing(changed)
	s.write(t, id, patch)
	drifted, errs := core.Refresh(object)
	if errs != "" {
		t.Fatalf("refresh: %s", errs)
	}
	if s.visible(patch) {
		object = s.update(t, core, drifted, changed, 2)
	} else {
		object = core.MustApply(drifted, s.attributes(changed, 2))
	}

	object = core.MustApply(object, s.attributes(s.cleared(changed), 0))
	now := s.now(t, id)
	for name, want := range changed {
		if s.Field(name).Kept && !sameValue(now[name], want) {
			t.Errorf("%s is %v after its line was removed, want %v as before", name, now[name], want)
		}
	}
	for name := range patch {
		if f := s.Field(name); !f.WriteOnly && !f.ServerDefault && !sameValue(now[name], literal(t, *f)) {
			t.Errorf("%s is %v after all was cleared, want %v", name, now[name], literal(t, *f))
		}
	}
	s.leavesToOthers(t, core, object, full, s.attributes(s.cleared(changed), 0))
	return object
}

// leavesToOthers expects that what others set of what is kept, and the configuration says nothing of, is no reason for a plan.
func (s *subject) leavesToOthers(t *testing.T, core *coretest.Core, object coretest.Instance, full, config map[string]any) {
	t.Helper()
	theirs := only(full, func(name string) bool { return s.Field(name).Kept })
	if len(theirs) == 0 {
		return
	}
	s.write(t, object.ID(), theirs)
	drifted, errs := core.Refresh(object)
	if errs != "" {
		t.Fatalf("refresh: %s", errs)
	}
	if plan, errs := core.Plan(drifted, config); errs != "" || !plan.Empty() {
		t.Errorf("what others have set is to be changed: %s%s", errs, plan.Difference())
	}
	for name, want := range theirs {
		if !sameValue(drifted.Attribute(name), want) {
			t.Errorf("%s in the state: %v, want what others have set: %v", name, drifted.Attribute(name), want)
		}
	}
}

// update expects that a plan changes the object in place, and applies it.
func (s *subject) update(t *testing.T, core *coretest.Core, object coretest.Instance, body map[string]any, version int) coretest.Instance {
	t.Helper()
	config := s.attributes(body, version)
	plan, errs := core.Plan(object, config)
	if errs != "" || plan.Empty() || len(plan.Replace) > 0 {
		t.Fatalf("want an update: %s (replace %v)", errs, plan.Replace)
	}
	changed := core.MustApply(object, config)
	if changed.ID() != object.ID() {
		t.Fatalf("%s became %s", object.ID(), changed.ID())
	}
	s.holds(t, changed, body)
	return changed
}

// imports expects that an import knows all that was applied, so far as that can be, and that the plan after it is empty.
func (s *subject) imports(t *testing.T, core *coretest.Core, object coretest.Instance, id string, config map[string]any) {
	t.Helper()
	imported, errs := core.Import(s.resource(), id)
	if errs != "" {
		t.Fatalf("import of %s: %s", id, errs)
	}
	known, unknowable := imported.Attributes(), s.unknowable()
	for name, v := range object.Attributes() {
		if !slices.Contains(unknowable, name) && !sameValue(v, known[name]) {
			t.Errorf("import of %s: %s is %v, want %v", id, name, known[name], v)
		}
	}
	for name := range config {
		if slices.Contains(unknowable, name) {
			return // Terraform sets it once more.
		}
	}
	if plan, errs := core.Plan(imported, config); errs != "" || !plan.Empty() {
		t.Errorf("the plan after an import of %s is not empty: %s%s", id, errs, plan.Difference())
	}
}

// holds expects that state and control plane have what a body says.
func (s *subject) holds(t *testing.T, object coretest.Instance, body map[string]any) {
	t.Helper()
	now := s.now(t, object.ID())
	for name, want := range body {
		f := s.Field(name)
		switch {
		case f.WriteOnly || hasTime(*f): // never read, or read in another notation
		case !sameValue(object.Attribute(name), want):
			t.Errorf("%s in the state: %v, want %v", name, object.Attribute(name), want)
		case !sameValue(now[name], want):
			t.Errorf("%s on the control plane: %v, want %v", name, now[name], want)
		}
	}
}

// now is the object as the control plane has it.
func (s *subject) now(t *testing.T, id string) map[string]any {
	t.Helper()
	object, err := s.objects().Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	var o map[string]any
	if err := json.Unmarshal(object, &o); err != nil {
		t.Fatal(err)
	}
	return o
}
