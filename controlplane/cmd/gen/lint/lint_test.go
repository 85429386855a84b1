package lint

import (
	"cmp"
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

// sound is a catalog with nothing wrong in it: two kinds, the second in the first.
func sound(t *testing.T) *catalog.Catalog {
	t.Helper()
	var c catalog.Catalog
	if err := json.Unmarshal([]byte(`{"version":"1.0","base_path":"/api/v1","kinds":[
	{"name":"shelf","plural":"shelves","title":"Shelf","description":"A shelf.","category":"Things","prefix":"shl","path":"/shelves","named":false,"key":["id"],"managed":false,
	 "fields":[{"name":"id","type":"string","format":"typeid","description":"Id.","computed":true}],
	 "operations":{"get":{"id":"shelves.get","summary":"Get."},"list":{"id":"shelves.list","summary":"List."}}},
	{"name":"book","plural":"books","title":"Book","description":"A book.","category":"Things","prefix":"bok","path":"/books","named":true,"managed":true,
	 "parent":{"kind":"shelf","field":"shelf_id"},
	 "fields":[
	  {"name":"id","type":"string","format":"typeid","description":"Id.","computed":true},
	  {"name":"name","type":"string","format":"slug","pattern":"^[a-z]+$","description":"Name.","required":true},
	  {"name":"shelf_id","type":"string","format":"typeid","ref":["shelf"],"description":"Its shelf.","required":true,"immutable":true},
	  {"name":"display_name","type":"string","description":"Title.","nullable":true,"max_length":9},
	  {"name":"labels","type":"map","description":"Labels.","items":{"name":"value","type":"string","description":"Value.","max_length":5},"max_items":2,"default":{}},
	  {"name":"deletion_protection","type":"boolean","description":"Keep it.","default":false},
	  {"name":"size_mib","type":"integer","description":"Size.","unit":"MiB","minimum":1,"maximum":9,"default":2,"grow_only":true},
	  {"name":"cover","type":"object","description":"Cover.","nullable":true,"fields":[{"name":"colour","type":"string","description":"Colour.","enum":["red","blue"],"default":"red"}]},
	  {"name":"revision","type":"integer","description":"Changes.","computed":true,"volatile":true},
	  {"name":"created_at","type":"string","format":"date-time","description":"Made.","computed":true,"volatile":true},
	  {"name":"updated_at","type":"string","format":"date-time","description":"Changed.","computed":true,"volatile":true},
	  {"name":"state","type":"string","description":"State.","computed":true,"volatile":true,"enum":["active"]}],
	 "operations":{"create":{"id":"books.create","summary":"Make."},"get":{"id":"books.get","summary":"Get."},"list":{"id":"books.list","summary":"List."},
	  "update":{"id":"books.update","summary":"Change."},"delete":{"id":"books.delete","summary":"Remove."}},
	 "actions":[{"name":"open","id":"books.open","summary":"Open it."}],
	 "filters":[{"name":"shelf_id","type":"string","description":"Those on one shelf.","ref":["shelf"]},{"name":"state","type":"string","description":"Those in such a state.","enum":["active"],"many":true}],
	 "states":{"active":["get","update","delete","open"]}}]}`), &c); err != nil {
		t.Fatal(err)
	}
	return &c
}

// titled is the catalog with titles where it has none: they are as the names are.
func titled(c *catalog.Catalog) *catalog.Catalog {
	var each func(fields []catalog.Field)
	each = func(fields []catalog.Field) {
		for i := range fields {
			f := &fields[i]
			f.Title = cmp.Or(f.Title, f.Name)
			each(f.Fields)
			if f.Items != nil {
				f.Items.Title = "Item"
				each(f.Items.Fields)
			}
		}
	}
	for i := range c.Kinds {
		k := &c.Kinds[i]
		each(k.Fields)
		for j := range k.Actions {
			each(k.Actions[j].Fields)
		}
		for j := range k.Reveals {
			each(k.Reveals[j].Fields)
		}
		for j := range k.Filters {
			k.Filters[j].Title = cmp.Or(k.Filters[j].Title, k.Filters[j].Name)
		}
	}
	for i := range c.Operations {
		o := &c.Operations[i]
		each(o.Fields)
		each(o.Answer)
		for j := range o.Parameters {
			o.Parameters[j].Title = cmp.Or(o.Parameters[j].Title, o.Parameters[j].Name)
		}
	}
	return c
}

func TestSoundCatalog(t *testing.T) {
	t.Parallel()
	if found := Catalog(titled(sound(t))); len(found) > 0 {
		t.Errorf("found %q", found)
	}
}

// The catalog of the product has nothing wrong in it.
func TestCatalogOfTheProduct(t *testing.T) {
	t.Parallel()
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range Catalog(c) {
		t.Error(f)
	}
}

func TestCatalogFinds(t *testing.T) {
	t.Parallel()
	field := func(f catalog.Field) func(*catalog.Kind) {
		if f.Description == "" {
			f.Description = "Words."
		}
		return func(k *catalog.Kind) { k.Fields = append(k.Fields, f) }
	}
	number := func(n int64) *int64 { return &n }
	text := func(name string, change func(*catalog.Field)) func(*catalog.Kind) {
		f := catalog.Field{Name: name, Type: catalog.String, MaxLength: number(9)}
		change(&f)
		return field(f)
	}
	for want, change := range map[string]func(*catalog.Kind){
		"field count: the name belongs to Terraform":     text("count", func(*catalog.Field) {}),
		"field token: the name belongs to Ansible":       text("token", func(*catalog.Field) {}),
		"field state: cannot be sent":                    func(k *catalog.Kind) { k.Field("state").Computed, k.Field("state").Volatile = false, false },
		"field bigName: its name is not lower_case":      text("bigName", func(*catalog.Field) {}),
		"field name: stands twice":                       text("name", func(*catalog.Field) {}),
		"field x: has no title":                          text("x", func(f *catalog.Field) { f.Title = " " }),
		"field x: its title \"name\" is that of another": text("x", func(f *catalog.Field) { f.Title = "name" }),
		"is longer than 40 characters":                   text("x", func(f *catalog.Field) { f.Title = strings.Repeat("é", 41) }),
		"filter lamp_id: its title \"shelf_id\" is that of another": func(k *catalog.Kind) {
			k.Filters = append(k.Filters, catalog.Filter{Name: "lamp_id", Title: "shelf_id", Type: catalog.String, Description: "Words.", Ref: []string{"shelf"}})
		},
		"field x: has no description":                 text("x", func(f *catalog.Field) { f.Description = " " }),
		"field x: its description does not end":       text("x", func(f *catalog.Field) { f.Description = "Words" }),
		"field x: refers to lamp, which is no kind":   text("x", func(f *catalog.Field) { f.Ref = []string{"lamp"} }),
		"field x: its pattern: ":                      text("x", func(f *catalog.Field) { f.Pattern = "^($" }),
		"field x: its pattern is not anchored":        text("x", func(f *catalog.Field) { f.Pattern = "a" }),
		"field x: is text without a limit":            text("x", func(f *catalog.Field) { f.MaxLength = nil }),
		"field x: is write-only and readable":         text("x", func(f *catalog.Field) { f.WriteOnly, f.Computed = true, true }),
		"field x: changes by itself and can be sent":  text("x", func(f *catalog.Field) { f.Volatile = true }),
		"field x: is required and can be absent":      text("x", func(f *catalog.Field) { f.Required, f.Nullable = true, true }),
		"field x: is nullable and has a default":      text("x", func(f *catalog.Field) { f.Nullable, f.Default = true, []byte(`"a"`) }),
		"only one field is in the choice pair":        text("x", func(f *catalog.Field) { f.OneOf = "pair" }),
		`its default "green" is not one of red, blue`: func(k *catalog.Kind) { k.Field("cover").Fields[0].Default = []byte(`"green"`) },
		"its default 10 is above the maximum":         func(k *catalog.Kind) { k.Field("size_mib").Default = []byte(`10`) },
		"its default 1.5 is not a whole number":       func(k *catalog.Kind) { k.Field("size_mib").Default = []byte(`1.5`) },
		"its default [] is not an object":             func(k *catalog.Kind) { k.Field("labels").Default = []byte(`[]`) },
		`has the key a, which is too long`:            func(k *catalog.Kind) { k.Field("labels").Default = []byte(`{"a":"123456"}`) },
		"field labels: has no limit":                  func(k *catalog.Kind) { k.Field("labels").MaxItems = nil },
		"field x: there is no type number":            field(catalog.Field{Name: "x", Type: "number"}),
		"field x: is a number without both limits":    field(catalog.Field{Name: "x", Type: catalog.Integer, Minimum: number(1)}),
		"field x: its minimum is above its maximum":   field(catalog.Field{Name: "x", Type: catalog.Integer, Minimum: number(2), Maximum: number(1)}),
		"field x_gib: is called _gib, so its x-unit":  field(catalog.Field{Name: "x_gib", Type: catalog.Integer, Minimum: number(1), Maximum: number(2)}),
		"field x: is measured in GiB, and its name":   field(catalog.Field{Name: "x", Type: catalog.Integer, Unit: "GiB", Minimum: number(1), Maximum: number(2)}),
		"field x: is a list of objects": field(catalog.Field{Name: "x", Type: catalog.List, MaxItems: number(1),
			Items: &catalog.Field{Name: "item", Type: catalog.Object, Description: "Words."}}),
		"field x: is a set of sets": field(catalog.Field{Name: "x", Type: catalog.Set, MaxItems: number(1),
			Items: &catalog.Field{Name: "item", Type: catalog.Set, Items: &catalog.Field{}}}),
		"field x: is a set of references": field(catalog.Field{Name: "x", Type: catalog.Set, MaxItems: number(1),
			Items: &catalog.Field{Name: "item", Type: catalog.String, Ref: []string{"shelf"}}}),
		"field x: is an object of any shape":      field(catalog.Field{Name: "x", Type: catalog.JSON, Nullable: true}),
		"field x: is an object without fields":    field(catalog.Field{Name: "x", Type: catalog.Object, Nullable: true}),
		"its parent lamp is no kind":              func(k *catalog.Kind) { k.Parent.Kind = "lamp" },
		"its parent field lamp_id does not exist": func(k *catalog.Kind) { k.Parent.Field = "lamp_id" },
		"is named and has no field labels": func(k *catalog.Kind) {
			k.Fields = slices.DeleteFunc(k.Fields, func(f catalog.Field) bool { return f.Name == "labels" })
		},
		"has no computed field id":                        func(k *catalog.Kind) { k.Field("id").Computed = false },
		"nothing reads one":                               func(k *catalog.Kind) { delete(k.Operations, "get") },
		"its table of states lacks active":                func(k *catalog.Kind) { delete(k.States, "active") },
		"its table of states has gone":                    func(k *catalog.Kind) { k.States["gone"] = []string{"get"} },
		"state active: allows burn, which does not exist": func(k *catalog.Kind) { k.States["active"] = []string{"burn"} },
		"filter lamp: is neither a field nor the id": func(k *catalog.Kind) {
			k.Filters = append(k.Filters, catalog.Filter{Name: "lamp", Description: "Words."})
		},
		"is in states, and its list has no filter": func(k *catalog.Kind) { k.Filters = k.Filters[:1] },
		"filter labels: the field is a map": func(k *catalog.Kind) {
			k.Filters = append(k.Filters, catalog.Filter{Name: "labels", Description: "Words."})
		},
		"filter name: takes several values, and is neither": func(k *catalog.Kind) {
			k.Filters = append(k.Filters, catalog.Filter{Name: "name", Type: catalog.String, Description: "Words.", Many: true})
		},
		"filter deletion_protection: takes several values, and is neither": func(k *catalog.Kind) {
			k.Filters = append(k.Filters, catalog.Filter{Name: "deletion_protection", Type: catalog.Boolean, Description: "Words.", Many: true})
		},
		"filter size_mib_most: is an end of a range, and is not called": func(k *catalog.Kind) {
			k.Filters = append(k.Filters, catalog.Filter{Name: "size_mib_most", Type: catalog.Integer, Description: "Words.", Field: "size_mib", Bound: "max"})
		},
		"filter lamp_max: is an end of a range, and is not called": func(k *catalog.Kind) {
			k.Filters = append(k.Filters, catalog.Filter{Name: "lamp_max", Type: catalog.Integer, Description: "Words.", Field: "lamp", Bound: "max"})
		},
		"filter size_mib_max: its range has no other end": func(k *catalog.Kind) {
			k.Filters = append(k.Filters, catalog.Filter{Name: "size_mib_max", Type: catalog.Integer, Description: "Words.", Field: "size_mib", Bound: "max"})
		},
		"filter size_mib_from: a range is of times, from and until": func(k *catalog.Kind) {
			k.Filters = append(k.Filters, catalog.Filter{Name: "size_mib_from", Type: catalog.Integer, Description: "Words.", Field: "size_mib", Bound: "from"})
		},
		"filter created_at_min: a range is of times, from and until": func(k *catalog.Kind) {
			k.Filters = append(k.Filters, catalog.Filter{Name: "created_at_min", Type: catalog.String, Format: "date-time", Description: "Words.", Field: "created_at", Bound: "min"})
		},
		"filter created_at_from: takes either several values or a range": func(k *catalog.Kind) {
			k.Filters = append(k.Filters, catalog.Filter{Name: "created_at_from", Type: catalog.String, Format: "date-time", Description: "Words.", Field: "created_at", Bound: "from", Many: true})
		},
		"filter size_mib_max: there is a field of that name": func(k *catalog.Kind) {
			k.Fields = append(k.Fields, catalog.Field{Name: "size_mib_max", Type: catalog.Integer, Description: "Words.", Computed: true, Unit: "MiB"})
			k.Filters = append(k.Filters, catalog.Filter{Name: "size_mib_max", Type: catalog.Integer, Description: "Words.", Field: "size_mib", Bound: "max"})
		},
		"is ordered by lamp, which is no field":                                                        func(k *catalog.Kind) { k.Orders = []string{"lamp"} },
		"is ordered by labels, which is a map":                                                         func(k *catalog.Kind) { k.Orders = []string{"labels"} },
		"is ordered by name twice":                                                                     func(k *catalog.Kind) { k.Orders = []string{"name", "name"} },
		"an action is called get, as a standard":                                                       func(k *catalog.Kind) { k.Actions[0].Name = "get" },
		"action open: has no summary":                                                                  func(k *catalog.Kind) { k.Actions[0].Summary = "" },
		"its prefix shl is also that of shelf":                                                         func(k *catalog.Kind) { k.Prefix = "shl" },
		"has no title":                                                                                 func(k *catalog.Kind) { k.Title = "" },
		"its prefix is 2 to 5 letters; only what":                                                      func(k *catalog.Kind) { k.Prefix = "B" },
		"its parent tray is no kind":                                                                   func(k *catalog.Kind) { k.Parent.Or = []string{"tray"} },
		"field shelf_id: refers to [shelf], the parent is a shelf or a book":                           func(k *catalog.Kind) { k.Parent.Or = []string{"book"} },
		"field x: is shown once, so it is text":                                                        text("x", func(f *catalog.Field) { f.ShownOnce, f.Computed = true, true }),
		"field size_mib: is part of the key, so it is required":                                        func(k *catalog.Kind) { k.Key = []string{"size_mib"} },
		"its key names lamp, which is no field":                                                        func(k *catalog.Kind) { k.Key = []string{"lamp"} },
		"is part of the key, so its list needs a filter":                                               func(k *catalog.Kind) { k.Key, k.Filters = []string{"shelf_id"}, nil },
		"is a singleton and has a create":                                                              func(k *catalog.Kind) { k.Singleton, k.Key = true, []string{"shelf_id"} },
		"has the field id; the id of a singleton is its key":                                           func(k *catalog.Kind) { k.Singleton, k.Key = true, []string{"shelf_id"} },
		"get: its path is not /books/{id}":                                                             func(k *catalog.Kind) { k.Singleton, k.Key = true, []string{"shelf_id"} },
		"is a singleton, so its key is one field, which refers to":                                     func(k *catalog.Kind) { k.Singleton, k.Key = true, []string{"name"} },
		"field x: only some may see it, and it takes the permission shelves.get_x; it is books.<verb>": text("x", func(f *catalog.Field) { f.VisibleTo = "shelves.get_x" }),
		"field x: only some may see it, and it takes the permission books.get-x":                       text("x", func(f *catalog.Field) { f.VisibleTo = "books.get-x" }),
		"takes the permission books.get_cover of an operation": func(k *catalog.Kind) {
			k.Documents = []catalog.Part{{Name: "cover", Operation: catalog.Operation{Permission: "books.get_cover", Summary: "Get."}}}
			k.Field("size_mib").VisibleTo = "books.get_cover"
		},
		"takes the permission books.open of an operation": func(k *catalog.Kind) {
			k.Actions[0].Permission, k.Field("size_mib").VisibleTo = "books.open", "books.open"
		},
		"field x: only some may see it, and it is required":                    text("x", func(f *catalog.Field) { f.VisibleTo, f.Required = "books.get_x", true }),
		"field x: only some may see it, and it is a secret":                    text("x", func(f *catalog.Field) { f.VisibleTo, f.WriteOnly = "books.get_x", true }),
		"field x: only some may see it, and it is a reference":                 text("x", func(f *catalog.Field) { f.VisibleTo, f.Ref = "books.get_x", []string{"shelf"} }),
		"field x: only some may see it, and it is one of a choice":             text("x", func(f *catalog.Field) { f.VisibleTo, f.OneOf = "books.get_x", "pair" }),
		"field name: only some may see it, and it says which object it is":     func(k *catalog.Kind) { k.Field("name").VisibleTo = "books.get_x" },
		"field shelf_id: only some may see it, and it says which object it is": func(k *catalog.Kind) { k.Field("shelf_id").VisibleTo, k.Key = "books.get_x", []string{"shelf_id"} },
		"field x, items, field y: only some may see it, and it is in a list that can be sent": field(catalog.Field{Name: "x", Type: catalog.List, MaxItems: number(1),
			Items: &catalog.Field{Name: "item", Type: catalog.Object, Description: "Words.", Fields: []catalog.Field{{Name: "y", Type: catalog.Boolean, VisibleTo: "books.get_x"}}}}),
		"action open, field x: only some may see it, and it is required": func(k *catalog.Kind) {
			k.Actions[0].Fields = []catalog.Field{{Name: "x", Type: catalog.Boolean, Description: "Words.", Required: true, VisibleTo: "books.get_x"}}
		},
		"update: requires If-Match, and has no field revision": func(k *catalog.Kind) {
			k.Operations["update"] = catalog.Operation{Summary: "Change.", RequiresIfMatch: true}
			k.Fields = slices.DeleteFunc(k.Fields, func(f catalog.Field) bool { return f.Name == "revision" })
		},
	} {
		c := sound(t)
		change(c.Kind("book"))
		if found := Catalog(titled(c)); !slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, want) }) {
			t.Errorf("want %q, found %q", want, found)
		}
	}
}

