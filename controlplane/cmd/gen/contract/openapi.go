package contract

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"

	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

const (
	jsonMedia    = "application/json"
	problemMedia = "application/problem+json"
	schemaPrefix = "#/components/schemas/"
	answerPrefix = "#/components/responses/"
)

// types are the names of the components that describe one kind.
type types struct {
	read   string // what is answered
	create string // what a create takes; empty if there is no create
	spec   string // what can be changed; empty if nothing can
	patch  string // the merge patch to spec
}

// document is the specification while it is being made.
type document struct {
	*openapi3.T
	source *source
	kinds  map[string]resource.Kind
	ops    map[string]httpapi.Op
	types  map[string]types // by kind
	faults *faults
}

// makeOpenAPI completes what swag has read with what the tables of kinds and operations say.
func makeOpenAPI(v2 *openapi2.T, src *source, kinds []resource.Kind, ops []httpapi.Op, out *faults) (*document, error) {
	v3, err := openapi2conv.ToV3(v2)
	if err != nil {
		return nil, fmt.Errorf("OpenAPI 3: %w", err)
	}
	d := &document{T: v3, source: src, kinds: map[string]resource.Kind{}, ops: map[string]httpapi.Op{}, types: map[string]types{}, faults: out}
	for _, k := range kinds {
		d.kinds[k.Name] = k
	}
	for _, op := range ops {
		if d.ops[op.ID].ID != "" {
			out.addf("operation %s: stands twice in the table of operations", op.ID)
		}
		d.ops[op.ID] = op
	}
	d.join()
	d.findTypes()
	if len(*out) > 0 { // what follows would only repeat it
		return d, nil
	}
	d.head(v2.BasePath, kinds)
	d.schemas()
	d.secrets()
	d.operations()
	if len(*out) > 0 {
		return d, nil
	}
	return d, d.reload()
}

// reload reads the document as a client does, and validates it.
func (d *document) reload() error {
	raw, err := indented(d.T)
	if err != nil {
		return err
	}
	fresh, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		return fmt.Errorf("openapi.json: %w", err)
	}
	if err := fresh.Validate(context.Background()); err != nil {
		return fmt.Errorf("openapi.json: %w", err)
	}
	d.T = fresh
	return nil
}

// each calls f for every operation, in the order of the paths.
func (d *document) each(f func(path, method string, op *openapi3.Operation)) {
	for _, path := range d.Paths.InMatchingOrder() {
		item := d.Paths.Value(path)
		methods := make([]string, 0, 4)
		for m := range item.Operations() {
			methods = append(methods, m)
		}
		sort.Strings(methods)
		for _, m := range methods {
			f(path, m, item.GetOperation(m))
		}
	}
}

// join matches the two halves of an operation: its row in the table, and the comment above its handler.
func (d *document) join() {
	seen := map[string]bool{}
	d.each(func(path, method string, op *openapi3.Operation) {
		where := fmt.Sprintf("operation %s", op.OperationID)
		row, ok := d.ops[op.OperationID]
		switch {
		case op.OperationID == "":
			d.faults.addf("%s %s: has no @ID", method, path)
			return
		case !ok:
			d.faults.addf("%s: has a comment, and no row in the table of operations", where)
			return
		case row.Method != method || row.Path != path:
			d.faults.addf("%s: the comment says %s %s, the table %s %s", where, method, path, row.Method, row.Path)
		}
		seen[op.OperationID] = true
		if op.Summary == "" {
			d.faults.addf("%s: has no @Summary", where)
		}
		if _, ok := d.kinds[row.Kind]; row.Kind != "" && !ok {
			d.faults.addf("%s: there is no kind %s", where, row.Kind)
		}
		if row.Permission == "" && row.Scope != httpapi.ScopeCaller {
			d.faults.addf("%s: has no permission", where)
		}
		if (len(row.BodyTypes) > 0) != (row.MaxBytes > 0) {
			d.faults.addf("%s: a body that streams has content types and a most of bytes", where)
		}
		if row.Part != "" && d.kinds[row.Kind].Virtual {
			d.faults.addf("%s: is about a part of what has no table, so that nobody could decide whether a caller may have it", where)
		}
	})
	for id := range d.ops {
		if !seen[id] {
			d.faults.addf("operation %s: has neither a summary in its row nor a comment with @ID %s above its handler", id, id)
		}
	}
}

