package engine

// Traits of fields become attributes of a resource.

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/defaults"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/listdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/objectdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/setdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// A secret field becomes two attributes: <name>_wo, which reaches the server and nothing else, and
// <name>_wo_version, which a user raises to have it sent again.
const (
	writeOnlySuffix        = "_wo"
	writeOnlyVersionSuffix = "_wo_version"
)

// Attributes of resources that are no field of the catalog.
const (
	timeoutsAttribute   = "timeouts"
	unfinishedAttribute = "unfinished"
)

// lifecycle says whether writes to a kind may go on after they are answered, so that its objects have a state.
func lifecycle(k *catalog.Kind) bool {
	return k.Async() && k.Field("state") != nil && k.Field("operation_id") != nil
}

func resourceSchema(c *catalog.Catalog, k *catalog.Kind) (schema.Schema, error) {
	attributes, err := resourceAttributes(c, k.Fields, false)
	if err != nil {
		return schema.Schema{}, fmt.Errorf("%s: %w", k.Name, err)
	}
	if lifecycle(k) {
		attributes[unfinishedAttribute] = schema.StringAttribute{
			Computed: true,
			MarkdownDescription: "What is left to do, null if the object is as it was asked for. " +
				"It is set when the last operation failed (with the reason), or when one that an interrupted run began still goes on; " +
				"the next apply then waits for what goes on and asks again for what failed.",
			PlanModifiers: keepers(false),
		}
	}
	attributes[timeoutsAttribute] = timeoutsSchema()
	return schema.Schema{MarkdownDescription: kindDescription(k), Attributes: attributes}, nil
}

// timeoutsSchema is in every resource, with our own words: the package's point at a page about Go.
func timeoutsSchema() schema.Attribute {
	how := func(verb, most string) string {
		return fmt.Sprintf("How long to %s it at most, such as `90s` or `2h45m`. Default: `%s`.", verb, most)
	}
	a := timeouts.Attributes(context.Background(), timeouts.Opts{
		Create: true, CreateDescription: how("create", "30m"),
		Read: true, ReadDescription: how("read", "5m"),
		Update: true, UpdateDescription: how("update", "30m"),
		Delete: true, DeleteDescription: how("delete", "30m"),
	})
	if nested, ok := a.(schema.SingleNestedAttribute); ok {
		nested.MarkdownDescription = "How long the provider waits at most."
		return nested
	}
	return a
}

func kindDescription(k *catalog.Kind) string {
	if k.Description != "" {
		return sentence(k.Description)
	}
	return sentence(k.Title)
}

