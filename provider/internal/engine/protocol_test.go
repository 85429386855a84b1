package engine_test

// What needs no Terraform, or a newer one than is installed: the provider is spoken to as Terraform does.

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/demarc/demarc/provider/internal/fakeapi"
)

// wire is a provider, in this process, that speaks Terraform's protocol.
type wire struct {
	tfprotov6.ProviderServer
	t       *testing.T
	schemas *tfprotov6.GetProviderSchemaResponse
}

// wire starts a provider with a configuration in JSON, "" for the cloud's own.
func (c *cloud) wire(config string, capabilities *tfprotov6.ConfigureProviderClientCapabilities) (*wire, []*tfprotov6.Diagnostic) {
	c.t.Helper()
	server, err := providerserver.NewProtocol6WithError(c.provider())()
	if err != nil {
		c.t.Fatal(err)
	}
	schemas, err := server.GetProviderSchema(c.t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil || len(schemas.Diagnostics) > 0 {
		c.t.Fatal(err, summaries(schemas.Diagnostics))
	}
	w := &wire{server, c.t, schemas}
	if config == "" {
		config = fmt.Sprintf(`{"endpoint":%q,"token":%q}`, c.URL, fakeapi.Token)
	}
	value := w.value(schemas.Provider.ValueType(), config)
	res, err := server.ConfigureProvider(c.t.Context(), &tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.14.0", Config: dynamic(c.t, value), ClientCapabilities: capabilities})
	if err != nil {
		c.t.Fatal(err)
	}
	return w, res.Diagnostics
}

// value reads JSON; "?" is unknown, and what is left out is null.
func (w *wire) value(typ tftypes.Type, text string) tftypes.Value {
	w.t.Helper()
	v, err := tftypes.ValueFromJSON([]byte(text), typ) //nolint:staticcheck // the inverse of what Terraform shows
	if err != nil {
		w.t.Fatalf("%s: %v", text, err)
	}
	v, err = tftypes.Transform(v, func(_ *tftypes.AttributePath, v tftypes.Value) (tftypes.Value, error) {
		if v.Equal(tftypes.NewValue(tftypes.String, "?")) {
			return tftypes.NewValue(tftypes.String, tftypes.UnknownValue), nil
		}
		return v, nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func dynamic(t *testing.T, v tftypes.Value) *tfprotov6.DynamicValue {
	t.Helper()
	d, err := tfprotov6.NewDynamicValue(v.Type(), v)
	if err != nil {
		t.Fatal(err)
	}
	return &d
}

func (w *wire) routerType() tftypes.Type {
	return w.schemas.ResourceSchemas["demarc_router"].ValueType()
}

// create plans and applies a new router.
func (w *wire) create(config string) *tfprotov6.ApplyResourceChangeResponse {
	w.t.Helper()
	typ := w.routerType()
	value := dynamic(w.t, w.value(typ, config))
	null := dynamic(w.t, tftypes.NewValue(typ, nil))
	plan, err := w.PlanResourceChange(w.t.Context(), &tfprotov6.PlanResourceChangeRequest{TypeName: "demarc_router", PriorState: null, ProposedNewState: value, Config: value})
	if err != nil || len(plan.Diagnostics) > 0 {
		w.t.Fatal(err, summaries(plan.Diagnostics))
	}
	res, err := w.ApplyResourceChange(w.t.Context(), &tfprotov6.ApplyResourceChangeRequest{TypeName: "demarc_router", PriorState: null,
		PlannedState: plan.PlannedState, Config: value, PlannedPrivate: plan.PlannedPrivate, PlannedIdentity: plan.PlannedIdentity})
	if err != nil {
		w.t.Fatal(err)
	}
	return res
}

// attributes decodes a state.
func (w *wire) attributes(d *tfprotov6.DynamicValue) map[string]tftypes.Value {
	w.t.Helper()
	v, err := d.Unmarshal(w.routerType())
	if err != nil {
		w.t.Fatal(err)
	}
	m := map[string]tftypes.Value{}
	if v.IsNull() {
		return nil
	}
	if err := v.As(&m); err != nil {
		w.t.Fatal(err)
	}
	return m
}

func content(v tftypes.Value) string {
	var s string
	if v.Type() != nil && v.IsKnown() && !v.IsNull() {
		_ = v.As(&s)
	}
	return s
}

// summaries prints diagnostics with their paths, one a line.
func summaries(diags []*tfprotov6.Diagnostic) string {
	var b strings.Builder
	for _, d := range diags {
		fmt.Fprintf(&b, "%s %s: %s: %s\n", d.Severity, d.Attribute, d.Summary, d.Detail)
	}
	return b.String()
}

// Mistakes are found before anything runs, at their attribute, and the message names the rule.
func TestChecksAtPlan(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	w, _ := c.wire("", nil)
	for _, mistake := range []struct{ lines, at, want string }{
		{`"buffer_mib":4096`, `buffer_mib`, `buffer_mib must be at most 1024 MiB, and is 4096.`},
		{`"buffer_mib":0`, `buffer_mib`, `buffer_mib must be at least 1 MiB, and is 0.`},
		{`"plan":"huge"`, `plan`, `plan must be one of small, large, and is "huge".`},
		{`"display_name":"` + strings.Repeat("é", 201) + `"`, `display_name`, `display_name may have at most 200 characters, and has 201.`},
		{`"name":"Not A Slug"`, `name`, `name must be a slug (^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$), and is "Not A Slug".`},
		{`"labels":{"a":"1","b":"2","c":"3","d":"4","e":"5"}`, `labels`, `labels may have at most 4 elements, and has 5.`},
		{`"labels":{"a":"far too long a value"}`, `labels a`, `labels["a"] may have at most 10 characters, and has 20.`},
		{`"labels":{"a":null}`, `labels a`, `Leave the key out of the map.`},
		{`"contacts":["nobody"]`, `contacts`, `contacts must match ^[^@]+@[^@]+$, and is "nobody".`},
		{`"ports":{"p1":{"vlan":5000}}`, `ports p1 vlan`, `ports["p1"].vlan must be at most 4094, and is 5000.`},
		{`"network":"10.0.0.300/24"`, `network`, `network must be a cidr, and is "10.0.0.300/24".`},
		{`"price":{"amount":"1e9","currency":"EUR"}`, `price amount`, `price.amount must be a decimal, and is "1e9".`},
		{`"price":{"amount":"1","currency":"euro"}`, `price currency`, `price.currency must match ^[A-Z]{3}$, and is "euro".`},
		{`"peer_id":"st_00000000000000000000000001"`, `peer_id`, `peer_id must be the id of a router (rt_…), and st_00000000000000000000000001 is the id of a site.`},
		{`"peer_id":"ghent/core"`, `peer_id`, `data "demarc_router" "example" { path = "ghent/core" }`},
		{`"peer_id":""`, `peer_id`, `and "" is no id`},
		{`"secret_wo":"hush"`, `secret_wo_version`, `Set secret_wo_version = 1`},
		{`"secret_wo_version":1`, `secret_wo`, `Set both, or remove both`},
		{`"secret_wo":"NOT OK","secret_wo_version":1`, `secret_wo`, `secret_wo must match ^[a-z-]+$.`},
		{`"secret_wo":"abc","secret_wo_version":1`, `secret_wo`, `secret_wo must have at least 4 characters, and has 3.`},
		{`"timeouts":{"create":"soon"}`, `timeouts create`, `soon`},
		{`"dynamic":{"pool":"p"}`, `dynamic`, `Exactly one of static, dynamic must be set, and static and dynamic are.`},
		{`"static":null`, `static`, `Exactly one of static, dynamic must be set, and none is.`},
	} {
		lines := map[string]json.RawMessage{}
		for _, text := range []string{`{"name":"core","static":{"address":"a"},"site_id":"` + c.site + `"}`, "{" + mistake.lines + "}"} {
			if err := json.Unmarshal([]byte(text), &lines); err != nil {
				t.Fatal(err)
			}
		}
		raw, _ := json.Marshal(lines)
		res, err := w.ValidateResourceConfig(t.Context(), &tfprotov6.ValidateResourceConfigRequest{TypeName: "demarc_router", Config: dynamic(t, w.value(w.routerType(), string(raw))),
			ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true}})
		if err != nil {
			t.Fatal(err)
		}
		if len(res.Diagnostics) != 1 || !strings.Contains(res.Diagnostics[0].Detail, mistake.want) || steps(res.Diagnostics[0].Attribute) != mistake.at {
			t.Errorf("%s:\n got %s want %s: %s", mistake.lines, summaries(res.Diagnostics), mistake.at, mistake.want)
		}
		if strings.Contains(mistake.lines, "NOT OK") && strings.Contains(summaries(res.Diagnostics), "NOT OK") {
			t.Errorf("a secret is repeated: %s", summaries(res.Diagnostics))
		}
	}
	if len(c.Requests()) > 0 {
		t.Error("a check asked the control plane")
	}
}

// What is unknown at validation is no mistake yet.
func TestUnknownIsNoMistake(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	w, _ := c.wire("", nil)
	v := w.value(w.routerType(), `{"name":"?","site_id":"?","peer_id":"?","network":"?","static":{"address":"?"},"labels":{"a":"?"},"contacts":["?"],"price":{"amount":"?","currency":"?"}}`)
	res, err := w.ValidateResourceConfig(t.Context(), &tfprotov6.ValidateResourceConfigRequest{TypeName: "demarc_router", Config: dynamic(t, v)})
	if err != nil || len(res.Diagnostics) > 0 {
		t.Error(err, summaries(res.Diagnostics))
	}
}

func steps(p *tftypes.AttributePath) string {
	var out []string
	for _, s := range p.Steps() {
		switch s := s.(type) {
		case tftypes.AttributeName:
			out = append(out, string(s))
		case tftypes.ElementKeyString:
			out = append(out, string(s))
		}
	}
	return strings.Join(out, " ")
}

func TestDataSourceArguments(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	w, _ := c.wire("", nil)
	for _, mistake := range []struct{ typ, lines, want string }{
		{"demarc_router", `{}`, `Exactly one of id, path and name must be set; set: none.`},
		{"demarc_router", `{"id":"rt_00000000000000000000000001","path":"x"}`, `set: id and path.`},
		{"demarc_router", `{"path":"x","site_id":"` + c.site + `"}`, `site_id goes with name`},
		{"demarc_router", `{"id":"` + c.site + `"}`, `is the id of a site.`},
		{"demarc_router", `{"name":"x","site_id":"rt_00000000000000000000000001"}`, `is the id of a router.`},
		{"demarc_routers", `{"plan":["small","huge"]}`, `plan must be one of small, large, and is "huge"`},
		{"demarc_routers", `{"order_by":"plan"}`, `order_by must be one of name, -name, created_at, -created_at`},
		{"demarc_routers", `{"created_at_from":"yesterday"}`, `created_at_from must be a date-time`},
		{"demarc_routers", `{"site_id":"rt_00000000000000000000000001"}`, `is the id of a router.`},
	} {
		v := w.value(w.schemas.DataSourceSchemas[mistake.typ].ValueType(), mistake.lines)
		res, err := w.ValidateDataResourceConfig(t.Context(), &tfprotov6.ValidateDataResourceConfigRequest{TypeName: mistake.typ, Config: dynamic(t, v)})
		if err != nil {
			t.Fatal(err)
		}
		if len(res.Diagnostics) != 1 || !strings.Contains(res.Diagnostics[0].Detail, mistake.want) {
			t.Errorf("%s %s: got %s", mistake.typ, mistake.lines, summaries(res.Diagnostics))
		}
	}
}

// A kind that is only read has data sources and nothing else.
func TestUnmanagedKind(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	w, _ := c.wire("", nil)
	if _, ok := w.schemas.ResourceSchemas["demarc_event"]; ok {
		t.Error("demarc_event is a resource")
	}
	if _, ok := w.schemas.ListResourceSchemas["demarc_event"]; ok {
		t.Error("demarc_event is a list resource")
	}
	s := w.schemas.DataSourceSchemas["demarc_event"]
	if s == nil || w.schemas.DataSourceSchemas["demarc_events"] == nil {
		t.Fatal("demarc_event is no data source")
	}
	for _, a := range s.Block.Attributes {
		if a.Name == "path" || (a.Name == "id") != a.Required {
			t.Errorf("attribute %s, required %v", a.Name, a.Required)
		}
	}
	if _, ok := w.schemas.DataSourceSchemas["demarc_operations"]; ok {
		t.Error("operations of the test catalog cannot be listed")
	}
}

func TestIdentity(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	w, _ := c.wire("", nil)
	schemas, err := w.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		t.Fatal(err)
	}
	s := schemas.IdentitySchemas["demarc_router"]
	if len(s.IdentityAttributes) != 1 || s.IdentityAttributes[0].Name != "id" || !s.IdentityAttributes[0].RequiredForImport {
		t.Fatalf("identity: %+v", s.IdentityAttributes)
	}
	created := w.create(`{"name":"core","site_id":"` + c.site + `","static":{"address":"a"}}`)
	if len(created.Diagnostics) > 0 || created.NewIdentity == nil {
		t.Fatal(summaries(created.Diagnostics))
	}
	got, err := created.NewIdentity.IdentityData.Unmarshal(s.ValueType())
	want := tftypes.NewValue(s.ValueType(), map[string]tftypes.Value{"id": tftypes.NewValue(tftypes.String, c.the())})
	if err != nil || !got.Equal(want) {
		t.Fatalf("identity after create: %v, %v", got, err)
	}
	imported, err := w.ImportResourceState(t.Context(), &tfprotov6.ImportResourceStateRequest{TypeName: "demarc_router", Identity: created.NewIdentity})
	if err != nil || len(imported.Diagnostics) > 0 || len(imported.ImportedResources) != 1 {
		t.Fatal(err, summaries(imported.Diagnostics))
	}
	one := imported.ImportedResources[0]
	read, err := w.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: "demarc_router", CurrentState: one.State, Private: one.Private, CurrentIdentity: one.Identity})
	if err != nil || len(read.Diagnostics) > 0 {
		t.Fatal(err, summaries(read.Diagnostics))
	}
	if name := content(w.attributes(read.NewState)["name"]); name != "core" {
		t.Errorf("imported %q", name)
	}
	// State of a Terraform before 1.12 has no identity; reading gives it one, also where the object is gone.
	c.Remove(c.the())
	gone, err := w.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: "demarc_router", CurrentState: created.NewState, Private: created.Private})
	if err != nil || len(gone.Diagnostics) > 0 || w.attributes(gone.NewState) != nil {
		t.Errorf("gone: %v %s", err, summaries(gone.Diagnostics))
	}
}

