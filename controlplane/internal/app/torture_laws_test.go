package app

// The laws of traits: what each means to who sends and reads a field that has it.

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/cmd/gen/lint"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

// What has to be there is refused without it, and cannot be cleared.
func (t *trial) required() {
	t.t.Helper()
	t.sends(t.create(absent{}), "", "required")
	if t.mutable() {
		t.sends(t.patch(nil), "", "required")
	}
}

// What may be absent is null then, and can be cleared unless it is there for good.
func (t *trial) nullable() {
	t.t.Helper()
	switch {
	case t.f.Computed, t.f.OneOf != "": // null alone would leave nothing of the choice
		return
	case t.f.WriteOnly:
		t.sends(t.patch(nil))
		if t.sealed() != "" {
			t.t.Errorf("%s: %s was cleared, and is kept", t.kind.Name, t.pointer)
		}
		return
	case t.mutable() && !t.f.Immutable:
		t.sends(t.patch(nil))
		t.is(nil)
	}
	t.sends(t.create(absent{}))
	t.is(nil)
}

// The literal stands where nothing is said, and comes back.
func (t *trial) fallsBack() {
	t.t.Helper()
	var literal any
	t.check(json.Unmarshal(t.f.Default, &literal))
	if t.mutable() && !t.f.GrowOnly {
		t.sends(t.patch(nil))
		t.is(literal)
	}
	t.sends(t.create(absent{}))
	t.is(literal)
}

func (t *trial) chosenByServer() {
	t.t.Helper()
	t.sends(t.patch(nil))
	if chosen := t.read(); chosen == nil || chosen == t.value {
		t.t.Errorf("%s: %s is %v: nothing was chosen", t.kind.Name, t.pointer, chosen)
	}
	t.sends(t.create(absent{}))
	if t.read() == nil {
		t.t.Errorf("%s: %s: nothing was chosen", t.kind.Name, t.pointer)
	}
}

// What another party sets, too, begins as the specification says where nothing is said, and is left by who says nothing of it, or null. In something
// that is taken away and comes back it begins again.
func (t *trial) kept() {
	t.t.Helper()
	begins := t.says("x-kept", "patch", "requestBody")
	if begins == nil || begins == t.value {
		t.t.Fatalf("%s: %s begins as %v, and so it is in the sample data", t.kind.Name, t.pointer, begins)
	}
	for _, nothing := range []any{absent{}, nil} {
		t.sends(t.create(nothing))
		t.is(begins)
	}
	t.fresh()
	t.is(t.value)
	t.unchanged(func() reply { return t.patch(nil) })
	t.neighbour()
	t.is(t.value)
	t.sends(t.patch(begins))
	t.is(begins)
	if len(t.path) == 1 {
		return
	}
	t.fresh()
	t.sends(t.patchAt(t.path[:1], nil))
	anew, _ := find(replaced(t.sent, t.path, absent{}), t.path[:1])
	t.sends(t.patchAt(t.path[:1], anew))
	t.is(begins)
}

// What follows is another when one of those that it follows is, in the same answer and in that of a dry run, and what it was when anything else
// changes.
func (t *trial) follows() {
	t.t.Helper()
	var moved []string
	for _, name := range slices.Sorted(maps.Keys(t.changed)) {
		if lint.Chosen(t.kind.Field(name)) { // which cannot change alone
			continue
		}
		before, patch := t.read(), map[string]any{name: t.changed[name]}
		if name == "name" {
			patch[name] = t.unused() + "-renamed"
		}
		dry := t.must(ownerToken, http.MethodPatch, t.rack.path(t.id)+"?dry_run=true", patch)[t.f.Name]
		after := t.must(ownerToken, http.MethodPatch, t.rack.path(t.id), patch)[t.f.Name]
		if read := t.read(); !reflect.DeepEqual(dry, after) || !reflect.DeepEqual(after, read) {
			t.t.Errorf("%s: %s, with another %s: a dry run says %v, the change %v, a read %v", t.kind.Name, t.pointer, name, dry, after, read)
		}
		same, from := reflect.DeepEqual(before, after), t.kind.FollowsFrom(t.f, name)
		switch {
		case !same && !from:
			t.t.Errorf("%s: %s became %v with %s, which it does not follow", t.kind.Name, t.pointer, after, name)
		case same && slices.Contains(t.f.Follows, name):
			t.t.Errorf("%s: %s is still %v with another %s; choose sample data that shows it", t.kind.Name, t.pointer, after, name)
		case !same:
			moved = append(moved, name)
		}
	}
	if len(moved) == 0 {
		t.t.Errorf("%s: %s follows nothing that can be changed", t.kind.Name, t.pointer)
	}
	// An object that is made has it, and so has one that is only tried.
	body := plain(t.sent)
	body["name"] = t.unused()
	dry := t.must(ownerToken, http.MethodPost, t.kind.Path+"?dry_run=true", body)
	if made := t.must(ownerToken, http.MethodPost, t.kind.Path, body); !reflect.DeepEqual(dry[t.f.Name], made[t.f.Name]) || made[t.f.Name] == nil {
		t.t.Errorf("%s: %s: a dry run of a create says %v, the create %v", t.kind.Name, t.pointer, dry[t.f.Name], made[t.f.Name])
	}
}

