package lint

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// having gives a field each trait of the table.
var having = map[string]func(f *catalog.Field){
	"string":  func(*catalog.Field) {},
	"integer": func(f *catalog.Field) { f.Type = catalog.Integer },
	"boolean": func(f *catalog.Field) { f.Type = catalog.Boolean },
	"json":    func(f *catalog.Field) { f.Type = catalog.JSON },
	"object": func(f *catalog.Field) {
		f.Type, f.Fields = catalog.Object, []catalog.Field{{Name: "y", Type: catalog.String}}
	},
	"map":                    func(f *catalog.Field) { collect(f, catalog.Map, catalog.String) },
	"set":                    func(f *catalog.Field) { collect(f, catalog.Set, catalog.String) },
	"list":                   func(f *catalog.Field) { collect(f, catalog.List, catalog.String) },
	"map of objects":         func(f *catalog.Field) { collect(f, catalog.Map, catalog.Object) },
	"list of objects":        func(f *catalog.Field) { collect(f, catalog.List, catalog.Object) },
	"required":               func(f *catalog.Field) { f.Required = true },
	"nullable":               func(f *catalog.Field) { f.Nullable = true },
	"default":                func(f *catalog.Field) { f.Default = []byte(`"a"`) },
	"server_default":         func(f *catalog.Field) { f.ServerDefault = true },
	"kept":                   func(f *catalog.Field) { f.Kept = true },
	"follows":                func(f *catalog.Field) { f.Follows = []string{"name"} },
	"sensitive":              func(f *catalog.Field) { f.Sensitive = true },
	"immutable":              func(f *catalog.Field) { f.Immutable = true },
	"computed":               func(f *catalog.Field) { f.Computed = true },
	"volatile":               func(f *catalog.Field) { f.Volatile = true },
	"write_only":             func(f *catalog.Field) { f.WriteOnly = true },
	"shown_once":             func(f *catalog.Field) { f.ShownOnce = true },
	"grow_only":              func(f *catalog.Field) { f.GrowOnly = true },
	"needs_stop":             func(f *catalog.Field) { f.NeedsStop = true },
	"enum":                   func(f *catalog.Field) { f.Enum = []string{"a"} },
	"open_enum":              func(f *catalog.Field) { f.OpenEnum = true },
	"format":                 func(f *catalog.Field) { f.Format = "ip" },
	"minimum, maximum":       func(f *catalog.Field) { f.Minimum = new(int64) },
	"min_length, max_length": func(f *catalog.Field) { collect(f, catalog.Set, catalog.String); f.Items.MaxLength = new(int64) },
	"max_items":              func(f *catalog.Field) { f.MaxItems = new(int64) },
	"unit":                   func(f *catalog.Field) { f.Unit = "s" },
	"ref":                    func(f *catalog.Field) { f.Ref = []string{"shelf"} },
	"ref of keys":            func(f *catalog.Field) { collect(f, catalog.Map, catalog.String); f.Ref = []string{"shelf"} },
	"one_of":                 func(f *catalog.Field) { f.OneOf = "pair" },
	"at_most_one":            func(f *catalog.Field) { f.AtMostOne = "few" },
	"visible_to":             func(f *catalog.Field) { f.VisibleTo = "books.get_x" },
	"since":                  func(f *catalog.Field) { f.Since = "1.1" },
	"deprecated":             func(f *catalog.Field) { f.Deprecated = "Use z." },
	"renamed_from":           func(f *catalog.Field) { f.RenamedFrom = "w" },
}

func collect(f *catalog.Field, kind, of string) {
	f.Type, f.Items = kind, &catalog.Field{Name: "item", Type: of}
	if of == catalog.Object {
		f.Items.Fields = []catalog.Field{{Name: "y", Type: catalog.String}}
	}
}

// standing puts a field x into each shape.
func standing(f catalog.Field, in Shape) catalog.Field {
	switch out := (catalog.Field{Name: "in", Type: catalog.Object, Fields: []catalog.Field{f}}); in {
	case Object:
		return out
	case Branch:
		out.OneOf = "source"
		return out
	case Entry:
		return catalog.Field{Name: "in", Type: catalog.Map, Items: &out}
	case Item:
		return catalog.Field{Name: "in", Type: catalog.List, Items: &out}
	}
	return f
}

