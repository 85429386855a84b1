package sdk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// mode says what a type is for.
type mode struct {
	suffix string
	holds  func(f *catalog.Field, top bool) bool
}

var (
	answer    = mode{"", func(f *catalog.Field, _ bool) bool { return !f.WriteOnly }}
	forCreate = mode{"Create", func(f *catalog.Field, _ bool) bool { return f.Writable() }}
	// What cannot change of an entry is said when the patch makes it.
	forPatch = mode{"Patch", func(f *catalog.Field, top bool) bool { return f.Mutable() || !top && f.Writable() }}
)

// field is one of a struct.
type field struct {
	name, goType, tag   string
	comment, deprecated string
}

func (f field) same(other field) bool {
	return f.name == other.name && f.goType == other.goType && f.tag == other.tag
}

// fields are those of a struct for what is in an object; owner is what its types are called after.
func (g *generator) fields(owner string, from []catalog.Field, m mode) []field {
	return g.fieldsAt(owner, from, m, true)
}

func (g *generator) fieldsAt(owner string, from []catalog.Field, m mode, top bool) []field {
	var out []field
	for i := range from {
		f := &from[i]
		if !m.holds(f, top) {
			continue
		}
		goType, omit := g.goType(owner, f, m), true
		switch m.suffix {
		case answer.suffix:
			omit = f.VisibleTo != "" && !f.Nullable && !f.ServerDefault
			if (f.Nullable || f.ServerDefault || f.OneOf != "" || f.AtMostOne != "" || f.VisibleTo != "") && !hasNil(f) {
				goType = "*" + goType
			}
		case forCreate.suffix:
			omit = !f.Required
			// No value of an enumeration is empty.
			if omit && !hasNil(f) && len(f.Enum) == 0 {
				goType = "*" + goType
			}
		case forPatch.suffix:
			goType = "client.Optional[" + goType + "]"
		}
		tag := f.Name
		if omit {
			tag += ",omitzero"
		}
		out = append(out, field{goName(f.Name), goType, fmt.Sprintf("json:%q", tag), comment(f, m), f.Deprecated})
	}
	return out
}

// hasNil says whether the Go type of a field has a nil of its own.
func hasNil(f *catalog.Field) bool {
	return f.Type == catalog.Map || f.Type == catalog.Set || f.Type == catalog.List || f.Type == catalog.JSON
}

// goType is the type of a value. What it mentions is declared.
func (g *generator) goType(owner string, f *catalog.Field, m mode) string {
	name := owner + goName(f.Name)
	switch f.Type {
	case catalog.String:
		switch {
		case len(f.Enum) > 0:
			return g.enum(name, f)
		case f.Format == "date-time":
			return "time.Time"
		}
		return "string"
	case catalog.Boolean:
		return "bool"
	case catalog.Integer:
		return integer(f)
	case catalog.Object:
		return g.object(name, fmt.Sprintf("a part of %s. %s", owner, f.Description), f, m)
	case catalog.Map:
		if m.suffix == forPatch.suffix {
			return "client.Entries[" + g.item(owner, f, m) + "]"
		}
		return "map[string]" + g.item(owner, f, m)
	case catalog.Set, catalog.List:
		if m.suffix == forPatch.suffix { // it is replaced as a whole
			m = forCreate
		}
		return "[]" + g.item(owner, f, m)
	case catalog.JSON:
		return "json.RawMessage"
	}
	g.fail("%s: a field of type %s has no Go type", name, f.Type)
	return "any"
}

// item is the type of a value in a map, set or list, called after one of them.
func (g *generator) item(owner string, f *catalog.Field, m mode) string {
	item := *f.Items
	item.Name = singular(f.Name)
	if item.Type == catalog.Object {
		return g.object(owner+goName(item.Name), fmt.Sprintf("one in the field %s of %s. %s", f.Name, owner, f.Description), &item, m)
	}
	return g.goType(owner, &item, m)
}

// integer is int where every value fits on any machine, because literals are of that type, and int64 elsewhere.
func integer(f *catalog.Field) string {
	if f.Maximum != nil && *f.Maximum <= math.MaxInt32 && f.Minimum != nil && *f.Minimum >= math.MinInt32 {
		return "int"
	}
	return "int64"
}

// object declares the type of an object in another. One that is sent as it is answered has one type for both.
func (g *generator) object(name, what string, f *catalog.Field, m mode) string {
	fields := g.fieldsAt(name, f.Fields, m, false)
	if m.suffix != answer.suffix {
		if answered, ok := g.structs[name]; ok && slices.EqualFunc(answered, fields, field.same) {
			return name
		}
		what = map[string]string{forCreate.suffix: "what is sent as ", forPatch.suffix: "a change of "}[m.suffix] + name + "."
		name += m.suffix
	}
	if _, ok := g.structs[name]; !ok {
		g.write(&g.later, name, "", name+" is "+what, fields)
	}
	return name
}

