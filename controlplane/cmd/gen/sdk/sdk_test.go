package sdk

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// most is how many lines a kind may cost: with the types in it, comments and blanks.
const most = 150

// What is generated for a kind stays small: what all have in common is in package client.
func TestLinesPerKind(t *testing.T) {
	t.Parallel()
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	files, err := Files(c, "demarc")
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for i := range c.Kinds {
		name := c.Kinds[i].Name
		content, ok := files[name+Suffix]
		lines := strings.Count(string(content), "\n")
		if total += lines; !ok || lines > most {
			t.Errorf("%s: %d lines, at most %d", name, lines, most)
		}
	}
	mean := total / len(c.Kinds)
	if t.Logf("%d kinds, %d lines, %d for each", len(c.Kinds), total, mean); mean > most {
		t.Errorf("%d lines for each kind, at most %d", mean, most)
	}
}

// library is a catalog with what the real one does not have, or not yet.
func library() *catalog.Catalog {
	number := func(n int64) *int64 { return &n }
	text := func(name string) catalog.Field {
		return catalog.Field{Name: name, Type: catalog.String, Description: "Text."}
	}
	with := func(f catalog.Field, change func(*catalog.Field)) catalog.Field { change(&f); return f }
	computed := func(f catalog.Field) catalog.Field { f.Computed = true; return f }
	optional := func(f catalog.Field) catalog.Field { f.Nullable = true; return f }
	required := func(f catalog.Field) catalog.Field { f.Required = true; return f }
	money := []catalog.Field{required(text("amount")), required(text("currency"))}
	volume := catalog.Field{Name: "volumes", Type: catalog.Map, Description: "Its volumes, by their signature.", Default: json.RawMessage("{}"), Items: &catalog.Field{
		Name: "value", Type: catalog.Object, Description: "Value of volumes.", Fields: []catalog.Field{
			with(required(text("code")), func(f *catalog.Field) { f.Immutable = true }), computed(text("shelf")),
			with(text("binding"), func(f *catalog.Field) {
				f.Enum, f.OpenEnum, f.Default = []string{"hard_cover", "soft-cover", "x86_64"}, true, json.RawMessage(`"hard_cover"`)
			}),
		}}}
	tiers := catalog.Field{Name: "tiers", Type: catalog.List, Description: "What it costs.", Required: true, Items: &catalog.Field{Name: "item", Type: catalog.Object,
		Description: "Item of tiers.", Fields: []catalog.Field{{Name: "price", Type: catalog.Object, Description: "Price.", Required: true, Fields: money},
			{Name: "days", Type: catalog.Integer, Description: "Days.", Default: json.RawMessage("1"), Minimum: number(0), Maximum: number(10), Unit: "d"}}}}
	paper := optional(catalog.Field{Name: "paper", Type: catalog.Object, Description: "On paper.", OneOf: "carrier", Fields: []catalog.Field{required(text("format"))}})
	file := optional(catalog.Field{Name: "file", Type: catalog.Object, Description: "As a file.", OneOf: "carrier", Fields: []catalog.Field{optional(text("url")),
		with(optional(text("pass_phrase")), func(f *catalog.Field) { f.WriteOnly = true })}})
	old := with(optional(text("rack")), func(f *catalog.Field) { f.Deprecated = "use volumes" })
	hidden := catalog.Field{Name: "worth", Type: catalog.Integer, Description: "What it is worth.", Default: json.RawMessage("0"), VisibleTo: "books.get_worth"}
	notes := catalog.Field{Name: "marks", Type: catalog.Set, Description: "Marks.", Default: json.RawMessage("[]"), VisibleTo: "books.get_marks",
		Items: &catalog.Field{Name: "item", Type: catalog.String, Description: "Item of marks.", Enum: []string{"red", "green"}}}
	operation := func(id, method, path string) catalog.Operation {
		return catalog.Operation{ID: id, Method: method, Path: path, Permission: id, Summary: "Do it"}
	}
	book := catalog.Kind{
		Name: "book", Plural: "books", Title: "Book", Description: "What is read.", Prefix: "bok", Path: "/books", Key: []string{"id"}, Managed: true,
		Fields: []catalog.Field{computed(text("id")), volume, tiers, paper, file, old, hidden, notes,
			computed(catalog.Field{Name: "hidden_fields", Type: catalog.List, Description: "What is left out.", Items: &catalog.Field{Name: "item", Type: catalog.String, Description: "Item."}}),
			computed(optional(catalog.Field{Name: "copy", Type: catalog.JSON, Description: "A copy."})),
			computed(optional(catalog.Field{Name: "lent_at", Type: catalog.String, Format: "date-time", Description: "When it was lent."})),
			computed(catalog.Field{Name: "revision", Type: catalog.Integer, Description: "Counts changes.", Volatile: true})},
		Operations: map[string]catalog.Operation{},
		Actions:    []catalog.Action{{Name: "lend", Fields: []catalog.Field{required(text("reader_id")), optional(text("note"))}, Operation: operation("books.lend", "POST", "/books/{id}/actions/lend")}},
		Documents:  []catalog.Part{{Name: "label", ContentTypes: []string{"application/pdf"}, Operation: operation("books.get_label", "GET", "/books/{id}/label")}},
		Uploads:    []catalog.Part{{Name: "scan", BodyTypes: []string{"image/png"}, Operation: operation("books.upload_scan", "POST", "/books/{id}/scan")}},
		Reveals: []catalog.Reveal{{Name: "pin", Fields: []catalog.Field{computed(with(text("pin"), func(f *catalog.Field) { f.Sensitive = true }))},
			Operation: operation("books.reveal_pin", "GET", "/books/{id}/pin")}},
		Streams: []catalog.Part{{Name: "visits", Operation: operation("books.watch_visits", "GET", "/books/{id}/visits")}},
		Filters: []catalog.Filter{{Name: "is_lent", Type: catalog.Boolean, Description: "Those that are lent."}, {Name: "mark", Type: catalog.String, Enum: []string{"red"}, Many: true, Description: "Marked so."}},
	}
	for verb, method := range map[string]string{"get": "GET", "list": "GET", "create": "POST", "update": "PATCH", "delete": "DELETE"} {
		path := "/books"
		if verb != "list" && verb != "create" {
			path += "/{id}"
		}
		book.Operations[verb] = operation("books."+verb, method, path)
	}
	return &catalog.Catalog{Version: "1.0", BasePath: "/api/v1", Kinds: []catalog.Kind{book}}
}

