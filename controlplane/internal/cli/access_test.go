package cli

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// Objects without names are found by their key, and what cannot be changed is made or not.
func TestUnnamedKinds(t *testing.T) {
	f, demarc := session(t)
	f.put("st_1", `{"name": "gent"}`)
	f.put("box_1", `{"name": "red", "site_id": "st_1"}`)
	demarc("loan", "create", "--holder", "ann", "--scope-id", "gent", "--manner", "day").want(t, 0,
		"ID     HOLDER  SCOPE ID  MANNER\nlon_1  ann     st_1      day\n")
	demarc("loan", "create", "--holder", "ann", "--scope-id", "platform", "--manner", "night", "-o", "id").want(t, 0, "lon_2\n")
	wantWrites(t, f, `POST /loans {"holder":"ann","manner":"day","scope_id":"st_1"}`, `POST /loans {"holder":"ann","manner":"night","scope_id":"platform"}`)
	demarc("loan", "create", "--holder", "ann").fails(t, ExitUsage, "missing: --scope-id, --manner")
	demarc("loan", "list", "--scope-id", "platform", "--holder", "ann", "-o", "id").want(t, 0, "lon_2\n")
	demarc("loan", "list", "--label", "a=b").fails(t, ExitUsage, "unknown flag")
	demarc("get", "loan", "lon_1", "-o", "id").want(t, 0, "lon_1\n")
	demarc("loan", "get", "gent").fails(t, ExitError, "have no name")
	demarc("loan", "update", "lon_1").fails(t, ExitUsage, `unknown command "update"`)

	doc := writeFile(t, "loans.yaml", "{kind: loan, spec: {holder: ann, scope_id: gent, manner: day}}\n---\n{kind: loan, spec: {holder: bob, scope_id: box:red, manner: day}}\n")
	demarc("apply", "-f", doc).fails(t, ExitError, "it may refer to platform, site, virtual_box")
	doc = writeFile(t, "loans.yaml", "{kind: loan, spec: {holder: ann, scope_id: gent, manner: day}}\n---\n{kind: loan, spec: {holder: bob, scope_id: virtual-box:red, manner: day}}\n")
	demarc("apply", "-f", doc).want(t, 0, "loan ann,gent,day (lon_1) unchanged\nloan bob,virtual-box:red,day (lon_3) created\n")
	wantWrites(t, f, `POST /loans {"holder":"bob","manner":"day","scope_id":"box_1"}`)
	demarc("apply", "-f", doc).want(t, 0, "loan ann,gent,day (lon_1) unchanged\nloan bob,virtual-box:red,day (lon_3) unchanged\n")
	demarc("loan", "delete", "lon_1").want(t, 0, "loan lon_1 deleted\n")
	f.take()

	// A name that objects of several kinds have says which is meant.
	f.put("box_2", `{"name": "gent", "site_id": "st_1"}`)
	demarc("loan", "list", "--scope-id", "gent").fails(t, ExitError, "2 objects of kind site or virtual_box")
	demarc("loan", "list", "--scope-id", "site:gent", "-o", "id").want(t, 0, "")
	demarc("loan", "list", "--scope-id", "nowhere").fails(t, ExitNotFound, `no site or virtual_box has the name path "nowhere"`)
}

