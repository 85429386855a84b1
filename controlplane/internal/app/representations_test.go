package app

// What a client keeps of an answer, and in which form it gets one: tags, 304 and compression, over the wire as a client without any of that built in
// sees it.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/demarc/demarc/controlplane/api"
	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/client/fixture"
	"github.com/demarc/demarc/controlplane/internal/app/testdata/locker"
	"github.com/demarc/demarc/controlplane/internal/platform/spec"
)

// wire is a client that leaves everything as it comes.
var wire = &http.Client{Transport: &http.Transport{DisableCompression: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// raw sends a request as it is, and returns what comes as it is. The path is a whole one.
func (n *node) raw(method, path string, body any, header ...string) reply {
	n.t.Helper()
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		n.check(err)
		content = bytes.NewReader(b)
	}
	r, err := http.NewRequestWithContext(n.t.Context(), method, n.endpoint+path, content)
	n.check(err)
	r.Header.Set("Authorization", "Bearer "+ownerToken)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	res, err := wire.Do(r)
	n.check(err)
	defer res.Body.Close()
	out := reply{status: res.StatusCode, header: res.Header}
	out.body, err = io.ReadAll(res.Body)
	n.check(err)
	return out
}

func unzip(t *testing.T, b []byte) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatalf("it is no gzip: %v", err)
	}
	out, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestWhatAClientHasIsNotSentAgain(t *testing.T) {
	t.Parallel()
	n, load := withLockers(t, nil)
	locker := fixture.OpenFrom(t, n.client(ownerToken), n.catalog, load, "locker").MustCreate(fixture.Minimal).ID
	answers, err := spec.LoadAnswers(api.OpenAPI)
	n.check(err)
	of := map[string]string{"/operations?page_size=1": "operations.list", "/catalog": "catalog.get", "/whoami": "whoami.get"}
	for path, wants := range map[string]struct{ cache, vary, begins string }{
		client.BasePath + "/lockers/" + locker:                  {"no-cache, private", "Accept-Encoding", `"1.`},
		client.BasePath + "/lockers":                            {"no-cache, private", "Accept-Encoding", `".`},
		client.BasePath + "/operations?page_size=1":             {"no-cache, private", "Accept-Encoding", `".`},
		client.BasePath + "/catalog":                            {"no-cache, private", "Accept-Encoding", `".`},
		client.BasePath + "/whoami":                             {"no-cache, private", "Accept-Encoding", `".`},
		client.BasePath + "/lockers/" + locker + "/label":       {"no-cache, private", "Accept", `"1.text/csv"`},
		client.BasePath + "/openapi.json":                       {"no-cache", "Accept-Encoding", `".`},
		"/swagger/index.html":                                   {"no-cache", "Accept-Encoding", `".`},
		"/swagger/favicon-32x32.png":                            {"no-cache", "Accept-Encoding", `".`},
		client.BasePath + "/policies/" + n.root + "?wait=never": {},
	} {
		first := n.raw(http.MethodGet, path, nil)
		tag := first.header.Get("ETag")
		if wants.cache == "" {
			if first.status != http.StatusBadRequest || tag != "" || first.header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %d %v", path, first.status, first.header)
			}
			continue
		}
		if first.status != http.StatusOK || !strings.HasPrefix(tag, wants.begins) {
			t.Errorf("%s: %d %v", path, first.status, first.header)
			continue
		}
		for _, has := range []string{tag, "W/" + tag, "*", `"0", ` + tag, strings.TrimSuffix(tag, `"`) + `-gzip"`} {
			for _, coding := range []string{"identity", "gzip"} {
				again := n.raw(http.MethodGet, path, nil, "If-None-Match", has, "Accept-Encoding", coding)
				h := again.header
				known := h.Get("ETag") == has || has == `"0", `+tag && h.Get("ETag") == tag || has == "*" && strings.HasPrefix(h.Get("ETag"), strings.TrimSuffix(tag, `"`))
				if again.status != http.StatusNotModified || len(again.body) > 0 || !known ||
					h.Get("Cache-Control") != wants.cache || h.Get("Vary") != wants.vary || h.Get("X-Request-Id") == "" || h.Get("Content-Type")+h.Get("Content-Encoding") != "" {
					t.Errorf("%s with %s in %s: %d %v %s", path, has, coding, again.status, h, again.body)
				}
				if op := of[strings.TrimPrefix(path, client.BasePath)]; op != "" {
					if err := answers.Check(op, again.status, h, again.body); err != nil {
						t.Errorf("%s with %s: %v", path, has, err)
					}
				}
			}
		}
		for _, other := range []string{`"0"`, `"1"`, tag[:len(tag)-2] + `"`, tag[1:], ""} {
			if r := n.raw(http.MethodGet, path, nil, "If-None-Match", other); r.status != http.StatusOK || !bytes.Equal(r.body, first.body) {
				t.Errorf("%s with %s: %d", path, other, r.status)
			}
		}
	}
	// One document has a tag for each of its content types.
	label := client.BasePath + "/lockers/" + locker + "/label"
	if r := n.raw(http.MethodGet, label, nil, "Accept", "application/pdf", "If-None-Match", `"1.text/csv"`); r.status != http.StatusOK || r.header.Get("ETag") != `"1.application/pdf"` {
		t.Errorf("the document as another: %d %v", r.status, r.header)
	}
	// Who may not see something is not told that it is unchanged.
	if r := n.send(ask{token: n.account(n.root, "stranger").token, method: http.MethodGet, path: "/lockers/" + locker, header: map[string]string{"If-None-Match": "*"}}); r.status != http.StatusNotFound {
		t.Errorf("to a stranger: %d", r.status)
	}
}

