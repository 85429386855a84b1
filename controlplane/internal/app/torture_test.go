package app

// Every trait in every shape, on a server that has the kinds of tests which have them all. What is tried follows from the table of traits: each of
// its rows has a law here, and each field that has the trait, in whatever shape, keeps it.

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/client/fixture"
	"github.com/demarc/demarc/controlplane/cmd/gen/lint"
	"github.com/demarc/demarc/controlplane/internal/app/testdata/torture"
	torturesetting "github.com/demarc/demarc/controlplane/internal/app/testdata/torture_setting"
	torturetoken "github.com/demarc/demarc/controlplane/internal/app/testdata/torture_token"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
)

// tortures are the kinds that have every trait in every shape between them.
var tortures = []added{
	{"torture", func(d module.Deps) noun { return torture.New(d) }},
	{"torture_setting", func(d module.Deps) noun { return torturesetting.New(d) }},
	{"torture_token", func(d module.Deps) noun { return torturetoken.New(d) }},
}

// laws are what is tried of each trait.
var laws = map[string]func(t *trial){
	"string":          func(t *trial) { t.wrong(5, "", "type") },
	"integer":         func(t *trial) { t.wrong("x", "", "type") },
	"boolean":         func(t *trial) { t.wrong("true", "", "type") },
	"object":          func(t *trial) { t.wrong("x", "", "type"); t.merges() },
	"map":             func(t *trial) { t.wrong([]any{}, "", "type"); t.mergesByKey() },
	"map of objects":  func(t *trial) { t.wrong([]any{}, "", "type"); t.entriesComeAndGo() },
	"set":             func(t *trial) { t.wrong(map[string]any{}, "", "type"); t.hasNoOrder() },
	"list":            func(t *trial) { t.wrong(map[string]any{}, "", "type"); t.hasOrder() },
	"list of objects": func(t *trial) { t.wrong(map[string]any{}, "", "type"); t.hasOrder() },
	"json":            func(t *trial) { t.isThere() },
	"required":        (*trial).required,
	"nullable":        (*trial).nullable,
	"default":         (*trial).fallsBack,
	"server_default":  (*trial).chosenByServer,
	"kept":            (*trial).kept,
	"immutable":       (*trial).immutable,
	"computed":        (*trial).computed,
	"follows":         (*trial).follows,
	"sensitive":       (*trial).revealed,
	"volatile":        func(t *trial) { t.described("x-volatile", true) },
	"write_only":      (*trial).secret,
	"shown_once":      (*trial).shownOnce,
	"grow_only":       func(t *trial) { t.sends(t.patch(t.value.(float64)-1), "", "shrink") },
	"needs_stop":      func(t *trial) { t.described("x-needs-stop", true) },
	"enum":            func(t *trial) { t.wrong("nonsense", "", "enum") },
	"open_enum": func(t *trial) {
		var known []any
		for _, v := range t.f.Enum {
			known = append(known, v)
		}
		t.described("x-extensible-enum", known)
	},
	"format":                 (*trial).format,
	"minimum, maximum":       (*trial).between,
	"min_length, max_length": (*trial).lengths,
	"max_items":              (*trial).tooMany,
	"unit":                   func(t *trial) { t.described("x-unit", t.f.Unit) },
	"ref":                    (*trial).refers,
	"ref of keys":            (*trial).refersByKeys,
	"one_of":                 (*trial).oneOf,
	"at_most_one":            (*trial).atMostOne,
	"visible_to":             (*trial).hidden,
	"since":                  func(t *trial) { t.described("x-since", t.f.Since) },
	"deprecated":             func(t *trial) { t.described("deprecated", true) },
	"renamed_from":           func(t *trial) { t.described("x-renamed-from", t.f.RenamedFrom) },
}

