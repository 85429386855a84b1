package cli

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

const tree = `
kind: virtual-box
parent: gent/hall
name: red
spec:
  size_gib: 2
  password: hush
  labels: {env: prod}
  tags: [b, a]
  slots: {one: {width: 1, box_id: gent/hall/blue}}
  static: {ip: 10.0.0.1}
---
{"kind": "virtual_box", "spec": {"name": "blue", "site_id": "hall", "size_gib": 1}}
---
# a site within a site, before the one around it
kind: site
parent: gent
name: hall
---
kind: site
name: gent
`

func TestApply(t *testing.T) {
	f, demarc := session(t)
	file := writeFile(t, "tree.yaml", tree)

	o := demarc("apply", "-f", file, "--dry-run")
	o.want(t, 0, "site gent would be created\nsite gent/hall would be created\nvirtual_box hall/blue would be created\nvirtual_box gent/hall/red would be created\n")
	wantWrites(t, f, `POST /sites?dry_run=true {"name":"gent"}`)
	if len(f.objects) != 0 {
		t.Fatalf("a dry run made %v", f.objects)
	}
	f.next = 0

	demarc("apply", "-f", file).want(t, 0, "site gent (st_1) created\nsite gent/hall (st_2) created\nvirtual_box hall/blue (box_3) created\nvirtual_box gent/hall/red (box_4) created\n")
	wantWrites(t, f, `POST /sites {"name":"gent"}`, `POST /sites {"name":"hall","parent_id":"st_1"}`,
		`POST /virtual-boxes {"name":"blue","site_id":"st_2","size_gib":1}`,
		`POST /virtual-boxes {"labels":{"env":"prod"},"name":"red","password":"hush","site_id":"st_2","size_gib":2,"slots":{"one":{"box_id":"box_3","width":1}},"static":{"ip":"10.0.0.1"},"tags":["b","a"]}`)
	if s := f.objects["box_4"]["state"]; s != "active" {
		t.Errorf("it did not wait: %v", s)
	}

	// The second run changes nothing, whatever the order of a set and whatever else has been set meanwhile.
	f.objects["box_4"]["labels"] = map[string]any{"env": "prod", "other": "x"}
	f.objects["box_4"]["tags"] = []any{"a", "b"}
	f.objects["box_4"]["power"] = "off"
	demarc("apply", "-f", file).want(t, 0, "site gent (st_1) unchanged\nsite gent/hall (st_2) unchanged\nvirtual_box hall/blue (box_3) unchanged\nvirtual_box gent/hall/red (box_4) unchanged\n")
	wantWrites(t, f)

	change := writeFile(t, "change.yaml", `
kind: virtual_box
parent: st_2
name: red
spec: {size_gib: 3, labels: {env: test, other: null}, power: null, serial: null, owner_id: null, dynamic: {pool: p}, password: hush}`)
	const changes = `
  dynamic: null → {"pool":"p"}
  labels.env: "prod" → "test"
  labels.other: "x" → null
  power: "off" → null
  size_gib: 2 → 3
  static: {"ip":"10.0.0.1"} → null
`
	demarc("apply", "-f", change, "--dry-run").want(t, 0, "virtual_box red (box_4) would be updated"+changes)
	f.take()
	demarc("apply", "-f", change).want(t, 0, "virtual_box red (box_4) updated"+changes)
	wantWrites(t, f, `PATCH /virtual-boxes/box_4 {"dynamic":{"pool":"p"},"labels":{"env":"test","other":null},"power":null,"size_gib":3,"static":null}`)
	demarc("apply", "-f", change).want(t, 0, "virtual_box red (box_4) unchanged\n")
	demarc("apply", "-f", change, "--update-secrets").want(t, 0, "virtual_box red (box_4) updated\n  password: (secret)\n")
	wantWrites(t, f, `PATCH /virtual-boxes/box_4 {"password":"hush"}`)

	// An object that failed is tried again though nothing differs.
	f.objects["box_4"]["state"] = "failed"
	demarc("apply", "-f", change).want(t, 0, "virtual_box red (box_4) updated\n")
	wantWrites(t, f, `PATCH /virtual-boxes/box_4 {}`)
	// By id, the name can be changed.
	demarc("apply", "-f", writeFile(t, "rename.yaml", "{kind: virtual_box, id: box_4, name: pink}"), "-o", "json")
	wantWrites(t, f, `PATCH /virtual-boxes/box_4 {"name":"pink"}`)
	// One that is being deleted is waited for and made anew.
	f.objects["box_3"]["state"], f.objects["box_3"]["operation_id"] = "deleting", "op_box-3"
	demarc("apply", "-f", file).fails(t, 0)
	if f.objects["box_3"] != nil || len(f.objects) != 5 {
		t.Errorf("%v", f.objects)
	}
}

func TestApplyConflicts(t *testing.T) {
	f, demarc := session(t)
	f.put("st_1", `{"name": "gent"}`)
	doc := writeFile(t, "d.yaml", "kind: site\nname: gent\nspec: {labels: {env: prod}}\n")
	meanwhile := func(change func(o map[string]any)) {
		done := false
		f.refuse = func(_ http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPatch && !done {
				done = true
				f.objects["st_1"]["revision"] = json.Number("40")
				change(f.objects["st_1"])
			}
			return false
		}
	}
	meanwhile(func(o map[string]any) { o["parent_id"] = nil })
	demarc("apply", "-f", doc).fails(t, 0)
	if got := f.objects["st_1"]["labels"].(map[string]any)["env"]; got != "prod" {
		t.Errorf("labels: %v", got)
	}
	f.objects["st_1"]["labels"] = map[string]any{}
	f.objects["st_1"]["revision"] = json.Number("1")
	meanwhile(func(o map[string]any) { o["labels"] = map[string]any{"env": "test"} })
	demarc("apply", "-f", doc).fails(t, ExitConflict, "revision_mismatch", "d.yaml, document 1")

	f.refuse = nil
	f.put("st_2", `{"name": "hall", "parent_id": "st_1"}`)
	f.put("st_3", `{"name": "b", "parent_id": null}`)
	f.put("st_4", `{"name": "hall", "parent_id": "st_3"}`)
	demarc("apply", "-f", writeFile(t, "two.yaml", "{kind: site, name: hall}")).fails(t, ExitError, "2 objects match")
	f.take()
	// What was done before an error is told.
	half := writeFile(t, "half.yaml", "{kind: site, name: first}\n---\n{kind: virtual_box, parent: nowhere, name: x}\n")
	demarc("apply", "-f", half).want(t, ExitNotFound, "site first (st_1) created\n")
}

