package app

// A whole server in this process, as it runs for real, and requests to it that tell how many statements they took.

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/config"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
	"github.com/demarc/demarc/controlplane/internal/platform/requestid"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
	"github.com/demarc/demarc/controlplane/internal/platform/vault"
)

const ownerToken = "the-owner-of-this-platform"

// site is what the nodes of one installation have in common.
type site struct {
	t   *testing.T
	url string
	dir string
}

func newSite(t *testing.T) *site {
	t.Helper()
	return &site{t, dbtest.URL(t), t.TempDir()}
}

// node is one running server.
type node struct {
	t          *testing.T
	db         *db.DB
	endpoint   string
	root       string // the operator
	api        http.Handler
	catalog    *catalog.Catalog
	registry   *resource.Registry
	statements *statementLog
	queries    *queryLog
}

// on is the node for another test.
func (n *node) on(t *testing.T) *node {
	of := *n
	of.t = t
	return &of
}

// start runs a node until the test ends, with settings other than the defaults where set says so.
func (s *site) start(with parts, set ...func(*config.Config)) *node {
	s.t.Helper()
	cfg := config.Config{
		Listen: "127.0.0.1:0", DataDir: s.t.TempDir(), EncryptionKeyFile: filepath.Join(s.dir, "encryption-key"), SimulatedDir: filepath.Join(s.dir, "simulated"),
		BootstrapToken: secret.New(ownerToken), CheckAnswers: true,
	}.WithDefaults()
	for _, f := range set {
		f(&cfg)
	}
	if with.clock == nil {
		with.clock = clock.Real()
	}
	n := &node{t: s.t, statements: newStatementLog(s.t)}
	log := slog.New(n.statements)
	n.db = dbtest.Open(s.t, s.url, func(o *db.Options) { o.Logger, o.MaxConns = log, 20 })
	n.queries = newQueryLog(s.t, n.db)
	keys, err := vault.Open(s.t.Context(), n.db, vault.Options{KeyFile: cfg.EncryptionKeyFile, Log: log})
	n.check(err)
	built, err := build(s.t.Context(), cfg, n.db, keys, log, with)
	n.check(err)
	n.api, n.registry = built.api, built.api.Kinds
	n.catalog, err = catalog.Load()
	n.check(err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- built.run(ctx) }()
	s.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			s.t.Error(err)
		}
		// Whatever the test has done: what follows other fields is what these make of it.
		if strays, err := n.registry.Strays(authz.System(context.Background())); err != nil || len(strays) > 0 {
			s.t.Errorf("%q, %v", strays, err)
		}
	})
	n.until("the server is ready", func() bool {
		select {
		case err := <-ended:
			ended <- nil
			s.t.Fatalf("the server ended: %v", err)
		default:
		}
		b, err := os.ReadFile(filepath.Join(cfg.DataDir, endpointFile))
		n.endpoint = strings.TrimSpace(string(b))
		return err == nil
	})
	n.root = n.items(ownerToken, "/billing-entities?path=operator")[0].text("id")
	return n
}

func (n *node) check(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

// until asks again and again until something is so.
func (n *node) until(what string, so func() bool) {
	n.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(time.Minute); !so(); <-tick.C {
		if time.Now().After(deadline) {
			n.t.Fatalf("not within a minute: %s", what)
		}
	}
}

// ask is a request.
type ask struct {
	token, method, path string
	body                any
	// raw is a body that is no JSON; its content type is in the header.
	raw    []byte
	header map[string]string
}

// reply is what came back.
type reply struct {
	status     int
	header     http.Header
	body       []byte
	requestID  string
	statements []string
	queries    []statement
}

var (
	requests atomic.Int64
	web      = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}, Timeout: 2 * time.Minute}
)

