package contract

// The specification as others read it, made of the document that the catalog is made from: in answers what many types have in common stands once,
// beside what each has of its own; what several operations share is a component; an enumeration that grows is text; and nothing is left that
// nobody refers to. Bodies stay flat: additionalProperties: false does not see what stands beside it in an allOf.

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/spec"
)

// extKnown are the values of an enumeration that readers must expect to grow.
const extKnown = "x-extensible-enum"

// general is the tag of the operations that belong to no kind.
const general = "Across kinds"

// publication is the specification while it is being published.
type publication struct {
	*document           // what is published
	from      *document // what it is made of
	parts     map[string]bool
	tags      map[string]bool
}

// publish makes the specification as others read it.
func (d *document) publish(fixture func(kind string) (*catalog.Fixture, error)) (*document, error) {
	out, from := *d, *d
	if err := errors.Join(out.reload(), from.reload()); err != nil { // copies, of which parts come together
		return nil, err
	}
	p := &publication{document: &out, from: &from, parts: map[string]bool{}, tags: map[string]bool{}}
	reads := d.reachable(false)
	for _, name := range slices.Sorted(maps.Keys(reads)) {
		p.compose(name)
	}
	p.enumerations()
	p.beginnings(reads)
	p.nullableObjects()
	p.shareFields()
	p.describe()
	p.shareParameters()
	p.sharePaths()
	p.shareAnswers()
	p.examples(fixture)
	p.prune()
	if len(*d.faults) > 0 {
		return nil, d.faults.err("specification")
	}
	if err := out.reload(); err != nil {
		return nil, err
	}
	return &out, p.exemplary()
}

// compose writes a type that is answered as what it has in common with others, and what is its own.
func (p *publication) compose(name string) {
	g := p.source.named[name]
	if g == nil {
		return
	}
	flat := p.from.Components.Schemas[name].Value
	if s, composed := p.composed(name, g, flat); composed {
		p.Components.Schemas[name] = &openapi3.SchemaRef{Value: s}
	}
}

// composed is the schema of a type, or of a part of it, with its parts referred to; false if it has none.
func (p *publication) composed(of string, g *goStruct, flat *openapi3.Schema) (*openapi3.Schema, bool) {
	own := map[string]bool{}
	for name := range flat.Properties {
		own[name] = true
	}
	var refs openapi3.SchemaRefs
	for _, part := range p.partsOf(g) {
		fields := p.source.flatten(part, 0)
		if !slices.ContainsFunc(fields, func(f goField) bool { return own[f.name] }) {
			continue
		}
		p.part(of, part, flat)
		refs = append(refs, componentRef(part.name))
		for _, f := range fields {
			delete(own, f.name)
		}
	}
	s := subset(flat, own)
	if len(refs) == 0 {
		return s, false
	}
	whole := &openapi3.Schema{Description: flat.Description, Extensions: flat.Extensions, AllOf: refs}
	if len(own) > 0 {
		whole.AllOf = append(whole.AllOf, &openapi3.SchemaRef{Value: s})
	}
	return whole, true
}

// partsOf are the types that a type embeds under a name of theirs. What a create takes is not one: it is sent, and what is answered of it is
// the kind's own.
func (p *publication) partsOf(g *goStruct) []*goStruct {
	var out []*goStruct
	for _, m := range g.members {
		e := p.source.structs[m.from][m.embedded]
		switch {
		case e == nil:
		case e.name != "" && !p.isCreate(e.name):
			out = append(out, e)
		default:
			out = append(out, p.partsOf(e)...)
		}
	}
	return out
}

func (p *publication) isCreate(name string) bool {
	for _, t := range p.types {
		if t.create == name {
			return true
		}
	}
	return false
}

