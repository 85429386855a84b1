package cli

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

func (o outcome) want(t *testing.T, status int, out string) {
	t.Helper()
	if o.status != status || o.out != out {
		t.Errorf("status %d, want %d; output\n%s\nwant\n%s\nerrors\n%s", o.status, status, o.out, out, o.err)
	}
}

func (o outcome) fails(t *testing.T, status int, parts ...string) {
	t.Helper()
	if o.status != status {
		t.Errorf("status %d, want %d; output\n%s\nerrors\n%s", o.status, status, o.out, o.err)
	}
	for _, p := range parts {
		if !strings.Contains(o.err, p) {
			t.Errorf("%q is not in the errors\n%s", p, o.err)
		}
	}
}

func wantWrites(t *testing.T, f *fakeServer, want ...string) {
	t.Helper()
	if got := f.take(); !slices.Equal(got, want) {
		t.Errorf("writes\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

// Every kind, operation, action, filter and writable field of the real catalog is on the command line.
func TestTreeOfTheRealCatalog(t *testing.T) {
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	root := New(cat, Streams{})
	names := map[string]string{}
	for _, c := range root.Commands() {
		for _, n := range append([]string{c.Name()}, c.Aliases...) {
			if other, taken := names[n]; taken {
				t.Errorf("%s and %s are both called %s", other, c.Name(), n)
			}
			names[n] = c.Name()
		}
	}
	find := func(path ...string) *cobra.Command {
		c, rest, err := root.Find(path)
		if err != nil || len(rest) > 0 {
			t.Errorf("there is no command %v", path)
			return nil
		}
		return c
	}
	for i := range cat.Kinds {
		k := &cat.Kinds[i]
		verbs := map[string]bool{}
		for verb := range k.Operations {
			verbs[verb] = true
			c := find(dashed(k.Name), verb)
			if c == nil || verb != "create" && verb != "update" {
				continue
			}
			if !strings.HasPrefix(c.Long, k.Operations[verb].Summary+"\n") {
				t.Errorf("%s %s begins with %q", k.Name, verb, c.Long)
			}
			for _, f := range k.Fields {
				if !f.Writable() || verb == "update" && !f.Mutable() || secretInside(&f) && f.Type != catalog.String {
					continue
				}
				found := false
				c.Flags().VisitAll(func(flag *pflag.Flag) {
					v, ok := flag.Value.(*fieldFlag)
					found = found || ok && v.path[0] == f.Name
				})
				if !found {
					t.Errorf("%s %s has no flag for %s", k.Name, verb, f.Name)
				}
			}
		}
		for _, action := range k.Actions {
			if verbs[action.Name] {
				t.Errorf("%s: the action %s is called as a verb", k.Name, action.Name)
			}
			find(dashed(k.Name), dashed(action.Name))
		}
		if _, ok := k.Operations["list"]; ok {
			c := find("get", dashed(k.Name))
			for _, f := range k.Filters {
				if c.Flags().Lookup(dashed(f.Name)) == nil && c.Flags().Lookup("filter-"+dashed(f.Name)) == nil {
					t.Errorf("%s: no flag for the filter %s", k.Name, f.Name)
				}
			}
		}
		find("explain", dashed(k.Name))
	}
}

func TestCreate(t *testing.T) {
	f, demarc := session(t)
	demarc("site", "create", "--name", "gent").want(t, 0, "NAME  ID    PARENT ID  STATE\ngent  st_1  -          active\n")
	wantWrites(t, f, `POST /sites {"name":"gent"}`)
	secret := writeFile(t, "password", "hush\n")
	file := writeFile(t, "box.yaml", "name: replaced\nsize_gib: 3\nlabels: {env: prod, since: 2026-01-02}\n")
	o := demarc("virtual-box", "create", "-f", file, "--name", "red", "--site_id", "gent", "--password-file", secret, "--labels", "tier=gold", "--labels", "eq=a=b",
		"--tags", "x,y", "--tags", "z", "--sealed", "--address.street", "Kouter 1", "--address.floor", "2", "--slots", "a={width: 3}",
		"--spec-wait", "w", "--owner-id", "site:gent", "--static.ip", "10.0.0.1")
	o.want(t, 0, "NAME  ID     SITE ID  SIZE GIB  STATE\nred   box_2  st_1     3         active\n")
	wantWrites(t, f, `POST /virtual-boxes {"address":{"floor":2,"street":"Kouter 1"},"labels":{"env":"prod","eq":"a=b","since":"2026-01-02","tier":"gold"},`+
		`"name":"red","owner_id":"st_1","password":"hush\n","sealed":true,"site_id":"st_1","size_gib":3,"slots":{"a":{"width":3}},"static":{"ip":"10.0.0.1"},"tags":["x,y","z"],"wait":"w"}`)
	if !strings.Contains(o.err, "virtual_box.change succeeded 3/3 pack") {
		t.Errorf("no progress:\n%s", o.err)
	}
	demarc("box", "create", "--name", "blue", "--site-id", "st_1", "--size-gib", "1", "--no-wait", "--owner-id", "platform", "-o", "id").want(t, 0, "box_3\n")
	demarc("wait", "box_3", "op_box-3").want(t, 0, "")

	demarc("box", "create", "--name", "blue", "--site-id", "gent", "--size-gib", "1").fails(t, ExitConflict, "409 name_taken: the name is taken", "it is box_3", "request: req_7")
	f.take()
	demarc("box", "create", "--name", "dry", "--site-id", "gent", "--size-gib", "1", "--dry-run").fails(t, 0, "dry run: nothing was changed")
	wantWrites(t, f, `POST /virtual-boxes?dry_run=true {"name":"dry","site_id":"st_1","size_gib":1}`)
}

func TestWrongUsage(t *testing.T) {
	f, demarc := session(t)
	f.put("st_1", `{"name": "gent"}`)
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"frob"}, `unknown command "frob"`},
		{[]string{"site", "lits"}, "did you mean list"},
		{[]string{"get", "sitte"}, "unknown command"},
		{[]string{"site", "get"}, "at least 1 arg"},
		{[]string{"site", "list", "-o", "xml"}, "one of table, wide"},
		{[]string{"box", "create", "--size-gib", "0"}, "at least 1"},
		{[]string{"box", "create", "--size-gib", "1.5"}, "whole number"},
		{[]string{"box", "create", "--power", "half"}, "one of on, off"},
		{[]string{"box", "create", "--name", "Not A Slug"}, "must match"},
		{[]string{"box", "create", "--labels", "x"}, "KEY=VALUE"},
		{[]string{"box", "create", "--labels", "x-"}, "KEY=VALUE"},
		{[]string{"box", "create", "--sealed=perhaps"}, "true or false"},
		{[]string{"box", "create", "--password", "hush"}, "unknown flag"},
		{[]string{"box", "create", "--tokens", "a=b"}, "unknown flag"},
		{[]string{"box", "create", "--spec-wait", "x"}, "missing: --name, --site-id, --size-gib"},
		{[]string{"box", "create", "--wait", "--no-wait"}, "none of the others can be"},
		{[]string{"box", "create", "-f", "-", "--password-file", "-"}, "standard input"},
		{[]string{"box", "update", "box_1", "--clear", "colour"}, "no such field"},
		{[]string{"box", "update", "box_1", "--clear", "address.lit"}, "others set it, too"},
		{[]string{"box", "update", "box_1", "--clear", "power", "--power", "on"}, "both set and cleared"},
		{[]string{"box", "update", "box_1", "--site-id", "x"}, "unknown flag"},
		{[]string{"box", "shake-well", "box_1"}, "missing: --times"},
		{[]string{"box", "delete", "a", "b", "--if-match", "1"}, "one object"},
		{[]string{"box", "delete", "a", "--if-match", ""}, "the revision is empty"},
		{[]string{"get", "box", "box_1", "--power", "on"}, "filters are for lists"},
		{[]string{"apply"}, "-f FILE"},
	} {
		o := demarc(test.args...)
		o.fails(t, ExitUsage, "Error: ", test.want, "See: demarc")
	}
	wantWrites(t, f)
}