// What there is one of for each object is named by that object, and written with the revision that it has.
func TestSingletons(t *testing.T) {
	f, demarc := session(t)
	f.put("st_1", `{"name": "gent"}`)
	f.put("pas_1", `{"name": "front", "site_id": "st_1"}`)
	demarc("get", "rota", "gent").want(t, 0, "SCOPE ID\nst_1\n")
	demarc("rota", "get", "platform", "-o", "id").want(t, 0, "platform\n")
	demarc("get", "rota").fails(t, ExitUsage, "at least 1 arg")
	demarc("rota", "list").fails(t, ExitUsage, "unknown command")

	ifMatch := func(want string) {
		t.Helper()
		if got := f.headers[0].Get("If-Match"); revisionOf(got) != want {
			t.Errorf("If-Match: %s, want the revision %s", got, want)
		}
	}
	demarc("rota", "update", "gent", "--duties", "pas_1={members: [ann]}", "-o", "id").want(t, 0, "st_1\n")
	ifMatch("0")
	wantWrites(t, f, `PATCH /rotas/st_1 {"duties":{"pas_1":{"members":["ann"]}}}`)
	demarc("rota", "update", "gent", "--duties", "pas_1-", "--if-match", "0").fails(t, ExitConflict, "revision_mismatch")
	ifMatch("0")
	f.take()

	doc := writeFile(t, "rota.yaml", "kind: rota\nspec: {scope_id: site:gent, duties: {gent/front: {members: [ann, bob]}}}\n")
	demarc("apply", "-f", doc).want(t, 0, "rota site:gent (st_1) updated\n  duties.pas_1.members: [\"ann\"] → [\"ann\",\"bob\"]\n")
	ifMatch("1")
	wantWrites(t, f, `PATCH /rotas/st_1 {"duties":{"pas_1":{"members":["ann","bob"]}}}`)
	demarc("apply", "-f", doc).want(t, 0, "rota site:gent (st_1) unchanged\n")
	demarc("apply", "-f", writeFile(t, "one.yaml", "{kind: rota, id: st_1, spec: {duties: {gent/front: null}}}")).want(t, 0,
		"rota st_1 updated\n  duties.pas_1: {\"members\":[\"ann\",\"bob\"]} → null\n")
	wantWrites(t, f, `PATCH /rotas/st_1 {"duties":{"pas_1":null}}`)
	demarc("apply", "-f", writeFile(t, "two.yaml", "{kind: rota, spec: {scope_id: gent, duties: {pas_1: {}, gent/front: {}}}}")).fails(t, ExitError, "two keys stand for pas_1")

	t.Setenv("VISUAL", "")
	t.Setenv("EDITOR", "sed -i -e 's/duties: {}/duties: {pas_1: {members: [eve]}}/'")
	demarc("rota", "edit", "gent", "-o", "id").want(t, 0, "st_1\n")
	ifMatch("3")
	wantWrites(t, f, `PATCH /rotas/st_1 {"duties":{"pas_1":{"members":["eve"]}}}`)
	demarc("rota", "delete", "gent").want(t, 0, "rota gent (st_1) deleted\n")
	ifMatch("4")
}

// A secret that the server makes is printed where it is made, and no format loses it.
func TestShownOnce(t *testing.T) {
	f, demarc := session(t)
	f.put("st_1", `{"name": "gent"}`)
	o := demarc("pass", "create", "--name", "front", "--site-id", "gent")
	o.want(t, 0, "NAME   ID     SITE ID  STATE\nfront  pas_1  st_1     active\ntoken: key-1\n")
	if !strings.Contains(o.err, "the token is not shown again") {
		t.Errorf("no advice:\n%s", o.err)
	}
	if o := demarc("pass", "get", "gent/front", "-o", "wide"); o.status != 0 || strings.Contains(o.out, "TOKEN") {
		t.Errorf("%s%s", o.out, o.err)
	}
	if o := demarc("pass", "renew", "gent/front", "--overlap-seconds", "60", "-o", "json"); !strings.Contains(o.out, `"token": "key-2"`) || o.status != 0 {
		t.Errorf("%d\n%s%s", o.status, o.out, o.err)
	}
	f.take()
	demarc("pass", "renew", "gent/front").want(t, 0, "NAME   ID     SITE ID  STATE\nfront  pas_1  st_1     active\ntoken: key-2\n")
	wantWrites(t, f, `POST /passes/pas_1/actions/renew {}`)
	demarc("pass", "renew", "gent/front", "-o", "id").fails(t, ExitUsage, "would lose the secret")
	demarc("pass", "create", "--name", "back", "--site-id", "gent", "-o", "id").fails(t, ExitUsage, "would lose the secret")
	doc := writeFile(t, "pass.yaml", "{kind: pass, parent: gent, name: back}")
	demarc("apply", "-f", doc, "-o", "id").fails(t, ExitUsage, "would lose the secret")
	wantWrites(t, f)
	demarc("apply", "-f", doc).want(t, 0, "pass gent/back (pas_2) created\n  token, not shown again: key-1\n")
	demarc("apply", "-f", doc).want(t, 0, "pass gent/back (pas_2) unchanged\n")
	demarc("explain", "pass").fails(t, 0)
}

