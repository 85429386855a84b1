package demarc_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"testing"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/client/demarc"
	"github.com/demarc/demarc/controlplane/client/fixture"
)

// kinds are all of them, as the SDK has them.
func kinds(c *client.Client) map[string]any {
	return map[string]any{
		"api_token": demarc.APITokens(c), "audit_record": demarc.AuditRecords(c), "billing_entity": demarc.BillingEntities(c), "cloudspace": demarc.Cloudspaces(c),
		"customer": demarc.Customers(c), "disk": demarc.Disks(c), "image": demarc.Images(c), "location": demarc.Locations(c), "location_access": demarc.LocationAccesses(c),
		"operation": demarc.Operations(c), "permission": demarc.Permissions(c), "policy": demarc.Policies(c), "role": demarc.Roles(c),
		"role_binding": demarc.RoleBindings(c), "service_account": demarc.ServiceAccounts(c), "virtual_machine": demarc.VirtualMachines(c),
	}
}

// typed is a kind of the SDK whose types a test learns as it runs.
type typed struct {
	t    *testing.T
	kind reflect.Value
}

func (k typed) has(verb string) bool { return k.kind.MethodByName(verb).IsValid() }

// read makes of JSON the type of an argument of a verb, and fails if the type cannot say all of it.
func (k typed) read(verb string, argument int, body map[string]any, same func(map[string]any)) reflect.Value {
	k.t.Helper()
	of := reflect.New(k.kind.MethodByName(verb).Type().In(argument))
	if err := json.Unmarshal(encode(k.t, body), of.Interface()); err != nil {
		k.t.Fatalf("%s: %v in %v", verb, err, body)
	}
	want := loose(k.t, encode(k.t, body)).(map[string]any)
	same(want)
	if got := loose(k.t, encode(k.t, of.Interface())); !reflect.DeepEqual(got, any(want)) {
		k.t.Errorf("%s: %v becomes %v", verb, want, got)
	}
	return of.Elem()
}

// call does a verb, and returns what it answers in JSON.
func (k typed) call(verb string, args ...reflect.Value) json.RawMessage {
	k.t.Helper()
	out := k.kind.MethodByName(verb).Call(append([]reflect.Value{reflect.ValueOf(k.t.Context())}, args...))
	if err, _ := out[len(out)-1].Interface().(error); err != nil {
		k.t.Fatalf("%s: %v", verb, err)
	}
	if len(out) == 1 {
		return nil
	}
	return encode(k.t, out[0].Interface())
}

// listed is the object of that id in a list of all, as the SDK has it, or the first one if id is empty; nil if there is none.
func (k typed) listed(id string) json.RawMessage {
	k.t.Helper()
	list := k.kind.MethodByName("List")
	seq := list.Call([]reflect.Value{reflect.ValueOf(k.t.Context()), reflect.Zero(list.Type().In(1))})[0]
	for object, err := range seq.Seq2() {
		if err, _ := err.Interface().(error); err != nil {
			k.t.Fatal(err)
		}
		if b := encode(k.t, object.Interface()); id == "" || field(k.t, b, "id") == id {
			return b
		}
	}
	return nil
}