// Between them the kinds have each cell of the table that is admitted, and each trait has its law.
func TestTorturesHaveEveryCell(t *testing.T) {
	t.Parallel()
	files, err := contractWith(tortures)
	if err != nil {
		t.Fatal(err)
	}
	var c catalog.Catalog
	if err := json.Unmarshal(files.Catalog, &c); err != nil {
		t.Fatal(err)
	}
	has := map[string]bool{}
	for _, a := range tortures {
		lint.Walk(lint.FieldsOf(c.Kind(a.name)), func(f *catalog.Field, _ []string, within []lint.Shape) {
			for _, trait := range lint.Traits {
				if trait.Has(f) {
					has[trait.Name+" "+within[len(within)-1].String()] = true
				}
			}
		})
	}
	for _, trait := range lint.Traits {
		if laws[trait.Name] == nil {
			t.Errorf("nothing is tried of %s", trait.Name)
		}
		for _, shape := range lint.Shapes {
			if trait.Cells[shape].Admitted() && !has[trait.Name+" "+shape.String()] {
				t.Errorf("no kind of these tests has %s in the shape %s", trait.Name, shape)
			}
		}
	}
}

func TestTortures(t *testing.T) {
	t.Parallel()
	n, load := newSite(t).with(parts{}, tortures)
	files, err := contractWith(tortures)
	n.check(err)
	schema := newSchema(t, n.db)
	schema.kinds, schema.catalogue = append(schema.kinds, torture.Kind, torturetoken.Kind), n.catalog
	schema.columns()
	schema.references()
	for _, item := range schema.items() {
		if strings.HasPrefix(item, "torture") {
			t.Errorf("the schema lacks %s", item)
		}
	}
	var document map[string]any
	n.check(json.Unmarshal(files.OpenAPI, &document))
	tried := map[string]int{}
	for _, a := range tortures {
		r := newRack(n, load, n.catalog.Kind(a.name), document)
		r.invalid()
		lint.Walk(r.kind.Fields, func(f *catalog.Field, path []string, within []lint.Shape) {
			if r.kind.Singleton && path[0] == r.kind.Key[0] {
				return // it is said in the path
			}
			for _, trait := range lint.Traits {
				if trait.Has(f) {
					laws[trait.Name](r.trial(f, path))
					tried[trait.Name+" "+within[len(within)-1].String()]++
				}
			}
		})
		for _, of := range r.kind.Reveals {
			for i := range of.Fields {
				if f := &of.Fields[i]; f.Sensitive {
					t := &trial{rack: r, f: f, path: []string{f.Name}, pointer: fault.Pointer(f.Name), sent: r.first}
					t.fresh()
					laws["sensitive"](t)
					tried["sensitive "+lint.Top.String()]++
				}
			}
		}
		r.tellsNoSecret()
	}
	cases := 0
	for _, trait := range lint.Traits {
		for _, shape := range lint.Shapes {
			if n := tried[trait.Name+" "+shape.String()]; n == 0 && trait.Cells[shape].Admitted() {
				t.Errorf("%s in the shape %s: no field was tried", trait.Name, shape)
			} else {
				cases += n
			}
		}
	}
	fmt.Printf("tortures: %d fields and traits\n", cases)
}

// rack is where the objects of one kind are tried.
type rack struct {
	*node
	kind *catalog.Kind
	f    *fixture.Fixture
	// first and second are bodies that have all fields between them: of fields that exclude each other the one has one, the other the other.
	first, second map[string]any
	changed       map[string]any // a patch that changes every field
	document      map[string]any
	customer      string
	blind         *principal // may read and change, and not see what only some may
	made          int
	secrets       []string // that were sent
}

func newRack(n *node, load fixture.Loader, kind *catalog.Kind, document map[string]any) *rack {
	n.t.Helper()
	f, err := fixture.NewWorkshopFrom(n.client(ownerToken), n.catalog, load).Fixture(kind.Name)
	n.check(err)
	body := func(variant string) map[string]any {
		out, err := f.Body(n.t.Context(), variant)
		n.check(err)
		return plain(out)
	}
	r := &rack{node: n, kind: kind, f: f, document: document, first: body(fixture.Full)}
	r.changed = body(fixture.Changed)
	r.second = alternate(kind.Fields, r.first, r.changed)
	r.customer = r.first["customer_id"].(string)
	if kind.Singleton {
		delete(r.first, "customer_id")
		delete(r.second, "customer_id")
	} else {
		r.blind = n.custom(r.customer, "blind-"+strings.ReplaceAll(kind.Name, "_", "-"), r.customer, kind.Plural+".get", kind.Plural+".update")
	}
	return r
}

