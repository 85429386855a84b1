package app

// Fields that only some may see. For each kind that has such a field there are two objects, which differ in nothing but what these hold, and
// somebody who may do everything but see them. Whatever is asked about the one and about the other, the answers must be alike: then they tell
// nothing, neither by a value, nor by a bound, nor by an order. What follows from the catalog and the sample data goes for kinds to come too.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/client/fixture"
	"github.com/demarc/demarc/controlplane/internal/app/testdata/lift"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/visibility"
)

func TestHiddenFields(t *testing.T) {
	t.Parallel()
	n, load := newSite(t).with(parts{}, []added{lockers(nil), lifts})
	tried := 0
	for i := range n.catalog.Kinds {
		kind := &n.catalog.Kinds[i]
		if rules := rulesOf(kind.Fields, nil); len(rules) > 0 {
			tried++
			h := newHiding(n, load, kind, rules)
			h.reading()
			h.naming()
			h.selecting()
			h.making()
			h.changing()
			h.acting()
			h.replaying()
			h.granting()
			if kind.Field("customer_id") != nil {
				h.here()
			}
			h.recorded()
		}
	}
	if tried < 2 {
		t.Errorf("%d kinds have fields that only some may see; the test adds two", tried)
	}
	h := newHiding(n, load, n.catalog.Kind("lift"), rulesOf(n.catalog.Kind("lift").Fields, nil))
	h.quoted()
}

// rule is a field that only some may see, by the names on the way to it; * is any key.
type rule struct {
	path       []string
	permission string
	mutable    bool
}

func rulesOf(fields []catalog.Field, within []string) []rule {
	var out []rule
	for _, f := range fields {
		path := append(slices.Clone(within), f.Name)
		if f.VisibleTo != "" {
			out = append(out, rule{path, f.VisibleTo, f.Mutable()})
			continue
		}
		out = append(out, rulesOf(f.Fields, path)...)
		if f.Items != nil {
			out = append(out, rulesOf(f.Items.Fields, append(path, "*"))...)
		}
	}
	return out
}

// places calls fn for each member of a document that a rule is about: with the way to it, and what it is a member of.
func (r rule) places(doc any, fn func(way []string, of map[string]any)) {
	var walk func(doc any, rest, way []string)
	walk = func(doc any, rest, way []string) {
		of, ok := doc.(map[string]any)
		if !ok {
			return
		}
		names := []string{rest[0]}
		if rest[0] == "*" {
			names = slices.Sorted(maps.Keys(of))
		}
		for _, name := range names {
			at := append(slices.Clone(way), name)
			if len(rest) == 1 {
				fn(at, of)
			} else {
				walk(of[name], rest[1:], at)
			}
		}
	}
	walk(doc, r.path, nil)
}

// hiding is one kind with fields that only some may see, and who tries to.
type hiding struct {
	*node
	kind  *catalog.Kind
	f     *fixture.Fixture
	rules []rule
	// blind may do everything but see the fields; seer may do that too.
	blind, seer *principal
	blindRole   string
	// one and other differ in nothing else.
	one, other string
	full       map[string]any // what one was made from
	pointers   []string       // to what is hidden of one, and of other
	values     []string       // that must be nowhere
	names      []string       // of what was made
	revealed   []string       // requests of those who may see
}

