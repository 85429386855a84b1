package app

// What traits of fields promise beyond one field: held for the server's own kinds, from their sample data, and by what others than a patch do. The
// laws that each field with a trait keeps are beside the tortures, which have them all.

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/client/fixture"
	"github.com/demarc/demarc/controlplane/internal/platform/audit"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/config"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
)

// withTraits is a node whose server has kinds with every trait.
func withTraits(t *testing.T, set ...func(*config.Config)) (*node, fixture.Loader) {
	t.Helper()
	return newSite(t).with(parts{}, besides, set...)
}

// A field that another party sets, too, is as that left it until somebody says otherwise: neither a body without it nor null is that.
func TestWhatIsNotWrittenIsKept(t *testing.T) {
	t.Parallel()
	n, load := withTraits(t)
	tried := 0
	for i := range n.catalog.Kinds {
		kind := &n.catalog.Kinds[i]
		fields := keptFields(kind.Fields)
		if len(fields) == 0 || kind.Singleton {
			continue
		}
		tried += len(fields)
		f := fixture.OpenFrom(t, n.client(ownerToken), n.catalog, load, kind.Name)
		path := strings.Replace(kind.Operations[httpapi.Update].Path, "{id}", f.MustCreate(fixture.Minimal).ID, 1)
		begins := n.must(ownerToken, http.MethodGet, path, nil)
		top := slices.DeleteFunc(slices.Clone(fields), func(way []string) bool { return len(way) > 1 }) // what they are in is not there yet
		if explicit := n.must(ownerToken, http.MethodPost, kind.Path+"?dry_run=true", nulls(f.MustBody(fixture.Minimal), top)); !sameAt(explicit, begins, fields) {
			t.Errorf("%s: null at create gives %v, nothing gives %v", kind.Name, explicit, begins)
		}
		changed := f.MustBody(fixture.Changed)
		for field := range changed {
			if !kept(kind.Field(field)) {
				delete(changed, field)
			}
		}
		n.must(ownerToken, http.MethodPatch, path, changed)
		set := n.must(ownerToken, http.MethodGet, path, nil)
		if sameAt(set, begins, fields) {
			t.Errorf("%s: the sample data changes none of %v", kind.Name, fields)
		}
		for what, body := range map[string]map[string]any{
			"another field": {"notes": "Kept."}, "nothing": {}, "null": nulls(map[string]any{}, fields), "null, and more": nulls(map[string]any{"notes": "Still."}, fields),
		} {
			n.must(ownerToken, http.MethodPatch, path, body)
			if now := n.must(ownerToken, http.MethodGet, path, nil); !sameAt(now, set, fields) {
				t.Errorf("%s: a patch of %s makes of %v %v", kind.Name, what, set, now)
			}
		}
	}
	if tried < 10 {
		t.Errorf("only %d fields are kept", tried)
	}
}

// keptFields are the ways to the fields of an object, and of the objects in it, that another party sets, too.
func keptFields(fields []catalog.Field) [][]string {
	var out [][]string
	for i := range fields {
		f := &fields[i]
		if f.Kept {
			out = append(out, []string{f.Name})
		}
		if f.Type == catalog.Object {
			for _, rest := range keptFields(f.Fields) {
				out = append(out, append([]string{f.Name}, rest...))
			}
		}
	}
	return out
}

// kept says whether a field, or one in it, is kept.
func kept(f *catalog.Field) bool { return len(keptFields([]catalog.Field{*f})) > 0 }

// nulls is a body with null in those fields.
func nulls(body map[string]any, fields [][]string) map[string]any {
	out := maps.Clone(body)
	for _, way := range fields {
		in := out
		for _, name := range way[:len(way)-1] {
			sub, _ := in[name].(map[string]any)
			sub = maps.Clone(sub)
			if sub == nil {
				sub = map[string]any{}
			}
			in[name], in = sub, sub
		}
		in[way[len(way)-1]] = nil
	}
	return out
}

// sameAt says whether two objects are the same in those fields.
func sameAt(a, b map[string]any, fields [][]string) bool {
	for _, way := range fields {
		if !reflect.DeepEqual(valueAt(a, way), valueAt(b, way)) {
			return false
		}
	}
	return true
}

func valueAt(in map[string]any, way []string) any {
	for _, name := range way[:len(way)-1] {
		in, _ = in[name].(map[string]any)
	}
	return in[way[len(way)-1]]
}

