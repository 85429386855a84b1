package engine_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"github.com/demarc/demarc/provider/internal/coretest"
	"github.com/demarc/demarc/provider/internal/fakeapi"
)

const offer = "demarc_offer"

// offered is what an owner declares: every field, those that only some may see among them.
func offered() map[string]any {
	return map[string]any{"name": "gold", "price": 10, "cost": 5, "margin": 6, "rating": "good", "lifetime": 12,
		"seasons": map[string]any{"summer": map[string]any{"price": 9, "cost": 4, "margin": 3}}, "terms": map[string]any{"days": 30, "cost": 2}}
}

// core is Terraform's core, played to the provider in this process.
func (c *cloud) core() *coretest.Core {
	c.t.Helper()
	server, err := providerserver.NewProtocol6WithError(c.provider())()
	if err != nil {
		c.t.Fatal(err)
	}
	return coretest.New(c.t, server, map[string]any{"endpoint": c.URL, "token": fakeapi.Token})
}

// refresh reads the instance, which must go well.
func refresh(t *testing.T, core *coretest.Core, i coretest.Instance) coretest.Instance {
	t.Helper()
	i, problem := core.Refresh(i)
	if problem != "" {
		t.Fatal(problem)
	}
	return i
}

// empty makes sure that nothing is planned.
func empty(t *testing.T, core *coretest.Core, i coretest.Instance, config map[string]any) {
	t.Helper()
	if p, problem := core.Plan(i, config); problem != "" {
		t.Errorf("no plan: %s", problem)
	} else if !p.Empty() {
		t.Errorf("the plan is not empty: %s", p.Difference())
	}
}

// What an owner has applied, a token that may not see all of it plans without a difference, and can change the rest of.
func TestHiddenFieldsKeepTheirState(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	core := c.core()
	config := offered()
	owned := core.MustApply(core.Nothing(offer), config)
	id := owned.ID()

	c.Hide("offers.get_cost", "offers.get_margin")
	core = c.core()
	seen := refresh(t, core, owned)
	if !reflect.DeepEqual(seen.Attributes(), owned.Attributes()) {
		t.Errorf("the state was %v, and is %v once it was read by who does not see all", owned.Attributes(), seen.Attributes())
	}
	empty(t, core, seen, config)

	config["price"] = 11
	config["seasons"].(map[string]any)["summer"].(map[string]any)["price"] = 8
	config["terms"].(map[string]any)["days"] = 14
	changed := core.MustApply(seen, config)
	if changed.Attribute("cost") == nil || changed.Attribute("rating") != "good" {
		t.Errorf("the state lost %v", changed.Attributes())
	}
	is := c.Object(id)
	want := map[string]any{"price": 11.0, "cost": 5.0, "margin": 6.0, "rating": "good", "lifetime": 12.0,
		"seasons": map[string]any{"summer": map[string]any{"price": 8.0, "cost": 4.0, "margin": 3.0}}, "terms": map[string]any{"days": 14.0, "cost": 2.0}}
	for name, value := range want {
		if !reflect.DeepEqual(is[name], value) {
			t.Errorf("%s is %v, want %v", name, is[name], value)
		}
	}
	// An entry can go with what is hidden in it, and one that says nothing of that can come.
	config["seasons"] = map[string]any{"winter": map[string]any{"price": 7}}
	changed = core.MustApply(changed, config)
	if got := c.Object(id)["seasons"]; !reflect.DeepEqual(got, map[string]any{"winter": map[string]any{"price": 7.0, "cost": nil, "margin": 8.0}}) {
		t.Errorf("the seasons are %v", got)
	}

	// Whoever sees it finds what is there.
	c.Hide()
	core = c.core()
	c.Change(id, "cost", 99)
	if got := refresh(t, core, changed); fmt.Sprint(got.Attribute("cost")) != "99" {
		t.Errorf("read as %v", got.Attribute("cost"))
	}
}

