package contract

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/internal/platform/spec"
	"github.com/demarc/demarc/controlplane/internal/platform/visibility"
)

const idSuffix = spec.IDSuffix

// scopes is what x-ref=scope stands for: the platform, and every kind that roles can be bound on.
const scopes = "scope"

// Extensions that a field's tag may have. The first group stays in the specification, the second becomes something that OpenAPI has.
const (
	extAny           = "x-any"
	extRef           = "x-ref"
	extUnit          = "x-unit"
	extGrowOnly      = "x-grow-only"
	extNeedsStop     = "x-needs-stop"
	extVolatile      = "x-volatile"
	extOpenEnum      = "x-open-enum"
	extOneOf         = "x-one-of"
	extSince         = "x-since"
	extDeprecated    = "x-deprecated"
	extRenamedFrom   = "x-renamed-from"
	extServerDefault = "x-server-default"
	extShownOnce     = "x-shown-once"
	extKept          = "x-kept"
	extSensitive     = "x-sensitive"
	extFollows       = "x-follows"
	extVisible       = visibility.Trait

	extWriteOnly  = "x-write-only"
	extMaxItems   = "x-max-items"
	extSet        = "x-set"
	extItemFormat = "x-item-format"
)

var flags = []string{extAny, extGrowOnly, extNeedsStop, extVolatile, extOpenEnum, extServerDefault, extShownOnce, extSensitive, extWriteOnly, extSet}
var texts = []string{extRef, extUnit, extOneOf, extSince, extDeprecated, extRenamedFrom, extTitle, extVisible, extKept, extFollows, extMaxItems, extItemFormat}

