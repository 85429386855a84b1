package contract

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/cmd/gen/contract/testdata/careless"
	"github.com/demarc/demarc/controlplane/cmd/gen/contract/testdata/depot/crate"
	"github.com/demarc/demarc/controlplane/cmd/gen/contract/testdata/depot/ticket"
	"github.com/demarc/demarc/controlplane/cmd/gen/contract/testdata/depot/warehouse"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/spec"
)

var update = flag.Bool("update", false, "write the golden files anew")

var (
	warehouses = resource.Kind{Name: "warehouse", Title: "Warehouse", Category: "Places", Prefix: "wh", Named: true, Description: "Keeps crates."}
	crates     = resource.Kind{Name: "crate", Title: "Crate", Category: "Goods", Prefix: "crt", Named: true, Description: "Holds goods.",
		Parent: &resource.Link{Kind: "warehouse", Field: "warehouse_id"}, Filters: []resource.Filter{
			{Name: "warehouse_id", Words: "Those in one of these warehouses", Many: true}, {Name: "lid_state", Words: "Those that are to be so", Many: true},
			{Name: "size_gib", Words: "Those whose size is", Range: resource.Numbers}},
		Orders: []string{"size_gib"}}
	tickets = resource.Kind{Name: "operation", Title: "Ticket", Category: "Work", Prefix: "tic", Description: "Work that goes on.", Key: []string{"id"}, Made: "began_at",
		States: map[string][]string{"open": {"get"}, "done": {"get"}}, Filters: []resource.Filter{
			{Name: "near", Words: "Those that end by then", Format: "date-time"}}}
)

// does is a handler for tables that are never served.
func does[In, Out any, P interface {
	*In
	httpapi.Input
}]() httpapi.Handler {
	return httpapi.Handle[In, Out, P](func(context.Context, In) (out Out, err error) { return out, nil })
}

// verbs are the handlers of the five verbs; D is what a delete answers.
func verbs[C, S, V, D any]() httpapi.Handlers {
	return httpapi.Handlers{
		Create: does[httpapi.CreateInput[C], V](), Get: does[httpapi.GetInput, V](), List: does[httpapi.ListInput, resource.Page[V]](),
		Update: does[httpapi.PatchInput[S], V](), Delete: does[httpapi.DeleteInput, D](),
	}
}

// reads are the handlers of a kind that is only read.
func reads[V any]() httpapi.Handlers {
	return httpapi.Handlers{Get: does[httpapi.GetInput, V](), List: does[httpapi.ListInput, resource.Page[V]]()}
}

func depotTables() ([]resource.Kind, []httpapi.Op) {
	ops := httpapi.CRUD(warehouses, verbs[warehouse.WarehouseCreate, warehouse.WarehouseSpec, warehouse.Warehouse, resource.None]())
	ops = append(ops, httpapi.CRUD(crates, verbs[crate.CrateCreate, crate.CrateSpec, crate.Crate, crate.Crate](), httpapi.Create, httpapi.Update, httpapi.Delete)...)
	ops = append(ops, httpapi.Action(crates, "shake", "Shake a crate", true, does[httpapi.ActionBodyInput[crate.Shake], crate.Crate]()))
	of := httpapi.CRUD(tickets, reads[ticket.Ticket]())
	of[0].Parameters = []resource.Filter{{Name: "wait", Words: "Answer when it has ended, or after this time", Format: "duration"}}
	ops = append(ops, of...)
	ops = append(ops, httpapi.Op{ID: "batch.get", Method: "POST", Path: "/batch-get", Scope: httpapi.ScopeCaller, Handle: does[httpapi.GetInput, resource.None]()})
	kinds := []resource.Kind{tickets, crates, warehouses}
	return kinds, listed(kinds, ops)
}