const loader = `package library

import "github.com/demarc/demarc/controlplane/client/catalog"

var contract catalog.Catalog

func kind(name string) *catalog.Kind { return contract.Kind(name) }

func operation(id string) *catalog.GeneralOperation { return contract.Operation(id) }
`

// use is a program over the types of the library: what it says in Go is what it says in JSON.
const use = `package library

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/demarc/demarc/controlplane/client"
)

func TestBodies(t *testing.T) {
	for want, body := range map[string]any{
		` + "`" + `{"tiers":[{"price":{"amount":"1.50","currency":"EUR"},"days":0}],"paper":{"format":"A4"}}` + "`" + `: BookCreate{
			Tiers: []BookTierCreate{{Price: BookTierPrice{Amount: "1.50", Currency: "EUR"}, Days: new(0)}}, Paper: &BookPaper{Format: "A4"}},
		` + "`" + `{"volumes":{"a":{"code":"1","binding":"x86_64"},"b":null},"file":{"pass_phrase":"x"},"marks":[]}` + "`" + `: BookPatch{
			Volumes: client.Set(client.Entries[BookVolumePatch]{
				"a": client.Set(BookVolumePatch{Code: client.Set("1"), Binding: client.Set(BookVolumeBindingX86_64)}), "b": client.Null[BookVolumePatch]()}),
			File: client.Set(BookFilePatch{PassPhrase: client.Set("x")}), Marks: client.Set[[]BookMark](nil)},
		"{}": BookPatch{},
	} {
		if got, err := json.Marshal(body); err != nil || string(got) != want {
			t.Errorf("%v: %s, want %s", err, got, want)
		}
	}
	// What is left out is told from what is null.
	var seen, hidden Book
	if err := json.Unmarshal([]byte(` + "`" + `{"worth":0,"hidden_fields":[],"copy":null}` + "`" + `), &seen); err != nil || seen.Worth == nil {
		t.Error(err)
	}
	if err := json.Unmarshal([]byte(` + "`" + `{"hidden_fields":["/worth"],"more":1}` + "`" + `), &hidden); err != nil || hidden.Worth != nil || hidden.HiddenFields[0] != "/worth" {
		t.Error(err)
	}
	var books BookKind = Books(nil)
	lend := func(ctx context.Context) (Book, error) { return books.Lend(ctx, "bok_1", BookLendBody{ReaderID: "r"}, client.DryRun()) }
	if _, err := lend(t.Context()); err == nil {
		t.Error("it is bound to nothing")
	}
	reveal := func(ctx context.Context) (BookPinAnswer, error) { return books.RevealPin(ctx, "bok_1") }
	if secret, err := reveal(t.Context()); err == nil || secret.Pin != "" {
		t.Error("it is bound to nothing")
	}
	_, _, _ = books.DownloadLabel, books.UploadScan, books.WatchVisits
	_ = BookQuery{IsLent: new(false), Mark: []BookQueryMark{"red"}}
}
`

