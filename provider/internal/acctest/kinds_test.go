package acctest

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/client/fixture"
)

// TestKinds takes one object of every kind through its life, with a real Terraform. plugin-testing expects an empty
// plan after each step.
func TestKinds(t *testing.T) {
	t.Parallel()
	eachManaged(t, func(t *testing.T, k *catalog.Kind, sample *fixture.Fixture) {
		typ := "demarc_" + k.Name
		address := typ + ".test"
		minimal := sample.MustBody(fixture.Minimal)
		full := sample.MustBody(fixture.Full)
		changed := merged(full, changes(k, sample))
		// Not part of changing a field: it would refuse the steps that follow.
		withoutProtection(full, changed)
		cleared := only(changed, func(name string) bool { f := k.Field(name); return f.Required || f.Immutable || f.GrowOnly })

		api := newClient(t)
		var id string
		remember := func(s *terraform.State) error {
			id = s.RootModule().Resources[address].Primary.ID
			if id == "" {
				return fmt.Errorf("%s has no id", address)
			}
			return nil
		}
		does := func(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
			return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, action)}}
		}
		config := func(body map[string]any, version int) string { return hcl(typ, attributes(k.Fields, body, version)) }
		steps := []resource.TestStep{
			{Config: config(minimal, 1), ConfigPlanChecks: does(plancheck.ResourceActionCreate)},
			{ResourceName: address, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: unmanaged(k)},
			{Config: nothing()},
			{Config: config(full, 1), ConfigPlanChecks: does(plancheck.ResourceActionCreate), Check: remember},
			{ResourceName: address, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: unmanaged(k)},
		}
		if other := otherID(k, full); other != "" {
			steps = append(steps, resource.TestStep{ResourceName: address, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: unmanaged(k), ImportStateId: other})
		}
		if _, ok := k.Operations["update"]; ok {
			steps = append(steps,
				resource.TestStep{Config: config(changed, 2), ConfigPlanChecks: does(plancheck.ResourceActionUpdate), Check: remember},
				// Changed by others: Terraform changes it back.
				resource.TestStep{PreConfig: func() { write(t, api, k, "update", id, clearAll(k, changed)) }, Config: config(changed, 2), ConfigPlanChecks: outside(k, changed, address)},
				resource.TestStep{Config: config(cleared, 0), ConfigPlanChecks: resource.ConfigPlanChecks{}})
		}
		again := plancheck.ResourceActionCreate
		if k.Singleton {
			again = plancheck.ResourceActionUpdate // It is still there, with nothing in it.
		}
		steps = append(steps,
			// Deleted by others: Terraform makes it again.
			resource.TestStep{PreConfig: func() { write(t, api, k, "delete", id, nil) }, Config: config(full, 1), ConfigPlanChecks: does(again), Check: remember},
			resource.TestStep{Config: config(full, 1), Destroy: true},
			resource.TestStep{Config: config(full, 1), ConfigPlanChecks: does(plancheck.ResourceActionCreate)})
		resource.UnitTest(t, resource.TestCase{
			ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){"demarc": providerServer},
			Steps:                    steps,
			CheckDestroy: func(*terraform.State) error {
				res, err := api.Do(t.Context(), client.Request{Path: path(k, "get", id)})
				switch {
				case err == nil && k.Singleton:
					return atBeginning(t, k, res)
				case err == nil:
					return fmt.Errorf("%s is still there", id)
				case client.IsNotFound(err):
					return nil
				}
				return err
			},
		})
	})
}

// otherID is what else an import takes, beside the id.
func otherID(k *catalog.Kind, body map[string]any) string {
	switch {
	case k.Named:
		return body["name"].(string)
	case k.Singleton:
		return ""
	}
	var values []string
	for _, name := range k.Key {
		values = append(values, fmt.Sprint(body[name]))
	}
	return strings.Join(values, ",")
}

// atBeginning checks that every field of a singleton has its default.
func atBeginning(t *testing.T, k *catalog.Kind, res *client.Response) error {
	var o map[string]any
	if err := res.Decode(&o); err != nil {
		return err
	}
	for _, f := range k.Fields {
		if f.Mutable() && !f.ServerDefault && !sameValue(o[f.Name], literal(t, f)) {
			return fmt.Errorf("%s is still %v", f.Name, o[f.Name])
		}
	}
	return nil
}

