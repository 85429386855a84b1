package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"reflect"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// traits is a catalog of our own, so that tests do not change with the product's.
func traits(t testing.TB) *catalog.Catalog {
	t.Helper()
	raw, err := os.ReadFile("testdata/catalog.json")
	if err != nil {
		t.Fatal(err)
	}
	var c catalog.Catalog
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	return &c
}

// router is a kind with every trait, and the type of its resource.
func router(t testing.TB) (*catalog.Kind, tftypes.Object) {
	t.Helper()
	c := traits(t)
	k := c.Kind("router")
	s, err := resourceSchema(c, k)
	if err != nil {
		t.Fatal(err)
	}
	return k, s.Type().TerraformType(context.Background()).(tftypes.Object)
}

// value makes a value of the resource from JSON with the names of its attributes; "?" is unknown.
func value(t testing.TB, typ tftypes.Type, text string) tftypes.Value {
	t.Helper()
	v, err := fromJSON(typ, decode(t, text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	v, err = tftypes.Transform(v, func(_ *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if v.Type().Is(tftypes.String) && v.Equal(tftypes.NewValue(tftypes.String, "?")) {
			return tftypes.NewValue(tftypes.String, tftypes.UnknownValue), nil
		}
		return v, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func decode(t testing.TB, text string) map[string]any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return m
}

func TestMergePatch(t *testing.T) {
	t.Parallel()
	k, typ := router(t)
	for _, c := range []struct{ name, state, plan, config, want string }{
		{"nothing", `{"name":"a","labels":{}}`, `{"name":"a","labels":{}}`, `{}`, `{}`},
		{"a changed text", `{"name":"a"}`, `{"name":"b"}`, `{}`, `{"name":"b"}`},
		{"a changed number", `{"buffer_mib":8}`, `{"buffer_mib":16}`, `{}`, `{"buffer_mib":16}`},
		{"a removed optional", `{"display_name":"x","routes_limit":3}`, `{}`, `{}`, `{"display_name":null,"routes_limit":null}`},
		{"a removed reference", `{"peer_id":"rt_x"}`, `{}`, `{}`, `{"peer_id":null}`},
		{"a server-made default given back", `{"gateway":"mine"}`, `{"gateway":"?"}`, `{}`, `{"gateway":null}`},
		{"map keys", `{"labels":{"a":"1","b":"2","c":"3"}}`, `{"labels":{"a":"1","b":"9","d":"4"}}`, `{}`, `{"labels":{"b":"9","c":null,"d":"4"}}`},
		{"a map emptied", `{"labels":{"a":"1"}}`, `{"labels":{}}`, `{}`, `{"labels":{"a":null}}`},
		{"a key of a map of objects", `{"ports":{"p1":{"vlan":1},"p2":{"vlan":2,"note":"x"},"p3":{"vlan":3}}}`,
			`{"ports":{"p1":{"vlan":1},"p2":{"vlan":2},"p4":{"vlan":4}}}`, `{}`,
			`{"ports":{"p2":{"note":null},"p3":null,"p4":{"vlan":4}}}`},
		{"a member of an object", `{"uplink":{"carrier":"a","circuit":"1","speed_mbps":100}}`, `{"uplink":{"carrier":"b","speed_mbps":100}}`, `{}`,
			`{"uplink":{"carrier":"b","circuit":null}}`},
		{"an object cleared", `{"uplink":{"carrier":"a","speed_mbps":100}}`, `{}`, `{}`, `{"uplink":null}`},
		{"an object set", `{}`, `{"uplink":{"carrier":"a","speed_mbps":100,"serial":"?"}}`, `{}`, `{"uplink":{"carrier":"a","speed_mbps":100}}`},
		{"one alternative for another", `{"static":{"address":"x"}}`, `{"dynamic":{"pool":"p"}}`, `{}`, `{"static":null,"dynamic":{"pool":"p"}}`},
		{"a set in another order", `{"contacts":["a@x","b@x"]}`, `{"contacts":["b@x","a@x"]}`, `{}`, `{}`},
		{"a set", `{"contacts":["a@x","b@x"]}`, `{"contacts":["c@x","a@x"]}`, `{}`, `{"contacts":["a@x","c@x"]}`},
		{"a decimal in another notation", `{"price":{"amount":"12.50","currency":"EUR"}}`, `{"price":{"amount":"12.5","currency":"EUR"}}`, `{}`, `{}`},
		{"a secret of the same version", `{"secret_wo_version":1}`, `{"secret_wo_version":1}`, `{"secret_wo":"hush"}`, `{}`},
		{"a secret of a new version", `{"secret_wo_version":1}`, `{"secret_wo_version":2}`, `{"secret_wo":"hush"}`, `{"secret":"hush"}`},
		{"a secret removed", `{"secret_wo_version":1}`, `{}`, `{}`, `{"secret":null}`},
		{"what cannot change", `{"plan":"small","serial":"1"}`, `{"plan":"large","serial":"2"}`, `{}`, `{}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := mergePatch(k.Fields, value(t, typ, c.state), value(t, typ, c.plan), value(t, typ, c.config))
			if want := decode(t, c.want); !sameJSON(got, want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

func TestCreateBody(t *testing.T) {
	t.Parallel()
	k, typ := router(t)
	plan := value(t, typ, `{"id":"?","name":"a","plan":"small","gateway":"?","serial":"?","labels":{},"contacts":["b@x","a@x"],"secret_wo_version":1,
		"ports":{"p1":{"vlan":7,"address":"?","mac":"?"}},"uplink":{"carrier":"c","serial":"?"}}`)
	config := value(t, typ, `{"secret_wo":"hush"}`)
	want := decode(t, `{"name":"a","plan":"small","labels":{},"contacts":["a@x","b@x"],"secret":"hush","ports":{"p1":{"vlan":7}},"uplink":{"carrier":"c"}}`)
	if got := createBody(k.Fields, plan, config); !sameJSON(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestReconcile(t *testing.T) {
	t.Parallel()
	k, typ := router(t)
	for _, c := range []struct{ name, answer, near, want string }{
		{"null stays null", `{"uplink":{"carrier":null,"circuit":null}}`, `{}`, `{}`},
		{"empty stays empty", `{"labels":null}`, `{"labels":{}}`, `{"labels":{}}`},
		{"a map with a default is not null", `{"labels":{}}`, `{}`, `{"labels":{}}`},
		{"a map whose elements are empty is not empty", `{"ports":{"p1":{"vlan":null}}}`, `{"ports":{}}`, `{"ports":{"p1":{}}}`},
		{"what the API does not return is kept", `{"name":"a"}`, `{"timeouts":{"create":"5m"},"secret_wo_version":3}`,
			`{"name":"a","timeouts":{"create":"5m"},"secret_wo_version":3}`},
		{"secrets are not kept", `{"secret":"leak"}`, `{"secret_wo":"hush"}`, `{}`},
		{"unknown members are ignored", `{"name":"a","colour":"red","uplink":{"carrier":"c","colour":"red"}}`, `{}`, `{"name":"a","uplink":{"carrier":"c"}}`},
		{"volatile fields are left out", `{"name":"a","state":"active","load":3}`, `{}`, `{"name":"a"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := reconcile(k.Fields, typ, decode(t, c.answer), value(t, typ, c.near))
			if err != nil {
				t.Fatal(err)
			}
			if want := value(t, typ, c.want); !got.Equal(want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
	if _, err := reconcile(k.Fields, typ, decode(t, `{"buffer_mib":"eight"}`), value(t, typ, `{}`)); err == nil {
		t.Error("a text where a number is expected passed")
	}
}

// Numbers go through unharmed that a float would round.
func TestNumbersAreExact(t *testing.T) {
	t.Parallel()
	_, typ := router(t)
	v := value(t, typ, `{"routes_limit":9007199254740993}`)
	if got := toJSON(member(v, "routes_limit")); got != json.Number("9007199254740993") {
		t.Errorf("got %v", got)
	}
}

func TestCollisions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, ours, theirs string
		want               []string
	}{
		{"other fields", `{"name":"b"}`, `{"plan":"x"}`, nil},
		{"the same value", `{"name":"b"}`, `{"name":"b"}`, nil},
		{"the same field", `{"name":"b","labels":{"a":"1"}}`, `{"name":"c","labels":{"b":"2"}}`, []string{"/name"}},
		{"the same key", `{"labels":{"a":"1","b/c":"2"}}`, `{"labels":{"a":"1","b/c":null}}`, []string{"/labels/b~1c"}},
		{"an object that is gone", `{"uplink":{"speed":1}}`, `{"uplink":null}`, []string{"/uplink"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := collisions(decode(t, c.ours), decode(t, c.theirs), ""); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestOverwritten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, patch, has string
		want             []string
	}{
		{"nothing is there", `{"name":"a","labels":{"a":"1"}}`, `{"name":null,"labels":{}}`, nil},
		{"a value", `{"name":"b"}`, `{"name":"a","plan":"small"}`, []string{"/name"}},
		{"a key that goes", `{"labels":{"a/b":null,"c":"2"}}`, `{"labels":{"a/b":"1"}}`, []string{"/labels/a~1b"}},
		{"a set", `{"contacts":["b@x"],"tags":[]}`, `{"contacts":["a@x"],"tags":[]}`, []string{"/contacts"}},
		{"an object", `{"uplink":null,"price":null}`, `{"uplink":{"speed":1},"price":{}}`, []string{"/uplink"}},
		{"a member of an element", `{"ports":{"p1":{"vlan":2},"p2":{"vlan":2}}}`, `{"ports":{"p1":{"vlan":1}}}`, []string{"/ports/p1/vlan"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := overwritten(decode(t, c.patch), decode(t, c.has), ""); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestSameText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		format, a, b string
		want         bool
	}{
		{formatDecimal, "12.5", "12.50", true},
		{formatDecimal, "012.5", "12.5", true},
		{formatDecimal, "12.5", "12.51", false},
		{formatDecimal, "1e9", "1000000000", false},
		{formatDateTime, "2026-01-01T00:00:00Z", "2026-01-01T01:00:00.000000+01:00", true},
		{formatDateTime, "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", false},
		{"", "a", "A", false},
	} {
		if got := sameText(c.format, c.a, c.b); got != c.want {
			t.Errorf("%s: %q and %q: got %v", c.format, c.a, c.b, got)
		}
	}
}

func TestAttributePath(t *testing.T) {
	t.Parallel()
	k, _ := router(t)
	for pointer, want := range map[string]string{
		"/name":             "name",
		"/labels/a~1b":      `labels["a/b"]`,
		"/uplink/circuit":   "uplink.circuit",
		"/ports/p1/vlan":    `ports["p1"].vlan`,
		"/contacts/0":       "contacts",
		"/secret":           "secret_wo",
		"/uplink/no_such":   "uplink",
		"/contacts/0/inner": "contacts",
	} {
		got, ok := attributePath(k.Fields, pointer)
		if !ok || got.String() != want {
			t.Errorf("%s: got %s, %v, want %s", pointer, got, ok, want)
		}
	}
	for _, pointer := range []string{"/no_such", "/state", ""} {
		if got, ok := attributePath(k.Fields, pointer); ok {
			t.Errorf("%s: got %s, want none", pointer, got)
		}
	}
}
