// Package fakeapi is a control plane in memory, for tests of what a real one cannot be made to do on demand: refuse,
// fail, hang, change behind the client's back. It follows docs/contract.md for any catalog; that the real server does
// so too is what the acceptance tests are for.
package fakeapi

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// Token is what the API accepts.
const Token = "fake-secret-token"

// API is a control plane in memory.
type API struct {
	URL     string
	catalog *catalog.Catalog

	mu        sync.Mutex
	objects   map[string]*thing
	order     []string
	ops       map[string]*operation
	tokens    map[string]string // shown-once secret to the id of what it belongs to
	replies   map[string]reply
	requests  []Request
	intercept func(Request) *Problem
	hold      func(action string) bool
	fail      map[string]string // action to reason
	hidden    []string          // permissions that the token has not got
	sequence  int
}

// Request is one request that arrived.
type Request struct {
	Method, Path string // below the base path
	Query        string
	Header       http.Header
	Body         string
}

// Again sends the request a second time, past Intercept, and returns the status: its first answer can then get lost
// although the server has acted on it.
func (r Request) Again(ctx context.Context, base string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, r.Method, base+r.Path, strings.NewReader(r.Body))
	if err != nil {
		return 0, err
	}
	req.Header = r.Header.Clone()
	req.Header.Set(againHeader, "1")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	return res.StatusCode, nil
}

// timeForm is RFC 3339 with microseconds.
const timeForm = "2006-01-02T15:04:05.000000Z07:00"

const againHeader = "Fake-Again"

// Problem is an answer that is not a success. Errors are fields of RFC 9457 extension members.
type Problem struct {
	Status  int
	Code    string
	Detail  string
	Members map[string]any
	// RetryAfter is the header of that name.
	RetryAfter string
	// Hangup closes the connection without an answer.
	Hangup bool
}

type thing struct {
	kind    *catalog.Kind
	body    map[string]any
	secrets map[string]any
	failed  bool
}

type operation struct {
	body  map[string]any
	done  chan struct{}
	apply func() // what its success does
}

type reply struct {
	body   string
	status int
	answer []byte
	header http.Header
}

// New starts an API; the test's end stops it.
func New(t testing.TB, c *catalog.Catalog) *API {
	a := &API{catalog: c, objects: map[string]*thing{}, ops: map[string]*operation{}, tokens: map[string]string{}, replies: map[string]reply{}, fail: map[string]string{}}
	server := httptest.NewServer(a)
	t.Cleanup(func() {
		a.Release()
		server.CloseClientConnections()
		server.Close()
	})
	a.URL = server.URL
	return a
}

// Intercept calls f with each request before it is acted on; a problem is the answer.
func (a *API) Intercept(f func(Request) *Problem) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.intercept = f
}

// Hold keeps operations running for which f is true, until Release.
func (a *API) Hold(f func(action string) bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hold = f
}

// Release ends every operation that is held, and holds none any more.
func (a *API) Release() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hold = nil
	for _, op := range a.ops {
		a.end(op)
	}
}

// Fail makes the next operation of an action (router.create) fail with a reason.
func (a *API) Fail(action, reason string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fail[action] = reason
}

// Hide takes these permissions of fields away from the token, and gives it all others.
func (a *API) Hide(permissions ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hidden = permissions
}

// Requests returns what arrived since the last call.
func (a *API) Requests() []Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := a.requests
	a.requests = nil
	return out
}

// Seed puts an object there, and returns its id.
func (a *API) Seed(kind string, body map[string]any) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	o := a.make(a.catalog.Kind(kind), body)
	return o.body["id"].(string)
}

// Change sets a field behind the client's back, as another client would. What is no field of the kind's spec changes
// without a new revision.
func (a *API) Change(id, field string, value any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	o := a.objects[id]
	o.body[field] = value
	if f := o.kind.Field(field); f != nil && !f.Computed {
		a.touch(o)
	}
}

// Remove makes an object disappear.
func (a *API) Remove(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.forget(id)
}

// Object returns a copy of an object as JSON has it, nil if there is none. That of a singleton kind has the id
// "kind/id", and exists once it was changed.
func (a *API) Object(id string) map[string]any {
	a.mu.Lock()
	defer a.mu.Unlock()
	if o := a.objects[id]; o != nil {
		return clone(o.body).(map[string]any)
	}
	return nil
}