func TestListResource(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	for i := range 5 {
		c.Seed("router", map[string]any{"name": fmt.Sprintf("r%d", i), "site_id": c.site, "plan": []string{"small", "large"}[i%2]})
	}
	w, _ := c.wire("", nil)
	lists, ok := w.ProviderServer.(tfprotov6.ProviderServerWithListResource)
	if !ok {
		t.Fatal("the provider has no list resources")
	}
	list := func(config string, limit int64, full bool) []tfprotov6.ListResourceResult {
		t.Helper()
		v := dynamic(t, w.value(w.schemas.ListResourceSchemas["demarc_router"].ValueType(), config))
		stream, err := lists.ListResource(t.Context(), &tfprotov6.ListResourceRequest{TypeName: "demarc_router", Config: v, Limit: limit, IncludeResource: full})
		if err != nil {
			t.Fatal(err)
		}
		var out []tfprotov6.ListResourceResult
		for r := range stream.Results {
			out = append(out, r)
		}
		return out
	}
	all := list(`{}`, 0, true)
	if len(all) != 5 {
		t.Fatalf("%d results", len(all))
	}
	for i, r := range all {
		if len(r.Diagnostics) > 0 || r.DisplayName != fmt.Sprintf("r%d", i) || r.Identity == nil {
			t.Errorf("result %d: %q %s", i, r.DisplayName, summaries(r.Diagnostics))
			continue
		}
		if got := content(w.attributes(r.Resource)["name"]); got != r.DisplayName {
			t.Errorf("resource %d: name %q", i, got)
		}
	}
	if got := list(`{"plan":["large"]}`, 0, false); len(got) != 2 || got[0].Resource != nil {
		t.Errorf("filtered: %d results, resource %v", len(got), got[0].Resource)
	}
	if got := list(`{"order_by":"-name","plan":["large","small"]}`, 0, false); len(got) != 5 || got[0].DisplayName != "r4" {
		t.Errorf("the other way round: %d results, the first %q", len(got), got[0].DisplayName)
	}
	if got := list(`{}`, 3, false); len(got) != 3 {
		t.Errorf("limited: %d results", len(got))
	}
	c.Intercept(func(fakeapi.Request) *fakeapi.Problem {
		return &fakeapi.Problem{Status: 403, Code: "forbidden", Detail: "not allowed"}
	})
	got := list(`{}`, 0, false)
	if len(got) != 1 || !strings.Contains(summaries(got[0].Diagnostics), "routers.list") {
		t.Errorf("refused: %+v", got)
	}
}