// What others than a patch do is kept, whatever is said of the rest, and followed by what follows it.
func TestWhatActionsDo(t *testing.T) {
	t.Parallel()
	n, load := withTraits(t)
	f := fixture.OpenFrom(t, n.client(ownerToken), n.catalog, load, "torture")
	made := n.must(ownerToken, http.MethodPost, "/tortures", f.MustBody(fixture.Minimal))
	path := "/tortures/" + made.text("id")
	f.Adopt(made.text("id"))
	after := n.must(ownerToken, http.MethodPost, path+"/actions/exhaust", nil)
	if fqdn := made.text("name") + ".slow.example"; made["status"] != "active" || after["status"] != "resting" || after["fqdn"] != fqdn || after["character_count"] != float64(len(fqdn)) {
		t.Errorf("%v became %v", made, after)
	}
	if now := n.must(ownerToken, http.MethodPatch, path, map[string]any{"notes": "Was exhausted.", "status": nil}); now["status"] != "resting" || now["fqdn"] != after["fqdn"] {
		t.Errorf("after a patch it is %v", now)
	}
	if found := n.items(ownerToken, "/tortures?fqdn="+after.text("fqdn")); !slices.Equal(ids(found, "id"), []string{made.text("id")}) {
		t.Errorf("found by what follows: %v", found)
	}
}

// What is written past the mechanism is found at the end of each test.
func TestStraysAreFound(t *testing.T) {
	t.Parallel()
	n, load := withTraits(t)
	made := fixture.OpenFrom(t, n.client(ownerToken), n.catalog, load, "torture").MustCreate(fixture.Full)
	write := func(statement string) { n.check(n.db.Conn(t.Context()).Exec(statement, made.ID).Error) }
	for _, c := range []struct{ what, statement, back string }{
		{"a follower", "UPDATE torture SET uses = uses + 1 WHERE id = ?", "UPDATE torture SET uses = uses - 1 WHERE id = ?"},
		{"what is followed", "UPDATE torture SET nics = '{}' WHERE id = ?", "UPDATE torture SET uses = 0 WHERE id = ?"},
	} {
		write(c.statement)
		if found, err := n.registry.Strays(authz.System(t.Context())); err != nil || len(found) != 1 || !strings.Contains(found[0], made.ID+": uses is ") {
			t.Errorf("%s was written: found %q, %v", c.what, found, err)
		}
		write(c.back)
	}
}

// A secret that an operation reveals is in the answer of that operation, and nowhere else: in no other answer, no log, no record, and nowhere in the
// database in the clear.
func TestWhatIsRevealedIsNowhereElse(t *testing.T) {
	t.Parallel()
	n, load := withTraits(t, func(c *config.Config) { c.AuditReads = []string{"*"} })
	tried := 0
	for i := range n.catalog.Kinds {
		kind := &n.catalog.Kinds[i]
		for _, reveal := range kind.Reveals {
			tried++
			f := fixture.OpenFrom(t, n.client(ownerToken), n.catalog, load, kind.Name)
			body := f.MustBody(fixture.Full)
			made := n.send(ask{token: ownerToken, method: http.MethodPost, path: kind.Path, body: body, header: map[string]string{"Idempotency-Key": "once"}})
			id := n.finish(ownerToken, made).text("id")
			f.Adopt(id)
			n.reveals(ownerToken, kind, reveal, id, body)
		}
	}
	if tried < 2 {
		t.Errorf("only %d operations reveal something", tried)
	}
}

// reveals has an operation reveal what it does, and expects its secrets nowhere else; they are returned by their fields.
func (n *node) reveals(token string, kind *catalog.Kind, by catalog.Reveal, id string, body map[string]any) map[string]string {
	n.t.Helper()
	r := n.send(ask{token: token, method: by.Method, path: at(by.Path, id), header: map[string]string{"Accept-Encoding": "gzip"}})
	if r.status != http.StatusOK || r.header.Get("Cache-Control") != "no-store" || r.header.Get("ETag") != "" || r.header.Get("Content-Encoding") != "" {
		n.t.Fatalf("%s: %d, %v", by.ID, r.status, r.header)
	}
	answer, told := r.object(n.t), map[string]string{}
	for _, field := range by.Fields {
		if !field.Sensitive {
			continue
		}
		value := answer.text(field.Name)
		if len(value) < 5 {
			n.t.Errorf("%s: the sample secret %s is too short to be found again", by.ID, field.Name)
			continue
		}
		told[field.Name] = value
		n.isNowhere(by.ID, value, n.answersAbout(kind, id, body))
	}
	return told
}