// Secret returns a write-only field.
func (a *API) Secret(id, field string) any {
	a.mu.Lock()
	defer a.mu.Unlock()
	if o := a.objects[id]; o != nil {
		return o.secrets[field]
	}
	return nil
}

// Find returns the ids of a kind.
func (a *API) Find(kind string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var ids []string
	for _, id := range a.order {
		if a.objects[id].kind.Name == kind {
			ids = append(ids, id)
		}
	}
	return ids
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	req := Request{r.Method, strings.TrimPrefix(r.URL.Path, a.catalog.BasePath), r.URL.RawQuery, r.Header, string(body)}
	a.mu.Lock()
	a.requests = append(a.requests, req)
	intercept := a.intercept
	a.mu.Unlock()
	w.Header().Set("X-Request-Id", "req_"+strings.ToLower(rand.Text()))
	if !a.knows(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")) {
		a.refuse(w, &Problem{Status: 401, Code: "unauthenticated", Detail: "no valid token"})
		return
	}
	if intercept != nil && r.Header.Get(againHeader) == "" {
		if p := intercept(req); p != nil {
			if p.Hangup {
				panic(http.ErrAbortHandler)
			}
			a.refuse(w, p)
			return
		}
	}
	if strings.HasPrefix(req.Path, "/operations/") && r.Method == http.MethodGet {
		a.serveOperation(w, r, strings.TrimPrefix(req.Path, "/operations/"))
		return
	}
	a.mu.Lock()
	status, answer, header, problem := a.route(r, req)
	a.mu.Unlock()
	if problem != nil {
		a.refuse(w, problem)
		return
	}
	maps.Copy(w.Header(), header)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(answer)
}

// knows says whether a token is the API's own or one that it made and did not revoke.
func (a *API) knows(token string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return token == Token || (a.tokens[token] != "" && a.objects[a.tokens[token]] != nil)
}

func (a *API) refuse(w http.ResponseWriter, p *Problem) {
	doc := map[string]any{"status": p.Status, "code": p.Code, "title": http.StatusText(p.Status), "detail": p.Detail, "request_id": w.Header().Get("X-Request-Id")}
	maps.Copy(doc, p.Members)
	w.Header().Set("Content-Type", "application/problem+json")
	if p.RetryAfter != "" {
		w.Header().Set("Retry-After", p.RetryAfter)
	}
	w.WriteHeader(p.Status)
	json.NewEncoder(w).Encode(doc)
}

func (a *API) serveOperation(w http.ResponseWriter, r *http.Request, id string) {
	a.mu.Lock()
	op := a.ops[id]
	a.mu.Unlock()
	if op == nil {
		a.refuse(w, &Problem{Status: 404, Code: "not_found", Detail: "no such operation"})
		return
	}
	wait, _ := time.ParseDuration(r.URL.Query().Get("wait"))
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-op.done:
	case <-timer.C:
	case <-r.Context().Done():
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(op.body)
}

func (a *API) route(r *http.Request, req Request) (int, []byte, http.Header, *Problem) {
	for i := range a.catalog.Kinds {
		k := &a.catalog.Kinds[i]
		rest, ok := strings.CutPrefix(req.Path, k.Path)
		if !ok || (rest != "" && rest[0] != '/') {
			continue
		}
		id := strings.TrimPrefix(rest, "/")
		if k.Singleton {
			return a.routeSingleton(k, id, r, req)
		}
		switch {
		case id == "" && r.Method == http.MethodGet:
			return a.list(k, r)
		case id == "" && r.Method == http.MethodPost:
			return a.create(k, r, req)
		}
		o := a.objects[id]
		if o == nil || o.kind != k {
			return 0, nil, nil, &Problem{Status: 404, Code: "not_found", Detail: fmt.Sprintf("no %s %s", k.Name, id)}
		}
		switch r.Method {
		case http.MethodGet:
			return a.answer(200, o)
		case http.MethodPatch:
			if _, ok := k.Operations["update"]; ok {
				return a.update(o, r, req)
			}
		case http.MethodDelete:
			return a.remove(o, r)
		}
		return 0, nil, nil, &Problem{Status: 405, Code: "method_not_allowed", Detail: r.Method}
	}
	return 0, nil, nil, &Problem{Status: 404, Code: "not_found", Detail: "no such path"}
}