// schemas gives every component its final form. A type that is both sent and read becomes two components, for the rules differ: what
// is sent may leave out optional fields and has no others; what is read has all fields, and may get further ones.
func (d *document) schemas() {
	components := d.Components.Schemas
	inputs, reads := d.reachable(true), d.reachable(false)
	for name := range components {
		if !inputs[name] && !reads[name] && !strings.HasPrefix(name, problemType) {
			delete(components, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(components)) {
		if !strings.HasPrefix(name, problemType) {
			d.common(name)
		}
	}
	asInput := func(name string) string {
		if reads[name] {
			return name + "Input"
		}
		return name
	}
	for _, name := range slices.Sorted(maps.Keys(inputs)) {
		to := asInput(name)
		if to != name && components[to] != nil {
			d.faults.addf("type %s: the name is wanted for what is sent of %s", to, name)
		}
		components[to] = &openapi3.SchemaRef{Value: d.copyOf(name, asInput)}
		d.input(to, name)
	}
	for _, name := range slices.Sorted(maps.Keys(reads)) {
		d.read(name)
	}
	d.hiding(reads)
	for _, kind := range slices.Sorted(maps.Keys(d.types)) {
		d.relate(kind, d.types[kind])
	}
}

// reachable are the components that requests (or answers) consist of.
func (d *document) reachable(requests bool) map[string]bool {
	found := map[string]bool{}
	var follow func(ref *openapi3.SchemaRef)
	follow = func(ref *openapi3.SchemaRef) {
		if name, ok := strings.CutPrefix(ref.Ref, schemaPrefix); ok {
			if found[name] || d.Components.Schemas[name] == nil {
				return
			}
			found[name] = true
			ref = d.Components.Schemas[name]
		}
		for _, sub := range children(ref.Value) {
			follow(sub)
		}
	}
	d.each(func(_, _ string, op *openapi3.Operation) {
		if requests && op.RequestBody != nil {
			for _, m := range op.RequestBody.Value.Content {
				follow(m.Schema)
			}
		}
		if requests {
			return
		}
		for _, r := range op.Responses.Map() {
			for _, m := range r.Value.Content {
				follow(m.Schema)
			}
		}
	})
	return found
}

// children are the direct parts of a schema.
func children(s *openapi3.Schema) []*openapi3.SchemaRef {
	out := slices.Clone(s.AllOf)
	if s.Items != nil {
		out = append(out, s.Items)
	}
	if s.AdditionalProperties.Schema != nil {
		out = append(out, s.AdditionalProperties.Schema)
	}
	for _, p := range s.Properties {
		out = append(out, p)
	}
	return out
}

// copyOf copies a component, with its references renamed.
func (d *document) copyOf(name string, rename func(string) string) *openapi3.Schema {
	return copySchema(d.Components.Schemas[name], rename).Value
}

func copySchema(ref *openapi3.SchemaRef, rename func(string) string) *openapi3.SchemaRef {
	if ref == nil {
		return nil
	}
	if name, ok := strings.CutPrefix(ref.Ref, schemaPrefix); ok {
		return componentRef(rename(name))
	}
	s := *ref.Value
	s.Extensions, s.Required, s.Enum = maps.Clone(s.Extensions), slices.Clone(s.Required), slices.Clone(s.Enum)
	s.AllOf = slices.Clone(s.AllOf)
	for i := range s.AllOf {
		s.AllOf[i] = copySchema(s.AllOf[i], rename)
	}
	s.Items = copySchema(s.Items, rename)
	s.AdditionalProperties.Schema = copySchema(s.AdditionalProperties.Schema, rename)
	s.Properties = maps.Clone(s.Properties)
	for name, p := range s.Properties {
		s.Properties[name] = copySchema(p, rename)
	}
	return &openapi3.SchemaRef{Value: &s}
}

// common does what does not depend on which way a type goes.
func (d *document) common(name string) {
	s := d.Components.Schemas[name].Value
	if g := d.source.named[name]; g != nil {
		s.Description = sentence(g.doc)
		d.plainWords(fmt.Sprintf("%s: type %s", g.place, name), s.Description)
	}
	if s.AdditionalProperties.Schema != nil || len(s.Properties) == 0 {
		d.faults.addf("type %s: only structs can be types of the contract", name)
		return
	}
	for _, field := range slices.Sorted(maps.Keys(s.Properties)) {
		where := fmt.Sprintf("%s: type %s, field %s", d.place(name), name, field)
		ref := s.Properties[field]
		if ref.Ref != "" {
			d.faults.addf("%s: has no description; a comment on the line before it", where)
			continue
		}
		f := ref.Value
		f.Description = sentence(f.Description)
		// The items of a page need no words: the type of the page has them.
		if f.Description == "" && !(field == "items" && s.Properties["next_page_token"] != nil) {
			d.faults.addf("%s: has no description; a comment on the line before it", where)
		}
		d.plainWords(where, f.Description)
		d.extensions(where, f)
		d.field(where, f)
	}
	if id := s.Properties["id"]; id != nil && id.Value != nil {
		for kind, t := range d.types {
			if t.read == name && d.kinds[kind].Prefix != "" {
				id.Value.Pattern = idPattern(d.kinds[kind].Prefix)
			}
		}
	}
}

var mixedCase = regexp.MustCompile(`\b[A-Za-z]+[a-z][A-Z]\w*`)

// plainWords refuses a description that calls something by its name in Go: who reads it has never seen that.
func (d *document) plainWords(where, description string) {
	for _, word := range mixedCase.FindAllString(description, -1) {
		if d.source.named[word] != nil {
			d.faults.addf("%s: %s is a name in Go; say what it is", where, word)
		}
	}
}

// withoutName is the comment on a type without its name in Go: "Spec is what can be changed" says "What can be changed".
func withoutName(doc, name string) string {
	rest, named := strings.CutPrefix(doc, name+" ")
	rest = strings.TrimPrefix(strings.TrimPrefix(rest, "is "), "are ")
	if !named || rest == "" {
		return doc
	}
	return strings.ToUpper(rest[:1]) + rest[1:]
}

func (d *document) place(name string) string {
	if g := d.source.named[name]; g != nil {
		return g.place
	}
	return "?"
}

// extensions refuses those that nobody reads, and values that swag has made something else of.
func (d *document) extensions(where string, f *openapi3.Schema) {
	for name, v := range f.Extensions {
		switch {
		case slices.Contains(flags, name):
			if v != true {
				d.faults.addf("%s: write %s without a value, or leave it out", where, name)
			}
		case slices.Contains(texts, name):
			if s, ok := v.(string); !ok || s == "" {
				d.faults.addf("%s: %s needs a value: %s=…", where, name, name)
			} else if name == extRef {
				f.Extensions[name] = d.expand(s)
			}
		default:
			d.faults.addf("%s: nobody knows the extension %s", where, name)
		}
	}
}

// expand writes out the scopes in a list of references.
func (d *document) expand(refs string) string {
	var out []string
	for _, ref := range strings.Split(refs, "|") {
		if ref != scopes {
			out = append(out, ref)
			continue
		}
		out = append(out, catalog.Platform)
		for _, name := range slices.Sorted(maps.Keys(d.kinds)) {
			if d.kinds[name].Scope {
				out = append(out, name)
			}
		}
	}
	return strings.Join(out, "|")
}

// field turns tags into what OpenAPI has for it.
func (d *document) field(where string, f *openapi3.Schema) {
	text := func(name string) string {
		s, _ := f.Extensions[name].(string)
		delete(f.Extensions, name)
		return s
	}
	maxItems, itemFormat, isSet := text(extMaxItems), text(extItemFormat), f.Extensions[extSet] == true
	delete(f.Extensions, extSet)
	if f.Extensions[extDeprecated] != nil {
		f.Deprecated = true
	}
	d.begins(where, f)
	values := f.AdditionalProperties.Schema
	switch {
	case f.Type.Is("array"):
		f.UniqueItems = isSet
		f.MaxItems = d.count(where, extMaxItems, maxItems)
		if f.Items.Ref == "" {
			f.Items.Value.Format = orElse(itemFormat, f.Items.Value.Format)
			d.format(where, f.Items.Value, "")
		}
	case values != nil:
		f.MaxProps = d.count(where, extMaxItems, maxItems)
		if refs, ok := f.Extensions[extRef].(string); ok {
			d.refPattern(where, refs)
		}
		if values.Ref == "" { // swag puts the limits of the values beside them
			v := values.Value
			v.MinLength, v.MaxLength, v.Min, v.Max, v.Enum = f.MinLength, f.MaxLength, f.Min, f.Max, f.Enum
			v.Format = orElse(itemFormat, f.Format)
			f.MinLength, f.MaxLength, f.Min, f.Max, f.Enum, f.Format = 0, nil, nil, nil, nil, ""
			d.format(where, v, "")
		}
	default:
		if isSet || maxItems != "" || itemFormat != "" {
			d.faults.addf("%s: %s, %s and %s are for lists and maps", where, extSet, extMaxItems, extItemFormat)
		}
		refs, _ := f.Extensions[extRef].(string)
		d.format(where, f, refs)
	}
}

func (d *document) count(where, name, s string) *uint64 {
	if s == "" {
		return nil
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		d.faults.addf("%s: %s=%s is not a number", where, name, s)
	}
	return &n
}

// format adds the pattern of a named format, or of the ids of the kinds that are referred to.
func (d *document) format(where string, s *openapi3.Schema, refs string) {
	if s.Type.Is("integer") {
		s.Format = "int64"
		return
	}
	if refs != "" {
		if s.Format != "typeid" {
			d.faults.addf("%s: a reference has the format typeid", where)
		}
		s.Pattern = d.refPattern(where, refs)
		return
	}
	if s.Format == "" {
		return
	}
	f, ok := spec.Formats[s.Format]
	if !ok || !s.Type.Is("string") {
		d.faults.addf("%s: there is no format %s of a %s; spec.Formats has them all", where, s.Format, strings.Join(*s.Type, "|"))
	}
	s.Pattern = f.Pattern
}

// refPattern matches the ids of the kinds that are referred to, and the word for the platform if that is among them.
func (d *document) refPattern(where, refs string) string {
	var prefixes []string
	word := false
	for _, kind := range strings.Split(refs, "|") {
		k, ok := d.kinds[kind]
		switch {
		case kind == catalog.Platform:
			word = true
		case !ok || k.Prefix == "":
			d.faults.addf("%s: %s=%s names no kind that has ids", where, extRef, kind)
		default:
			prefixes = append(prefixes, k.Prefix)
		}
	}
	p := idPattern(prefixes...)
	if word {
		p = "^(" + catalog.Platform + "|" + strings.TrimSuffix(strings.TrimPrefix(p, "^"), "$") + ")$"
	}
	return p
}

// isScalarOrObject says whether absence needs a null: a map or a list can be empty instead.
func isScalarOrObject(f *openapi3.Schema) bool {
	return !f.Type.Is("array") && f.AdditionalProperties.Schema == nil
}

// input makes of a component what is sent. Where absence is allowed and there is no default, the Go field must be a pointer: a zero
// value would pass for one that was sent.
func (d *document) input(name, goName string) {
	s := d.Components.Schemas[name].Value
	s.AdditionalProperties = openapi3.AdditionalProperties{Has: ptr(false)}
	pointers := d.pointers(goName)
	for field, ref := range s.Properties {
		f := ref.Value
		if f == nil {
			continue
		}
		where := fmt.Sprintf("%s: type %s, field %s", d.place(goName), goName, field)
		required := slices.Contains(s.Required, field)
		f.ReadOnly = false
		if f.Extensions[extWriteOnly] == true {
			f.WriteOnly = true
			delete(f.Extensions, extWriteOnly)
		}
		if required && f.Default != nil {
			d.faults.addf("%s: is required and has a default", where)
		}
		if !isScalarOrObject(f) {
			if !required && f.Default == nil {
				f.Default = emptyOf(f)
			}
			continue
		}
		serverDefault, kept := f.Extensions[extServerDefault] == true, f.Extensions[extKept] != nil
		optional := !required && f.Default == nil
		switch {
		case kept && (!optional || serverDefault):
			d.faults.addf("%s: %s stands beside required or a default; what is not written is kept, and %s itself says what a new one has", where, extKept, extKept)
		case kept && pointers[field]:
			d.faults.addf("%s: is kept, so it always has a value, and its Go type needs no pointer", where)
		case kept:
		case serverDefault && !optional:
			d.faults.addf("%s: %s stands beside required or a default", where, extServerDefault)
		case optional && !pointers[field]:
			d.faults.addf("%s: is neither required nor has a default, so its Go type must be a pointer", where)
		case !optional && pointers[field]:
			d.faults.addf("%s: is always there, so its Go type needs no pointer", where)
		}
		f.Nullable = optional && !serverDefault
	}
}

func emptyOf(f *openapi3.Schema) any {
	if f.Type.Is("array") {
		return []any{}
	}
	return map[string]any{}
}

// pointers are the fields of a type that are pointers in Go.
func (d *document) pointers(goName string) map[string]bool {
	out := map[string]bool{}
	for _, f := range d.source.fields(goName) {
		out[f.name] = f.pointer
	}
	return out
}

// read makes of a component what is answered: every field is there, null where Go has a nil pointer. One that only some may see can be left
// out.
func (d *document) read(name string) {
	s := d.Components.Schemas[name].Value
	pointers := d.pointers(name)
	s.Required = nil
	for field, ref := range s.Properties {
		f := ref.Value
		if f != nil && f.Extensions[extWriteOnly] == true {
			delete(s.Properties, field)
			continue
		}
		if f == nil || f.Extensions[extVisible] == nil {
			s.Required = append(s.Required, field)
		}
		if f == nil {
			continue
		}
		if f.Nullable && !pointers[field] {
			d.faults.addf("%s: type %s, field %s: x-nullable stands at what is no pointer", d.place(name), name, field)
		}
		f.Nullable = isScalarOrObject(f) && pointers[field]
		f.Default = nil
	}
	sort.Strings(s.Required)
}

// hiding adds, to what is read of a kind, the field that names what was left out of it.
func (d *document) hiding(reads map[string]bool) {
	known := map[string]bool{}
	for _, kind := range slices.Sorted(maps.Keys(d.types)) {
		read := d.types[kind].read
		if kind == "" || known[read] || !d.hides(read, known) {
			continue
		}
		s := d.Components.Schemas[read].Value
		if s.Properties[visibility.HiddenFields] != nil {
			d.faults.addf("type %s: the server itself adds the field %s", read, visibility.HiddenFields)
		}
		pointer := stringSchema()
		s.Properties[visibility.HiddenFields] = &openapi3.SchemaRef{Value: &openapi3.Schema{
			Type: &openapi3.Types{"array"}, Items: &openapi3.SchemaRef{Value: pointer}, UniqueItems: true, ReadOnly: true,
			Description: "JSON pointers to the fields that were left out because the caller may not see them; empty if nothing was.",
			Extensions:  map[string]any{extVolatile: true},
		}}
		s.Required = append(s.Required, visibility.HiddenFields)
		sort.Strings(s.Required)
	}
	for _, name := range slices.Sorted(maps.Keys(reads)) {
		for field, ref := range d.Components.Schemas[name].Value.Properties {
			if ref.Value != nil && ref.Value.Extensions[extVisible] != nil && !known[name] {
				d.faults.addf("%s: type %s, field %s: is in no object of a kind, so nothing says where its permission is needed", d.place(name), name, field)
			}
		}
	}
}

// hides says whether there is a field in a component, at any depth, that only some may see, and notes the components that it has gone through.
func (d *document) hides(name string, known map[string]bool) bool {
	found := false
	var follow func(ref *openapi3.SchemaRef)
	follow = func(ref *openapi3.SchemaRef) {
		if name, ok := strings.CutPrefix(ref.Ref, schemaPrefix); ok {
			if known[name] || d.Components.Schemas[name] == nil {
				return
			}
			known[name] = true
			ref = d.Components.Schemas[name]
		}
		found = found || ref.Value.Extensions[extVisible] != nil
		for _, sub := range children(ref.Value) {
			follow(sub)
		}
	}
	follow(componentRef(name))
	return found
}

// relate ties the components of a kind together, and makes the merge patch.
func (d *document) relate(kind string, t types) {
	if kind == "" || t.read == "" {
		return
	}
	components := d.Components.Schemas
	d.within(kind, t.spec, t.create)
	d.within(kind, orElse(t.create, t.spec), t.read)
	if t.create != "" {
		extend(components[t.create].Value, "x-read", t.read)
	}
	if t.spec == "" {
		return
	}
	if !strings.HasSuffix(t.spec, "Spec") {
		d.faults.addf("kind %s: the type of what can be changed is called %s, not …Spec", kind, t.spec)
		return
	}
	d.patch(t.spec, t.patch)
	p := components[t.patch].Value
	p.Description = "Changes to it, as a JSON merge patch: what is absent stays, null clears."
	extend(p, "x-read", t.read)
	if t.create != "" {
		extend(p, "x-create", t.create)
	}
}

func extend(s *openapi3.Schema, name, value string) { extendAny(s, name, value) }

func extendAny(s *openapi3.Schema, name string, value any) {
	if s.Extensions == nil {
		s.Extensions = map[string]any{}
	}
	s.Extensions[name] = value
}

// within checks that every field of one type is in the other: what can be changed can be set, and what can be set can be read.
func (d *document) within(kind, part, whole string) {
	if part == "" || whole == "" {
		return
	}
	for field, ref := range d.Components.Schemas[part].Value.Properties {
		if d.Components.Schemas[whole].Value.Properties[field] == nil && !ref.Value.WriteOnly {
			d.faults.addf("kind %s: %s has the field %s, %s has not; embed the one in the other", kind, part, field, whole)
		}
	}
}

// patch makes the component of a merge patch to what another component describes; its objects are merged, too.
func (d *document) patch(from, to string) {
	components := d.Components.Schemas
	if components[to] != nil {
		return
	}
	var nested []string
	s := d.copyOf(from, func(name string) string {
		nested = append(nested, name)
		return patchName(name)
	})
	components[to] = &openapi3.SchemaRef{Value: s}
	for field, ref := range s.Properties {
		if ref.Value.Default != nil { // what null goes back to; a default would be what stands for an absent field
			extendAny(ref.Value, spec.ExtDefault, ref.Value.Default)
		}
		ref.Value.Default = nil
		ref.Value.Nullable = !slices.Contains(s.Required, field)
		if values := ref.Value.AdditionalProperties.Schema; values != nil { // null removes an entry
			ref.Value.AdditionalProperties.Schema = nullable(values)
		}
	}
	if len(s.Required) > 0 { // of the whole that is to come of it
		extendAny(s, spec.ExtRequired, slices.Sorted(slices.Values(s.Required)))
	}
	s.Required = nil
	for _, name := range nested {
		d.patch(name, patchName(name))
	}
}

// nullable is a schema that also takes null.
func nullable(ref *openapi3.SchemaRef) *openapi3.SchemaRef {
	if ref.Ref != "" {
		return &openapi3.SchemaRef{Value: &openapi3.Schema{AllOf: openapi3.SchemaRefs{ref}, Nullable: true}}
	}
	ref.Value.Nullable = true
	return ref
}

func patchName(name string) string { return strings.TrimSuffix(name, "Input") + "Patch" }