// resourceAttributes are the attributes of fields; computed says that what contains them is computed, so they are.
func resourceAttributes(c *catalog.Catalog, fields []catalog.Field, computed bool) (map[string]schema.Attribute, error) {
	out := make(map[string]schema.Attribute, len(fields))
	for _, f := range fields {
		if f.Volatile || f.ShownOnce {
			continue
		}
		f.Computed = f.Computed || computed
		if f.WriteOnly {
			if !f.Computed {
				secretAttributes(c, f, out)
			}
			continue
		}
		a, err := resourceAttribute(c, f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		out[f.Name] = a
	}
	return out, nil
}

func secretAttributes(c *catalog.Catalog, f catalog.Field, out map[string]schema.Attribute) {
	secret := schema.StringAttribute{
		Required: f.Required, Optional: !f.Required,
		WriteOnly: true, Sensitive: true,
		MarkdownDescription: describe(f, true) + " It is sent to the control plane and kept nowhere else: neither in the plan nor in the state.",
	}
	if r := newRule(c, f); r != nil {
		secret.Validators = []validator.String{r}
	}
	version := schema.Int64Attribute{
		Optional: true,
		MarkdownDescription: fmt.Sprintf("Version of `%s%s`: raise it to have a changed value sent. Remove both to clear it.",
			f.Name, writeOnlySuffix),
	}
	if f.Immutable {
		version.PlanModifiers = int64Modifiers(f)
	}
	out[f.Name+writeOnlySuffix] = secret
	out[f.Name+writeOnlyVersionSuffix] = version
}

// role says who gives an attribute its value.
type role struct {
	required, optional, computed bool
	initial                      attr.Value // the literal default, nil if there is none
}

func roleOf(f catalog.Field) (role, error) {
	if f.Computed {
		return role{computed: true}, nil
	}
	if f.Required {
		return role{required: true}, nil
	}
	if f.ServerDefault || f.Kept {
		return role{optional: true, computed: true}, nil
	}
	if len(f.Default) == 0 || string(f.Default) == "null" {
		return role{optional: true}, nil
	}
	initial, err := defaultValue(f)
	return role{optional: true, computed: true, initial: initial}, err
}

func resourceAttribute(c *catalog.Catalog, f catalog.Field) (schema.Attribute, error) {
	role, err := roleOf(f)
	if err != nil {
		return nil, err
	}
	var limits *rule
	if !f.Computed {
		limits = newRule(c, f)
	}
	switch f.Type {
	case catalog.String:
		a := schema.StringAttribute{Required: role.required, Optional: role.optional, Computed: role.computed,
			MarkdownDescription: describe(f, true), DeprecationMessage: f.Deprecated, PlanModifiers: stringModifiers(f), CustomType: customText(f.Format)}
		if limits != nil {
			a.Validators = []validator.String{limits}
		}
		if v, ok := role.initial.(basetypes.StringValuable); ok {
			s, _ := v.ToStringValue(context.Background())
			a.Default = stringdefault.StaticString(s.ValueString())
		}
		return a, nil
	case catalog.Integer:
		a := schema.Int64Attribute{Required: role.required, Optional: role.optional, Computed: role.computed,
			MarkdownDescription: describe(f, true), DeprecationMessage: f.Deprecated, PlanModifiers: int64Modifiers(f)}
		if limits != nil {
			a.Validators = []validator.Int64{limits}
		}
		if v, ok := role.initial.(types.Int64); ok {
			a.Default = int64default.StaticInt64(v.ValueInt64())
		}
		return a, nil
	case catalog.Boolean:
		a := schema.BoolAttribute{Required: role.required, Optional: role.optional, Computed: role.computed,
			MarkdownDescription: describe(f, true), DeprecationMessage: f.Deprecated, PlanModifiers: boolModifiers(f)}
		if v, ok := role.initial.(types.Bool); ok {
			a.Default = booldefault.StaticBool(v.ValueBool())
		}
		return a, nil
	case catalog.Object:
		nested, err := resourceAttributes(c, f.Fields, f.Computed)
		if err != nil {
			return nil, err
		}
		a := schema.SingleNestedAttribute{Required: role.required, Optional: role.optional, Computed: role.computed,
			MarkdownDescription: describe(f, true), DeprecationMessage: f.Deprecated, PlanModifiers: objectModifiers(f), Attributes: nested}
		if v, ok := role.initial.(types.Object); ok {
			a.Default = objectdefault.StaticValue(v)
		}
		return a, nil
	case catalog.Map:
		return mapAttribute(c, f, role, limits)
	case catalog.Set:
		return setAttribute(f, role, limits)
	case catalog.List:
		return listAttribute(c, f, role, limits)
	}
	return nil, fmt.Errorf("unknown type %q", f.Type)
}

func mapAttribute(c *catalog.Catalog, f catalog.Field, role role, limits *rule) (schema.Attribute, error) {
	var validators []validator.Map
	if limits != nil {
		validators = []validator.Map{limits}
	}
	var initial defaults.Map
	if role.initial != nil {
		initial = mapdefault.StaticValue(role.initial.(types.Map))
	}
	if f.Items.Type == catalog.Object {
		nested, err := resourceAttributes(c, f.Items.Fields, f.Computed)
		if err != nil {
			return nil, err
		}
		return schema.MapNestedAttribute{Required: role.required, Optional: role.optional, Computed: role.computed,
			MarkdownDescription: describe(f, true), DeprecationMessage: f.Deprecated, PlanModifiers: mapModifiers(f),
			Validators: validators, Default: initial, NestedObject: schema.NestedAttributeObject{Attributes: nested}}, nil
	}
	element, err := attrType(*f.Items)
	if err != nil {
		return nil, err
	}
	return schema.MapAttribute{Required: role.required, Optional: role.optional, Computed: role.computed,
		MarkdownDescription: describe(f, true), DeprecationMessage: f.Deprecated, PlanModifiers: mapModifiers(f),
		Validators: validators, Default: initial, ElementType: element}, nil
}

func listAttribute(c *catalog.Catalog, f catalog.Field, role role, limits *rule) (schema.Attribute, error) {
	var validators []validator.List
	if limits != nil {
		validators = []validator.List{limits}
	}
	var initial defaults.List
	if role.initial != nil {
		initial = listdefault.StaticValue(role.initial.(types.List))
	}
	if f.Items.Type == catalog.Object {
		nested, err := resourceAttributes(c, f.Items.Fields, f.Computed)
		if err != nil {
			return nil, err
		}
		return schema.ListNestedAttribute{Required: role.required, Optional: role.optional, Computed: role.computed,
			MarkdownDescription: describe(f, true), DeprecationMessage: f.Deprecated, PlanModifiers: listModifiers(f),
			Validators: validators, Default: initial, NestedObject: schema.NestedAttributeObject{Attributes: nested}}, nil
	}
	element, err := attrType(*f.Items)
	if err != nil {
		return nil, err
	}
	return schema.ListAttribute{Required: role.required, Optional: role.optional, Computed: role.computed,
		MarkdownDescription: describe(f, true), DeprecationMessage: f.Deprecated, PlanModifiers: listModifiers(f),
		Validators: validators, Default: initial, ElementType: element}, nil
}

func setAttribute(f catalog.Field, role role, limits *rule) (schema.Attribute, error) {
	element, err := attrType(*f.Items)
	if err != nil {
		return nil, err
	}
	a := schema.SetAttribute{Required: role.required, Optional: role.optional, Computed: role.computed,
		MarkdownDescription: describe(f, true), DeprecationMessage: f.Deprecated, PlanModifiers: setModifiers(f), ElementType: element}
	if limits != nil {
		a.Validators = []validator.Set{limits}
	}
	if role.initial != nil {
		a.Default = setdefault.StaticValue(role.initial.(types.Set))
	}
	return a, nil
}

// attrType is the framework's type of a field's values.
func attrType(f catalog.Field) (attr.Type, error) {
	switch f.Type {
	case catalog.String, catalog.JSON:
		if t := customText(f.Format); t != nil {
			return t.(attr.Type), nil
		}
		return types.StringType, nil
	case catalog.Integer:
		return types.Int64Type, nil
	case catalog.Boolean:
		return types.BoolType, nil
	case catalog.Object:
		members := make(map[string]attr.Type, len(f.Fields))
		for _, m := range f.Fields {
			if m.Volatile {
				continue
			}
			if m.WriteOnly {
				members[m.Name+writeOnlySuffix] = types.StringType
				members[m.Name+writeOnlyVersionSuffix] = types.Int64Type
				continue
			}
			t, err := attrType(m)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", m.Name, err)
			}
			members[m.Name] = t
		}
		return types.ObjectType{AttrTypes: members}, nil
	case catalog.Map, catalog.Set, catalog.List:
		if f.Items == nil {
			return nil, fmt.Errorf("a %s without items", f.Type)
		}
		element, err := attrType(*f.Items)
		if err != nil {
			return nil, err
		}
		switch f.Type {
		case catalog.Map:
			return types.MapType{ElemType: element}, nil
		case catalog.Set:
			return types.SetType{ElemType: element}, nil
		}
		return types.ListType{ElemType: element}, nil
	}
	return nil, fmt.Errorf("unknown type %q", f.Type)
}

// defaultValue is the literal that the server uses when the field is absent.
func defaultValue(f catalog.Field) (attr.Value, error) {
	t, err := attrType(f)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(f.Default))
	d.UseNumber()
	var literal any
	if err := d.Decode(&literal); err != nil {
		return nil, fmt.Errorf("default: %w", err)
	}
	ctx := context.Background()
	v, err := fromJSON(t.TerraformType(ctx), literal)
	if err != nil {
		return nil, fmt.Errorf("default: %w", err)
	}
	return t.ValueFromTerraform(ctx, v)
}
