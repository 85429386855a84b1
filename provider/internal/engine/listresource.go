package engine

// The list resource of a kind: what terraform query finds, for import in bulk.

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// kindList shares metadata, configuration and conversions with the resource that it lists.
type kindList struct{ kindResource }

var _ list.ListResourceWithConfigure = (*kindList)(nil)

// ListResourceConfigSchema implements list.ListResource.
func (l *kindList) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	attributes := map[string]schema.Attribute{}
	for _, f := range listParameters(l.kind) {
		text := describe(f, false)
		switch f.Type {
		case catalog.Integer:
			attributes[f.Name] = schema.Int64Attribute{Optional: true, MarkdownDescription: text}
		case catalog.Boolean:
			attributes[f.Name] = schema.BoolAttribute{Optional: true, MarkdownDescription: text}
		case catalog.List:
			a := schema.ListAttribute{Optional: true, MarkdownDescription: text, ElementType: types.StringType}
			if r := newRule(l.catalog, f); r != nil {
				a.Validators = []validator.List{r}
			}
			attributes[f.Name] = a
		default:
			a := schema.StringAttribute{Optional: true, MarkdownDescription: text}
			if r := newRule(l.catalog, f); r != nil {
				a.Validators = []validator.String{r}
			}
			attributes[f.Name] = a
		}
	}
	resp.Schema = schema.Schema{MarkdownDescription: kindDescription(l.kind) + " Finds objects that exist, to import them.", Attributes: attributes}
}

// List implements list.ListResource. An error is a result like any other, the last.
func (l *kindList) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	refused := req.NewListResult(ctx)
	if !l.session.Usable(&refused.Diagnostics) {
		stream.Results = list.ListResultsStreamDiagnostics(refused.Diagnostics)
		return
	}
	stream.Results = func(push func(list.ListResult) bool) {
		n := int64(0)
		for raw, err := range l.session.objects(l.kind).List(ctx, listQuery(l.kind, req.Config.Raw)) {
			if req.Limit > 0 && n >= req.Limit {
				return
			}
			result := req.NewListResult(ctx)
			if err != nil {
				result.Diagnostics.Append(problemDiagnostics(l.kind, "list", "", err)...)
				push(result)
				return
			}
			l.fill(ctx, req, raw, &result)
			if !push(result) {
				return
			}
			n++
		}
	}
}

func (l *kindList) fill(ctx context.Context, req list.ListRequest, raw []byte, result *list.ListResult) {
	o, err := objectOf(l.kind, raw)
	if err != nil {
		result.Diagnostics.Append(problemDiagnostics(l.kind, "list", "", err)...)
		return
	}
	result.DisplayName = o.label(l.kind)
	result.Diagnostics.Append(result.Identity.SetAttribute(ctx, path.Root("id"), o.text("id"))...)
	if !req.IncludeResource {
		return
	}
	t := l.objectType(ctx)
	value, err := reconcile(l.kind.Fields, t, o, tftypes.NewValue(t, nil))
	if err != nil {
		result.Diagnostics.Append(problemDiagnostics(l.kind, "list", o.label(l.kind), err)...)
		return
	}
	result.Resource.Raw = withUnfinished(value, unfinished(o, ""))
}
