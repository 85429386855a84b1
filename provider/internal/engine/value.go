package engine

// JSON from the API to Terraform values and back. All of it works on tftypes, because no Go type of any kind exists
// at compile time.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"sort"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// object is a decoded JSON object of the API. Numbers are json.Number: no value passes through a float.
type object map[string]any

func decodeObject(raw json.RawMessage) (object, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var o object
	if err := d.Decode(&o); err != nil {
		return nil, fmt.Errorf("the server's answer is not an object: %w", err)
	}
	return o, nil
}

// text returns a string member, "" if it is absent, null or something else.
func (o object) text(name string) string {
	s, _ := o[name].(string)
	return s
}

// etag is the quoted revision, as the header ETag has it: what If-Match takes. Items of lists have no header.
func (o object) etag() string {
	if n, ok := o["revision"].(json.Number); ok {
		return `"` + n.String() + `"`
	}
	return ""
}

// fromJSON makes a value of type t. Members that t does not have are ignored, absent ones are null.
func fromJSON(t tftypes.Type, v any) (tftypes.Value, error) {
	if v == nil {
		return tftypes.NewValue(t, nil), nil
	}
	mismatch := func() (tftypes.Value, error) {
		return tftypes.Value{}, fmt.Errorf("the server sent %T where %s is expected", v, t)
	}
	switch {
	case t.Is(tftypes.String):
		switch s := v.(type) {
		case string:
			return tftypes.NewValue(t, s), nil
		case json.Number:
			return tftypes.NewValue(t, s.String()), nil
		case map[string]any: // of a shape that the contract does not fix
			b, err := json.Marshal(s)
			return tftypes.NewValue(t, string(b)), err
		}
		return mismatch()
	case t.Is(tftypes.Bool):
		b, ok := v.(bool)
		if !ok {
			return mismatch()
		}
		return tftypes.NewValue(t, b), nil
	case t.Is(tftypes.Number):
		n, ok := v.(json.Number)
		if !ok {
			return mismatch()
		}
		f, _, err := big.ParseFloat(n.String(), 10, 512, big.ToNearestEven)
		if err != nil {
			return mismatch()
		}
		return tftypes.NewValue(t, f), nil
	}
	switch t := t.(type) {
	case tftypes.Object:
		m, ok := v.(map[string]any)
		if o, is := v.(object); is {
			m, ok = o, true
		}
		if !ok {
			return mismatch()
		}
		attributes := make(map[string]tftypes.Value, len(t.AttributeTypes))
		for name, at := range t.AttributeTypes {
			value, err := fromJSON(at, m[name])
			if err != nil {
				return tftypes.Value{}, fmt.Errorf("%s: %w", name, err)
			}
			attributes[name] = value
		}
		return tftypes.NewValue(t, attributes), nil
	case tftypes.Map:
		m, ok := v.(map[string]any)
		if !ok {
			return mismatch()
		}
		elements := make(map[string]tftypes.Value, len(m))
		for key, e := range m {
			value, err := fromJSON(t.ElementType, e)
			if err != nil {
				return tftypes.Value{}, fmt.Errorf("%s: %w", key, err)
			}
			elements[key] = value
		}
		return tftypes.NewValue(t, elements), nil
	case tftypes.Set:
		return elementsFromJSON(t, t.ElementType, v)
	case tftypes.List:
		return elementsFromJSON(t, t.ElementType, v)
	}
	return tftypes.Value{}, fmt.Errorf("no conversion from JSON to %s", t)
}

func elementsFromJSON(t, element tftypes.Type, v any) (tftypes.Value, error) {
	list, ok := v.([]any)
	if !ok {
		return tftypes.Value{}, fmt.Errorf("the server sent %T where %s is expected", v, t)
	}
	elements := make([]tftypes.Value, len(list))
	for i, e := range list {
		value, err := fromJSON(element, e)
		if err != nil {
			return tftypes.Value{}, fmt.Errorf("%d: %w", i, err)
		}
		elements[i] = value
	}
	return tftypes.NewValue(t, elements), nil
}

// toJSON is the inverse of fromJSON for primitives and collections of them. Unknown values have no JSON: they are nil,
// and callers leave them out.
func toJSON(v tftypes.Value) any {
	if absent(v) {
		return nil
	}
	t := v.Type()
	switch {
	case t.Is(tftypes.String):
		return text(v)
	case t.Is(tftypes.Bool):
		var b bool
		_ = v.As(&b)
		return b
	case t.Is(tftypes.Number):
		f := new(big.Float)
		_ = v.As(&f)
		return json.Number(f.Text('f', -1))
	case t.Is(tftypes.Object{}), t.Is(tftypes.Map{}):
		out := map[string]any{}
		for name, e := range members(v) {
			if e.IsKnown() && !e.IsNull() {
				out[name] = toJSON(e)
			}
		}
		return out
	}
	out := []any{}
	for _, e := range elements(v) {
		out = append(out, toJSON(e))
	}
	if t.Is(tftypes.Set{}) {
		// The order of a set means nothing, so requests are the same whatever it happens to be.
		sort.Slice(out, func(i, j int) bool { return fmt.Sprint(out[i]) < fmt.Sprint(out[j]) })
	}
	return out
}

