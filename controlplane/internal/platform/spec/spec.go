// Package spec is the specification at work: the server checks bodies, merge patches and query parameters against the same document
// that clients are made from, and reports everything that is wrong with a request at once.
package spec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

// Operation is what the specification says of one operation.
type Operation struct {
	ID         string
	Method     string
	Path       string // below the base path, with {id}
	Kind       string
	Verb       string
	Permission string
	Async      bool
	// RequiresIfMatch: it is refused without that header.
	RequiresIfMatch bool
	// AnswerTypes are the content types of an answer that is not JSON, in the order of the alphabet.
	AnswerTypes []string
	// BodyTypes are those of a body that streams, MaxBytes is how large one may be.
	BodyTypes []string
	MaxBytes  int64

	parameters map[string]*node
	body       *node             // nil: takes none
	bodyNeeded bool              // an empty body is refused
	patched    *node             // of a merge patch: the whole that must be valid afterwards
	known      map[string]string // see validation.known
}

// Spec is the compiled specification. It is safe for concurrent use.
type Spec struct {
	operations map[string]*Operation
	kinds      map[string]string
}

// Load compiles an OpenAPI 3.0 document. It fails on whatever it would not enforce.
func Load(raw []byte) (*Spec, error) {
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		return nil, fmt.Errorf("specification: %w", err)
	}
	s := &Spec{operations: map[string]*Operation{}, kinds: map[string]string{}}
	if prefixes, ok := doc.Extensions["x-prefixes"].(map[string]any); ok {
		for prefix, kind := range prefixes {
			s.kinds[prefix], _ = kind.(string)
		}
	}
	c, wholes := newCompiler(false), newCompiler(true)
	if doc.Paths == nil {
		return s, nil
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			o, err := operation(c, wholes, doc, op)
			if err != nil {
				return nil, fmt.Errorf("specification: %s %s: %w", method, path, err)
			}
			if s.operations[o.ID] != nil {
				return nil, fmt.Errorf("specification: two operations are called %s", o.ID)
			}
			o.Method, o.Path = method, path
			s.operations[o.ID] = o
		}
	}
	return s, nil
}

func operation(c, wholes *compiler, doc *openapi3.T, op *openapi3.Operation) (*Operation, error) {
	o := &Operation{ID: op.OperationID, parameters: map[string]*node{}}
	o.Kind, _ = op.Extensions["x-kind"].(string)
	o.Verb, _ = op.Extensions["x-verb"].(string)
	o.Permission, _ = op.Extensions["x-permission"].(string)
	o.Async, _ = op.Extensions["x-async"].(bool)
	o.RequiresIfMatch, _ = op.Extensions["x-requires-if-match"].(bool)
	o.AnswerTypes = notJSON(op.Responses.Value("200"))
	for _, p := range op.Parameters {
		if p.Value.In != openapi3.ParameterInQuery {
			continue
		}
		n, err := c.compile(p.Value.Schema)
		if err != nil {
			return nil, fmt.Errorf("parameter %s: %w", p.Value.Name, err)
		}
		switch {
		case n.kind == "object", n.kind == "array" && n.items.kind != "string":
			return nil, fmt.Errorf("parameter %s: type %s is not supported", p.Value.Name, n.kind)
		case n.kind == "array" && (p.Value.Style != openapi3.SerializationForm || p.Value.Explode == nil || *p.Value.Explode):
			return nil, fmt.Errorf("parameter %s: a list has its values in one parameter with commas between them: style form, explode false", p.Value.Name)
		}
		o.parameters[p.Value.Name] = n
	}
	if op.RequestBody == nil {
		return o, nil
	}
	if most, streams := op.Extensions["x-max-bytes"].(float64); streams {
		o.MaxBytes, o.BodyTypes = int64(most), otherThanJSON(op.RequestBody.Value.Content)
		return o, nil
	}
	media := op.RequestBody.Value.Content.Get(jsonMedia)
	if media == nil || media.Schema == nil {
		return nil, fmt.Errorf("the body is not described as application/json")
	}
	var err error
	if o.body, err = c.compile(media.Schema); err != nil {
		return nil, err
	}
	if o.body.fields == nil {
		return nil, fmt.Errorf("the body is not an object with named fields")
	}
	o.bodyNeeded = op.RequestBody.Value.Required
	if o.Verb == "update" {
		if o.patched, err = wholes.compile(media.Schema); err != nil {
			return nil, err
		}
	}
	return o, o.relate(doc, media.Schema.Value)
}

