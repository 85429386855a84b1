package engine

// The data source of one object: by id, by name path, or by name and parent.

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
)

// pathAttribute is the argument that takes a name path.
const pathAttribute = "path"

type kindDataSource struct {
	catalog *catalog.Catalog
	kind    *catalog.Kind
	schema  schema.Schema
	session *Session
}

var (
	_ datasource.DataSourceWithConfigure      = (*kindDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*kindDataSource)(nil)
)

// byName says whether objects of the kind can be looked up by name.
func byName(k *catalog.Kind) bool {
	_, lists := k.Operations["list"]
	return k.Named && lists && k.Field(pathAttribute) == nil
}

func dataSourceSchema(c *catalog.Catalog, k *catalog.Kind) (schema.Schema, error) {
	attributes, err := readAttributes(k.Fields)
	if err != nil {
		return schema.Schema{}, err
	}
	id := *k.Field("id")
	ways := "by `id`"
	look := []string{"id"}
	if byName(k) {
		ways = "by `id`, by `path`, or by `name`"
		look = append(look, "name")
		if k.Parent != nil {
			ways = fmt.Sprintf("by `id`, by `path`, or by `name` and `%s`", k.Parent.Field)
			look = append(look, k.Parent.Field)
		}
		attributes[pathAttribute] = schema.StringAttribute{Optional: true, MarkdownDescription: "Name path: the names from an ancestor down to the object, such as `acme/web/vm1`. " +
			"It may begin at any ancestor, and must match exactly one object."}
	}
	id.Ref = []string{k.Name}
	for _, name := range look {
		f := *k.Field(name)
		if name == "id" {
			f = id
		}
		a := schema.StringAttribute{Optional: len(look) > 1, Computed: len(look) > 1, Required: len(look) == 1, MarkdownDescription: describe(f, false)}
		if name == "id" {
			a.MarkdownDescription = sentence(k.Field("id").Description)
		}
		if r := newRule(c, f); r != nil {
			a.Validators = []validator.String{r}
		}
		attributes[name] = a
	}
	return schema.Schema{
		MarkdownDescription: fmt.Sprintf("%s\n\nFinds one %s %s.", kindDescription(k), lower(k.Title), ways),
		Attributes:          attributes,
	}, nil
}

// readAttributes are the attributes of fields in a data source: all that can be read, also what changes by itself.
func readAttributes(fields []catalog.Field) (map[string]schema.Attribute, error) {
	out := make(map[string]schema.Attribute, len(fields))
	for _, f := range fields {
		if f.WriteOnly {
			continue
		}
		a, err := readAttribute(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		out[f.Name] = a
	}
	return out, nil
}

func readAttribute(f catalog.Field) (schema.Attribute, error) {
	text := describe(f, false)
	var nested map[string]schema.Attribute
	var err error
	switch {
	case f.Type == catalog.Object:
		nested, err = readAttributes(f.Fields)
	case f.Items != nil && f.Items.Type == catalog.Object:
		nested, err = readAttributes(f.Items.Fields)
	}
	if err != nil {
		return nil, err
	}
	switch f.Type {
	case catalog.String:
		return schema.StringAttribute{Computed: true, MarkdownDescription: text, DeprecationMessage: f.Deprecated}, nil
	case catalog.Integer:
		return schema.Int64Attribute{Computed: true, MarkdownDescription: text, DeprecationMessage: f.Deprecated}, nil
	case catalog.Boolean:
		return schema.BoolAttribute{Computed: true, MarkdownDescription: text, DeprecationMessage: f.Deprecated}, nil
	case catalog.Object:
		return schema.SingleNestedAttribute{Computed: true, MarkdownDescription: text, DeprecationMessage: f.Deprecated, Attributes: nested}, nil
	}
	if f.Items == nil {
		return nil, fmt.Errorf("a %s without items", f.Type)
	}
	if nested != nil {
		object := schema.NestedAttributeObject{Attributes: nested}
		switch f.Type {
		case catalog.Map:
			return schema.MapNestedAttribute{Computed: true, MarkdownDescription: text, DeprecationMessage: f.Deprecated, NestedObject: object}, nil
		case catalog.List:
			return schema.ListNestedAttribute{Computed: true, MarkdownDescription: text, DeprecationMessage: f.Deprecated, NestedObject: object}, nil
		}
		return nil, fmt.Errorf("a %s of objects", f.Type)
	}
	element, err := attrType(*f.Items)
	if err != nil {
		return nil, err
	}
	switch f.Type {
	case catalog.Map:
		return schema.MapAttribute{Computed: true, MarkdownDescription: text, DeprecationMessage: f.Deprecated, ElementType: element}, nil
	case catalog.Set:
		return schema.SetAttribute{Computed: true, MarkdownDescription: text, DeprecationMessage: f.Deprecated, ElementType: element}, nil
	case catalog.List:
		return schema.ListAttribute{Computed: true, MarkdownDescription: text, DeprecationMessage: f.Deprecated, ElementType: element}, nil
	}
	return nil, fmt.Errorf("unknown type %q", f.Type)
}

// Metadata implements datasource.DataSource.
func (d *kindDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = typeName(d.kind)
}

// Schema implements datasource.DataSource.
func (d *kindDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = d.schema
}

// Configure implements datasource.DataSourceWithConfigure.
func (d *kindDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.session, _ = req.ProviderData.(*Session)
}

// ValidateConfig implements datasource.DataSourceWithValidateConfig.
func (d *kindDataSource) ValidateConfig(_ context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse) {
	if !byName(d.kind) {
		return
	}
	ways := []string{"id", pathAttribute, "name"}
	var set []string
	for _, w := range ways {
		v := member(req.Config.Raw, w)
		if !v.IsKnown() {
			return
		}
		if !v.IsNull() {
			set = append(set, w)
		}
	}
	if len(set) != 1 {
		given := "none"
		if len(set) > 0 {
			given = strings.Join(set, " and ")
		}
		resp.Diagnostics.AddError(fmt.Sprintf("data.%s: which one?", typeName(d.kind)),
			fmt.Sprintf("Exactly one of id, path and name must be set; set: %s.", given))
		return
	}
	if d.kind.Parent != nil && set[0] != "name" && !absent(member(req.Config.Raw, d.kind.Parent.Field)) {
		resp.Diagnostics.AddAttributeError(path.Root(d.kind.Parent.Field), fmt.Sprintf("data.%s: which one?", typeName(d.kind)),
			fmt.Sprintf("%s goes with name; %s alone says which object it is.", d.kind.Parent.Field, set[0]))
	}
}

// Read implements datasource.DataSource.
func (d *kindDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	if !d.session.usable(&resp.Diagnostics) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, defaultReadTime)
	defer cancel()
	o, diags := d.find(ctx, req.Config.Raw)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	t := d.schema.Type().TerraformType(ctx).(tftypes.Object)
	value, err := fromJSON(t, map[string]any(o))
	if err != nil {
		resp.Diagnostics.Append(problemDiagnostics(d.kind, "read", "", err)...)
		return
	}
	m := members(value)
	if p, ok := members(req.Config.Raw)[pathAttribute]; ok && d.kind.Field(pathAttribute) == nil {
		m[pathAttribute] = p
	}
	resp.State.Raw = tftypes.NewValue(t, m)
}

