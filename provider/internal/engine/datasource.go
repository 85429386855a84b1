package engine

// The data source of one object: by id, by name path, by name and parent, or by key.

import (
	"context"
	"fmt"
	"net/url"
	"slices"
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

// lookup are the arguments of a kind's data source that are fields, and the ways to say which object it is, in words.
func lookup(k *catalog.Kind) (arguments []string, ways string) {
	switch {
	case k.Singleton:
		return k.Key, fmt.Sprintf("by `%s`", k.Key[0])
	case byName(k) && k.Parent != nil:
		return []string{"id", "name", k.Parent.Field}, fmt.Sprintf("by `id`, by `path`, or by `name` and `%s`", k.Parent.Field)
	case byName(k):
		return []string{"id", "name"}, "by `id`, by `path`, or by `name`"
	case byKey(k):
		return append([]string{"id"}, k.Key...), "by `id`, or by all of `" + strings.Join(k.Key, "`, `") + "`"
	}
	return []string{"id"}, "by `id`"
}

func dataSourceSchema(c *catalog.Catalog, k *catalog.Kind) (schema.Schema, error) {
	attributes, err := readAttributes(k.Fields)
	if err != nil {
		return schema.Schema{}, err
	}
	arguments, ways := lookup(k)
	if byName(k) {
		attributes[pathAttribute] = schema.StringAttribute{Optional: true, MarkdownDescription: "Name path: the names from an ancestor down to the object, such as `acme/web/vm1`. " +
			"It may begin at any ancestor, and must match exactly one object."}
	}
	for _, name := range arguments {
		f := *k.Field(name)
		a := schema.StringAttribute{Optional: len(arguments) > 1, Computed: len(arguments) > 1, Required: len(arguments) == 1, MarkdownDescription: describe(f, false)}
		if name == "id" && k.Prefix != "" {
			f.Ref = []string{k.Name}
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
		if f.WriteOnly || f.ShownOnce {
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
	case catalog.String, catalog.JSON:
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
	switch {
	case byKey(d.kind):
		d.validateKey(req.Config.Raw, &resp.Diagnostics)
		return
	case !byName(d.kind):
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

// validateKey checks that either the id or the whole of the key is given.
func (d *kindDataSource) validateKey(config tftypes.Value, diags *diag.Diagnostics) {
	given, all := members(config), append([]string{"id"}, d.kind.Key...)
	var set []string
	for _, name := range all {
		if !given[name].IsKnown() {
			return
		}
		if !given[name].IsNull() {
			set = append(set, name)
		}
	}
	if slices.Equal(set, all[:1]) || slices.Equal(set, all[1:]) {
		return
	}
	got := "none"
	if len(set) > 0 {
		got = strings.Join(set, ", ")
	}
	diags.AddError(fmt.Sprintf("data.%s: which one?", typeName(d.kind)),
		fmt.Sprintf("Either id alone, or all of %s must be set; set: %s.", strings.Join(d.kind.Key, ", "), got))
}

// Read implements datasource.DataSource.
func (d *kindDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	if !d.session.Usable(&resp.Diagnostics) {
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
	if id := text(member(config, d.kind.IDField())); id != "" {
		return d.get(ctx, id, config)
	}
	var diags diag.Diagnostics
	at, wanted, query := d.query(config)
	found, err := d.session.find(ctx, d.kind, query)
	if err != nil {
		return nil, problemDiagnostics(d.kind, "list", wanted, err)
	}
	switch len(found) {
	case 1:
		return found[0], diags
	case 0:
		diags.AddAttributeError(at, fmt.Sprintf("No %s %q", lower(d.kind.Title), wanted), "There is none, or this token may not see it.")
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

func (d *kindDataSource) get(ctx context.Context, id string, config tftypes.Value) (object, diag.Diagnostics) {
	var diags diag.Diagnostics
	o, err := d.session.reads.get(ctx, d.kind, id, config)
	switch {
	case client.IsNotFound(err):
		diags.AddAttributeError(path.Root(d.kind.IDField()), fmt.Sprintf("No %s %s", lower(d.kind.Title), id),
			"There is nothing with that id, or this token may not see it.")
	case err != nil:
		diags.Append(problemDiagnostics(d.kind, "read", id, err)...)
	}
	return o, diags
}

// query asks a list for the object that a configuration names otherwise than by its id. With it come the attribute
// that names the object, and what it says.
func (d *kindDataSource) query(config tftypes.Value) (at path.Path, wanted string, query url.Values) {
	query = url.Values{}
	if byKey(d.kind) {
		for _, name := range d.kind.Key {
			query.Set(name, fmt.Sprint(toJSON(member(config, name))))
		}
		return path.Root(d.kind.Key[0]), label(d.kind, config), query
	}
	at, wanted = path.Root(pathAttribute), strings.Trim(text(member(config, pathAttribute)), "/")
	if wanted == "" {
		at, wanted = path.Root("name"), text(member(config, "name"))
		if p := d.kind.Parent; p != nil {
			if parent := text(member(config, p.Field)); parent != "" {
				query.Set(p.Field, parent)
			}
		}
	}
	query.Set("path", wanted)
	return at, wanted, query
}