func TestErrorsOfTheServer(t *testing.T) {
	f, demarc := session(t)
	f.put("st_1", `{"name": "gent"}`)
	f.put("box_1", `{"name": "red", "site_id": "st_1"}`)
	f.refuse = refusal(422, `"code": "invalid", "detail": "5 fields are wrong", "errors": [
		{"pointer": "/size_gib", "code": "minimum", "detail": "must be at least 2"}, {"pointer": "/labels/a~1b", "code": "pattern", "detail": "bad label"},
		{"pointer": "/address/floor", "code": "type", "detail": "no such floor"}, {"pointer": "/slots/a/width", "code": "maximum"},
		{"pointer": "/password", "code": "min_length", "detail": "too short"}, {"pointer": "/elsewhere", "code": "unknown_field", "detail": "unknown"},
		{"pointer": "/wait", "code": "enum", "detail": "what?"}]`)
	o := demarc("box", "update", "gent/red", "--size-gib", "1")
	o.fails(t, ExitError)
	if want := `Error: gent/red: 422 invalid: 5 fields are wrong
  --size-gib: must be at least 2
  --labels a/b: bad label
  --address.floor: no such floor
  --slots a.width: maximum
  --password-file: too short
  /elsewhere: unknown
  --spec-wait: what?
request: req_7
`; o.err != want {
		t.Errorf("errors\n%s\nwant\n%s", o.err, want)
	}
	for _, test := range []struct {
		status  int
		members string
		exit    int
		want    []string
	}{
		{404, `"code": "not_found", "detail": "there is none"`, ExitNotFound, []string{"404 not_found"}},
		{409, `"code": "has_children", "detail": "it holds things", "children": [{"kind": "virtual_box", "id": "box_1", "name": "red"}], "children_total": 9`,
			ExitConflict, []string{"  virtual_box red (box_1)\n  and 8 more\n"}},
		{409, `"code": "deletion_protected"`, ExitConflict, []string{"409 deletion_protected"}},
		{412, `"code": "revision_mismatch"`, ExitConflict, []string{"412 revision_mismatch"}},
		{403, `"code": "forbidden"`, ExitError, []string{"403 forbidden"}},
		{500, `"code": "internal"`, ExitError, []string{"500 internal", "request: req_7"}},
		{401, `"code": "unauthenticated"`, ExitError, []string{"token is missing, wrong or expired"}},
	} {
		f.refuse = refusal(test.status, test.members)
		demarc("site", "delete", "st_1").fails(t, test.exit, test.want...)
	}
	f.refuse = nil
	demarc("box", "get", "box_404").fails(t, ExitNotFound, "box_404: 404 not_found")
	demarc("box", "get", "gent/none").fails(t, ExitNotFound, `no virtual_box has the name path "gent/none"`)
	demarc("box", "get", "st_1").fails(t, ExitError, "not an id of kind virtual_box")
	f.put("st_2", `{"name": "brugge"}`)
	f.put("box_2", `{"name": "red", "site_id": "st_2"}`)
	demarc("box", "get", "red").fails(t, ExitError, "2 objects", "box_1 (in st_1)", "box_2 (in st_2)")

	f.failing = true
	demarc("box", "update", "box_1", "--size-gib", "4").fails(t, ExitError, "failed: driver: the box [31m broke")
	t.Setenv("DEMARC_ENDPOINT", "ftp://x")
	demarc("box", "get", "box_1").fails(t, ExitError, "DEMARC_ENDPOINT")
}

