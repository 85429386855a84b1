// What is generated is complete, stable, and refuses what cannot be an option.

package ansible

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

func load(t *testing.T) *catalog.Catalog {
	t.Helper()
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	return cat
}

// collection is an empty collection's folder.
func collection(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "galaxy.yml"), []byte("namespace: demarc\nversion: 1.2.3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		found[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestEveryKindHasItsModulesAndEveryFieldItsOption(t *testing.T) {
	t.Parallel()
	cat, dir := load(t), collection(t)
	if err := Generate(cat, dir); err != nil {
		t.Fatal(err)
	}
	made := files(t, dir)
	for i := range cat.Kinds {
		k := &cat.Kinds[i]
		for name, wanted := range map[string]bool{k.Name: k.Managed, k.Name + "_info": k.Operations["list"].ID != "" || k.Singleton, k.Name + "_action": len(k.Actions) > 0} {
			text, ok := made["plugins/modules/"+name+".py"]
			if ok != wanted {
				t.Errorf("module %s: is there %t, wanted %t", name, ok, wanted)
			}
			if wanted && !strings.Contains(made["meta/runtime.yml"], "    "+name+":\n      action_plugin: demarc.cloud.api\n") {
				t.Errorf("module %s: has no route to the action plugin", name)
			}
			if wanted && !strings.Contains(text, `_module.run("`+name+`")`) {
				t.Errorf("module %s: does not run itself", name)
			}
		}
		options, _, _ := strings.Cut(made["plugins/modules/"+k.Name+".py"], "EXAMPLES = ")
		for _, f := range k.Fields {
			ownOption := f.Name == "id" || f.Name == "state" // the module's option of that name says something else
			if k.Managed && !ownOption && f.Writable() != strings.Contains(options, "\n  "+f.Name+":\n") {
				t.Errorf("%s.%s: writable %t, but documented %t", k.Name, f.Name, f.Writable(), !f.Writable())
			}
			if !strings.Contains(made["plugins/module_utils/_catalog.py"], `"name": "`+f.Name+`"`) {
				t.Errorf("%s.%s: is not in the data", k.Name, f.Name)
			}
		}
	}
	if !strings.Contains(made["plugins/module_utils/_catalog.py"], `COLLECTION_VERSION = "1.2.3"`) {
		t.Error("the collection's version is not that of galaxy.yml")
	}
}

func TestGeneratingTwiceTouchesNothing(t *testing.T) {
	t.Parallel()
	cat, dir := load(t), collection(t)
	if err := Generate(cat, dir); err != nil {
		t.Fatal(err)
	}
	module := filepath.Join(dir, "plugins/modules", cat.Kinds[0].Name+".py")
	before, err := os.Stat(module)
	if err != nil {
		t.Fatal(err)
	}
	// A file that cannot be written shows that nobody tries to.
	if err := os.Chtimes(module, before.ModTime().Add(-1e9), before.ModTime().Add(-1e9)); err != nil {
		t.Fatal(err)
	}
	if err := Generate(cat, dir); err != nil {
		t.Fatal(err)
	}
	after, err := os.Stat(module)
	if err != nil {
		t.Fatal(err)
	}
	if !after.ModTime().Before(before.ModTime()) {
		t.Error("the module was written again")
	}
}