// Every trait is refused wherever the table does not admit it, with what to write instead, and nowhere else.
func TestTheTableIsEnforced(t *testing.T) {
	t.Parallel()
	for _, trait := range Traits {
		give := having[trait.Name]
		if give == nil {
			t.Errorf("%s: is tried nowhere", trait.Name)
			continue
		}
		for _, shape := range Shapes {
			f := catalog.Field{Name: "x", Type: catalog.String}
			if give(&f); !trait.Has(&f) {
				t.Fatalf("%s: %+v has it not", trait.Name, f)
			}
			c := sound(t)
			k := c.Kind("book")
			k.Fields = append(k.Fields, standing(f, shape))
			cell, refused := trait.Cells[shape], fmt.Sprintf(": %s %s is not admitted: %s", trait.Name, shape.where(), trait.Cells[shape].Instead)
			if (cell.Needs == "") == (cell.Instead == "") {
				t.Errorf("%s %s: either a kind needs it or there is something else to write", trait.Name, shape)
			}
			if found := slices.ContainsFunc(Catalog(c), func(s string) bool { return strings.Contains(s, refused) }); found == cell.Admitted() {
				t.Errorf("%s %s: admitted %t, refused %t", trait.Name, shape, cell.Admitted(), found)
			}
		}
	}
}

// What stands in several shapes is admitted in all of them, or not at all; and what only describes an answer is not looked at.
func TestShapesInShapes(t *testing.T) {
	t.Parallel()
	secret := catalog.Field{Name: "x", Type: catalog.String, WriteOnly: true}
	inBranch := standing(secret, Branch)
	for name, c := range map[string]struct {
		field catalog.Field
		want  string
	}{
		"a secret in a branch":               {inBranch, ""},
		"a secret in a branch in an entry":   {standing(inBranch, Entry), "field in.*.in.x: write_only in an entry of a map is not admitted"},
		"what the server sets, in an answer": {catalog.Field{Name: "in", Type: catalog.List, Computed: true, Items: &catalog.Field{Type: catalog.Object, Fields: []catalog.Field{secret}}}, ""},
		"in what is set once":                {catalog.Field{Name: "in", Type: catalog.Object, Immutable: true, Fields: []catalog.Field{{Name: "x", Type: catalog.String, Immutable: true}}}, ""},
	} {
		l := &linter{}
		l.shapes("kind book", []catalog.Field{c.field})
		if found := strings.Join(l.found, "\n"); (c.want == "") != (found == "") || !strings.Contains(found, c.want) {
			t.Errorf("%s: found %s", name, found)
		}
	}
}

// A cell that names a field which is there is needed by it: the page does not say so of others.
func TestTheTableNamesWhoNeedsIt(t *testing.T) {
	t.Parallel()
	now, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, trait := range Traits {
		for _, shape := range Shapes {
			cell, used := trait.Cells[shape], false
			if !cell.Stands(now) {
				continue
			}
			kind, field, _ := strings.Cut(cell.Needs, ".")
			Walk(FieldsOf(now.Kind(kind)), func(f *catalog.Field, path []string, within []Shape) {
				used = used || path[0] == field && slices.Contains(within, shape) && trait.Has(f)
			})
			if !used {
				t.Errorf("%s %s: %s is there, and does not need it", trait.Name, shape, cell.Needs)
			}
		}
	}
}

func TestTraitsPage(t *testing.T) {
	t.Parallel()
	now, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	page := TraitsPage(now)
	for _, want := range []string{"| `write_only` | A secret: goes in, never comes out. | virtual_machine.user_data | *acme_account.external_account* | no (", "| `fqdn` | names in upper and lower case"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if committed, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "traits.md")); err != nil || string(committed) != page {
		t.Errorf("docs/traits.md is not what the table says; make generate (%v)", err)
	}
}
