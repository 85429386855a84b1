package contract

// Titles of fields, for people. They are made from the names, which are the field's words already; a tag x-title says what the rule would get wrong.

import (
	"slices"
	"strings"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/cmd/gen/spelling"
)

const extTitle = "x-title"

// ends are the words for the ends of a range, after those for what it is of.
var ends = map[string]string{catalog.From: "from", catalog.Until: "until", catalog.Min: "at least", catalog.Max: "at most"}

// titleOf is what a field of that name is called. What refers to a thing is called as the thing is, what is measured says so beside it, and what is a
// moment is called as what happened then.
func titleOf(name string, measured bool) string {
	parts := strings.Split(name, "_")
	last := parts[len(parts)-1]
	if len(parts) > 1 && (measured || last == "id" || last == "at") {
		parts = parts[:len(parts)-1]
	}
	for i, w := range parts {
		if w == "addr" {
			w = "address" // it is one in names alone
		}
		if parts[i] = spelling.Of(w); parts[i] == w && i == 0 {
			parts[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(parts, " ")
}

// titled gives every field that has no title of its own one.
func titled(fields []catalog.Field) {
	for i := range fields {
		f := &fields[i]
		if f.Title == "" {
			f.Title = titleOf(f.Name, f.Unit != "")
		}
		titled(f.Fields)
		if f.Items != nil {
			items := []catalog.Field{*f.Items}
			titled(items)
			f.Items = &items[0]
		}
	}
}

// titledFilter is a filter with its title: that of the field that it is about, with the end that it is.
func titledFilter(f catalog.Filter, fields []catalog.Field) catalog.Filter {
	about := f.Name
	if f.Field != "" {
		about = f.Field
	}
	f.Title = titleOf(about, false)
	if i := slices.IndexFunc(fields, func(f catalog.Field) bool { return f.Name == about }); i >= 0 {
		f.Title = fields[i].Title
	}
	if f.Bound != "" {
		f.Title += " " + ends[f.Bound]
	}
	return f
}

// titles gives all that is in a catalog its titles.
func titles(c *catalog.Catalog) {
	for i := range c.Kinds {
		k := &c.Kinds[i]
		titled(k.Fields)
		for j := range k.Actions {
			titled(k.Actions[j].Fields)
		}
		for j := range k.Reveals {
			titled(k.Reveals[j].Fields)
		}
		for j := range k.Filters {
			k.Filters[j] = titledFilter(k.Filters[j], k.Fields)
		}
	}
	for i := range c.Operations {
		o := &c.Operations[i]
		titled(o.Fields)
		titled(o.Answer)
		for j := range o.Parameters {
			o.Parameters[j].Filter = titledFilter(o.Parameters[j].Filter, nil)
		}
	}
}