const jsonMedia = "application/json"

// notJSON are the content types of an answer that are something else.
func notJSON(answer *openapi3.ResponseRef) []string {
	if answer == nil || answer.Value == nil {
		return nil
	}
	return otherThanJSON(answer.Value.Content)
}

func otherThanJSON(content openapi3.Content) []string {
	var out []string
	for t := range content {
		if t != jsonMedia {
			out = append(out, t)
		}
	}
	sort.Strings(out)
	return out
}

// relate learns from the types around a body's which fields exist that it cannot send.
func (o *Operation) relate(doc *openapi3.T, body *openapi3.Schema) error {
	o.known = map[string]string{}
	for _, r := range []struct{ extension, reason string }{{"x-read", "read_only"}, {"x-create", "immutable"}} {
		name, _ := body.Extensions[r.extension].(string)
		if name == "" {
			continue
		}
		ref := doc.Components.Schemas[name]
		if ref == nil {
			return fmt.Errorf("%s: there is no schema %s", r.extension, name)
		}
		eachProperty(ref, func(name string) { o.known[name] = r.reason })
	}
	return nil
}

// eachProperty calls visit with the fields of an object, those among them that stand in its parts.
func eachProperty(ref *openapi3.SchemaRef, visit func(name string)) {
	for name := range ref.Value.Properties {
		visit(name)
	}
	for _, part := range ref.Value.AllOf {
		eachProperty(part, visit)
	}
}

// Operation returns the operation of that id.
func (s *Spec) Operation(id string) (Operation, bool) {
	o, ok := s.operations[id]
	if !ok {
		return Operation{}, false
	}
	return *o, true
}

// Operations returns all of them in the order of their ids.
func (s *Spec) Operations() []Operation {
	out := make([]Operation, 0, len(s.operations))
	for _, o := range s.operations {
		out = append(out, *o)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].ID < out[j].ID })
	return out
}

func (s *Spec) operation(id string) (*Operation, error) {
	if o := s.operations[id]; o != nil {
		return o, nil
	}
	return nil, fmt.Errorf("the specification has no operation %s", id)
}

// Body reads the body of a request: strictly, with an explicit null as good as an absent field, and defaults filled in. What it returns
// is valid JSON for the operation's type; otherwise the error names every wrong field.
func (s *Spec) Body(opID string, body []byte) ([]byte, error) {
	o, err := s.operation(opID)
	if err != nil {
		return nil, err
	}
	if !o.bodyNeeded && len(bytes.TrimSpace(body)) == 0 {
		body = []byte("{}")
	}
	object, err := decodeObject(body)
	if err != nil {
		return nil, err
	}
	n := o.body
	if n == nil {
		n = &node{kind: "object", fields: map[string]*node{}}
	}
	return s.check(o, n, object)
}

// PatchBody reads a JSON merge patch and checks which fields it names. Whether the values are right is known after Merge.
func (s *Spec) PatchBody(opID string, body []byte) (map[string]any, error) {
	o, err := s.operation(opID)
	if err != nil {
		return nil, err
	}
	if o.patched == nil {
		return nil, fmt.Errorf("%s takes no merge patch", opID)
	}
	patch, err := decodeObject(body)
	if err != nil {
		return nil, err
	}
	v := validation{known: o.known, kinds: s.kinds}
	v.names(o.body, patch)
	return patch, v.err()
}