func TestAnOlderServerIsNamed(t *testing.T) {
	f, demarc := session(t)
	f.refuse = func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Type", "application/problem+json")
		w.Header().Set("Demarc-Catalog", "1.2")
		w.WriteHeader(404)
		return true
	}
	demarc("site", "list").fails(t, ExitNotFound, "the server's catalog is 1.2, this program's 1.3")
	for _, test := range []struct {
		a, b string
		want bool
	}{{"1.2", "1.10", true}, {"1.10", "1.9", false}, {"1.9", "2.0", true}, {"2.0", "1.9", false}, {"1.3", "1.3", false}, {"x", "1.3", false}, {"1", "1.3", false}} {
		if olderThan(test.a, test.b) != test.want {
			t.Errorf("olderThan(%s, %s) is not %t", test.a, test.b, test.want)
		}
	}
}

func TestUpdateAndAction(t *testing.T) {
	f, demarc := session(t)
	f.put("st_1", `{"name": "gent"}`)
	f.put("box_1", `{"name": "red", "site_id": "st_1", "size_gib": 1, "labels": {"env": "test", "old": "1"}}`)
	demarc("box", "update", "gent/red", "--size-gib", "2", "--labels", "env=prod", "--labels", "old-", "--clear", "address.street", "--clear", "spec", "--if-match", "1").fails(t, ExitUsage, "spec")
	wantWrites(t, f)
	demarc("box", "update", "gent/red", "--size-gib", "2", "--labels", "env=prod", "--labels", "old-", "--clear", "address.street", "--clear", "owner-id", "--if-match", "1").want(t, 0,
		"NAME  ID     SITE ID  SIZE GIB  STATE\nred   box_1  st_1     2         active\n")
	if got := f.headers[0].Get("If-Match"); revisionOf(got) != "1" {
		t.Errorf("If-Match: %s", got)
	}
	wantWrites(t, f, `PATCH /virtual-boxes/box_1 {"address":{"street":null},"labels":{"env":"prod","old":null},"owner_id":null,"size_gib":2}`)
	demarc("box", "update", "box_1", "--size-gib", "3", "--if-match", "1").fails(t, ExitConflict, "revision_mismatch")
	f.take()
	demarc("box", "update", "box_1").fails(t, 0)
	wantWrites(t, f, `PATCH /virtual-boxes/box_1 {}`)
	demarc("virtual_box", "shake-well", "gent/red", "--times", "3", "-o", "id").want(t, 0, "box_1\n")
	if f.headers[0].Get("Idempotency-Key") == "" {
		t.Error("a POST without a key")
	}
	wantWrites(t, f, `POST /virtual-boxes/box_1/actions/shake_well {"times":3}`)
}