// revealed has the secret told by its operation, to whom has the permission of that by its name, and by nothing else.
func (t *trial) revealed() {
	t.t.Helper()
	i := slices.IndexFunc(t.kind.Reveals, func(r catalog.Reveal) bool {
		return slices.ContainsFunc(r.Fields, func(f catalog.Field) bool { return f.Name == t.f.Name })
	})
	of := t.kind.Reveals[i]
	sees := t.custom(t.customer, "sees-"+t.f.Name, t.customer, t.kind.Plural+".get", of.Permission)
	t.secrets = append(t.secrets, t.reveals(sees.token, t.kind, of, t.id, t.sent)[t.f.Name])
	if r := t.send(ask{token: t.blind.token, method: of.Method, path: at(of.Path, t.id)}); r.status != http.StatusForbidden {
		t.t.Errorf("%s, without its permission: %d", of.ID, r.status)
	}
}

// What is set once stays as it is while what it is in does. In an entry it can be sent again, in whatever spelling, and another entry has its own.
func (t *trial) immutable() {
	t.t.Helper()
	other := t.other(t.f, t.value)
	if t.f.Format == "typeid" && strings.HasPrefix(t.value.(string), "cus_") {
		other = t.value // the field is refused, whatever it holds
	}
	t.sends(t.patch(other), "", "immutable")
	t.is(t.value)
	if len(t.path) == 1 {
		return
	}
	t.unchanged(func() reply { return t.patch(t.value) })
	if of, ok := formats[t.f.Format]; ok && of.alike[0] != "" {
		t.sends(t.create(of.alike[0]))
		t.unchanged(func() reply { return t.patch(of.alike[1]) })
	}
	entry, _ := find(t.sent, t.path[:len(t.path)-1])
	another := plain(entry).(map[string]any)
	another[t.f.Name] = other
	t.sends(t.patchAt(append(slices.Clone(t.path[:len(t.path)-2]), "another"), another))
	if got, _ := find(map[string]any(t.whole()), append(slices.Clone(t.path[:len(t.path)-2]), "another", t.f.Name)); got != other {
		t.t.Errorf("%s: %s of another entry is %v", t.kind.Name, t.pointer, got)
	}
	t.fresh()
	if t.f.Nullable {
		t.sends(t.patch(nil), "", "immutable")
		t.sends(t.create(absent{}))
		t.sends(t.patch(t.value), "", "immutable")
	}
}

// What the server sets is there, cannot be sent, and stays while what is beside it changes. Where it is in an entry, another has its own.
func (t *trial) computed() {
	t.t.Helper()
	value := t.read()
	if value == nil && !t.f.Nullable || value == "" {
		t.t.Errorf("%s: %s was not set", t.kind.Name, t.pointer)
	}
	sent := value
	if sent == nil {
		sent = "x"
	}
	id := t.id
	t.sends(t.create(sent), "", "read_only")
	t.id = id
	t.sends(t.patch(sent), "", "read_only")
	t.sends(t.patch(nil), "", "read_only")
	if value = t.read(); t.f.Volatile {
		return
	}
	if t.neighbour(); t.f.ShownOnce {
		return
	}
	t.is(value)
}

