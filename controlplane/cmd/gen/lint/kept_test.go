package lint

import (
	"slices"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// keptField is a field that another party sets, too, changed.
func keptField(change func(*catalog.Field)) catalog.Field {
	f := catalog.Field{Name: "x", Type: catalog.Boolean, Description: "Words.", Kept: true}
	change(&f)
	return f
}

func TestKeptFields(t *testing.T) {
	t.Parallel()
	asIs := func(*catalog.Field) {}
	most := int64(9)
	inside := func(f catalog.Field, listed string) catalog.Field {
		item := catalog.Field{Name: "item", Type: catalog.Object, Description: "Words.", Fields: []catalog.Field{f}}
		if listed == catalog.Object {
			item.Name, item.Nullable = "o", true
			return item
		}
		return catalog.Field{Name: "o", Type: listed, Description: "Words.", MaxItems: &most, Items: &item}
	}
	for want, f := range map[string]catalog.Field{
		"":                   keptField(asIs),
		"in an object":       inside(keptField(asIs), catalog.Object),
		"in entries of maps": inside(keptField(asIs), catalog.Map),
		"field x: is kept, and has another rule for its absence": keptField(func(f *catalog.Field) { f.Default = []byte("true") }),
		"field x: is kept, and cannot be changed":                keptField(func(f *catalog.Field) { f.Immutable = true }),
		"field x: is kept, and is a secret":                      keptField(func(f *catalog.Field) { f.WriteOnly = true }),
		"field x: is kept, and is one of a choice":               keptField(func(f *catalog.Field) { f.OneOf = "pair" }),
		"field x: is kept, and is one of a choice, so that":      keptField(func(f *catalog.Field) { f.AtMostOne = "pair" }),
		"field x: is kept, and is a set; write x-kept": keptField(func(f *catalog.Field) {
			f.Type, f.Items, f.MaxItems = catalog.Set, &catalog.Field{Name: "item", Type: catalog.Boolean}, &most
		}),
		"field o.*.x: kept in an item of a list is not admitted: ": inside(keptField(asIs), catalog.List),
		"action open, field x: is kept, and is in what an action ": keptField(asIs),
	} {
		c := sound(t)
		k := c.Kind("book")
		if strings.HasPrefix(want, "action") {
			k.Actions[0].Fields = []catalog.Field{f}
		} else {
			k.Fields = append(k.Fields, f)
		}
		found := Catalog(titled(c))
		if refused := strings.Contains(want, "x: "); !refused && len(found) > 0 || refused && !slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, want) }) {
			t.Errorf("want %q, found %q", want, found)
		}
	}
}