func TestDelete(t *testing.T) {
	f, demarc := session(t)
	f.put("st_1", `{"name": "gent"}`)
	f.put("box_1", `{"name": "red", "site_id": "st_1"}`)
	f.put("box_2", `{"name": "blue", "site_id": "st_1"}`)
	demarc("box", "delete", "gent/red", "--dry-run").want(t, 0, "virtual_box gent/red (box_1) would be deleted\n")
	demarc("box", "rm", "gent/red", "box_2").want(t, 0, "virtual_box gent/red (box_1) deleted\nvirtual_box box_2 deleted\n")
	f.take()
	demarc("box", "delete", "gent/red", "--ignore-not-found").want(t, 0, "")
	demarc("box", "delete", "box_9", "--ignore-not-found").want(t, 0, "")
	wantWrites(t, f, "DELETE /virtual-boxes/box_9")
	demarc("site", "delete", "gent", "none").want(t, ExitNotFound, "site gent (st_1) deleted\n")
	if len(f.objects) != 0 {
		t.Errorf("left: %v", f.objects)
	}
}

func TestListAndGet(t *testing.T) {
	f, demarc := session(t)
	f.put("st_1", `{"name": "gent"}`)
	f.put("st_2", `{"name": "brugge"}`)
	f.put("box_1", `{"name": "red", "site_id": "st_1", "size_gib": 1, "power": "on", "tags": ["a"], "serial": "\u001b[31m9"}`)
	f.put("box_2", `{"name": "blue", "site_id": "st_2", "size_gib": 2, "power": "off", "address": null}`)
	demarc("get", "virtual-boxes").want(t, 0, "NAME  ID     SITE ID  SIZE GIB  STATE\nred   box_1  st_1     1         active\nblue  box_2  st_2     2         active\n")
	demarc("box", "list", "--site-id", "gent", "-o", "id").want(t, 0, "box_1\n")
	demarc("box", "list", "--power", "off", "-o", "id").want(t, 0, "box_2\n")
	demarc("box", "list", "--power", "on,off", "-o", "id").want(t, 0, "box_1\nbox_2\n")
	demarc("box", "list", "--power", "on", "--power", "off", "-o", "id").want(t, 0, "box_1\nbox_2\n")
	demarc("box", "list", "--size-gib-min", "2", "-o", "id").want(t, 0, "box_2\n")
	demarc("box", "list", "--order-by=-size_gib", "-o", "id").want(t, 0, "box_2\nbox_1\n")
	demarc("box", "list", "--owner-id", "site:gent,virtual_box:gent/red", "-o", "id").want(t, 0, "")
	demarc("box", "list", "--owner-id", "site:gent,site:none").fails(t, ExitNotFound, "--owner-id: no site has")
	demarc("shelf", "list", "--order-by", "name").fails(t, ExitUsage, "unknown flag: --order-by")
	demarc("box", "list", "--path", "gent/red", "-o", "id").want(t, 0, "box_1\n")
	demarc("box", "list", "--limit", "1", "-o", "id").want(t, 0, "box_1\n")
	demarc("box", "list", "--site-id", "none").fails(t, ExitNotFound, "--site-id: no site has")
	demarc("get", "box", "gent/red", "box_2", "-o", "id").want(t, 0, "box_1\nbox_2\n")
	demarc("box", "list", "--power", "half", "-o", "json").want(t, 0, "[]\n")

	o := demarc("box", "get", "gent/red", "-o", "json")
	var object map[string]any
	if err := json.Unmarshal([]byte(o.out), &object); err != nil || object["id"] != "box_1" {
		t.Errorf("%v\n%s", err, o.out)
	}
	if o := demarc("box", "list", "-o", "yaml"); !strings.HasPrefix(o.out, "- id: box_1\n  labels: {}\n  name: red\n") {
		t.Errorf("%s", o.out)
	}
	if o := demarc("box", "list", "-o", "wide"); !strings.HasPrefix(o.out, "NAME  ID     SITE ID  SIZE GIB  POWER  SEALED  SERIAL") {
		t.Errorf("%s", o.out)
	}
	if o := demarc("box", "describe", "gent/red"); !strings.Contains(o.out, "site_id:       st_1 (gent)\n") || !strings.Contains(o.out, "size_gib:      1 GiB\n") || o.status != 0 {
		t.Errorf("%s%s", o.out, o.err)
	}
	if o := demarc("explain", "box"); !strings.Contains(o.out, "size_gib") || !strings.Contains(o.out, "GiB, 1 to 64") || !strings.Contains(o.out, "slots.*.width") {
		t.Errorf("%s", o.out)
	}
	if o := demarc("version", "-o", "json"); !strings.Contains(o.out, `"catalog": "1.3"`) {
		t.Errorf("%s", o.out)
	}
}