func TestGeneralOperationsFind(t *testing.T) {
	t.Parallel()
	answer := []catalog.Field{{Name: "open", Type: catalog.Boolean, Description: "Whether it is open.", Computed: true}}
	limit := int64(9)
	hours := func() catalog.GeneralOperation {
		return catalog.GeneralOperation{Operation: catalog.Operation{ID: "hours.get", Method: "GET", Path: "/hours", Summary: "Say when it is open."}, Answer: slices.Clone(answer),
			Parameters: []catalog.Parameter{{Filter: catalog.Filter{Name: "day", Type: catalog.String, Description: "Of one day."}}}}
	}
	sane := sound(t)
	sane.Operations = []catalog.GeneralOperation{hours()}
	if found := Catalog(titled(sane)); len(found) > 0 {
		t.Fatalf("found %q", found)
	}
	for want, change := range map[string]func(*catalog.GeneralOperation){
		"operation hours.get: has no summary":                    func(o *catalog.GeneralOperation) { o.Summary = "" },
		"operation books.list: is called books by clients":       func(o *catalog.GeneralOperation) { o.ID = "books.list" },
		"operation times.get: is called, or stands, where hours": func(o *catalog.GeneralOperation) { o.ID = "times.get" },
		"parameter day: has no description":                      func(o *catalog.GeneralOperation) { o.Parameters[0].Description = "" },
		"parameter theDay: its name is not lower_case":           func(o *catalog.GeneralOperation) { o.Parameters[0].Name = "theDay" },
		"parameter day: refers to lamp, which is no kind":        func(o *catalog.GeneralOperation) { o.Parameters[0].Ref = []string{"lamp"} },
		"parameter day: its body has a field of that name": func(o *catalog.GeneralOperation) {
			o.Fields = []catalog.Field{{Name: "day", Type: catalog.String, Description: "Day.", Required: true, MaxLength: &limit}}
		},
		"operation hours.get, field day: is text without a limit": func(o *catalog.GeneralOperation) {
			o.Fields = []catalog.Field{{Name: "day", Type: catalog.String, Description: "Day.", Required: true}}
		},
		"operation hours.get, answer, field open: has no descript": func(o *catalog.GeneralOperation) { o.Answer[0].Description = "" },
		"operation hours.get: answers nothing":                     func(o *catalog.GeneralOperation) { o.Answer = nil },
		"operation hours.get: answers a page if it is a list":      func(o *catalog.GeneralOperation) { o.Paged = true },
	} {
		c := sound(t)
		c.Operations = []catalog.GeneralOperation{hours(), hours()}
		c.Operations[1].Path, c.Operations[1].ID = "/other", "other.get"
		if strings.Contains(want, "times.get") {
			c.Operations[1] = hours()
		}
		o := &c.Operations[0]
		if strings.Contains(want, "times.get") {
			o = &c.Operations[1]
		}
		change(o)
		if found := Catalog(titled(c)); !slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, want) }) {
			t.Errorf("want %q, found %q", want, found)
		}
	}
}

