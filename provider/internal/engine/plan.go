package engine

// What a plan shows beyond what the schema says: values that are kept rather than "known after apply", removals that
// Terraform cannot see, attributes that cannot shrink, and what an unfinished object needs.

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/listplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/objectplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// keeper is the plan modifier of attributes whose value the server may set. Without it every update would show them
// as known after apply.
type keeper struct{ serverDefault bool }

type decision int

const (
	leave  decision = iota
	keep            // the prior value
	forget          // unknown: the server is to choose again
)

// decide looks at an attribute that the configuration leaves out.
func (k keeper) decide(ctx context.Context, at path.Path, config, prior attr.Value, creating bool, private privateState) decision {
	if !config.IsNull() || creating {
		return leave
	}
	if k.serverDefault && slices.Contains(ownedAttributes(ctx, private), at.String()) {
		return forget
	}
	// Inside a new element of a collection there is no prior value, which is not the same as a prior null.
	if prior.IsNull() && (k.serverDefault || len(at.Steps()) > 1) {
		return leave
	}
	return keep
}

// Description implements the plan modifier interfaces.
func (keeper) Description(context.Context) string {
	return "Keeps the value that the server set, until the configuration gives one or no longer does."
}

// MarkdownDescription implements the plan modifier interfaces.
func (k keeper) MarkdownDescription(ctx context.Context) string { return k.Description(ctx) }

// PlanModifyString implements planmodifier.String.
func (k keeper) PlanModifyString(ctx context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	switch k.decide(ctx, req.Path, req.ConfigValue, req.StateValue, req.State.Raw.IsNull(), req.Private) {
	case keep:
		resp.PlanValue = req.StateValue
	case forget:
		resp.PlanValue = types.StringUnknown()
	}
}

// PlanModifyInt64 implements planmodifier.Int64.
func (k keeper) PlanModifyInt64(ctx context.Context, req planmodifier.Int64Request, resp *planmodifier.Int64Response) {
	switch k.decide(ctx, req.Path, req.ConfigValue, req.StateValue, req.State.Raw.IsNull(), req.Private) {
	case keep:
		resp.PlanValue = req.StateValue
	case forget:
		resp.PlanValue = types.Int64Unknown()
	}
}

// PlanModifyBool implements planmodifier.Bool.
func (k keeper) PlanModifyBool(ctx context.Context, req planmodifier.BoolRequest, resp *planmodifier.BoolResponse) {
	switch k.decide(ctx, req.Path, req.ConfigValue, req.StateValue, req.State.Raw.IsNull(), req.Private) {
	case keep:
		resp.PlanValue = req.StateValue
	case forget:
		resp.PlanValue = types.BoolUnknown()
	}
}

// PlanModifyObject implements planmodifier.Object.
func (k keeper) PlanModifyObject(ctx context.Context, req planmodifier.ObjectRequest, resp *planmodifier.ObjectResponse) {
	switch k.decide(ctx, req.Path, req.ConfigValue, req.StateValue, req.State.Raw.IsNull(), req.Private) {
	case keep:
		resp.PlanValue = req.StateValue
	case forget:
		resp.PlanValue = types.ObjectUnknown(req.StateValue.AttributeTypes(ctx))
	}
}

// PlanModifyMap implements planmodifier.Map.
func (k keeper) PlanModifyMap(ctx context.Context, req planmodifier.MapRequest, resp *planmodifier.MapResponse) {
	switch k.decide(ctx, req.Path, req.ConfigValue, req.StateValue, req.State.Raw.IsNull(), req.Private) {
	case keep:
		resp.PlanValue = req.StateValue
	case forget:
		resp.PlanValue = types.MapUnknown(req.StateValue.ElementType(ctx))
	}
}

// PlanModifySet implements planmodifier.Set.
func (k keeper) PlanModifySet(ctx context.Context, req planmodifier.SetRequest, resp *planmodifier.SetResponse) {
	switch k.decide(ctx, req.Path, req.ConfigValue, req.StateValue, req.State.Raw.IsNull(), req.Private) {
	case keep:
		resp.PlanValue = req.StateValue
	case forget:
		resp.PlanValue = types.SetUnknown(req.StateValue.ElementType(ctx))
	}
}

// PlanModifyList implements planmodifier.List.
func (k keeper) PlanModifyList(ctx context.Context, req planmodifier.ListRequest, resp *planmodifier.ListResponse) {
	switch k.decide(ctx, req.Path, req.ConfigValue, req.StateValue, req.State.Raw.IsNull(), req.Private) {
	case keep:
		resp.PlanValue = req.StateValue
	case forget:
		resp.PlanValue = types.ListUnknown(req.StateValue.ElementType(ctx))
	}
}

// sameMeaning plans the prior text where the configuration's means the same, so that an import or another notation
// is no change.
type sameMeaning struct{ format string }

// Description implements planmodifier.String.
func (sameMeaning) Description(context.Context) string { return "Another notation is no change." }

// MarkdownDescription implements planmodifier.String.
func (m sameMeaning) MarkdownDescription(ctx context.Context) string { return m.Description(ctx) }