// alternate is a body with the other of each choice, as the changed one has it.
func alternate(fields []catalog.Field, first, changed map[string]any) map[string]any {
	out := plain(first)
	for _, f := range fields {
		a, isObject := out[f.Name].(map[string]any)
		c, both := changed[f.Name].(map[string]any)
		switch {
		case lint.Chosen(&f):
			delete(out, f.Name)
			if changed[f.Name] != nil {
				out[f.Name] = changed[f.Name]
			}
		case f.Type == catalog.List && changed[f.Name] != nil:
			out[f.Name] = changed[f.Name]
		case f.Type == catalog.Object && isObject && both:
			out[f.Name] = alternate(f.Fields, a, c)
		case f.Type == catalog.Map && f.Items.Type == catalog.Object && isObject && both:
			for key, entry := range a {
				if e, ok := c[key].(map[string]any); ok {
					a[key] = alternate(f.Items.Fields, entry.(map[string]any), e)
				}
			}
		}
	}
	return out
}

// plain is a copy as JSON has it.
func plain[T any](v T) T {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	var out T
	if err := json.Unmarshal(b, &out); err != nil {
		panic(err)
	}
	return out
}

// begin makes an object of a body; of a singleton, after putting it back to its beginning.
func (r *rack) begin(body map[string]any) reply {
	r.t.Helper()
	if r.kind.Singleton {
		r.must(ownerToken, http.MethodDelete, r.path(r.customer), nil)
		return r.send(ask{token: ownerToken, method: http.MethodPatch, path: r.path(r.customer), body: body})
	}
	body = maps.Clone(body)
	if body["name"] == r.first["name"] {
		body["name"] = r.unused()
	}
	return r.send(ask{token: ownerToken, method: http.MethodPost, path: r.kind.Path, body: body})
}

// unused is a name that no object has.
func (r *rack) unused() string {
	r.made++
	return fmt.Sprintf("t%d", r.made)
}

func (r *rack) path(id string) string { return r.kind.Path + "/" + id }

// invalid sends what the sample data says is refused.
func (r *rack) invalid() {
	r.t.Helper()
	for _, c := range r.f.Invalid() {
		body, err := r.f.InvalidBody(r.t.Context(), c)
		r.check(err)
		delete(body, map[bool]string{true: "customer_id"}[r.kind.Singleton])
		answer, found := r.begin(body), false
		for _, f := range answer.problem(r.t).Errors {
			found = found || f.Pointer == c.Pointer && f.Code == c.Code
		}
		if !found {
			r.t.Errorf("%s, %s: %s", r.kind.Name, c.Name, answer.body)
		}
	}
}

// tellsNoSecret looks for what was sent as a secret where it must not be.
func (r *rack) tellsNoSecret() {
	r.t.Helper()
	tables := []string{"audit_record", r.kind.Name}
	for _, table := range tables {
		var found string
		r.check(r.db.Conn(r.t.Context()).Raw("SELECT coalesce(string_agg(to_jsonb(t)::text, ' '), '') FROM " + table + " t").Scan(&found).Error)
		for _, secret := range r.secrets {
			if strings.Contains(found, secret) {
				r.t.Errorf("%s: %s has the secret %s", r.kind.Name, table, secret)
			}
		}
	}
}

// trial is one field of an object that was made for it.
type trial struct {
	*rack
	f       *catalog.Field
	beside  []catalog.Field // the fields of what it is in
	path    []string
	pointer string
	sent    map[string]any
	value   any // that was sent
	id      string
	made    object // what the create answered
}

// trial makes an object with the field in it.
func (r *rack) trial(f *catalog.Field, path []string) *trial {
	r.t.Helper()
	var t *trial
	for _, body := range []map[string]any{r.first, r.second} {
		for i := 1; i <= len(path); i++ { // of a choice, it is in what was not chosen
			body = r.choosing(body, path[:i])
		}
		at := concrete(body, path)
		value, there := find(body, at)
		if _, in := find(body, at[:len(at)-1]); in && (t == nil || there && value != nil) {
			t = &trial{rack: r, f: f, beside: fieldsAt(r.kind.Fields, path[:len(path)-1]), path: at, pointer: fault.Pointer(at...), sent: body, value: value}
		}
		if t != nil && t.value != nil {
			break
		}
	}
	if t == nil || t.value == nil && !f.Computed {
		r.t.Fatalf("%s: the sample data lacks %s", r.kind.Name, strings.Join(path, "."))
	}
	if f.WriteOnly {
		r.secrets = append(r.secrets, t.value.(string))
	}
	t.fresh()
	return t
}