// send sends a request. It may be used by several goroutines.
func (n *node) send(a ask) (out reply) {
	n.t.Helper()
	var body io.Reader
	if a.body != nil {
		b, err := json.Marshal(a.body)
		if err != nil {
			n.t.Error(err)
			return out
		}
		body = bytes.NewReader(b)
	} else if a.raw != nil {
		body = bytes.NewReader(a.raw)
	}
	r, err := http.NewRequestWithContext(n.t.Context(), a.method, n.endpoint+client.BasePath+a.path, body)
	if err != nil {
		n.t.Error(err)
		return out
	}
	// Of one length, so that answers with it in them are too.
	out.requestID = fmt.Sprintf("req-%010d", requests.Add(1))
	r.Header.Set("X-Request-Id", out.requestID)
	if a.body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if a.token != "" {
		r.Header.Set("Authorization", "Bearer "+a.token)
	}
	for name, value := range a.header {
		r.Header.Set(name, value)
	}
	n.statements.begin(out.requestID)
	n.queries.begin(out.requestID)
	defer func() { out.statements, out.queries = n.statements.end(out.requestID), n.queries.end(out.requestID) }()
	res, err := web.Do(r)
	if err != nil {
		n.t.Error(err)
		return out
	}
	defer res.Body.Close()
	out.status, out.header = res.StatusCode, res.Header
	if out.body, err = io.ReadAll(res.Body); err != nil {
		n.t.Error(err)
	}
	// A tag tells of nothing but the revision and what is answered.
	if digest := anyDigest.FindString(out.header.Get("ETag")); digest != "" && strings.HasPrefix(out.header.Get("Content-Type"), "application/json") {
		if sum := sha256.Sum256(out.body); digest != "."+hex.EncodeToString(sum[:8]) {
			n.t.Errorf("%s %s has the tag %s, and not that of its body", a.method, a.path, out.header.Get("ETag"))
		}
	}
	return out
}

// anyDigest is the digest of what was answered, in a tag.
var anyDigest = regexp.MustCompile(`\.[0-9a-f]{16}\b`)

// must sends a request that must succeed, waits for what it begins, and returns the object.
func (n *node) must(token, method, path string, body any) object {
	n.t.Helper()
	return n.finish(token, n.send(ask{token: token, method: method, path: path, body: body}))
}

// finish waits for what a request has begun.
func (n *node) finish(token string, r reply) object {
	n.t.Helper()
	if r.status >= 300 {
		n.t.Fatalf("%d: %s", r.status, r.body)
	}
	o := r.object(n.t)
	if operation := o.text("operation_id"); r.status == http.StatusAccepted && operation != "" {
		ended := n.must(token, http.MethodGet, "/operations/"+operation+"?wait=60s", nil)
		if ended.text("state") != client.OperationSucceeded {
			n.t.Fatalf("operation: %v", ended)
		}
	}
	return o
}

// items are the objects of a list, of its first page of 500.
func (n *node) items(token, path string) []object {
	n.t.Helper()
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	r := n.send(ask{token: token, method: http.MethodGet, path: path + separator + "page_size=500"})
	if r.status != http.StatusOK {
		n.t.Fatalf("%s: %d: %s", path, r.status, r.body)
	}
	return r.items(n.t)
}

// account makes a service account with a token, and no role yet.
func (n *node) account(owner, name string) *principal {
	n.t.Helper()
	p := &principal{name: name, kind: authn.KindServiceAccount}
	p.id = n.must(ownerToken, http.MethodPost, "/service-accounts", map[string]any{"name": name, "owner_id": owner}).text("id")
	p.token = n.issue(p.id, name, nil).text("token")
	return p
}

// issue makes a token of a service account.
func (n *node) issue(account, name string, set map[string]any) object {
	n.t.Helper()
	body := map[string]any{"name": name, "service_account_id": account}
	maps.Copy(body, set)
	return n.must(ownerToken, http.MethodPost, "/api-tokens", body)
}

// bind gives a principal a role, one that is built in or of that id, and returns the binding's id.
func (n *node) bind(p *principal, role, scope string) string {
	n.t.Helper()
	if !strings.HasPrefix(role, "role_") {
		role = n.role(role)
	}
	return n.must(ownerToken, http.MethodPost, "/role-bindings", map[string]any{
		"principal_kind": p.kind, "principal_id": p.id, "role_id": role, "scope_id": scope,
	}).text("id")
}

// role is the id of a role that is built in.
func (n *node) role(name string) string {
	n.t.Helper()
	found := n.items(ownerToken, "/roles?built_in=true&path="+name)
	if len(found) != 1 {
		n.t.Fatalf("%d roles are called %s", len(found), name)
	}
	return found[0].text("id")
}

// client is one with that token.
func (n *node) client(token string) *client.Client {
	n.t.Helper()
	c, err := client.New(client.Config{Endpoint: n.endpoint, Token: token, HTTPClient: web})
	n.check(err)
	return c
}

// object is any JSON object.
type object map[string]any

func (o object) text(field string) string { s, _ := o[field].(string); return s }

