package engine

// Private state: what Terraform keeps for the provider beside the attributes, see the package's description.

import (
	"context"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// privateState is the framework's private state, whose type has no name outside of it.
type privateState interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

const (
	keyRevision  = "revision"  // the quoted revision that the attributes are of
	keyOperation = "operation" // the operation that an interrupted run left behind
	keyHidden    = "hidden"    // permissions without which fields of the object were left out, when it was read last
	keyOwned     = "owned"     // paths of attributes with a server-made default that the configuration set
)

func privateText(ctx context.Context, p privateState, key string) string {
	raw, diags := p.GetKey(ctx, key)
	var s string
	if diags.HasError() || json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// setPrivateText keeps a text; an empty one removes it.
func setPrivateText(ctx context.Context, p privateState, key, value string) diag.Diagnostics {
	if value == "" {
		return p.SetKey(ctx, key, nil)
	}
	raw, _ := json.Marshal(value)
	return p.SetKey(ctx, key, raw)
}

func ownedAttributes(ctx context.Context, p privateState) []string {
	raw, diags := p.GetKey(ctx, keyOwned)
	var paths []string
	if diags.HasError() || json.Unmarshal(raw, &paths) != nil {
		return nil
	}
	return paths
}

func setOwnedAttributes(ctx context.Context, p privateState, fields []catalog.Field, config tftypes.Value) diag.Diagnostics {
	owned := configuredDefaults(fields, config, "")
	if len(owned) == 0 {
		return p.SetKey(ctx, keyOwned, nil)
	}
	raw, _ := json.Marshal(owned)
	return p.SetKey(ctx, keyOwned, raw)
}

// configuredDefaults are the paths, as path.Path prints them, of attributes with a server-made default that the
// configuration sets.
func configuredDefaults(fields []catalog.Field, config tftypes.Value, prefix string) []string {
	var out []string
	configured := members(config)
	for _, f := range fields {
		v, ok := configured[f.Name]
		if !ok || absent(v) {
			continue
		}
		at := prefix + f.Name
		if f.ServerDefault && !f.Computed {
			out = append(out, at)
		}
		switch {
		case f.Type == catalog.Object:
			out = append(out, configuredDefaults(f.Fields, v, at+".")...)
		case f.Type == catalog.Map && f.Items != nil && f.Items.Type == catalog.Object:
			m := members(v)
			for _, key := range sortedKeys(m) {
				quoted, _ := json.Marshal(key)
				out = append(out, configuredDefaults(f.Items.Fields, m[key], at+"["+string(quoted)+"].")...)
			}
		}
	}
	return out
}
