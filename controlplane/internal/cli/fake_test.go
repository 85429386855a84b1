package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// testCatalog has a field of every sort, and field names that collide with flags.
var testCatalog = func() *catalog.Catalog {
	meta := func(fields ...catalog.Field) []catalog.Field {
		return append(append([]catalog.Field{
			{Name: "id", Type: "string", Computed: true},
			{Name: "name", Type: "string", Required: true, Description: "Name.", Pattern: "^[a-z][a-z0-9-]*$"},
			{Name: "labels", Type: "map", Items: &catalog.Field{Type: "string"}, Default: json.RawMessage(`{}`), Description: "Labels."},
		}, fields...),
			catalog.Field{Name: "revision", Type: "integer", Computed: true, Volatile: true},
			catalog.Field{Name: "state", Type: "string", Computed: true, Volatile: true},
			catalog.Field{Name: "operation_id", Type: "string", Computed: true, Volatile: true, Ref: []string{"operation"}})
	}
	operations := func(path string, async bool) map[string]catalog.Operation {
		return map[string]catalog.Operation{
			"create": {Method: "POST", Path: path, Async: async, Summary: "Create it."},
			"list":   {Method: "GET", Path: path, Summary: "List them."},
			"get":    {Method: "GET", Path: path + "/{id}", Summary: "Get it."},
			"update": {Method: "PATCH", Path: path + "/{id}", Async: async, Summary: "Change it."},
			"delete": {Method: "DELETE", Path: path + "/{id}", Async: async, Summary: "Delete it."},
		}
	}
	one, many := int64(1), int64(64)
	general := func(id, method, path string, paged bool) catalog.GeneralOperation {
		return catalog.GeneralOperation{Operation: catalog.Operation{ID: id, Method: method, Path: path}, Paged: paged}
	}
	return &catalog.Catalog{Version: "1.3", BasePath: "/api/v1", Operations: []catalog.GeneralOperation{
		general("access.list", "GET", "/access", true), general("batch.get", "POST", "/batch-get", false),
		general("catalog.get", "GET", "/catalog", false), general("permissions.check", "GET", "/permissions/check", false),
		general("permissions.effective", "GET", "/permissions/effective", false), general("whoami.get", "GET", "/whoami", false),
	}, Kinds: []catalog.Kind{
		{Name: "site", Plural: "sites", Title: "Site", Description: "A site.", Category: "Places", Prefix: "st", Path: "/sites", Named: true, Managed: true,
			Parent:  &catalog.Parent{Kind: "site", Field: "parent_id"},
			Fields:  meta(catalog.Field{Name: "parent_id", Type: "string", Nullable: true, Ref: []string{"site"}, Description: "The site around it."}),
			Filters: []catalog.Filter{{Name: "parent_id", Type: "string", Ref: []string{"site"}}}, Operations: operations("/sites", false)},
		{Name: "virtual_box", Plural: "virtual_boxes", Title: "Virtual box", Description: "A box.", Category: "Things", Prefix: "box", Path: "/virtual-boxes", Named: true, Managed: true,
			Parent: &catalog.Parent{Kind: "site", Field: "site_id"},
			Fields: meta(
				catalog.Field{Name: "site_id", Type: "string", Required: true, Immutable: true, Ref: []string{"site"}, Description: "Where it is."},
				catalog.Field{Name: "size_gib", Type: "integer", Required: true, Unit: "GiB", Minimum: &one, Maximum: &many, Description: "Size."},
				catalog.Field{Name: "power", Type: "string", Enum: []string{"on", "off"}, Default: json.RawMessage(`"on"`), Description: "Power."},
				catalog.Field{Name: "sealed", Type: "boolean", Default: json.RawMessage(`false`), Description: "Sealed."},
				catalog.Field{Name: "serial", Type: "string", ServerDefault: true, Description: "Serial number."},
				catalog.Field{Name: "wait", Type: "string", Nullable: true, Description: "Collides with a flag."},
				catalog.Field{Name: "password", Type: "string", WriteOnly: true, Nullable: true, Description: "Password."},
				catalog.Field{Name: "tokens", Type: "map", Items: &catalog.Field{Type: "string", WriteOnly: true}, Nullable: true, Description: "Tokens."},
				catalog.Field{Name: "tags", Type: "set", Items: &catalog.Field{Type: "string"}, Default: json.RawMessage(`[]`), Description: "Tags."},
				catalog.Field{Name: "owner_id", Type: "string", Nullable: true, Ref: []string{"site", "virtual_box", "platform"}, Description: "Whose it is."},
				catalog.Field{Name: "address", Type: "object", Nullable: true, Description: "Address.", Fields: []catalog.Field{
					{Name: "street", Type: "string", Nullable: true, Description: "Street."},
					{Name: "lit", Type: "boolean", Kept: true, Description: "Lit."},
					{Name: "floor", Type: "integer", Nullable: true, Description: "Floor."}}},
				catalog.Field{Name: "slots", Type: "map", Default: json.RawMessage(`{}`), Description: "Slots.", Items: &catalog.Field{Type: "object", Fields: []catalog.Field{
					{Name: "width", Type: "integer"}, {Name: "box_id", Type: "string", Ref: []string{"virtual_box"}}}}},
				catalog.Field{Name: "static", Type: "object", Nullable: true, OneOf: "mode", Fields: []catalog.Field{{Name: "ip", Type: "string"}}},
				catalog.Field{Name: "dynamic", Type: "object", Nullable: true, OneOf: "mode", Fields: []catalog.Field{{Name: "pool", Type: "string"}}},
			),
			Filters: []catalog.Filter{{Name: "site_id", Type: "string", Ref: []string{"site"}}, {Name: "power", Type: "string", Enum: []string{"on", "off"}, Many: true}, {Name: "path", Type: "string"},
				{Name: "size_gib_min", Type: "integer", Field: "size_gib", Bound: catalog.Min}, {Name: "owner_id", Type: "string", Ref: []string{"site", "virtual_box"}, Many: true}},
			Orders:     []string{"name", "size_gib"},
			Operations: operations("/virtual-boxes", true),
			Actions: []catalog.Action{{Name: "shake_well", Fields: []catalog.Field{{Name: "times", Type: "integer", Required: true, Description: "How often."}},
				Operation: catalog.Operation{Method: "POST", Path: "/virtual-boxes/{id}/actions/shake_well", Async: true, Summary: "Shake it."}}}},
		{Name: "shelf", Plural: "shelves", Title: "Shelf", Description: "A shelf.", Category: "Things", Prefix: "sh", Path: "/shelves", Named: true, Managed: true,
			Parent:  &catalog.Parent{Kind: "virtual_box", Field: "box_id"},
			Fields:  meta(catalog.Field{Name: "box_id", Type: "string", Required: true, Immutable: true, Ref: []string{"virtual_box"}, Description: "In what it is."}),
			Filters: []catalog.Filter{{Name: "box_id", Type: "string", Ref: []string{"virtual_box"}}}, Operations: operations("/shelves", false)},
		{Name: "pass", Plural: "passes", Title: "Pass", Description: "A pass.", Category: "Access", Prefix: "pas", Path: "/passes", Named: true, Managed: true,
			Parent: &catalog.Parent{Kind: "site", Or: []string{"virtual_box"}, Field: "site_id"},
			Fields: meta(
				catalog.Field{Name: "site_id", Type: "string", Required: true, Immutable: true, Ref: []string{"site", "virtual_box"}, Description: "Whose it is."},
				catalog.Field{Name: "token", Type: "string", Computed: true, Nullable: true, ShownOnce: true, Description: "What it opens doors with."}),
			Filters: []catalog.Filter{{Name: "site_id", Type: "string", Ref: []string{"site", "virtual_box"}}}, Operations: operations("/passes", false),
			Actions: []catalog.Action{{Name: "renew", Fields: []catalog.Field{
				{Name: "overlap_seconds", Type: "integer", Default: json.RawMessage(`3600`), Description: "For how long the old one still counts."},
				{Name: "expires_at", Type: "string", Nullable: true, Description: "When it ends."}},
				Operation: catalog.Operation{Method: "POST", Path: "/passes/{id}/actions/renew", Permission: "passes.renew", Summary: "Renew it."}}}},
		{Name: "fare", Plural: "fares", Title: "Fare", Description: "A fare.", Category: "Money", Prefix: "far", Path: "/fares", Named: true, Managed: true,
			Fields: meta(
				catalog.Field{Name: "price", Type: "integer", Required: true, Description: "What is paid."},
				catalog.Field{Name: "cost", Type: "integer", Nullable: true, VisibleTo: "fares.get_cost", Description: "What it costs."},
				catalog.Field{Name: "seasons", Type: "map", Default: json.RawMessage(`{}`), Description: "By the season.", Items: &catalog.Field{Type: "object", Fields: []catalog.Field{
					{Name: "price", Type: "integer"}, {Name: "cost", Type: "integer", Nullable: true, VisibleTo: "fares.get_cost"}}}},
				catalog.Field{Name: "hidden_fields", Type: "set", Computed: true, Volatile: true, Items: &catalog.Field{Type: "string"}}),
			Operations: operations("/fares", false)},
		{Name: "loan", Plural: "loans", Title: "Loan", Description: "A loan.", Category: "Access", Prefix: "lon", Path: "/loans", Managed: true,
			Key: []string{"holder", "scope_id", "manner"},
			Fields: []catalog.Field{{Name: "id", Type: "string", Computed: true},
				{Name: "holder", Type: "string", Required: true, Immutable: true, Description: "Who has it."},
				{Name: "scope_id", Type: "string", Required: true, Immutable: true, Ref: []string{"platform", "site", "virtual_box"}, Description: "Where it counts."},
				{Name: "manner", Type: "string", Required: true, Immutable: true, Enum: []string{"day", "night"}, Description: "How it was lent."},
				{Name: "revision", Type: "integer", Computed: true, Volatile: true}},
			Filters: []catalog.Filter{{Name: "holder", Type: "string"}, {Name: "scope_id", Type: "string", Ref: []string{"platform", "site", "virtual_box"}},
				{Name: "manner", Type: "string", Enum: []string{"day", "night"}}},
			Operations: without(operations("/loans", false), "update")},
		{Name: "rota", Plural: "rotas", Title: "Rota", Description: "A rota.", Category: "Access", Path: "/rotas", Managed: true, Singleton: true, Key: []string{"scope_id"},
			Fields: []catalog.Field{
				{Name: "scope_id", Type: "string", Required: true, Immutable: true, Ref: []string{"platform", "site", "virtual_box"}, Description: "What it is of."},
				{Name: "duties", Type: "map", Default: json.RawMessage(`{}`), Ref: []string{"pass"}, Description: "Who is on duty.", Items: &catalog.Field{Type: "object", Fields: []catalog.Field{
					{Name: "members", Type: "set", Default: json.RawMessage(`[]`), Items: &catalog.Field{Type: "string"}}}}},
				{Name: "revision", Type: "integer", Computed: true, Volatile: true}},
			Operations: matching(without(operations("/rotas", false), "create", "list"))},
		{Name: "right", Plural: "rights", Title: "Right", Description: "A right.", Category: "Access", Path: "/rights", Key: []string{"id"},
			Fields:     []catalog.Field{{Name: "id", Type: "string", Computed: true}},
			Operations: map[string]catalog.Operation{"get": {Method: "GET", Path: "/rights/{id}", Permission: "rights.get"}}},
		{Name: "operation", Plural: "operations", Title: "Operation", Description: "Work.", Category: "Platform", Prefix: "op", Path: "/operations",
			Fields:     []catalog.Field{{Name: "id", Type: "string", Computed: true}, {Name: "state", Type: "string", Computed: true}},
			Operations: map[string]catalog.Operation{"get": {Method: "GET", Path: "/operations/{id}"}, "list": {Method: "GET", Path: "/operations"}}},
	}}
}()