// part makes the component of a part; every type that has it must have it alike.
func (p *publication) part(of string, g *goStruct, flat *openapi3.Schema) {
	names := map[string]bool{}
	for _, f := range p.source.flatten(g, 0) {
		if flat.Properties[f.name] != nil {
			names[f.name] = true
		}
	}
	fields := subset(flat, names)
	fields.Description = sentence(g.doc)
	for name, f := range fields.Properties {
		if f.Value != nil && f.Value.Format == "typeid" && f.Value.Extensions[extRef] == nil { // its own id, whose prefix each kind has
			general := *f.Value
			general.Pattern = spec.Formats["typeid"].Pattern
			fields.Properties[name] = &openapi3.SchemaRef{Value: &general}
		}
	}
	s, _ := p.composed(g.name, g, fields)
	s.Description = fields.Description
	if p.parts[g.name] && !sameJSON(p.Components.Schemas[g.name].Value, s) {
		p.faults.addf("type %s: what it has of %s is not what others have of it", of, g.name)
	}
	p.parts[g.name] = true
	p.Components.Schemas[g.name] = &openapi3.SchemaRef{Value: s}
}

// subset is an object with these fields alone.
func subset(of *openapi3.Schema, names map[string]bool) *openapi3.Schema {
	out := &openapi3.Schema{Type: &openapi3.Types{"object"}, Properties: openapi3.Schemas{}}
	for name := range names {
		out.Properties[name] = copySchema(of.Properties[name], func(name string) string { return name }) // each form is changed by itself
		if slices.Contains(of.Required, name) {
			out.Required = append(out.Required, name)
		}
	}
	slices.Sort(out.Required)
	return out
}

func sameJSON(a, b any) bool {
	x, errA := json.Marshal(a)
	y, errB := json.Marshal(b)
	return errA == nil && errB == nil && string(x) == string(y)
}

// eachSchema calls visit for every schema that stands somewhere, and not for references.
func (p *publication) eachSchema(visit func(s *openapi3.Schema)) {
	var follow func(ref *openapi3.SchemaRef)
	follow = func(ref *openapi3.SchemaRef) {
		if ref == nil || ref.Ref != "" {
			return
		}
		visit(ref.Value)
		for _, sub := range children(ref.Value) {
			follow(sub)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Components.Schemas)) {
		follow(p.Components.Schemas[name])
	}
	p.each(func(_, _ string, op *openapi3.Operation) {
		for _, param := range op.Parameters {
			if param.Ref == "" {
				follow(param.Value.Schema)
			}
		}
	})
}

// enumerations says of one that grows which values are known, and of one that can be null that null is one of them.
func (p *publication) enumerations() {
	seen := map[*openapi3.Schema]bool{}
	p.eachSchema(func(s *openapi3.Schema) {
		switch {
		case len(s.Enum) == 0 || seen[s]:
		case s.Extensions[extOpenEnum] == true:
			known(s, s.Enum)
			delete(s.Extensions, extOpenEnum)
			s.Enum = nil
		case s.Nullable:
			s.Enum = append(slices.Clone(s.Enum), nil)
		}
		seen[s] = true
	})
}

// beginnings leaves what a kept field begins as to what is sent: who reads the field has it.
func (p *publication) beginnings(reads map[string]bool) {
	for name := range p.Components.Schemas {
		if !reads[name] && !p.parts[name] {
			continue
		}
		for _, f := range p.Components.Schemas[name].Value.Properties {
			if f.Value != nil && f.Value.Extensions[extKept] != nil {
				f.Value.Extensions[extKept] = true
			}
		}
		for _, part := range p.Components.Schemas[name].Value.AllOf {
			if part.Ref != "" {
				continue
			}
			for _, f := range part.Value.Properties {
				if f.Value != nil && f.Value.Extensions[extKept] != nil {
					f.Value.Extensions[extKept] = true
				}
			}
		}
	}
}

// known says which values of a text are known.
func known(s *openapi3.Schema, values []any) {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprint(v)
	}
	s.Description = strings.TrimSpace(s.Description + " Known are " + strings.Join(words, ", ") + "; others may come.")
	extendAny(s, extKnown, values)
}