// A provider whose configuration is not known yet does what needs no control plane, and says what is missing where
// one is needed. It never takes the environment's instead.
func TestUnknownConfiguration(t *testing.T) {
	c := newCloud(t)
	t.Setenv("DEMARC_ENDPOINT", c.URL)
	t.Setenv("DEMARC_TOKEN", fakeapi.Token)
	w, diags := c.wire(`{"endpoint":"?"}`, nil)
	if len(diags) > 0 {
		t.Fatal(summaries(diags))
	}
	value := dynamic(t, w.value(w.routerType(), `{"name":"core","site_id":"`+c.site+`","static":{"address":"a"}}`))
	null := dynamic(t, tftypes.NewValue(w.routerType(), nil))
	plan, err := w.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{TypeName: "demarc_router", PriorState: null, ProposedNewState: value, Config: value})
	if err != nil || len(plan.Diagnostics) > 0 {
		t.Fatal(err, summaries(plan.Diagnostics))
	}
	read, err := w.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: "demarc_router", CurrentState: dynamic(t, w.value(w.routerType(), `{"id":"rt_1"}`))})
	if err != nil || !strings.Contains(summaries(read.Diagnostics), "endpoint is not known yet") {
		t.Errorf("%v %s", err, summaries(read.Diagnostics))
	}
	if n := len(c.Requests()); n > 0 {
		t.Errorf("%d requests went to the environment's endpoint", n)
	}
	// A Terraform that can defer is asked to.
	server, err := providerserver.NewProtocol6WithError(c.provider())()
	if err != nil {
		t.Fatal(err)
	}
	res, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{Config: dynamic(t, w.value(w.schemas.Provider.ValueType(), `{"token":"?"}`)),
		ClientCapabilities: &tfprotov6.ConfigureProviderClientCapabilities{DeferralAllowed: true}})
	if err != nil || len(res.Diagnostics) > 0 {
		t.Fatal(err, summaries(res.Diagnostics))
	}
	deferred, err := server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{TypeName: "demarc_router", PriorState: null, ProposedNewState: value, Config: value,
		ClientCapabilities: &tfprotov6.PlanResourceChangeClientCapabilities{DeferralAllowed: true}})
	if err != nil || deferred.Deferred == nil {
		t.Errorf("not deferred: %v %s", err, summaries(deferred.Diagnostics))
	}
}