// What is right though it looks like what is not.
func TestCatalogPasses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*catalog.Kind){
		"the platform in a reference": func(k *catalog.Kind) {
			k.Field("shelf_id").Ref = append(k.Field("shelf_id").Ref, catalog.Platform)
			k.Parent = nil
		},
		"a secret called token": func(k *catalog.Kind) {
			k.Fields = append(k.Fields, catalog.Field{Name: "token", Type: catalog.String, Description: "Words.", Computed: true, Nullable: true, ShownOnce: true})
		},
		"what only some may see, in an object and in a map": func(k *catalog.Kind) {
			k.Field("cover").Fields[0].VisibleTo = "books.get_cover"
			k.Fields = append(k.Fields, catalog.Field{Name: "prices", Type: catalog.Map, Description: "Words.", MaxItems: new(int64), Items: &catalog.Field{
				Name: "value", Type: catalog.Object, Description: "Words.", Fields: []catalog.Field{
					{Name: "cost", Type: catalog.Boolean, Nullable: true, Description: "Words.", VisibleTo: "books.get_cost"}}}})
		},
		"a list of objects that only the server makes": func(k *catalog.Kind) {
			k.Fields = append(k.Fields, catalog.Field{Name: "uses", Type: catalog.List, Description: "Words.", Computed: true, Items: &catalog.Field{
				Name: "item", Type: catalog.Object, Description: "Words.", Fields: []catalog.Field{{Name: "kind", Type: catalog.String, Description: "Words.", Computed: true}}}})
		},
	} {
		c := sound(t)
		change(c.Kind("book"))
		if found := Catalog(titled(c)); len(found) > 0 {
			t.Errorf("%s: found %q", name, found)
		}
	}
}