// What a plan would change of what its token may not see is refused before anything runs, at the attribute, with the permission.
func TestHiddenFieldsAreNotSet(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	core := c.core()
	owned := core.MustApply(core.Nothing(offer), offered())
	c.Hide("offers.get_cost", "offers.get_margin")
	core = c.core()
	seen := refresh(t, core, owned)
	c.Requests()
	for _, c := range []struct {
		at     string
		change func(map[string]any)
	}{
		{`AttributeName("cost")`, func(o map[string]any) { o["cost"] = 6 }},
		{`AttributeName("margin")`, func(o map[string]any) { o["margin"] = 5 }},
		{`AttributeName("rating")`, func(o map[string]any) { o["rating"] = "bad" }},
		{`AttributeName("lifetime")`, func(o map[string]any) { o["lifetime"] = 1 }},
		{`AttributeName("seasons").ElementKeyString("summer").AttributeName("cost")`, func(o map[string]any) {
			o["seasons"].(map[string]any)["summer"].(map[string]any)["cost"] = 1
		}},
		{`AttributeName("seasons").ElementKeyString("winter").AttributeName("margin")`, func(o map[string]any) {
			o["seasons"].(map[string]any)["winter"] = map[string]any{"price": 1, "margin": 1}
		}},
		{`AttributeName("terms").AttributeName("cost")`, func(o map[string]any) { delete(o["terms"].(map[string]any), "cost") }},
		{`AttributeName("cost")`, func(o map[string]any) { delete(o, "cost") }},
	} {
		config := offered()
		c.change(config)
		_, problem := core.Plan(seen, config)
		if !strings.Contains(problem, c.at) || !strings.Contains(problem, "offers.get_") || !strings.Contains(problem, "it is hidden from this token") {
			t.Errorf("%s: %s", c.at, problem)
		}
	}
	// Another object in its place would have to be made with what it may not set: that is told before the first is gone.
	config := offered()
	config["region"] = "there"
	if _, problem := core.Plan(seen, config); !strings.Contains(problem, `AttributeName("cost")`) {
		t.Errorf("a replacement: %s", problem)
	}
	for _, r := range c.Requests() {
		if r.Method != "GET" {
			t.Errorf("was sent: %s %s", r.Method, r.Path)
		}
	}
}

// At a create nothing is known yet of what the token may see: the server refuses, and the refusal is at the attribute.
func TestHiddenFieldsAtCreate(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.Hide("offers.get_cost", "offers.get_margin")
	core := c.core()
	plan, problem := core.Plan(core.Nothing(offer), offered())
	if problem != "" {
		t.Fatal(problem)
	}
	if _, problem := core.Apply(plan); !strings.Contains(problem, `AttributeName("cost")`) || !strings.Contains(problem, "offers.get_cost") {
		t.Errorf("refused by %s", problem)
	}
	// Without what it may not set, the defaults of which the server knows itself.
	config := map[string]any{"name": "gold", "price": 10, "seasons": map[string]any{"summer": map[string]any{"price": 9}}, "terms": map[string]any{"days": 30}}
	made := core.MustApply(core.Nothing(offer), config)
	empty(t, core, refresh(t, core, made), config)
	config["price"] = 12
	empty(t, core, refresh(t, core, core.MustApply(made, config)), config)
	if got := c.Object(made.ID()); got["margin"] != 7.0 || got["cost"] != nil || got["price"] != 12.0 {
		t.Errorf("made was %v", got)
	}
}

// An import leaves null what it does not see, and that is no change.
func TestHiddenFieldsAreImportedAsNull(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	id := c.Seed("offer", map[string]any{"name": "gold", "price": 10, "cost": 5, "margin": 6, "rating": "good", "lifetime": 12,
		"seasons": map[string]any{"summer": map[string]any{"price": 9, "cost": 4, "margin": 3}}})
	c.Hide("offers.get_cost", "offers.get_margin")
	core := c.core()
	imported, problem := core.Import(offer, id)
	if problem != "" {
		t.Fatal(problem)
	}
	for _, name := range []string{"cost", "margin", "rating", "lifetime"} {
		if v := imported.Attribute(name); v != nil {
			t.Errorf("%s was imported as %v", name, v)
		}
	}
	config := map[string]any{"name": "gold", "price": 10, "seasons": map[string]any{"summer": map[string]any{"price": 9}}}
	empty(t, core, imported, config)
	config["price"] = 11
	changed := core.MustApply(imported, config)
	empty(t, core, refresh(t, core, changed), config)
	if got := c.Object(id); got["margin"] != 6.0 || got["rating"] != "good" || got["price"] != 11.0 {
		t.Errorf("it is %v", got)
	}
	// Whoever sees it afterwards finds a difference where there is one.
	c.Hide()
	core = c.core()
	if p, problem := core.Plan(refresh(t, core, changed), config); problem != "" || p.Empty() {
		t.Errorf("who sees margin = 6 plans nothing to make it 7 again: %s", problem)
	}
}
