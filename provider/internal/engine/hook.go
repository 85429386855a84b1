package engine

// What the Go of a special kind (package hooks) takes of the engine, so that it is described, checked and refused as
// everything else is.

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// Arguments are fields of a kind, strings and sets, as arguments of an ephemeral resource.
func Arguments(c *catalog.Catalog, k *catalog.Kind, names ...string) (map[string]schema.Attribute, error) {
	out := map[string]schema.Attribute{}
	for _, name := range names {
		f := k.Field(name)
		if f == nil {
			return nil, fmt.Errorf("%s: no field %s", k.Name, name)
		}
		still := *f
		still.Immutable = false // Nothing is kept that could change.
		text, limits := describe(still, true), newRule(c, *f)
		switch f.Type {
		case catalog.String:
			a := schema.StringAttribute{Required: f.Required, Optional: !f.Required, MarkdownDescription: text}
			if limits != nil {
				a.Validators = []validator.String{limits}
			}
			out[name] = a
		case catalog.Set:
			element, err := attrType(*f.Items)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			a := schema.SetAttribute{Required: f.Required, Optional: !f.Required, MarkdownDescription: text, ElementType: element}
			if limits != nil {
				a.Validators = []validator.Set{limits}
			}
			out[name] = a
		default:
			return nil, fmt.Errorf("%s: a %s is no argument", name, f.Type)
		}
	}
	return out, nil
}

// Body is what a create of the kind sends for arguments of those names.
func Body(k *catalog.Kind, config tftypes.Value) map[string]any {
	return createBody(k.Fields, config, config)
}

// Answer reads an object that the server answered as a value of that type. What the object has no member for is null.
func Answer(t tftypes.Type, raw []byte) (map[string]tftypes.Value, error) {
	v, err := itemFromJSON(t, raw)
	return members(v), err
}

// Problem renders an error of a request: on the attribute that it is about, with the request id.
func Problem(k *catalog.Kind, verb, name string, err error) diag.Diagnostics {
	return problemDiagnostics(k, verb, name, err)
}