func TestConfiguration(t *testing.T) {
	c := newCloud(t)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(fakeapi.Token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, s := range []struct {
		name, config string
		env          map[string]string
		want         []string // in the diagnostics; none is a success, seen by a request
	}{
		{"nothing", `{}`, nil, []string{"endpoint in the provider block", "DEMARC_ENDPOINT", "token in the provider block", "DEMARC_TOKEN", "DEMARC_TOKEN_FILE"}},
		{"no token", `{"endpoint":"` + c.URL + `"}`, nil, []string{"has no token"}},
		{"the environment", `{}`, map[string]string{"DEMARC_ENDPOINT": c.URL, "DEMARC_TOKEN": fakeapi.Token}, nil},
		{"a token file", `{}`, map[string]string{"DEMARC_ENDPOINT": c.URL, "DEMARC_TOKEN_FILE": token}, nil},
		{"the block wins", `{"endpoint":"` + c.URL + `","token":"` + fakeapi.Token + `"}`, map[string]string{"DEMARC_ENDPOINT": "http://127.0.0.1:1", "DEMARC_TOKEN": "wrong"}, nil},
		{"not a URL", `{"endpoint":"cloud.example.com","token":"t"}`, nil, []string{"must begin with http"}},
		{"no such CA file", `{"endpoint":"https://x","token":"t","ca_file":"/nowhere/ca.pem"}`, nil, []string{"/nowhere/ca.pem"}},
		{"a broken environment", `{}`, map[string]string{"DEMARC_ENDPOINT": "ftp://x"}, []string{"DEMARC_ENDPOINT"}},
	} {
		t.Run(s.name, func(t *testing.T) {
			for _, name := range []string{"DEMARC_ENDPOINT", "DEMARC_TOKEN", "DEMARC_TOKEN_FILE", "DEMARC_CA_FILE"} {
				t.Setenv(name, s.env[name])
			}
			c.Requests()
			w, diags := c.wire(s.config, nil)
			for _, want := range s.want {
				if !strings.Contains(summaries(diags), want) {
					t.Errorf("%q is not in %s", want, summaries(diags))
				}
			}
			if strings.Contains(summaries(diags), fakeapi.Token) {
				t.Error("the token is in a diagnostic")
			}
			if s.want != nil {
				return
			}
			v := dynamic(t, w.value(w.schemas.DataSourceSchemas["demarc_sites"].ValueType(), `{}`))
			res, err := w.ReadDataSource(t.Context(), &tfprotov6.ReadDataSourceRequest{TypeName: "demarc_sites", Config: v})
			if err != nil || len(diags)+len(res.Diagnostics) > 0 {
				t.Fatal(err, summaries(diags), summaries(res.Diagnostics))
			}
			if agent := c.Requests()[0].Header.Get("User-Agent"); !strings.HasPrefix(agent, "terraform-provider-demarc/test terraform/1.14.0") {
				t.Errorf("User-Agent: %q", agent)
			}
		})
	}
}

// A stop while the operation runs: the object is in the state, without an error that would taint it, and what it was
// waiting for is remembered.
func TestStopDuringCreate(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	w, _ := c.wire("", nil)
	c.Hold(func(string) bool { return true })
	c.Intercept(func(r fakeapi.Request) *fakeapi.Problem {
		if strings.HasPrefix(r.Path, "/operations/") {
			w.StopProvider(context.Background(), &tfprotov6.StopProviderRequest{})
		}
		return nil
	})
	res := w.create(`{"name":"core","site_id":"` + c.site + `","static":{"address":"a"}}`)
	c.Intercept(nil)
	if len(res.Diagnostics) != 1 || res.Diagnostics[0].Severity != tfprotov6.DiagnosticSeverityWarning {
		t.Fatalf("want one warning, got %s", summaries(res.Diagnostics))
	}
	if id := content(w.attributes(res.NewState)["id"]); id != c.the() {
		t.Fatalf("id in the state: %q", id)
	}

	// The next run, while it still goes on: the plan shows it, and the apply waits.
	next, _ := c.wire("", nil)
	read, err := next.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: "demarc_router", CurrentState: res.NewState, Private: res.Private, CurrentIdentity: &tfprotov6.ResourceIdentityData{IdentityData: res.NewIdentity.IdentityData}})
	if err != nil || len(read.Diagnostics) > 0 {
		t.Fatal(err, summaries(read.Diagnostics))
	}
	if got := content(next.attributes(read.NewState)["unfinished"]); !strings.HasPrefix(got, "creating: operation op_") {
		t.Fatalf("unfinished: %q", got)
	}
	config := dynamic(t, next.value(next.routerType(), `{"name":"core","site_id":"`+c.site+`","static":{"address":"a"}}`))
	plan, err := next.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{TypeName: "demarc_router", PriorState: read.NewState, ProposedNewState: read.NewState,
		Config: config, PriorPrivate: read.Private, PriorIdentity: read.NewIdentity})
	if err != nil || len(plan.Diagnostics) > 0 || len(plan.RequiresReplace) > 0 {
		t.Fatal(err, summaries(plan.Diagnostics), plan.RequiresReplace)
	}
	c.Intercept(func(r fakeapi.Request) *fakeapi.Problem {
		if strings.HasPrefix(r.Path, "/operations/") {
			c.Release()
		}
		return nil
	})
	c.Requests()
	applied, err := next.ApplyResourceChange(t.Context(), &tfprotov6.ApplyResourceChangeRequest{TypeName: "demarc_router", PriorState: read.NewState, PlannedState: plan.PlannedState,
		Config: config, PlannedPrivate: plan.PlannedPrivate, PlannedIdentity: plan.PlannedIdentity})
	if err != nil || len(applied.Diagnostics) > 0 {
		t.Fatal(err, summaries(applied.Diagnostics))
	}
	if n := c.writes(); len(n) > 0 {
		t.Errorf("the wait wrote: %v", n)
	}
	if v := next.attributes(applied.NewState)["unfinished"]; !v.IsNull() {
		t.Errorf("still unfinished: %v", v)
	}
}