func without(ops map[string]catalog.Operation, verbs ...string) map[string]catalog.Operation {
	for _, v := range verbs {
		delete(ops, v)
	}
	return ops
}

// matching has every write say what it is about.
func matching(ops map[string]catalog.Operation) map[string]catalog.Operation {
	for verb, op := range ops {
		op.RequiresIfMatch = op.Method != http.MethodGet
		ops[verb] = op
	}
	return ops
}

// fakeServer keeps objects of the test catalog as the contract says.
type fakeServer struct {
	t       *testing.T
	mu      sync.Mutex
	objects map[string]map[string]any // by id
	order   []string
	writes  []string // METHOD path?query body, in order
	headers []http.Header
	next    int
	// refuse answers instead of the server where it is not nil.
	refuse func(w http.ResponseWriter, r *http.Request) bool
	// failing: operations fail.
	failing bool
	url     string
}

func newFake(t *testing.T) *fakeServer {
	f := &fakeServer{t: t, objects: map[string]map[string]any{}}
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	f.url = s.URL
	return f
}

func refusal(status int, members string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodGet {
			return false
		}
		problem(w, status, members)
		return true
	}
}

func problem(w http.ResponseWriter, status int, members string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Demarc-Catalog", "1.3")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"status": %d, "request_id": "req_7", %s}`, status, members)
}