func (t *trial) isThere() {
	t.t.Helper()
	if _, ok := t.read().(map[string]any); !ok {
		t.t.Errorf("%s: %s is no object", t.kind.Name, t.pointer)
	}
}

// A secret goes in and comes out nowhere. Who says nothing of it leaves it, another is a change, and without what it is in it is gone.
func (t *trial) secret() {
	t.t.Helper()
	kept := t.sealed()
	if kept == "" {
		t.t.Errorf("%s: %s is not kept", t.kind.Name, t.pointer)
	}
	if shown, there := find(map[string]any(t.made), t.path); there {
		t.t.Errorf("%s: %s is answered: %v", t.kind.Name, t.pointer, shown)
	}
	if t.neighbour(); t.sealed() != kept {
		t.t.Errorf("%s: %s has changed with what is beside it", t.kind.Name, t.pointer)
	}
	t.fresh()
	kept = t.sealed()
	t.unchanged(func() reply { return t.patch(t.value) })
	if t.sealed() != kept {
		t.t.Errorf("%s: %s was sealed again", t.kind.Name, t.pointer)
	}
	another := "an-othr" // of a length that all have
	t.secrets = append(t.secrets, another)
	before := t.revision()
	answer := t.patch(another)
	if t.sends(answer); t.revision() == before || t.sealed() == kept {
		t.t.Errorf("%s: another %s is no change", t.kind.Name, t.pointer)
	}
	for _, r := range []reply{answer, t.send(ask{token: ownerToken, method: http.MethodGet, path: t.rack.path(t.id)})} {
		if strings.Contains(string(r.body), another) || strings.Contains(string(r.body), "redacted") {
			t.t.Errorf("%s: %s is answered: %s", t.kind.Name, t.pointer, r.body)
		}
	}
	if len(t.path) == 1 {
		return
	}
	gone := map[string]any{t.path[0]: nil}
	for _, f := range t.kind.Fields { // the other of a choice takes its place
		if f.Name != t.path[0] && f.OneOf != "" && t.kind.Field(t.path[0]).OneOf == f.OneOf {
			gone[f.Name] = t.minimal(f.Fields)
		}
	}
	t.sends(t.send(ask{token: ownerToken, method: http.MethodPatch, path: t.rack.path(t.id), body: gone}))
	if t.sealed() != "" {
		t.t.Errorf("%s: %s is kept, and what it was in is gone", t.kind.Name, t.pointer)
	}
}

// sealed is the secret as it is kept, empty if there is none.
func (t *trial) sealed() string {
	t.t.Helper()
	column, key := strings.Join(t.path, "_")+"_encrypted", "id"
	if t.kind.Singleton {
		key = t.kind.Key[0]
	}
	var out string
	query := fmt.Sprintf("SELECT coalesce(encode(%s, 'hex'), '') FROM %s WHERE %s = ?", column, t.kind.Name, key)
	t.check(t.db.Conn(t.t.Context()).Raw(query, t.id).Scan(&out).Error)
	return out
}

func (t *trial) shownOnce() {
	t.t.Helper()
	if word := t.made.text(t.f.Name); word == "" || t.read() != nil {
		t.t.Errorf("%s: %s was shown as %q, and then as %v", t.kind.Name, t.pointer, word, t.read())
	}
}

// A value of another form is refused; one that means the same is the same, in whatever spelling.
func (t *trial) format() {
	t.t.Helper()
	if t.f.Computed {
		return
	}
	f, below, as := t.f, "", func(s string) any { return s }
	switch t.f.Type {
	case catalog.Map:
		f, below, as = t.f.Items, "/k", func(s string) any { return map[string]any{"k": s} }
	case catalog.Set, catalog.List:
		f, below, as = t.f.Items, "/0", func(s string) any { return []any{s} }
	}
	of, known := formats[f.Format]
	if !known {
		t.t.Fatalf("%s: %s: say what is a %s", t.kind.Name, t.pointer, f.Format)
	}
	t.wrong(as(of.wrong), below, of.code)
	if of.alike[0] == "" || t.f.WriteOnly || t.f.Immutable {
		return
	}
	t.fresh()
	t.sends(t.patch(as(of.alike[0])))
	t.is(as(of.alike[0]))
	t.unchanged(func() reply { return t.patch(as(of.alike[1])) })
	if t.f.Type == catalog.Set {
		t.sends(t.patch([]any{of.alike[0], of.alike[1]}), "/1", "invalid")
	}
}