func TestModulesOfKindsThatAreGoneAreRemoved(t *testing.T) {
	t.Parallel()
	cat, dir := load(t), collection(t)
	modules := filepath.Join(dir, "plugins/modules")
	if err := os.MkdirAll(modules, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"gone.py": "#!/usr/bin/python\n" + marker + "\n", "ours.py": "#!/usr/bin/python\n"} {
		if err := os.WriteFile(filepath.Join(modules, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := Generate(cat, dir); err != nil {
		t.Fatal(err)
	}
	made := files(t, dir)
	if _, ok := made["plugins/modules/gone.py"]; ok {
		t.Error("the module of a kind that is gone is still there")
	}
	if _, ok := made["plugins/modules/ours.py"]; !ok {
		t.Error("a module that was written by hand is gone")
	}
}

func TestFieldsThatCannotBeOptionsAreRefused(t *testing.T) {
	t.Parallel()
	text := func(name string) catalog.Field { return catalog.Field{Name: name, Type: catalog.String} }
	for _, c := range []struct {
		name, want string
		kind       catalog.Kind
	}{
		{"an option of all modules", "thing: the field token has the name of an option",
			catalog.Kind{Name: "thing", Managed: true, Fields: []catalog.Field{text("token")}}},
		{"the option on a secret", "thing: the field update_key has the name of an option",
			catalog.Kind{Name: "thing", Managed: true, Fields: []catalog.Field{{Name: "key", Type: catalog.String, WriteOnly: true}, text("update_key")}}},
		{"an option of actions", "thing action move: the field path has the name of an option",
			catalog.Kind{Name: "thing", Actions: []catalog.Action{{Name: "move", Fields: []catalog.Field{text("path")}}}}},
		{"one name, two types", "two actions have a field to, of type string and integer",
			catalog.Kind{Name: "thing", Actions: []catalog.Action{
				{Name: "move", Fields: []catalog.Field{text("to")}}, {Name: "turn", Fields: []catalog.Field{{Name: "to", Type: catalog.Integer}}}}}},
		{"a secret that is hidden", "the secret key is inside of login",
			catalog.Kind{Name: "thing", Managed: true, Fields: []catalog.Field{
				{Name: "login", Type: catalog.Object, Fields: []catalog.Field{{Name: "key", Type: catalog.String, WriteOnly: true}}}}}},
		{"a secret that is shown once, and hidden", "the secret key is inside of login",
			catalog.Kind{Name: "thing", Managed: true, Fields: []catalog.Field{
				{Name: "login", Type: catalog.Object, Computed: true, Fields: []catalog.Field{{Name: "key", Type: catalog.String, Computed: true, ShownOnce: true}}}}}},
		{"a module's name", "kind api: there is a module of that name", catalog.Kind{Name: "api"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := Generate(&catalog.Catalog{Kinds: []catalog.Kind{c.kind}}, collection(t))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, wanted %q", err, c.want)
			}
		})
	}
}

// access are kinds of every shape that is not that of a named object in a parent of one kind.
func access() *catalog.Catalog {
	text := func(name string) catalog.Field {
		return catalog.Field{Name: name, Type: catalog.String, Description: "The " + name}
	}
	computed := func(names ...string) []catalog.Field {
		var l []catalog.Field
		for _, n := range names {
			f := text(n)
			f.Computed = true
			l = append(l, f)
		}
		return l
	}
	key := func(name string, kinds ...string) catalog.Field {
		f := text(name)
		f.Required, f.Immutable, f.Ref = true, true, kinds
		return f
	}
	operations := func(verbs ...string) map[string]catalog.Operation {
		m := map[string]catalog.Operation{}
		for _, v := range verbs {
			m[v] = catalog.Operation{ID: v}
		}
		return m
	}
	members := catalog.Field{Name: "members", Type: catalog.Set, Description: "Principals, as `kind:id`", Items: &catalog.Field{Type: catalog.String}}
	bindings := catalog.Field{Name: "bindings", Type: catalog.Map, Description: "Who has which role", Ref: []string{"duty"},
		Items: &catalog.Field{Type: catalog.Object, Fields: []catalog.Field{members}}}
	secret := computed("token")[0]
	secret.ShownOnce = true
	overlap := catalog.Field{Name: "overlap_seconds", Type: catalog.Integer, Description: "Overlap", Default: json.RawMessage("60")}
	return &catalog.Catalog{Kinds: []catalog.Kind{
		{Name: "duty", Plural: "duties", Prefix: "dut", Named: true, Managed: true, Parent: &catalog.Parent{Kind: "firm", Or: []string{"shop"}, Field: "owner_id"},
			Fields: append(computed("id"), text("name"), key("owner_id", "firm", "shop")), Operations: operations("create", "list", "update", "delete")},
		{Name: "grant", Plural: "grants", Prefix: "gr", Managed: true, Key: []string{"duty_id", "scope_id"},
			Fields: append(computed("id", "created_at"), key("duty_id", "duty"), key("scope_id", catalog.Platform, "firm", "shop", "duty")), Operations: operations("create", "list", "delete"),
			Filters: []catalog.Filter{{Name: "scope_id", Type: catalog.String, Description: "By scope", Ref: []string{catalog.Platform, "duty"}},
				{Name: "manner", Type: catalog.String, Description: "By manner", Enum: []string{"day", "night"}, Many: true},
				{Name: "created_at_from", Type: catalog.String, Format: "date-time", Description: "Not before then", Field: "created_at", Bound: catalog.From}},
			Orders: []string{"created_at"}},
		{Name: "statute", Plural: "statutes", Managed: true, Singleton: true, Key: []string{"scope_id"},
			Fields: append(computed("revision"), key("scope_id", catalog.Platform, "duty"), bindings), Operations: operations("get", "update", "delete")},
		{Name: "pass", Plural: "passes", Prefix: "pas", Named: true, Managed: true, Fields: append(computed("id"), text("name"), secret), Operations: operations("create", "update"),
			Actions: []catalog.Action{{Name: "rotate", Fields: []catalog.Field{overlap}, Operation: catalog.Operation{Summary: "Rotate"}}}},
		{Name: "right", Plural: "rights", Key: []string{"id"}, Fields: computed("id", "verb"), Operations: operations("get", "list")},
	}}
}

func TestKindsOfOtherShapes(t *testing.T) {
	t.Parallel()
	dir := collection(t)
	if err := Generate(access(), dir); err != nil {
		t.Fatal(err)
	}
	made := files(t, dir)
	for _, c := range []struct {
		file string
		has  []string
		not  []string
	}{
		{"modules/grant.py",
			[]string{
				"The grant is found by O(id), or by O(duty_id) and O(scope_id).", "With V(present) the grant is created if it does not exist.",
				"V(platform), or the id of a firm, a shop or a duty, or its name or path of names, such as V(duty).", "Required, unless O(id) is given.",
				"    duty_id: duty\n    scope_id: platform\n    state: absent\n",
			},
			[]string{"previous_name", "another name", "left alone"}},
		{"modules/grant_info.py", []string{"\n  scope_id:\n", "- '-created_at'", "By manner.\n type: list\n elements: str\n choices:\n - day\n - night\n", "\n  created_at_from:\n"},
			[]string{"\n  path:\n", "- name\n"}},
		{"modules/statute.py",
			[]string{
				"There is one for each O(scope_id), for as long as that exists.", "Its keys: the id of a duty", "given whole as well",
				"'In it, C(members), a list: principals, as V(kind:id). What is given is the whole set; its order means nothing.'",
				"    scope_id: platform\n    state: absent\n", "module: demarc.cloud.statute_info",
			},
			[]string{"\n  id:\n", "O(id)", "created", "exists\n"}},
		{"modules/statute_info.py", []string{"\n  scope_id:\n", "      - Required.\n", "    scope_id: platform\n  register: found\n"}, []string{"order_by", "\n  id:\n"}},
		{"modules/pass.py",
			[]string{"\nnotes:\n", "RV(pass.token)", "C(no_log=true)", "A secret. It is null unless this very task has made it.", "  register: made\n  no_log: true\n"},
			[]string{"\n  token:\n"}},
		{"modules/pass_action.py", []string{"\nnotes:\n", "    overlap_seconds: 60\n  register: made\n  no_log: true\n"}, nil},
		{"modules/right_info.py", []string{"\n  id:\n"}, []string{"order_by"}},
		{"module_utils/_catalog.py",
			[]string{
				`"parent": {"kind": "firm", "field": "owner_id", "or": ["shop"]}`, `"singleton": True`, `"shown_once": True`, `"ref": ["platform", "duty"]`,
				`"operations": ["create", "delete", "list"]`, `"prefix": ""`, `{"name": "manner", "type": "list", "items": {"name": "manner", "type": "string", "enum": ["day", "night"]}}`,
				`{"name": "created_at_from", "type": "string", "format": "date-time"}`, `"orders": ["created_at"]`,
			}, nil},
	} {
		text := made["plugins/"+c.file]
		for _, want := range c.has {
			if !strings.Contains(strings.Join(strings.Fields(text), " "), strings.Join(strings.Fields(want), " ")) {
				t.Errorf("%s: has no %q", c.file, want)
			}
		}
		for _, not := range c.not {
			options, _, _ := strings.Cut(text, "RETURN = ")
			if strings.Contains(options, not) {
				t.Errorf("%s: has %q", c.file, not)
			}
		}
	}
	if _, ok := made["plugins/modules/right.py"]; ok {
		t.Error("what is only read has a module that manages it")
	}
}

func TestExamplesHaveNamesWhereTheEngineTakesThem(t *testing.T) {
	t.Parallel()
	cat := access()
	g := generator{cat: cat}
	f := &catalog.Fixture{Parents: map[string]catalog.FixtureParent{"duty": {Kind: "duty"}, "duty.built_in": {Kind: "duty", Existing: "watch"}, "pass": {Kind: "pass"}}}
	statute := cat.Kind("statute")
	got := g.readable(statute, f, catalog.Field{Type: catalog.Object, Fields: statute.Fields}, map[string]any{
		"scope_id": "${duty}",
		"bindings": map[string]any{"${duty.built_in}": map[string]any{"members": []any{"pass:${pass}", "until ${in_30_days} of ${unique}"}}},
	})
	want := map[string]any{
		"scope_id": "duty",
		"bindings": map[string]any{"watch": map[string]any{"members": []any{"pass:pas" + exampleID, "until 2031-01-01T00:00:00Z of 1"}}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, wanted %v", got, want)
	}
}

func TestComputedFieldsMayHaveTheNamesOfOptions(t *testing.T) {
	t.Parallel()
	kind := catalog.Kind{Name: "thing", Plural: "things", Prefix: "th", Path: "/things", Named: true, Managed: true,
		Fields: []catalog.Field{{Name: "state", Type: catalog.String, Computed: true}}}
	if err := Generate(&catalog.Catalog{Kinds: []catalog.Kind{kind}}, collection(t)); err != nil {
		t.Error(err)
	}
}

func TestPythonLiterals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value any
		want  string
	}{
		{nil, "None"},
		{true, "True"},
		{int64(-3), "-3"},
		{json.Number("1.50"), "1.50"},
		{"a \"b\" \\d\n€", `"a \"b\" \\d\n\u20ac"`},
		{[]any{"a", false}, `["a", False]`},
		{mapping{{"b", []any{}}, {"a", nil}}, `{"b": [], "a": None}`},
		{map[string]any{"b": "2", "a": "1"}, `{"a": "1", "b": "2"}`},
	} {
		if got := python(c.value, 0, 0); got != c.want {
			t.Errorf("python(%v) = %s, wanted %s", c.value, got, c.want)
		}
	}
	long := mapping{{"name", strings.Repeat("x", 150)}, {"list", []any{"a"}}}
	if got, want := python(long, 0, 0), "{\n    \"name\": \""+strings.Repeat("x", 150)+"\",\n    \"list\": [\"a\"],\n}"; got != want {
		t.Errorf("a long literal is %s", got)
	}
}

func TestYAMLScalars(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"plain text, with (marks)":  "plain text, with (marks)",
		"yes":                       "'yes'",
		"Null":                      "'Null'",
		"12":                        "'12'",
		"a: b":                      "'a: b'",
		"it's: so":                  "'it''s: so'",
		"":                          "''",
		"- item":                    "'- item'",
		"a #b":                      "'a #b'",
		"#cloud-config\nhost: a\n":  `"#cloud-config\nhost: a\n"`,
		"ends with a colon:":        "'ends with a colon:'",
		strings.Repeat("word ", 30): "'" + strings.Repeat("word ", 30) + "'",
	} {
		if got := scalar(value, 0); got != want {
			t.Errorf("scalar(%q) = %s, wanted %s", value, got, want)
		}
	}
	folded := yaml(mapping{{"text", strings.TrimSpace(strings.Repeat("some words ", 30))}}, 2)
	for line := range strings.Lines(folded) {
		if len(line) > yamlWidth+1 {
			t.Errorf("a line of %d characters: %s", len(line), line)
		}
	}
	if joined := strings.Join(strings.Fields(folded), " "); joined != "text: '"+strings.TrimSpace(strings.Repeat("some words ", 30))+"'" {
		t.Errorf("folding changed the text: %s", joined)
	}
}

func TestDescriptionsAreMarkedUpForAnsible(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Name  for people":       "Name for people.",
		"Use `a(b)` here.":       `Use V(a(b\)) here.`,
		"The URL(s) of it":       "The URL (s) of it.",
		"One line.\n\nAnother":   "One line.|Another.",
		"Does it end in a mark?": "Does it end in a mark?",
	} {
		var got []string
		for _, s := range sentences(text) {
			got = append(got, s.(string))
		}
		if joined := strings.Join(got, "|"); joined != want {
			t.Errorf("sentences(%q) = %s, wanted %s", text, joined, want)
		}
	}
}