// answersAbout is everything that is answered about an object and all beside it, but for what reveals its secrets.
func (n *node) answersAbout(kind *catalog.Kind, id string, body map[string]any) []reply {
	n.t.Helper()
	path := kind.Path + "/" + id
	var out []reply
	ask := func(method, path string, body any, header map[string]string) {
		out = append(out, n.send(ask{token: ownerToken, method: method, path: path, body: body, header: header}))
	}
	ask(http.MethodGet, path, nil, nil)
	ask(http.MethodGet, kind.Path+"?page_size=500", nil, nil)
	for _, order := range kind.Orderings() {
		ask(http.MethodGet, kind.Path+"?order_by="+order, nil, nil)
	}
	for _, d := range kind.Documents {
		ask(http.MethodGet, at(d.Path, id), nil, nil)
	}
	ask(http.MethodPost, "/batch-get", map[string]any{"ids": []string{id}}, nil)
	ask(http.MethodPost, kind.Path, body, map[string]string{"Idempotency-Key": "once"}) // the first answer, again
	ask(http.MethodPost, kind.Path+"?dry_run=true", body, nil)                          // the name is taken
	ask(http.MethodPatch, path, map[string]any{"notes": "Changed."}, nil)
	for _, a := range kind.Actions {
		ask(http.MethodPost, at(a.Path, id), map[string]any{}, nil)
	}
	for _, r := range kind.Reveals {
		ask(http.MethodGet, at(r.Path, id)+"?no_such=1", nil, nil)
		ask(http.MethodPost, at(r.Path, id), map[string]any{}, nil)
	}
	ask(http.MethodGet, "/audit-records?page_size=500", nil, nil)
	ask(http.MethodGet, "/operations?page_size=500", nil, nil)
	return out
}

// at is the path of an operation on an object.
func at(path, id string) string { return strings.Replace(path, "{id}", id, 1) }

// isNowhere expects a secret in none of these answers, in nothing that was logged, and nowhere in the database.
func (n *node) isNowhere(what, value string, answers []reply) {
	n.t.Helper()
	written := (&installation{t: n.t, db: n.db}).dump()
	places := map[string]string{"the log": n.statements.lines(), "the database": written}
	for i, r := range answers {
		places[fmt.Sprintf("answer %d", i)] = fmt.Sprint(r.header, string(r.body))
	}
	for _, form := range []string{value, hex.EncodeToString([]byte(value)), base64.StdEncoding.EncodeToString([]byte(value))} {
		for place, text := range places {
			if at := strings.Index(text, form); at >= 0 {
				n.t.Errorf("%s: the secret is in %s: …%.200s", what, place, text[max(0, at-120):])
			}
		}
	}
}

// To reveal takes a permission that is given by its name. Who asked, and whether they got it, is on record; what they got is not.
func TestWhoReveals(t *testing.T) {
	t.Parallel()
	n, load := withTraits(t)
	f := fixture.OpenFrom(t, n.client(ownerToken), n.catalog, load, "torture")
	made := n.must(ownerToken, http.MethodPost, "/tortures", f.MustBody(fixture.Minimal))
	id, customer := made.text("id"), made.text("customer_id")
	f.Adopt(id)
	path := "/tortures/" + id + "/passphrase"

	named := n.must(ownerToken, http.MethodPost, "/roles", map[string]any{"name": "opener", "owner_id": customer, "permissions": []string{"tortures.get", "tortures.reveal_passphrase"}})
	who := map[string]*principal{}
	for name, role := range map[string]string{"admin": "customer-admin", "operator": "platform-operator", "reseller": "reseller-admin", "viewer": "viewer", "opener": named.text("id")} {
		who[name] = n.account(n.root, name)
		n.bind(who[name], role, customer)
	}
	who["stranger"] = n.account(n.root, "stranger")
	for name, want := range map[string]int{"admin": 403, "operator": 403, "reseller": 403, "viewer": 403, "opener": 200, "stranger": 404} {
		r := n.send(ask{token: who[name].token, method: http.MethodGet, path: path})
		if r.status != want {
			t.Errorf("%s: %d %s, want %d", name, r.status, r.body, want)
		}
		var records []struct {
			Outcome, TargetID, PrincipalID string
			Old, New                       json.RawMessage
		}
		n.check(n.db.Conn(t.Context()).Raw("SELECT outcome, target_id, principal_id, old, new FROM audit_record WHERE request_id = ? AND op_id = 'tortures.reveal_passphrase'",
			r.requestID).Scan(&records).Error)
		outcome := audit.Denied
		if want == http.StatusOK {
			outcome = audit.Succeeded
		}
		if len(records) != 1 || records[0].Outcome != outcome || records[0].TargetID != id || records[0].PrincipalID != who[name].id || records[0].Old != nil || records[0].New != nil {
			t.Errorf("%s: on record is %+v", name, records)
		}
	}
	// A secret opens what has it for those whose customer is suspended as little as for anybody who may change nothing.
	n.must(ownerToken, http.MethodPatch, "/customers/"+customer, map[string]any{"status": "suspended"})
	own := n.account(customer, "own")
	n.bind(own, named.text("id"), customer)
	if r := n.send(ask{token: own.token, method: http.MethodGet, path: path}); r.status != http.StatusForbidden {
		t.Errorf("of a suspended customer: %d %s", r.status, r.body)
	}
	if r := n.send(ask{token: own.token, method: http.MethodGet, path: "/tortures/" + id}); r.status != http.StatusOK {
		t.Errorf("of a suspended customer, to read: %d %s", r.status, r.body)
	}
	n.must(ownerToken, http.MethodPatch, "/customers/"+customer, map[string]any{"status": "terminated"}) // with all that it has
}