// A document whose versions nothing tells apart has no tag, and is none that a client has.
func TestADocumentWithoutVersions(t *testing.T) {
	t.Parallel()
	n, load := withLockers(t, func(s *locker.Service) { s.Version = func(locker.Locker) string { return "" } })
	label := client.BasePath + "/lockers/" + fixture.OpenFrom(t, n.client(ownerToken), n.catalog, load, "locker").MustCreate(fixture.Minimal).ID + "/label"
	first := n.raw(http.MethodGet, label, nil)
	if first.status != http.StatusOK || len(first.body) == 0 || first.header.Get("ETag") != "" || first.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", first.status, first.header)
	}
	for _, has := range []string{"*", `""`, `"-gzip"`, `"1"`} {
		if r := n.raw(http.MethodGet, label, nil, "If-None-Match", has); r.status != http.StatusOK || !bytes.Equal(r.body, first.body) {
			t.Errorf("with %s: %d, %q", has, r.status, r.body)
		}
	}
}

// What the system observes is no new revision, and yet something else than a client has.
func TestATagTellsWhatARevisionDoesNot(t *testing.T) {
	t.Parallel()
	n, load := withLockers(t, nil)
	path := "/lockers/" + fixture.OpenFrom(t, n.client(ownerToken), n.catalog, load, "locker").MustCreate(fixture.Minimal).ID
	whole := client.BasePath + path
	before := n.raw(http.MethodGet, whole, nil).header.Get("ETag")
	list := n.raw(http.MethodGet, client.BasePath+"/lockers", nil).header.Get("ETag")
	n.check(n.db.Conn(t.Context()).Exec("UPDATE locker SET state = 'failed', state_reason = 'the door is stuck'").Error)
	r := n.raw(http.MethodGet, whole, nil, "If-None-Match", before)
	if r.status != http.StatusOK || r.header.Get("ETag") == before || !strings.HasPrefix(r.header.Get("ETag"), `"1.`) || !strings.Contains(string(r.body), "stuck") {
		t.Errorf("another state: %d %v %s", r.status, r.header, r.body)
	}
	if r := n.raw(http.MethodGet, client.BasePath+"/lockers", nil, "If-None-Match", list); r.status != http.StatusOK || r.header.Get("ETag") == list {
		t.Errorf("the list: %d", r.status)
	}
	// It is still the revision that a writer has read, however its tag is given.
	for _, tag := range []string{before, `"1"`, `W/"1"`, strings.TrimSuffix(before, `"`) + `-gzip"`} {
		if r := n.raw(http.MethodPatch, whole+"?dry_run=true", map[string]any{"notes": "x"}, "If-Match", tag); r.status != http.StatusOK {
			t.Errorf("a change with %s: %d %s", tag, r.status, r.body)
		}
	}
	changed := n.raw(http.MethodPatch, whole, map[string]any{"notes": "x"}, "If-Match", before)
	if changed.status != http.StatusOK || !strings.HasPrefix(changed.header.Get("ETag"), `"2.`) || changed.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v %s", changed.status, changed.header, changed.body)
	}
	if r := n.raw(http.MethodGet, whole, nil, "If-None-Match", changed.header.Get("ETag")); r.status != http.StatusNotModified {
		t.Errorf("what a change answered is what is got: %d", r.status)
	}
	if r := n.raw(http.MethodPatch, whole, map[string]any{"notes": "y"}, "If-Match", before); r.status != http.StatusPreconditionFailed {
		t.Errorf("an old tag: %d", r.status)
	}
}