func (f *fakeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Header.Get("Authorization") != "Bearer tok_hush" {
		problem(w, 401, `"code": "unauthenticated"`)
		return
	}
	var body map[string]any
	if r.ContentLength != 0 {
		d := json.NewDecoder(r.Body)
		d.UseNumber()
		if err := d.Decode(&body); err != nil {
			problem(w, 400, `"code": "malformed"`)
			return
		}
	}
	if r.Method != http.MethodGet && r.URL.Path != "/api/v1/batch-get" {
		f.writes = append(f.writes, strings.TrimSpace(fmt.Sprintf("%s %s %s", r.Method, strings.TrimPrefix(r.URL.RequestURI(), "/api/v1"), textOrNothing(body))))
		f.headers = append(f.headers, r.Header.Clone())
	}
	if f.refuse != nil && f.refuse(w, r) {
		return
	}
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/api/v1/"), "/")
	if parts[0] == "batch-get" {
		f.batchGet(w, body)
		return
	}
	i := slices.IndexFunc(testCatalog.Kinds, func(k catalog.Kind) bool { return k.Path == "/"+parts[0] })
	if i < 0 {
		problem(w, 404, `"code": "not_found", "detail": "no such route"`)
		return
	}
	k := &testCatalog.Kinds[i]
	if k.Singleton && len(parts) > 1 {
		parts[1] = f.singleton(k, parts[1])
	}
	switch {
	case k.Singleton && r.Method != http.MethodGet && r.Header.Get("If-Match") == "":
		problem(w, 428, `"code": "if_match_required"`)
	case k.Name == "operation" && len(parts) == 2:
		f.operation(w, parts[1])
	case len(parts) == 1 && r.Method == http.MethodGet:
		f.list(w, r, k)
	case len(parts) == 1:
		f.create(w, r, k, body)
	case f.objects[parts[1]] == nil:
		problem(w, 404, `"code": "not_found", "detail": "there is no such object"`)
	case r.Method == http.MethodGet:
		f.answer(w, 200, f.objects[parts[1]])
	case r.Header.Get("If-Match") != "" && revisionOf(r.Header.Get("If-Match")) != fmt.Sprint(f.objects[parts[1]]["revision"]):
		problem(w, 412, `"code": "revision_mismatch", "detail": "it is another revision"`)
	default:
		f.change(w, r, k, f.objects[parts[1]], parts, body)
	}
}

