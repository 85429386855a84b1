package client

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// pauses records what a client would have slept.
type pauses struct {
	mu sync.Mutex
	d  []time.Duration
}

func (p *pauses) pause(ctx context.Context, d time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.d = append(p.d, d)
	return ctx.Err()
}

func serve(t *testing.T, h http.HandlerFunc) (*Client, *pauses) {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := New(Config{Endpoint: s.URL, Token: "tok_secret"})
	if err != nil {
		t.Fatal(err)
	}
	p := &pauses{}
	c.transport.pause = p.pause
	return c, p
}

// answers serves the given answers one after the other, and the last one for ever.
func answers(count *atomic.Int32, hs ...http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		n := int(count.Add(1)) - 1
		hs[min(n, len(hs)-1)](w, r)
	}
}

func problem(status int, members string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.Header().Set("X-Request-Id", "req_1")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"status": %d, "request_id": "req_1" %s}`, status, members)
	}
}

func object(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("ETag", `"7"`)
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func header(name, value string, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(name, value)
		h(w, r)
	}
}

func cut(w http.ResponseWriter, _ *http.Request) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	conn.Close()
}

// cutInBody promises more than it sends.
func cutInBody(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	io.WriteString(w, `{"id": `)
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func TestRequestOnTheWire(t *testing.T) {
	var got *http.Request
	var body []byte
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Clone(context.Background())
		body, _ = io.ReadAll(r.Body)
		object(200, `{"id": "vm_1", "operation_id": "op_1"}`)(w, r)
	})
	res, err := c.Do(t.Context(), Request{
		Method: "PATCH", Path: "/virtual-machines/vm_1", Query: url.Values{"dry_run": {"true"}},
		Body: map[string]any{"notes": "<&>", "display_name": nil}, IfMatch: "7", Header: http.Header{"x-request-id": {"mine"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.URL.String() != "/api/v1/virtual-machines/vm_1?dry_run=true" || got.Method != "PATCH" {
		t.Errorf("%s %s", got.Method, got.URL)
	}
	for name, want := range map[string]string{
		"Authorization": "Bearer tok_secret", "If-Match": `"7"`, "Content-Type": "application/json",
		"X-Request-Id": "mine", "User-Agent": "demarc-go", "Accept-Encoding": "gzip",
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.Header.Get(name), want)
		}
	}
	if string(body) != `{"display_name":null,"notes":"<&>"}` {
		t.Errorf("body %s", body)
	}
	if res.ETag() != `"7"` || res.OperationID() != "op_1" {
		t.Errorf("ETag %s, operation %s", res.ETag(), res.OperationID())
	}
}

func TestRetries(t *testing.T) {
	ok := object(200, `{}`)
	busy := problem(503, `, "code": "unavailable"`)
	for _, test := range []struct {
		name    string
		method  string
		key     string
		answers []http.HandlerFunc
		calls   int32
		status  int // of the problem, 0 for success, -1 for another error
	}{
		{"503 then well", "GET", "", []http.HandlerFunc{busy, ok}, 2, 0},
		{"all that are retried", "PATCH", "", []http.HandlerFunc{busy, problem(502, ""), problem(504, ""), problem(429, ""), ok}, 5, 0},
		{"a connection that breaks", "DELETE", "", []http.HandlerFunc{cut, ok}, 2, 0},
		{"a connection that breaks in the answer", "GET", "", []http.HandlerFunc{cutInBody, ok}, 2, 0},
		{"no end in sight", "GET", "", []http.HandlerFunc{busy}, 1 + DefaultMaxRetries, 503},
		{"500 is final", "GET", "", []http.HandlerFunc{problem(500, ""), ok}, 1, 500},
		{"409 is final", "PATCH", "", []http.HandlerFunc{problem(409, ""), ok}, 1, 409},
		{"POST without a key", "POST", "", []http.HandlerFunc{busy, ok}, 1, 503},
		{"POST without a key, broken", "POST", "", []http.HandlerFunc{cut, ok}, 1, -1},
		{"POST with a key", "POST", "k1", []http.HandlerFunc{busy, cut, ok}, 3, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			var calls atomic.Int32
			keys := map[string]bool{}
			bodies := map[string]bool{}
			h := answers(&calls, test.answers...)
			c, p := serve(t, func(w http.ResponseWriter, r *http.Request) {
				b, _ := io.ReadAll(r.Body)
				bodies[string(b)] = true
				keys[r.Header.Get("Idempotency-Key")] = true
				h(w, r)
			})
			_, err := c.Do(t.Context(), Request{Method: test.method, Path: "/x", Body: map[string]int{"a": 1}, IdempotencyKey: test.key})
			switch pr := AsProblem(err); {
			case test.status == 0 && err != nil, test.status > 0 && (pr == nil || pr.Status != test.status), test.status < 0 && (err == nil || pr != nil):
				t.Errorf("error %v", err)
			}
			if calls.Load() != test.calls || len(p.d) != int(test.calls)-1 {
				t.Errorf("%d calls, %d pauses, want %d calls", calls.Load(), len(p.d), test.calls)
			}
			if !reflect.DeepEqual(keys, map[string]bool{test.key: true}) || !reflect.DeepEqual(bodies, map[string]bool{`{"a":1}`: true}) {
				t.Errorf("the attempts differ: keys %v, bodies %v", keys, bodies)
			}
			for n, d := range p.d {
				if d < 0 || d > backoffBase<<n {
					t.Errorf("pause %d is %s", n, d)
				}
			}
		})
	}
}

func TestBackoffIsJitteredAndBounded(t *testing.T) {
	distinct := map[time.Duration]bool{}
	for range 200 {
		distinct[backoff(3)] = true
		if d := backoff(1000); d < 0 || d > backoffCap {
			t.Fatal(d)
		}
	}
	if len(distinct) < 100 {
		t.Errorf("only %d distinct pauses", len(distinct))
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"7": 7 * time.Second, "0": 0, "Sun, 01 Mar 2026 12:00:30 GMT": 30 * time.Second, "Sun, 01 Mar 2026 11:00:00 GMT": 0,
	} {
		if d, ok := retryAfter(http.Header{"Retry-After": {value}}, now); !ok || d != want {
			t.Errorf("%s: %s %t", value, d, ok)
		}
	}
	for _, value := range []string{"", "soon", "-1", "1.5"} {
		if d, ok := retryAfter(http.Header{"Retry-After": {value}}, now); ok {
			t.Errorf("%q is taken for %s", value, d)
		}
	}

	var calls atomic.Int32
	c, p := serve(t, answers(&calls, header("Retry-After", "7", problem(429, "")), object(200, `{}`)))
	if _, err := c.Do(t.Context(), Request{Path: "/x"}); err != nil || len(p.d) != 1 || p.d[0] != 7*time.Second {
		t.Errorf("pauses %v, error %v", p.d, err)
	}
	t.Run("beyond the deadline", func(t *testing.T) {
		var calls atomic.Int32
		c, p := serve(t, answers(&calls, header("Retry-After", "100", problem(429, `, "code": "rate_limited"`))))
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second)
		defer cancel()
		_, err := c.Do(ctx, Request{Path: "/x"})
		if pr := AsProblem(err); pr == nil || pr.RetryAfter != 100*time.Second || len(p.d) != 0 || calls.Load() != 1 {
			t.Errorf("error %v, pauses %v, %d calls", err, p.d, calls.Load())
		}
	})
}

func TestCancelEndsThePause(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := httptest.NewServer(header("Retry-After", "200", problem(503, "")))
	defer s.Close()
	c, err := New(Config{Endpoint: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	c.transport.pause = func(ctx context.Context, d time.Duration) error {
		cancel()
		return pause(ctx, d)
	}
	if _, err := c.Do(ctx, Request{Path: "/x"}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestProblem(t *testing.T) {
	c, _ := serve(t, header(CatalogHeader, "1.4", problem(409, `, "code": "has_children", "title": "Conflict", "detail": "it is not empty",
		"instance": "urn:request:req_1", "type": "https://demarc.dev/problems/has_children", "children": [{"kind": "virtual_machine", "id": "vm_1", "name": "web"}],
		"children_total": 3, "operation_id": "op_1", "existing_id": "vm_9", "errors": [{"pointer": "/a", "code": "minimum", "detail": "too small"}], "future": {}`)))
	_, err := c.Do(t.Context(), Request{Method: "DELETE", Path: "/x"})
	want := &Problem{Type: "https://demarc.dev/problems/has_children", Title: "Conflict", Status: 409, Detail: "it is not empty",
		Instance: "urn:request:req_1", Code: "has_children", RequestID: "req_1", OperationID: "op_1", ExistingID: "vm_9",
		Children: []Child{{"virtual_machine", "vm_1", "web"}}, ChildrenTotal: 3,
		Errors: []FieldError{{"/a", "minimum", "too small"}}, CatalogVersion: "1.4"}
	if got := AsProblem(fmt.Errorf("delete: %w", err)); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if want := "409 has_children: it is not empty; /a: too small: virtual_machine web (vm_1) and 2 more (operation op_1) (request req_1)"; err.Error() != want {
		t.Errorf("%s", err)
	}
	if !IsCode(err, "has_children") || IsCode(err, "name_taken") || IsNotFound(err) || IsNotFound(nil) || IsCode(io.EOF, "has_children") {
		t.Error("predicates")
	}
}

func TestProblemFromAProxy(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"html":     header("Content-Type", "text/html; charset=utf-8", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404); io.WriteString(w, "<html>") }),
		"bad json": header("Content-Type", "application/json", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404); io.WriteString(w, "{") }),
		"nothing":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) },
	} {
		c, _ := serve(t, h)
		_, err := c.Do(t.Context(), Request{Path: "/x"})
		if p := AsProblem(err); p == nil || p.Status != 404 || p.Title != "Not Found" || p.Code != "" || p.Detail == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTokenStaysSecret(t *testing.T) {
	stolen := make(chan string, 1)
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { stolen <- r.Header.Get("Authorization") }))
	defer thief.Close()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, thief.URL, http.StatusTemporaryRedirect)
	}))
	defer s.Close()
	var log bytes.Buffer
	c, err := New(Config{Endpoint: s.URL, Token: "tok_secret", Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Do(t.Context(), Request{Method: "POST", Path: "/x", Body: map[string]string{"user_data": "hush"}})
	if p := AsProblem(err); p == nil || p.Status != 307 {
		t.Errorf("a redirect: %v", err)
	}
	// Even when asked for another host by hand, the token stays at home.
	req, _ := http.NewRequest("GET", thief.URL, nil)
	res, err := c.doer.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if got := <-stolen; got != "" {
		t.Errorf("another host was sent %q", got)
	}
	if text := log.String() + fmt.Sprint(err); strings.Contains(text, "tok_secret") || strings.Contains(text, "hush") || !strings.Contains(text, "status=307") {
		t.Errorf("log: %s", text)
	}
	if _, err := New(Config{Endpoint: s.URL, Token: "tok secret\n"}); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("a token that cannot be sent: %v", err)
	}
}

func TestRotatedTokenFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	write := func(s string) {
		if err := os.WriteFile(file, []byte(s+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("old")
	valid := "old"
	var calls atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		if r.Header.Get("Authorization") != "Bearer "+valid {
			problem(401, `, "code": "unauthenticated"`)(w, r)
			return
		}
		object(200, `{}`)(w, r)
	}))
	defer s.Close()
	c, err := New(Config{Endpoint: s.URL, TokenFile: file})
	if err != nil {
		t.Fatal(err)
	}
	get := func() error {
		calls.Store(0)
		// A POST without a key is repeated here too: a 401 has done nothing.
		_, err := c.Do(t.Context(), Request{Method: "POST", Path: "/x"})
		return err
	}
	if err := get(); err != nil {
		t.Fatal(err)
	}
	valid = "new"
	if err := get(); !IsCode(err, "unauthenticated") || calls.Load() != 1 {
		t.Errorf("an unchanged file: %v, %d calls", err, calls.Load())
	}
	write("new")
	if err := get(); err != nil || calls.Load() != 2 {
		t.Errorf("a rotated token: %v, %d calls", err, calls.Load())
	}
}

func TestTransport(t *testing.T) {
	var conns atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		defer z.Close()
		fmt.Fprintf(z, `{"proto": %q}`, r.Proto)
	}))
	s.EnableHTTP2 = true
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			conns.Add(1)
		}
	}
	s.StartTLS()
	defer s.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := New(Config{Endpoint: s.URL, CAFile: ca})
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		res, err := c.Do(t.Context(), Request{Path: "/x"})
		if err != nil {
			t.Fatal(err)
		}
		if string(res.Body) != `{"proto": "HTTP/2.0"}` {
			t.Errorf("%s", res.Body)
		}
	}
	if conns.Load() != 1 {
		t.Errorf("%d connections for 5 requests", conns.Load())
	}
	t.Run("an unknown authority is final", func(t *testing.T) {
		stranger, err := New(Config{Endpoint: s.URL})
		if err != nil {
			t.Fatal(err)
		}
		p := &pauses{}
		stranger.transport.pause = p.pause
		s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		if _, err := stranger.Do(t.Context(), Request{Path: "/x"}); err == nil || len(p.d) != 0 {
			t.Errorf("error %v, %d retries", err, len(p.d))
		}
	})
}

func TestConnectionIsKeptOverErrors(t *testing.T) {
	var conns, calls atomic.Int32
	s := httptest.NewUnstartedServer(answers(&calls, problem(404, `, "detail": "`+strings.Repeat("x", 100_000)+`"`), problem(503, ""), object(200, `{}`)))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			conns.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	c, err := New(Config{Endpoint: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	c.transport.pause = (&pauses{}).pause
	if _, err := c.Do(t.Context(), Request{Path: "/x"}); !IsNotFound(err) {
		t.Error(err)
	}
	if _, err := c.Do(t.Context(), Request{Path: "/x"}); err != nil {
		t.Error(err)
	}
	if conns.Load() != 1 {
		t.Errorf("%d connections", conns.Load())
	}
}

func TestAnswerTooLarge(t *testing.T) {
	var calls atomic.Int32
	c, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		chunk := bytes.Repeat([]byte(" "), 1<<20)
		for range maxResponse>>20 + 1 {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	if _, err := c.Do(t.Context(), Request{Path: "/x"}); !errors.Is(err, errTooLarge) || calls.Load() != 1 {
		t.Errorf("error %v, %d calls", err, calls.Load())
	}
}

func TestList(t *testing.T) {
	var queries []string
	loop := false
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		queries = append(queries, r.URL.RawQuery)
		next := map[string]string{"": `"a"`, "a": `"b"`, "b": "null"}[r.URL.Query().Get("page_token")]
		if loop && next == "null" {
			next = `"a"`
		}
		fmt.Fprintf(w, `{"items": [%d, %d], "next_page_token": %s}`, len(queries)*2-1, len(queries)*2, next)
	})
	query := url.Values{"label": {"env=prod"}}
	collect := func() (s string, err error) {
		queries = nil
		for item, e := range c.List(t.Context(), "/x", query) {
			s, err = s+string(item), e
		}
		return s, err
	}
	if got, err := collect(); got != "123456" || err != nil {
		t.Errorf("%s %v", got, err)
	}
	want := []string{"label=env%3Dprod&page_size=500", "label=env%3Dprod&page_size=500&page_token=a", "label=env%3Dprod&page_size=500&page_token=b"}
	if !reflect.DeepEqual(queries, want) || len(query) != 1 {
		t.Errorf("%v; the caller's query is %v", queries, query)
	}
	loop = true
	if got, err := collect(); err == nil || got != "123456" {
		t.Errorf("a loop: %s %v", got, err)
	}
	queries = nil
	for range c.List(t.Context(), "/x", nil) {
		break
	}
	if len(queries) != 1 {
		t.Errorf("%d pages were read after the loop was left", len(queries))
	}
}

func TestResolve(t *testing.T) {
	kind := &catalog.Kind{Name: "virtual_machine", Plural: "virtual_machines", Prefix: "vm", Path: "/virtual-machines", Named: true,
		Parent:     &catalog.Parent{Kind: "cloudspace", Field: "cloudspace_id"},
		Operations: map[string]catalog.Operation{"list": {Path: "/virtual-machines"}}}
	matches := map[string]string{
		"web/vm1": `{"id": "vm_1", "name": "vm1", "cloudspace_id": "cs_1"}`,
		"vm1":     `{"id": "vm_1", "name": "vm1", "cloudspace_id": "cs_1"}, {"id": "vm_2", "name": "vm1", "cloudspace_id": "cs_2"}`,
	}
	var calls atomic.Int32
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		fmt.Fprintf(w, `{"items": [%s], "next_page_token": null}`, matches[r.URL.Query().Get("path")])
	})
	if id, err := c.Resolve(t.Context(), kind, "web/vm1"); id != "vm_1" || err != nil {
		t.Error(id, err)
	}
	_, err := c.Resolve(t.Context(), kind, "vm1")
	var r *ResolveError
	if !errors.As(err, &r) || len(r.Candidates) != 2 || IsNotFound(err) || !strings.Contains(err.Error(), "vm_2 (in cs_2)") {
		t.Error(err)
	}
	if _, err := c.Resolve(t.Context(), kind, "web/none"); !IsNotFound(err) {
		t.Error(err)
	}
	calls.Store(0)
	if id, err := c.Resolve(t.Context(), kind, "vm_01j"); id != "vm_01j" || err != nil {
		t.Error(id, err)
	}
	for _, wrong := range []string{"", "cs_01j", "vm_", "web/vm_1"} {
		if id, err := c.Resolve(t.Context(), kind, wrong); err == nil {
			t.Errorf("%q is %s", wrong, id)
		}
	}
	unnamed := *kind
	unnamed.Named = false
	if _, err := c.Resolve(t.Context(), &unnamed, "web/vm1"); err == nil {
		t.Error("a name path of an unnamed kind")
	}
	if calls.Load() != 0 {
		t.Errorf("%d needless calls", calls.Load())
	}
}

func TestResolveAny(t *testing.T) {
	named := func(name, prefix string) *catalog.Kind {
		return &catalog.Kind{Name: name, Plural: name + "s", Prefix: prefix, Named: true, Operations: map[string]catalog.Operation{"list": {Path: "/" + name + "s"}}}
	}
	kinds := []*catalog.Kind{named("customer", "cus"), named("reseller", "res"), {Name: "note", Prefix: "nt"}}
	matches := map[string]string{
		"/api/v1/customers acme": `{"id": "cus_1", "name": "acme"}`,
		"/api/v1/customers both": `{"id": "cus_2", "name": "both"}`,
		"/api/v1/resellers both": `{"id": "res_2", "name": "both"}`,
	}
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"items": [%s], "next_page_token": null}`, matches[r.URL.Path+" "+r.URL.Query().Get("path")])
	})
	for given, want := range map[string]string{"acme": "cus_1", "res_01j": "res_01j", "nt_01j": "nt_01j"} {
		if id, err := c.ResolveAny(t.Context(), kinds, given); id != want || err != nil {
			t.Errorf("%s: %s %v", given, id, err)
		}
	}
	if _, err := c.ResolveAny(t.Context(), kinds, "both"); err == nil || IsNotFound(err) || !strings.Contains(err.Error(), "2 objects of kind customer or reseller or note") {
		t.Error(err)
	}
	if _, err := c.ResolveAny(t.Context(), kinds, "none"); !IsNotFound(err) {
		t.Error(err)
	}
	if _, err := c.ResolveAny(t.Context(), kinds, "vm_01j"); err == nil || !strings.Contains(err.Error(), "(cus_…, res_…, nt_…)") {
		t.Error(err)
	}
	// Words are the ids of a kind without a prefix.
	if id, err := c.Resolve(t.Context(), &catalog.Kind{Name: "permission"}, "disks.get"); id != "disks.get" || err != nil {
		t.Error(id, err)
	}
}

