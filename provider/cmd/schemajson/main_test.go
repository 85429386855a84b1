package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// The document has everything that Terraform would show, and what an old one would not.
func TestSchemas(t *testing.T) {
	t.Parallel()
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := run(&out, "", ""); err != nil {
		t.Fatal(err)
	}
	var doc document
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	s := doc.Schemas["demarc"]
	if s == nil || s.Provider.Block.Attributes["token"] == nil || !s.Provider.Block.Attributes["token"].Sensitive {
		t.Fatal("the provider's own schema is missing, or its token is not sensitive")
	}
	for _, k := range c.Kinds {
		name := "demarc_" + k.Name
		if k.Managed && !k.ShowsOnce() {
			if s.Resources[name] == nil || s.Identities[name] == nil || !s.Identities[name].Attributes["id"].RequiredForImport {
				t.Errorf("%s: resource or identity is missing", name)
			}
			if _, lists := k.Operations["list"]; lists && s.ListResources[name] == nil {
				t.Errorf("%s: list resource is missing", name)
			}
		}
		if _, lists := k.Operations["list"]; lists && s.DataSources["demarc_"+k.Plural].Block.Attributes["items"].NestedType.NestingMode != "list" {
			t.Errorf("demarc_%s: items is not a list", k.Plural)
		}
		for _, f := range k.Fields {
			if k.Managed && !k.ShowsOnce() && f.WriteOnly && !s.Resources[name].Block.Attributes[f.Name+"_wo"].WriteOnly {
				t.Errorf("%s.%s_wo is not write-only", name, f.Name)
			}
		}
	}
}

// What is generated is committed as it is generated.
func TestGeneratedFilesAreCurrent(t *testing.T) {
	t.Parallel()
	fresh := t.TempDir()
	for _, dir := range []string{"templates", "examples"} {
		if err := os.Mkdir(filepath.Join(fresh, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(nil, filepath.Join(fresh, "templates"), filepath.Join(fresh, "examples")); err != nil {
		t.Fatal(err)
	}
	top := filepath.Join("..", "..", "..")
	seen := 0
	err := filepath.WalkDir(fresh, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		seen++
		name, err := filepath.Rel(fresh, path)
		if err != nil {
			return err
		}
		want, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if got, err := os.ReadFile(filepath.Join(top, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not as it is generated: run make generate (%v)", name, err)
		}
		return nil
	})
	if err != nil || seen == 0 {
		t.Fatal(err, seen)
	}
}

// Examples follow from every trait: keys, singletons, parents of several kinds, secrets that are shown once.
func TestExamplesOfTraits(t *testing.T) {
	t.Parallel()
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := writeExamples(c, dir); err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			return ""
		}
		return string(b)
	}
	for name, want := range map[string]string{
		"resources/demarc_role_binding/import.sh":                      "# By its key: principal_kind,principal_id,role_id,scope_id.\nterraform import demarc_role_binding.example ",
		"resources/demarc_policy/import.sh":                            "# By scope_id.\nterraform import demarc_policy.example ",
		"resources/demarc_role/import.sh":                              "terraform import demarc_role.example customer/role",
		"data-sources/demarc_role_binding/data-source.tf":              "  principal_kind = \"",
		"data-sources/demarc_policy/data-source.tf":                    "data \"demarc_policy\" \"by_scope_id\" {\n  scope_id = \"",
		"data-sources/demarc_role/data-source.tf":                      "# By name, within its customer or billing entity.",
		"data-sources/demarc_permission/data-source.tf":                `id = "permissions.get"`,
		"data-sources/demarc_role_bindings/data-source.tf":             "  scope_id = \"",
		"list-resources/demarc_role_binding/list-resource.tfquery.hcl": `list "demarc_role_binding"`,
	} {
		if got := read(name); !strings.Contains(got, want) {
			t.Errorf("%s has no %q:\n%s", name, want, got)
		}
	}
	for _, name := range []string{"resources/demarc_api_token/import.sh", "data-sources/demarc_policies/data-source.tf"} {
		if got := read(name); got != "" {
			t.Errorf("%s: %s", name, got)
		}
	}
	if text := page(c, ""); !strings.Contains(text, `"demarc_service_account_token"`) {
		t.Errorf("the ephemeral resource has no category: %s", text)
	}
}

// Every kind has a category, and no page goes under none.
func TestCategories(t *testing.T) {
	t.Parallel()
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	text := categories(c)
	for _, k := range c.Kinds {
		if k.Category == "" || !strings.Contains(text, `"demarc_`+k.Name+`"`) || !strings.Contains(text, `"demarc_`+k.Plural+`"`) {
			t.Errorf("%s has no category", k.Name)
		}
	}
}