func (t *trial) between() {
	t.t.Helper()
	f, below, as := t.f, "", func(n int64) any { return n }
	if t.f.Type == catalog.Map {
		key := slices.Collect(func(yield func(string) bool) {
			for k := range t.value.(map[string]any) {
				yield(k)
				return
			}
		})[0]
		f, below, as = t.f.Items, fault.Pointer(key), func(n int64) any { return map[string]any{key: n} }
	}
	t.wrong(as(*f.Minimum-1), below, "minimum")
	t.wrong(as(*f.Maximum+1), below, "maximum")
	t.fresh()
	if !t.f.GrowOnly {
		t.sends(t.patch(as(*f.Minimum)))
	}
	t.sends(t.patch(as(*f.Maximum)))
}

func (t *trial) lengths() {
	t.t.Helper()
	f, below, as := t.f, "", func(s string) any { return s }
	switch t.f.Type {
	case catalog.Map:
		f, below, as = t.f.Items, "/k", func(s string) any { return map[string]any{"k": s} }
	case catalog.Set, catalog.List:
		f, below, as = t.f.Items, "/0", func(s string) any { return []any{s} }
	}
	if f.MaxLength != nil {
		t.wrong(as(strings.Repeat("x", int(*f.MaxLength)+1)), below, "max_length")
	}
	if f.MinLength != nil {
		t.wrong(as(strings.Repeat("x", int(*f.MinLength)-1)), below, "min_length")
	}
}

func (t *trial) tooMany() {
	t.t.Helper()
	if t.f.Type != catalog.Map {
		many := make([]any, *t.f.MaxItems+1)
		for i := range many {
			many[i] = "x"
		}
		t.wrong(many, "", "max_items")
		return
	}
	many := map[string]any{}
	for i := range *t.f.MaxItems + 1 {
		many[fmt.Sprintf("k%d", i)] = "x"
	}
	t.wrong(many, "", "max_items")
}

// Somebody else's, and what is nobody's, are alike; what is of another kind is found out before.
func (t *trial) refers() {
	t.t.Helper()
	if t.f.Computed {
		return
	}
	kind := t.catalog.Kind(t.f.Ref[0])
	t.wrong(kind.Prefix+"_00000000000000000000000000", "", "not_found")
	t.wrong("vm_00000000000000000000000000", "", "wrong_kind")
}

func (t *trial) refersByKeys() {
	t.t.Helper()
	key := t.catalog.Kind(t.f.Ref[0]).Prefix + "_00000000000000000000000000"
	t.wrong(map[string]any{key: 1}, fault.Pointer(key), "not_found")
	t.wrong(map[string]any{"vm_00000000000000000000000000": 1}, "/vm_00000000000000000000000000", "wrong_kind")
}

// Of a choice exactly one is set; the other can be chosen if the first is given up with it.
func (t *trial) oneOf() {
	t.t.Helper()
	partner := t.partner()
	t.excludes(partner)
	none := fault.Pointer(t.path[:len(t.path)-1]...) + " one_of"
	t.answers(t.create(absent{}), none)
	t.answers(t.patch(nil), none)
	t.changesTo(partner)
}

// Of such a choice one is set, or none.
func (t *trial) atMostOne() {
	t.t.Helper()
	partner := t.partner()
	t.excludes(partner)
	t.sends(t.create(absent{}))
	t.is(nil)
	t.fresh()
	t.changesTo(partner)
}

