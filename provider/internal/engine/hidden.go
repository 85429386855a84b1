package engine

// Fields that only some may see. What an answer leaves out stays as Terraform has it, so that whoever reads less plans nothing where nothing
// has changed; what they would change of it is refused before anything runs.

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// kept is what Terraform has for an attribute, null if that is nothing.
func kept(t tftypes.Type, near tftypes.Value) tftypes.Value {
	if near.Type() == nil || !near.IsFullyKnown() {
		return tftypes.NewValue(t, nil)
	}
	return near
}

// unset says whether the configuration leaves out a field that only some may see, so that a default of the plan is not sent: the server has
// the same one, and refuses it from those who may not.
func unset(f catalog.Field, config tftypes.Value) bool {
	return f.VisibleTo != "" && (config.Type() == nil || config.IsNull())
}

// hiddenFrom are the permissions, as the pointers in the object's hidden_fields tell, that the token has not got where the object stands.
func hiddenFrom(k *catalog.Kind, o object) []string {
	var out []string
	pointers, _ := o[catalog.HiddenFields].([]any)
	for _, p := range pointers {
		pointer, _ := p.(string)
		if f := fieldAt(k.Fields, pointer); f != nil && !slices.Contains(out, f.VisibleTo) {
			out = append(out, f.VisibleTo)
		}
	}
	slices.Sort(out)
	return out
}

// fieldAt is the field that a JSON pointer leads to; nil if there is none.
func fieldAt(fields []catalog.Field, pointer string) *catalog.Field {
	var at *catalog.Field
	for _, step := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		switch {
		case at != nil && at.Items != nil:
			at = at.Items // a key, or an index
			continue
		case at != nil:
			fields = at.Fields
		}
		if at = fieldOf(fields, step); at == nil {
			return nil
		}
	}
	return at
}

func setHidden(ctx context.Context, p privateState, k *catalog.Kind, o object) diag.Diagnostics {
	from := hiddenFrom(k, o)
	if len(from) == 0 {
		return p.SetKey(ctx, keyHidden, nil)
	}
	raw, _ := json.Marshal(from)
	return p.SetKey(ctx, keyHidden, raw)
}

// planHidden plans nothing for what the token may not see, and refuses what the configuration would change of it.
func (r *kindResource) planHidden(ctx context.Context, req resource.ModifyPlanRequest, replaced bool, resp *resource.ModifyPlanResponse) {
	var from []string
	raw, diags := req.Private.GetKey(ctx, keyHidden)
	resp.Diagnostics.Append(diags...)
	if diags.HasError() || raw == nil {
		return
	}
	if err := json.Unmarshal(raw, &from); err != nil {
		resp.Diagnostics.AddError("The state says in no known way which fields are hidden", "Refresh it, then plan again. "+err.Error())
		return
	}
	if len(from) == 0 {
		return
	}
	h := &hiddenPlan{from: from, replaced: replaced, what: what(r.kind, label(r.kind, req.State.Raw)), diags: &resp.Diagnostics}
	resp.Plan.Raw = h.object(r.kind.Fields, req.State.Raw, resp.Plan.Raw, req.Config.Raw, path.Empty())
}

type hiddenPlan struct {
	from     []string
	replaced bool
	what     string
	diags    *diag.Diagnostics
}

// object returns the plan of an object with what is hidden as it was.
func (h *hiddenPlan) object(fields []catalog.Field, state, plan, config tftypes.Value, at path.Path) tftypes.Value {
	prior, planned, configured := members(state), members(plan), members(config)
	for _, f := range fields {
		will, ok := planned[f.Name]
		if !ok || f.Computed {
			continue
		}
		here := at.AtName(f.Name)
		switch {
		case f.VisibleTo != "" && slices.Contains(h.from, f.VisibleTo):
			planned[f.Name] = h.field(f, prior[f.Name], will, configured[f.Name], here)
		case f.Type == catalog.Object && !absent(will):
			planned[f.Name] = h.object(f.Fields, prior[f.Name], will, configured[f.Name], here)
		case f.Type == catalog.Map && f.Items != nil && f.Items.Type == catalog.Object && !absent(will):
			was, is, said := members(prior[f.Name]), members(will), members(configured[f.Name])
			for _, key := range sortedKeys(is) {
				is[key] = h.object(f.Items.Fields, was[key], is[key], said[key], here.AtMapKey(key))
			}
			planned[f.Name] = tftypes.NewValue(will.Type(), is)
		}
	}
	if planned == nil {
		return plan
	}
	return tftypes.NewValue(plan.Type(), planned)
}

func (h *hiddenPlan) field(f catalog.Field, was, will, said tftypes.Value, at path.Path) tftypes.Value {
	switch {
	case said.Type() != nil && !said.IsKnown():
		return will // the apply will tell
	case absent(said) && absent(was):
		return tftypes.NewValue(will.Type(), nil) // nothing is known of it, and nothing asked for
	case (absent(said) || !h.replaced) && sameJSON(toJSON(was), toJSON(will)):
		return will
	}
	wants := "The configuration sets it"
	if absent(said) {
		wants = "The configuration no longer sets it, and the state has a value for it"
	}
	h.diags.AddAttributeError(at, fmt.Sprintf("Cannot change %s of %s: it is hidden from this token", at, h.what),
		fmt.Sprintf("Only who has the permission %s where the object stands sees and sets %s, and this token has not. %s. "+
			"Plan with a token that has the permission, or leave %s as it is.", f.VisibleTo, at, wants, at))
	return will
}