// choosing is a body in which that field of a choice is chosen, if it is one and what it is in is there.
func (r *rack) choosing(body map[string]any, path []string) map[string]any {
	r.t.Helper()
	beside, at := fieldsAt(r.kind.Fields, path[:len(path)-1]), concrete(body, path)
	f := beside[slices.IndexFunc(beside, func(f catalog.Field) bool { return f.Name == path[len(path)-1] || path[len(path)-1] == "*" })]
	value, there := find(body, at)
	if _, in := find(body, at[:len(at)-1]); path[len(path)-1] == "*" || !lint.Chosen(&f) || !in || there && value != nil {
		return body
	}
	t := &trial{rack: r, f: &f, beside: beside, path: at}
	return replaced(replaced(body, t.next(t.partner()), absent{}), at, t.full(&f))
}

// fieldsAt are the fields of what is at a path.
func fieldsAt(fields []catalog.Field, path []string) []catalog.Field {
	for _, step := range path {
		if step == "*" {
			continue
		}
		f := fields[slices.IndexFunc(fields, func(f catalog.Field) bool { return f.Name == step })]
		if fields = f.Fields; f.Items != nil {
			fields = f.Items.Fields
		}
	}
	return fields
}

// concrete has the first key, or the first index, in the place of any.
func concrete(body map[string]any, path []string) []string {
	out := slices.Clone(path)
	for i, step := range out {
		if step != "*" {
			continue
		}
		out[i] = "0"
		if of, _ := find(body, out[:i]); of != nil {
			if m, ok := of.(map[string]any); ok && len(m) > 0 {
				out[i] = slices.Sorted(maps.Keys(m))[0]
			}
		}
	}
	return out
}

// find is what is at a path.
func find(doc any, path []string) (any, bool) {
	for _, step := range path {
		switch of := doc.(type) {
		case map[string]any:
			x, ok := of[step]
			if !ok {
				return nil, false
			}
			doc = x
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(of) {
				return nil, false
			}
			doc = of[i]
		default:
			return nil, false
		}
	}
	return doc, true
}

// absent stands for a field that is not sent.
type absent struct{}

// replaced is a copy of a body with a value at a path.
func replaced(body map[string]any, path []string, value any) map[string]any {
	out := plain(body)
	of, _ := find(out, path[:len(path)-1])
	m, last := of.(map[string]any), path[len(path)-1]
	if value == (any)(absent{}) {
		delete(m, last)
	} else {
		m[last] = value
	}
	return out
}

// patchOf is the merge patch that sets a value at a path. A list on the way is sent whole.
func patchOf(sent map[string]any, path []string, value any) map[string]any {
	for i := range path {
		if of, _ := find(sent, path[:i]); of != nil {
			if _, isList := of.([]any); isList {
				list, _ := find(replaced(sent, path, value), path[:i])
				path, value = path[:i], list
				break
			}
		}
	}
	for i := len(path) - 1; i >= 0; i-- {
		value = map[string]any{path[i]: value}
	}
	return value.(map[string]any)
}

// fresh makes the object anew.
func (t *trial) fresh() {
	t.t.Helper()
	r := t.begin(t.sent)
	if r.status >= 300 {
		t.t.Fatalf("%s: %s: %d: %s", t.kind.Name, t.pointer, r.status, r.body)
	}
	t.made = r.object(t.t)
	if t.id = t.customer; !t.kind.Singleton {
		t.id = t.made.text("id")
	}
}

// create tries to make an object with another value of the field, and leaves it to be read if it can be made.
func (t *trial) create(value any) reply {
	t.t.Helper()
	r := t.begin(replaced(t.sent, t.path, value))
	switch {
	case r.status >= 300 && t.kind.Singleton: // which was put back to its beginning
		t.fresh()
	case r.status < 300 && !t.kind.Singleton:
		t.id = r.object(t.t).text("id")
	}
	return r
}

