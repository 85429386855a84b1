package spec

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// node is a schema, compiled: what is looked up, parsed or counted for each body is done once here.
type node struct {
	kind     string // string, integer, boolean, object, array
	nullable bool
	fallback any // its default, or what it begins as
	// kept: another party sets it, too, and null in a patch leaves it.
	kept bool

	// of a string
	enum           []string
	pattern        *regexp.Regexp
	words          string // what the pattern or the check wants
	check          func(string) bool
	refs           []string // kinds whose ids it takes; also as keys of an object
	minLen, maxLen int      // maxLen -1: no limit

	minimum, maximum *int64 // of an integer

	// of an object: names, or free keys with one schema for all values
	fields   map[string]*node
	names    []string
	required []string
	values   *node

	items              *node
	minItems, maxItems int // also of an object's free keys; maxItems -1: no limit
	unique             bool
}

// Extensions of the schema of a merge patch, which say what must hold of the whole that comes of it.
const (
	ExtRequired = "x-required" // fields that it must have
	ExtDefault  = "x-default"  // what a field goes back to when the patch clears it
)

// inside is what an object has under a key: the schema of that field, or that of all values. There is none of what is not known, which is
// refused after it was merged.
func (n *node) inside(key string) *node {
	switch {
	case n == nil:
		return nil
	case n.values != nil:
		return n.values
	}
	return n.fields[key]
}

// compiler turns schemas into nodes. A schema that refers to itself becomes a node that does.
type compiler struct {
	done map[*openapi3.Schema]*node
	// wholes: of the schema of a merge patch, the whole that comes of it is compiled.
	wholes bool
}

func newCompiler(wholes bool) *compiler {
	return &compiler{done: map[*openapi3.Schema]*node{}, wholes: wholes}
}

// absence is what a schema says of a value that is not there: whether null may stand for it, and what is in its place.
func (c *compiler) absence(s *openapi3.Schema) (nullable bool, fallback any) {
	if !c.wholes {
		return s.Nullable, s.Default
	}
	fallback = s.Extensions[ExtDefault]
	return s.Nullable && fallback == nil && s.Extensions["x-server-default"] == nil, fallback
}

// compile refuses every keyword that the nodes do not know, so that no rule of the specification is passed over in silence.
func (c *compiler) compile(ref *openapi3.SchemaRef) (*node, error) {
	s := ref.Value
	if s == nil {
		return nil, fmt.Errorf("%s is not resolved", ref.Ref)
	}
	if n, ok := c.done[s]; ok {
		return n, nil
	}
	n := &node{maxLen: -1, maxItems: -1}
	c.done[s] = n
	return n, c.fill(n, s)
}

func (c *compiler) fill(n *node, s *openapi3.Schema) error {
	if len(s.OneOf)+len(s.AnyOf) > 0 || s.Not != nil || s.MultipleOf != nil || s.MinProps != 0 || s.ExclusiveMin.IsSet() || s.ExclusiveMax.IsSet() {
		return errors.New("oneOf, anyOf, not, multipleOf, minProperties and exclusive bounds are not supported")
	}
	if len(s.AllOf) > 0 { // a reference that has something beside it
		if len(s.AllOf) > 1 {
			return errors.New("allOf of several schemas is not supported")
		}
		base, err := c.compile(s.AllOf[0])
		if err != nil {
			return err
		}
		if base.kind == "" {
			return errors.New("a schema must not contain itself")
		}
		*n = *base
		nullable, fallback := c.absence(s)
		n.nullable = n.nullable || nullable
		if fallback != nil {
			n.fallback = fallback
		}
		return nil
	}
	if s.Type == nil || len(*s.Type) != 1 {
		return errors.New("a schema must have exactly one type")
	}
	n.kind = (*s.Type)[0]
	n.nullable, n.fallback = c.absence(s)
	if begins, kept := s.Extensions["x-kept"]; kept {
		n.kept, n.fallback = true, begins
	}
	switch n.kind {
	case "string":
		return n.fillString(s)
	case "integer":
		var err error
		if n.minimum, err = bound(s.Min); err != nil {
			return err
		}
		n.maximum, err = bound(s.Max)
		return err
	case "boolean":
		return nil
	case "array":
		if s.Items == nil {
			return errors.New("an array must say what its items are")
		}
		n.unique, n.minItems = s.UniqueItems, int(s.MinItems)
		if s.MaxItems != nil {
			n.maxItems = int(*s.MaxItems)
		}
		var err error
		n.items, err = c.compile(s.Items)
		return err
	case "object":
		return c.fillObject(n, s)
	}
	return fmt.Errorf("type %s is not supported", n.kind)
}