// listed is the operations with what their lists can be asked for.
func listed(kinds []resource.Kind, ops []httpapi.Op) []httpapi.Op {
	registry, of := resource.NewRegistry(), map[string]resource.Kind{}
	for _, k := range kinds {
		registry.Add(k)
		of[k.Name] = k
	}
	var out []httpapi.Op
	for _, op := range ops {
		out = append(out, module.Module{Kind: of[op.Kind], Ops: []httpapi.Op{op}}.Operations(registry)...)
	}
	return out
}

// unnamed is of a package that is not read.
type unnamed struct{}

// tree is a source in testdata, with the packages of the server that it uses.
func tree(t *testing.T, name string) Source {
	t.Helper()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	return Source{
		Root: root, Info: "doc.go",
		Folders: []string{filepath.Join(root, "cmd/gen/contract/testdata", name), filepath.Join(root, "internal/platform/resource")},
	}
}

func depot(t *testing.T) Source {
	t.Helper()
	s := tree(t, "depot")
	s.Kinds, s.Ops = depotTables()
	s.Fixture = func(kind string) (*catalog.Fixture, error) {
		b, err := os.ReadFile(filepath.Join("testdata/depot/fixtures", kind+".json"))
		if err != nil {
			return nil, err
		}
		var f catalog.Fixture
		return &f, json.Unmarshal(b, &f)
	}
	return s
}

// What is made of the depot is read by people when it changes.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := Make(depot(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string][]byte{"openapi.json": files.OpenAPI, "catalog.json": files.Catalog, "operations.md": files.Operations} {
		golden := filepath.Join("testdata/golden", name)
		if *update {
			if err := os.WriteFile(golden, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s differs from %s; look at what `go test ./cmd/gen/contract -run TestGolden -update` changes", name, golden)
		}
	}
}

func TestMakingTwiceIsTheSame(t *testing.T) {
	t.Parallel()
	a, err := Make(depot(t))
	if err != nil {
		t.Fatal(err)
	}
	from := depot(t)
	slices.Reverse(from.Kinds)
	slices.Reverse(from.Ops)
	b, err := Make(from)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Swagger, b.Swagger) || !bytes.Equal(a.OpenAPI, b.OpenAPI) || !bytes.Equal(a.Catalog, b.Catalog) || !bytes.Equal(a.Operations, b.Operations) {
		t.Error("the order of the tables shows in the files")
	}
}