// routeSingleton serves the one object that a kind has for each object that its key names: with its defaults and
// revision 0 until it is changed.
func (a *API) routeSingleton(k *catalog.Kind, id string, r *http.Request, req Request) (int, []byte, http.Header, *Problem) {
	if !a.refers(k.Field(k.Key[0]).Ref, id) {
		return 0, nil, nil, &Problem{Status: 404, Code: "not_found", Detail: fmt.Sprintf("no %s", id)}
	}
	at := k.Name + "/" + id
	o := a.objects[at]
	if o == nil {
		o = &thing{kind: k, body: map[string]any{}, secrets: map[string]any{}}
		a.fill(k.Fields, map[string]any{k.Key[0]: id}, o.body, o.secrets, id)
		o.body["revision"] = 0
	}
	switch r.Method {
	case http.MethodGet:
		return a.answer(200, o)
	case http.MethodPatch:
		status, answer, header, problem := a.update(o, r, req)
		if problem == nil && a.objects[at] == nil && o.body["revision"] != 0 {
			a.objects[at] = o
			a.order = append(a.order, at)
		}
		return status, answer, header, problem
	case http.MethodDelete:
		if p := a.guard(o, "delete", r); p != nil {
			return 0, nil, nil, p
		}
		a.forget(at)
		return 204, nil, http.Header{}, nil
	}
	return 0, nil, nil, &Problem{Status: 405, Code: "method_not_allowed", Detail: r.Method}
}

// refers says whether a value is a reference to something that is there.
func (a *API) refers(kinds []string, value string) bool {
	if o := a.objects[value]; o != nil {
		return slices.Contains(kinds, o.kind.Name)
	}
	return value == "platform" && slices.Contains(kinds, value)
}

// shown is an object as the token sees it.
func (a *API) shown(k *catalog.Kind, body map[string]any) map[string]any {
	if k.Field(catalog.HiddenFields) == nil {
		return body
	}
	out := clone(body).(map[string]any)
	pointers := []string{}
	a.named(k.Fields, out, "", func(pointer, name string, _ *catalog.Field, of map[string]any) {
		delete(of, name)
		pointers = append(pointers, pointer)
	})
	slices.Sort(pointers)
	out[catalog.HiddenFields] = pointers
	return out
}

// named calls fn with each hidden field that a document has.
func (a *API) named(fields []catalog.Field, doc map[string]any, pointer string, fn func(pointer, name string, f *catalog.Field, of map[string]any)) {
	for i := range fields {
		f := &fields[i]
		v, has := doc[f.Name]
		at := pointer + "/" + f.Name
		inner, _ := v.(map[string]any)
		switch {
		case has && slices.Contains(a.hidden, f.VisibleTo):
			fn(at, f.Name, f, doc)
		case f.Type == catalog.Object:
			a.named(f.Fields, inner, at, fn)
		case f.Type == catalog.Map && f.Items.Type == catalog.Object:
			for key, e := range inner {
				if entry, ok := e.(map[string]any); ok {
					a.named(f.Items.Fields, entry, at+"/"+key, fn)
				}
			}
		}
	}
}

// admit refuses a body that names what is hidden.
func (a *API) admit(k *catalog.Kind, body map[string]any) *Problem {
	var errs []map[string]any
	a.named(k.Fields, body, "", func(pointer, _ string, f *catalog.Field, _ map[string]any) {
		errs = append(errs, map[string]any{"pointer": pointer, "code": "hidden", "detail": "only who has the permission " + f.VisibleTo + " here sees and sets it"})
	})
	if errs == nil {
		return nil
	}
	return &Problem{Status: 403, Code: "forbidden", Detail: "only some may see it", Members: map[string]any{"errors": errs}}
}

// revisionOf is the revision that a tag begins with.
func revisionOf(tag string) string {
	revision, _, _ := strings.Cut(strings.Trim(tag, `"`), ".")
	return revision
}

func (a *API) answer(status int, o *thing) (int, []byte, http.Header, *Problem) {
	raw, _ := json.Marshal(a.shown(o.kind, o.body))
	return status, raw, http.Header{"Etag": {fmt.Sprintf(`"%v.%x"`, o.body["revision"], sha256.Sum256(raw))}}, nil
}