// ids are those of objects; ones without an id have the field instead.
func ids(objects []object, field string) []string {
	out := make([]string, len(objects))
	for i, o := range objects {
		out[i] = o.text(field)
	}
	return out
}

func (r reply) object(t *testing.T) object {
	t.Helper()
	o := object{}
	if len(r.body) > 0 {
		if err := json.Unmarshal(r.body, &o); err != nil {
			t.Errorf("%s: %v", r.body, err)
		}
	}
	return o
}

// decode reads the body.
func (r reply) decode(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal(r.body, v); err != nil {
		t.Errorf("%d: %s: %v", r.status, r.body, err)
	}
}

func (r reply) items(t *testing.T) []object {
	t.Helper()
	var page struct{ Items []object }
	r.decode(t, &page)
	return page.Items
}

// problem is what matters of a refusal.
type problem struct {
	Code          string
	Detail        string
	ExistingID    string `json:"existing_id"`
	ChildrenTotal int    `json:"children_total"`
	Children      []object
	Errors        []struct{ Pointer, Code, Detail string }
}

func (r reply) problem(t *testing.T) problem {
	t.Helper()
	var p problem
	r.decode(t, &p)
	return p
}

// statementLog is a log that notes the statements of those requests that were begun, and passes on what is worth reading.
type statementLog struct {
	next slog.Handler
	mu   sync.Mutex
	of   map[string][]string
	all  bytes.Buffer // every line, of any level
}

func newStatementLog(t *testing.T) *statementLog {
	return &statementLog{next: slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}), of: map[string][]string{}}
}

// lines is all that was logged so far.
func (l *statementLog) lines() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

func (l *statementLog) begin(requestID string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of[requestID] = []string{}
}

func (l *statementLog) end(requestID string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer delete(l.of, requestID)
	return l.of[requestID]
}

// Enabled implements slog.Handler: statements are logged at the lowest level.
func (l *statementLog) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (l *statementLog) Handle(ctx context.Context, r slog.Record) error {
	l.mu.Lock()
	err := slog.NewTextHandler(&l.all, &slog.HandlerOptions{Level: slog.LevelDebug}).Handle(ctx, r)
	l.mu.Unlock()
	if err != nil {
		return err
	}
	if r.Message == "statement" {
		r.Attrs(func(a slog.Attr) bool {
			if a.Key != "sql" {
				return true
			}
			l.mu.Lock()
			defer l.mu.Unlock()
			if of, asked := l.of[requestid.From(ctx)]; asked {
				l.of[requestid.From(ctx)] = append(of, a.Value.String())
			}
			return false
		})
	}
	if !l.next.Enabled(ctx, r.Level) {
		return nil
	}
	return l.next.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (l *statementLog) WithAttrs(attrs []slog.Attr) slog.Handler { return l.next.WithAttrs(attrs) }

// WithGroup implements slog.Handler.
func (l *statementLog) WithGroup(name string) slog.Handler { return l.next.WithGroup(name) }

// unalike says how two answers differ to somebody who asked for two objects; "" if in nothing. What is told apart by nature, the ids, is left
// out: those of the requests, and what each was asked with.
func unalike(a, b reply, idA, idB string) string {
	plain := func(r reply, id string) string {
		return strings.ReplaceAll(strings.ReplaceAll(string(r.body), r.requestID, "REQUEST"), id, "ID")
	}
	headers := func(r reply) string {
		var out []string
		for name, values := range r.header {
			// What is left of a limit differs from request to request.
			if !slices.Contains([]string{"Date", "X-Request-Id", "Ratelimit"}, name) {
				out = append(out, name+": "+anyDigest.ReplaceAllString(strings.Join(values, ", "), ".DIGEST"))
			}
		}
		slices.Sort(out)
		return strings.Join(out, "\n")
	}
	switch {
	case a.status != b.status:
		return fmt.Sprintf("status %d and %d: %s", a.status, b.status, b.body)
	case plain(a, idA) != plain(b, idB):
		return fmt.Sprintf("bodies\n\t%s\n\t%s", plain(a, idA), plain(b, idB))
	case headers(a) != headers(b):
		return fmt.Sprintf("headers\n%s\nand\n%s", headers(a), headers(b))
	case len(a.statements) != len(b.statements):
		return fmt.Sprintf("%d and %d statements:\n%s\nand\n%s", len(a.statements), len(b.statements), strings.Join(a.statements, "\n"), strings.Join(b.statements, "\n"))
	}
	return ""
}
