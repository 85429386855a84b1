package catalog

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Nothing is in the catalog that the types do not have: a trait that a generator wrote and no client can read is lost.
func TestCatalogHasNoUnknownTraits(t *testing.T) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	var c Catalog
	if err := d.Decode(&c); err != nil {
		t.Fatal(err)
	}
}

// The published JSON Schema names the same members as the Go types, in both directions.
func TestSchemaNamesWhatTheTypesHave(t *testing.T) {
	b, err := os.ReadFile("catalog.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Properties map[string]any `json:"properties"`
		Defs       map[string]struct {
			Properties map[string]any `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(b, &schema); err != nil {
		t.Fatal(err)
	}
	for name, typ := range map[string]reflect.Type{
		"":          reflect.TypeFor[Catalog](),
		"kind":      reflect.TypeFor[Kind](),
		"parent":    reflect.TypeFor[Parent](),
		"operation": reflect.TypeFor[Operation](),
		"action":    reflect.TypeFor[Action](),
		"part":      reflect.TypeFor[Part](),
		"filter":    reflect.TypeFor[Filter](),
		"parameter": reflect.TypeFor[Parameter](),

		"generalOperation": reflect.TypeFor[GeneralOperation](),
		"field":            reflect.TypeFor[Field](),
	} {
		properties := schema.Properties
		if name != "" {
			properties = schema.Defs[name].Properties
		}
		got, want := slices.Sorted(maps.Keys(properties)), members(typ)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: the schema has %v, the type %v", typ.Name(), got, want)
		}
	}
}

// members returns the JSON names of a struct's fields, those of embedded structs included.
func members(typ reflect.Type) []string {
	var names []string
	for _, f := range reflect.VisibleFields(typ) {
		if f.Anonymous {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// What the schema cannot say: names are unique, references resolve, traits fit together.
func TestCatalogIsConsistent(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	unique := map[string]string{}
	claim := func(what, owner string) {
		t.Helper()
		if other, taken := unique[what]; taken {
			t.Errorf("%s: %s is taken by %s", owner, what, other)
		}
		unique[what] = owner
	}
	for i := range c.Kinds {
		k := &c.Kinds[i]
		claim("name "+k.Name, k.Name)
		claim("name "+k.Plural, k.Name)
		if k.Prefix != "" {
			claim("prefix "+k.Prefix, k.Name)
		}
		claim("path "+k.Path, k.Name)
		for _, op := range k.Operations {
			claim("operation "+op.ID, k.Name)
			claim("endpoint "+op.Method+" "+op.Path, k.Name)
		}
		for _, a := range k.Actions {
			claim("operation "+a.ID, k.Name)
			claim("endpoint "+a.Method+" "+a.Path, k.Name)
			checkFields(t, c, k.Name+"."+a.Name, a.Fields)
		}
		checkKind(t, c, k)
		checkFields(t, c, k.Name, k.Fields)
	}
	for i := range c.Operations {
		o := &c.Operations[i]
		claim("operation "+o.ID, o.ID)
		claim("endpoint "+o.Method+" "+o.Path, o.ID)
		claim("name "+o.Name(), o.ID)
		checkFields(t, c, o.ID, o.Fields)
		checkFields(t, c, o.ID, o.Answer)
	}
}

func TestGeneralOperations(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	for id, name := range map[string]string{"whoami.get": "whoami", "access.list": "access", "permissions.check": "permissions_check", "batch.get": "batch"} {
		if o := c.Operation(id); o == nil || o.Name() != name || len(o.Answer) == 0 {
			t.Errorf("%s: %+v", id, o)
		}
	}
	access := c.Operation("access.list")
	if !access.Paged || len(access.Parameters) != 1 || !access.Parameters[0].Required || access.Parameters[0].Name != "resource_id" {
		t.Errorf("access.list: %+v", access.Parameters)
	}
	if ids := c.Operation("batch.get").Fields; len(ids) != 1 || !ids[0].Required || *ids[0].MaxItems != 500 {
		t.Errorf("batch.get takes %+v", ids)
	}
	if c.Operation("disks.get") != nil || c.Operation("") != nil {
		t.Error("what belongs to a kind is general, too")
	}
}

func checkKind(t *testing.T, c *Catalog, k *Kind) {
	t.Helper()
	if f := k.Field("id"); k.Singleton && f != nil || !k.Singleton && (f == nil || !f.Computed || f.Volatile) {
		t.Errorf("%s: id must be computed, and not volatile; a singleton has none", k.Name)
	}
	if k.Named != (k.Field("name") != nil) {
		t.Errorf("%s: a kind is named if it has a field name, and only then", k.Name)
	}
	if k.Named == (len(k.Key) > 0) && k.Managed {
		t.Errorf("%s: a kind has either a name or a key", k.Name)
	}
	for _, key := range k.Key {
		if k.Field(key) == nil {
			t.Errorf("%s: there is no field %s of its key", k.Name, key)
		}
	}
	if k.Parent != nil {
		f := k.Field(k.Parent.Field)
		for _, parent := range k.Parents() {
			if f == nil || !slices.Contains(f.Ref, parent) {
				t.Errorf("%s: its parent's field %s must refer to %s", k.Name, k.Parent.Field, parent)
			}
		}
	}
	if k.Named || k.Async() {
		for _, name := range []string{"state", "state_reason", "operation_id"} {
			if f := k.Field(name); f == nil || !f.Volatile {
				t.Errorf("%s: it needs the volatile field %s", k.Name, name)
			}
		}
	}
	state := k.Field("state")
	for s, verbs := range k.States {
		if state == nil || !slices.Contains(state.Enum, s) {
			t.Errorf("%s: %s is no value of its field state", k.Name, s)
		}
		for _, verb := range verbs {
			_, operation := k.Operations[verb]
			if !operation && !slices.ContainsFunc(k.Actions, func(a Action) bool { return a.Name == verb }) {
				t.Errorf("%s: state %s allows %s, which does not exist", k.Name, s, verb)
			}
		}
	}
	for _, f := range k.Filters {
		checkRefs(t, c, k.Name+" filter "+f.Name, f.Ref)
	}
}

// taken are names that Terraform or the Ansible collection use themselves.
var taken = []string{
	"provider", "count", "lifecycle", "depends_on", "connection", "for_each", "version", "provisioner", "timeouts",
	"wait", "wait_timeout", "api_url", "api_token", "validate_certs",
}

func checkFields(t *testing.T, c *Catalog, owner string, fields []Field) {
	t.Helper()
	seen := map[string]bool{}
	for i := range fields {
		f := &fields[i]
		name := owner + "." + f.Name
		if seen[f.Name] {
			t.Errorf("%s stands twice", name)
		}
		seen[f.Name] = true
		if slices.Contains(taken, f.Name) {
			t.Errorf("%s: the clients use that name for something else", name)
		}
		if f.Writable() && presences(f) != 1 {
			t.Errorf("%s: one of required, nullable, default, server_default and kept says what its absence means", name)
		}
		checkRefs(t, c, name, f.Ref)
		checkField(t, name, f)
		checkFields(t, c, name, f.Fields)
		if f.Items != nil {
			checkRefs(t, c, name+"[]", f.Items.Ref)
			checkField(t, name+"[]", f.Items)
			checkFields(t, c, name+"[]", f.Items.Fields)
		}
	}
}

// presences counts the traits that say what the absence of a field means.
func presences(f *Field) int {
	n := 0
	for _, has := range []bool{f.Required, f.Nullable, f.Default != nil, f.ServerDefault, f.Kept} {
		if has {
			n++
		}
	}
	return n
}

func checkRefs(t *testing.T, c *Catalog, name string, refs []string) {
	t.Helper()
	for _, ref := range refs {
		if c.Kind(ref) == nil && ref != Platform {
			t.Errorf("%s refers to %s, which does not exist", name, ref)
		}
	}
}

func checkField(t *testing.T, name string, f *Field) {
	t.Helper()
	if f.Pattern != "" {
		if _, err := regexp.Compile(f.Pattern); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if f.Minimum != nil && f.Maximum != nil && *f.Minimum > *f.Maximum {
		t.Errorf("%s: minimum is above maximum", name)
	}
	if f.MinLength != nil && f.MaxLength != nil && *f.MinLength > *f.MaxLength {
		t.Errorf("%s: min_length is above max_length", name)
	}
	if f.Default == nil {
		return
	}
	var value any
	if err := json.Unmarshal(f.Default, &value); err != nil {
		t.Errorf("%s: default: %v", name, err)
		return
	}
	if !fits(f, value) {
		t.Errorf("%s: the default %s is no allowed %s", name, f.Default, f.Type)
	}
}

// fits says whether a value has the type of a field and is within its limits.
func fits(f *Field, value any) bool {
	switch v := value.(type) {
	case string:
		return f.Type == String && (len(f.Enum) == 0 || slices.Contains(f.Enum, v)) &&
			(f.Pattern == "" || regexp.MustCompile(f.Pattern).MatchString(v))
	case float64:
		n := int64(v)
		return f.Type == Integer && float64(n) == v && (f.Minimum == nil || n >= *f.Minimum) && (f.Maximum == nil || n <= *f.Maximum)
	case bool:
		return f.Type == Boolean
	case map[string]any:
		return f.Type == Map || f.Type == Object
	case []any:
		return f.Type == Set || f.Type == List
	}
	return false
}

// Each managed kind has a fixture that names every writable field, and no fixture is left over.
func TestFixturesAreComplete(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Glob(fixtures, "fixtures/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		kind := c.Kind(strings.TrimSuffix(strings.TrimPrefix(file, "fixtures/"), ".json"))
		if kind == nil || !kind.Managed {
			t.Errorf("%s: there is no such managed kind", file)
		}
	}
	for i := range c.Kinds {
		k := &c.Kinds[i]
		if !k.Managed {
			continue
		}
		f, err := LoadFixture(k.Name)
		if err != nil {
			t.Error(err)
			continue
		}
		checkFixture(t, k, f)
	}
}

func checkFixture(t *testing.T, k *Kind, f *Fixture) {
	t.Helper()
	bodies := map[string]map[string]any{"minimal": f.Minimal, "full": f.Full, "changed": f.Changed}
	for body, values := range bodies {
		for name := range values {
			if field := k.Field(name); field == nil || !field.Writable() {
				t.Errorf("%s: %s has %s, which cannot be written", k.Name, body, name)
			}
		}
	}
	for i := range k.Fields {
		field := &k.Fields[i]
		if !field.Writable() {
			continue
		}
		_, minimal := f.Minimal[field.Name]
		_, full := f.Full[field.Name]
		_, changed := f.Changed[field.Name]
		if minimal != field.Required {
			t.Errorf("%s: minimal has the required fields alone; %s is required: %v", k.Name, field.Name, field.Required)
		}
		if !full {
			t.Errorf("%s: full lacks %s", k.Name, field.Name)
		}
		if changed != field.Mutable() {
			t.Errorf("%s: changed has the fields that can change; %s can: %v", k.Name, field.Name, field.Mutable())
		}
		// Deletion protection stays off: it would keep the tests from tidying up. A field that takes no value yet is null in both.
		if changed && f.Full[field.Name] != nil && field.Name != "deletion_protection" && reflect.DeepEqual(f.Full[field.Name], f.Changed[field.Name]) {
			t.Errorf("%s: changed has the same %s as full", k.Name, field.Name)
		}
	}
	for _, c := range f.Invalid {
		if c.Name == "" || len(c.Set) == 0 || !strings.HasPrefix(c.Pointer, "/") || c.Code == "" {
			t.Errorf("%s: an invalid case needs name, set, pointer and code: %+v", k.Name, c)
		}
	}
}

func TestKindOfID(t *testing.T) {
	c := &Catalog{Kinds: []Kind{{Name: "disk", Prefix: "dsk"}, {Name: "role_binding", Prefix: "role_b"}, {Name: "permission"}}}
	for id, want := range map[string]string{
		"dsk_01jd0000000000000000000000":    "disk",
		"role_b_01jd0000000000000000000000": "role_binding",
		"vm_01jd0000000000000000000000":     "",
		"dsk":                               "",
		"_01jd0000000000000000000000":       "",
		"":                                  "",
	} {
		got := ""
		if k := c.KindOfID(id); k != nil {
			got = k.Name
		}
		if got != want {
			t.Errorf("KindOfID(%q) = %q, want %q", id, got, want)
		}
	}
}