// nullableObjects has an object be null where it may: nullable says nothing beside an allOf.
func (p *publication) nullableObjects() {
	where := map[string][]*openapi3.Schema{} // by component: what refers to it
	plain := map[string]bool{}
	var found []*openapi3.Schema
	p.eachSchema(func(s *openapi3.Schema) { found = append(found, s) })
	for _, s := range found {
		for _, sub := range children(s) {
			if sub.Ref != "" && len(s.AllOf) == 0 {
				plain[strings.TrimPrefix(sub.Ref, schemaPrefix)] = true
			}
		}
		if len(s.AllOf) == 1 && s.AllOf[0].Ref != "" {
			name := strings.TrimPrefix(s.AllOf[0].Ref, schemaPrefix)
			where[name] = append(where[name], s)
			plain[name] = plain[name] || !s.Nullable
		}
	}
	p.each(func(_, _ string, op *openapi3.Operation) { // an answer, or a body, is never null
		contents := []openapi3.Content{}
		if op.RequestBody != nil {
			contents = append(contents, op.RequestBody.Value.Content)
		}
		for _, r := range op.Responses.Map() {
			contents = append(contents, r.Value.Content)
		}
		for _, content := range contents {
			for _, m := range content {
				plain[strings.TrimPrefix(m.Schema.Ref, schemaPrefix)] = true
			}
		}
	})
	for _, name := range slices.Sorted(maps.Keys(where)) {
		to := name
		if plain[name] {
			to = name + "OrNull"
		}
		for _, s := range where[name] {
			if !s.Nullable {
				continue
			}
			if p.Components.Schemas[to] == nil {
				p.Components.Schemas[to] = copySchema(&openapi3.SchemaRef{Value: p.Components.Schemas[name].Value}, func(n string) string { return n })
			}
			p.Components.Schemas[to].Value.Nullable = true
			s.AllOf[0], s.Nullable = componentRef(to), false
		}
	}
	for _, s := range found { // what has nothing to add needs no allOf
		if s.AdditionalProperties.Schema != nil {
			s.AdditionalProperties.Schema = bare(s.AdditionalProperties.Schema)
		}
		for name, f := range s.Properties {
			s.Properties[name] = bare(f)
		}
	}
}

// bare is the reference in an allOf of one that has nothing beside it.
func bare(ref *openapi3.SchemaRef) *openapi3.SchemaRef {
	if ref.Ref == "" && len(ref.Value.AllOf) == 1 && sameJSON(ref.Value, &openapi3.Schema{AllOf: ref.Value.AllOf}) {
		return ref.Value.AllOf[0]
	}
	return ref
}

// shareFields makes a component of each field that bodies have from a part which many kinds have: what a user gives every thing. It is named after the
// field, and what is sent to change it has a name of its own, since it can be null. A kind that says something else of the field keeps that.
func (p *publication) shareFields() {
	common, patches := map[string]bool{}, map[string]bool{}
	for name := range p.parts {
		common[name] = true
	}
	for _, t := range p.types {
		delete(common, t.spec)
		patches[t.patch] = true
	}
	fields := map[string]bool{}
	for name := range common {
		for _, f := range p.source.fields(name) {
			fields[f.name] = true
		}
	}
	for _, component := range slices.Sorted(maps.Keys(p.Components.Schemas)) {
		s := p.Components.Schemas[component].Value
		if s.AdditionalProperties.Has == nil { // is answered
			continue
		}
		for _, field := range slices.Sorted(maps.Keys(s.Properties)) {
			f := s.Properties[field]
			if !fields[field] || f.Ref != "" {
				continue
			}
			name := camel(field)
			if patches[component] {
				name += "Change"
			}
			switch is := p.Components.Schemas[name]; {
			case is == nil:
				p.Components.Schemas[name] = f
			case !sameJSON(is.Value, f.Value):
				continue
			}
			s.Properties[field] = componentRef(name)
		}
	}
}

