package demarc_test

// Objects and bodies of a kind go through the types of its SDK, whichever catalog that was made of.

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"testing"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/client/fixture"
)

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

// life has an object made, read, listed, changed and deleted, and expects it to be each time as the server has it.
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
