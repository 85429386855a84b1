package lint

import (
	"slices"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

func TestReveals(t *testing.T) {
	t.Parallel()
	secret := catalog.Field{Name: "code", Type: catalog.String, Description: "Words.", Computed: true, Sensitive: true}
	first := func(k *catalog.Kind) *catalog.Field { return &k.Reveals[0].Fields[0] }
	for want, change := range map[string]func(*catalog.Kind){
		"": func(k *catalog.Kind) {
			k.Reveals[0].Fields = append(k.Reveals[0].Fields, catalog.Field{Name: "length", Type: catalog.Integer, Description: "Words.", Computed: true})
		},
		"passes: what goes in and is revealed": func(k *catalog.Kind) {
			k.Fields = append(k.Fields, catalog.Field{Name: "code", Type: catalog.String, Description: "Words.", WriteOnly: true, Nullable: true, MaxLength: k.Field("display_name").MaxLength})
		},
		"what is revealed as theCode: is lower_case":            func(k *catalog.Kind) { k.Reveals[0].Name = "theCode" },
		"what is revealed as code: a document, an upload":       func(k *catalog.Kind) { k.Documents = []catalog.Part{{Name: "code"}} },
		"what is revealed as code: an action is called reveal":  func(k *catalog.Kind) { k.Actions[0].Name = "reveal" },
		"is a GET with the permission books.reveal_code":        func(k *catalog.Kind) { k.Reveals[0].Permission = "books.get" },
		"what is revealed as code: has no summary":              func(k *catalog.Kind) { k.Reveals[0].Summary = "" },
		"what is revealed as code, field code: has no descript": func(k *catalog.Kind) { first(k).Description = "" },
		"what is revealed as code: none of its fields is sensi": func(k *catalog.Kind) { first(k).Sensitive = false },
		"field code: is sensitive, so it is text that is answe": func(k *catalog.Kind) { first(k).Type = catalog.Boolean },
		"field code: is sensitive, and only who has the permis": func(k *catalog.Kind) { first(k).VisibleTo = "books.see_code" },
		"field code: is read of the object, and an operation reveals": func(k *catalog.Kind) {
			k.Fields = append(k.Fields, catalog.Field{Name: "code", Type: catalog.String, Description: "Words.", Computed: true})
		},
		"filter code: would find by what only an operation reveals": func(k *catalog.Kind) {
			k.Filters = append(k.Filters, catalog.Filter{Name: "code", Type: catalog.String, Description: "Words.", Format: "slug"})
		},
		"is ordered by code, which only an operation reveals": func(k *catalog.Kind) { k.Orders = []string{"code"} },
		"field x: is sensitive, and is in no answer of an op": func(k *catalog.Kind) {
			k.Fields = append(k.Fields, catalog.Field{Name: "x", Type: catalog.String, Description: "Words.", Computed: true, Sensitive: true})
		},
		"action open, field code: is sensitive, and is in no": func(k *catalog.Kind) { k.Actions[0].Fields = []catalog.Field{secret} },
		"field cover.code: sensitive in an object is not adm": func(k *catalog.Kind) { k.Field("cover").Fields = append(k.Field("cover").Fields, secret) },
		"what is revealed as code, field parts.*.code: sensi": func(k *catalog.Kind) {
			k.Reveals[0].Fields = append(k.Reveals[0].Fields, catalog.Field{Name: "parts", Type: catalog.List, Description: "Words.", Computed: true,
				Items: &catalog.Field{Name: "item", Type: catalog.Object, Description: "Words.", Fields: []catalog.Field{secret}}})
		},
		"the field size_mib takes a permission that reveals": func(k *catalog.Kind) { k.Field("size_mib").VisibleTo = "books.reveal_size" },
		"the action open takes a permission that reveals":    func(k *catalog.Kind) { k.Actions[0].Permission = "books.reveal_all" },
	} {
		c := sound(t)
		k := c.Kind("book")
		k.Reveals = []catalog.Reveal{{Name: "code", Fields: []catalog.Field{secret}, Operation: catalog.Operation{ID: "books.reveal_code", Method: "GET", Path: "/books/{id}/code",
			Permission: "books.reveal_code", Summary: "Reveal the code of a book"}}}
		change(k)
		found := Catalog(titled(c))
		passes := want == "" || strings.HasPrefix(want, "passes")
		if passes && len(found) > 0 || !passes && !slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, want) }) {
			t.Errorf("want %q, found %q", want, found)
		}
	}
}