// excludes wants both of a choice to be refused, each at its pointer.
func (t *trial) excludes(partner *catalog.Field) {
	t.t.Helper()
	other := fault.Pointer(t.next(partner)...)
	both := replaced(t.sent, t.next(partner), t.other(partner, nil))
	t.answers(t.begin(both), t.pointer+" one_of", other+" one_of")
	t.fresh()
	patch := ask{token: ownerToken, method: http.MethodPatch, path: t.rack.path(t.id), body: t.instead(both, partner, false)}
	t.answers(t.send(patch), t.pointer+" one_of", other+" one_of")
}

// instead is the patch that sets the other of a choice, and gives up the first if that is said, too.
func (t *trial) instead(both map[string]any, partner *catalog.Field, gives bool) map[string]any {
	value, _ := find(both, t.next(partner))
	patch := patchOf(both, t.next(partner), value)
	if of, inMap := find(patch, t.path[:len(t.path)-1]); gives && inMap {
		of.(map[string]any)[t.f.Name] = nil
	}
	return patch
}

func (t *trial) changesTo(partner *catalog.Field) {
	t.t.Helper()
	both := replaced(t.sent, t.next(partner), t.other(partner, nil))
	t.sends(t.send(ask{token: ownerToken, method: http.MethodPatch, path: t.rack.path(t.id), body: t.instead(both, partner, true)}))
	t.is(nil)
	if got, _ := find(map[string]any(t.whole()), t.next(partner)); got == nil {
		t.t.Errorf("%s: %s is set, and null", t.kind.Name, strings.Join(t.next(partner), "."))
	}
}

// Who may not see a field reads the object without it, is told so, and cannot name it.
func (t *trial) hidden() {
	t.t.Helper()
	seen := t.must(t.blind.token, http.MethodGet, t.rack.path(t.id), nil)
	if shown, there := find(map[string]any(seen), t.path); there {
		t.t.Errorf("%s: %s is shown: %v", t.kind.Name, t.pointer, shown)
	}
	if !slices.Contains(seen[catalog.HiddenFields].([]any), any(t.pointer)) {
		t.t.Errorf("%s: %s is not among %v", t.kind.Name, t.pointer, seen[catalog.HiddenFields])
	}
	t.is(t.value)
	r := t.send(ask{token: t.blind.token, method: http.MethodPatch, path: t.rack.path(t.id), body: patchOf(t.sent, t.path, 1)})
	if p := r.problem(t.t); r.status != http.StatusForbidden || p.Errors[0].Pointer != t.pointer || p.Errors[0].Code != "hidden" {
		t.t.Errorf("%s: %s: %d: %+v", t.kind.Name, t.pointer, r.status, p)
	}
	// What they do not name stays.
	i := slices.IndexFunc(t.beside, func(f catalog.Field) bool {
		return f.Mutable() && f.Type == catalog.Boolean && f.Name != "deletion_protection"
	})
	path := t.next(&t.beside[i])
	present, _ := find(t.sent, path)
	t.must(t.blind.token, http.MethodPatch, t.rack.path(t.id), patchOf(t.sent, path, present != true))
	t.is(t.value)
}

// An object merges by the names of its fields: what is not named stays.
func (t *trial) merges() {
	t.t.Helper()
	if t.f.Computed {
		return
	}
	t.unchanged(func() reply { return t.patch(t.value) })
	if !slices.Contains(t.path, "0") { // in a list it is whole
		t.unchanged(func() reply { return t.patch(map[string]any{}) })
	}
}

// A map merges by its keys.
func (t *trial) mergesByKey() {
	t.t.Helper()
	if len(t.f.Ref) > 0 { // whose keys are not free
		return
	}
	t.unchanged(func() reply { return t.patch(map[string]any{}) })
	t.sends(t.patch(map[string]any{"more": "xx"}))
	want := plain(t.value).(map[string]any)
	want["more"] = "xx"
	t.is(want)
	t.sends(t.patch(map[string]any{"more": nil}))
	t.is(t.value)
}