// findTypes learns from the operations which component describes what of a kind.
func (d *document) findTypes() {
	d.each(func(_, _ string, op *openapi3.Operation) {
		row := d.ops[op.OperationID]
		t := d.types[row.Kind]
		switch row.Verb {
		case httpapi.Create:
			t.create = bodyType(op)
			t.read = orElse(t.read, answerType(op))
		case httpapi.Get:
			t.read = answerType(op)
		case httpapi.Update:
			t.spec = bodyType(op)
			t.patch = strings.TrimSuffix(t.spec, "Spec") + "Patch"
		}
		if row.Kind != "" {
			d.types[row.Kind] = t
		}
	})
	for name := range d.kinds {
		t := d.types[name]
		if t.read == "" {
			d.faults.addf("kind %s: no get or create says what is answered; @Success 200 {object} …", name)
		}
		for _, c := range []string{t.read, t.create, t.spec} {
			if c != "" && d.Components.Schemas[c] == nil {
				d.faults.addf("kind %s: there is no type %s", name, c)
			}
		}
	}
}

// bodyType is the name of the component that a request's body is.
func bodyType(op *openapi3.Operation) string {
	if op.RequestBody == nil || op.RequestBody.Value == nil {
		return ""
	}
	for _, m := range op.RequestBody.Value.Content {
		return strings.TrimPrefix(m.Schema.Ref, schemaPrefix)
	}
	return ""
}

// answerType is the name of the component that is answered where all goes well.
func answerType(op *openapi3.Operation) string {
	for _, status := range []string{"200", "201", "202"} {
		r := op.Responses.Value(status)
		if r == nil || r.Value == nil {
			continue
		}
		for _, m := range r.Value.Content {
			if name, ok := strings.CutPrefix(m.Schema.Ref, schemaPrefix); ok {
				return name
			}
		}
	}
	return ""
}

func (d *document) head(basePath string, kinds []resource.Kind) {
	d.Servers = openapi3.Servers{{URL: basePath}}
	d.Security = openapi3.SecurityRequirements{{"bearer": {}}}
	d.Components.SecuritySchemes = openapi3.SecuritySchemes{"bearer": {Value: &openapi3.SecurityScheme{
		Type: "http", Scheme: "bearer", Description: "A token of the control plane.",
	}}}
	if c := d.Info.Contact; c != nil && c.Name+c.URL+c.Email == "" {
		d.Info.Contact = nil
	}
	prefixes := map[string]any{}
	d.Tags = nil
	for _, k := range kinds {
		if k.Prefix != "" {
			prefixes[k.Prefix] = k.Name
		}
		d.Tags = append(d.Tags, &openapi3.Tag{Name: k.Title, Description: k.Description})
	}
	sort.Slice(d.Tags, func(i, j int) bool { return d.Tags[i].Name < d.Tags[j].Name })
	if d.Extensions == nil {
		d.Extensions = map[string]any{}
	}
	d.Extensions["x-prefixes"] = prefixes
	maps.Copy(d.Components.Schemas, problemSchemas())
	d.Components.Parameters = parameters()
	d.Components.Headers = headers()
	d.Components.Responses = problems()
}

var pathParameter = regexp.MustCompile(`\{(\w+)\}`)

func (d *document) operations() {
	d.each(func(path, _ string, op *openapi3.Operation) {
		row := d.ops[op.OperationID]
		kind := d.kinds[row.Kind]
		if op.Extensions == nil {
			op.Extensions = map[string]any{}
		}
		set := func(name string, v any) {
			if v != "" && v != false {
				op.Extensions[name] = v
			}
		}
		set("x-permission", row.Permission)
		set("x-kind", row.Kind)
		set("x-verb", row.Verb)
		set("x-async", row.Async)
		set("x-requires-if-match", row.RequiresIfMatch)
		set(extSensitive, row.Sensitive)
		if row.MaxBytes > 0 {
			set("x-max-bytes", row.MaxBytes)
		}
		if kind.Title != "" {
			op.Tags = []string{kind.Title}
		}
		d.parameters(path, op, row, kind)
		d.requestBody(op, row)
		d.responses(op, row)
	})
}