func TestAnswersAreCompressed(t *testing.T) {
	t.Parallel()
	n, load := withLockers(t, nil)
	locker := fixture.OpenFrom(t, n.client(ownerToken), n.catalog, load, "locker").MustCreate(fixture.Minimal).ID
	location := n.items(ownerToken, "/locations")[0].text("id")
	customer := n.must(ownerToken, http.MethodPost, "/customers", map[string]any{"name": "acme", "billing_entity_id": n.root, "email": "it@example.com"}).text("id")
	for i := range 500 { // of a state in which nobody finds out that they are nowhere, and repairs them while the test runs
		n.check(n.db.Conn(t.Context()).Exec(`INSERT INTO cloudspace (id, name, revision, state, created_at, updated_at, billing_entity_id, customer_id, location_id, network_cidr)
			VALUES (?, ?, 1, 'failed', now(), now(), ?, ?, ?, '10.0.0.0/24')`, fmt.Sprintf("cs_%026d", i), fmt.Sprint("space-", i), n.root, customer, location).Error)
	}
	wrong := map[string]any{}
	for i := range 50 {
		wrong[fmt.Sprint("no_such_field_", i)] = 1
	}
	for name, c := range map[string]struct {
		method, path string
		body         any
		status       int
		most         int // per cent of what it is without
	}{
		"a page of 500":     {http.MethodGet, client.BasePath + "/cloudspaces?page_size=500", nil, 200, 12},
		"a problem":         {http.MethodPost, client.BasePath + "/customers", wrong, 422, 25},
		"the specification": {http.MethodGet, client.BasePath + "/openapi.json", nil, 200, 12},
		"the catalog":       {http.MethodGet, client.BasePath + "/catalog", nil, 200, 12},
		"a page":            {http.MethodGet, "/swagger/swagger-ui-bundle.js", nil, 200, 40},
	} {
		plain, zipped := n.raw(c.method, c.path, c.body), n.raw(c.method, c.path, c.body, "Accept-Encoding", "br, gzip;q=0.8")
		if plain.status != c.status || zipped.status != c.status || plain.header.Get("Content-Encoding") != "" || zipped.header.Get("Content-Encoding") != "gzip" ||
			plain.header.Get("Vary") != "Accept-Encoding" || zipped.header.Get("Vary") != "Accept-Encoding" || plain.header.Get("Content-Type") != zipped.header.Get("Content-Type") {
			t.Errorf("%s: %d %v, %d %v", name, plain.status, plain.header, zipped.status, zipped.header)
			continue
		}
		out := unzip(t, zipped.body)
		if c.status == 200 && (!bytes.Equal(out, plain.body) || zipped.header.Get("ETag") != strings.TrimSuffix(plain.header.Get("ETag"), `"`)+`-gzip"`) {
			t.Errorf("%s: not the same, or not of another coding: %s and %s", name, plain.header.Get("ETag"), zipped.header.Get("ETag"))
		}
		if len(zipped.body)*100 > len(out)*c.most {
			t.Errorf("%s: %d bytes of %d", name, len(zipped.body), len(out))
		}
		t.Logf("%s: %d bytes of %d, %.1f %%", name, len(zipped.body), len(out), 100*float64(len(zipped.body))/float64(len(out)))
	}
	if r := n.raw(http.MethodGet, client.BasePath+"/catalog", nil); !bytes.Equal(r.body, catalog.Embedded()) {
		t.Error("the catalog that is served is not the one that clients are made from")
	}
	for name, c := range map[string][]string{
		"refused": {client.BasePath + "/cloudspaces?page_size=500", "gzip;q=0"}, "short": {client.BasePath + "/lockers/" + locker, "gzip"},
		"a document": {client.BasePath + "/lockers/" + locker + "/label", "gzip"}, "an image": {"/swagger/favicon-32x32.png", "gzip"}, "a probe": {"/livez", "gzip"},
	} {
		if r := n.raw(http.MethodGet, c[0], nil, "Accept-Encoding", c[1]); r.status != http.StatusOK || r.header.Get("Content-Encoding") != "" {
			t.Errorf("%s: %d %v", name, r.status, r.header)
		}
	}
}