func newHiding(n *node, load fixture.Loader, kind *catalog.Kind, rules []rule) *hiding {
	h := &hiding{node: n, kind: kind, f: fixture.OpenFrom(n.t, n.client(ownerToken), n.catalog, load, kind.Name), rules: rules}
	hidden := map[string]bool{}
	for _, r := range rules {
		hidden[r.permission] = true
	}
	var all, but []string
	for _, p := range n.items(ownerToken, "/permissions") {
		all = append(all, p.text("id"))
		if !hidden[p.text("id")] {
			but = append(but, p.text("id"))
		}
	}
	if len(all)-len(but) != len(hidden) {
		n.t.Errorf("%s: of the permissions %v there are %d", kind.Name, slices.Sorted(maps.Keys(hidden)), len(all)-len(but))
	}
	role := func(name string, permissions []string) string {
		return n.must(ownerToken, http.MethodPost, "/roles", map[string]any{"name": name, "owner_id": n.root, "permissions": permissions}).text("id")
	}
	name := strings.ReplaceAll(kind.Name, "_", "-") + "-" + fixture.Unique()
	h.blind, h.seer = n.account(n.root, "blind-"+name), n.account(n.root, "seer-"+name)
	h.blindRole = role("blind-"+name, but)
	h.blind.binding = n.bind(h.blind, h.blindRole, "platform")
	h.seer.binding = n.bind(h.seer, role("seer-"+name, all), "platform")

	h.full = h.f.MustBody(fixture.Full)
	changed := h.f.MustBody(fixture.Changed)
	twin := h.f.MustBody(fixture.Full)
	for _, r := range rules {
		r.places(h.full, func(way []string, of map[string]any) {
			h.pointers = append(h.pointers, "/"+strings.Join(way, "/"))
			h.note(of[way[len(way)-1]])
		})
		r.places(changed, func(way []string, of map[string]any) {
			put(twin, way, of[way[len(way)-1]])
			h.note(of[way[len(way)-1]])
		})
	}
	slices.Sort(h.pointers)
	// The other may have what the change adds; that is no matter of who sees what.
	for _, f := range kind.Fields {
		if m, ok := twin[f.Name].(map[string]any); ok {
			maps.DeleteFunc(m, func(key string, _ any) bool {
				has, _ := h.full[f.Name].(map[string]any)
				_, too := has[key]
				return f.Type == catalog.Map && !too
			})
		}
	}
	h.one, h.other = h.make(h.full), h.make(twin)
	return h
}

// note is told a value that must be nowhere.
func (h *hiding) note(value any) {
	b, err := json.Marshal(value)
	h.check(err)
	text := strings.Trim(string(b), `"`)
	if len(text) < 5 {
		h.t.Fatalf("%s: the sample data has %s in a field that only some may see: nobody would find that again; choose something longer", h.kind.Name, text)
	}
	h.values = append(h.values, text)
}

// put puts a value into a document.
func put(doc map[string]any, way []string, value any) {
	for _, name := range way[:len(way)-1] {
		inner, ok := doc[name].(map[string]any)
		if !ok {
			inner = map[string]any{}
			doc[name] = inner
		}
		doc = inner
	}
	doc[way[len(way)-1]] = value
}

// make makes an object as its owner.
func (h *hiding) make(body map[string]any) string {
	if name, ok := body["name"].(string); ok {
		h.names = append(h.names, name)
	}
	made := h.must(ownerToken, http.MethodPost, h.kind.Path, body)
	h.f.Adopt(made.text("id"))
	return made.text("id")
}

// reveal makes a request as somebody who may see.
func (h *hiding) reveal(a ask) reply {
	r := h.send(a)
	h.revealed = append(h.revealed, string(r.body))
	return r
}

// try makes a request as the blind one: nothing that is hidden is in the answer.
func (h *hiding) try(a ask) reply {
	h.t.Helper()
	if a.token == "" {
		a.token = h.blind.token
	}
	r := h.send(a)
	h.clean(a.method+" "+a.path, r)
	return r
}

func (h *hiding) clean(what string, r reply) {
	h.t.Helper()
	for _, value := range h.values {
		if bytes.Contains(r.body, []byte(value)) {
			h.t.Errorf("%s shows %s: %s", what, value, r.body)
		}
		for name, values := range r.header {
			if strings.Contains(strings.Join(values, " "), value) {
				h.t.Errorf("%s shows %s in the header %s", what, value, name)
			}
		}
	}
}

