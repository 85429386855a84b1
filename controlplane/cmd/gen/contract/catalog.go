package contract

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/visibility"
)

// makeCatalog reads the catalog out of the finished specification and the tables of kinds and operations.
func (d *document) makeCatalog(kinds []resource.Kind) *catalog.Catalog {
	c := &catalog.Catalog{Version: d.Info.Version, BasePath: d.Servers[0].URL}
	for _, k := range kinds {
		c.Kinds = append(c.Kinds, d.kind(k))
	}
	c.Kinds = d.ordered(c.Kinds)
	c.Operations = d.general()
	titles(c)
	return c
}

// general are the operations that belong to no kind.
func (d *document) general() []catalog.GeneralOperation {
	var out []catalog.GeneralOperation
	d.each(func(path, method string, op *openapi3.Operation) {
		row := d.ops[op.OperationID]
		if row.Kind != "" {
			return
		}
		o := catalog.GeneralOperation{Operation: catalog.Operation{ID: row.ID, Method: method, Path: path, Permission: row.Permission, Async: row.Async,
			RequiresIfMatch: row.RequiresIfMatch, Summary: sentence(op.Summary)}, Paged: row.Verb == httpapi.List}
		for _, f := range d.filters(op, row, resource.Kind{}) {
			p := op.Parameters.GetByInAndName(openapi3.ParameterInQuery, f.Name)
			o.Parameters = append(o.Parameters, catalog.Parameter{Filter: f, Required: p.Required})
		}
		if body := bodyType(op); body != "" {
			o.Fields = d.fieldsOf(body, d.goName(body), "")
		}
		if answer := answerType(op); answer != "" {
			o.Answer = d.fieldsOf(answer, d.goName(answer), "")
			for i := range o.Answer {
				mark(&o.Answer[i], false, true)
			}
		}
		out = append(out, o)
	})
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}

func (d *document) kind(k resource.Kind) catalog.Kind {
	out := catalog.Kind{Name: k.Name, Plural: k.Plural(), Title: k.Title, Description: sentence(k.Description), Category: k.Category,
		Prefix: k.Prefix, Path: k.Path(), Named: k.Named, Key: k.Key, Singleton: k.Singleton, Operations: map[string]catalog.Operation{}}
	if k.Parent != nil {
		out.Parent = &catalog.Parent{Kind: k.Parent.Kind, Or: slices.Sorted(slices.Values(k.Parent.Or)), Field: k.Parent.Field}
	}
	var verbs []string
	d.each(func(path, method string, op *openapi3.Operation) {
		row := d.ops[op.OperationID]
		if row.Kind != k.Name {
			return
		}
		o := catalog.Operation{ID: row.ID, Method: method, Path: path, Permission: row.Permission, Async: row.Async,
			RequiresIfMatch: row.RequiresIfMatch, Summary: sentence(op.Summary)}
		if row.Verb == httpapi.List {
			out.Filters, out.Orders = d.filters(op, row, k), k.AllOrders()
		}
		if strings.Contains(path, "{") && row.Part == "" {
			verbs = append(verbs, row.Verb)
		}
		switch {
		case row.Sensitive:
			out.Reveals = append(out.Reveals, d.reveal(row, op, o))
			return
		case slices.Contains(row.AnswerTypes, httpapi.EventStream):
			out.Streams = append(out.Streams, catalog.Part{Name: row.Part, ContentTypes: row.AnswerTypes, Operation: o})
			return
		case len(row.AnswerTypes) > 0:
			out.Documents = append(out.Documents, catalog.Part{Name: row.Part, ContentTypes: row.AnswerTypes, Operation: o})
			return
		case len(row.BodyTypes) > 0:
			out.Uploads = append(out.Uploads, catalog.Part{Name: row.Part, BodyTypes: row.BodyTypes, MaxBytes: row.MaxBytes, Operation: o})
			return
		case !row.Action:
			out.Operations[row.Verb] = o
			return
		}
		a := catalog.Action{Name: row.Verb, Operation: o}
		if body := bodyType(op); body != "" {
			a.Fields = d.fieldsOf(body, d.goName(body), "")
		}
		out.Actions = append(out.Actions, a)
	})
	sort.Slice(out.Uploads, func(i, j int) bool { return out.Uploads[i].Name < out.Uploads[j].Name })
	sort.Slice(out.Reveals, func(i, j int) bool { return out.Reveals[i].Name < out.Reveals[j].Name })
	sort.Slice(out.Streams, func(i, j int) bool { return out.Streams[i].Name < out.Streams[j].Name })
	sort.Slice(out.Documents, func(i, j int) bool { return out.Documents[i].Name < out.Documents[j].Name })
	sort.Slice(out.Actions, func(i, j int) bool { return out.Actions[i].Name < out.Actions[j].Name })
	begin := httpapi.Create
	if k.Singleton {
		begin = httpapi.Update
	}
	_, begins := out.Operations[begin]
	_, deletes := out.Operations[httpapi.Delete]
	out.Managed = begins && deletes
	out.Fields = d.kindFields(k)
	if out.Field("state") != nil {
		sort.Slice(verbs, func(i, j int) bool { return verbRank(verbs[i]) < verbRank(verbs[j]) })
		out.States = k.Allowed(verbs)
	}
	return out
}