// The points of the contract that the golden files would let pass by an unread update.
func TestSpecification(t *testing.T) {
	t.Parallel()
	files, err := Make(depot(t))
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(files.OpenAPI, &doc); err != nil {
		t.Fatal(err)
	}
	at := func(path string) any {
		var v any = doc
		for _, part := range strings.Split(path, " ") {
			m, _ := v.(map[string]any)
			v = m[part]
		}
		return v
	}
	for path, want := range map[string]any{
		"components schemas CrateCreate additionalProperties":                                       false,
		"components schemas AddressInput additionalProperties":                                      false,
		"components schemas AddressPatch additionalProperties":                                      false,
		"components schemas Crate additionalProperties":                                             nil,
		"components schemas CrateCreate x-read":                                                     "Crate",
		"components schemas CrateCreate allOf":                                                      nil,
		"components schemas CratePatch x-spec":                                                      nil,
		"components schemas CratePatch properties lid_state x-default":                              "closed",
		"components schemas CratePatch x-create":                                                    "CrateCreate",
		"components schemas CratePatch required":                                                    nil,
		"components schemas CratePatch properties lid_state nullable":                               true,
		"components schemas CratePatch properties lid_state default":                                nil,
		"components schemas CratePatch properties size_gib nullable":                                nil,
		"components schemas Crate properties lock_code":                                             nil,
		"components schemas CrateCreate properties lock_code writeOnly":                             true,
		"components schemas CrateCreate properties lender_id pattern":                               "^(wh|crt)_[0-9a-hjkmnp-tv-z]{26}$",
		"components schemas Meta properties id pattern":                                             spec.Formats["typeid"].Pattern,
		"components parameters CrateId schema pattern":                                              "^crt_[0-9a-hjkmnp-tv-z]{26}$",
		"components schemas WarehouseCreate properties overflow_id nullable":                        nil,
		"components schemas WarehouseCreate properties keepers uniqueItems":                         true,
		"components schemas WarehouseCreate properties keepers maxItems":                            20.0,
		"components schemas WarehouseCreate properties keepers items format":                        "email",
		"components schemas WarehouseCreate properties external_ids maxProperties":                  4.0,
		"components schemas WarehouseCreate properties external_ids maxLength":                      nil,
		"components schemas WarehouseCreate properties external_ids additionalProperties maxLength": 40.0,
		"components schemas WarehousePatch properties external_ids additionalProperties nullable":   true,
		"paths /crates post x-permission":                                                           "crates.create",
		"paths /crates post x-async":                                                                true,
		"paths /warehouses post x-async":                                                            nil,
		"paths /warehouses post responses 202":                                                      nil,
		"paths /crates/{id} patch requestBody content application/json schema $ref":                 "#/components/schemas/CratePatch",
		"paths /crates/{id} delete responses 202 $ref":                                              "#/components/responses/Crate",
		"components responses Crate headers Location $ref":                                          "#/components/headers/Location",
		"components responses Crate headers ETag $ref":                                              "#/components/headers/ETag",
		"components responses Warehouse headers Location":                                           nil,
		"paths /crates/{id} patch responses 4XX $ref":                                               "#/components/responses/ClientProblem",
		"paths /crates/{id} patch responses 5XX $ref":                                               "#/components/responses/ServerProblem",
		"paths /batch-get post x-kind":                                                              nil,
		"components responses BatchResult content application/json schema $ref":                     "#/components/schemas/BatchResult",
		"paths /batch-get post responses 409":                                                       nil,
		"components schemas BatchGet properties ids maxItems":                                       500.0,
		"paths /crates get responses 403":                                                           nil,
	} {
		if got := at(path); got != want {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
	if _, err := spec.Load(files.OpenAPI); err != nil {
		t.Error(err)
	}
}

func TestCatalog(t *testing.T) {
	t.Parallel()
	files, err := Make(depot(t))
	if err != nil {
		t.Fatal(err)
	}
	c := files.catalog
	var order []string
	for _, k := range c.Kinds {
		order = append(order, k.Name)
	}
	if want := []string{"operation", "warehouse", "crate"}; !slices.Equal(order, want) {
		t.Errorf("kinds stand as %v, want %v", order, want)
	}
	k := c.Kind("crate")
	names := func(fields []catalog.Field) (out []string) {
		for _, f := range fields {
			out = append(out, f.Name)
		}
		return out
	}
	want := []string{"id", "name", "warehouse_id", "display_name", "size_gib", "labels", "notes", "deletion_protection", "lid_state", "lender_id",
		"lock_code", "revision", "created_at", "updated_at", "state", "state_reason", "operation_id", "weight_bytes"}
	if got := names(k.Fields); !slices.Equal(got, want) {
		t.Errorf("fields stand as %v, want %v", got, want)
	}
	for name, ok := range map[string]bool{
		"warehouse_id is immutable":     k.Field("warehouse_id").Immutable && k.Field("warehouse_id").Required,
		"size_gib can be changed":       k.Field("size_gib").Mutable() && k.Field("size_gib").GrowOnly && k.Field("size_gib").Unit == "GiB",
		"lock_code is write-only":       k.Field("lock_code").WriteOnly && k.Field("lock_code").Mutable() && k.Field("lock_code").Nullable,
		"weight_bytes is computed":      k.Field("weight_bytes").Computed && k.Field("weight_bytes").Volatile && k.Field("weight_bytes").Nullable,
		"state is an open enumeration":  k.Field("state").OpenEnum && !k.Field("state").Writable(),
		"lid_state has a default":       string(k.Field("lid_state").Default) == `"closed"` && k.Field("lid_state").NeedsStop,
		"lender_id refers to two kinds": slices.Equal(k.Field("lender_id").Ref, []string{"warehouse", "crate"}),
		"overflow_id is server-made":    c.Kind("warehouse").Field("overflow_id").ServerDefault && !c.Kind("warehouse").Field("overflow_id").Nullable,
		"keepers is a set":              c.Kind("warehouse").Field("keepers").Type == catalog.Set && c.Kind("warehouse").Field("keepers").Items.Format == "email",
		"the action has its body":       len(k.Actions) == 1 && k.Actions[0].Async && slices.Equal(names(k.Actions[0].Fields), []string{"times"}),
		"an action is allowed":          slices.Equal(k.States["active"], []string{"get", "update", "delete", "shake"}),
		"a failed object":               slices.Equal(k.States["failed"], []string{"get", "update", "delete"}),
		"a busy object":                 slices.Equal(k.States["updating"], []string{"get"}),
		"operations are only read":      !c.Kind("operation").Managed && k.Managed,
		"a filter takes several values": k.Filters[0].Many && k.Filters[1].Many && k.Filters[0].Type == catalog.String,
		"a range of numbers": k.Filters[3].Name == "size_gib_min" && k.Filters[3].Type == catalog.Integer && k.Filters[3].Field == "size_gib" &&
			k.Filters[3].Bound == catalog.Min && k.Filters[4].Bound == catalog.Max,
		"a range of times":  k.Filters[5].Name == "created_at_from" && k.Filters[5].Format == "date-time" && k.Filters[6].Bound == catalog.Until,
		"the kind's orders": slices.Equal(k.Orders, []string{"name", "created_at", "size_gib"}) && slices.Contains(k.Orderings(), "-size_gib"),
		"a moment of making that is called otherwise": slices.Equal(c.Kind("operation").Orders, []string{"began_at"}) &&
			c.Kind("operation").Filters[2].Name == "began_at_from",
		"what belongs to no kind": len(c.Operations) == 1 && c.Operations[0].ID == "batch.get" && !c.Operations[0].Paged &&
			slices.Equal(names(c.Operations[0].Fields), []string{"ids"}) && c.Operations[0].Fields[0].Required && *c.Operations[0].Fields[0].MaxItems == 500 &&
			slices.Equal(names(c.Operations[0].Answer), []string{"items", "missing"}) && c.Operations[0].Answer[0].Items.Fields[1].Type == catalog.JSON &&
			c.Operations[0].Answer[1].Computed,
		"the filter knows its kind": slices.Equal(k.Filters[1].Ref, []string{"warehouse"}) && slices.Equal(k.Filters[2].Enum, []string{"open", "closed"}),
		"titles": k.Field("size_gib").Title == "Size" && k.Field("warehouse_id").Title == "Warehouse" && k.Field("lid_state").Title == "What the lid is to be" &&
			k.Filters[2].Title == "What the lid is to be" && k.Filters[3].Title == "Size at least" && k.Actions[0].Fields[0].Title == "Times" &&
			k.Field("labels").Items.Title == "Value" && c.Operations[0].Answer[0].Items.Fields[0].Title != "",
		"what is in states is asked for by several": k.Filters[0].Name == "state" && c.Kind("operation").Filters[0].Many,
	} {
		if !ok {
			t.Errorf("not so: %s", name)
		}
	}
	if got := names(c.Kind("warehouse").Field("address").Fields); !slices.Equal(got, []string{"street", "country"}) {
		t.Errorf("the fields of an object stand as %v", got)
	}
}

// expect checks that the error has exactly these faults, each given by a part of its line.
func expect(t *testing.T, err error, want ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("nothing was found, want %q", want)
	}
	lines := strings.Split(err.Error(), "\n")[1:]
	for _, w := range want {
		i := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, w) })
		if i < 0 {
			t.Errorf("not found: %s", w)
			continue
		}
		lines = slices.Delete(lines, i, i+1)
	}
	for _, l := range lines {
		t.Errorf("also found: %s", l)
	}
}