func TestQuestionsAboutAccess(t *testing.T) {
	f, demarc := session(t)
	f.put("st_1", `{"name": "gent"}`)
	var asked []string
	allowed := true
	f.refuse = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains("/whoami /permissions/check /permissions/effective /access /catalog", strings.TrimPrefix(r.URL.Path, "/api/v1")) {
			return false
		}
		asked = append(asked, strings.TrimPrefix(r.URL.Path, "/api/v1")+" "+r.URL.Query().Get("checks")+r.URL.Query().Get("resource_id"))
		switch r.URL.Path {
		case "/api/v1/whoami":
			f.answer(w, 200, map[string]any{"principal": map[string]any{"id": "u-1", "kind": "user", "groups": []any{"ops", "dev"}}, "token_id": nil,
				"roles": []any{map[string]any{"role_name": "viewer", "scope_id": "platform"}}})
		case "/api/v1/catalog":
			f.answer(w, 200, map[string]any{"kinds": []any{map[string]any{"name": "lamp", "title": "Lamp", "category": "Things", "description": "Shines.", "glow": 1}}})
		case "/api/v1/permissions/effective":
			f.answer(w, 200, map[string]any{"resource_id": "x", "held": []any{"sites.get"}, "held_below": []any{"sites.get", "sites.list"}})
		case "/api/v1/permissions/check":
			f.answer(w, 200, map[string]any{"results": []any{map[string]any{"permission": "x", "allowed": allowed}}})
		default:
			f.answer(w, 200, map[string]any{"next_page_token": nil, "hidden": true, "items": []any{map[string]any{"principal_id": "u-1", "principal_kind": "user",
				"role_id": "rol_1", "role_name": "viewer", "binding_id": "rb_1", "scope_id": "platform", "inherited": true, "expires_at": nil}}})
		}
		return true
	}
	wantAsked := func(want string) {
		t.Helper()
		if got := strings.Join(asked, ", "); got != want {
			t.Errorf("asked %s, want %s", got, want)
		}
		asked = nil
	}
	demarc("whoami").want(t, 0, "principal:\n  groups:       ops, dev\n  id:           u-1\n  kind:         user\nroles:\n  1:\n    role_name:  viewer\n    scope_id:   platform\ntoken_id:       -\n")
	wantAsked("/whoami ")
	if o := demarc("whoami", "-o", "json"); !json.Valid([]byte(o.out)) {
		t.Errorf("%s", o.out)
	}
	demarc("catalog").want(t, 0, "KIND  TITLE  CATEGORY  DESCRIPTION\nlamp  Lamp   Things    Shines.\n")
	if o := demarc("catalog", "-o", "json"); !strings.Contains(o.out, `"glow": 1`) {
		t.Errorf("%s", o.out)
	}
	asked = nil
	demarc("can", "sites.create").want(t, 0, "yes\n")
	demarc("can", "sites.create", "site:gent").want(t, 0, "yes\n")
	demarc("can", "sites.create", "platform").want(t, 0, "yes\n")
	wantAsked("/permissions/check sites.create, /permissions/check sites.create@st_1, /permissions/check sites.create@platform")
	allowed = false
	o := demarc("can", "sites.create", "st_1")
	o.want(t, ExitError, "no\n")
	if o.err != "" {
		t.Errorf("more than the answer:\n%s", o.err)
	}
	demarc("can", "sites.create", "gent").fails(t, ExitUsage, "neither an id nor KIND:PATH")
	asked = nil
	demarc("permitted").want(t, 0, "PERMISSION  WHERE\nsites.get   here\nsites.list  below\n")
	demarc("permitted", "site:gent").want(t, 0, "PERMISSION  WHERE\nsites.get   here\nsites.list  below\n")
	wantAsked("/permissions/effective , /permissions/effective st_1")
	demarc("access", "site:gent").want(t, 0, "PRINCIPAL KIND  PRINCIPAL ID  ROLE NAME  SCOPE ID  INHERITED  EXPIRES AT  BINDING ID\nuser            u-1           viewer     platform  true       -           rb_1\n")
	o = demarc("access", "st_1", "-o", "id")
	o.want(t, 0, "rb_1\n")
	if !strings.Contains(o.err, "there are others") {
		t.Errorf("nothing about what is hidden:\n%s", o.err)
	}
	wantAsked("/access st_1, /access st_1")
	if o := demarc("__complete", "can", "rights"); !strings.Contains(o.out, "rights.get\n") {
		t.Errorf("%s", o.out)
	}
	if o := demarc("__complete", "get", "rota", ""); !strings.Contains(o.out, "platform\nsite:\nvirtual_box:\n") {
		t.Errorf("%s", o.out)
	}
	f.put("pas_1", `{"name": "front", "site_id": "st_1"}`)
	if o := demarc("__complete", "pass", "get", "gent/"); !strings.Contains(o.out, "gent/front\tpas_1\n") {
		t.Errorf("%s", o.out)
	}
}