func (a *API) list(k *catalog.Kind, r *http.Request) (int, []byte, http.Header, *Problem) {
	q := r.URL.Query()
	var items []map[string]any
	for _, id := range a.order {
		o := a.objects[id]
		if o.kind == k && a.matches(o, q) {
			items = append(items, a.shown(k, o.body))
		}
	}
	if strings.HasPrefix(q.Get("order_by"), "-") {
		slices.Reverse(items)
	}
	size, _ := strconv.Atoi(q.Get("page_size"))
	if size == 0 {
		size = 50
	}
	from, _ := strconv.Atoi(q.Get("page_token"))
	to := min(from+size, len(items))
	page := map[string]any{"items": items[min(from, to):to], "next_page_token": nil}
	if items == nil {
		page["items"] = []any{}
	}
	if to < len(items) {
		page["next_page_token"] = strconv.Itoa(to)
	}
	raw, _ := json.Marshal(page)
	return 200, raw, http.Header{}, nil
}

func (a *API) matches(o *thing, q map[string][]string) bool {
	for name, values := range q {
		want := values[0]
		switch name {
		case "page_size", "page_token", "order_by":
		case "path":
			have := a.namePath(o)
			if have != want && !strings.HasSuffix(have, "/"+want) {
				return false
			}
		case "q":
			if !strings.Contains(fmt.Sprint(o.body["name"]), want) {
				return false
			}
		case "label":
			key, value, _ := strings.Cut(want, "=")
			labels, _ := o.body["labels"].(map[string]any)
			if labels[key] != value {
				return false
			}
		default:
			if !o.meets(name, want) {
				return false
			}
		}
	}
	return true
}

// meets says whether an object has what a filter asks for. Times are compared as they are written, in UTC.
func (o *thing) meets(name, want string) bool {
	i := slices.IndexFunc(o.kind.Filters, func(f catalog.Filter) bool { return f.Name == name })
	if i < 0 {
		return false
	}
	switch f := o.kind.Filters[i]; {
	case f.Bound == catalog.From:
		return fmt.Sprint(o.body[f.Field]) >= want
	case f.Bound == catalog.Until:
		return fmt.Sprint(o.body[f.Field]) < want
	case f.Many:
		return slices.Contains(strings.Split(want, ","), fmt.Sprint(o.body[name]))
	}
	return fmt.Sprint(o.body[name]) == want
}

func (a *API) namePath(o *thing) string {
	name := fmt.Sprint(o.body["name"])
	if p := o.kind.Parent; p != nil {
		if parent := a.objects[fmt.Sprint(o.body[p.Field])]; parent != nil {
			return a.namePath(parent) + "/" + name
		}
	}
	return name
}

func (a *API) create(k *catalog.Kind, r *http.Request, req Request) (int, []byte, http.Header, *Problem) {
	key := r.Header.Get("Idempotency-Key")
	if old, ok := a.replies[key]; ok && key != "" {
		if old.body != req.Body {
			return 0, nil, nil, &Problem{Status: 422, Code: "idempotency_key_reused", Detail: "another body"}
		}
		return old.status, old.answer, old.header, nil
	}
	body, problem := a.decode(k, req.Body)
	if problem == nil {
		problem = a.admit(k, body)
	}
	if problem == nil {
		problem = a.check(k.Fields, body, "", true)
	}
	if problem == nil {
		problem = a.checkName(k, body, "")
	}
	if problem == nil {
		problem = a.checkKey(k, body)
	}
	if problem != nil {
		return 0, nil, nil, problem
	}
	o := a.make(k, body)
	if op := k.Operations["create"]; op.Async {
		a.begin(o, "create", func() {})
	}
	status, answer, header, _ := a.answer(statusOf(201, o), o)
	shown := maps.Clone(o.body)
	for _, f := range k.Fields {
		if f.ShownOnce {
			secret := rand.Text()
			shown[f.Name], a.tokens[secret] = secret, o.body["id"].(string)
			answer, _ = json.Marshal(shown)
		}
	}
	if key != "" {
		a.replies[key] = reply{req.Body, status, answer, header}
	}
	return status, answer, header, nil
}

func statusOf(done int, o *thing) int {
	if o.body["operation_id"] != nil {
		return 202
	}
	return done
}

// make stores a new object, with defaults and what the server sets.
func (a *API) make(k *catalog.Kind, body map[string]any) *thing {
	o := &thing{kind: k, body: map[string]any{}, secrets: map[string]any{}}
	a.sequence++
	a.fill(k.Fields, body, o.body, o.secrets, fmt.Sprint(a.sequence))
	follow(k, o.body)
	o.body["id"] = fmt.Sprintf("%s_%026d", k.Prefix, a.sequence)
	now := time.Unix(1_800_000_000, 0).UTC().Format(timeForm)
	for name, v := range map[string]any{"revision": 1, "created_at": now, "updated_at": now, "state": "active"} {
		if k.Field(name) != nil {
			o.body[name] = v
		}
	}
	id := o.body["id"].(string)
	a.objects[id] = o
	a.order = append(a.order, id)
	return o
}

