package spec

import (
	"encoding/json"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

const (
	warehouse = "wh_01h2xcejqtf2nbrexx3vqjhp41"
	crate     = "crt_01h2xcejqtf2nbrexx3vqjhp41"
	disk      = "dsk_01h2xcejqtf2nbrexx3vqjhp41"
	minimal   = `{"name":"a","size_gib":1,"warehouse_id":"` + warehouse + `"}`
)

func load(t testing.TB) *Spec {
	t.Helper()
	raw, err := os.ReadFile("testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Load(raw)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// with is the minimal body, changed.
func with(fields string) string { return strings.TrimSuffix(minimal, "}") + "," + fields + "}" }

// reasons renders the wrong fields of an error as "pointer code", and fails if the error is of another kind.
func reasons(t *testing.T, err error) []string {
	t.Helper()
	e := fault.As(err)
	if e == nil {
		t.Fatalf("got %v, want a fault", err)
	}
	if len(e.Fields) == 0 {
		return []string{e.Code}
	}
	var out []string
	for _, f := range e.Fields {
		if f.Detail == "" {
			t.Errorf("%s %s has no words", f.Pointer, f.Code)
		}
		out = append(out, f.Pointer+" "+f.Code)
	}
	return out
}

func TestBodyAccepts(t *testing.T) {
	t.Parallel()
	s := load(t)
	full := `{"address":{"country":"BE","floor":0},"counter":7,"keepers":[],"labels":{},"lid_state":"closed","name":"a","protected":false,"size_gib":1,"warehouse_id":"` + warehouse + `"}`
	for name, c := range map[string]struct{ body, want string }{
		"defaults are filled in, also in objects":    {with(`"address":{"country":"BE"}`), full},
		"null is absent, at every depth":             {with(`"address":{"country":"BE","street":null},"notes":null,"labels":{"a":null},"lid_state":null`), full},
		"integers take their plain form":             {with(`"address":{"country":"BE","floor":0e0},"counter":7.0`), full},
		"length counts characters, not bytes":        {with(`"notes":"ééééééééé😀"`), ""},
		"a large number keeps every digit":           {with(`"counter":9007199254740993`), `"counter":9007199254740993`},
		"the largest number":                         {with(`"counter":9223372036854775807`), `"counter":9223372036854775807`},
		"escaped characters":                         {with(`"notes":"\u00e9\n"`), `"notes":"é\n"`},
		"a reference may be to one of several kinds": {with(`"lender_id":"` + crate + `"`), crate},
	} {
		got, err := s.Body("crates.create", []byte(c.body))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !strings.Contains(string(got), c.want) {
			t.Errorf("%s: got %s, want %s", name, got, c.want)
		}
	}
}

func TestBodyRefuses(t *testing.T) {
	t.Parallel()
	s := load(t)
	for name, c := range map[string]struct {
		body string
		want []string
	}{
		"empty":                     {``, []string{"malformed"}},
		"not JSON":                  {`{"name":}`, []string{"malformed"}},
		"cut off":                   {`{"name":"a"`, []string{"malformed"}},
		"something after the end":   {minimal + `{}`, []string{"malformed"}},
		"a key twice":               {with(`"name":"b"`), []string{"malformed"}},
		"a key twice, deeper":       {with(`"address":{"country":"BE","country":"NL"}`), []string{"malformed"}},
		"not UTF-8":                 {with("\"notes\":\"\xff\""), []string{"malformed"}},
		"too deep":                  {strings.Repeat(`{"address":`, 100) + `1` + strings.Repeat(`}`, 100), []string{"malformed"}},
		"a list":                    {`[]`, []string{" type"}},
		"null":                      {`null`, []string{" type"}},
		"several at once, in order": {`{"name":"Not A Slug","size_gib":0,"nope":1,"labels":{"a":"abcdef","b":1},"address":{"street":5}}`, []string{"/address/country required", "/address/street type", "/labels/a max_length", "/labels/b type", "/name pattern", "/nope unknown_field", "/size_gib minimum", "/warehouse_id required"}},
		"required as null":          {with(`"address":{"country":null}`), []string{"/address/country required"}},
		"enum":                      {with(`"lid_state":"ajar"`), []string{"/lid_state enum"}},
		"too long is said once":     {strings.Replace(minimal, `"a"`, `"`+strings.Repeat("a", 64)+`"`, 1), []string{"/name max_length"}},
		"too short":                 {with(`"lock_code":"abc"`), []string{"/lock_code min_length"}},
		"maximum":                   {strings.Replace(minimal, `:1,`, `:65537,`, 1), []string{"/size_gib maximum"}},
		"beyond 64 bits":            {with(`"counter":9223372036854775808`), []string{"/counter maximum"}},
		"far beyond 64 bits":        {with(`"counter":-1e999`), []string{"/counter minimum"}},
		"a fraction":                {with(`"counter":1.5`), []string{"/counter type"}},
		"a number as text":          {with(`"counter":"1"`), []string{"/counter type"}},
		"true as text":              {with(`"protected":"true"`), []string{"/protected type"}},
		"text as number":            {strings.Replace(minimal, `"a"`, `1`, 1), []string{"/name type"}},
		"an object as list":         {with(`"address":[]`), []string{"/address type"}},
		"too many items":            {with(`"keepers":["a@b.c","b@b.c","c@b.c"]`), []string{"/keepers max_items"}},
		"too many entries":          {with(`"labels":{"a":"","b":"","c":""}`), []string{"/labels max_items"}},
		"an item twice":             {with(`"keepers":["a@b.c","a@b.c"]`), []string{"/keepers/1 invalid"}},
		"a null in a list":          {with(`"keepers":[null]`), []string{"/keepers/0 null"}},
		"a bad item":                {with(`"keepers":["a@b.c","nobody"]`), []string{"/keepers/1 pattern"}},
		"format beyond the pattern": {with(`"network":"10.0.0.300/24"`), []string{"/network format"}},
		"a network with host bits":  {with(`"network":"10.0.0.1/24"`), []string{"/network format"}},
		"no time":                   {with(`"ready_at":"yesterday"`), []string{"/ready_at format"}},
		"the id of another kind":    {with(`"lender_id":"` + disk + `"`), []string{"/lender_id wrong_kind"}},
		"the id of no known kind":   {with(`"lender_id":"zz_01h2xcejqtf2nbrexx3vqjhp41"`), []string{"/lender_id wrong_kind"}},
		"no id":                     {with(`"lender_id":"acme/web"`), []string{"/lender_id pattern"}},
		"what the server sets":      {with(`"revision":4`), []string{"/revision read_only"}},
		"a character no column has": {with(`"notes":"a\u0000"`), []string{"/notes invalid"}},
		"the same in a key":         {with(`"labels":{"a\u0000":""}`), []string{"/labels/a\x00 invalid"}},
		"a pointer is escaped":      {with(`"labels":{"a/b~c":1}`), []string{"/labels/a~1b~0c type"}},
	} {
		_, err := s.Body("crates.create", []byte(c.body))
		if got := reasons(t, err); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestDetails(t *testing.T) {
	t.Parallel()
	s := load(t)
	for body, want := range map[string]string{
		with(`"lid_state":"ajar"`):                 "must be one of open, closed",
		with(`"notes":"12345678901"`):              "must be at most 10 characters long",
		with(`"siz_gib":5`):                        "there is no such field; did you mean size_gib?",
		with(`"lender_id":"` + disk + `"`):         "must be the id of a warehouse or a crate, not of a disk",
		strings.Replace(minimal, `"a"`, `"A"`, 1):  "must be a slug: lower-case letters, digits and hyphens, beginning with a letter, not ending with a hyphen, at most 63 characters",
		strings.Replace(minimal, `:1,`, `:0,`, 1):  "must be at least 1",
		with(`"keepers":["nobody"]`):               "must be an e-mail address",
		with(`"address":{"country":"be"}`):         "must be an ISO 3166 country code of two capital letters, such as BE",
		with(`"counter":9223372036854775808`):      "must be at most 9223372036854775807",
		with(`"labels":{"a":"1","b":"2","c":"3"}`): "must have at most 2 entries",
	} {
		_, err := s.Body("crates.create", []byte(body))
		if e := fault.As(err); e == nil || len(e.Fields) != 1 || e.Fields[0].Detail != want {
			t.Errorf("%s: got %v, want %q", body, err, want)
		}
	}
}

// No error may repeat what was sent: it could be a secret.
func TestErrorsDoNotRepeatValues(t *testing.T) {
	t.Parallel()
	s := load(t)
	const secret = "hunter2"
	for _, body := range []string{
		with(`"lock_code":["` + secret + `"]`), with(`"lock_code":"` + strings.Repeat(secret, 20) + `"`), with(`"lid_state":"` + secret + `"`),
		with(`"lender_id":"` + secret + `"`), with(`"network":"` + secret + `"`), with(`"ready_at":"` + secret + `"`), `"` + secret, `{"lock_code":"` + secret,
	} {
		if _, err := s.Body("crates.create", []byte(body)); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: got %v", body, err)
		}
	}
}

func TestErrorsAreBounded(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`{"name":"a"`)
	for i := range 5000 {
		b.WriteString(`,"f` + strings.Repeat("x", i%50) + string(rune('a'+i%26)) + strings.Repeat("y", i/50) + `":1`)
	}
	b.WriteString("}")
	_, err := load(t).Body("crates.create", []byte(b.String()))
	if e := fault.As(err); e == nil || len(e.Fields) != maxErrors {
		t.Fatalf("got %v, want %d fields", err, maxErrors)
	}
}

func TestActionBody(t *testing.T) {
	t.Parallel()
	s := load(t)
	for body, want := range map[string]string{``: `{"times":1}`, ` `: `{"times":1}`, `{}`: `{"times":1}`, `{"times":3}`: `{"times":3}`} {
		if got, err := s.Body("crates.shake", []byte(body)); err != nil || string(got) != want {
			t.Errorf("%q: got %s, %v", body, got, err)
		}
	}
	if _, err := s.Body("crates.get", []byte(`{"a":1}`)); !slices.Equal(reasons(t, err), []string{"/a unknown_field"}) {
		t.Errorf("a body where none is taken: %v", err)
	}
	if _, err := s.Body("crates.nope", nil); err == nil || fault.As(err) != nil {
		t.Errorf("an operation that does not exist is a defect, not the caller's: %v", err)
	}
}

func TestPatchBody(t *testing.T) {
	t.Parallel()
	s := load(t)
	for body, want := range map[string][]string{
		`{"warehouse_id":"x"}`:                                     {"/warehouse_id immutable"},
		`{"id":"x","revision":1}`:                                  {"/id read_only", "/revision read_only"},
		`{"nope":null,"address":{"streeet":"x"},"labels":{"x":1}}`: {"/address/streeet unknown_field", "/nope unknown_field"},
		`[]`:             {" type"},
		`{"name":"a"`:    {"malformed"},
		`{"name":"a"}{}`: {"malformed"},
	} {
		_, err := s.PatchBody("crates.update", []byte(body))
		if got := reasons(t, err); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
	if _, err := s.PatchBody("crates.create", []byte(`{}`)); err == nil || fault.As(err) != nil {
		t.Errorf("a create takes no patch: %v", err)
	}
}

// spec is the Go type of a CrateSpec, as a noun would have it.
type crateSpec struct {
	Name      string            `json:"name"`
	Notes     *string           `json:"notes"`
	SizeGib   int64             `json:"size_gib"`
	Counter   int64             `json:"counter"`
	LidState  string            `json:"lid_state"`
	Protected bool              `json:"protected"`
	Labels    map[string]string `json:"labels"`
	Keepers   []string          `json:"keepers"`
	Address   *address          `json:"address"`
	Network   *string           `json:"network"`
	LenderID  *string           `json:"lender_id"`
	LockCode  *string           `json:"lock_code"`
	ReadyAt   *string           `json:"ready_at"`
}

type address struct {
	Street  *string `json:"street"`
	Country string  `json:"country"`
	Floor   int64   `json:"floor"`
}

func present() crateSpec {
	notes, street := "old", "Kouter 1"
	return crateSpec{Name: "a", Notes: &notes, SizeGib: 10, Counter: 9007199254740993, LidState: "open",
		Labels: map[string]string{"env": "test", "tier": "db"}, Keepers: []string{"a@b.c"}, Address: &address{&street, "BE", 3}}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	s := load(t)
	for name, c := range map[string]struct {
		patch  string
		change func(*crateSpec)
		want   []string
	}{
		"nothing":                               {`{}`, func(*crateSpec) {}, nil},
		"null clears":                           {`{"notes":null}`, func(c *crateSpec) { c.Notes = nil }, nil},
		"null brings a default back":            {`{"lid_state":null,"counter":null}`, func(c *crateSpec) { c.LidState, c.Counter = "closed", 7 }, nil},
		"null on a required field":              {`{"size_gib":null}`, nil, []string{"/size_gib required"}},
		"a map merges by key":                   {`{"labels":{"env":"prod","tier":null}}`, func(c *crateSpec) { c.Labels = map[string]string{"env": "prod"} }, nil},
		"a map can be cleared":                  {`{"labels":null}`, func(c *crateSpec) { c.Labels = map[string]string{} }, nil},
		"an object merges by key":               {`{"address":{"street":null}}`, func(c *crateSpec) { c.Address.Street = nil }, nil},
		"an object can be cleared":              {`{"address":null}`, func(c *crateSpec) { c.Address = nil }, nil},
		"a default in an object":                {`{"address":{"floor":null}}`, func(c *crateSpec) { c.Address.Floor = 0 }, nil},
		"required in an object":                 {`{"address":{"country":null}}`, nil, []string{"/address/country required"}},
		"a list is replaced":                    {`{"keepers":["b@b.c"]}`, func(c *crateSpec) { c.Keepers = []string{"b@b.c"} }, nil},
		"the whole is checked, all at once":     {`{"name":"A","labels":{"third":"x"},"lender_id":"` + disk + `"}`, nil, []string{"/labels max_items", "/lender_id wrong_kind", "/name pattern"}},
		"an object where there is none":         {`{"network":{"a":1}}`, nil, []string{"/network type"}},
		"a value where an object was":           {`{"address":"Kouter 1"}`, nil, []string{"/address type"}},
		"the largest number survives unchanged": {`{"size_gib":11}`, func(c *crateSpec) { c.SizeGib = 11 }, nil},
	} {
		patch, err := s.PatchBody("crates.update", []byte(c.patch))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := s.Merge("crates.update", present(), patch)
		if c.want != nil {
			if r := reasons(t, err); !slices.Equal(r, c.want) {
				t.Errorf("%s: got %q, want %q", name, r, c.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want, next := present(), crateSpec{}
		c.change(&want)
		if err := json.Unmarshal(got, &next); err != nil || !reflect.DeepEqual(next, want) {
			t.Errorf("%s: got %s (%v)", name, got, err)
		}
	}
}

// A transaction that is repeated applies the same patch to another present value.
func TestMergeLeavesThePatch(t *testing.T) {
	t.Parallel()
	s := load(t)
	patch, err := s.PatchBody("crates.update", []byte(`{"address":{"country":"NL","street":null},"labels":{"a":"b"},"keepers":["b@b.c"],"counter":1.0}`))
	if err != nil {
		t.Fatal(err)
	}
	before := clone(patch)
	empty := crateSpec{Name: "b", SizeGib: 1, LidState: "open"}
	first, err := s.Merge("crates.update", empty, patch)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(before, any(patch)) {
		t.Errorf("the patch has become %v", patch)
	}
	if second, err := s.Merge("crates.update", empty, patch); err != nil || string(first) != string(second) {
		t.Errorf("applied again: %s, %v; first %s", second, err, first)
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	s := load(t)
	for query, want := range map[string][]string{
		"":                             nil,
		"page_size=500&order_by=-name": nil,
		"warehouse_id=" + warehouse:    nil,
		"lid=open":                     nil,
		"lid=open,closed":              nil,
		"lid=":                         {"lid invalid_parameter"},
		"lid=open,":                    {"lid invalid_parameter"},
		"lid=open,,closed":             {"lid invalid_parameter"},
		"lid=open,ajar":                {"lid invalid_parameter"},
		"lid=open&lid=closed":          {"lid invalid_parameter"},
		"lid=open,open,open,open":      {"lid invalid_parameter"},
		"lid=open%ff":                  {"lid invalid_parameter"},
		"made_from=2026-01-31":         {"made_from invalid_parameter"},
		"made_from=2026-01-31T00:00:00Z&made_until=2026-01-31T00:00:00Z": {"made_until unknown_parameter"},
		"page_size=501":           {"page_size invalid_parameter"},
		"page_size=0":             {"page_size invalid_parameter"},
		"page_size=ten":           {"page_size invalid_parameter"},
		"page_size=1e2":           {"page_size invalid_parameter"},
		"page_size=":              {"page_size invalid_parameter"},
		"page_size=1&page_size=2": {"page_size invalid_parameter"},
		"order_by=age":            {"order_by invalid_parameter"},
		"q=toolong":               {"q invalid_parameter"},
		"q=%ff":                   {"q invalid_parameter"},
		"q=%00":                   {"q invalid_parameter"},
		"warehouse_id=" + disk:    {"warehouse_id invalid_parameter"},
		"warehouse=x&q=toolong":   {"q invalid_parameter", "warehouse unknown_parameter"},
	} {
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		err = s.Query("crates.list", q)
		if want == nil {
			if err != nil {
				t.Errorf("%s: %v", query, err)
			}
			continue
		}
		if got := reasons(t, err); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
		if e := fault.As(err); e.Kind != fault.Malformed {
			t.Errorf("%s: is not a 400", query)
		}
	}
	for value, ok := range map[string]bool{"true": true, "false": true, "yes": false, "1": false} {
		if err := s.Query("crates.create", url.Values{"dry_run": {value}}); (err == nil) != ok {
			t.Errorf("dry_run=%s: %v", value, err)
		}
	}
}

func TestOperation(t *testing.T) {
	t.Parallel()
	s := load(t)
	o, ok := s.Operation("crates.create")
	if !ok || o.Method != "POST" || o.Path != "/crates" || o.Kind != "crate" || o.Verb != "create" || o.Permission != "crates.create" || !o.Async {
		t.Errorf("got %+v", o)
	}
	if _, ok := s.Operation("crates.nope"); ok {
		t.Error("there is an operation that does not exist")
	}
	var ids []string
	for _, o := range s.Operations() {
		ids = append(ids, o.ID)
	}
	if want := []string{"crates.create", "crates.get", "crates.list", "crates.shake", "crates.update"}; !slices.Equal(ids, want) {
		t.Errorf("got %v", ids)
	}
}

// What the package would not enforce must not be in the document.
func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(body map[string]any){
		"oneOf": func(b map[string]any) {
			set(b, "notes", map[string]any{"oneOf": []any{map[string]any{"type": "string"}}})
		},
		"a fraction":           func(b map[string]any) { set(b, "notes", map[string]any{"type": "number"}) },
		"multipleOf":           func(b map[string]any) { set(b, "notes", map[string]any{"type": "integer", "multipleOf": 2}) },
		"an unsafe bound":      func(b map[string]any) { set(b, "notes", map[string]any{"type": "integer", "maximum": 1e300}) },
		"an open object":       func(b map[string]any) { delete(b, "additionalProperties") },
		"a type is missing":    func(b map[string]any) { b["x-read"] = "Nothing" },
		"an enum of numbers":   func(b map[string]any) { set(b, "notes", map[string]any{"type": "string", "enum": []any{1}}) },
		"a pattern of nothing": func(b map[string]any) { set(b, "notes", map[string]any{"type": "string", "pattern": "("}) },
	} {
		var doc map[string]any
		if err := json.Unmarshal(raw, &doc); err != nil {
			t.Fatal(err)
		}
		change(doc["components"].(map[string]any)["schemas"].(map[string]any)["CrateCreate"].(map[string]any))
		changed, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Load(changed); err == nil {
			t.Errorf("%s: is loaded", name)
		}
	}
}

// A reference may take the word for the platform, and the keys of a map may be references.
func TestPlatformAndKeysThatAreReferences(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	body := doc["components"].(map[string]any)["schemas"].(map[string]any)["CrateCreate"].(map[string]any)
	set(body, "lender_id", map[string]any{"type": "string", "format": "typeid", "nullable": true, "x-ref": "platform|warehouse|crate",
		"pattern": "^(platform|(wh|crt)_[0-9a-hjkmnp-tv-z]{26})$"})
	set(body, "labels", map[string]any{"type": "object", "x-ref": "crate", "additionalProperties": map[string]any{"type": "string"}})
	if raw, err = json.Marshal(doc); err != nil {
		t.Fatal(err)
	}
	s, err := Load(raw)
	if err != nil {
		t.Fatal(err)
	}
	for _, ok := range []string{`"lender_id":"platform"`, `"lender_id":"` + crate + `"`, `"labels":{"` + crate + `":"a"}`} {
		if _, err := s.Body("crates.create", []byte(with(ok))); err != nil {
			t.Errorf("%s: %v", ok, err)
		}
	}
	for wrong, want := range map[string]string{
		`"lender_id":"` + disk + `"`:      "/lender_id wrong_kind",
		`"lender_id":"platforms"`:         "/lender_id pattern",
		`"warehouse_id":"platform"`:       "/warehouse_id pattern",
		`"labels":{"` + disk + `":"a"}`:   "/labels/" + disk + " wrong_kind",
		`"labels":{"platform":"a"}`:       "/labels/platform pattern",
		`"labels":{"` + crate + `x":"a"}`: "/labels/" + crate + "x pattern",
	} {
		body := `{"name":"a","size_gib":1,` + wrong + `}`
		if !strings.Contains(wrong, "warehouse_id") {
			body = with(wrong)
		}
		_, err := s.Body("crates.create", []byte(body))
		if got := reasons(t, err); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: got %q, want %q", wrong, got, want)
		}
	}
	if _, err := s.Body("crates.create", []byte(with(`"lender_id":"x"`))); err == nil || !strings.Contains(err.Error(), "the id of a warehouse or a crate, or the word platform") {
		t.Errorf("got %v", err)
	}
}

func set(body map[string]any, field string, schema any) {
	body["properties"].(map[string]any)[field] = schema
}

// kin is the schema of a body as an independent implementation reads it.
func kin(t testing.TB, component string) *openapi3.Schema {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	return doc.Components.Schemas[component].Value
}

// FuzzBody compares with kin-openapi's validator: what it accepts and what it refuses is the same, but for what is stricter here.
func FuzzBody(f *testing.F) {
	f.Add([]byte(minimal))
	for _, s := range []string{`"labels":{"a":"b"}`, `"keepers":["a@b.c","a@b.c"]`, `"address":{"country":"BE","floor":1.5}`, `"counter":99999999999999999999`,
		`"lid_state":"ajar"`, `"notes":"😀😀😀😀😀😀"`, `"lender_id":"` + disk + `"`, `"protected":1`, `"network":"10.0.0.0/8"`, `"address":{}`, `"x":null`} {
		f.Add([]byte(with(s)))
	}
	s, schema := load(f), kin(f, "CrateCreate")
	f.Fuzz(func(t *testing.T, body []byte) {
		var plain any
		if json.Unmarshal(body, &plain) != nil {
			return
		}
		object, ok := plain.(map[string]any)
		if !ok {
			return
		}
		strip(object)
		oracle := schema.VisitJSON(object, openapi3.MultiErrors())
		got, err := s.Body("crates.create", body)
		if err == nil && oracle != nil {
			t.Fatalf("%s is accepted; kin-openapi: %v", body, oracle)
		}
		if err == nil {
			var again map[string]any
			if err := json.Unmarshal(got, &again); err != nil {
				t.Fatalf("%s became %s: %v", body, got, err)
			}
			if oracle := schema.VisitJSON(again, openapi3.MultiErrors()); oracle != nil {
				t.Fatalf("%s became %s: %v", body, got, oracle)
			}
			return
		}
		if oracle == nil && !stricter(err) {
			t.Fatalf("%s is refused: %v", body, err)
		}
	})
}

// stricter errors are those that JSON schema does not know: keys twice, U+0000, named formats, 64 bits.
func stricter(err error) bool {
	e := fault.As(err)
	if e == nil {
		return false
	}
	if e.Kind == fault.Malformed {
		return true
	}
	return !slices.ContainsFunc(e.Fields, func(f fault.Field) bool {
		return !slices.Contains([]string{"format", "invalid", "maximum", "minimum"}, f.Code)
	})
}

func strip(x any) {
	switch x := x.(type) {
	case map[string]any:
		for k, v := range x {
			if v == nil {
				delete(x, k)
			} else {
				strip(v)
			}
		}
	case []any:
		for _, v := range x {
			strip(v)
		}
	}
}

// FuzzMerge compares with the algorithm as RFC 7396 writes it.
func FuzzMerge(f *testing.F) {
	for _, s := range []string{`{"a":{"b":1}}|{"a":{"b":null}}`, `{"a":[1]}|{"a":{"b":null,"c":1}}`, `{}|{"a":{"b":{"c":null}}}`, `{"a":1}|{"a":[null]}`} {
		a, b, _ := strings.Cut(s, "|")
		f.Add([]byte(a), []byte(b))
	}
	f.Fuzz(func(t *testing.T, target, patch []byte) {
		a, err := decode(target)
		b, err2 := decode(patch)
		object, ok := a.(map[string]any)
		change, ok2 := b.(map[string]any)
		if err != nil || err2 != nil || !ok || !ok2 {
			return
		}
		want := reference(clone(object), clone(change))
		before := clone(change)
		mergeInto(nil, object, change)
		if !reflect.DeepEqual(any(object), want) {
			t.Fatalf("got %v, want %v", object, want)
		}
		if !reflect.DeepEqual(any(change), before) {
			t.Fatal("the patch has changed")
		}
	})
}

func reference(target, patch any) any {
	p, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	t, ok := target.(map[string]any)
	if !ok {
		t = map[string]any{}
	}
	for name, value := range p {
		if value == nil {
			delete(t, name)
		} else {
			t[name] = reference(t[name], value)
		}
	}
	return t
}

// Every pattern of the table fits what its words give as an example, and what other languages would take for anchored.
func TestFormats(t *testing.T) {
	t.Parallel()
	good := map[string]string{"slug": "web-1", "typeid": crate, "principal": "user:ann", "email": "a@b.example", "phone": "+3291234567", "country": "BE", "currency": "EUR",
		"language": "nl-BE", "time-zone": "Etc/GMT+5", "uri": "https://example.com/a?b", "domain": "a.example", "cidr": "10.0.0.0/8", "ipv4": "10.0.0.1",
		"mac": "52:54:00:12:34:56", "decimal": "-12.340", "duration": "30s", "date": "2026-02-28", "date-time": "2026-01-31T12:00:00.123456Z",
		"ip": "2001:db8::1", "fqdn": "_acme.Www.example.com.", "cron": "30 2 * * MON-FRI", "pem": "-----BEGIN X-----\nAQID\n-----END X-----"}
	bad := map[string]string{"slug": "a-", "typeid": "crt_short", "principal": "robot:r2", "email": "a@b", "phone": "0912", "country": "be", "currency": "EURO", "language": "dutch",
		"time-zone": "Europe/", "uri": "ftp://x", "domain": "A.example", "cidr": "10.0.0.1/8", "ipv4": "10.0.0.256", "mac": "52-54-00-12-34-56",
		"decimal": "1e3", "duration": "1h", "date": "2026-02-30", "date-time": "2026-01-31",
		"ip": "fe80::1%eth0", "fqdn": "localhost", "cron": "30 2 * * MON-SUN", "pem": "AQID"}
	for name, f := range Formats {
		n := &node{maxLen: -1, words: f.Words, check: f.Check}
		if f.Pattern != "" {
			if err := n.fillString(&openapi3.Schema{Format: name, Pattern: f.Pattern}); err != nil {
				t.Fatal(err)
			}
		}
		for value, ok := range map[string]bool{good[name]: true, bad[name]: false, good[name] + "\n": name == "pem"} {
			v := validation{}
			v.text(n, value)
			if (len(v.errors) == 0) != ok {
				t.Errorf("%s: %q: %v", name, value, v.errors)
			}
		}
		if f.Words == "" || good[name] == "" || bad[name] == "" {
			t.Errorf("%s has no words or no examples", name)
		}
	}
}

// What means the same is equal, and has one spelling; what does not, differs.
func TestFormatsCompareByMeaning(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 60) + "."
	block := func(end string) string {
		return strings.Join([]string{"-----BEGIN X-----", "AQID", "-----END X-----", ""}, end)
	}
	alike := map[string][][]string{
		"ip":        {{"2001:db8::1", "2001:DB8::1", "2001:0db8:0:0:0:0:0:1"}, {"10.0.0.1"}, {"::ffff:10.0.0.1"}, {"::1"}},
		"cidr":      {{"2001:db8::/32", "2001:0DB8::/32"}, {"2001:db8::/33"}, {"10.0.0.0/24"}, {"10.0.0.0/25"}},
		"fqdn":      {{"example.com", "Example.COM.", "example.com."}, {"www.example.com"}, {long + long + long + long + "example"}},
		"duration":  {{"60s", "1m", "60", "60000ms"}, {"1s", "1000ms", "01s"}, {"1ms"}, {"0"}},
		"decimal":   {{"12.34", "12.340", "12.3400"}, {"0", "-0", "0.00", "-0.0"}, {"100", "100.0"}, {"10"}, {"-1"}},
		"date-time": {{"2026-01-31T12:00:00Z", "2026-01-31T13:00:00+01:00", "2026-01-31T12:00:00.0000001Z"}, {"2026-01-31T12:00:00.000001Z"}},
		"pem":       {{block("\n"), block("\r\n"), "a certificate:\n" + block("\n") + "\n\n"}, {block("\n") + block("\n"), block("\r\n") + "\n" + block("\r\n")}},
		"cron": {{"0 0 * * 1-5", "0 0 * * MON-FRI", "0  0 */1 * mon,2,WED,4-5"}, {"*/15 * * * *", "0,15,30,45 0-23 * 1-12 *", "0-59/15 * * JAN-DEC *"},
			{"0 0 * * 0", "0 0 * * 7", "0 0 * * SUN"}, {"0 0 * * *", "0 0 */1 * *"}, {"0 0 1-31 * *"}, {"5/20 * * * *", "5,25,45 * * * *"}},
	}
	for name, f := range Formats {
		if (f.Canonical == nil) != (alike[name] == nil) || (f.Canonical == nil) != (f.Alike == "") {
			t.Errorf("%s: what is equal is not said, or not tried", name)
		}
		for i, group := range alike[name] {
			for _, s := range group {
				if f.Check != nil && !f.Check(s) {
					t.Errorf("%s: %q is none", name, s)
				}
				if one := f.Canonical(s); f.Canonical(one) != one || one != f.Canonical(group[0]) {
					t.Errorf("%s: %q is %q, and %q of that", name, s, one, f.Canonical(one))
				}
			}
			for _, other := range alike[name][:i] {
				if f.Canonical(group[0]) == f.Canonical(other[0]) {
					t.Errorf("%s: %q equals %q", name, group[0], other[0])
				}
			}
		}
	}
	for _, broken := range []string{"60 * * * *", "* * * *", "* * 0 * *", "*/0 * * * *", "5-1 * * * *", "-1 * * * *", "* * * * 8", "a * * * *", "* * * * *,"} {
		if Formats["cron"].Check(broken) {
			t.Errorf("%q is taken for a schedule", broken)
		}
	}
	for _, broken := range []string{"", "-----BEGIN X-----\nAQID\n", block("\n") + "-----BEGIN X-----\n!\n-----END X-----\n"} {
		if Formats["pem"].Check(broken) {
			t.Errorf("%q is taken for PEM", broken)
		}
	}
	if Formats["fqdn"].Check(long + long + long + long + long + "example") {
		t.Error("a name may be of any length")
	}
}

func BenchmarkBody(b *testing.B) {
	s := load(b)
	body := []byte(with(`"notes":"text","labels":{"a":"b","c":"d"},"keepers":["a@b.c"],"address":{"country":"BE","street":"Kouter 1"}`))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Body("crates.create", body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMerge(b *testing.B) {
	s, current := load(b), present()
	patch, err := s.PatchBody("crates.update", []byte(`{"notes":null,"labels":{"env":"prod"}}`))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Merge("crates.update", current, patch); err != nil {
			b.Fatal(err)
		}
	}
}

// FuzzDecode compares with encoding/json: the same documents are read as the same values, but for what is stricter here.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{minimal, `[1,-0.5e+3,"a\u00e9\ud800\n",true,false,null,{}]`, ` { "a" : [ ] } `, `01`, `1.`, `-`, `"a`, `"\x"`, `{"a":1,}`, `[1 2]`, `nul`, "\"\t\"", `1e5`, `{"a":{"a":1}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := decode(body)
		d := json.NewDecoder(strings.NewReader(string(body)))
		d.UseNumber()
		var want any
		valid := json.Valid(body) && d.Decode(&want) == nil
		switch {
		case err == nil && (!valid || !reflect.DeepEqual(got, want)):
			t.Fatalf("%q: got %#v, want %#v (valid: %t)", body, got, want, valid)
		case err != nil && valid && !strings.Contains(err.Error(), "twice") && !strings.Contains(err.Error(), "UTF-8") && !strings.Contains(err.Error(), "deep"):
			t.Fatalf("%q: %v", body, err)
		}
	})
}
