package engine

// The data source that lists a kind.

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// itemsAttribute is the result of a list.
const itemsAttribute = "items"

type kindListDataSource struct {
	catalog *catalog.Catalog
	kind    *catalog.Kind
	schema  schema.Schema
	session *Session
}

var _ datasource.DataSourceWithConfigure = (*kindListDataSource)(nil)

// listParameters are the arguments of a list: the kind's own filters, and those that every list has.
func listParameters(k *catalog.Kind) []catalog.Field {
	var out []catalog.Field
	for _, f := range k.Filters {
		field := catalog.Field{Name: f.Name, Type: f.Type, Format: f.Format, Description: f.Description, Enum: f.Enum, Ref: f.Ref}
		if field.Type == "" {
			field.Type = catalog.String
		}
		if f.Many {
			one := field
			field = catalog.Field{Name: f.Name, Type: catalog.List, Description: describe(one, false), Items: &one}
		}
		out = append(out, field)
	}
	if len(k.Orders) > 0 {
		out = append(out, catalog.Field{Name: "order_by", Type: catalog.String, Enum: k.Orderings(),
			Description: "How the list is ordered; a minus sign reverses. What has no value there comes last."})
	}
	if k.Field("labels") != nil {
		out = append(out, catalog.Field{Name: "label", Type: catalog.String,
			Description: "Label selector, such as `env=prod,tier!=db,owner,!legacy`: all of it must hold."})
	}
	if k.Named {
		out = append(out, catalog.Field{Name: "q", Type: catalog.String, Description: "Part of the name or display name."})
	}
	return out
}

// listQuery is the query of a list from its arguments.
func listQuery(k *catalog.Kind, config tftypes.Value) url.Values {
	query := url.Values{}
	for _, f := range listParameters(k) {
		v := member(config, f.Name)
		switch {
		case absent(v):
		case f.Type == catalog.List:
			var values []string
			for _, one := range elements(v) {
				values = append(values, text(one))
			}
			query.Set(f.Name, strings.Join(values, ","))
		default:
			query.Set(f.Name, fmt.Sprint(toJSON(v)))
		}
	}
	return query
}

func listDataSourceSchema(c *catalog.Catalog, k *catalog.Kind) (schema.Schema, error) {
	items, err := readAttributes(k.Fields)
	if err != nil {
		return schema.Schema{}, err
	}
	attributes := map[string]schema.Attribute{
		itemsAttribute: schema.ListNestedAttribute{Computed: true, MarkdownDescription: "What was found.", NestedObject: schema.NestedAttributeObject{Attributes: items}},
	}
	for _, f := range listParameters(k) {
		text := describe(f, false)
		switch f.Type {
		case catalog.Integer:
			attributes[f.Name] = schema.Int64Attribute{Optional: true, MarkdownDescription: text}
		case catalog.Boolean:
			attributes[f.Name] = schema.BoolAttribute{Optional: true, MarkdownDescription: text}
		case catalog.List:
			a := schema.ListAttribute{Optional: true, MarkdownDescription: text, ElementType: types.StringType}
			if r := newRule(c, f); r != nil {
				a.Validators = []validator.List{r}
			}
			attributes[f.Name] = a
		default:
			a := schema.StringAttribute{Optional: true, MarkdownDescription: text}
			if r := newRule(c, f); r != nil {
				a.Validators = []validator.String{r}
			}
			attributes[f.Name] = a
		}
	}
	return schema.Schema{
		MarkdownDescription: fmt.Sprintf("%s\n\nLists every %s that the token may see, or those that match all of the arguments.", kindDescription(k), lower(k.Title)),
		Attributes:          attributes,
	}, nil
}

// Metadata implements datasource.DataSource.
func (d *kindListDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "demarc_" + d.kind.Plural
}

// Schema implements datasource.DataSource.
func (d *kindListDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = d.schema
}

// Configure implements datasource.DataSourceWithConfigure.
func (d *kindListDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.session, _ = req.ProviderData.(*Session)
}

// Read implements datasource.DataSource.
func (d *kindListDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	if !d.session.Usable(&resp.Diagnostics) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, defaultReadTime)
	defer cancel()
	t := d.schema.Type().TerraformType(ctx).(tftypes.Object)
	list := t.AttributeTypes[itemsAttribute].(tftypes.List)
	items := []tftypes.Value{}
	for raw, err := range d.session.objects(d.kind).List(ctx, listQuery(d.kind, req.Config.Raw)) {
		var v tftypes.Value
		if err == nil {
			v, err = itemFromJSON(list.ElementType, raw)
		}
		if err != nil {
			resp.Diagnostics.Append(problemDiagnostics(d.kind, "list", "", err)...)
			return
		}
		items = append(items, v)
	}
	m := members(req.Config.Raw)
	m[itemsAttribute] = tftypes.NewValue(list, items)
	resp.State.Raw = tftypes.NewValue(t, m)
}

func itemFromJSON(t tftypes.Type, raw []byte) (tftypes.Value, error) {
	o, err := decodeObject(raw)
	if err != nil {
		return tftypes.Value{}, err
	}
	return fromJSON(t, map[string]any(o))
}