// A stop while the POST is under way does not cut it off: the object would be lost.
func TestStopDuringPost(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	w, _ := c.wire("", nil)
	c.Hold(func(string) bool { return true })
	c.Intercept(func(r fakeapi.Request) *fakeapi.Problem {
		if r.Method == "POST" {
			w.StopProvider(context.Background(), &tfprotov6.StopProviderRequest{})
		}
		return nil
	})
	res := w.create(`{"name":"core","site_id":"` + c.site + `","static":{"address":"a"}}`)
	if id := content(w.attributes(res.NewState)["id"]); id != c.the() || id == "" {
		t.Errorf("id in the state: %q; %s", id, summaries(res.Diagnostics))
	}
}

// A stop before anything is sent makes nothing.
func TestStopBeforePost(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	w, _ := c.wire("", nil)
	typ := w.routerType()
	config := dynamic(t, w.value(typ, `{"name":"core","site_id":"`+c.site+`","static":{"address":"a"}}`))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	res, err := w.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{TypeName: "demarc_router", PriorState: dynamic(t, tftypes.NewValue(typ, nil)), PlannedState: config, Config: config})
	if err != nil || !strings.Contains(summaries(res.Diagnostics), "asked to stop") {
		t.Errorf("%v %s", err, summaries(res.Diagnostics))
	}
	if n := c.writes(); len(n) > 0 || w.attributes(res.NewState) != nil {
		t.Errorf("sent %v", n)
	}
}

