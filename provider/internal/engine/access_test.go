package engine_test

// Kinds without a name, singletons, and parents of several kinds.

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/provider/internal/coretest"
	"github.com/demarc/demarc/provider/internal/fakeapi"
)

// tenants is a control plane with a reseller, a customer of it, a location and a role of each tenant.
type tenants struct {
	*cloud
	entity, customer, location string
	roles                      [2]string // of the reseller, of the customer
}

func newTenants(t *testing.T) *tenants {
	t.Helper()
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	x := &tenants{cloud: &cloud{API: fakeapi.New(t, c), t: t, catalog: c}}
	x.seed()
	return x
}

func (x *tenants) seed() {
	x.entity = x.Seed("billing_entity", map[string]any{"name": "reseller"})
	x.customer = x.Seed("customer", map[string]any{"name": "acme", "billing_entity_id": x.entity})
	x.location = x.Seed("location", map[string]any{"name": "ghent"})
	for i, owner := range []string{x.entity, x.customer} {
		x.roles[i] = x.Seed("role", map[string]any{"name": "auditor", "owner_id": owner, "permissions": []string{"roles.get"}})
	}
}

// core is Terraform's core, played to the provider in this process.
func (x *tenants) core() *coretest.Core {
	x.t.Helper()
	server, err := providerserver.NewProtocol6WithError(x.provider())()
	if err != nil {
		x.t.Fatal(err)
	}
	return coretest.New(x.t, server, map[string]any{"endpoint": x.URL, "token": fakeapi.Token})
}

const binding = "demarc_role_binding.test"

func (x *tenants) binding(lines string) string {
	return fmt.Sprintf("resource \"demarc_role_binding\" \"test\" {\n  principal_kind = \"user\"\n  principal_id = \"u-1\"\n  role_id = %q\n  scope_id = %q\n  %s\n}\n", x.roles[0], x.customer, lines)
}

func does(address string, action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{
		PreApply:             []plancheck.PlanCheck{plancheck.ExpectResourceAction(address, action)},
		PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
	}
}