// fill copies what was asked for into out, and completes it.
func (a *API) fill(fields []catalog.Field, in, out, secrets map[string]any, seed string) {
	for _, f := range fields {
		v := in[f.Name]
		if f.WriteOnly {
			if _, sent := in[f.Name]; sent {
				secrets[f.Name] = v
			}
			continue
		}
		switch {
		case v == nil && len(f.Default) > 0:
			json.Unmarshal(f.Default, &v)
		case v == nil && f.ServerDefault && f.Format == "date-time":
			v = "2027-01-01T00:00:00.000000Z"
		case v == nil && f.ServerDefault && f.Type == catalog.String:
			v = "chosen-" + seed
		case v == nil && f.Kept:
			v = beginning(f)
		case f.ShownOnce:
			v = nil
		case v == nil && f.Computed && !f.Nullable && f.Type == catalog.String && len(f.Ref) == 0:
			v = f.Name + "-" + seed
		}
		if f.Items != nil && f.Items.Format == "date-time" {
			m, _ := clone(v).(map[string]any)
			for key, e := range m {
				m[key] = inUTC(e)
			}
			v = m
		} else if f.Format == "date-time" {
			v = inUTC(v)
		}
		if m, ok := v.(map[string]any); ok {
			filled := map[string]any{}
			switch {
			case f.Type == catalog.Object:
				a.fill(f.Fields, m, filled, secrets, seed)
				v = filled
			case f.Items != nil && f.Items.Type == catalog.Object:
				for key, e := range m {
					item := map[string]any{}
					a.fill(f.Items.Fields, e.(map[string]any), item, secrets, seed)
					filled[key] = item
				}
				v = filled
			}
		}
		out[f.Name] = v
	}
}

// follow computes what follows other fields from these alone.
func follow(k *catalog.Kind, body map[string]any) {
	for _, f := range k.Fields {
		if len(f.Follows) == 0 {
			continue
		}
		var of []string
		for _, name := range f.Follows {
			of = append(of, fmt.Sprint(body[name]))
		}
		body[f.Name] = strings.Join(of, ".")
	}
}

// inUTC is a time as the server writes it.
func inUTC(v any) any {
	s, _ := v.(string)
	if at, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return at.UTC().Format(timeForm)
	}
	return v
}

func (a *API) decode(k *catalog.Kind, raw string) (map[string]any, *Problem) {
	var body map[string]any
	if err := json.Unmarshal([]byte(raw), &body); err != nil {
		return nil, &Problem{Status: 400, Code: "malformed", Detail: err.Error()}
	}
	return body, nil
}

// check is a small part of what the server checks: enough to see that a refusal finds its attribute.
func (a *API) check(fields []catalog.Field, body map[string]any, pointer string, creating bool) *Problem {
	var errs []map[string]any
	add := func(name, code, detail string) {
		errs = append(errs, map[string]any{"pointer": pointer + "/" + name, "code": code, "detail": detail})
	}
	for _, name := range slices.Sorted(maps.Keys(body)) {
		i := slices.IndexFunc(fields, func(f catalog.Field) bool { return f.Name == name })
		if i < 0 {
			add(name, "unknown_field", "there is no such field")
			continue
		}
		f := fields[i]
		s, isText := body[name].(string)
		switch {
		case f.Computed:
			add(name, "read_only", "is set by the server")
		case !creating && f.Immutable:
			add(name, "immutable", "cannot change")
		case f.Required && body[name] == nil:
			add(name, "required", "is required")
		case isText && len(f.Ref) > 0 && !a.refers(f.Ref, s):
			add(name, "not_found", "does not exist")
		}
		if keys, ok := body[name].(map[string]any); ok && len(f.Ref) > 0 {
			for _, key := range slices.Sorted(maps.Keys(keys)) {
				if keys[key] != nil && !a.refers(f.Ref, key) {
					add(name+"/"+key, "not_found", "does not exist")
				}
			}
		}
	}
	for _, f := range fields {
		if creating && f.Required && body[f.Name] == nil {
			add(f.Name, "required", "is required")
		}
	}
	if errs == nil {
		return nil
	}
	return &Problem{Status: 422, Code: "invalid", Detail: fmt.Sprintf("%d fields are wrong", len(errs)), Members: map[string]any{"errors": errs}}
}