func TestListReadsAllPages(t *testing.T) {
	f, demarc := session(t)
	for i := range 1203 {
		f.put("st_"+string(rune('a'+i%26))+string(rune('a'+i/26%26))+string(rune('a'+i/676)), `{"name": "n"}`)
	}
	if o := demarc("site", "list", "-o", "id"); strings.Count(o.out, "\n") != 1203 {
		t.Errorf("%d of 1203 objects", strings.Count(o.out, "\n"))
	}
}

func TestDebugLogHasNoSecrets(t *testing.T) {
	f, demarc := session(t)
	f.put("st_1", `{"name": "gent"}`)
	// runCLI looks for the token and the password.
	o := demarc("box", "create", "--debug", "--name", "red", "--site-id", "gent", "--size-gib", "1", "--password-file", writeFile(t, "p", "hush"))
	o.fails(t, 0, "path=/api/v1/virtual-boxes", "status=202")
}

func TestContexts(t *testing.T) {
	f, demarc := session(t)
	f.put("st_1", `{"name": "gent"}`)
	profile := os.Getenv("DEMARC_CONFIG")
	t.Setenv("DEMARC_ENDPOINT", "")
	t.Setenv("DEMARC_TOKEN", "")
	demarc("site", "list").fails(t, ExitError, "no server is known")
	stdin := func(in string, args ...string) outcome { return runCLI(t, testCatalog, in, args...) }
	stdin("tok_hush\n", "context", "set", "one", "--endpoint", f.url, "--token-stdin").want(t, 0, "")
	tokenFile := writeFile(t, "token", "tok_hush\n")
	demarc("context", "set", "two", "--endpoint", "https://two.example.com", "--token-file", tokenFile).want(t, 0, "")
	demarc("context", "set", "bad", "--endpoint", "two.example.com").fails(t, ExitError, "http://")
	demarc("context", "list").want(t, 0, "CURRENT  NAME  ENDPOINT\n*        one   "+f.url+"\n         two   https://two.example.com\n")
	info, err := os.Stat(profile)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, error %v", info.Mode(), err)
	}
	demarc("site", "list", "-o", "id").want(t, 0, "st_1\n")
	demarc("context", "use", "two").want(t, 0, "")
	demarc("site", "list", "-o", "id", "--context", "one").want(t, 0, "st_1\n")
	demarc("context", "use", "three").fails(t, ExitError, "no context")
	demarc("site", "list", "--context", "three").fails(t, ExitError, "no context")
	demarc("context", "delete", "two").want(t, 0, "")

	// The environment names a server: the context is not asked, least of all for its token.
	demarc("context", "use", "one").want(t, 0, "")
	t.Setenv("DEMARC_ENDPOINT", f.url)
	demarc("site", "list").fails(t, ExitError, "401 unauthenticated")
	demarc("site", "list", "-o", "id", "--context", "one").want(t, 0, "st_1\n")
	t.Setenv("DEMARC_ENDPOINT", "")
	// Nor does another --endpoint get the context's token.
	other := newFake(t)
	demarc("site", "list", "--endpoint", other.url).fails(t, ExitError, "401 unauthenticated")
	demarc("site", "list", "--endpoint", other.url, "--token-file", tokenFile, "-o", "id").want(t, 0, "")
	// A context that gets a new endpoint loses its token.
	demarc("context", "set", "one", "--endpoint", other.url).want(t, 0, "")
	demarc("site", "list").fails(t, ExitError, "401 unauthenticated")

	if err := os.WriteFile(profile, []byte("contexts:\n  a: {endpoint: http://x, token: tok_hush}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(profile, 0o644); err != nil {
		t.Fatal(err)
	}
	demarc("site", "list").fails(t, ExitError, "chmod 600")
	if err := os.WriteFile(profile, []byte("token: tok_hush\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	demarc("site", "list").fails(t, ExitError, "not a profile")
}

func TestCompletion(t *testing.T) {
	f, demarc := session(t)
	f.put("st_1", `{"name": "gent"}`)
	f.put("st_2", `{"name": "brugge"}`)
	f.put("box_1", `{"name": "red", "site_id": "st_1"}`)
	f.put("box_2", `{"name": "red", "site_id": "st_2"}`)
	f.put("box_3", `{"name": "blue", "site_id": "st_1"}`)
	f.put("sh_1", `{"name": "top", "box_id": "box_3"}`)
	for _, test := range []struct {
		args []string
		want []string
	}{
		{[]string{"box", "get", ""}, []string{"box_1\tred", "box_2\tred", "blue\tbox_3"}},
		{[]string{"box", "get", "b"}, []string{"box_1\tred", "box_2\tred", "blue\tbox_3"}},
		{[]string{"box", "get", "gent/"}, []string{"gent/red\tbox_1", "gent/blue\tbox_3"}},
		{[]string{"box", "get", "gent/red", "gent/r"}, nil},
		{[]string{"box", "get", "nowhere/"}, nil},
		{[]string{"shelf", "get", "gent/"}, []string{"gent/red/\tbox_1", "gent/blue/\tbox_3"}},
		{[]string{"shelf", "get", "gent/b"}, []string{"gent/blue/\tbox_3"}},
		{[]string{"shelf", "get", "gent/blue/"}, []string{"gent/blue/top\tsh_1"}},
		{[]string{"box", "describe", "box_1", ""}, nil},
		{[]string{"box", "create", "--site-id", "g"}, []string{"gent\tst_1"}},
		{[]string{"box", "list", "--site-id", "g"}, []string{"gent\tst_1"}},
		{[]string{"box", "create", "--power", ""}, []string{"on", "off"}},
		{[]string{"box", "list", "--power", ""}, []string{"on", "off"}},
		{[]string{"box", "list", "--order-by", ""}, []string{"name", "-name", "size_gib", "-size_gib"}},
		{[]string{"box", "create", "--owner-id", ""}, []string{"site:", "virtual_box:", "platform"}},
		{[]string{"box", "create", "--owner-id", "site:g"}, []string{"site:gent\tst_1"}},
		{[]string{"box", "list", "-o", ""}, outputs},
		{[]string{"box", "update", "--clear", "sta"}, []string{"static.ip"}},
	} {
		o := demarc(append([]string{"__complete"}, test.args...)...)
		var got []string
		for line := range strings.Lines(o.out) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, ":") {
				got = append(got, line)
			}
		}
		if !reflect.DeepEqual(got, test.want) {
			t.Errorf("%q: %q, want %q", test.args, got, test.want)
		}
	}
}