// patch sends another value of the field.
func (t *trial) patch(value any) reply { return t.patchAt(t.path, value) }

func (t *trial) patchAt(path []string, value any) reply {
	t.t.Helper()
	return t.send(ask{token: ownerToken, method: http.MethodPatch, path: t.rack.path(t.id), body: patchOf(t.sent, path, value)})
}

// sends wants a request to be refused for these, each a pointer below the field and a code; with none it has to be right.
func (t *trial) sends(r reply, wrong ...string) {
	t.t.Helper()
	var want []string
	for i := 0; i+1 < len(wrong); i += 2 {
		want = append(want, t.pointer+wrong[i]+" "+wrong[i+1])
	}
	t.answers(r, want...)
}

// answers wants a request to be refused for these, pointers and codes; with none it has to be right.
func (t *trial) answers(r reply, want ...string) {
	t.t.Helper()
	if len(want) == 0 {
		if r.status >= 300 {
			t.t.Errorf("%s: %s: %d: %s", t.kind.Name, t.pointer, r.status, r.body)
		}
		return
	}
	if r.status != http.StatusUnprocessableEntity {
		t.t.Errorf("%s: %s: %d: %s; want %v", t.kind.Name, t.pointer, r.status, r.body, want)
		return
	}
	var got []string
	for _, f := range r.problem(t.t).Errors {
		got = append(got, f.Pointer+" "+f.Code)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.t.Errorf("%s: %s: refused for %v; want %v", t.kind.Name, t.pointer, got, want)
	}
}

// wrong wants a value to be refused wherever it can be sent.
func (t *trial) wrong(value any, below, code string) {
	t.t.Helper()
	if t.f.Computed {
		return
	}
	t.sends(t.create(value), below, code)
	if t.mutable() && !t.f.Immutable {
		t.sends(t.patch(value), below, code)
	}
}

// mutable says whether a patch can have the field.
func (t *trial) mutable() bool { return t.f.Mutable() || t.f.Immutable && len(t.path) > 1 }

// read is the field as it is read.
func (t *trial) read() any {
	t.t.Helper()
	value, there := find(map[string]any(t.whole()), t.path)
	if !there && !t.f.WriteOnly {
		t.t.Errorf("%s: %s is not in what is read", t.kind.Name, t.pointer)
	}
	return value
}

func (t *trial) whole() object { return t.must(ownerToken, http.MethodGet, t.rack.path(t.id), nil) }

func (t *trial) revision() any { return t.whole()["revision"] }

// is wants the field to be read so.
func (t *trial) is(want any) {
	t.t.Helper()
	if got := t.read(); !reflect.DeepEqual(got, want) {
		t.t.Errorf("%s: %s is %v, want %v", t.kind.Name, t.pointer, got, want)
	}
}

// unchanged wants a request to be right, and to change nothing.
func (t *trial) unchanged(send func() reply) {
	t.t.Helper()
	before := t.whole()
	if t.sends(send()); !reflect.DeepEqual(t.whole(), before) {
		now := t.whole()
		for field, was := range before {
			if !reflect.DeepEqual(now[field], was) {
				t.t.Errorf("%s: %s: %s was %v and is %v", t.kind.Name, t.pointer, field, was, now[field])
			}
		}
	}
}