// judge stands in for the specification: names are lower-case, and nothing else is looked at.
type judge struct{}

func (judge) Body(_ string, body []byte) ([]byte, error) {
	var m map[string]any
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, err
	}
	if name, _ := m["name"].(string); name != strings.ToLower(name) {
		return nil, fault.Invalidf("/name", "pattern", "must be lower-case")
	}
	return body, nil
}

func (judge) PatchBody(_ string, body []byte) (map[string]any, error) {
	var m map[string]any
	return m, json.Unmarshal(body, &m)
}

func (j judge) Merge(op string, _ any, patch map[string]any) ([]byte, error) {
	b, err := json.Marshal(patch)
	if err != nil {
		return nil, err
	}
	return j.Body(op, b)
}

func soundFixture(t *testing.T) *catalog.Fixture {
	t.Helper()
	var f catalog.Fixture
	if err := json.Unmarshal([]byte(`{"parents":{"shelf":{"kind":"shelf"}},
	 "minimal":{"name":"a-${unique}","shelf_id":"${shelf}"},
	 "full":{"name":"a-${unique}","shelf_id":"${shelf}","display_name":"A","labels":{"a":"b"},"deletion_protection":false,"size_mib":3,"cover":{"colour":"red"}},
	 "changed":{"name":"b-${unique}","display_name":"B","labels":{},"deletion_protection":false,"size_mib":4,"cover":{"colour":"blue"}},
	 "invalid":[{"name":"capitals","set":{"name":"A"},"pointer":"/name","code":"pattern"}]}`), &f); err != nil {
		t.Fatal(err)
	}
	return &f
}