// singleton is there as soon as anybody asks for it.
func (f *fakeServer) singleton(k *catalog.Kind, of string) string {
	id := k.Name + "@" + of
	if f.objects[id] == nil {
		f.objects[id] = map[string]any{k.Key[0]: of, "revision": 0, "duties": map[string]any{}}
	}
	return id
}

// operationID is the one operation that an object has at a time.
func operationID(target string) string { return "op_" + strings.ReplaceAll(target, "_", "-") }

func textOrNothing(body map[string]any) string {
	if body == nil {
		return ""
	}
	return text(body)
}

// revisionOf is the revision that a tag begins with.
func revisionOf(tag string) string {
	revision, _, _ := strings.Cut(strings.Trim(tag, `"`), ".")
	return revision
}

func (f *fakeServer) answer(w http.ResponseWriter, status int, object any) {
	w.Header().Set("Content-Type", "application/json")
	if m, ok := object.(map[string]any); ok && m["revision"] != nil {
		w.Header().Set("ETag", fmt.Sprintf(`"%v.%x"`, m["revision"], sha256.Sum256([]byte(text(object)))))
	}
	w.WriteHeader(status)
	fmt.Fprint(w, text(object))
}

func (f *fakeServer) batchGet(w http.ResponseWriter, body map[string]any) {
	items := []any{}
	for _, id := range body["ids"].([]any) {
		if o := f.objects[id.(string)]; o != nil {
			items = append(items, map[string]any{"id": id, "object": o})
		}
	}
	f.answer(w, 200, map[string]any{"items": items, "missing": []any{}})
}

