package laws

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/client/fixture"
)

// Together takes an object of every kind through its life with a real Terraform, all of them in one configuration, so that it
// runs as often for a hundred kinds as for ten.
func (w *World) Together(t *testing.T) {
	var all []*declared
	for _, k := range w.managed() {
		all = append(all, w.declare(t, k))
	}
	w.live(t, all)
}

// Alone is Together for one kind after another.
func (w *World) Alone(t *testing.T) {
	for _, k := range w.managed() {
		t.Run(k.Name, func(t *testing.T) {
			t.Parallel()
			w.live(t, []*declared{w.declare(t, k)})
		})
	}
}

// live runs the steps. plugin-testing expects an empty plan after each of them.
func (w *World) live(t *testing.T, all []*declared) {
	t.Helper()
	config := func(block func(d *declared) string) string {
		var b strings.Builder
		b.WriteString(w.connection())
		for _, d := range all {
			b.WriteString(block(d))
		}
		return b.String()
	}
	full := config(func(d *declared) string { return d.block("test", d.full, 1) })
	changed := config(func(d *declared) string { return d.block("test", d.changed, 2) })
	others := func(body func(d *declared) map[string]any) func() {
		return func() {
			for _, d := range all {
				if b := body(d); b == nil || d.updates() {
					d.write(t, d.id, b)
				}
			}
		}
	}
	steps := []resource.TestStep{
		// What has the required arguments alone stands beside what has all of them.
		{
			Config:           config(func(d *declared) string { return d.block("test", d.full, 1) + d.block("least", d.least, 1) }),
			ConfigPlanChecks: planned(all, func(*declared) plancheck.ResourceActionType { return plancheck.ResourceActionCreate }),
		},
		// It stays there without Terraform, and comes back by an import.
		{Config: config(func(d *declared) string {
			return fmt.Sprintf("removed {\n  from = %s\n  lifecycle {\n    destroy = false\n  }\n}\n", d.address())
		})},
		{
			Config: full + func() string {
				var b strings.Builder
				for _, d := range all {
					fmt.Fprintf(&b, "import {\n  to = %s\n  id = %q\n}\n", d.address(), d.otherID(d.full))
				}
				return b.String()
			}(),
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{imports(all)}},
			Check:            remember(all),
		},
		{Config: changed, ConfigPlanChecks: planned(all, updateIf((*declared).updates)), Check: remember(all)},
		{
			PreConfig:        others(func(d *declared) map[string]any { return d.clearing(d.changed) }),
			Config:           changed,
			ConfigPlanChecks: planned(all, updateIf(func(d *declared) bool { return d.updates() && d.visible(d.clearing(d.changed)) })),
		},
		{Config: config(func(d *declared) string { return d.block("test", d.subject.cleared(d.changed), 0) })},
		{
			PreConfig: others(func(*declared) map[string]any { return nil }),
			Config:    full,
			ConfigPlanChecks: planned(all, func(d *declared) plancheck.ResourceActionType {
				if d.Singleton {
					return plancheck.ResourceActionUpdate // It is still there, with nothing in it.
				}
				return plancheck.ResourceActionCreate
			}),
			Check: remember(all),
		},
	}
	resource.UnitTest(t, resource.TestCase{
		ProtoV6ProviderFactories: w.factories(),
		Steps:                    steps,
		CheckDestroy: func(*terraform.State) error {
			for _, d := range all {
				if err := d.gone(t, d.id); err != nil {
					return fmt.Errorf("%s: %w", d.Name, err)
				}
			}
			return nil
		},
	})
}

// declared is an object in a configuration.
type declared struct {
	*subject
	id                   string // of the object that is there now
	least, full, changed map[string]any
}

func (w *World) declare(t *testing.T, k *catalog.Kind) *declared {
	t.Helper()
	s := w.subject(t, k)
	full := s.full()
	// The other object has parents of its own: there may be but one of the kind for the same ones.
	return &declared{subject: s, least: w.subject(t, k).sample.MustBody(fixture.Minimal), full: full, changed: merged(full, s.changes())}
}

func (d *declared) address() string { return d.resource() + ".test" }

// block is the object as a block of a configuration.
func (d *declared) block(label string, body map[string]any, version int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "resource %q %q {\n", d.resource(), label)
	for name, v := range d.attributes(body, version) {
		raw, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		// JSON is an expression of HCL, but for its templates.
		fmt.Fprintf(&b, "  %s = %s\n", name, strings.NewReplacer("${", "$${", "%{", "%%{").Replace(string(raw)))
	}
	b.WriteString("}\n")
	return b.String()
}

// connection configures the provider.
func (w *World) connection() string {
	return fmt.Sprintf("provider \"demarc\" {\n  endpoint = %q\n  token = %q\n}\n", w.Endpoint, w.Token)
}

func (w *World) factories() map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){"demarc": w.Provider}
}

// planned expects an action for each object.
func planned(all []*declared, action func(*declared) plancheck.ResourceActionType) resource.ConfigPlanChecks {
	var checks []plancheck.PlanCheck
	for _, d := range all {
		checks = append(checks, plancheck.ExpectResourceAction(d.address(), action(d)))
	}
	return resource.ConfigPlanChecks{PreApply: checks}
}

func updateIf(changes func(*declared) bool) func(*declared) plancheck.ResourceActionType {
	return func(d *declared) plancheck.ResourceActionType {
		if changes(d) {
			return plancheck.ResourceActionUpdate
		}
		return plancheck.ResourceActionNoop
	}
}

// imports expects that every object is imported and that nothing else is done, save where a configuration has what an import cannot know.
type imports []*declared

// CheckPlan implements plancheck.PlanCheck.
func (all imports) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	actions := map[string]tfjson.Actions{}
	for _, rc := range req.Plan.ResourceChanges {
		if rc.Change.Importing != nil {
			actions[rc.Address] = rc.Change.Actions
		}
	}
	for _, d := range all {
		action, ok := actions[d.address()]
		switch config := d.attributes(d.full, 1); {
		case !ok:
			resp.Error = errors.Join(resp.Error, fmt.Errorf("%s is not imported", d.address()))
		case !action.NoOp() && !slices.ContainsFunc(d.unknowable(), func(name string) bool { _, ok := config[name]; return ok }):
			resp.Error = errors.Join(resp.Error, fmt.Errorf("the import of %s is followed by %v", d.address(), action))
		}
	}
}

// remember notes the ids of the objects, for what others do to them.
func remember(all []*declared) resource.TestCheckFunc {
	return func(s *terraform.State) error {
		for _, d := range all {
			r, ok := s.RootModule().Resources[d.address()]
			if !ok || r.Primary.ID == "" {
				return fmt.Errorf("%s has no id", d.address())
			}
			d.id = r.Primary.ID
		}
		return nil
	}
}
