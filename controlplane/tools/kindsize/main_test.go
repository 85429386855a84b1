package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const nouns = "../../internal"

// A kind costs what is special about it: whoever makes one of these larger has put something into it that belongs to all.
func TestKindsAreSmall(t *testing.T) {
	t.Parallel()
	kinds, err := measure(nouns)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, k := range kinds {
		limit, limited := limits[k.name]
		found[k.name] = true
		if limited && k.lines > limit {
			t.Errorf("%s has %d lines, %d are enough", k.name, k.lines, limit)
		}
	}
	for name := range limits {
		if !found[name] {
			t.Errorf("there is no kind %s in %s", name, nouns)
		}
	}
}

func TestTheTableIsOfToday(t *testing.T) {
	t.Parallel()
	kinds, err := measure(nouns)
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../../../.github/CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	if want, err := replaced(string(page), table(kinds)); err != nil || want != string(page) {
		t.Errorf("the table is an old one: run make generate (%v)", err)
	}
}

func TestCodeLines(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]int{
		"":                                0,
		"package p\n":                     1,
		"// Package p.\npackage p\n\n":    1,
		"package p\n\nvar a, b = 1,\n\t2": 3,
		"package p\n\n/* all of\nthis is words */\n\nfunc f() { // so is this\n}\n": 3,
		"package p\n\nvar query = `SELECT\n\n\t1`\n":                                4,
	} {
		if got := codeLines([]byte(source)); got != want {
			t.Errorf("%q: %d lines, want %d", source, got, want)
		}
	}
}

func TestMeasure(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"boat/model.go":      "package boat\n\nvar Kind = resource.Kind{\n\tName: \"boat\",\n}\n",
		"boat/service.go":    "package boat\n\nfunc f() {}\n",
		"boat/boat_test.go":  "package boat\n\nfunc g() {}\n",
		"platform/none.go":   "package platform\n",
		"harbour/harbour.go": "package harbour\n\nvar Kind = resource.Kind{Name: \"harbour\"}\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kinds, err := measure(dir)
	if err != nil || len(kinds) != 2 || kinds[0] != (kind{"harbour", 2}) || kinds[1] != (kind{"boat", 6}) {
		t.Errorf("measured %v, %v", kinds, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "page"), []byte("before\n"+begin+"old\n"+end+"after\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := run(dir, filepath.Join(dir, "page")); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(dir, "page"))
	if err != nil || !strings.HasPrefix(string(page), "before\n"+begin) || !strings.HasSuffix(string(page), "| boat | 6 |  |\n"+end+"after\n") {
		t.Errorf("written: %s, %v", page, err)
	}
	if _, err := replaced("no table", ""); err == nil {
		t.Error("a page without a place was written")
	}
}