// What is made of any catalog is Go, and says what is meant.
func TestGeneratedCode(t *testing.T) {
	t.Parallel()
	client, err := filepath.Abs("../../../client")
	if err != nil {
		t.Fatal(err)
	}
	golden, err := os.ReadFile("../contract/testdata/golden/catalog.json")
	if err != nil {
		t.Fatal(err)
	}
	var depot catalog.Catalog
	if err := json.Unmarshal(golden, &depot); err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("go.mod", "module example.com/made\n\ngo 1.26.0\n\nrequire github.com/demarc/demarc/controlplane/client v0.0.0\n\nreplace github.com/demarc/demarc/controlplane/client => "+client+"\n")
	write("library/loader.go", loader)
	write("library/use_test.go", use)
	write("depot/loader.go", strings.Replace(loader, "package library", "package depot", 1))
	for folder, c := range map[string]*catalog.Catalog{"library": library(), "depot": &depot} {
		if err := Generate(c, filepath.Join(root, folder)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "./...")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOPROXY=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	deprecated, err := os.ReadFile(filepath.Join(root, "library/book.gen.go"))
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(deprecated), "//\n\t// Deprecated: use volumes\n"); n != 3 {
		t.Errorf("what is deprecated is said %d times, want 3", n)
	}
}

// A file of a kind that there is no more goes.
func TestGenerateRemovesWhatIsNoMore(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "library")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"lamp" + Suffix, "own.go"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := Generate(library(), folder); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range found {
		found[i] = filepath.Base(found[i])
	}
	if !slices.Equal(found, []string{"book" + Suffix, "own.go"}) {
		t.Errorf("%v", found)
	}
}

// What would be no Go, or two things of one name, is refused with what it is about.
func TestRefused(t *testing.T) {
	t.Parallel()
	for want, spoil := range map[string]func(*catalog.Kind){
		"the type BookCreate and the type BookCreate would both be called BookCreate": func(k *catalog.Kind) {
			k.Fields = append(k.Fields, catalog.Field{Name: "create", Type: catalog.Object, Computed: true, Description: "X."})
		},
		"Book: two fields would be called APIID": func(k *catalog.Kind) {
			k.Fields = append(k.Fields, catalog.Field{Name: "api_id", Type: catalog.String}, catalog.Field{Name: "api__id", Type: catalog.String})
		},
		"kind book: two methods would be called List": func(k *catalog.Kind) { k.Actions[0].Name = "list" },
		"a field of type float has no Go type":        func(k *catalog.Kind) { k.Fields[0].Type = "float" },
	} {
		c := library()
		spoil(&c.Kinds[0])
		if _, err := Files(c, "library"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"virtual_machine": "VirtualMachine", "memory_mib": "MemoryMiB", "api_token": "APIToken", "vcpus": "VCPUs", "source_url": "SourceURL"} {
		if got := goName(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	for value, want := range map[string]string{"x86_64": "X86_64", "soft-cover": "SoftCover", "running": "Running", "text/csv": "TextCSV"} {
		if got := goValue(value); got != want {
			t.Errorf("%s: %s, want %s", value, got, want)
		}
	}
	for plural, want := range map[string]string{"bindings": "binding", "entries": "entry", "addresses": "address", "in_use_by": "in_use_by_item", "access": "access_item"} {
		if got := singular(plural); got != want {
			t.Errorf("%s: %s, want %s", plural, got, want)
		}
	}
}