func (d *document) parameters(path string, op *openapi3.Operation, row httpapi.Op, kind resource.Kind) {
	declared := op.Parameters
	op.Parameters = nil
	add := func(p *openapi3.Parameter) { op.Parameters = append(op.Parameters, &openapi3.ParameterRef{Value: p}) }
	addStandard := func(component string) {
		p := d.Components.Parameters[component].Value
		if op.Parameters.GetByInAndName(p.In, p.Name) == nil {
			op.Parameters = append(op.Parameters, &openapi3.ParameterRef{Ref: "#/components/parameters/" + component, Value: p})
		}
	}
	for _, m := range pathParameter.FindAllStringSubmatch(path, -1) {
		id := d.addressOf(kind)
		if m[1] != "id" || id == nil {
			d.faults.addf("operation %s: the only parameter of a path is the id of its kind, not %s", row.ID, m[0])
			continue
		}
		words := "Id of the " + kind.One() + "."
		if kind.Singleton {
			words = id.Description
		}
		add(&openapi3.Parameter{Name: "id", In: openapi3.ParameterInPath, Required: true, Description: words, Schema: shapeOf(id)})
	}
	for _, ref := range declared {
		if p := ref.Value; p.In == openapi3.ParameterInQuery {
			d.filter(p, row, kind)
			add(p)
		}
	}
	if row.Verb == httpapi.List {
		addStandard("PageSize")
		addStandard("PageToken")
		if orders := kind.AllOrders(); len(orders) > 0 {
			add(orderBy(orders))
		}
		if kind.Named {
			for _, name := range []string{"Label", "Q", "NamePath"} {
				addStandard(name)
			}
		}
	}
	addStandard("RequestId")
	if slices.Contains(row.AnswerTypes, httpapi.EventStream) {
		addStandard("LastEventId")
	}
	if cacheable(row) {
		addStandard("IfNoneMatch")
	}
	if !row.Mutates || len(row.BodyTypes) > 0 {
		return
	}
	addStandard("DryRun")
	if row.Method == http.MethodPost {
		addStandard("IdempotencyKey")
	}
	switch {
	case row.RequiresIfMatch:
		addStandard("RequiredIfMatch")
	case row.Method != http.MethodPost || row.Action:
		addStandard("IfMatch")
	}
}

// addressOf is the field that objects of a kind are addressed by; nil if it has none.
func (d *document) addressOf(kind resource.Kind) *openapi3.Schema {
	name := "id"
	if kind.Singleton && len(kind.Key) == 1 {
		name = kind.Key[0]
	}
	read := d.Components.Schemas[d.types[kind.Name].read]
	if read == nil || read.Value.Properties[name] == nil {
		return nil
	}
	return read.Value.Properties[name].Value
}

// shapeOf says of a parameter what its values are: what a field says of its own.
func shapeOf(f *openapi3.Schema) *openapi3.SchemaRef {
	return &openapi3.SchemaRef{Value: &openapi3.Schema{Type: f.Type, Format: f.Format, Enum: f.Enum, Pattern: f.Pattern,
		Min: f.Min, Max: f.Max, MaxLength: f.MaxLength, Extensions: only(f.Extensions, extRef)}}
}