// text is the content of a string value, "" if it is null or unknown.
func text(v tftypes.Value) string {
	var s string
	if v.IsKnown() && !v.IsNull() && v.Type().Is(tftypes.String) {
		_ = v.As(&s)
	}
	return s
}

// members are the attributes of an object or the elements of a map; nil if it is null or unknown.
func members(v tftypes.Value) map[string]tftypes.Value {
	if v.Type() == nil || v.IsNull() || !v.IsKnown() {
		return nil
	}
	var m map[string]tftypes.Value
	if v.As(&m) != nil {
		return nil
	}
	return m
}

// elements are those of a set or list; nil if it is null or unknown.
func elements(v tftypes.Value) []tftypes.Value {
	if v.Type() == nil || v.IsNull() || !v.IsKnown() {
		return nil
	}
	var l []tftypes.Value
	if v.As(&l) != nil {
		return nil
	}
	return l
}

// member returns one attribute; a zero Value (no type) if there is none.
func member(v tftypes.Value, name string) tftypes.Value { return members(v)[name] }

// absent says whether there is nothing in v: it is null, unknown, or does not exist.
func absent(v tftypes.Value) bool { return v.Type() == nil || v.IsNull() || !v.IsKnown() }

// reconcile makes the value of the attributes of one object of the API, in the schema of a resource. near is what
// Terraform has for it, the plan or the prior state: from it come the members that the API does not return, and
// what is empty stays empty in the same way, null or {}, because the two mean the same to the API and not to
// Terraform.
func reconcile(fields []catalog.Field, t tftypes.Object, o map[string]any, near tftypes.Value) (tftypes.Value, error) {
	prior := members(near)
	out := make(map[string]tftypes.Value, len(t.AttributeTypes))
	for name, at := range t.AttributeTypes {
		// Attributes that are no field (timeouts, versions of secrets) are Terraform's own.
		out[name] = tftypes.NewValue(at, nil)
		if p, ok := prior[name]; ok && p.IsKnown() {
			out[name] = p
		}
	}
	for _, f := range fields {
		at, ok := t.AttributeTypes[f.Name]
		if f.WriteOnly {
			if wo, ok := t.AttributeTypes[f.Name+writeOnlySuffix]; ok {
				out[f.Name+writeOnlySuffix] = tftypes.NewValue(wo, nil)
			}
			continue
		}
		if !ok {
			continue
		}
		if f.HiddenIn(o) {
			out[f.Name] = kept(at, prior[f.Name])
			continue
		}
		value, err := reconcileField(f, at, o[f.Name], prior[f.Name])
		if err != nil {
			return tftypes.Value{}, fmt.Errorf("%s: %w", f.Name, err)
		}
		out[f.Name] = value
	}
	return tftypes.NewValue(t, out), nil
}

func reconcileField(f catalog.Field, t tftypes.Type, v any, near tftypes.Value) (tftypes.Value, error) {
	// A field with a default is never null of its own accord: null there means that Terraform knows nothing yet.
	informed := near.Type() != nil && near.IsKnown() && (!near.IsNull() || f.Nullable)
	if informed && isEmpty(near) && isEmptyJSON(f, v) {
		return near, nil
	}
	m, isMap := v.(map[string]any)
	switch {
	case isMap && f.Type == catalog.Object:
		return reconcile(f.Fields, t.(tftypes.Object), m, near)
	case isMap && f.Type == catalog.Map && f.Items != nil && f.Items.Type == catalog.Object:
		mt := t.(tftypes.Map)
		out := make(map[string]tftypes.Value, len(m))
		prior := members(near)
		for key, e := range m {
			item, err := reconcileField(*f.Items, mt.ElementType, e, prior[key])
			if err != nil {
				return tftypes.Value{}, fmt.Errorf("%s: %w", key, err)
			}
			out[key] = item
		}
		return tftypes.NewValue(t, out), nil
	}
	return fromJSON(t, v)
}

// isEmpty says whether a value holds nothing: null, an empty collection, or an object of nothing but such.
func isEmpty(v tftypes.Value) bool {
	switch {
	case absent(v):
		return v.Type() == nil || v.IsNull()
	case v.Type().Is(tftypes.Object{}):
		for _, m := range members(v) {
			if !isEmpty(m) {
				return false
			}
		}
		return true
	case v.Type().Is(tftypes.Map{}):
		return len(members(v)) == 0
	case v.Type().Is(tftypes.Set{}), v.Type().Is(tftypes.List{}):
		return len(elements(v)) == 0
	}
	return false
}

func isEmptyJSON(f catalog.Field, v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case map[string]any:
		if f.Type == catalog.Map {
			return len(v) == 0
		}
		for _, member := range f.Fields {
			if !isEmptyJSON(member, v[member.Name]) {
				return false
			}
		}
		return true
	case []any:
		return len(v) == 0
	}
	return false
}