func operation(state string, more string) http.HandlerFunc {
	done := state != OperationPending && state != OperationRunning
	return object(200, fmt.Sprintf(`{"id": "op_1", "action": "virtual_machine.create", "target_id": "vm_1", "state": %q, "done": %t, "current_step": null %s}`, state, done, more))
}

func TestWaitOperation(t *testing.T) {
	var calls atomic.Int32
	var query string
	h := answers(&calls, operation("pending", ""), operation("running", `, "total_steps": 4, "completed_steps": 1, "started_at": "2026-03-01T12:00:00.123456Z"`), operation("succeeded", ""))
	c, p := serve(t, func(w http.ResponseWriter, r *http.Request) { query = r.URL.String(); h(w, r) })
	var steps []int
	o, err := c.WaitOperation(t.Context(), "op_1", Observe(2*time.Second, func(o *Operation) { steps = append(steps, o.CompletedSteps) }))
	if err != nil || o.State != "succeeded" || !reflect.DeepEqual(steps, []int{0, 1, 0}) {
		t.Errorf("%+v %v %v", o, steps, err)
	}
	if query != "/api/v1/operations/op_1?wait=2s" || len(p.d) != 2 {
		t.Errorf("%s; %d pauses after answers that came too soon", query, len(p.d))
	}

	// A client that gives up requests after a while would give up each long poll.
	for most, want := range map[time.Duration]string{10 * time.Second: "5s", time.Second: "1s", 5 * time.Minute: "30s"} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if got := r.URL.Query().Get("wait"); got != want {
				t.Errorf("with a limit of %s: wait=%s, want %s", most, got, want)
			}
			operation("succeeded", "")(w, r)
		}))
		t.Cleanup(s.Close)
		limited, err := New(Config{Endpoint: s.URL, HTTPClient: &http.Client{Timeout: most}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := limited.WaitOperation(t.Context(), "op_1"); err != nil {
			t.Error(err)
		}
	}

	for _, state := range []string{"failed", "cancelled"} {
		c, _ := serve(t, operation(state, `, "error": {"code": "driver", "detail": "no space left"}`))
		o, err := c.WaitOperation(t.Context(), "op_1")
		var failed *OperationFailedError
		if !errors.As(err, &failed) || o != failed.Operation || err.Error() != "operation op_1 (virtual_machine.create of vm_1) "+state+": driver: no space left" {
			t.Errorf("%v", err)
		}
	}
	c, _ = serve(t, problem(404, `, "code": "not_found"`))
	if _, err := c.WaitOperation(t.Context(), "op_1"); !IsNotFound(err) {
		t.Error(err)
	}
}