// formats have, by their names: what is none, where that is found, another value, and two spellings of a third.
var formats = map[string]struct {
	wrong, code, other string
	alike              [2]string
}{
	"slug":    {"Not A Slug", "pattern", "another-slug", [2]string{}},
	"decimal": {"1e3", "pattern", "99.5", [2]string{"7.5", "7.50"}},
	"cidr":    {"10.0.0.1/8", "format", "172.16.0.0/12", [2]string{"2001:db8:1::/48", "2001:0DB8:1::/48"}},
	"ip":      {"10.0.0.300", "format", "192.0.2.9", [2]string{"2001:db8::9", "2001:DB8:0:0::9"}},
	"fqdn":    {"localhost", "pattern", "other.example", [2]string{"z.example", "Z.Example."}},
	"pem": {"none", "format", "-----BEGIN Z-----\nBwgJ\n-----END Z-----\n",
		[2]string{"-----BEGIN Y-----\nCgsM\n-----END Y-----\n", "-----BEGIN Y-----\r\nCgsM\r\n-----END Y-----"}},
	"duration":  {"1h", "pattern", "5s", [2]string{"2m", "120s"}},
	"cron":      {"61 * * * *", "format", "1 1 * * *", [2]string{"0 0 * * 0", "0 0 * * SUN"}},
	"date-time": {"yesterday", "format", "2031-01-01T00:00:00Z", [2]string{"2031-02-01T00:00:00Z", "2031-02-01T01:00:00+01:00"}},
	"country":   {"be", "pattern", "FR", [2]string{}},
	"uri":       {"ftp://x", "pattern", "https://other.example/", [2]string{}},
	"typeid":    {"x", "pattern", "", [2]string{}},
}

// other is another value of a field.
func (t *trial) other(f *catalog.Field, value any) any {
	if of, ok := formats[f.Format]; ok && f.Format != "typeid" {
		return of.other
	}
	switch {
	case len(f.Enum) > 0:
		return f.Enum[(slices.Index(f.Enum, fmt.Sprint(value))+1)%len(f.Enum)]
	case f.Format == "typeid":
		t.rack.made++
		name := fmt.Sprintf("l%d-%s", t.rack.made, strings.ReplaceAll(t.kind.Name, "_", "-"))
		return t.must(ownerToken, http.MethodPost, "/locations", map[string]any{"name": name}).text("id")
	case f.Type == catalog.Integer:
		if n, ok := value.(float64); ok {
			return n + 1
		}
		return float64(*f.Minimum)
	case f.Type == catalog.Boolean:
		return value != true
	case f.Type == catalog.Object:
		return t.minimal(f.Fields)
	}
	return "other"
}

// full is a value of a field of a choice: of an object, with all that does not exclude each other.
func (t *trial) full(f *catalog.Field) any {
	if f.Type != catalog.Object {
		return t.other(f, nil)
	}
	out := t.minimal(f.Fields)
	for i := range f.Fields {
		if in := &f.Fields[i]; in.Mutable() && !lint.Chosen(in) && in.Items == nil {
			out[in.Name] = t.other(in, nil)
		}
	}
	return out
}

// minimal is an object with what it must have.
func (t *trial) minimal(fields []catalog.Field) map[string]any {
	out, chosen := map[string]any{}, map[string]bool{}
	for i := range fields {
		f := &fields[i]
		if f.Required && !f.Computed || f.OneOf != "" && !chosen[f.OneOf] {
			chosen[f.OneOf] = true
			out[f.Name] = t.other(f, nil)
		}
	}
	return out
}

// partner is another field of the same choice.
func (t *trial) partner() *catalog.Field {
	return &t.beside[slices.IndexFunc(t.beside, func(f catalog.Field) bool {
		return f.Name != t.f.Name && f.OneOf == t.f.OneOf && f.AtMostOne == t.f.AtMostOne
	})]
}

// next is the path of a field beside it.
func (t *trial) next(f *catalog.Field) []string {
	return append(slices.Clone(t.path[:len(t.path)-1]), f.Name)
}

// neighbour changes a field beside it that has nothing to do with it.
func (t *trial) neighbour() {
	t.t.Helper()
	i := slices.IndexFunc(t.beside, func(f catalog.Field) bool {
		return f.Mutable() && f.Name != t.f.Name && !lint.Chosen(&f) && !f.WriteOnly && (f.Type == catalog.String || f.Type == catalog.Boolean) &&
			f.Name != "name" && f.Name != "deletion_protection" && !t.kind.FollowsFrom(t.f, f.Name)
	})
	if i < 0 {
		t.t.Fatalf("%s: nothing beside %s can be changed", t.kind.Name, t.pointer)
	}
	f, path := &t.beside[i], t.next(&t.beside[i])
	present, _ := find(t.sent, path)
	before := t.revision()
	t.sends(t.patchAt(path, t.other(f, present)))
	if t.revision() == before {
		t.t.Errorf("%s: %s has not changed", t.kind.Name, strings.Join(path, "."))
	}
}