var (
	anyID      = regexp.MustCompile(`\b[a-z]{2,5}_[0-9a-hjkmnp-tv-z]{26}\b`)
	anyRequest = regexp.MustCompile(`\breq-\d{10}\b`)
	anyTime    = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`)
)

// plain is an answer without what tells any two objects apart.
func (h *hiding) plain(r reply) string {
	text := anyRequest.ReplaceAllString(string(r.body), "REQUEST")
	text = anyTime.ReplaceAllString(anyID.ReplaceAllString(text, "ID"), "TIME")
	for _, name := range h.names {
		text = strings.ReplaceAll(text, name, "NAME")
	}
	return fmt.Sprintf("%d %s %s", r.status, anyDigest.ReplaceAllString(r.header.Get("ETag"), ".DIGEST"), text)
}

// both makes a request about the one and about the other, and compares the answers.
func (h *hiding) both(what string, ask func(id string) ask) (reply, reply) {
	h.t.Helper()
	a, b := h.try(ask(h.one)), h.try(ask(h.other))
	if h.plain(a) != h.plain(b) {
		h.t.Errorf("%s: %s tells\n\t%s\nfrom\n\t%s", h.kind.Name, what, h.plain(a), h.plain(b))
	}
	return a, b
}

func (h *hiding) at(verb, id string) string {
	return strings.Replace(h.kind.Operations[verb].Path, "{id}", id, 1)
}

// hides says whether an object, as it was answered, leaves out what is hidden, and says so.
func (h *hiding) hides(what string, o object) {
	h.t.Helper()
	named := []string{}
	for _, r := range h.rules {
		r.places(map[string]any(o), func(way []string, of map[string]any) {
			if _, has := of[way[len(way)-1]]; has {
				h.t.Errorf("%s has %v: %v", what, way, o)
			}
			named = append(named, "/"+strings.Join(way, "/"))
		})
	}
	slices.Sort(named)
	var got []string
	list, _ := o[catalog.HiddenFields].([]any)
	for _, p := range list {
		got = append(got, p.(string))
	}
	if !slices.Equal(got, named) {
		h.t.Errorf("%s says that %v is hidden; want %v", what, got, named)
	}
}

// shows says whether an object is answered whole, and says so.
func (h *hiding) shows(what string, o object) {
	h.t.Helper()
	if list, ok := o[catalog.HiddenFields].([]any); !ok || len(list) != 0 {
		h.t.Errorf("%s: hidden is %v: %v", what, o[catalog.HiddenFields], o)
	}
	for _, r := range h.rules {
		r.places(map[string]any(o), func(way []string, of map[string]any) {
			if _, has := of[way[len(way)-1]]; !has {
				h.t.Errorf("%s has no %v: %v", what, way, o)
			}
		})
	}
}

// reading: an object by itself, in a list, among others.
func (h *hiding) reading() {
	a, _ := h.both("get", func(id string) ask { return ask{method: http.MethodGet, path: h.at(httpapi.Get, id)} })
	h.hides("get", a.object(h.t))
	whole := h.reveal(ask{token: h.seer.token, method: http.MethodGet, path: h.at(httpapi.Get, h.one)})
	h.shows("get by who may see it", whole.object(h.t))
	if whole.header.Get("ETag") == a.header.Get("ETag") {
		h.t.Errorf("%s: two readers see something else under the same tag %s", h.kind.Name, a.header.Get("ETag"))
	}
	h.both("batch-get", func(id string) ask {
		return ask{method: http.MethodPost, path: "/batch-get", body: map[string]any{"ids": []string{id}}}
	})
	list := func(token string) map[string]object {
		out := map[string]object{}
		for next := "?page_size=2"; next != ""; {
			r := h.send(ask{token: token, method: http.MethodGet, path: h.kind.Path + next})
			if token == h.blind.token {
				h.clean("list", r)
			}
			for _, o := range r.items(h.t) {
				out[o.text("id")] = o
			}
			next = ""
			if after := r.object(h.t).text("next_page_token"); after != "" {
				next = "?page_size=2&page_token=" + after
			}
		}
		return out
	}
	for id, o := range list(h.blind.token) {
		h.hides("the list with "+id, o)
	}
	for id, o := range list(h.seer.token) {
		h.shows("the list with "+id, o)
	}
	if head := h.try(ask{method: http.MethodHead, path: h.at(httpapi.Get, h.one)}); head.status != http.StatusMethodNotAllowed {
		h.t.Errorf("HEAD: %d", head.status)
	}
}

// naming: whoever names a field, whatever they have for it, is refused in the same words.
func (h *hiding) naming() {
	for _, r := range h.rules {
		r.places(h.full, func(way []string, of map[string]any) {
			pointer := "/" + strings.Join(way, "/")
			refused := func(what string, r reply) {
				h.t.Helper()
				p := r.problem(h.t)
				if r.status != http.StatusForbidden || p.Code != "forbidden" || len(p.Errors) != 1 || p.Errors[0].Pointer != pointer || p.Errors[0].Code != visibility.Code {
					h.t.Errorf("%s with %s: %d: %s", what, pointer, r.status, r.body)
				}
			}
			for _, value := range []any{of[way[len(way)-1]], nil} {
				for _, query := range []string{"", "?dry_run=true"} {
					if r.mutable {
						body := map[string]any{}
						put(body, way, value)
						a, _ := h.both("a patch with "+pointer, func(id string) ask {
							return ask{method: http.MethodPatch, path: h.at(httpapi.Update, id) + query, body: body}
						})
						refused("a patch", a)
					}
					body := h.blindBody(fixture.Full)
					put(body, way, value)
					refused("a create", h.send(ask{token: h.blind.token, method: http.MethodPost, path: h.kind.Path + query, body: body}))
				}
			}
		})
	}
}

// blindBody is sample data without what is hidden.
func (h *hiding) blindBody(variant string) map[string]any {
	body := h.f.MustBody(variant)
	for _, r := range h.rules {
		r.places(body, func(way []string, of map[string]any) { delete(of, way[len(way)-1]) })
	}
	if name, ok := body["name"].(string); ok {
		h.names = append(h.names, name)
	}
	return body
}

// selecting: nothing is found, counted or sorted by what is hidden.
func (h *hiding) selecting() {
	for _, r := range h.rules {
		name := r.path[0]
		for _, order := range []string{name, "-" + name} {
			if got := h.try(ask{method: http.MethodGet, path: h.kind.Path + "?order_by=" + order}); got.status < http.StatusBadRequest {
				h.t.Errorf("%s is listed by %s: %s", h.kind.Name, order, got.body)
			}
		}
		var queries []string
		if len(r.path) == 1 && slices.Contains(h.kind.Orders, name) {
			queries = append(queries, "order_by="+name, "order_by=-"+name)
		}
		for _, f := range h.kind.Filters {
			if len(r.path) == 1 && (f.Name == name || f.Field == name) {
				queries = append(queries, fmt.Sprintf("%s=%v", f.Name, h.full[name]))
			}
		}
		for _, query := range queries {
			path := h.kind.Path + "?" + query
			parameter, _, _ := strings.Cut(query, "=")
			got := h.send(ask{token: h.blind.token, method: http.MethodGet, path: path})
			p := got.problem(h.t)
			if got.status != http.StatusForbidden || len(p.Errors) != 1 || p.Errors[0].Pointer != parameter || p.Errors[0].Code != visibility.Code {
				h.t.Errorf("%s: %d: %s", path, got.status, got.body)
			}
			h.clean(path, got)
			seen := h.reveal(ask{token: h.seer.token, method: http.MethodGet, path: path})
			if found := ids(seen.items(h.t), "id"); seen.status != http.StatusOK || !slices.Contains(found, h.one) && !strings.HasSuffix(parameter, "_max") {
				h.t.Errorf("%s by who may see it: %d: %s", path, seen.status, seen.body)
			}
		}
	}
	for _, f := range h.kind.Filters {
		if field := h.kind.Field(f.Name); field == nil || field.VisibleTo != "" || h.full[f.Name] == nil {
			continue
		}
		r := h.try(ask{method: http.MethodGet, path: fmt.Sprintf("%s?%s=%v", h.kind.Path, f.Name, h.full[f.Name])})
		if found := ids(r.items(h.t), "id"); !slices.Contains(found, h.one) || !slices.Contains(found, h.other) {
			h.t.Errorf("by %s are found %v", f.Name, found)
		}
	}
}

// making: who may not see a field makes an object without it.
func (h *hiding) making() {
	for _, query := range []string{"?dry_run=true", ""} {
		body := h.blindBody(fixture.Full)
		r := h.send(ask{token: h.blind.token, method: http.MethodPost, path: h.kind.Path + query, body: body})
		if r.status >= http.StatusBadRequest {
			h.t.Fatalf("%s without what is hidden: %d: %s", h.kind.Name, r.status, r.body)
		}
		h.hides("a create"+query, r.object(h.t))
		if query != "" {
			continue
		}
		made := h.finish(h.blind.token, r)
		h.f.Adopt(made.text("id"))
		whole := h.must(ownerToken, http.MethodGet, h.at(httpapi.Get, made.text("id")), nil)
		for _, rule := range h.rules {
			rule.places(map[string]any(whole), func(way []string, of map[string]any) {
				f := h.kind.Field(way[0])
				var want any
				if len(way) == 1 && len(f.Default) > 0 {
					h.check(json.Unmarshal(f.Default, &want))
				}
				if is := of[way[len(way)-1]]; len(way) == 1 && !f.ServerDefault && !reflect.DeepEqual(is, want) {
					h.t.Errorf("%v of one who may not see it is %v, want %v", way, is, want)
				}
			})
		}
	}
	h.status(h.blind.token, http.MethodPost, h.kind.Path, with(h.blindBody(fixture.Full), "name", "Not a name"), http.StatusUnprocessableEntity, "invalid")
}

// changing: every other field, one by one, in a dry run and for good. What is hidden stays.
func (h *hiding) changing() {
	before := [2]object{h.hiddenOf(h.one), h.hiddenOf(h.other)}
	changed := h.blindBody(fixture.Changed)
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		if f := h.kind.Field(name); f == nil || name == "name" {
			continue
		}
		for _, query := range []string{"?dry_run=true", ""} {
			a, b := h.both("a change of "+name+query, func(id string) ask {
				return ask{method: http.MethodPatch, path: h.at(httpapi.Update, id) + query, body: map[string]any{name: changed[name]}}
			})
			if a.status >= http.StatusBadRequest {
				h.t.Errorf("a change of %s%s: %d: %s", name, query, a.status, a.body)
			} else {
				h.hides("a change of "+name+query, a.object(h.t))
			}
			h.ended(a, b)
		}
	}
	h.both("a change of nothing that is sent with an old tag", func(id string) ask {
		return ask{method: http.MethodPatch, path: h.at(httpapi.Update, id), body: map[string]any{}, header: map[string]string{"If-Match": `"999"`}}
	})
	tag := h.try(ask{method: http.MethodGet, path: h.at(httpapi.Get, h.one)}).header.Get("ETag")
	r := h.try(ask{method: http.MethodPatch, path: h.at(httpapi.Update, h.one) + "?dry_run=true", body: map[string]any{}, header: map[string]string{"If-Match": tag}})
	if r.status != http.StatusOK {
		h.t.Errorf("with the tag %s of what was read: %d: %s", tag, r.status, r.body)
	}
	h.both("a wrong change", func(id string) ask {
		return ask{method: http.MethodPatch, path: h.at(httpapi.Update, id), body: map[string]any{"name": "Not a name", "nonsense": 1}}
	})
	h.both("a delete that is refused, or a dry run of one", func(id string) ask {
		return ask{method: http.MethodDelete, path: h.at(httpapi.Delete, id) + "?dry_run=true"}
	})
	if after := [2]object{h.hiddenOf(h.one), h.hiddenOf(h.other)}; !reflect.DeepEqual(before, after) {
		h.t.Errorf("%s: what is hidden was %v, and is %v after changes by one who may not see it", h.kind.Name, before, after)
	}
}

// hiddenOf is what is hidden of an object that was made from the full sample data.
func (h *hiding) hiddenOf(id string) object {
	out := object{}
	whole := h.must(ownerToken, http.MethodGet, h.at(httpapi.Get, id), nil)
	for _, r := range h.rules {
		r.places(map[string]any(whole), func(way []string, of map[string]any) {
			if pointer := "/" + strings.Join(way, "/"); slices.Contains(h.pointers, pointer) {
				out[pointer] = of[way[len(way)-1]]
			}
		})
	}
	return out
}

// ended waits for what two requests have begun: how it ended tells nothing either.
func (h *hiding) ended(a, b reply) {
	h.t.Helper()
	of := func(r reply) string { return r.object(h.t).text("operation_id") }
	if a.status != http.StatusAccepted || b.status != http.StatusAccepted {
		return
	}
	waited := func(r reply) reply {
		return h.try(ask{method: http.MethodGet, path: "/operations/" + of(r) + "?wait=60s"})
	}
	x, y := waited(a), waited(b)
	if h.plain(x) != h.plain(y) {
		h.t.Errorf("an operation tells\n\t%s\nfrom\n\t%s", h.plain(x), h.plain(y))
	}
	h.both("get of what an operation has ended on", func(id string) ask { return ask{method: http.MethodGet, path: h.at(httpapi.Get, id)} })
}

// acting: the actions that take nothing.
func (h *hiding) acting() {
	for _, action := range h.kind.Actions {
		if len(action.Fields) > 0 {
			continue
		}
		for _, query := range []string{"?dry_run=true", ""} {
			a, b := h.both(action.Name+query, func(id string) ask {
				return ask{method: http.MethodPost, path: strings.Replace(action.Path, "{id}", id, 1) + query, body: map[string]any{}}
			})
			h.ended(a, b)
		}
	}
}

// replaying: the answer that is kept for a repeated request is what its reader may see by then.
func (h *hiding) replaying() {
	p := h.account(h.root, "replay-"+fixture.Unique())
	everything := h.bind(p, "platform-owner", "platform")
	create := func(body map[string]any) (string, func() reply) {
		a := ask{token: p.token, method: http.MethodPost, path: h.kind.Path, body: body, header: map[string]string{"Idempotency-Key": fixture.Unique()}}
		first := h.reveal(a)
		if first.status >= http.StatusBadRequest {
			h.t.Fatalf("%d: %s", first.status, first.body)
		}
		id := h.finish(p.token, first).text("id")
		h.f.Adopt(id)
		h.shows("a create by who may see it", first.object(h.t))
		again := h.reveal(a)
		if again.header.Get("Idempotency-Replayed") != "true" || string(again.body) != string(first.body) {
			h.t.Errorf("again: %s, first %s", again.body, first.body)
		}
		return id, func() reply { return h.send(a) }
	}
	_, without := create(h.blindBody(fixture.Full))
	full := h.f.MustBody(fixture.Full)
	id, naming := create(full)
	act := func() reply { return reply{} }
	for _, action := range h.kind.Actions {
		if len(action.Fields) == 0 {
			a := ask{token: p.token, method: http.MethodPost, path: strings.Replace(action.Path, "{id}", id, 1), body: map[string]any{},
				header: map[string]string{"Idempotency-Key": fixture.Unique()}}
			h.finish(p.token, h.reveal(a))
			act = func() reply { return h.send(a) }
		}
	}
	h.bind(p, h.blindRole, "platform")
	h.must(ownerToken, http.MethodDelete, "/role-bindings/"+everything, nil)
	r := without()
	if r.header.Get("Idempotency-Replayed") != "true" {
		h.t.Errorf("once the right is lost: %d: %s", r.status, r.body)
	}
	h.hides("a replay once the right is lost", r.object(h.t))
	if r := naming(); r.status != http.StatusForbidden || len(r.problem(h.t).Errors) == 0 {
		h.t.Errorf("a replay that names what is hidden: %d: %s", r.status, r.body)
	} else {
		h.clean("a replay that is refused", r)
	}
	if r := act(); r.status != 0 {
		h.clean("the replay of an action", r)
		h.hides("the replay of an action", r.object(h.t))
	}
}

// granting: the permission of a field is one like the others, and nobody gives it who has it not.
func (h *hiding) granting() {
	for _, r := range h.rules {
		p := h.must(h.blind.token, http.MethodGet, "/permissions/"+r.permission, nil)
		if p["kind"] != h.kind.Name || !strings.Contains(p.text("description"), strings.Join(r.path, ".")) {
			h.t.Errorf("the permission %s: %v", r.permission, p)
		}
		for _, who := range []*principal{h.blind, h.seer} {
			var answer struct{ Results []struct{ Allowed bool } }
			h.send(ask{token: who.token, method: http.MethodGet, path: "/permissions/check?checks=" + r.permission + "@" + h.one}).decode(h.t, &answer)
			if len(answer.Results) != 1 || answer.Results[0].Allowed != (who == h.seer) {
				h.t.Errorf("%s may %s: %v", who.name, r.permission, answer)
			}
		}
		h.status(h.blind.token, http.MethodPost, "/roles", map[string]any{"name": "more", "owner_id": h.root, "permissions": []string{r.permission}},
			http.StatusForbidden, "exceeds_own_permissions")
	}
}

// here: what is seen is a matter of where each object stands.
func (h *hiding) here() {
	customer := h.must(ownerToken, http.MethodGet, h.at(httpapi.Get, h.one), nil).text("customer_id")
	elsewhere := h.blindBody(fixture.Full)
	elsewhere["customer_id"] = h.customer(h.entity(h.root, "elsewhere-"+fixture.Unique()), "elsewhere")
	there := h.make(elsewhere)
	p := h.account(h.root, "partly-"+fixture.Unique())
	h.bind(p, h.blindRole, "platform")
	h.bind(p, "platform-owner", customer)
	r := h.reveal(ask{token: p.token, method: http.MethodGet, path: h.kind.Path + "?page_size=500"})
	for _, o := range r.items(h.t) {
		if o["customer_id"] == customer {
			h.shows("the list, of one here", o)
		} else {
			h.hides("the list, of one elsewhere", o)
		}
	}
	batch := h.reveal(ask{token: p.token, method: http.MethodPost, path: "/batch-get", body: map[string]any{"ids": []string{h.one, there}}}).items(h.t)
	h.shows("one here among others", batch[0]["object"].(map[string]any))
	h.hides("one elsewhere among others", batch[1]["object"].(map[string]any))
	for _, rule := range h.rules {
		if !slices.ContainsFunc(h.kind.Filters, func(f catalog.Filter) bool { return f.Name == rule.path[0] }) {
			continue
		}
		// Not even with a filter by what is here: that is for who sees it wherever the list may be of.
		h.status(p.token, http.MethodGet, fmt.Sprintf("%s?%s=%v", h.kind.Path, rule.path[0], h.full[rule.path[0]]), nil, http.StatusForbidden, "forbidden")
	}
	// To be suspended takes away what changes something, and leaves what is seen.
	q := h.account(h.root, "suspended-"+fixture.Unique())
	h.bind(q, "platform-owner", customer)
	h.must(ownerToken, http.MethodPatch, "/customers/"+customer, map[string]any{"status": "suspended"})
	h.shows("get while its customer is suspended", h.reveal(ask{token: q.token, method: http.MethodGet, path: h.at(httpapi.Get, h.one)}).object(h.t))
	h.must(ownerToken, http.MethodPatch, "/customers/"+customer, map[string]any{"status": "active"})
	h.must(ownerToken, http.MethodDelete, strings.Replace(h.kind.Operations[httpapi.Update].Path, "{id}", there, 1), nil)
}

// recorded: what is on record of all this is whole for who may see it, and for nobody else; nothing of it is in the log.
func (h *hiding) recorded() {
	for _, id := range []string{h.one, h.other} {
		path := "/audit-records?page_size=500&target_id=" + id
		records := h.try(ask{method: http.MethodGet, path: path}).items(h.t)
		found := 0
		for _, r := range records {
			h.try(ask{method: http.MethodGet, path: "/audit-records/" + r.text("id")})
			for _, name := range []string{"old", "new"} {
				if o, ok := r[name].(map[string]any); ok && o["summary"] == nil {
					found++
					h.hides("on record, "+name, o)
				}
			}
		}
		if found == 0 {
			h.t.Errorf("nothing is on record of %s", id)
		}
		whole := h.reveal(ask{token: h.seer.token, method: http.MethodGet, path: path})
		for _, r := range whole.items(h.t) {
			if o, ok := r["new"].(map[string]any); ok && o["summary"] == nil {
				h.shows("on record for who may see it", o)
			}
		}
	}
	h.try(ask{method: http.MethodGet, path: "/operations?page_size=500"})
	// That all this has found something to hide.
	revealed := strings.Join(h.revealed, "\n")
	for _, value := range h.values[:len(h.pointers)] {
		if !strings.Contains(revealed, value) {
			h.t.Errorf("%s was shown to nobody", value)
		}
	}
	log := h.statements.lines()
	for _, value := range h.values {
		if strings.Contains(log, value) {
			h.t.Errorf("%s is in the log", value)
		}
	}
}

// quoted: words that others have written about an object are for who sees all of it.
func (h *hiding) quoted() {
	for _, p := range []*principal{h.blind, h.seer} {
		r := h.send(ask{token: p.token, method: http.MethodPatch, path: h.at(httpapi.Update, h.one), body: map[string]any{"floor_count": lift.Unbuilt}})
		ended := h.send(ask{token: p.token, method: http.MethodGet, path: "/operations/" + r.object(h.t).text("operation_id") + "?wait=60s"})
		failed := h.send(ask{token: p.token, method: http.MethodGet, path: h.at(httpapi.Get, h.one)})
		detail := ended.object(h.t)["error"].(map[string]any)["detail"]
		reason := failed.object(h.t)["state_reason"]
		if p == h.blind && (detail != visibility.Withheld || reason != visibility.Withheld) {
			h.t.Errorf("%s, %s", ended.body, failed.body)
		}
		if p == h.seer && (!strings.Contains(fmt.Sprint(detail), h.values[0]) || detail != reason) {
			h.t.Errorf("for who may see it: %s, %s", ended.body, failed.body)
		}
	}
	h.waited()
	for _, r := range h.try(ask{method: http.MethodGet, path: "/operations?page_size=500&target_id=" + h.one}).items(h.t) {
		if e, ok := r["error"].(map[string]any); ok && e["detail"] != visibility.Withheld {
			h.t.Errorf("in a list: %v", r)
		}
	}
	for _, r := range h.try(ask{method: http.MethodGet, path: "/audit-records?page_size=500&target_id=" + h.one}).items(h.t) {
		if o, ok := r["old"].(map[string]any); ok && o["state_reason"] != nil && o["state_reason"] != visibility.Withheld {
			h.t.Errorf("on record: %v", r)
		}
	}
}

// waited: who waits for an operation is told of its end what they may see by then.
func (h *hiding) waited() {
	p := h.account(h.root, "waits-"+fixture.Unique())
	everything := h.bind(p, "platform-owner", "platform")
	h.bind(p, h.blindRole, "platform")
	begun := h.send(ask{token: p.token, method: http.MethodPatch, path: h.at(httpapi.Update, h.one), body: map[string]any{"floor_count": lift.Slow}})
	waiter := h.issue(p.id, "waiter", nil)
	ended := make(chan reply, 1)
	go func() {
		ended <- h.send(ask{token: waiter.text("token"), method: http.MethodGet, path: "/operations/" + begun.object(h.t).text("operation_id") + "?wait=60s"})
	}()
	h.until("it waits", func() bool {
		var used bool
		h.check(h.db.Conn(h.t.Context()).Raw("SELECT last_used_at IS NOT NULL FROM api_token WHERE id = ?", waiter.text("id")).Scan(&used).Error)
		return used
	})
	h.must(ownerToken, http.MethodDelete, "/role-bindings/"+everything, nil)
	r := <-ended
	if e, _ := r.object(h.t)["error"].(map[string]any); e["detail"] != visibility.Withheld {
		h.t.Errorf("once the right is lost: %s", r.body)
	}
}