// Merge merges a patch of PatchBody into the present value (RFC 7396) and returns the whole, valid and with defaults where the patch
// has cleared something; otherwise the error names every wrong field of it. The patch is not changed.
func (s *Spec) Merge(opID string, current any, patch map[string]any) ([]byte, error) {
	o, err := s.operation(opID)
	if err != nil {
		return nil, err
	}
	if o.patched == nil {
		return nil, fmt.Errorf("%s takes no merge patch", opID)
	}
	b, err := json.Marshal(current)
	if err != nil {
		return nil, err
	}
	object, err := decodeObject(b)
	if err != nil {
		return nil, fmt.Errorf("%s: the present value: %w", opID, err)
	}
	mergeInto(o.patched, object, patch)
	return s.check(o, o.patched, object)
}

func (s *Spec) check(o *Operation, n *node, object map[string]any) ([]byte, error) {
	v := validation{known: o.known, kinds: s.kinds}
	v.object(n, object)
	if err := v.err(); err != nil {
		return nil, err
	}
	return json.Marshal(object)
}

func decodeObject(body []byte) (map[string]any, error) {
	x, err := decode(body)
	if err != nil {
		return nil, err
	}
	object, ok := x.(map[string]any)
	if !ok {
		return nil, fault.Invalidf("", "type", "must be an object")
	}
	return object, nil
}

// mergeInto is RFC 7396 on a target that is an object, but that null leaves what is kept. Nothing of the patch becomes part of the target
// without being copied: a patch is applied again when its transaction is.
func mergeInto(n *node, target, patch map[string]any) {
	for k, p := range patch {
		of := n.inside(k)
		switch p := p.(type) {
		case nil:
			if of == nil || !of.kept {
				delete(target, k)
			}
		case map[string]any:
			sub, ok := target[k].(map[string]any)
			if !ok {
				sub = map[string]any{}
				target[k] = sub
			}
			mergeInto(of, sub, p)
		default:
			target[k] = clone(p)
		}
	}
}

// Query checks the query parameters of a request: each is known, stands once and has a value of its type.
func (s *Spec) Query(opID string, q url.Values) error {
	o, err := s.operation(opID)
	if err != nil {
		return err
	}
	var wrong []fault.Field
	for name, values := range q {
		if code, detail := s.parameter(o, name, values); code != "" {
			wrong = append(wrong, fault.Field{Pointer: name, Code: code, Detail: detail})
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	sort.Slice(wrong, func(i, j int) bool { return wrong[i].Pointer < wrong[j].Pointer })
	if len(wrong) > maxErrors {
		wrong = wrong[:maxErrors]
	}
	e := fault.Parameter(wrong[0].Pointer, wrong[0].Code, wrong[0].Detail)
	e.Fields = wrong
	return e
}

func (s *Spec) parameter(o *Operation, name string, values []string) (code, detail string) {
	n := o.parameters[name]
	if n == nil {
		names := make([]string, 0, len(o.parameters))
		for known := range o.parameters {
			names = append(names, known)
		}
		sort.Strings(names)
		if len(names) == 0 {
			return "unknown_parameter", "is not known; this operation takes no parameters"
		}
		return "unknown_parameter", "is not known; there are " + strings.Join(names, ", ")
	}
	if len(values) != 1 {
		return "invalid_parameter", "stands more than once"
	}
	var x any = values[0]
	switch n.kind {
	case "integer":
		if _, err := strconv.ParseInt(values[0], 10, 64); err != nil {
			return "invalid_parameter", "must be a whole number"
		}
		x = json.Number(values[0])
	case "boolean":
		if values[0] != "true" && values[0] != "false" {
			return "invalid_parameter", "must be true or false"
		}
		x = values[0] == "true"
	case "array":
		var list []any
		for _, one := range strings.Split(values[0], ",") {
			if one == "" {
				return "invalid_parameter", "has an empty value: write values with commas between them"
			}
			list = append(list, one)
		}
		x = list
	}
	if !utf8.ValidString(values[0]) {
		return "invalid_parameter", "is not UTF-8"
	}
	v := validation{kinds: s.kinds}
	v.value(n, x)
	if len(v.errors) > 0 {
		return "invalid_parameter", v.errors[0].Detail
	}
	return "", ""
}