// enum declares the type of an enumeration.
func (g *generator) enum(name string, f *catalog.Field) string {
	if of, ok := g.enums[name]; ok {
		if !slices.Equal(of.Enum, f.Enum) {
			g.fail("%s has the values %v at one place and %v at another", name, of.Enum, f.Enum)
		}
		return name
	}
	g.enums[name] = f
	g.declare(name, "the enumeration "+f.Name)
	more := ""
	if f.OpenEnum {
		more = " Further values may come."
	}
	fmt.Fprintf(&g.later, "\n// %s is what %s can be.%s\ntype %s string\n\nconst (\n", name, f.Name, more, name)
	for _, value := range f.Enum {
		constant := name + goValue(value)
		g.declare(constant, "the value "+value)
		fmt.Fprintf(&g.later, "%s %s = %q\n", constant, name, value)
	}
	g.later.WriteString(")\n")
	return name
}

// structure declares a struct where the file has come to.
func (g *generator) structure(name, embedded, doc string, fields []field) {
	g.write(&g.body, name, embedded, doc, fields)
}

// width is how long a line of Go may be.
const width = 150

func (g *generator) write(out *bytes.Buffer, name, embedded, doc string, fields []field) {
	g.declare(name, "the type "+name)
	g.structs[name] = fields
	seen := map[string]bool{}
	var names, types, tags int
	for _, f := range fields {
		if seen[f.name] {
			g.fail("%s: two fields would be called %s", name, f.name)
		}
		seen[f.name] = true
		names, types, tags = max(names, len(f.name)), max(types, len(f.goType)), max(tags, len(f.tag)+2)
	}
	column := 4 + names + 1 + types + 1 + tags + len(" // ")
	out.WriteString("\n")
	wrapped(out, doc)
	fmt.Fprintf(out, "type %s struct {\n", name)
	if embedded != "" {
		fmt.Fprintf(out, "%s\n", embedded)
	}
	for _, f := range fields {
		line := fmt.Sprintf("%s %s `%s`", f.name, f.goType, f.tag)
		switch {
		case f.deprecated != "":
			wrapped(out, f.comment)
			out.WriteString("//\n")
			wrapped(out, "Deprecated: "+f.deprecated)
			fmt.Fprintf(out, "%s\n", line)
		case column+len([]rune(f.comment)) > width:
			wrapped(out, f.comment)
			fmt.Fprintf(out, "%s\n", line)
		case f.comment == "":
			fmt.Fprintf(out, "%s\n", line)
		default:
			fmt.Fprintf(out, "%s // %s\n", line, f.comment)
		}
	}
	out.WriteString("}\n")
}

// wrapped writes a comment in lines of its own.
func wrapped(out *bytes.Buffer, text string) {
	line := "//"
	for _, word := range strings.Fields(text) {
		if len([]rune(line))+1+len([]rune(word)) > width-4 {
			out.WriteString(line + "\n")
			line = "//"
		}
		line += " " + word
	}
	out.WriteString(line + "\n")
}

// comment says what a field is, and what its type does not say. What a body takes begins with the first sentence alone: all of it stands at what is
// answered, save where that has not the field.
func comment(f *catalog.Field, m mode) string {
	parts := []string{f.Description}
	add := func(holds bool, format string, args ...any) {
		if holds {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	sent := m.suffix != answer.suffix
	if sent && !f.WriteOnly {
		parts[0] = firstSentence(f.Description)
	}
	add(f.Unit != "", "In %s.", f.Unit)
	add(f.Sensitive, "It must not be kept.")
	add(!sent && f.VisibleTo != "", "For who has %s; others have it in HiddenFields.", f.VisibleTo)
	if m.suffix == forCreate.suffix {
		add(f.Required, "Required.")
		add(f.ServerDefault || f.Kept, "The server chooses if it is absent.")
		add(len(f.Default) > 0 && !isEmpty(f.Default), "Default %s.", f.Default)
		add(f.WriteOnly, "It is never answered.")
	}
	if sent && f.Type == catalog.Integer {
		switch {
		case f.Minimum != nil && f.Maximum != nil:
			add(true, "%d to %d.", *f.Minimum, *f.Maximum)
		case f.Minimum != nil:
			add(true, "At least %d.", *f.Minimum)
		case f.Maximum != nil:
			add(true, "At most %d.", *f.Maximum)
		}
	}
	if m.suffix == forPatch.suffix {
		add(f.GrowOnly, "It cannot be lowered.")
		add(f.Kept, "Null leaves it.")
		add(f.WriteOnly, "It is never answered.")
	}
	add(sent && f.OneOf != "", "One of those for %s.", f.OneOf)
	add(sent && f.AtMostOne != "", "At most one of those for %s.", f.AtMostOne)
	return strings.Join(parts, " ")
}

func firstSentence(s string) string {
	if i := strings.Index(s, ". "); i >= 0 {
		return s[:i+1]
	}
	return s
}

func isEmpty(literal json.RawMessage) bool {
	return slices.Contains([]string{"{}", "[]", "null", `""`, "false"}, string(bytes.TrimSpace(literal)))
}
