package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const events = `{"Time":"2026-01-02T03:04:00Z","Action":"start","Package":"p/router"}
{"Time":"2026-01-02T03:04:00Z","Action":"run","Package":"p/router","Test":"TestFixed"}
{"Time":"2026-01-02T03:04:20Z","Action":"pass","Package":"p/router","Test":"TestFixed","Elapsed":20}
{"Time":"2026-01-02T03:04:20Z","Action":"pass","Package":"p/router","Test":"TestLife/router","Elapsed":5}
{"Time":"2026-01-02T03:04:20Z","Action":"pass","Package":"p/router","Test":"TestLife/cable/full","Elapsed":10}
{"Time":"2026-01-02T03:04:20Z","Action":"pass","Package":"p/router","Test":"TestLife","Elapsed":99}
{"Time":"2026-01-02T03:04:20Z","Action":"pass","Package":"p/router","Test":"TestEveryKindTogether","Elapsed":5}
{"Time":"2026-01-02T03:04:30Z","Action":"pass","Package":"p/router","Elapsed":30}
`

const report = `<testsuites><testsuite time="40">
<testcase classname="tests.kinds" name="test_life_of[router]" time="8"/>
<testcase classname="tests.kinds" name="test_every_kind_in_one_play" time="2"/>
<testcase classname="tests.kinds" name="test_routers" time="10"/>
</testsuite></testsuites>`

// recorded is a folder as the tests leave it, with a catalog and a collection.
func recorded(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{
		"catalog.json":                     `{"kinds": [{"name": "router", "managed": true}, {"name": "cable", "managed": true}, {"name": "operation"}]}`,
		"collection/plugins/modules/a.py":  "",
		"collection/plugins/modules/b.py":  "",
		"collection/plugins/action/api.py": "",
		"collection/tests/test.py":         "",
		"results/tests-ansible.xml":        report,
		"results/tests-sanity.seconds":     "16\n",
	}
	for _, module := range []string{"tools", "client", "controlplane", "provider", "e2e"} {
		files["results/tests-"+module+".json"] = events
	}
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func table(dir string) (string, error) {
	var out strings.Builder
	err := run(&out, filepath.Join(dir, "catalog.json"), filepath.Join(dir, "collection"), []string{filepath.Join(dir, "results")})
	return out.String(), err
}

func TestTable(t *testing.T) {
	t.Parallel()
	got, err := table(recorded(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		// 20 of 40 busy seconds were for two kinds, so half of the 30 that it took.
		"Terraform                        30     7.50        765",
		"Ansible                          40    10.00       1020",
		"Ansible's sanity tests           16     4.00        408",
		"together                        206    51.50       5253",
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("no line %q in\n%s", want, got)
		}
	}
}

func TestMissingResultsAreAnError(t *testing.T) {
	t.Parallel()
	for file, content := range map[string]string{
		"results/tests-provider.json":  strings.NewReplacer("EveryKind", "All", "router", "x", "cable", "y").Replace(events),
		"results/tests-client.json":    "",
		"results/tests-e2e.json":       "{",
		"results/tests-ansible.xml":    "<testsuites/>",
		"results/tests-sanity.seconds": "soon",
		"catalog.json":                 `{"kinds": [{"name": "operation"}]}`,
	} {
		dir := recorded(t)
		if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := table(dir); err == nil {
			t.Errorf("%s with %q is accepted:\n%s", file, content, got)
		}
		if err := os.Remove(filepath.Join(dir, file)); err != nil {
			t.Fatal(err)
		}
		if _, err := table(dir); err == nil {
			t.Errorf("%s is missing, which is accepted", file)
		}
	}
}