func TestWhatSwagLoses(t *testing.T) {
	t.Parallel()
	from := tree(t, "lossy")
	_, err := Make(from)
	expect(t, err,
		"swag: Skipping 'lossy.Loop', recursion detected.",
		"type Hollow: has lost its properties",
		"type Free, field anything: is an object without properties",
		"type lossy.Nameless: give it a name for clients",
		"@name Free is taken by the type at cmd/gen/contract/testdata/lossy/doc.go:")
}

func TestWhatBreaksTheRules(t *testing.T) {
	t.Parallel()
	from := tree(t, "careless")
	thing := resource.Kind{Name: "thing", Title: "Thing", Category: "Things", Prefix: "thg", Description: "A thing.", Key: []string{"id"}}
	from.Kinds = []resource.Kind{thing}
	of := verbs[careless.ThingCreate, careless.ThingSpec, careless.Thing, resource.None]()
	from.Ops = append(httpapi.CRUD(thing, httpapi.Handlers{Create: of.Create, Get: of.Get, Update: of.Update}), httpapi.Op{
		ID: "visitors.get", Verb: "visit", Summary: "See who visits", Method: "GET", Path: "/visitor", Scope: httpapi.ScopeCaller,
		Handle: does[httpapi.GetInput, careless.Visitor]()},
		httpapi.Reveal(thing, "key", "Reveal nothing", does[httpapi.RevealInput, careless.Thing]()))
	_, err := Make(from)
	expect(t, err,
		"type Inner, field bare: has no description",
		"field typo: nobody knows the extension x-volatil",
		"field typo: ThingSpec is a name in Go",
		"type ThingCreate: ThingSpec is a name in Go",
		"field false: write x-grow-only without a value",
		"field no_pointer: is neither required nor has a default",
		"field pointer: is always there",
		"field format: there is no format postcode",
		"field reference: x-ref=nothing names no kind",
		"field shapeless: a reference has the format typeid",
		"field single: x-set, x-max-items and x-item-format are for lists and maps",
		"field torn: x-kept stands beside required or a default",
		"field void: is kept, so it always has a value, and its Go type needs no pointer",
		"field nothing: x-kept needs a value: x-kept=…",
		"field beyond: begins as 4, which is no value of it",
		"field stray: begins as c, which is no value of it",
		"field whole: only text, numbers and booleans are kept; write x-kept at the fields in it",
		"field many: x-max-items=many is not a number",
		"field both: is required and has a default",
		"field wordless: has no description",
		"field null: x-nullable stands at what is no pointer",
		"operation things.update: takes Inner.code, which is sensitive; what goes in and never out is x-write-only",
		"operation visitors.get: answers Visitor.alias, which is sensitive; give that to the type of an operation of its own, made by httpapi.Reveal",
		"operation things.reveal_key: reveals no secret: x-sensitive on the field that is one",
		"field pay: is in no object of a kind",
		"field mood: is in no object of a kind",
		"field mood: x-visible needs a value",
		"kind thing: ThingSpec has the field extra, ThingCreate has not",
		"ThingSpec has the field false,", "ThingSpec has the field format,", "ThingSpec has the field inner,", "ThingSpec has the field many,",
		"ThingSpec has the field no_pointer,", "ThingSpec has the field pointer,", "ThingSpec has the field reference,", "ThingSpec has the field shapeless,",
		"ThingSpec has the field single,", "ThingSpec has the field typo,", "ThingSpec has the field both,", "ThingSpec has the field wordless,",
	)
}