// describe gives each operation the words and the tag that its row has for it.
func (p *publication) describe() {
	p.each(func(_, _ string, op *openapi3.Operation) {
		row := p.ops[op.OperationID]
		op.Description = p.words(row)
		if len(op.Tags) == 0 {
			op.Tags = []string{general}
		}
		for _, tag := range op.Tags {
			p.tags[tag] = true
		}
	})
	if p.tags[general] {
		p.Tags = append(p.Tags, &openapi3.Tag{Name: general, Description: "Who calls, what the caller may do, and many objects of any kinds at once."})
	}
	p.Tags = slices.DeleteFunc(p.Tags, func(t *openapi3.Tag) bool { return !p.tags[t.Name] })
	slices.SortFunc(p.Tags, func(a, b *openapi3.Tag) int { return cmp.Compare(a.Name, b.Name) })
}

// words are what a caller has to know of an operation.
func (p *publication) words(row httpapi.Op) string {
	kind := p.kinds[row.Kind]
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	switch row.Scope {
	case httpapi.ScopeCaller:
		add("Every caller who has a token may do it.")
	case httpapi.ScopeFilter:
		add("Answers what the caller has the permission `%s` for.", row.Permission)
	case httpapi.ScopePlatform:
		add("Takes the permission `%s` on the platform.", row.Permission)
	case httpapi.ScopeParent:
		add("Takes the permission `%s` on what `%s` names.", row.Permission, row.ParentField)
	case httpapi.ScopeObject:
		add("Takes the permission `%s` on the %s.", row.Permission, kind.One())
	}
	if row.Async {
		add("The work may go on after the answer: `operation_id` then names the operation.")
	}
	if row.RequiresIfMatch {
		add("Without If-Match it is refused.")
	}
	if row.Reveals {
		add("The secret is in this answer, and in none after it.")
	}
	switch {
	case row.Verb == httpapi.Delete && kind.Singleton:
		add("It goes back to its beginning.")
	case row.Verb == httpapi.Update:
		add("The body is a JSON merge patch (RFC 7396).")
	case slices.Contains(row.AnswerTypes, httpapi.EventStream):
		add("The answer goes on, with an event whenever something happens; `Last-Event-ID` says after which event it is to begin.")
	case len(row.BodyTypes) > 0:
		add("The body is worked on while it comes.")
	}
	return strings.Join(out, " ")
}

// shareParameters makes a component of each parameter that several operations have alike.
func (p *publication) shareParameters() {
	uses := map[string][]*openapi3.ParameterRef{} // by name and what it says
	p.each(func(_, _ string, op *openapi3.Operation) {
		for i, param := range op.Parameters {
			if param.Ref == "" {
				raw, err := json.Marshal(param.Value)
				if err != nil {
					p.faults.addf("operation %s, parameter %s: %v", op.OperationID, param.Value.Name, err)
				}
				op.Parameters[i] = param
				uses[string(raw)] = append(uses[string(raw)], param)
			}
		}
	})
	keys := slices.SortedFunc(maps.Keys(uses), func(a, b string) int { return cmp.Or(len(uses[b])-len(uses[a]), cmp.Compare(a, b)) })
	for _, key := range keys {
		same := uses[key]
		if len(same) == 1 {
			continue
		}
		name := p.parameterName(same[0].Value)
		if p.Components.Parameters[name] != nil {
			continue // more are alike in another way; these stay where they are
		}
		p.Components.Parameters[name] = &openapi3.ParameterRef{Value: same[0].Value}
		for _, param := range same {
			param.Ref = "#/components/parameters/" + name
		}
	}
}