func encode(t *testing.T, v any) json.RawMessage {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func loose(t *testing.T, b []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// raw is an object as the server answers it.
func raw(t *testing.T, path string) json.RawMessage {
	t.Helper()
	res, err := c.Do(t.Context(), client.Request{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return res.Body
}

// verbs of the catalog, and of the SDK.
var verbs = map[string]string{"get": "Get", "list": "List", "create": "Create", "update": "Patch", "delete": "Delete"}

// Every kind is there with its verbs, and no other compiles.
func TestEveryVerb(t *testing.T) {
	t.Parallel()
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	all := kinds(c)
	if len(all) != len(cat.Kinds) {
		t.Errorf("%d kinds of %d", len(all), len(cat.Kinds))
	}
	for i := range cat.Kinds {
		kind := &cat.Kinds[i]
		k := typed{t, reflect.ValueOf(all[kind.Name])}
		for verb, method := range verbs {
			if _, ok := kind.Operations[verb]; ok != k.has(method) {
				t.Errorf("%s: %s compiles: %v", kind.Name, method, k.has(method))
			}
		}
		if k.has("Resolve") != kind.Named || k.has("Action") != (len(kind.Actions) > 0) {
			t.Errorf("%s: Resolve %v, Action %v", kind.Name, k.has("Resolve"), k.has("Action"))
		}
	}
}

// Every object and every body goes through the types without a loss: as the server has it, it is made, read, listed, changed and deleted.
func TestEveryKind(t *testing.T) {
	t.Parallel()
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for name, of := range kinds(c) {
		kind := cat.Kind(name)
		if !kind.Managed {
			continue
		}
		tried++
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := typed{t, reflect.ValueOf(of)}
			for _, variant := range []string{fixture.Minimal, fixture.Full} {
				f := fixture.Open(t, c, cat, name)
				life(k, kind, f, f.MustBody(variant))
			}
		})
	}
	if tried < 10 {
		t.Errorf("only %d kinds", tried)
	}
}

func life(k typed, kind *catalog.Kind, f *fixture.Fixture, body map[string]any) {
	t := k.t
	t.Helper()
	var id string
	var object json.RawMessage
	options := reflect.ValueOf(client.Wait())
	if k.has("Create") {
		object = k.call("Create", k.read("Create", 1, body, absentIsNull), options)
		id = field(t, object, "id")
		f.Adopt(id)
	} else {
		id, _ = body[kind.IDField()].(string)
		content := maps.Clone(body)
		delete(content, kind.IDField())
		object = k.call("Patch", reflect.ValueOf(id), k.read("Patch", 2, content, exactly), options)
	}
	path := kind.Path + "/" + id
	same := func(what string, got json.RawMessage) {
		t.Helper()
		want := loose(t, raw(t, path)).(map[string]any)
		have := loose(t, got).(map[string]any)
		for i := range kind.Fields {
			if kind.Fields[i].ShownOnce && what == "made" { // it was there, and is no more
				if have[kind.Fields[i].Name] == nil {
					t.Errorf("%s was not shown", kind.Fields[i].Name)
				}
				have[kind.Fields[i].Name] = nil
			}
		}
		if !reflect.DeepEqual(have, want) {
			t.Errorf("%s: %v, and the server has %v", what, have, want)
		}
	}
	same("made", object)
	same("read", k.call("Get", reflect.ValueOf(id)))
	if k.has("List") {
		same("listed", k.listed(id))
	}
	if k.has("Patch") {
		same("changed", k.call("Patch", reflect.ValueOf(id), k.read("Patch", 2, f.MustBody(fixture.Changed), exactly), options, reflect.ValueOf(client.IfUnchanged(object))))
		nulls := map[string]any{}
		for _, fld := range kind.Fields {
			if fld.Mutable() && fld.Nullable && fld.OneOf == "" {
				nulls[fld.Name] = nil
			}
		}
		cleared := k.call("Patch", reflect.ValueOf(id), k.read("Patch", 2, nulls, exactly), options)
		same("cleared", cleared)
		for name := range nulls {
			if got := loose(t, cleared).(map[string]any)[name]; got != nil {
				t.Errorf("%s was cleared, and is %v", name, got)
			}
		}
	}
	k.call("Delete", reflect.ValueOf(id), options)
	_, err := c.Do(t.Context(), client.Request{Path: path})
	if client.IsNotFound(err) == kind.Singleton {
		t.Errorf("after the delete: %v", err)
	}
}

func exactly(map[string]any) {}

// absentIsNull takes away what is null in a create: it is what is absent, and Go has one way to say it.
func absentIsNull(body map[string]any) {
	maps.DeleteFunc(body, func(_ string, v any) bool { return v == nil })
}

func field(t *testing.T, object json.RawMessage, name string) string {
	t.Helper()
	text, _ := loose(t, object).(map[string]any)[name].(string)
	return text
}

// What is only read, too, is answered as the server has it.
func TestEveryReadKind(t *testing.T) {
	t.Parallel()
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	// What makes an operation and an audit record.
	fixture.Open(t, c, cat, "disk").MustCreate(fixture.Minimal)
	for name, of := range kinds(c) {
		kind := cat.Kind(name)
		if kind.Managed {
			continue
		}
		k := typed{t, reflect.ValueOf(of)}
		first := k.listed("")
		if first == nil {
			t.Errorf("%s: there is none", name)
			continue
		}
		id := field(t, first, "id")
		k.call("Get", reflect.ValueOf(id))
		// One answer, because it may be another by the next.
		want := raw(t, kind.Path+"/"+id)
		object := reflect.New(k.kind.MethodByName("Get").Type().Out(0))
		if err := json.Unmarshal(want, object.Interface()); err != nil {
			t.Fatal(err)
		}
		if got := encode(t, object.Interface()); !reflect.DeepEqual(loose(t, got), loose(t, want)) {
			t.Errorf("%s: %s, and the server has %s", name, got, want)
		}
	}
}

// What the server makes by itself, too, is answered as it has it: what it chose not to give a value is null, as what stands above all.
func TestEveryListed(t *testing.T) {
	t.Parallel()
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	nulls := map[string]bool{}
	for name, of := range kinds(c) {
		kind := cat.Kind(name)
		if _, listed := kind.Operations["list"]; !listed {
			continue
		}
		k := typed{t, reflect.ValueOf(of)}
		for item, err := range c.List(t.Context(), kind.Path, nil) {
			if err != nil {
				t.Fatal(err)
			}
			object := reflect.New(k.kind.MethodByName("Get").Type().Out(0))
			if err := json.Unmarshal(item, object.Interface()); err != nil {
				t.Fatal(err)
			}
			want := loose(t, item).(map[string]any)
			if got := loose(t, encode(t, object.Interface())); !reflect.DeepEqual(got, any(want)) {
				t.Errorf("%s: %v, and the server has %v", name, got, want)
			}
			for i := range kind.Fields {
				if f := &kind.Fields[i]; f.ServerDefault && want[f.Name] == nil {
					nulls[name+"."+f.Name] = true
				}
			}
		}
	}
	if !nulls["billing_entity.parent_id"] {
		t.Errorf("the entity above all was not listed: null were %v", nulls)
	}
}

// The catalog that is served is answered whole: it is the one that the SDK was made from.
func TestTheCatalogIsWhole(t *testing.T) {
	t.Parallel()
	want, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	got, err := demarc.Catalog(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(loose(t, encode(t, got)), loose(t, encode(t, want))) {
		t.Error("it is another")
	}
}