// operation ends an operation at the first look at it.
func (f *fakeServer) operation(w http.ResponseWriter, id string) {
	target := strings.ReplaceAll(strings.TrimPrefix(id, "op_"), "-", "_")
	o := f.objects[target]
	state := "succeeded"
	var failure any
	switch {
	case o == nil:
	case f.failing:
		state, failure = "failed", map[string]any{"code": "driver", "detail": "the box\x1b[31m broke"}
		o["state"], o["operation_id"] = "failed", nil
	case o["state"] == "deleting":
		delete(f.objects, target)
	default:
		o["state"], o["operation_id"] = "active", nil
	}
	f.answer(w, 200, map[string]any{"id": id, "action": "virtual_box.change", "target_id": target, "state": state, "done": true,
		"total_steps": 3, "completed_steps": 3, "current_step": "pack\x1b[2J", "error": failure})
}

func (f *fakeServer) pathOf(o map[string]any) string {
	name, _ := o["name"].(string)
	for _, parent := range []string{"box_id", "site_id", "parent_id"} {
		if id, ok := o[parent].(string); ok && f.objects[id] != nil {
			return f.pathOf(f.objects[id]) + "/" + name
		}
	}
	return name
}

func (f *fakeServer) list(w http.ResponseWriter, r *http.Request, k *catalog.Kind) {
	q := r.URL.Query()
	var items []any
	for _, id := range f.order {
		o := f.objects[id]
		if o == nil || !strings.HasPrefix(id, k.Prefix+"_") {
			continue
		}
		p := q.Get("path")
		matches := p == "" || f.pathOf(o) == p || strings.HasSuffix(f.pathOf(o), "/"+p)
		for _, filter := range k.Filters {
			if v := q.Get(filter.Name); filter.Name != "path" && v != "" && !meets(o, filter, v) {
				matches = false
			}
		}
		if matches {
			items = append(items, o)
		}
	}
	if order := q.Get("order_by"); strings.HasPrefix(order, "-") {
		slices.Reverse(items)
	}
	from, _ := strconv.Atoi(q.Get("page_token"))
	size, _ := strconv.Atoi(q.Get("page_size"))
	page := map[string]any{"items": items[min(from, len(items)):min(from+size, len(items))], "next_page_token": nil}
	if from+size < len(items) {
		page["next_page_token"] = strconv.Itoa(from + size)
	}
	if len(items) == 0 {
		page["items"] = []any{}
	}
	f.answer(w, 200, page)
}

// meets says whether an object has what a filter asks for.
func meets(o map[string]any, filter catalog.Filter, value string) bool {
	switch {
	case filter.Bound == catalog.Min:
		least, err := strconv.ParseFloat(value, 64)
		has, failed := strconv.ParseFloat(fmt.Sprint(o[filter.Field]), 64)
		return err == nil && failed == nil && has >= least
	case filter.Many:
		has, _ := o[filter.Name].(string)
		return slices.Contains(strings.Split(value, ","), has)
	}
	return o[filter.Name] == value
}

func (f *fakeServer) create(w http.ResponseWriter, r *http.Request, k *catalog.Kind, body map[string]any) {
	for _, o := range f.objects {
		if k.Named && o["name"] == body["name"] && strings.HasPrefix(o["id"].(string), k.Prefix+"_") && f.parentOf(o) == f.parentOf(body) {
			problem(w, 409, `"code": "name_taken", "detail": "the name is taken", "existing_id": "`+o["id"].(string)+`"`)
			return
		}
	}
	o := map[string]any{}
	for _, field := range k.Fields {
		switch v, given := body[field.Name]; {
		case field.WriteOnly || field.Items != nil && field.Items.WriteOnly:
		case given && v != nil:
			o[field.Name] = v
		case len(field.Default) > 0:
			o[field.Name], _ = decode(field.Default)
		case field.ServerDefault:
			o[field.Name] = "chosen"
		default:
			o[field.Name] = nil
		}
	}
	f.next++
	id := fmt.Sprintf("%s_%d", k.Prefix, f.next)
	o["id"], o["revision"], o["state"] = id, 1, "active"
	if r.URL.Query().Get("dry_run") != "" {
		f.answer(w, 200, o)
		return
	}
	f.objects[id] = o
	f.order = append(f.order, id)
	if k.Name == "pass" {
		f.answer(w, 201, shown(o, "key-1"))
		return
	}
	f.written(w, k.Operations["create"], 201, "creating", o)
}

// shown is an object with the secret that only this answer has.
func shown(o map[string]any, token string) map[string]any {
	o = maps.Clone(o)
	o["token"] = token
	return o
}