// sharePaths puts the parameters that all operations of a path have beside them.
func (p *publication) sharePaths() {
	for _, path := range p.Paths.InMatchingOrder() {
		item := p.Paths.Value(path)
		for _, op := range item.Operations() {
			op.Parameters = slices.DeleteFunc(op.Parameters, func(param *openapi3.ParameterRef) bool {
				if param.Value.In != openapi3.ParameterInPath && param.Ref != "#/components/parameters/RequestId" {
					return false
				}
				if item.Parameters.GetByInAndName(param.Value.In, param.Value.Name) == nil {
					item.Parameters = append(item.Parameters, param)
				}
				return true
			})
		}
	}
}

// parameterName is that of a component: the id of an object is called after its kind, and what narrows a list is a filter.
func (p *publication) parameterName(param *openapi3.Parameter) string {
	if param.In == openapi3.ParameterInPath {
		for _, kind := range p.kinds {
			if kind.Prefix != "" && param.Schema.Value.Pattern == idPattern(kind.Prefix) {
				return p.types[kind.Name].read + camel(param.Name)
			}
		}
		return camel(param.Name)
	}
	if param.Name == "order_by" {
		return camel(param.Name)
	}
	return camel(param.Name) + "Filter"
}

// camel is a name with its words begun by capitals.
func camel(name string) string {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return r == '_' || r == '-' || r == '.' }) {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

// shareAnswers makes a component of every answer, by the type that it has, and puts the problems into two: whatever they are, they have one form.
func (p *publication) shareAnswers() {
	components := p.Components.Responses
	p.Components.Responses = openapi3.ResponseBodies{}
	p.each(func(_, _ string, op *openapi3.Operation) {
		row := p.ops[op.OperationID]
		for status, r := range op.Responses.Map() {
			if name, is := strings.CutPrefix(r.Ref, answerPrefix); is {
				p.Components.Responses[name] = components[name]
				continue
			}
			name := p.answerName(row, r.Value)
			shared := p.Components.Responses[name]
			if shared == nil {
				words := p.answerWords(name, r.Value)
				shared = &openapi3.ResponseRef{Value: &openapi3.Response{Description: &words, Headers: openapi3.Headers{}, Content: r.Value.Content}}
				p.Components.Responses[name] = shared
			} else if !sameJSON(shared.Value.Content, r.Value.Content) {
				p.faults.addf("operation %s: another answer is called %s", op.OperationID, name)
			}
			maps.Copy(shared.Value.Headers, r.Value.Headers)
			op.Responses.Set(status, &openapi3.ResponseRef{Ref: answerPrefix + name, Value: shared.Value})
		}
	})
}

// answerName is that of the component of an answer.
func (p *publication) answerName(row httpapi.Op, r *openapi3.Response) string {
	if m := r.Content.Get(jsonMedia); m != nil && m.Schema.Ref != "" {
		return strings.TrimPrefix(m.Schema.Ref, schemaPrefix)
	}
	if len(r.Content) == 0 {
		return "Nothing"
	}
	return p.types[row.Kind].read + camel(row.Part)
}

func (p *publication) answerWords(name string, r *openapi3.Response) string {
	if len(r.Content) == 0 {
		return "Done; there is nothing to say."
	}
	if s := p.from.Components.Schemas[name]; s != nil && s.Value.Description != "" {
		return s.Value.Description
	}
	return "What was asked for."
}

// prune removes the components that nobody refers to.
func (p *publication) prune() {
	for { // what only a removed one referred to goes next
		raw, err := json.Marshal(p.T)
		if err != nil {
			p.faults.addf("specification: %v", err)
			return
		}
		text, removed := string(raw), false
		used := func(kind, name string) bool { return strings.Contains(text, `"#/components/`+kind+`/`+name+`"`) }
		for name := range p.Components.Schemas {
			if !used("schemas", name) {
				delete(p.Components.Schemas, name)
				removed = true
			}
		}
		for name := range p.Components.Parameters {
			if !used("parameters", name) {
				delete(p.Components.Parameters, name)
				removed = true
			}
		}
		for name := range p.Components.Headers {
			if !used("headers", name) {
				delete(p.Components.Headers, name)
				removed = true
			}
		}
		if !removed {
			return
		}
	}
}
