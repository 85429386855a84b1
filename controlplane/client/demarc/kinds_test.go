package demarc_test

import (
	"encoding/json"
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