func TestWrite(t *testing.T) {
	conflict := problem(409, `, "code": "operation_in_progress", "operation_id": "op_1"`)
	run := func(t *testing.T, operation http.HandlerFunc, writes ...http.HandlerFunc) (int32, map[string]bool, error) {
		var calls atomic.Int32
		keys := map[string]bool{}
		h := answers(&calls, writes...)
		c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == "GET" {
				operation(w, r)
				return
			}
			keys[r.Header.Get("Idempotency-Key")] = true
			h(w, r)
		})
		_, err := c.Write(t.Context(), Request{Method: "POST", Path: "/x", Body: json.RawMessage(`{}`)})
		return calls.Load(), keys, err
	}
	t.Run("waits and sends again", func(t *testing.T) {
		calls, keys, err := run(t, operation("succeeded", ""), conflict, conflict, object(202, `{}`))
		if err != nil || calls != 3 || len(keys) != 1 || keys[""] {
			t.Errorf("%d calls, keys %v, error %v", calls, keys, err)
		}
	})
	t.Run("an operation that failed is no obstacle", func(t *testing.T) {
		if calls, _, err := run(t, operation("failed", ""), conflict, object(202, `{}`)); err != nil || calls != 2 {
			t.Errorf("%d calls, error %v", calls, err)
		}
	})
	t.Run("nor one that is gone", func(t *testing.T) {
		if calls, _, err := run(t, problem(404, ""), conflict, object(202, `{}`)); err != nil || calls != 2 {
			t.Errorf("%d calls, error %v", calls, err)
		}
	})
	t.Run("one that may not be seen is", func(t *testing.T) {
		if calls, _, err := run(t, problem(403, `, "code": "forbidden"`), conflict); !IsCode(err, "forbidden") || calls != 1 {
			t.Errorf("%d calls, error %v", calls, err)
		}
	})
	t.Run("the first attempt is still worked on", func(t *testing.T) {
		if calls, _, err := run(t, nil, problem(409, `, "code": "idempotency_in_progress"`), object(201, `{}`)); err != nil || calls != 2 {
			t.Errorf("%d calls, error %v", calls, err)
		}
	})
	t.Run("other conflicts are final", func(t *testing.T) {
		if calls, _, err := run(t, nil, problem(409, `, "code": "name_taken"`)); !IsCode(err, "name_taken") || calls != 1 {
			t.Errorf("%d calls, error %v", calls, err)
		}
	})
	t.Run("bounded by its context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == "GET" {
				cancel()
				operation("running", "")(w, r)
				return
			}
			conflict(w, r)
		})
		if _, err := c.Write(ctx, Request{Method: "PATCH", Path: "/x"}); !errors.Is(err, context.Canceled) || !IsCode(err, "operation_in_progress") {
			t.Error(err)
		}
	})
}