func (a *API) checkName(k *catalog.Kind, body map[string]any, self string) *Problem {
	if !k.Named || body["name"] == nil {
		return nil
	}
	for _, id := range a.order {
		o := a.objects[id]
		if o.kind != k || id == self || o.body["name"] != body["name"] {
			continue
		}
		if k.Parent == nil || body[k.Parent.Field] == nil || o.body[k.Parent.Field] == body[k.Parent.Field] {
			return &Problem{Status: 409, Code: "name_taken", Detail: fmt.Sprintf("the name %q is taken", body["name"]), Members: map[string]any{"existing_id": id}}
		}
	}
	return nil
}

func (a *API) checkKey(k *catalog.Kind, body map[string]any) *Problem {
	if k.Named || len(k.Key) == 0 {
		return nil
	}
	for _, id := range a.order {
		o := a.objects[id]
		if o.kind == k && !slices.ContainsFunc(k.Key, func(name string) bool { return o.body[name] != body[name] }) {
			return &Problem{Status: 409, Code: "already_exists", Detail: "there is one with that key", Members: map[string]any{"existing_id": id}}
		}
	}
	return nil
}

func (a *API) guard(o *thing, verb string, r *http.Request) *Problem {
	if r.Header.Get("If-Match") == "" && o.kind.Operations[verb].RequiresIfMatch {
		return &Problem{Status: 428, Code: "if_match_required", Detail: "If-Match is needed"}
	}
	if op := o.body["operation_id"]; op != nil {
		return &Problem{Status: 409, Code: "operation_in_progress", Detail: "an operation is running", Members: map[string]any{"operation_id": op}}
	}
	if want := r.Header.Get("If-Match"); want != "" && revisionOf(want) != fmt.Sprint(o.body["revision"]) {
		return &Problem{Status: 412, Code: "revision_mismatch", Detail: fmt.Sprintf("the revision is %v", o.body["revision"])}
	}
	return nil
}

func (a *API) update(o *thing, r *http.Request, req Request) (int, []byte, http.Header, *Problem) {
	if p := a.guard(o, "update", r); p != nil {
		return 0, nil, nil, p
	}
	patch, problem := a.decode(o.kind, req.Body)
	if problem == nil {
		problem = a.admit(o.kind, patch)
	}
	if problem == nil {
		problem = a.check(o.kind.Fields, patch, "", false)
	}
	if problem == nil {
		self, _ := o.body["id"].(string)
		problem = a.checkName(o.kind, map[string]any{"name": patch["name"]}, self)
	}
	if problem != nil {
		return 0, nil, nil, problem
	}
	spec := map[string]any{}
	for _, f := range o.kind.Fields {
		if !f.Computed && !f.WriteOnly && !(o.kind.Singleton && f.Name == o.kind.Key[0]) {
			spec[f.Name] = o.body[f.Name]
		}
	}
	merged := merge(catalog.Field{Fields: o.kind.Fields}, clone(spec), patch).(map[string]any)
	filled := map[string]any{}
	a.sequence++
	a.fill(o.kind.Fields, merged, filled, o.secrets, fmt.Sprint(a.sequence))
	changed := false
	for name := range spec {
		was, _ := json.Marshal(o.body[name])
		is, _ := json.Marshal(filled[name])
		if string(was) != string(is) {
			changed = true
			o.body[name] = filled[name]
		}
	}
	for _, f := range o.kind.Fields {
		if v, sent := patch[f.Name]; f.WriteOnly && sent {
			changed = true
			o.secrets[f.Name] = v
		}
	}
	follow(o.kind, o.body)
	if changed {
		a.touch(o)
	}
	if op := o.kind.Operations["update"]; op.Async && (changed || o.failed) {
		a.begin(o, "update", func() {})
	}
	return a.answer(statusOf(200, o), o)
}