// verbRank puts the standard verbs before the actions, and these in the order of the alphabet.
func verbRank(verb string) string {
	if i := slices.Index([]string{httpapi.Get, httpapi.Update, httpapi.Delete}, verb); i >= 0 {
		return fmt.Sprint(i)
	}
	return "9" + verb
}

// filters are the parameters of a list that are its kind's own.
func (d *document) filters(op *openapi3.Operation, row httpapi.Op, k resource.Kind) []catalog.Filter {
	var fields openapi3.Schemas
	if read := d.Components.Schemas[d.types[k.Name].read]; read != nil {
		fields = read.Value.Properties
	}
	var out []catalog.Filter
	for _, ref := range op.Parameters {
		p := ref.Value
		if p.In != openapi3.ParameterInQuery || standardParameters[p.Name] {
			continue
		}
		s, own := p.Schema.Value, parameterOf(row, p.Name)
		if own.Many {
			s = s.Items.Value
		}
		f := catalog.Filter{Name: p.Name, Type: (*s.Type)[0], Description: p.Description, Enum: enumOf(s), Ref: refsOf(s), Many: own.Many}
		if own.Bound != "" {
			f.Field, f.Bound = own.Field, string(own.Bound)
		}
		if fields[p.Name] == nil && len(f.Ref) == 0 && s.Type.Is("string") {
			f.Format = s.Format
		}
		out = append(out, f)
	}
	return out
}

// kindFields are the fields of a kind. Which type has a field says what can be done with it: in the spec it can be changed, in the
// create alone it is set once, in what is read alone the server sets it.
func (d *document) kindFields(k resource.Kind) []catalog.Field {
	t := d.types[k.Name]
	var fields []catalog.Field
	have := map[string]bool{}
	add := func(component string, immutable, computed bool) {
		if component == "" {
			return
		}
		for _, f := range d.fieldsOf(component, component, "") {
			if !have[f.Name] {
				have[f.Name] = true
				mark(&f, immutable, computed)
				if k.Singleton && slices.Contains(k.Key, f.Name) { // it is said, in the path
					f.Required, f.Immutable, f.Computed = true, true, false
				}
				fields = append(fields, f)
			}
		}
	}
	add(t.spec, false, false)
	add(t.create, true, false)
	add(t.read, false, true)
	position := map[string]int{visibility.HiddenFields: len(fields)} // the server adds it to all others
	for _, component := range []string{t.read, t.create, t.spec} {   // the last one decides
		for i, f := range d.source.fields(component) {
			position[f.name] = i
		}
	}
	sort.SliceStable(fields, func(i, j int) bool {
		a, b := group(k, fields[i]), group(k, fields[j])
		if a != b {
			return a < b
		}
		return position[fields[i].Name] < position[fields[j].Name]
	})
	return fields
}