func TestConfigFromEnv(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	good, empty := file("good", "tok_1\n"), file("empty", "\n")
	for _, test := range []struct {
		env  map[string]string
		want Config
		err  string // variable that the error names
	}{
		{env: map[string]string{}, want: Config{}},
		{env: map[string]string{EnvEndpoint: "https://a", EnvTokenFile: good}, want: Config{Endpoint: "https://a", TokenFile: good}},
		{env: map[string]string{EnvToken: "tok_2", EnvTokenFile: "/nowhere"}, want: Config{Token: "tok_2"}},
		{env: map[string]string{EnvEndpoint: "cloud.example.com"}, err: EnvEndpoint},
		{env: map[string]string{EnvEndpoint: "https://user:hush@host"}, err: EnvEndpoint},
		{env: map[string]string{EnvEndpoint: "https://host\x00:hush"}, err: EnvEndpoint},
		{env: map[string]string{EnvToken: "hush hush"}, err: EnvToken},
		{env: map[string]string{EnvTokenFile: "/nowhere"}, err: EnvTokenFile},
		{env: map[string]string{EnvTokenFile: empty}, err: EnvTokenFile},
		{env: map[string]string{EnvCAFile: good}, err: EnvCAFile},
	} {
		for _, name := range []string{EnvEndpoint, EnvToken, EnvTokenFile, EnvCAFile} {
			if v, ok := test.env[name]; ok && !strings.Contains(v, "\x00") {
				t.Setenv(name, v)
			} else {
				t.Setenv(name, strings.ReplaceAll(v, "\x00", "%zz"))
			}
		}
		got, err := ConfigFromEnv()
		switch {
		case test.err == "" && (err != nil || got != test.want):
			t.Errorf("%v: %+v %v", test.env, got, err)
		case test.err != "" && (err == nil || !strings.HasPrefix(err.Error(), test.err+": ") || strings.Contains(err.Error(), "hush")):
			t.Errorf("%v: error %v", test.env, err)
		}
	}
	for _, bad := range []Config{{}, {Endpoint: "ftp://x"}, {Endpoint: "http://x", TokenFile: "/nowhere"}, {Endpoint: "http://x", CAFile: good},
		{Endpoint: "http://x", CAFile: good, HTTPClient: http.DefaultClient}} {
		if _, err := New(bad); err == nil {
			t.Errorf("%+v is accepted", bad)
		}
	}
	for _, endpoint := range []string{"http://h", "http://h/", "http://h/api/v1", "http://h/api/v1/"} {
		if c, err := New(Config{Endpoint: endpoint}); err != nil || c.Endpoint() != "http://h" {
			t.Errorf("%s: %v", endpoint, err)
		}
	}
}
