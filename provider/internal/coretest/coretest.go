// Package coretest plays Terraform's core to a provider in the same process: it proposes, plans, applies, refreshes
// and imports by the protocol, and checks after each step what core checks. A step takes milliseconds where a real
// Terraform takes seconds, so every field of every kind can have steps of its own; the main paths are tested with the
// real one too.
package coretest

import (
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// Core speaks to one configured provider.
type Core struct {
	t testing.TB
	// ctx outlives the test's own, which has ended when its clean-up destroys what it made.
	ctx     context.Context
	server  tfprotov6.ProviderServer
	schemas *tfprotov6.GetProviderSchemaResponse
}

// Instance is a resource instance as a state has it.
type Instance struct {
	Type     string
	State    tftypes.Value // null if there is none
	Private  []byte
	Identity *tfprotov6.ResourceIdentityData
}

// Plan is what a provider plans for an instance.
type Plan struct {
	prior    Instance
	config   tftypes.Value
	planned  tftypes.Value
	private  []byte
	identity *tfprotov6.ResourceIdentityData
	// Warnings are those of the provider, printed as Errors are.
	Warnings string
	// Replace lists the attributes that make Terraform replace the object.
	Replace []*tftypes.AttributePath
}

// New configures a provider.
func New(t testing.TB, server tfprotov6.ProviderServer, config map[string]any) *Core {
	t.Helper()
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil || Errors(schemas.Diagnostics) != "" {
		t.Fatal(err, Errors(schemas.Diagnostics))
	}
	c := &Core{t, context.WithoutCancel(t.Context()), server, schemas}
	v := c.value(schemas.Provider.ValueType(), config)
	res, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.11.4", Config: c.dynamic(v)})
	if err != nil || Errors(res.Diagnostics) != "" {
		t.Fatal(err, Errors(res.Diagnostics))
	}
	return c
}

// For is the same core, with the same provider, on behalf of another test.
func (c *Core) For(t testing.TB) *Core {
	return &Core{t, context.WithoutCancel(t.Context()), c.server, c.schemas}
}

// Errors prints the errors among diagnostics, "" if there is none.
func Errors(diags []*tfprotov6.Diagnostic) string {
	return printed(diags, tfprotov6.DiagnosticSeverityError)
}

func printed(diags []*tfprotov6.Diagnostic, severity tfprotov6.DiagnosticSeverity) string {
	var b strings.Builder
	for _, d := range diags {
		if d.Severity == severity {
			fmt.Fprintf(&b, "%s %s: %s\n", d.Attribute, d.Summary, d.Detail)
		}
	}
	return b.String()
}

// Nothing is an instance that does not exist yet.
func (c *Core) Nothing(typ string) Instance {
	return Instance{Type: typ, State: tftypes.NewValue(c.schema(typ).ValueType(), nil)}
}

// Plan validates a configuration, nil to destroy, and plans it. The string is the errors.
func (c *Core) Plan(prior Instance, config map[string]any) (*Plan, string) {
	c.t.Helper()
	s := c.schema(prior.Type)
	p := &Plan{prior: prior, config: tftypes.NewValue(s.ValueType(), nil)}
	if config != nil {
		p.config = c.value(s.ValueType(), config)
		checked, err := c.server.ValidateResourceConfig(c.ctx, &tfprotov6.ValidateResourceConfigRequest{TypeName: prior.Type, Config: c.dynamic(p.config),
			ClientCapabilities: &tfprotov6.ValidateResourceConfigClientCapabilities{WriteOnlyAttributesAllowed: true}})
		if err != nil {
			c.t.Fatal(err)
		}
		if errs := Errors(checked.Diagnostics); errs != "" {
			return nil, errs
		}
	}
	proposed := tftypes.NewValue(s.ValueType(), nil)
	if config != nil {
		proposed = propose(s.Block.Attributes, s.ValueType(), prior.State, p.config)
	}
	res, err := c.server.PlanResourceChange(c.ctx, &tfprotov6.PlanResourceChangeRequest{TypeName: prior.Type, PriorState: c.dynamic(prior.State),
		ProposedNewState: c.dynamic(proposed), Config: c.dynamic(p.config), PriorPrivate: prior.Private, PriorIdentity: prior.Identity})
	if err != nil {
		c.t.Fatal(err)
	}
	if errs := Errors(res.Diagnostics); errs != "" {
		return nil, errs
	}
	p.Warnings = printed(res.Diagnostics, tfprotov6.DiagnosticSeverityWarning)
	p.planned, p.private, p.identity, p.Replace = c.read(s, res.PlannedState), res.PlannedPrivate, res.PlannedIdentity, res.RequiresReplace
	if wrong := invalidPlan(p.planned, p.config, prior.State, tftypes.NewAttributePath()); len(wrong) > 0 {
		c.t.Fatalf("the provider produced an invalid plan for %s:\n%s", prior.Type, strings.Join(wrong, "\n"))
	}
	return p, ""
}

// Empty says whether a plan changes nothing.
func (p *Plan) Empty() bool { return p.planned.Equal(p.prior.State) }

// Difference is where a plan differs from what it starts from, for messages.
func (p *Plan) Difference() string {
	diffs, err := p.planned.Diff(p.prior.State)
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	for _, d := range diffs {
		if v := d.Value1; v != nil && v.Type().Is(tftypes.Object{}) && len(d.Path.Steps()) == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s\n", d)
	}
	return b.String()
}

// Apply applies a plan. The string is the errors; the instance is what is saved either way.
func (c *Core) Apply(p *Plan) (Instance, string) {
	c.t.Helper()
	s := c.schema(p.prior.Type)
	res, err := c.server.ApplyResourceChange(c.ctx, &tfprotov6.ApplyResourceChangeRequest{TypeName: p.prior.Type, PriorState: c.dynamic(p.prior.State),
		PlannedState: c.dynamic(p.planned), Config: c.dynamic(p.config), PlannedPrivate: p.private, PlannedIdentity: p.identity})
	if err != nil {
		c.t.Fatal(err)
	}
	got := Instance{Type: p.prior.Type, State: c.read(s, res.NewState), Private: res.Private, Identity: res.NewIdentity}
	if errs := Errors(res.Diagnostics); errs != "" {
		return got, errs
	}
	if !got.State.IsNull() && !got.State.IsFullyKnown() {
		c.t.Fatalf("%s has unknown values after an apply: %v", p.prior.Type, got.State)
	}
	if wrong := inconsistent(p.planned, got.State, tftypes.NewAttributePath()); len(wrong) > 0 {
		c.t.Fatalf("the provider produced an inconsistent result after apply for %s:\n%s", p.prior.Type, strings.Join(wrong, "\n"))
	}
	return got, ""
}

// Refresh reads an instance.
func (c *Core) Refresh(i Instance) (Instance, string) {
	c.t.Helper()
	s := c.schema(i.Type)
	res, err := c.server.ReadResource(c.ctx, &tfprotov6.ReadResourceRequest{TypeName: i.Type, CurrentState: c.dynamic(i.State), Private: i.Private, CurrentIdentity: i.Identity})
	if err != nil {
		c.t.Fatal(err)
	}
	return Instance{Type: i.Type, State: c.read(s, res.NewState), Private: res.Private, Identity: res.NewIdentity}, Errors(res.Diagnostics)
}

// Import imports an instance, and reads it as Terraform does then.
func (c *Core) Import(typ, id string) (Instance, string) {
	c.t.Helper()
	res, err := c.server.ImportResourceState(c.ctx, &tfprotov6.ImportResourceStateRequest{TypeName: typ, ID: id})
	if err != nil {
		c.t.Fatal(err)
	}
	if errs := Errors(res.Diagnostics); errs != "" {
		return Instance{}, errs
	}
	one := res.ImportedResources[0]
	return c.Refresh(Instance{Type: typ, State: c.read(c.schema(typ), one.State), Private: one.Private, Identity: one.Identity})
}

// MustApply plans a configuration, applies it unless there is nothing to do, refreshes, and expects that nothing is
// left to do.
func (c *Core) MustApply(prior Instance, config map[string]any) Instance {
	c.t.Helper()
	plan, errs := c.Plan(prior, config)
	if errs != "" {
		c.t.Fatalf("plan of %s: %s", prior.Type, errs)
	}
	got := prior
	if !plan.Empty() {
		if got, errs = c.Apply(plan); errs != "" {
			c.t.Fatalf("apply of %s: %s", prior.Type, errs)
		}
	}
	if config == nil {
		if !got.State.IsNull() {
			c.t.Fatalf("%s is still there after a destroy", prior.Type)
		}
		return got
	}
	if got, errs = c.Refresh(got); errs != "" {
		c.t.Fatalf("refresh of %s: %s", prior.Type, errs)
	}
	again, errs := c.Plan(got, config)
	if errs != "" || !again.Empty() {
		c.t.Fatalf("the plan after an apply of %s is not empty: %s%s", prior.Type, errs, again.Difference())
	}
	return got
}

// Ephemeral is an ephemeral resource that is open.
type Ephemeral struct {
	Type    string
	Private []byte
	// Result has its attributes as JSON has them.
	Result map[string]any
}

// Open validates a configuration and opens an ephemeral resource.
func (c *Core) Open(typ string, config map[string]any) (Ephemeral, []*tfprotov6.Diagnostic) {
	c.t.Helper()
	s := c.schemas.EphemeralResourceSchemas[typ]
	if s == nil {
		c.t.Fatalf("the provider has no ephemeral resource %s", typ)
	}
	v := c.value(s.ValueType(), config)
	checked, err := c.server.ValidateEphemeralResourceConfig(c.ctx, &tfprotov6.ValidateEphemeralResourceConfigRequest{TypeName: typ, Config: c.dynamic(v)})
	if err != nil {
		c.t.Fatal(err)
	}
	if len(checked.Diagnostics) > 0 {
		return Ephemeral{}, checked.Diagnostics
	}
	res, err := c.server.OpenEphemeralResource(c.ctx, &tfprotov6.OpenEphemeralResourceRequest{TypeName: typ, Config: c.dynamic(v)})
	if err != nil {
		c.t.Fatal(err)
	}
	if len(res.Diagnostics) > 0 {
		return Ephemeral{}, res.Diagnostics
	}
	got := c.read(s, res.Result)
	if wrong := invalidPlan(got, v, v, tftypes.NewAttributePath()); len(wrong) > 0 || !got.IsFullyKnown() {
		c.t.Fatalf("the provider produced an invalid result of %s: %v\n%s", typ, got, strings.Join(wrong, "\n"))
	}
	result, _ := plain(got).(map[string]any)
	return Ephemeral{typ, res.Private, result}, nil
}

// Close closes an ephemeral resource.
func (c *Core) Close(e Ephemeral) []*tfprotov6.Diagnostic {
	c.t.Helper()
	res, err := c.server.CloseEphemeralResource(c.ctx, &tfprotov6.CloseEphemeralResourceRequest{TypeName: e.Type, Private: e.Private})
	if err != nil {
		c.t.Fatal(err)
	}
	return res.Diagnostics
}

// Attributes returns all attributes as JSON has them.
func (i Instance) Attributes() map[string]any {
	all, _ := plain(i.State).(map[string]any)
	return all
}

// Attribute returns one attribute as JSON has it, nil if it is null.
func (i Instance) Attribute(name string) any { return plain(members(i.State)[name]) }

// ID returns the attribute id, "" if there is none.
func (i Instance) ID() string {
	id, _ := i.Attribute("id").(string)
	return id
}

// schema returns the schema of a resource.
func (c *Core) schema(typ string) *tfprotov6.Schema {
	s := c.schemas.ResourceSchemas[typ]
	if s == nil {
		c.t.Fatalf("the provider has no resource %s", typ)
	}
	return s
}

func (c *Core) value(typ tftypes.Type, config map[string]any) tftypes.Value {
	raw, err := json.Marshal(config)
	if err != nil {
		c.t.Fatal(err)
	}
	v, err := tftypes.ValueFromJSON(raw, typ) //nolint:staticcheck // There is no other way from JSON to a value.
	if err != nil {
		c.t.Fatalf("%s: %v", raw, err)
	}
	return v
}

func (c *Core) dynamic(v tftypes.Value) *tfprotov6.DynamicValue {
	d, err := tfprotov6.NewDynamicValue(v.Type(), v)
	if err != nil {
		c.t.Fatal(err)
	}
	return &d
}

func (c *Core) read(s *tfprotov6.Schema, d *tfprotov6.DynamicValue) tftypes.Value {
	v, err := d.Unmarshal(s.ValueType())
	if err != nil {
		c.t.Fatal(err)
	}
	return v
}

func members(v tftypes.Value) map[string]tftypes.Value {
	var m map[string]tftypes.Value
	if v.Type() == nil || v.IsNull() || !v.IsKnown() || v.As(&m) != nil {
		return nil
	}
	return m
}

// propose merges prior and configuration: what is configured, and for the rest what was computed before.
func propose(attributes []*tfprotov6.SchemaAttribute, typ tftypes.Type, prior, config tftypes.Value) tftypes.Value {
	was, is, out := members(prior), members(config), map[string]tftypes.Value{}
	for _, a := range attributes {
		value, before := is[a.Name], was[a.Name]
		t := a.ValueType()
		switch {
		case a.WriteOnly:
			out[a.Name] = tftypes.NewValue(t, nil)
		case value.IsNull() && a.Computed:
			if before.Type() == nil {
				before = tftypes.NewValue(t, nil)
			}
			out[a.Name] = before
		case a.NestedType != nil && !value.IsNull() && a.NestedType.Nesting == tfprotov6.SchemaObjectNestingModeSingle:
			out[a.Name] = propose(a.NestedType.Attributes, t, before, value)
		case a.NestedType != nil && !value.IsNull() && a.NestedType.Nesting == tfprotov6.SchemaObjectNestingModeMap:
			elements, earlier := map[string]tftypes.Value{}, members(before)
			for key, e := range members(value) {
				elements[key] = propose(a.NestedType.Attributes, t.(tftypes.Map).ElementType, earlier[key], e)
			}
			out[a.Name] = tftypes.NewValue(t, elements)
		default:
			out[a.Name] = value
		}
	}
	return tftypes.NewValue(typ, out)
}

// invalidPlan lists where a plan contradicts the configuration: a configured value may be planned as it is or as it
// was, and not otherwise.
func invalidPlan(planned, config, prior tftypes.Value, at *tftypes.AttributePath) []string {
	if config.Type() == nil || config.IsNull() || !config.IsKnown() || planned.Equal(config) || (prior.Type() != nil && planned.Equal(prior)) {
		return nil
	}
	if m := members(planned); m != nil {
		var wrong []string
		configured, before := members(config), members(prior)
		for name, p := range m {
			if strings.HasSuffix(name, "_wo") && p.IsNull() {
				continue
			}
			wrong = append(wrong, invalidPlan(p, configured[name], before[name], at.WithAttributeName(name))...)
		}
		return wrong
	}
	return []string{fmt.Sprintf("%s: configured %v, planned %v", at, config, planned)}
}

// inconsistent lists where a result is not what was planned.
func inconsistent(planned, got tftypes.Value, at *tftypes.AttributePath) []string {
	if !planned.IsKnown() || planned.Equal(got) {
		return nil
	}
	p, g := members(planned), members(got)
	if p == nil || g == nil || len(p) != len(g) {
		return []string{fmt.Sprintf("%s: planned %v, got %v", at, planned, got)}
	}
	var wrong []string
	for name, v := range p {
		o, ok := g[name]
		if !ok {
			wrong = append(wrong, fmt.Sprintf("%s: %s is missing", at, name))
			continue
		}
		wrong = append(wrong, inconsistent(v, o, at.WithAttributeName(name))...)
	}
	return wrong
}

func plain(v tftypes.Value) any {
	if v.Type() == nil || v.IsNull() || !v.IsKnown() {
		return nil
	}
	switch {
	case v.Type().Is(tftypes.String):
		var s string
		_ = v.As(&s)
		return s
	case v.Type().Is(tftypes.Bool):
		var b bool
		_ = v.As(&b)
		return b
	case v.Type().Is(tftypes.Number):
		n := new(big.Float)
		_ = v.As(&n)
		return json.Number(n.Text('f', -1))
	}
	if m := members(v); m != nil {
		out := map[string]any{}
		for k, e := range m {
			out[k] = plain(e)
		}
		return out
	}
	var list []tftypes.Value
	_ = v.As(&list)
	out := []any{}
	for _, e := range list {
		out = append(out, plain(e))
	}
	return out
}