// What shows a secret has neither a digest nor a length that tells anything of it, however long it is.
func TestSecretsAreNotCompressed(t *testing.T) {
	t.Parallel()
	n := newSite(t).start(parts{})
	account := n.must(ownerToken, http.MethodPost, "/service-accounts", map[string]any{"name": "robot", "owner_id": n.root}).text("id")
	body := map[string]any{"name": "laptop", "service_account_id": account, "notes": strings.Repeat("to be compressed ", 100)}
	whole := client.BasePath + "/api-tokens"
	made := n.raw(http.MethodPost, whole, body, "Accept-Encoding", "gzip", "Idempotency-Key", "once")
	again := n.raw(http.MethodPost, whole, body, "Accept-Encoding", "gzip", "Idempotency-Key", "once")
	one := whole + "/" + made.object(t).text("id")
	rotated := n.raw(http.MethodPost, one+"/actions/rotate", map[string]any{}, "Accept-Encoding", "gzip", "If-None-Match", "*")
	tried := n.raw(http.MethodPost, whole+"?dry_run=true", map[string]any{"name": "desk", "service_account_id": account, "notes": body["notes"]}, "Accept-Encoding", "gzip")
	for name, r := range map[string]reply{"made": made, "again": again, "rotated": rotated, "tried": tried} {
		if r.status >= 300 || len(r.body) < 1400 || r.header.Get("Content-Encoding") != "" || strings.Contains(r.header.Get("ETag"), ".") || r.header.Get("Cache-Control") != "no-store" ||
			name != "tried" && !strings.Contains(string(r.body), `"token":"dmc_`) {
			t.Errorf("%s: %d %v %.80s", name, r.status, r.header, r.body)
		}
	}
	if made.header.Get("ETag") != `"1"` || again.header.Get("Idempotency-Replayed") != "true" || !bytes.Equal(again.body, made.body) {
		t.Errorf("the first answer: %v, again: %v", made.header, again.header)
	}
	// Read later, it has none, and is as anything else.
	if r := n.raw(http.MethodGet, one, nil, "Accept-Encoding", "gzip"); r.header.Get("Content-Encoding") != "gzip" || strings.Contains(string(unzip(t, r.body)), "dmc_") {
		t.Errorf("read: %v", r.header)
	}
}