func TestTablesAndComments(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*Source)
		want   []string
	}{
		"an operation that says nothing": {func(s *Source) {
			s.Ops = append(s.Ops, httpapi.Action(crates, "open", "", false, does[httpapi.ActionInput, crate.Crate]()))
		}, []string{"operation crates.open: has neither a summary in its row nor a comment with @ID crates.open"}},
		"a comment without an operation": {func(s *Source) {
			s.Ops = slices.DeleteFunc(s.Ops, func(o httpapi.Op) bool { return o.ID == "batch.get" })
		}, []string{"operation batch.get: has a comment, and no row"}},
		"a comment beside a summary": {func(s *Source) { s.Ops[len(s.Ops)-1].Summary = "Read many objects" },
			[]string{"operation batch.get: POST /batch-get has a comment already"}},
		"another path": {func(s *Source) { s.Ops[len(s.Ops)-1].Path = "/batch" }, []string{"operation batch.get: the comment says POST /batch-get, the table POST /batch"}},
		"an operation twice": {func(s *Source) { s.Ops = append(s.Ops, s.Ops[0]) },
			[]string{"operation warehouses.create: POST /warehouses has a comment already, or stands twice"}},
		"a type without a name": {func(s *Source) { s.Ops[0].Handle = does[httpapi.CreateInput[unnamed], warehouse.Warehouse]() },
			[]string{"operation warehouses.create: type contract.unnamed"}},
		"a range of what has none": {func(s *Source) {
			s.Ops[slices.IndexFunc(s.Ops, func(o httpapi.Op) bool { return o.ID == "crates.list" })].Parameters = []resource.Filter{
				{Name: "lid_state", Words: "Those", Range: resource.Numbers}, {Name: "size_gib", Words: "Those", Range: resource.Times}}
		}, []string{"parameter lid_state_min: lid_state is no number", "parameter lid_state_max: lid_state is no number",
			"parameter size_gib_from: size_gib is no time", "parameter size_gib_until: size_gib is no time"}},
		"several values of a range": {func(s *Source) {
			s.Ops[slices.IndexFunc(s.Ops, func(o httpapi.Op) bool { return o.ID == "crates.list" })].Parameters = []resource.Filter{
				{Name: "size_gib", Words: "Those", Range: resource.Numbers, Many: true}}
		}, []string{"operation crates.list, parameter size_gib: takes either several values or a range"}},
		"no permission": {func(s *Source) { s.Ops[0].Permission = "" }, []string{"operation warehouses.create: has no permission"}},
		"no such kind":  {func(s *Source) { s.Ops[0].Kind = "depot" }, []string{"operation warehouses.create: there is no kind depot"}},
		"a circle": {func(s *Source) { s.Kinds[2].Parent = &resource.Link{Kind: "crate", Field: "name"} },
			[]string{"kinds crate, warehouse: refer to each other in a circle", "kind warehouse, field name: refers to [], the parent is a crate"}},
		"a state without a rule": {func(s *Source) { s.Kinds[0].States = map[string][]string{"open": {"get"}} },
			[]string{"kind operation: its table of states lacks done"}},
		"no sample data": {func(s *Source) {
			s.Fixture = func(string) (*catalog.Fixture, error) { return nil, os.ErrNotExist }
		}, []string{"kind crate: has no sample data", "kind warehouse: has no sample data"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := depot(t)
			c.change(&s)
			_, err := Make(s)
			expect(t, err, c.want...)
		})
	}
}

func TestWriteLeavesWhatIsRight(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a", "b")
	for range 2 {
		if err := Write(file, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	before, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(file, before.ModTime().Add(-1e9), before.ModTime().Add(-1e9)); err != nil {
		t.Fatal(err)
	}
	if err := Write(file, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(file); err != nil || !after.ModTime().Before(before.ModTime()) {
		t.Errorf("a file that is right was written: %v", err)
	}
	if err := Write(file, []byte("y")); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "y" {
		t.Errorf("got %q, %v", b, err)
	}
}
