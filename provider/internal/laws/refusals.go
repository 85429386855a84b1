package laws

import (
	"testing"

	"github.com/demarc/demarc/provider/internal/coretest"
)

// Refusals expects the server's refusals as errors on the attribute, and most of them already from the plan.
func (w *World) Refusals(t *testing.T) {
	w.each(t, func(t *testing.T, core *coretest.Core, s *subject) {
		for _, c := range s.sample.Invalid() {
			body, err := s.sample.InvalidBody(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if c.Code == "unknown_field" || c.Code == "type" || c.Code == "required" {
				continue // Terraform itself refuses these, by the schema.
			}
			plan, errs := core.Plan(core.Nothing(s.resource()), s.attributes(body, 1))
			if errs == "" {
				switch c.Code {
				case "pattern", "enum", "minimum", "maximum", "min_length", "max_length", "max_items", "wrong_kind":
					t.Errorf("%s: the plan does not see it", c.Name)
				}
				_, errs = core.Apply(plan)
			}
			if !containsAttribute(errs, c.Pointer) {
				t.Errorf("%s: want an error at %s, got %q", c.Name, c.Pointer, errs)
			}
		}
	})
}