// The time limit of a create is an error that says what goes on.
func TestCreateTimesOut(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	w, _ := c.wire("", nil)
	c.Hold(func(string) bool { return true })
	started := time.Now()
	res := w.create(`{"name":"core","site_id":"` + c.site + `","static":{"address":"a"},"timeouts":{"create":"300ms"}}`)
	if got := summaries(res.Diagnostics); !strings.Contains(got, "timeouts.create") || !strings.Contains(got, "goes on in the control plane") {
		t.Errorf("got %s", got)
	}
	if content(w.attributes(res.NewState)["id"]) != c.the() || time.Since(started) > 20*time.Second {
		t.Errorf("after %s: %v", time.Since(started), w.attributes(res.NewState)["id"])
	}
}

// A write throws away what was read ahead.
func TestReadsAfterWrite(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	var ids []string
	for i := range 6 {
		ids = append(ids, c.Seed("router", map[string]any{"name": fmt.Sprintf("r%d", i), "site_id": c.site}))
	}
	w, _ := c.wire("", nil)
	read := func(id string) string {
		t.Helper()
		res, err := w.ReadResource(t.Context(), &tfprotov6.ReadResourceRequest{TypeName: "demarc_router",
			CurrentState: dynamic(t, w.value(w.routerType(), fmt.Sprintf(`{"id":%q,"site_id":%q}`, id, c.site)))})
		if err != nil || len(res.Diagnostics) > 0 {
			t.Fatal(err, summaries(res.Diagnostics))
		}
		return content(w.attributes(res.NewState)["display_name"])
	}
	for _, id := range ids {
		read(id)
	}
	c.Change(ids[0], "display_name", "changed")
	if got := read(ids[0]); got != "" {
		t.Fatalf("got %q: nothing was read ahead, so the test shows nothing", got)
	}
	w.create(`{"name":"core","site_id":"` + c.site + `","static":{"address":"a"}}`)
	if got := read(ids[0]); got != "changed" {
		t.Errorf("after a write: %q", got)
	}
}