// mark says on a field, and on what is in it, that it is set once or by the server.
func mark(f *catalog.Field, immutable, computed bool) {
	f.Immutable, f.Computed = immutable, computed
	if computed {
		f.Required, f.Default, f.ServerDefault, f.Kept, f.GrowOnly, f.NeedsStop = false, nil, false, false, false, false
	}
	for i := range f.Fields {
		mark(&f.Fields[i], immutable, computed)
	}
	if f.Items != nil {
		for i := range f.Items.Fields {
			mark(&f.Items.Fields[i], immutable, computed)
		}
	}
}

// group is a field's place among the others: who it is, where it belongs, what must be said, what may be said, what is answered.
func group(k resource.Kind, f catalog.Field) int {
	switch {
	case f.Name == "id":
		return 0
	case f.Name == "name":
		return 1
	case k.Parent != nil && f.Name == k.Parent.Field:
		return 2
	case f.Name == "display_name":
		return 3
	case f.Required:
		return 4
	case !f.Computed:
		return 5
	}
	return 6
}

// goName is the Go type that a component is made from.
func (d *document) goName(component string) string {
	if d.source.named[component] == nil {
		return strings.TrimSuffix(component, "Input")
	}
	return component
}

// fieldsOf are the fields of a component, in the order of the Go type.
func (d *document) fieldsOf(component, goName, within string) []catalog.Field {
	s := d.Components.Schemas[component].Value
	var names []string
	for _, f := range d.source.fields(goName) {
		names = append(names, f.name)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	var out []catalog.Field
	for _, name := range names {
		if ref := s.Properties[name]; ref != nil {
			f := d.fieldOf(name, ref, within+"/"+component)
			f.Required = slices.Contains(s.Required, name)
			out = append(out, f)
		}
	}
	return out
}

func (d *document) fieldOf(name string, ref *openapi3.SchemaRef, within string) catalog.Field {
	if ref.Ref != "" { // items of a list
		ref = &openapi3.SchemaRef{Value: &openapi3.Schema{AllOf: openapi3.SchemaRefs{ref}}}
	}
	s := ref.Value
	flag := func(name string) bool { return s.Extensions[name] == true }
	text := func(name string) string { t, _ := s.Extensions[name].(string); return t }
	f := catalog.Field{
		Name: name, Title: text(extTitle), Description: s.Description, Nullable: s.Nullable, WriteOnly: s.WriteOnly, ServerDefault: flag(extServerDefault),
		Volatile: flag(extVolatile), ShownOnce: flag(extShownOnce), Sensitive: flag(extSensitive), GrowOnly: flag(extGrowOnly), NeedsStop: flag(extNeedsStop), OpenEnum: flag(extOpenEnum),
		Enum: enumOf(s), Pattern: s.Pattern, Ref: refsOf(s), Unit: text(extUnit), OneOf: text(extOneOf), Since: text(extSince),
		Deprecated: text(extDeprecated), RenamedFrom: text(extRenamedFrom), VisibleTo: text(extVisible),
	}
	if names := text(extFollows); names != "" {
		f.Follows = strings.Split(names, "|")
	}
	if s.Extensions[extKept] != nil {
		f.Kept, f.Nullable = true, false // null is sent, and never read
	}
	if s.Default != nil {
		f.Default, _ = json.Marshal(s.Default) // it has come from JSON
	}
	if s.MinLength > 0 {
		f.MinLength = ptr(int64(s.MinLength))
	}
	if s.MaxLength != nil {
		f.MaxLength = ptr(int64(*s.MaxLength))
	}
	switch {
	case len(s.AllOf) == 1:
		component := strings.TrimPrefix(s.AllOf[0].Ref, schemaPrefix)
		f.Type = catalog.Object
		if strings.Contains(within, "/"+component+"/") || strings.HasSuffix(within, "/"+component) {
			d.faults.addf("type %s: contains itself", component)
			return f
		}
		f.Fields = d.fieldsOf(component, d.goName(component), within)
	case s.AdditionalProperties.Schema != nil:
		f.Type, f.MaxItems = catalog.Map, count(s.MaxProps)
		f.Items = d.itemsOf("value", "Value of "+name+".", s.AdditionalProperties.Schema, within)
	case s.Type.Is("array"):
		f.Type, f.MaxItems = catalog.List, count(s.MaxItems)
		if s.UniqueItems {
			f.Type = catalog.Set
		}
		f.Items = d.itemsOf("item", "Item of "+name+".", s.Items, within)
	case s.Type.Is("integer"):
		f.Type, f.Minimum, f.Maximum = catalog.Integer, whole(s.Min), whole(s.Max)
	case flag(extAny):
		f.Type = catalog.JSON
	default:
		f.Type, f.Format = (*s.Type)[0], s.Format
	}
	return f
}

func (d *document) itemsOf(name, description string, ref *openapi3.SchemaRef, within string) *catalog.Field {
	f := d.fieldOf(name, ref, within)
	f.Description = orElse(f.Description, description)
	return &f
}

func enumOf(s *openapi3.Schema) []string {
	var out []string
	for _, e := range s.Enum {
		out = append(out, fmt.Sprint(e))
	}
	return out
}

func refsOf(s *openapi3.Schema) []string {
	refs, _ := s.Extensions[extRef].(string)
	if refs == "" {
		return nil
	}
	return strings.Split(refs, "|")
}

func count(n *uint64) *int64 {
	if n == nil {
		return nil
	}
	return ptr(int64(*n))
}

func whole(f *float64) *int64 {
	if f == nil {
		return nil
	}
	return ptr(int64(*f))
}

// ordered puts every kind after all that it refers to; where that leaves a choice, by name.
func (d *document) ordered(kinds []catalog.Kind) []catalog.Kind {
	waits := map[string]map[string]bool{}
	for _, k := range kinds {
		waits[k.Name] = references(k)
	}
	sort.Slice(kinds, func(i, j int) bool { return kinds[i].Name < kinds[j].Name })
	var out []catalog.Kind
	placed := map[string]bool{}
	for len(out) < len(kinds) {
		i := slices.IndexFunc(kinds, func(k catalog.Kind) bool {
			if placed[k.Name] {
				return false
			}
			for to := range waits[k.Name] {
				if !placed[to] {
					return false
				}
			}
			return true
		})
		if i < 0 {
			var left []string
			for _, k := range kinds {
				if !placed[k.Name] {
					left = append(left, k.Name)
				}
			}
			d.faults.addf("kinds %s: refer to each other in a circle; an attachment is a field of the thing that comes later", strings.Join(left, ", "))
			return kinds
		}
		placed[kinds[i].Name] = true
		out = append(out, kinds[i])
	}
	return out
}

// references are the other kinds that a kind refers to. What changes by itself (the operation that runs) does not count.
func references(k catalog.Kind) map[string]bool {
	out := map[string]bool{}
	if k.Parent != nil {
		out[k.Parent.Kind] = true
		for _, to := range k.Parent.Or {
			out[to] = true
		}
	}
	var follow func(fields []catalog.Field)
	follow = func(fields []catalog.Field) {
		for _, f := range fields {
			if f.Volatile {
				continue
			}
			for _, to := range f.Ref {
				out[to] = true
			}
			follow(f.Fields)
			if f.Items != nil {
				follow([]catalog.Field{*f.Items})
			}
		}
	}
	follow(k.Fields)
	delete(out, k.Name)
	delete(out, catalog.Platform)
	return out
}
