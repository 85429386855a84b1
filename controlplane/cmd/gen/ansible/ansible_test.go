// What is generated is complete, stable, and refuses what cannot be an option.

package ansible

import (
	"encoding/json"
	"os"
	"path/filepath"
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
		for name, wanted := range map[string]bool{k.Name: k.Managed, k.Name + "_info": k.Operations["list"].ID != "", k.Name + "_action": len(k.Actions) > 0} {
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