// filter completes a list's own parameter: one that is about a field of the kind has the field's type. Several values stand in one parameter,
// with commas between them.
func (d *document) filter(p *openapi3.Parameter, row httpapi.Op, kind resource.Kind) {
	p.Description = sentence(p.Description)
	where := fmt.Sprintf("operation %s, parameter %s", row.ID, p.Name)
	if p.Description == "" {
		d.faults.addf("%s: has no description", where)
	}
	own := parameterOf(row, p.Name)
	d.filterShape(where, p, own, kind)
	switch s := p.Schema.Value; {
	case own.Bound == resource.From || own.Bound == resource.Until:
		if s.Format != "date-time" {
			d.faults.addf("%s: %s is no time; a range of numbers is one of resource.Numbers", where, own.Field)
		}
	case own.Bound != "":
		if !s.Type.Is("integer") {
			d.faults.addf("%s: %s is no number; a range of times is one of resource.Times", where, own.Field)
		}
		s.Min, s.Max = nil, nil // a bound may be where no value is
	case own.Many:
		one := *s
		one.Extensions = only(s.Extensions, extRef)
		p.Schema = &openapi3.SchemaRef{Value: &openapi3.Schema{Type: &openapi3.Types{"array"}, Items: &openapi3.SchemaRef{Value: &one},
			MinItems: 1, MaxItems: ptr(uint64(resource.MaxValues))}}
		p.Style, p.Explode = openapi3.SerializationForm, ptr(false)
	}
}

// parameterOf is what the table says of a parameter; of one that a comment declares, its name.
func parameterOf(row httpapi.Op, name string) resource.Parameter {
	for _, f := range row.Parameters {
		for _, p := range f.Parameters() {
			if p.Name == name {
				return p
			}
		}
	}
	return resource.Parameter{Name: name, Field: name}
}

func (d *document) filterShape(where string, p *openapi3.Parameter, of resource.Parameter, kind resource.Kind) {
	own := p.Schema.Value
	if read := d.Components.Schemas[d.types[kind.Name].read]; read != nil {
		if f := read.Value.Properties[of.Field]; f != nil && f.Ref == "" && f.Value.Type != nil {
			p.Schema = shapeOf(f.Value)
			return
		}
	}
	if to, ok := strings.CutSuffix(p.Name, "_id"); ok {
		if k, known := d.kinds[to]; known && k.Prefix != "" {
			own.Format, own.Pattern = "typeid", idPattern(k.Prefix)
			own.Extensions = map[string]any{extRef: to}
			return
		}
	}
	d.format(where, own, "")
}

// orderBy is the parameter that a list is ordered by.
func orderBy(fields []string) *openapi3.Parameter {
	s := stringSchema()
	for _, f := range fields {
		s.Enum = append(s.Enum, f, "-"+f)
	}
	return &openapi3.Parameter{In: openapi3.ParameterInQuery, Name: "order_by", Schema: &openapi3.SchemaRef{Value: s},
		Description: "Order of the list, with a minus sign before it reversed; what has no value there comes last. Without it the order is one that is stable and fast."}
}

func (d *document) requestBody(op *openapi3.Operation, row httpapi.Op) {
	if len(row.BodyTypes) > 0 {
		op.RequestBody = &openapi3.RequestBodyRef{Value: &openapi3.RequestBody{
			Description: fmt.Sprintf("It streams, and has at most %d bytes.", row.MaxBytes), Required: true, Content: contentOf(row.BodyTypes)}}
		return
	}
	name := bodyType(op)
	if op.RequestBody == nil {
		return
	}
	if name == "" {
		d.faults.addf("operation %s: its body must be a type with a @name", row.ID)
		return
	}
	if row.Verb == httpapi.Update {
		name = d.types[row.Kind].patch
	}
	body := op.RequestBody.Value
	body.Description = sentence(body.Description)
	body.Extensions = nil
	body.Content = openapi3.Content{jsonMedia: &openapi3.MediaType{Schema: componentRef(name)}}
}

func componentRef(name string) *openapi3.SchemaRef {
	return &openapi3.SchemaRef{Ref: schemaPrefix + name}
}