func TestEdit(t *testing.T) {
	f, demarc := session(t)
	f.put("st_1", `{"name": "gent"}`)
	f.put("box_1", `{"name": "red", "site_id": "st_1", "size_gib": 1, "power": "on", "serial": "9", "labels": {"env": "test", "old": "1"}, "address": {"street": "a", "floor": 1}, "owner_id": null}`)
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("VISUAL", "")
	edit := func(script string, args ...string) outcome {
		t.Helper()
		t.Setenv("EDITOR", "sed -i -e '"+script+"'")
		return demarc(append([]string{"box", "edit", "gent/red"}, args...)...)
	}
	edit("s/size_gib: 1/size_gib: 2/; /old:/d; s/owner_id: null/owner_id: site:gent/; /floor:/d").want(t, 0, "NAME  ID     SITE ID  SIZE GIB  STATE\nred   box_1  st_1     2         active\n")
	if got := f.headers[0].Get("If-Match"); revisionOf(got) != "1" {
		t.Errorf("If-Match: %s", got)
	}
	wantWrites(t, f, `PATCH /virtual-boxes/box_1 {"address":{"floor":null},"labels":{"old":null},"owner_id":"st_1","size_gib":2}`)
	edit("s/x/x/").fails(t, 0, "nothing was changed")
	edit("d").fails(t, 0, "nothing was changed")
	wantWrites(t, f)
	edit("s/size_gib: 2/size_gib: {{/").fails(t, ExitError, "your text is kept in "+os.Getenv("TMPDIR"))

	// Somebody changes another field meanwhile: the edit goes through; the same field: it does not.
	meanwhile := func(field string, value any) {
		done := false
		f.refuse = func(_ http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPatch && !done {
				done = true
				f.objects["box_1"][field], f.objects["box_1"]["revision"] = value, f.objects["box_1"]["revision"].(json.Number)+"1"
			}
			return false
		}
	}
	revise := func() { f.objects["box_1"]["revision"] = json.Number("5") }
	revise()
	meanwhile("power", "off")
	edit("s/size_gib: 2/size_gib: 3/", "-o", "id").want(t, 0, "box_1\n")
	wantWrites(t, f, `PATCH /virtual-boxes/box_1 {"size_gib":3}`, `PATCH /virtual-boxes/box_1 {"size_gib":3}`)
	revise()
	meanwhile("size_gib", json.Number("9"))
	edit("s/size_gib: 3/size_gib: 4/").fails(t, ExitConflict, "revision_mismatch", "your text is kept in")
	wantWrites(t, f, `PATCH /virtual-boxes/box_1 {"size_gib":4}`)
}