// TestFields changes every field that can change by itself, and clears every optional one by itself; each with a
// plan, an apply and an empty plan after it.
func TestFields(t *testing.T) {
	t.Parallel()
	eachManaged(t, func(t *testing.T, k *catalog.Kind, sample *fixture.Fixture) {
		core := newCore(t)
		full, changes := sample.MustBody(fixture.Full), changes(k, sample)
		withoutProtection(full, changes)
		body := maps.Clone(full)
		version := 1
		instance := core.MustApply(core.Nothing("demarc_"+k.Name), attributes(k.Fields, body, version))
		id := instance.Attribute("id")
		t.Cleanup(func() { core.MustApply(instance, nil) })
		if !slices.ContainsFunc(k.Fields, func(f catalog.Field) bool { return f.WriteOnly }) {
			imported, errs := core.Import(instance.Type, id.(string))
			if errs != "" {
				t.Fatalf("import: %s", errs)
			}
			if plan, errs := core.Plan(imported, attributes(k.Fields, body, version)); errs != "" || !plan.Empty() {
				t.Errorf("the plan after an import is not empty: %s%s", errs, plan.Difference())
			}
		}
		step := func(what string) {
			t.Helper()
			config := attributes(k.Fields, body, version)
			plan, errs := core.Plan(instance, config)
			if errs != "" || plan.Empty() || len(plan.Replace) > 0 {
				t.Fatalf("%s: want an update: %s (replace %v)", what, errs, plan.Replace)
			}
			instance = core.MustApply(instance, config)
			if instance.Attribute("id") != id {
				t.Fatalf("%s: another object", what)
			}
		}
		for _, f := range k.Fields {
			value, changes := changes[f.Name]
			switch {
			case !f.Mutable() && changes:
				t.Errorf("the fixture changes %s, which cannot change", f.Name)
			case !f.Mutable() || f.Name == "deletion_protection":
			case !changes:
				t.Errorf("the fixture does not change %s", f.Name)
			case !reflect.DeepEqual(value, body[f.Name]):
				body[f.Name] = value
				version++
				step("change of " + f.Name)
				if !f.WriteOnly && !sameValue(instance.Attribute(f.Name), value) {
					t.Errorf("%s: %v, want %v", f.Name, instance.Attribute(f.Name), value)
				}
			}
		}
		for _, f := range k.Fields {
			if _, set := body[f.Name]; !set || !f.Mutable() || f.Required || f.GrowOnly || f.Name == "deletion_protection" {
				continue
			}
			if !f.WriteOnly && sameValue(body[f.Name], literal(t, f)) {
				continue // It has its default already.
			}
			delete(body, f.Name)
			step("removal of " + f.Name)
			if want := literal(t, f); !f.WriteOnly && !f.ServerDefault && !sameValue(instance.Attribute(f.Name), want) {
				t.Errorf("%s after its removal: %v, want %v", f.Name, instance.Attribute(f.Name), want)
			}
		}
		// Members of objects and keys of maps, by themselves.
		grown := only(body, func(name string) bool { return k.Field(name).GrowOnly })
		body = merged(full, grown)
		for _, f := range k.Fields {
			m, ok := body[f.Name].(map[string]any)
			if !ok || !f.Mutable() {
				continue
			}
			instance = core.MustApply(instance, attributes(k.Fields, body, version))
			for _, member := range slices.Sorted(maps.Keys(m)) {
				if i := slices.IndexFunc(f.Fields, func(g catalog.Field) bool { return g.Name == member }); i >= 0 && f.Fields[i].Required {
					continue
				}
				rest := maps.Clone(m)
				delete(rest, member)
				body[f.Name] = rest
				step("removal of " + f.Name + "." + member)
				body[f.Name] = m
				step("return of " + f.Name + "." + member)
			}
		}
	})
}