// responses writes the answers of an operation: the one or two of success, that of a dry run, and the problems that it can end in.
func (d *document) responses(op *openapi3.Operation, row httpapi.Op) {
	success := map[string]string{} // status → component
	for status, r := range op.Responses.Map() {
		name := ""
		for _, m := range r.Value.Content {
			name = strings.TrimPrefix(m.Schema.Ref, schemaPrefix)
			if name == "" {
				d.faults.addf("operation %s: what it answers must be a type with a @name", row.ID)
			}
		}
		success[status] = name
	}
	object := d.types[row.Kind].read
	d.reveals(row, success)
	if row.Async {
		success["202"] = orElse(success["202"], orElse(success["200"], orElse(success["201"], object)))
	}
	if row.Mutates && success["200"] == "" && len(row.BodyTypes) == 0 {
		success["200"] = orElse(success["201"], orElse(success["202"], object))
	}
	op.Responses = openapi3.NewResponsesWithCapacity(16)
	for status, name := range success {
		op.Responses.Set(status, &openapi3.ResponseRef{Value: d.success(status, name, row)})
	}
	for status, name := range problemStatuses {
		op.Responses.Set(status, &openapi3.ResponseRef{Ref: answerPrefix + name})
	}
	if cacheable(row) {
		op.Responses.Set("304", &openapi3.ResponseRef{Ref: answerPrefix + notModified})
	}
	if len(success) == 0 {
		d.faults.addf("operation %s: says no @Success", row.ID)
	}
}

// reveals checks that an operation which makes a secret is known as one: what it answered is kept for repetitions only under seal.
func (d *document) reveals(row httpapi.Op, success map[string]string) {
	holds := false
	for _, name := range success {
		if s := d.Components.Schemas[name]; s != nil {
			for _, f := range s.Value.Properties {
				holds = holds || f.Value != nil && f.Value.Extensions[extShownOnce] == true
			}
		}
	}
	switch {
	case row.Reveals && !holds:
		d.faults.addf("operation %s: is said to reveal a secret, and answers none; %s on its field", row.ID, extShownOnce)
	case holds && row.Verb == httpapi.Create && !row.Reveals:
		d.faults.addf("operation %s: makes a secret that is shown once; its row needs Reveals", row.ID)
	}
}

func (d *document) success(status, name string, row httpapi.Op) *openapi3.Response {
	words := map[string]string{"200": "Done.", "201": "Made.", "202": "Accepted: the work goes on, and operation_id names the operation.", "204": "Gone."}[status]
	switch {
	case status == "200" && !row.Mutates:
		words = "What was asked for."
	case status == "200" && len(row.BodyTypes) > 0:
		words = "Taken."
	case status == "200" && row.Verb != httpapi.Update:
		words = "With dry_run: the object as it would be; nothing has been kept."
	case status == "200":
		words = "Changed; or, with dry_run, the object as it would be."
	}
	r := &openapi3.Response{Description: &words, Headers: everywhere(openapi3.Headers{})}
	if len(row.AnswerTypes) > 0 {
		r.Content = contentOf(row.AnswerTypes)
	}
	header := func(name, component string) {
		r.Headers[name] = &openapi3.HeaderRef{Ref: "#/components/headers/" + component}
	}
	if row.Mutates && row.Method == http.MethodPost && len(row.BodyTypes) == 0 {
		header("Idempotency-Replayed", "IdempotencyReplayed")
	}
	if status == "202" {
		header("Location", "Location")
	}
	if name != "" {
		r.Content = openapi3.Content{jsonMedia: &openapi3.MediaType{Schema: componentRef(name)}}
	}
	if s := d.Components.Schemas[name]; cacheable(row) || s != nil && s.Value.Properties["revision"] != nil {
		header("ETag", "ETag")
	}
	return r
}

// contentOf is what is no JSON: text, or bytes.
func contentOf(types []string) openapi3.Content {
	out := openapi3.Content{}
	for _, t := range types {
		s := stringSchema()
		if !strings.HasPrefix(t, "text/") {
			s.Format = "binary"
		}
		out[t] = &openapi3.MediaType{Schema: &openapi3.SchemaRef{Value: s}}
	}
	return out
}

func orElse(s, otherwise string) string {
	if s != "" {
		return s
	}
	return otherwise
}

// idPattern matches the ids of kinds with these prefixes.
func idPattern(prefixes ...string) string {
	p := strings.Join(prefixes, "|")
	if len(prefixes) > 1 {
		p = "(" + p + ")"
	}
	return "^" + p + idSuffix + "$"
}

// sentence gives a description one form: no line breaks, and a full stop.
func sentence(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if s != "" && !strings.ContainsAny(s[len(s)-1:], ".:!?") {
		s += "."
	}
	return s
}

func only(m map[string]any, names ...string) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		if slices.Contains(names, k) {
			out[k] = v
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