func (f *fakeServer) parentOf(o map[string]any) any {
	if o["site_id"] != nil {
		return o["site_id"]
	}
	return o["parent_id"]
}

func (f *fakeServer) written(w http.ResponseWriter, op catalog.Operation, status int, state string, o map[string]any) {
	if op.Async {
		status = 202
		o["state"], o["operation_id"] = state, operationID(o["id"].(string))
	}
	f.answer(w, status, o)
}

func (f *fakeServer) change(w http.ResponseWriter, r *http.Request, k *catalog.Kind, o map[string]any, parts []string, body map[string]any) {
	dry := r.URL.Query().Get("dry_run") != ""
	switch {
	case k.Name == "pass" && len(parts) == 4:
		f.answer(w, 200, shown(o, "key-2"))
	case len(parts) == 4:
		f.written(w, k.Actions[0].Operation, 200, "updating", o)
	case r.Method == http.MethodDelete && dry:
		f.answer(w, 200, o)
	case r.Method == http.MethodDelete && k.Operations["delete"].Async:
		f.written(w, k.Operations["delete"], 202, "deleting", o)
	case r.Method == http.MethodDelete:
		delete(f.objects, parts[1])
		w.WriteHeader(204)
	default:
		fresh, err := clone(o)
		if err != nil {
			f.t.Error(err)
		}
		mergePatch(fresh, body)
		for _, field := range k.Fields {
			if field.WriteOnly || field.Items != nil && field.Items.WriteOnly {
				delete(fresh, field.Name)
			} else if v, ok := fresh[field.Name]; !ok || v == nil {
				fresh[field.Name] = nil
				if len(field.Default) > 0 {
					fresh[field.Name], _ = decode(field.Default)
				}
			}
		}
		if text(fresh) != text(o) {
			n, _ := strconv.Atoi(fmt.Sprint(o["revision"]))
			fresh["revision"] = n + 1
		}
		if dry {
			f.answer(w, 200, fresh)
			return
		}
		maps.Copy(o, fresh)
		f.written(w, k.Operations["update"], 200, "updating", o)
	}
}

func mergePatch(target, patch map[string]any) {
	for k, v := range patch {
		p, isObject := v.(map[string]any)
		t, hasObject := target[k].(map[string]any)
		switch {
		case v == nil:
			delete(target, k)
		case isObject && hasObject:
			mergePatch(t, p)
		case isObject:
			t = map[string]any{}
			mergePatch(t, p)
			target[k] = t
		default:
			target[k] = v
		}
	}
}

// take returns the writes since the last call.
func (f *fakeServer) take() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := f.writes
	f.writes, f.headers = nil, nil
	return w
}

// put adds an object by hand.
func (f *fakeServer) put(id string, members string) {
	o := map[string]any{"id": id, "revision": 1, "state": "active", "operation_id": nil, "labels": map[string]any{}}
	given, err := decodeObject([]byte(members))
	if err != nil {
		f.t.Fatal(err)
	}
	maps.Copy(o, given)
	f.objects[id] = o
	f.order = append(f.order, id)
}

// outcome is what a run left.
type outcome struct {
	status   int
	out, err string
}

func runCLI(t *testing.T, cat *catalog.Catalog, stdin string, args ...string) outcome {
	t.Helper()
	var out, err bytes.Buffer
	status := RunFor(context.Background(), cat, args, Streams{In: strings.NewReader(stdin), Out: &out, Err: &err})
	for _, s := range []string{out.String(), err.String()} {
		if strings.Contains(s, "hush") {
			t.Errorf("demarc %s shows a secret:\n%s", strings.Join(args, " "), s)
		}
		if strings.ContainsRune(s, '\x1b') {
			t.Errorf("demarc %s lets a server steer the terminal:\n%q", strings.Join(args, " "), s)
		}
	}
	return outcome{status, out.String(), err.String()}
}

// session is a fake server and an environment that points to it.
func session(t *testing.T) (*fakeServer, func(args ...string) outcome) {
	f := newFake(t)
	t.Setenv("DEMARC_ENDPOINT", f.url)
	t.Setenv("DEMARC_TOKEN", "tok_hush")
	t.Setenv("DEMARC_TOKEN_FILE", "")
	t.Setenv("DEMARC_CA_FILE", "")
	t.Setenv("DEMARC_CONFIG", t.TempDir()+"/demarc/config.yaml")
	return f, func(args ...string) outcome { t.Helper(); return runCLI(t, testCatalog, "", args...) }
}