// PlanModifyString implements planmodifier.String.
func (m sameMeaning) PlanModifyString(_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse) {
	if req.StateValue.IsNull() || req.PlanValue.IsNull() || req.PlanValue.IsUnknown() {
		return
	}
	if sameText(m.format, req.StateValue.ValueString(), req.PlanValue.ValueString()) {
		resp.PlanValue = req.StateValue
	}
}

// PlanModifyMap implements planmodifier.Map. A map is planned as it is configured or as it was, and not as a mixture.
func (m sameMeaning) PlanModifyMap(_ context.Context, req planmodifier.MapRequest, resp *planmodifier.MapResponse) {
	was, is := req.StateValue.Elements(), req.PlanValue.Elements()
	if len(is) == 0 || len(is) != len(was) {
		return
	}
	for key, v := range is {
		a, isText := v.(basetypes.StringValuable)
		b, both := was[key].(basetypes.StringValuable)
		if !isText || !both || v.IsUnknown() || !sameText(m.format, asText(a), asText(b)) {
			return
		}
	}
	resp.PlanValue = req.StateValue
}

func asText(v basetypes.StringValuable) string {
	s, _ := v.ToStringValue(context.Background())
	return s.ValueString()
}

// keeps says whether an attribute needs a keeper. What is kept stays what it is when its line is removed: only a server's default is chosen anew.
func keeps(f catalog.Field) bool { return f.Computed || f.Kept || (f.ServerDefault && !f.Required) }

func keepers(serverDefault bool) []planmodifier.String {
	return []planmodifier.String{keeper{serverDefault}}
}

func stringModifiers(f catalog.Field) []planmodifier.String {
	var out []planmodifier.String
	if keeps(f) {
		out = keepers(f.ServerDefault)
	}
	if customText(f.Format) != nil && !f.Computed {
		out = append(out, sameMeaning{f.Format})
	}
	if f.Immutable && !f.Computed {
		out = append(out, stringplanmodifier.RequiresReplace())
	}
	return out
}

func int64Modifiers(f catalog.Field) []planmodifier.Int64 {
	var out []planmodifier.Int64
	if keeps(f) {
		out = append(out, keeper{f.ServerDefault})
	}
	if f.Immutable && !f.Computed {
		out = append(out, int64planmodifier.RequiresReplace())
	}
	return out
}

func boolModifiers(f catalog.Field) []planmodifier.Bool {
	var out []planmodifier.Bool
	if keeps(f) {
		out = append(out, keeper{f.ServerDefault})
	}
	if f.Immutable && !f.Computed {
		out = append(out, boolplanmodifier.RequiresReplace())
	}
	return out
}

func objectModifiers(f catalog.Field) []planmodifier.Object {
	var out []planmodifier.Object
	if keeps(f) {
		out = append(out, keeper{f.ServerDefault})
	}
	if f.Immutable && !f.Computed {
		out = append(out, objectplanmodifier.RequiresReplace())
	}
	return out
}

func mapModifiers(f catalog.Field) []planmodifier.Map {
	var out []planmodifier.Map
	if keeps(f) {
		out = append(out, keeper{f.ServerDefault})
	}
	if f.Items != nil && customText(f.Items.Format) != nil && !f.Computed {
		out = append(out, sameMeaning{f.Items.Format})
	}
	if f.Immutable && !f.Computed {
		out = append(out, mapplanmodifier.RequiresReplace())
	}
	return out
}

func setModifiers(f catalog.Field) []planmodifier.Set {
	var out []planmodifier.Set
	if keeps(f) {
		out = append(out, keeper{f.ServerDefault})
	}
	if f.Immutable && !f.Computed {
		out = append(out, setplanmodifier.RequiresReplace())
	}
	return out
}

func listModifiers(f catalog.Field) []planmodifier.List {
	var out []planmodifier.List
	if keeps(f) {
		out = append(out, keeper{f.ServerDefault})
	}
	if f.Immutable && !f.Computed {
		out = append(out, listplanmodifier.RequiresReplace())
	}
	return out
}

// ModifyPlan implements resource.ResourceWithModifyPlan.
func (r *kindResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.State.Raw.IsNull() {
		r.planCreate(ctx, resp)
		r.planReplacement(ctx, req, resp)
		return
	}
	if req.Plan.Raw.IsNull() {
		r.checkProtection(req.State.Raw, &resp.Diagnostics)
		return
	}
	r.planHidden(ctx, req, immutableChange(r.kind.Fields, req.State.Raw, req.Plan.Raw), resp)
	replaced := immutableChange(r.kind.Fields, req.State.Raw, resp.Plan.Raw)
	if replaced {
		r.checkProtection(req.State.Raw, &resp.Diagnostics)
	} else {
		checkGrowth(r.kind.Fields, req.State.Raw, resp.Plan.Raw, path.Empty(), &resp.Diagnostics)
	}
	r.planFollowers(req.State.Raw, resp)
	if unfinished := text(member(req.State.Raw, unfinishedAttribute)); unfinished != "" {
		r.planFinish(ctx, unfinished, resp)
	}
}