func TestApplyRefusesWrongDocuments(t *testing.T) {
	f, demarc := session(t)
	for content, want := range map[string]string{
		"[1]":                                                     "no object",
		"{kind: cat, name: x}":                                    `no kind "cat"`,
		"{kind: operation, name: x}":                              "only be read",
		"{kind: site}":                                            "neither name nor id",
		"{kind: site, name: x, colour: red}":                      `unknown member "colour"`,
		"{kind: site, name: 3}":                                   "name must be text",
		"{kind: site, name: x, spec: 3}":                          "spec must be an object",
		"{kind: site, name: x, spec: {name: y}}":                  "name and spec.name differ",
		"{kind: site, name: x, spec: {labels: [":                  "did not find",
		"{kind: virtual_box, name: x, spec: {1: 2}}":              "must be text",
		"{kind: site, name: a, name: b}":                          "already defined",
		"{kind: virtual_box, name: x, spec: {owner_id: shelf:b}}": "it may refer to site, virtual_box, platform",
		"{kind: loan, spec: {holder: ann, manner: day}}":          "scope_id is missing: objects of kind loan are found by holder, scope_id, manner",
		"{kind: rota, spec: {duties: {}}}":                        "scope_id is missing",
		"{kind: site, name: a, parent: b}\n---\n{kind: site, name: b, parent: a}": "refers to itself",
		"{kind: site, id: box_1, name: x}":                                        "not an id of kind site",
	} {
		o := demarc("apply", "-f", writeFile(t, "x.yaml", content))
		if o.status != ExitError || !strings.Contains(o.err, want) {
			t.Errorf("%s: status %d\n%s", content, o.status, o.err)
		}
	}
	wantWrites(t, f)
}

func TestSame(t *testing.T) {
	set := &catalog.Field{Type: "set"}
	withDefault := &catalog.Field{Type: "integer", Default: json.RawMessage("10")}
	for _, test := range []struct {
		f          *catalog.Field
		have, want string
		same       bool
	}{
		{nil, `1`, `1`, true}, {nil, `1`, `2`, false}, {nil, `{"a":1,"b":2}`, `{"b":2,"a":1}`, true}, {nil, `null`, `null`, true},
		{set, `["a","b"]`, `["b","a"]`, true}, {set, `["a"]`, `["b"]`, false}, {set, `["a","a"]`, `["a"]`, false}, {set, `[]`, `null`, false},
		{withDefault, `10`, `null`, true}, {withDefault, `11`, `null`, false}, {&catalog.Field{ServerDefault: true}, `"x"`, `null`, true},
		{&catalog.Field{Kept: true}, `false`, `null`, true}, {&catalog.Field{Kept: true}, `false`, `true`, false},
		{&catalog.Field{Type: "list"}, `["a","b"]`, `["b","a"]`, false},
	} {
		have, err1 := decode([]byte(test.have))
		want, err2 := decode([]byte(test.want))
		if err1 != nil || err2 != nil || same(test.f, have, want) != test.same {
			t.Errorf("%s and %s: not %t", test.have, test.want, test.same)
		}
	}
}

// What is not said of what others set, too, is left to them, also where what is said is all.
func TestWhatIsKeptIsLeft(t *testing.T) {
	fields := []catalog.Field{{Name: "lit", Type: catalog.Boolean, Kept: true}, {Name: "notes", Type: catalog.String, Nullable: true},
		{Name: "address", Type: catalog.Object, Fields: []catalog.Field{{Name: "lit", Type: catalog.Boolean, Kept: true}, {Name: "floor", Type: catalog.Integer, Nullable: true}}}}
	present := map[string]any{"lit": true, "notes": "A note.", "address": map[string]any{"lit": true, "floor": 3}}
	c := comparison{whole: true}
	patch := c.patch(fields, present, map[string]any{"address": map[string]any{"lit": nil}})
	if want := `{"address":{"floor":null},"notes":null}`; text(patch) != want {
		t.Errorf("got %s, want %s", text(patch), want)
	}
}

func TestYAML(t *testing.T) {
	const j = `{"b":"yes","a":"123","n":123,"t":true,"s":"true","z":null,"e":"","l":[],"m":{},"d":"2026-01-01","x":{"y":["1",2]},"text":"a\nb\n","big":9007199254740993}`
	y, err := toYAML([]byte(j))
	if err != nil {
		t.Fatal(err)
	}
	v, err := parseYAML(y)
	if err != nil {
		t.Fatal(err)
	}
	want, err := decode([]byte(j))
	if err != nil {
		t.Fatal(err)
	}
	if text(v) != text(want) {
		t.Errorf("%s\nbecame\n%s\nand\n%s", j, y, text(v))
	}
	if !strings.HasPrefix(string(y), "b:") || strings.Contains(string(y), "{\"") {
		t.Errorf("not in order, or not in blocks:\n%s", y)
	}
}