// An object without a name lives as any other: it is found and imported by its key too.
func TestUnnamedKind(t *testing.T) {
	t.Parallel()
	x := newTenants(t)
	key := "user,u-1," + x.roles[0] + "," + x.customer
	look := func(typ, lines string) string { return fmt.Sprintf("data %q \"test\" {\n%s\n}\n", typ, lines) }
	the := func() string { return x.Find("role_binding")[0] }
	byKey := fmt.Sprintf("principal_kind = \"user\"\n principal_id = \"u-1\"\n role_id = %q\n scope_id = %q\n depends_on = [%s]", x.roles[0], x.customer, binding)
	imported := func(id string) resource.TestStep {
		return resource.TestStep{ResourceName: binding, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: []string{"timeouts", "expires_at"}, ImportStateId: id}
	}
	refused := func(id, want string) resource.TestStep {
		return resource.TestStep{ResourceName: binding, ImportState: true, ImportStateId: id, ExpectError: regexp.MustCompile("(?s)" + strings.ReplaceAll(want, " ", `\s+`))}
	}
	x.run(
		resource.TestStep{Config: x.binding(`expires_at = "2027-01-01T00:00:00Z"`), ConfigPlanChecks: does(binding, plancheck.ResourceActionCreate)},
		imported(""),
		imported(key),
		refused("user,u-1,"+x.roles[0], `has 3 values, and the key of a role binding has 4\. Import takes .* principal_kind,principal_id,role_id,scope_id`),
		refused("user,u-2,"+x.roles[0]+","+x.customer, `0 objects have the key`),
		refused(x.customer, `is the id of a customer`),
		refused("acme/web", `have no name.*principal_kind,principal_id`),
		resource.TestStep{Config: x.binding(""), ConfigPlanChecks: does(binding, plancheck.ResourceActionUpdate)},
		resource.TestStep{Config: x.binding("") + look("demarc_role_binding", byKey), ConfigStateChecks: []statecheck.StateCheck{
			statecheck.CompareValuePairs("data."+binding, tfjsonpath.New("id"), binding, tfjsonpath.New("id"), same{}),
			statecheck.ExpectKnownValue("data."+binding, tfjsonpath.New("revision"), knownvalue.Int64Exact(2)),
		}},
		resource.TestStep{Config: x.binding("") + look("demarc_role_binding", "id = "+binding+".id") +
			look("demarc_role_bindings", fmt.Sprintf("scope_id = %q\n depends_on = [%s]", x.customer, binding)), ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue("data."+binding, tfjsonpath.New("principal_id"), knownvalue.StringExact("u-1")),
			statecheck.ExpectKnownValue("data.demarc_role_bindings.test", tfjsonpath.New("items"), knownvalue.ListSizeExact(1)),
		}},
		resource.TestStep{Config: x.binding("") + look("demarc_role_binding", "principal_kind = \"user\"\n principal_id = \"nobody\"\n role_id = \""+x.roles[0]+"\"\n scope_id = \"platform\""),
			ExpectError: regexp.MustCompile(`(?s)No role binding\s+"user,nobody,` + x.roles[0] + `,platform"`)},
		resource.TestStep{PreConfig: func() { x.Remove(the()) }, Config: x.binding(""), ConfigPlanChecks: does(binding, plancheck.ResourceActionCreate)},
		// The key is the object: another one is another object.
		resource.TestStep{Config: strings.Replace(x.binding(""), "u-1", "u-2", 1), ConfigPlanChecks: does(binding, plancheck.ResourceActionReplace)},
	)
	if left := x.Find("role_binding"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

type same struct{}

// CompareValues implements compare.ValueComparer.
func (same) CompareValues(values ...any) error {
	for _, v := range values {
		if v != values[0] {
			return fmt.Errorf("%v", values)
		}
	}
	return nil
}

// The same binding exists already: the message says which it is, and how to adopt it.
func TestExistsAlready(t *testing.T) {
	t.Parallel()
	x := newTenants(t)
	id := x.Seed("role_binding", map[string]any{"principal_kind": "user", "principal_id": "u-1", "role_id": x.roles[0], "scope_id": x.customer})
	x.run(
		resource.TestStep{Config: x.binding(""), ExpectError: regexp.MustCompile(`(?s)Cannot\s+create\s+demarc_role_binding\s+"user,u-1,` + x.roles[0] + `,` + x.customer +
			`":\s+it\s+exists\s+already.*terraform import demarc_role_binding\.example ` + id + `.*import \{.*id = "` + id)},
		resource.TestStep{PreConfig: func() { x.Remove(id) }, Config: x.binding("")},
	)
}

// A kind that cannot be changed is replaced, whatever changes; but for what is Terraform's own.
func TestKindWithoutUpdate(t *testing.T) {
	t.Parallel()
	x := newTenants(t)
	// As if a field that is no part of the key could be set too.
	whole := *x.catalog
	whole.Kinds = slices.Clone(whole.Kinds)
	x.catalog = &whole
	k := x.catalog.Kind("location_access")
	k.Fields = append(slices.Clone(k.Fields), catalog.Field{Name: "note", Type: catalog.String, Description: "Note.", Nullable: true})
	x.API = fakeapi.New(t, x.catalog)
	x.seed()
	const address = "demarc_location_access.test"
	config := func(grantee, lines string) string {
		return fmt.Sprintf("resource \"demarc_location_access\" \"test\" {\n  location_id = %q\n  grantee_id = %q\n  %s\n}\n", x.location, grantee, lines)
	}
	x.run(
		resource.TestStep{Config: config(x.customer, "")},
		resource.TestStep{Config: config(x.customer, `timeouts = { delete = "1m" }`), ConfigPlanChecks: does(address, plancheck.ResourceActionUpdate)},
		resource.TestStep{Config: config(x.entity, ""), ConfigPlanChecks: does(address, plancheck.ResourceActionReplace)},
		resource.TestStep{Config: config(x.entity, `note = "x"`), ConfigPlanChecks: does(address, plancheck.ResourceActionReplace)},
		resource.TestStep{ResourceName: address, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: []string{"timeouts"}, ImportStateId: x.location + "," + x.entity},
	)
	for _, r := range x.Requests() {
		if r.Method == "PATCH" {
			t.Errorf("PATCH %s", r.Path)
		}
	}
	if left := x.Find("location_access"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

const policy = "demarc_policy.test"

func (x *tenants) policy(scope, lines string) string {
	return fmt.Sprintf("resource \"demarc_policy\" \"test\" {\n  scope_id = %q\n  %s\n}\n", scope, lines)
}

// bindings are those of a scope as the server has them, in JSON.
func (x *tenants) bindings(scope string) string {
	raw, err := json.Marshal(x.Object("policy/" + scope)["bindings"])
	if err != nil {
		x.t.Fatal(err)
	}
	return string(raw)
}

func (x *tenants) has(scope, want string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if got := x.bindings(scope); got != strings.NewReplacer("R0", x.roles[0], "R1", x.roles[1]).Replace(want) {
			return fmt.Errorf("bindings of %s: %s", scope, got)
		}
		return nil
	}
}

// A singleton is there before it is declared: declaring it replaces the whole of what it holds, and destroying it puts
// it back to its beginning. No write goes without a revision.
func TestSingleton(t *testing.T) {
	t.Parallel()
	x := newTenants(t)
	x.patch(x.customer, fmt.Sprintf(`{"bindings":{%q:{"members":["user:old"]}}}`, x.roles[1]))
	all := fmt.Sprintf(`bindings = {
    %q = { members = ["user:b", "user:a"], expiring_members = { "user:c" = "2027-01-01T00:00:00Z" } }
    %q = { members = ["group:g"] }
  }`, x.roles[0], x.roles[1])
	fewer := fmt.Sprintf(`bindings = {
    %q = { expiring_members = { "user:c" = "2027-01-01T01:00:00+01:00", "user:d" = "2027-06-01T00:00:00Z" } }
  }`, x.roles[0])
	x.run(
		resource.TestStep{Config: x.policy(x.customer, all), ConfigPlanChecks: does(policy, plancheck.ResourceActionCreate),
			Check: x.has(x.customer, `{"R0":{"expiring_members":{"user:c":"2027-01-01T00:00:00.000000Z"},"members":["user:a","user:b"]},"R1":{"expiring_members":{},"members":["group:g"]}}`),
			ConfigStateChecks: []statecheck.StateCheck{
				statecheck.ExpectKnownValue(policy, tfjsonpath.New("id"), knownvalue.StringExact(x.customer)),
				statecheck.ExpectKnownValue(policy, tfjsonpath.New("bindings").AtMapKey(x.roles[1]).AtMapKey("expiring_members"), knownvalue.MapSizeExact(0)),
			}},
		resource.TestStep{ResourceName: policy, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: []string{"timeouts", "bindings"}},
		resource.TestStep{ResourceName: policy, ImportState: true, ImportStateId: "acme", ExpectError: regexp.MustCompile(`(?s)scope_id must be the id of.*"acme" is no\s+id`)},
		resource.TestStep{Config: x.policy(x.customer, fewer), ConfigPlanChecks: does(policy, plancheck.ResourceActionUpdate),
			Check: x.has(x.customer, `{"R0":{"expiring_members":{"user:c":"2027-01-01T00:00:00.000000Z","user:d":"2027-06-01T00:00:00.000000Z"},"members":[]}}`)},
		// Others add and remove: seen, and put right.
		resource.TestStep{PreConfig: func() {
			x.patch(x.customer, fmt.Sprintf(`{"bindings":{%q:{"members":["user:x"],"expiring_members":{"user:c":null}},%q:{"members":["user:y"]}}}`, x.roles[0], x.roles[1]))
		}, Config: x.policy(x.customer, fewer), ConfigPlanChecks: does(policy, plancheck.ResourceActionUpdate),
			Check: x.has(x.customer, `{"R0":{"expiring_members":{"user:c":"2027-01-01T00:00:00.000000Z","user:d":"2027-06-01T00:00:00.000000Z"},"members":[]}}`)},
		resource.TestStep{PreConfig: func() { x.Remove("policy/" + x.customer) }, Config: x.policy(x.customer, fewer), ConfigPlanChecks: does(policy, plancheck.ResourceActionUpdate)},
		resource.TestStep{Config: x.policy(x.customer, ""), ConfigPlanChecks: does(policy, plancheck.ResourceActionUpdate), Check: x.has(x.customer, `{}`)},
		// Another scope is another policy.
		resource.TestStep{Config: x.policy("platform", all), ConfigPlanChecks: does(policy, plancheck.ResourceActionReplace)},
		resource.TestStep{ResourceName: policy, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: []string{"timeouts", "bindings"}, ImportStateId: "platform"},
		resource.TestStep{Config: x.policy("platform", all) + "data \"demarc_policy\" \"test\" {\n  scope_id = " + policy + ".scope_id\n}\n", ConfigStateChecks: []statecheck.StateCheck{
			statecheck.ExpectKnownValue("data."+policy, tfjsonpath.New("bindings").AtMapKey(x.roles[1]).AtMapKey("members"), knownvalue.SetExact([]knownvalue.Check{knownvalue.StringExact("group:g")})),
			statecheck.ExpectKnownValue("data."+policy, tfjsonpath.New("id"), knownvalue.StringExact("platform")),
			statecheck.ExpectKnownValue("data."+policy, tfjsonpath.New("revision"), knownvalue.Int64Exact(1)),
		}},
	)
	if left := x.Find("policy"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	for _, r := range x.Requests() {
		if (r.Method == "PATCH" || r.Method == "DELETE") && r.Header.Get("If-Match") == "" {
			t.Errorf("%s %s without If-Match", r.Method, r.Path)
		}
		if strings.Contains(r.Body, "scope_id") || r.Method == "POST" {
			t.Errorf("%s %s %s", r.Method, r.Path, r.Body)
		}
	}
}

// After an import the plan is empty, although the server writes times in its own way.
func TestSingletonImportedInAnotherNotation(t *testing.T) {
	t.Parallel()
	x := newTenants(t)
	x.patch("platform", fmt.Sprintf(`{"bindings":{%q:{"members":["user:a"],"expiring_members":{"user:b":"2027-01-01T00:00:00Z","user:c":"2027-01-01T00:00:00Z"}}}}`, x.roles[0]))
	core := x.core()
	made, errs := core.Import("demarc_policy", "platform")
	if errs != "" {
		t.Fatal(errs)
	}
	declare := func(b, c string) map[string]any {
		return map[string]any{"scope_id": "platform", "bindings": map[string]any{x.roles[0]: map[string]any{"members": []string{"user:a"}, "expiring_members": map[string]any{"user:b": b, "user:c": c}}}}
	}
	plan, errs := core.Plan(made, declare("2027-01-01T00:00:00Z", "2027-01-01T01:00:00+01:00"))
	if errs != "" || !plan.Empty() {
		t.Errorf("%s%s", errs, plan.Difference())
	}
	x.Requests()
	made = core.MustApply(made, declare("2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z"))
	want := fmt.Sprintf(`{"bindings":{%q:{"expiring_members":{"user:c":"2027-02-01T00:00:00Z"}}}}`, x.roles[0])
	for _, r := range x.Requests() {
		if r.Method == "PATCH" && r.Body != want {
			t.Errorf("sent %s, want %s", r.Body, want)
		}
	}
	core.MustApply(made, nil)
}

// patch changes a policy as another client would.
func (x *tenants) patch(scope, body string) {
	x.t.Helper()
	revision := "0"
	if o := x.Object("policy/" + scope); o != nil {
		revision = fmt.Sprint(o["revision"])
	}
	if status := x.send("PATCH", "/policies/"+scope, body, map[string]string{"If-Match": fmt.Sprintf("%q", revision)}); status != 200 {
		x.t.Fatalf("PATCH of the policy of %s: %d", scope, status)
	}
}

// What a first apply would take away is in the plan, so that nobody loses access by surprise.
func TestSingletonWarnsOfWhatItReplaces(t *testing.T) {
	t.Parallel()
	x := newTenants(t)
	x.patch(x.customer, fmt.Sprintf(`{"bindings":{%q:{"members":["user:a"]},%q:{"members":["user:b"]}}}`, x.roles[0], x.roles[1]))
	core := x.core()
	declare := func(scope string, bindings map[string]any) string {
		t.Helper()
		plan, errs := core.Plan(core.Nothing("demarc_policy"), map[string]any{"scope_id": scope, "bindings": bindings})
		if errs != "" {
			t.Fatal(errs)
		}
		return plan.Warnings
	}
	got := declare(x.customer, map[string]any{x.roles[0]: map[string]any{"members": []string{"user:a"}}})
	for _, want := range []string{`demarc_policy "` + x.customer, "/bindings/" + x.roles[1], "terraform import demarc_policy.example " + x.customer} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %q", want, got)
		}
	}
	if strings.Contains(got, x.roles[0]) {
		t.Errorf("what stays is reported: %s", got)
	}
	if got := declare(x.entity, map[string]any{x.roles[0]: map[string]any{"members": []string{"user:a"}}}); got != "" {
		t.Errorf("nothing is lost: %s", got)
	}
	x.Intercept(func(fakeapi.Request) *fakeapi.Problem {
		return &fakeapi.Problem{Status: 403, Code: "forbidden", Detail: "not allowed"}
	})
	if got := declare(x.customer, map[string]any{}); got != "" {
		t.Errorf("what cannot be read is no plan's business: %s", got)
	}
}

// Somebody writes between plan and apply: the same members are an error with all three values, others do not matter.
func TestSingletonConflict(t *testing.T) {
	t.Parallel()
	x := newTenants(t)
	core := x.core()
	declare := func(members ...string) map[string]any {
		return map[string]any{"scope_id": x.customer, "bindings": map[string]any{x.roles[0]: map[string]any{"members": members}}}
	}
	made := core.MustApply(core.Nothing("demarc_policy"), declare("user:a"))
	change := func(role, member string, members ...string) (coretest.Instance, string) {
		t.Helper()
		plan, errs := core.Plan(made, declare(members...))
		if errs != "" {
			t.Fatal(errs)
		}
		x.patch(x.customer, fmt.Sprintf(`{"bindings":{%q:{"members":[%q]}}}`, role, member))
		return core.Apply(plan)
	}
	_, errs := change(x.roles[0], "user:theirs", "user:b")
	if !strings.Contains(errs, "was changed meanwhile") || !strings.Contains(errs, "user:theirs") || !strings.Contains(errs, "ElementKeyString(\""+x.roles[0]) {
		t.Errorf("conflict: %s", errs)
	}
	if made, errs = core.Refresh(made); errs != "" {
		t.Fatal(errs)
	}
	if made, errs = change(x.roles[1], "user:elsewhere", "user:c"); errs != "" {
		t.Errorf("elsewhere: %s", errs)
	}
	// What they added is not declared: the next plan sees it.
	if made, errs = core.Refresh(made); errs != "" {
		t.Fatal(errs)
	}
	made = core.MustApply(made, declare("user:c"))
	if err := x.has(x.customer, `{"R0":{"expiring_members":{},"members":["user:c"]}}`)(nil); err != nil {
		t.Error(err)
	}
	core.MustApply(made, nil)
}

// The first write of a singleton is the whole of it, also if somebody writes while it is made.
func TestSingletonIsReplacedAsItIs(t *testing.T) {
	t.Parallel()
	x := newTenants(t)
	core := x.core()
	plan, errs := core.Plan(core.Nothing("demarc_policy"), map[string]any{"scope_id": x.customer, "bindings": map[string]any{x.roles[0]: map[string]any{"members": []string{"user:a"}}}})
	if errs != "" {
		t.Fatal(errs)
	}
	first := true
	x.Intercept(func(r fakeapi.Request) *fakeapi.Problem {
		if r.Method == "PATCH" && first {
			first = false
			x.patch(x.customer, fmt.Sprintf(`{"bindings":{%q:{"members":["user:b"]}}}`, x.roles[1]))
		}
		return nil
	})
	made, errs := core.Apply(plan)
	if errs != "" || first {
		t.Fatal(errs, first)
	}
	if err := x.has(x.customer, `{"R0":{"expiring_members":{},"members":["user:a"]}}`)(nil); err != nil {
		t.Error(err)
	}
	core.MustApply(made, nil)
	// Where there is no such scope, the message is at the attribute that names it.
	plan, errs = core.Plan(core.Nothing("demarc_policy"), map[string]any{"scope_id": "cus_00000000000000000000009999"})
	if errs != "" {
		t.Fatal(errs)
	}
	if _, errs = core.Apply(plan); !strings.Contains(errs, `AttributeName("scope_id")`) {
		t.Errorf("no such scope: %s", errs)
	}
}

// References to several kinds, and to the platform.
func TestReferencesAtPlan(t *testing.T) {
	t.Parallel()
	x := newTenants(t)
	core := x.core()
	of := func(change map[string]any) map[string]any {
		config := map[string]any{"principal_kind": "user", "principal_id": "u-1", "role_id": x.roles[0], "scope_id": x.customer}
		maps.Copy(config, change)
		return config
	}
	for _, c := range []struct {
		typ    string
		config map[string]any
		want   string // of the errors, "" if it is right
	}{
		{"demarc_role_binding", of(nil), ""},
		{"demarc_role_binding", of(map[string]any{"scope_id": "platform"}), ""},
		{"demarc_role_binding", of(map[string]any{"scope_id": x.location}), ""},
		{"demarc_role_binding", of(map[string]any{"scope_id": "tok_00000000000000000000000001"}), `or the word "platform", and tok_00000000000000000000000001 is the id of an API token`},
		{"demarc_role_binding", of(map[string]any{"role_id": "platform"}), `"platform" is no id`},
		{"demarc_role_binding", of(map[string]any{"principal_kind": "robot"}), "must be one of user, group"},
		{"demarc_role", map[string]any{"name": "r", "owner_id": x.entity, "permissions": []string{"roles.get"}}, ""},
		{"demarc_role", map[string]any{"name": "r", "owner_id": x.location, "permissions": []string{"roles.get"}},
			"must be the id of a customer (cus_…) or a billing entity (ben_…), and " + x.location + " is the id of a location"},
		{"demarc_policy", map[string]any{"scope_id": x.customer, "bindings": map[string]any{x.customer: map[string]any{}}}, "A key of bindings must be the id of a role (role_…), and " + x.customer},
		{"demarc_policy", map[string]any{"scope_id": x.customer, "bindings": map[string]any{x.roles[0]: map[string]any{"members": []string{strings.Repeat("u", 300)}}}}, "may have at most 220 characters"},
	} {
		_, errs := core.Plan(core.Nothing(c.typ), c.config)
		if (c.want == "") != (errs == "") || !strings.Contains(errs, c.want) {
			t.Errorf("%s %v: got %q, want %q", c.typ, c.config, errs, c.want)
		}
	}
}

// Objects of one kind in parents of several: the same name in each, found by its path or its owner.
func TestParentsOfSeveralKinds(t *testing.T) {
	t.Parallel()
	x := newTenants(t)
	const address = "demarc_role.test"
	role := fmt.Sprintf("resource \"demarc_role\" \"test\" {\n  name = \"reader\"\n  owner_id = %q\n  permissions = [\"roles.get\"]\n}\n", x.entity)
	look := func(label, lines string) string {
		return fmt.Sprintf("data \"demarc_role\" %q {\n%s\n}\n", label, lines)
	}
	var checks []statecheck.StateCheck
	for label, i := range map[string]int{"entity": 0, "customer": 1, "path": 0, "longer": 1} {
		checks = append(checks, statecheck.ExpectKnownValue("data.demarc_role."+label, tfjsonpath.New("id"), knownvalue.StringExact(x.roles[i])))
	}
	x.run(
		resource.TestStep{Config: role, ConfigPlanChecks: does(address, plancheck.ResourceActionCreate)},
		resource.TestStep{ResourceName: address, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: []string{"timeouts"}, ImportStateId: "reseller/reader"},
		resource.TestStep{Config: role + look("entity", fmt.Sprintf("name = \"auditor\"\n owner_id = %q", x.entity)) + look("customer", fmt.Sprintf("name = \"auditor\"\n owner_id = %q", x.customer)) +
			look("path", `path = "reseller/auditor"`) + look("longer", `path = "reseller/acme/auditor"`), ConfigStateChecks: checks},
		resource.TestStep{Config: role + look("test", `name = "auditor"`), ExpectError: regexp.MustCompile(`(?s)Which role "auditor"\?.*\(in ` + x.entity + `\)`)},
	)
}

// A kind whose secret is shown once is no resource; what can be read of it, can be read.
func TestShownOnce(t *testing.T) {
	t.Parallel()
	x := newTenants(t)
	w, _ := x.wire("", nil)
	if w.schemas.ResourceSchemas["demarc_api_token"] != nil || w.schemas.ListResourceSchemas["demarc_api_token"] != nil {
		t.Error("api_token is a resource")
	}
	for name, want := range map[string]bool{"demarc_api_token": true, "demarc_role": true, "demarc_policy": true} {
		s := w.schemas.DataSourceSchemas[name]
		if (s != nil) != want {
			t.Errorf("data source %s: %v", name, s != nil)
		}
	}
	if s := w.schemas.DataSourceSchemas["demarc_policies"]; s != nil {
		t.Error("policies cannot be listed")
	}
	raw, err := json.Marshal(w.schemas.DataSourceSchemas["demarc_api_tokens"])
	if err != nil || strings.Contains(string(raw), `"Name":"token"`) || !strings.Contains(string(raw), `"Name":"last_used_at"`) {
		t.Errorf("demarc_api_tokens: %v %s", err, raw)
	}
}

// The id of a permission looks like nothing else, and a kind's prefix may stand at its beginning.
func TestIDsWithoutPrefix(t *testing.T) {
	t.Parallel()
	x := newTenants(t)
	w, _ := x.wire("", nil)
	v := w.value(w.schemas.DataSourceSchemas["demarc_permission"].ValueType(), `{"id":"role_bindings.create"}`)
	res, err := w.ValidateDataResourceConfig(t.Context(), &tfprotov6.ValidateDataResourceConfigRequest{TypeName: "demarc_permission", Config: dynamic(t, v)})
	if err != nil || len(res.Diagnostics) > 0 {
		t.Error(err, summaries(res.Diagnostics))
	}
}

func TestKeyArguments(t *testing.T) {
	t.Parallel()
	x := newTenants(t)
	w, _ := x.wire("", nil)
	for lines, want := range map[string]string{
		`{}`:                                     `set: none.`,
		`{"id":"rb_00000000000000000000000001"}`: "",
		`{"id":"rb_00000000000000000000000001","principal_id":"u"}`:                                                   `set: id, principal_id.`,
		`{"principal_kind":"user","principal_id":"u","role_id":"` + x.roles[0] + `"}`:                                 `Either id alone, or all of principal_kind, principal_id, role_id, scope_id`,
		`{"principal_kind":"user","principal_id":"u","role_id":"` + x.roles[0] + `","scope_id":"?"}`:                  "",
		`{"principal_kind":"user","principal_id":"u","role_id":"` + x.roles[0] + `","scope_id":"platform"}`:           "",
		`{"principal_kind":"user","principal_id":"u","role_id":"` + x.customer + `","scope_id":"` + x.customer + `"}`: `is the id of a customer`,
	} {
		v := w.value(w.schemas.DataSourceSchemas["demarc_role_binding"].ValueType(), lines)
		res, err := w.ValidateDataResourceConfig(t.Context(), &tfprotov6.ValidateDataResourceConfigRequest{TypeName: "demarc_role_binding", Config: dynamic(t, v)})
		if err != nil {
			t.Fatal(err)
		}
		got := summaries(res.Diagnostics)
		if (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%s: got %q", lines, got)
		}
	}
}

// The list resource of a kind without names shows keys.
func TestUnnamedListResource(t *testing.T) {
	t.Parallel()
	x := newTenants(t)
	x.Seed("role_binding", map[string]any{"principal_kind": "user", "principal_id": "u-1", "role_id": x.roles[0], "scope_id": "platform"})
	w, _ := x.wire("", nil)
	lists := w.ProviderServer.(tfprotov6.ProviderServerWithListResource)
	v := dynamic(t, w.value(w.schemas.ListResourceSchemas["demarc_role_binding"].ValueType(), `{"scope_id":"platform"}`))
	stream, err := lists.ListResource(t.Context(), &tfprotov6.ListResourceRequest{TypeName: "demarc_role_binding", Config: v})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for r := range stream.Results {
		names = append(names, r.DisplayName)
	}
	if !slices.Equal(names, []string{"user,u-1," + x.roles[0] + ",platform"}) {
		t.Errorf("got %q", names)
	}
}

// Told to slow down, the provider waits as long as it is told.
func TestRetryAfter(t *testing.T) {
	t.Parallel()
	x := newTenants(t)
	var refused, repeated time.Time
	x.Intercept(func(r fakeapi.Request) *fakeapi.Problem {
		switch {
		case r.Method != "POST":
		case refused.IsZero():
			refused = time.Now()
			return &fakeapi.Problem{Status: 429, Code: "rate_limited", Detail: "too many", RetryAfter: "1"}
		default:
			repeated = time.Now()
		}
		return nil
	})
	core := x.core()
	made := core.MustApply(core.Nothing("demarc_location"), map[string]any{"name": "bruges"})
	if waited := repeated.Sub(refused); waited < time.Second {
		t.Errorf("waited %s", waited)
	}
	core.MustApply(made, nil)
}