func (d *kindDataSource) find(ctx context.Context, config tftypes.Value) (object, diag.Diagnostics) {
	var diags diag.Diagnostics
	if id := text(member(config, "id")); id != "" {
		o, err := d.session.reads.get(ctx, d.kind, id, config)
		if client.IsNotFound(err) {
			diags.AddAttributeError(path.Root("id"), fmt.Sprintf("No %s %s", lower(d.kind.Title), id),
				"There is none with that id, or this token may not see it.")
		} else if err != nil {
			diags.Append(problemDiagnostics(d.kind, "read", id, err)...)
		}
		return o, diags
	}
	at, wanted := path.Root(pathAttribute), strings.Trim(text(member(config, pathAttribute)), "/")
	query := url.Values{}
	if wanted == "" {
		at, wanted = path.Root("name"), text(member(config, "name"))
		if p := d.kind.Parent; p != nil {
			if parent := text(member(config, p.Field)); parent != "" {
				query.Set(p.Field, parent)
			}
		}
	}
	query.Set("path", wanted)
	query.Set("page_size", "20")
	var found []object
	for raw, err := range d.session.api.List(ctx, d.kind.Operations["list"].Path, query) {
		if err != nil {
			diags.Append(problemDiagnostics(d.kind, "list", wanted, err)...)
			return nil, diags
		}
		o, err := decodeObject(raw)
		if err != nil {
			diags.Append(problemDiagnostics(d.kind, "list", wanted, err)...)
			return nil, diags
		}
		if found = append(found, o); len(found) == 20 {
			break
		}
	}
	switch len(found) {
	case 1:
		return found[0], diags
	case 0:
		diags.AddAttributeError(at, fmt.Sprintf("No %s %q", lower(d.kind.Title), wanted), "There is none of that name, or this token may not see it.")
	default:
		var b strings.Builder
		fmt.Fprintf(&b, "More than one matches:\n\n")
		for _, o := range found {
			fmt.Fprintf(&b, "  - %s", o.text("id"))
			if d.kind.Parent != nil {
				fmt.Fprintf(&b, " (in %s)", o.text(d.kind.Parent.Field))
			}
			b.WriteString("\n")
		}
		b.WriteString("\nPut more ancestors before the name in path, or use the id.")
		diags.AddAttributeError(at, fmt.Sprintf("Which %s %q?", lower(d.kind.Title), wanted), b.String())
	}
	return nil, diags
}