func (a *API) remove(o *thing, r *http.Request) (int, []byte, http.Header, *Problem) {
	if p := a.guard(o, "delete", r); p != nil {
		return 0, nil, nil, p
	}
	id := o.body["id"].(string)
	if o.body["deletion_protection"] == true {
		return 0, nil, nil, &Problem{Status: 409, Code: "deletion_protected", Detail: "it is protected"}
	}
	var children []map[string]any
	for _, other := range a.order {
		c := a.objects[other]
		if p := c.kind.Parent; p != nil && c.body[p.Field] == id && !c.kind.ShowsOnce() {
			children = append(children, map[string]any{"kind": c.kind.Name, "id": other, "name": c.body["name"]})
		}
	}
	if children != nil {
		return 0, nil, nil, &Problem{Status: 409, Code: "has_children", Detail: "it is not empty", Members: map[string]any{"children": children, "children_total": len(children)}}
	}
	if op := o.kind.Operations["delete"]; op.Async {
		a.begin(o, "delete", func() { a.forget(id) })
		return a.answer(202, o)
	}
	a.forget(id)
	return 204, nil, http.Header{}, nil
}

// begin starts an operation. Unless it is held it has ended by the time somebody looks.
func (a *API) begin(o *thing, verb string, apply func()) {
	a.sequence++
	action, id := o.kind.Name+"."+verb, fmt.Sprintf("op_%026d", a.sequence)
	op := &operation{done: make(chan struct{}), body: map[string]any{"id": id, "action": action, "target_kind": o.kind.Name,
		"target_id": o.body["id"], "state": "running", "done": false, "error": nil}}
	a.ops[id] = op
	o.body["operation_id"], o.body["state_reason"] = id, nil
	o.body["state"] = map[string]string{"create": "creating", "update": "updating", "delete": "deleting"}[verb]
	reason, fails := a.fail[action]
	delete(a.fail, action)
	op.apply = func() {
		o.body["operation_id"], op.body["done"] = nil, true
		if fails {
			o.failed, o.body["state"], o.body["state_reason"] = true, "failed", reason
			op.body["state"], op.body["error"] = "failed", map[string]any{"code": "driver", "detail": reason}
			return
		}
		o.failed, o.body["state"], op.body["state"] = false, "active", "succeeded"
		apply()
	}
	if a.hold != nil && a.hold(action) {
		return
	}
	go func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.end(op)
	}()
}

func (a *API) end(op *operation) {
	select {
	case <-op.done:
	default:
		op.apply()
		close(op.done)
	}
}

func (a *API) touch(o *thing) {
	if n, ok := o.body["revision"].(int); ok {
		o.body["revision"] = n + 1
	}
}

func (a *API) forget(id string) {
	delete(a.objects, id)
	a.order = slices.DeleteFunc(a.order, func(other string) bool { return other == id })
	for at, o := range a.objects {
		if o.kind.Singleton && o.body[o.kind.Key[0]] == id || o.kind.ShowsOnce() && o.body[o.kind.Parent.Field] == id {
			// It belongs to what is gone. A token does too: it works as an account that is no more.
			delete(a.objects, at)
			a.order = slices.DeleteFunc(a.order, func(other string) bool { return other == at })
			continue
		}
		for _, f := range o.kind.Fields {
			if f.Nullable && len(f.Ref) > 0 && o.body[f.Name] == id {
				o.body[f.Name] = nil // Attachments are released.
			}
		}
	}
}

// beginning is what the server chooses for a kept field.
func beginning(f catalog.Field) any {
	switch {
	case f.Type == catalog.Boolean:
		return true
	case f.Type == catalog.Integer:
		return *f.Minimum
	case len(f.Enum) > 0:
		return f.Enum[0]
	}
	return "chosen"
}

// merge applies a merge patch to the value of a field. Null leaves what is kept.
func merge(of catalog.Field, target, patch any) any {
	p, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	out, ok := target.(map[string]any)
	if !ok {
		out = map[string]any{}
	}
	for k, v := range p {
		in := inside(of, k)
		switch {
		case v == nil && in.Kept:
		case v == nil:
			delete(out, k)
		default:
			out[k] = merge(in, out[k], v)
		}
	}
	return out
}

// inside is what an object or a map has under a key.
func inside(of catalog.Field, key string) catalog.Field {
	if of.Items != nil {
		return *of.Items
	}
	if i := slices.IndexFunc(of.Fields, func(f catalog.Field) bool { return f.Name == key }); i >= 0 {
		return of.Fields[i]
	}
	return catalog.Field{}
}

func clone(v any) any {
	raw, _ := json.Marshal(v)
	var out any
	json.Unmarshal(raw, &out)
	return out
}