// planCreate says that a new object will be finished: a create that cannot finish it is an error.
func (r *kindResource) planCreate(ctx context.Context, resp *resource.ModifyPlanResponse) {
	if lifecycle(r.kind) && !resp.Plan.Raw.IsNull() {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root(unfinishedAttribute), types.StringNull())...)
	}
}

// planReplacement warns of what the create of a singleton takes away. Without the control plane, or the right to read
// there, it says nothing: the apply will.
func (r *kindResource) planReplacement(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	id := text(member(resp.Plan.Raw, r.kind.IDField()))
	if !r.kind.Singleton || id == "" || !r.session.Usable(&diag.Diagnostics{}) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, defaultReadTime)
	defer cancel()
	body, o, err := r.session.replacement(ctx, r.kind, id, resp.Plan.Raw, req.Config.Raw)
	if err != nil {
		return
	}
	gone := overwritten(body, o, "")
	if len(gone) == 0 {
		return
	}
	resp.Diagnostics.AddWarning(fmt.Sprintf("What %s holds now is replaced", what(r.kind, id)),
		fmt.Sprintf("This resource declares the whole of it, and the apply replaces or removes what is there and not declared:\n\n  - %s\n\n"+
			"To keep something, add it to the configuration. To manage what is there instead, import it: terraform import %s.example %s",
			strings.Join(gone, "\n  - "), typeName(r.kind), id))
}

// planFinish shows that an unfinished object will be finished. What the server had not set yet becomes unknown, so
// that what depends on it waits too.
func (r *kindResource) planFinish(ctx context.Context, unfinished string, resp *resource.ModifyPlanResponse) {
	at := path.Root(unfinishedAttribute)
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, at, basetypes.NewStringNull())...)
	if strings.HasPrefix(unfinished, stateDeleting) {
		resp.RequiresReplace.Append(at)
	}
	planned := members(resp.Plan.Raw)
	for _, f := range r.kind.Fields {
		v, ok := planned[f.Name]
		if ok && f.Computed && v.IsKnown() && v.IsNull() {
			planned[f.Name] = tftypes.NewValue(v.Type(), tftypes.UnknownValue)
		}
	}
	resp.Plan.Raw = tftypes.NewValue(resp.Plan.Raw.Type(), planned)
}

// checkProtection refuses at plan what the server would refuse in the middle of an apply.
func (r *kindResource) checkProtection(state tftypes.Value, diags *diag.Diagnostics) {
	if protected(state) {
		diags.AddAttributeError(path.Root("deletion_protection"),
			fmt.Sprintf("Cannot delete %s", what(r.kind, label(r.kind, state))), protectedAdvice)
	}
}

// protected says whether an object refuses its deletion.
func protected(v tftypes.Value) bool {
	on, _ := toJSON(member(v, "deletion_protection")).(bool)
	return on
}

// immutableChange says whether the plan changes something that cannot change, so that Terraform will replace the
// object: values then do not belong to the object that exists.
func immutableChange(fields []catalog.Field, state, plan tftypes.Value) bool {
	prior, planned := members(state), members(plan)
	for _, f := range fields {
		name := f.Name
		if f.WriteOnly {
			name += writeOnlyVersionSuffix
		}
		p, ok := planned[name]
		if !ok || f.Computed {
			continue
		}
		if f.Immutable && !p.Equal(prior[name]) {
			return true
		}
		switch {
		case f.Type == catalog.Object && immutableChange(f.Fields, prior[name], p):
			return true
		case f.Type == catalog.Map && f.Items != nil && f.Items.Type == catalog.Object:
			was := members(prior[name])
			for key, e := range members(p) {
				if w, kept := was[key]; kept && immutableChange(f.Items.Fields, w, e) {
					return true
				}
			}
		}
	}
	return false
}

// checkGrowth refuses to shrink what can only grow.
func checkGrowth(fields []catalog.Field, state, plan tftypes.Value, at path.Path, diags *diag.Diagnostics) {
	prior, planned := members(state), members(plan)
	for _, f := range fields {
		was, will := prior[f.Name], planned[f.Name]
		if absent(was) || absent(will) {
			continue
		}
		here := at.AtName(f.Name)
		switch {
		case f.GrowOnly && f.Type == catalog.Integer:
			if a, b := integer(was), integer(will); b < a {
				diags.AddAttributeError(here, fmt.Sprintf("Cannot shrink %s", here),
					fmt.Sprintf("%s can grow and not shrink: it is %d and cannot become %d. To make it smaller, have it replaced: terraform taint, then apply.", here, a, b))
			}
		case f.Type == catalog.Object:
			checkGrowth(f.Fields, was, will, here, diags)
		case f.Type == catalog.Map && f.Items != nil && f.Items.Type == catalog.Object:
			before := members(was)
			after := members(will)
			for _, key := range sortedKeys(after) {
				checkGrowth(f.Items.Fields, before[key], after[key], here.AtMapKey(key), diags)
			}
		}
	}
}

func integer(v tftypes.Value) int64 {
	n, _ := toJSON(v).(json.Number)
	i, _ := n.Int64()
	return i
}