// An entry is added without what the server sets, gets that, and is removed, while the others stay as they are.
func (t *trial) entriesComeAndGo() {
	t.t.Helper()
	before := t.read().(map[string]any)
	t.sends(t.patch(map[string]any{"another": t.minimal(t.f.Items.Fields)}))
	now := t.read().(map[string]any)
	another, _ := now["another"].(map[string]any)
	for _, f := range t.f.Items.Fields {
		if value, there := another[f.Name]; !there || value == nil && (f.Computed || f.ServerDefault) {
			t.t.Errorf("%s: %s/another/%s is %v", t.kind.Name, t.pointer, f.Name, value)
		}
	}
	delete(now, "another")
	if !reflect.DeepEqual(now, before) {
		t.t.Errorf("%s: %s: the others were %v and are %v", t.kind.Name, t.pointer, before, now)
	}
	t.sends(t.patch(map[string]any{"another": nil}))
	t.is(before)
	t.sends(t.patch(nil))
	t.is(map[string]any{})
}

// A set is replaced whole, and another order of it is no other set.
func (t *trial) hasNoOrder() {
	t.t.Helper()
	if t.f.Computed {
		return
	}
	list := slices.Clone(t.value.([]any))
	slices.Reverse(list)
	t.unchanged(func() reply { return t.patch(list) })
	t.sends(t.patch([]any{list[0], list[0]}), "/1", "invalid")
	t.sends(t.patch(list[:1]))
	t.is(list[:1])
}

// The order of a list is its meaning: it is read as it was sent, and another order is a change.
func (t *trial) hasOrder() {
	t.t.Helper()
	list := slices.Clone(t.value.([]any))
	if len(list) < 2 {
		list = append(list, t.minimal(t.f.Items.Fields))
		t.sends(t.patch(list))
	}
	t.unchanged(func() reply { return t.patch(list) })
	before, read := t.revision(), t.read().([]any)
	slices.Reverse(list)
	t.sends(t.patch(list))
	slices.Reverse(read)
	t.is(read)
	if t.revision() == before {
		t.t.Errorf("%s: %s: another order is no change", t.kind.Name, t.pointer)
	}
	if t.f.Items.Type != catalog.Object {
		return
	}
	broken := plain(list)
	broken[1].(map[string]any)["nothing"] = 1
	t.sends(t.patch(broken), "/1/nothing", "unknown_field")
	t.sends(t.patch(list[:1]))
	if got := t.read().([]any); len(got) != 1 {
		t.t.Errorf("%s: %s is %v", t.kind.Name, t.pointer, got)
	}
}

// described wants the specification to say something of the field, for clients: the server does nothing about it.
func (t *trial) described(keyword string, want any) {
	t.t.Helper()
	if got := t.says(keyword, "get", "responses", "200"); !reflect.DeepEqual(got, want) {
		t.t.Errorf("%s: %s: the specification says %s: %v, want %v", t.kind.Name, t.pointer, keyword, got, want)
	}
}

// says is what the specification says of the field by a keyword, where that operation has it.
func (t *trial) says(keyword string, in ...string) any {
	t.t.Helper()
	of, _ := find(t.document, append([]string{"paths", t.kind.Path + "/{id}"}, in...))
	content, _ := t.resolved(of)["content"].(map[string]any)
	var at any
	for _, form := range content { // there is one
		at = form.(map[string]any)["schema"]
	}
	for i, step := range t.path {
		if at = t.inside(at, step); at == nil {
			t.t.Fatalf("%s: the specification has no %s", t.kind.Name, strings.Join(t.path[:i+1], "."))
		}
	}
	return at.(map[string]any)[keyword]
}

// resolved is what a reference of the specification refers to, and anything else itself.
func (t *trial) resolved(v any) map[string]any {
	of, _ := v.(map[string]any)
	if ref, ok := of["$ref"].(string); ok {
		v, _ = find(t.document, strings.Split(strings.TrimPrefix(ref, "#/"), "/"))
		of, _ = v.(map[string]any)
	}
	return of
}

// inside is the schema of a field of an object, or of what is in a map or list; nil if there is none.
func (t *trial) inside(schema any, step string) any {
	s := t.resolved(schema)
	if properties, ok := s["properties"].(map[string]any); ok && properties[step] != nil {
		return properties[step]
	}
	parts, _ := s["allOf"].([]any)
	for _, part := range parts {
		if found := t.inside(part, step); found != nil {
			return found
		}
	}
	if s["additionalProperties"] != nil {
		return s["additionalProperties"]
	}
	return s["items"]
}