func TestFixtures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*catalog.Fixture)
		want   string
	}{
		"sound":                {func(*catalog.Fixture) {}, ""},
		"required is missing":  {func(f *catalog.Fixture) { delete(f.Minimal, "shelf_id") }, "minimal lacks shelf_id"},
		"more than minimal":    {func(f *catalog.Fixture) { f.Minimal["size_mib"] = 3 }, "minimal has size_mib"},
		"not full":             {func(f *catalog.Fixture) { delete(f.Full, "size_mib") }, "full lacks size_mib"},
		"not changed":          {func(f *catalog.Fixture) { delete(f.Changed, "cover") }, "changed lacks cover"},
		"changed to the same":  {func(f *catalog.Fixture) { f.Changed["size_mib"] = f.Full["size_mib"] }, "changed has the same size_mib"},
		"refused":              {func(f *catalog.Fixture) { f.Full["name"] = "A" }, "full would be refused"},
		"changed is refused":   {func(f *catalog.Fixture) { f.Changed["name"] = "B" }, "changed would be refused"},
		"no parent":            {func(f *catalog.Fixture) { f.Minimal["shelf_id"] = "${lamp}" }, "${lamp} names no parent"},
		"a parent of no kind":  {func(f *catalog.Fixture) { f.Parents["lamp"] = catalog.FixtureParent{Kind: "lamp"} }, "parent lamp is of kind lamp"},
		"no invalid":           {func(f *catalog.Fixture) { f.Invalid = nil }, "has no invalid cases"},
		"invalid is accepted":  {func(f *catalog.Fixture) { f.Invalid[0].Set["name"] = "a" }, "is accepted, not refused with pattern"},
		"another code":         {func(f *catalog.Fixture) { f.Invalid[0].Code = "required" }, "is refused, but not at /name with required"},
		"a pointer to nothing": {func(f *catalog.Fixture) { f.Invalid[0].Pointer = "/size_mib" }, "its pointer is of a field that it does not set"},
		"takes no value yet":   {func(f *catalog.Fixture) { f.Full["display_name"], f.Changed["display_name"] = nil, nil }, ""},
		"a day to come":        {func(f *catalog.Fixture) { f.Full["display_name"] = "${in_30_days}" }, ""},
		"half a case":          {func(f *catalog.Fixture) { f.Invalid[0].Code = "" }, "needs a name, what it sets"},
	} {
		f := soundFixture(t)
		c.change(f)
		found := Fixtures(sound(t), func(string) (*catalog.Fixture, error) { return f, nil }, judge{})
		if c.want == "" && len(found) > 0 || c.want != "" && !slices.ContainsFunc(found, func(s string) bool { return strings.Contains(s, c.want) }) {
			t.Errorf("%s: want %q, found %q", name, c.want, found)
		}
	}
	missing := Fixtures(sound(t), func(string) (*catalog.Fixture, error) { return nil, fs.ErrNotExist }, judge{})
	if len(missing) != 1 || !strings.Contains(missing[0], "kind book: has no sample data") {
		t.Errorf("found %q", missing)
	}
	broken := Fixtures(sound(t), func(string) (*catalog.Fixture, error) { return nil, errors.New("broken") }, judge{})
	if len(broken) != 1 || !strings.Contains(broken[0], "broken") {
		t.Errorf("found %q", broken)
	}
}
