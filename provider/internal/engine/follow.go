package engine

// Attributes that follow others: the server computes them anew when one of those changes, and then alone.

import (
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// planFollowers plans what follows a changed attribute as unknown, and leaves all else known: an apply then answers what was planned.
func (r *kindResource) planFollowers(state tftypes.Value, resp *resource.ModifyPlanResponse) {
	prior, planned := members(state), members(resp.Plan.Raw)
	some := false
	for grown := true; grown; { // what follows a follower
		grown = false
		for _, f := range r.kind.Fields {
			v, ok := planned[f.Name]
			if !ok || !v.IsKnown() || !followsChange(f, prior, planned) {
				continue
			}
			planned[f.Name] = tftypes.NewValue(v.Type(), tftypes.UnknownValue)
			some, grown = true, true
		}
	}
	if some {
		resp.Plan.Raw = tftypes.NewValue(resp.Plan.Raw.Type(), planned)
	}
}

// followsChange says whether what a field follows is planned to become another.
func followsChange(f catalog.Field, prior, planned map[string]tftypes.Value) bool {
	for _, name := range f.Follows {
		if of, ok := planned[name]; ok && !of.Equal(prior[name]) {
			return true
		}
	}
	return false
}