func (n *node) fillString(s *openapi3.Schema) error {
	n.minLen = int(s.MinLength)
	if s.MaxLength != nil {
		n.maxLen = int(*s.MaxLength)
	}
	for _, e := range s.Enum {
		if e == nil && s.Nullable {
			continue
		}
		v, ok := e.(string)
		if !ok {
			return errors.New("an enumeration must be of strings")
		}
		n.enum = append(n.enum, v)
	}
	if refs, ok := s.Extensions["x-ref"].(string); ok {
		n.refs = strings.Split(refs, "|")
	}
	f := Formats[s.Format]
	n.check, n.words = f.Check, f.Words
	switch {
	case len(n.refs) > 0:
		n.words = "the id of " + oneOf(n.refs)
	case n.words == "" || (s.Pattern != f.Pattern && s.Format != "typeid"):
		n.words = "text that matches " + s.Pattern
	}
	if s.Pattern != "" {
		var err error
		if n.pattern, err = regexp.Compile(s.Pattern); err != nil {
			return err
		}
	}
	return nil
}

func (c *compiler) fillObject(n *node, s *openapi3.Schema) error {
	if s.MaxProps != nil {
		n.maxItems = int(*s.MaxProps)
	}
	if s.AdditionalProperties.Schema != nil {
		if len(s.Properties) > 0 {
			return errors.New("an object has either named fields or free keys")
		}
		var err error
		if refs, ok := s.Extensions["x-ref"].(string); ok {
			n.refs = strings.Split(refs, "|")
			n.words = "the id of " + oneOf(n.refs)
		}
		if n.values, err = c.compile(s.AdditionalProperties.Schema); err == nil && c.wholes && n.values.nullable { // null took the entry away
			kept := *n.values
			kept.nullable = false
			n.values = &kept
		}
		return err
	}
	if open := s.AdditionalProperties.Has; open == nil || *open {
		return errors.New("an object must either say what its values are or refuse unknown fields")
	}
	n.fields, n.required = map[string]*node{}, slices.Clone(s.Required)
	if list, ok := s.Extensions[ExtRequired].([]any); ok && c.wholes {
		for _, name := range list {
			n.required = append(n.required, fmt.Sprint(name))
		}
	}
	for name, ref := range s.Properties {
		f, err := c.compile(ref)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		n.fields[name] = f
		n.names = append(n.names, name)
	}
	sort.Strings(n.names)
	return nil
}

// bound takes a limit of an integer from the document, where it is a float.
func bound(f *float64) (*int64, error) {
	if f == nil {
		return nil, nil
	}
	if *f != float64(int64(*f)) || *f > 1<<53 || *f < -(1<<53) {
		return nil, fmt.Errorf("%v is not a whole number that a float holds exactly", *f)
	}
	i := int64(*f)
	return &i, nil
}

// platform is the word that a reference may take in the place of an id.
const platform = "platform"

// oneOf names kinds in a sentence: "a disk", "a disk, a role or an image", "a disk, or the word platform".
func oneOf(kinds []string) string {
	ids := slices.DeleteFunc(slices.Clone(kinds), func(k string) bool { return k == platform })
	var b strings.Builder
	for i, k := range ids {
		switch {
		case i > 0 && i == len(ids)-1:
			b.WriteString(" or ")
		case i > 0:
			b.WriteString(", ")
		}
		article := "a "
		if strings.ContainsRune("aeiou", rune(k[0])) {
			article = "an "
		}
		b.WriteString(article + strings.ReplaceAll(k, "_", " "))
	}
	if len(ids) < len(kinds) {
		b.WriteString(", or the word " + platform)
	}
	return b.String()
}