// TestInvalid expects the server's refusals as errors on the attribute, and most of them already from the plan.
func TestInvalid(t *testing.T) {
	t.Parallel()
	eachManaged(t, func(t *testing.T, k *catalog.Kind, sample *fixture.Fixture) {
		core := newCore(t)
		for _, c := range sample.Invalid() {
			body, err := sample.InvalidBody(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if c.Code == "unknown_field" || c.Code == "type" || c.Code == "required" {
				continue // Terraform itself refuses these, by the schema.
			}
			plan, errs := core.Plan(core.Nothing("demarc_"+k.Name), attributes(k.Fields, body, 1))
			if errs == "" {
				switch c.Code {
				case "pattern", "enum", "minimum", "maximum", "min_length", "max_length", "max_items", "wrong_kind":
					t.Errorf("%s: the plan does not see it", c.Name)
				}
				_, errs = core.Apply(plan)
			}
			if !containsAttribute(errs, c.Pointer) {
				t.Errorf("%s: want an error at %s, got %q", c.Name, c.Pointer, errs)
			}
		}
	})
}

// TestSchemas holds every field of the catalog against the provider's schemas.
func TestSchemas(t *testing.T) {
	t.Parallel()
	s, err := providerServer()
	if err != nil {
		t.Fatal(err)
	}
	schemas, err := s.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil || len(schemas.Diagnostics) > 0 {
		t.Fatal(err, schemas.Diagnostics)
	}
	attribute := func(s *tfprotov6.Schema, name string) *tfprotov6.SchemaAttribute {
		if s == nil {
			return nil
		}
		for _, a := range s.Block.Attributes {
			if a.Name == name {
				return a
			}
		}
		return nil
	}
	for _, k := range load(t).Kinds {
		typ := "demarc_" + k.Name
		if _, ok := k.Operations["get"]; ok && schemas.DataSourceSchemas[typ] == nil {
			t.Errorf("no data source %s", typ)
		}
		if _, ok := k.Operations["list"]; ok && schemas.DataSourceSchemas["demarc_"+k.Plural] == nil {
			t.Errorf("no data source demarc_%s", k.Plural)
		}
		if _, ok := k.Operations["list"]; ok && isResource(&k) && schemas.ListResourceSchemas[typ] == nil {
			t.Errorf("no list resource %s", typ)
		}
		if !isResource(&k) && schemas.ResourceSchemas[typ] != nil {
			t.Errorf("%s is a resource", typ)
		}
		for _, f := range k.Filters {
			if attribute(schemas.DataSourceSchemas["demarc_"+k.Plural], f.Name) == nil {
				t.Errorf("demarc_%s has no filter %s", k.Plural, f.Name)
			}
		}
		for _, f := range k.Fields {
			if a := attribute(schemas.DataSourceSchemas[typ], f.Name); (a == nil) != (f.WriteOnly || f.ShownOnce) {
				t.Errorf("data.%s.%s: present %v, secret %v", typ, f.Name, a != nil, f.WriteOnly || f.ShownOnce)
			}
			if !isResource(&k) {
				continue
			}
			name := f.Name
			if f.WriteOnly {
				name += "_wo"
				if attribute(schemas.ResourceSchemas[typ], name+"_version") == nil {
					t.Errorf("%s has no %s_version", typ, name)
				}
			}
			a := attribute(schemas.ResourceSchemas[typ], name)
			switch {
			case f.Volatile:
				if a != nil {
					t.Errorf("%s.%s changes by itself and is in the resource", typ, name)
				}
			case a == nil:
				t.Errorf("%s has no %s", typ, name)
			case a.Required != f.Required, a.Optional != (f.Writable() && !f.Required), a.WriteOnly != f.WriteOnly:
				t.Errorf("%s.%s: %+v", typ, name, a)
			case a.Description == "":
				t.Errorf("%s.%s is not described", typ, name)
			}
		}
	}
}

func merged(a, b map[string]any) map[string]any {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

func only(m map[string]any, keep func(string) bool) map[string]any {
	out := map[string]any{}
	for name, v := range m {
		if keep(name) {
			out[name] = v
		}
	}
	return out
}

func withoutProtection(bodies ...map[string]any) {
	for _, b := range bodies {
		delete(b, "deletion_protection")
	}
}

// clearAll is a merge patch that clears every optional field of a body.
func clearAll(k *catalog.Kind, body map[string]any) map[string]any {
	patch := map[string]any{}
	for name := range body {
		if f := k.Field(name); f.Mutable() && !f.Required && !f.GrowOnly {
			patch[name] = nil
		}
	}
	return patch
}

// outside is what the plan does after clearAll.
func outside(k *catalog.Kind, body map[string]any, address string) resource.ConfigPlanChecks {
	for name := range clearAll(k, body) {
		if !k.Field(name).WriteOnly {
			return resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, plancheck.ResourceActionUpdate)}}
		}
	}
	return resource.ConfigPlanChecks{}
}

// write does something past Terraform, and waits for it.
func write(t *testing.T, api *client.Client, k *catalog.Kind, verb, id string, body any) {
	t.Helper()
	r := client.Request{Method: k.Operations[verb].Method, Path: path(k, verb, id)}
	if k.Operations[verb].RequiresIfMatch {
		present, err := api.Do(t.Context(), client.Request{Path: path(k, "get", id)})
		if err != nil {
			t.Fatal(err)
		}
		r.IfMatch = present.ETag()
	}
	if body != nil {
		r.Body = body
	}
	res, err := api.Write(t.Context(), r)
	if err == nil && res.OperationID() != "" {
		_, err = api.WaitOperation(t.Context(), res.OperationID())
	}
	if err != nil {
		t.Fatalf("%s %s: %v", verb, id, err)
	}
}

func literal(t *testing.T, f catalog.Field) any {
	t.Helper()
	if len(f.Default) == 0 {
		return nil
	}
	var v any
	if err := json.Unmarshal(f.Default, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
