package engine_test

import (
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/demarc/demarc/provider/internal/fakeapi"
)

const router = "demarc_router.test"

// planned expects what a plan does with the router.
func planned(action plancheck.ResourceActionType) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{
		PreApply:             []plancheck.PlanCheck{plancheck.ExpectResourceAction(router, action)},
		PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
	}
}

func attribute(name string, want knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(router, tfjsonpath.New(name), want)
}

const everything = `
	display_name = "Core router"
	labels = { env = "prod", tier = "gold" }
	buffer_mib = 16
	routes_limit = 100
	gateway = "mine"
	uplink = { carrier = "acme", circuit = "c-1" }
	ports = {
	  p1 = { vlan = 7, note = "first", address = "a1" }
	  p2 = {}
	}
	contacts = ["b@x", "a@x"]
	price = { amount = "12.50", currency = "EUR" }
	network = "10.0.0.0/24"
	timeouts = { create = "2m" }
	secret_wo = "hush-hush"
	secret_wo_version = 1`

// Every optional attribute can be set, changed, and removed again, and each step leaves an empty plan.
func TestSetAndClearEverything(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	secret := func(want any) resource.TestCheckFunc {
		return func(*terraform.State) error {
			if got := c.Secret(c.the(), "secret"); got != want {
				return fmt.Errorf("secret: got %v, want %v", got, want)
			}
			return nil
		}
	}
	c.run(
		resource.TestStep{Config: c.router(everything), ConfigPlanChecks: planned(plancheck.ResourceActionCreate), Check: secret("hush-hush"),
			ConfigStateChecks: []statecheck.StateCheck{
				attribute("secret_wo", knownvalue.Null()),
				attribute("plan", knownvalue.StringExact("small")),
				attribute("serial", knownvalue.NotNull()),
				attribute("unfinished", knownvalue.Null()),
				statecheck.ExpectKnownValue(router, tfjsonpath.New("ports").AtMapKey("p2").AtMapKey("vlan"), knownvalue.Int64Exact(1)),
			}},
		resource.TestStep{
			Config: c.router(strings.NewReplacer(`"12.50"`, `"12.5"`).Replace(everything)),
			// The same amount, written otherwise.
			ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()}},
		},
		resource.TestStep{
			Config:           c.router(strings.NewReplacer(`note = "first", `, "", `, circuit = "c-1"`, "", "p2 = {}", "", `, tier = "gold"`, "", "hush-hush", "other-secret", "version = 1", "version = 2").Replace(everything)),
			ConfigPlanChecks: planned(plancheck.ResourceActionUpdate), Check: secret("other-secret"),
			ConfigStateChecks: []statecheck.StateCheck{
				attribute("labels", knownvalue.MapExact(map[string]knownvalue.Check{"env": knownvalue.StringExact("prod")})),
				attribute("ports", knownvalue.MapSizeExact(1)),
				statecheck.ExpectKnownValue(router, tfjsonpath.New("uplink").AtMapKey("circuit"), knownvalue.Null()),
			}},
		resource.TestStep{Config: c.router("buffer_mib = 16"), ConfigPlanChecks: planned(plancheck.ResourceActionUpdate), Check: secret(nil),
			ConfigStateChecks: []statecheck.StateCheck{
				attribute("display_name", knownvalue.Null()),
				attribute("uplink", knownvalue.Null()),
				attribute("price", knownvalue.Null()),
				attribute("labels", knownvalue.MapSizeExact(0)),
				attribute("contacts", knownvalue.SetSizeExact(0)),
				attribute("gateway", knownvalue.StringRegexp(regexp.MustCompile("^chosen-"))),
			}},
	)
	for _, r := range c.Requests() {
		if strings.Contains(r.Path+r.Query, "hush") {
			t.Errorf("the secret is in a URL: %s?%s", r.Path, r.Query)
		}
	}
}

// One alternative replaces another, in one PATCH.
func TestAlternatives(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.run(
		resource.TestStep{Config: c.router(`static = { address = "10.0.0.1" }`)},
		resource.TestStep{Config: c.router(`dynamic = { pool = "p" }`), ConfigPlanChecks: planned(plancheck.ResourceActionUpdate)},
	)
}

func TestCannotShrink(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.run(
		resource.TestStep{Config: c.router("buffer_mib = 16")},
		resource.TestStep{Config: c.router("buffer_mib = 32"), ConfigPlanChecks: planned(plancheck.ResourceActionUpdate)},
		resource.TestStep{Config: c.router("buffer_mib = 16"), PlanOnly: true, ExpectError: regexp.MustCompile(`it is 32 and cannot become\s+16`)},
		// A new object may be smaller.
		resource.TestStep{Config: c.router("buffer_mib = 16\n plan = \"large\""), ConfigPlanChecks: planned(plancheck.ResourceActionReplace)},
		resource.TestStep{Config: c.router("buffer_mib = 8\n plan = \"large\""), Taint: []string{router}, ConfigPlanChecks: planned(plancheck.ResourceActionReplace)},
	)
}

func TestReplacedOnImmutableChange(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.run(
		resource.TestStep{Config: c.router("")},
		resource.TestStep{Config: c.router(`plan = "large"`), ConfigPlanChecks: planned(plancheck.ResourceActionReplace)},
	)
}

// An attribute whose default the server makes: kept while nobody says anything, and chosen anew once the
// configuration no longer gives it.
func TestServerDefault(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.run(
		resource.TestStep{Config: c.router("")},
		resource.TestStep{Config: c.router("buffer_mib = 16"), ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: []plancheck.PlanCheck{
			plancheck.ExpectKnownValue(router, tfjsonpath.New("gateway"), knownvalue.StringRegexp(regexp.MustCompile("^chosen-"))),
			plancheck.ExpectKnownValue(router, tfjsonpath.New("serial"), knownvalue.NotNull()),
		}}},
		resource.TestStep{Config: c.router("buffer_mib = 16\n gateway = \"mine\"\n ports = { p1 = { address = \"a1\" } }")},
		resource.TestStep{Config: c.router("buffer_mib = 16\n ports = { p1 = {} }"), ConfigPlanChecks: resource.ConfigPlanChecks{
			PreApply: []plancheck.PlanCheck{
				plancheck.ExpectUnknownValue(router, tfjsonpath.New("gateway")),
				plancheck.ExpectUnknownValue(router, tfjsonpath.New("ports").AtMapKey("p1").AtMapKey("address")),
			},
			PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
		}, ConfigStateChecks: []statecheck.StateCheck{
			attribute("gateway", knownvalue.StringRegexp(regexp.MustCompile("^chosen-"))),
			statecheck.ExpectKnownValue(router, tfjsonpath.New("ports").AtMapKey("p1").AtMapKey("address"), knownvalue.StringRegexp(regexp.MustCompile("^chosen-"))),
		}},
	)
}

// An attribute that others set, too: what they set is no reason to change anything, until the configuration says something; what it said stays when
// it no longer does.
func TestKept(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.run(
		resource.TestStep{Config: c.router(""), ConfigStateChecks: []statecheck.StateCheck{attribute("mode", knownvalue.StringExact("on"))}},
		resource.TestStep{PreConfig: func() { c.Change(c.the(), "mode", "off") }, Config: c.router(""), ConfigPlanChecks: planned(plancheck.ResourceActionNoop),
			ConfigStateChecks: []statecheck.StateCheck{attribute("mode", knownvalue.StringExact("off"))}},
		resource.TestStep{Config: c.router("buffer_mib = 16"), ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{attribute("mode", knownvalue.StringExact("off"))}},
		resource.TestStep{Config: c.router("buffer_mib = 16\n mode = \"on\""), ConfigPlanChecks: planned(plancheck.ResourceActionUpdate)},
		resource.TestStep{Config: c.router("buffer_mib = 16"), ConfigPlanChecks: planned(plancheck.ResourceActionNoop),
			ConfigStateChecks: []statecheck.StateCheck{attribute("mode", knownvalue.StringExact("on"))}},
	)
}

// An attribute that follows others is unknown where one of them changes, at any remove, and known where none does.
func TestFollowers(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.run(
		resource.TestStep{Config: c.router(""), ConfigStateChecks: []statecheck.StateCheck{attribute("tag", knownvalue.StringExact("core.8")), attribute("mark", knownvalue.StringExact("core.8"))}},
		resource.TestStep{Config: c.router("buffer_mib = 16"), ConfigPlanChecks: resource.ConfigPlanChecks{
			PreApply:             []plancheck.PlanCheck{plancheck.ExpectUnknownValue(router, tfjsonpath.New("tag")), plancheck.ExpectUnknownValue(router, tfjsonpath.New("mark"))},
			PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
		}, ConfigStateChecks: []statecheck.StateCheck{attribute("mark", knownvalue.StringExact("core.16"))}},
		resource.TestStep{Config: c.router("buffer_mib = 16\n mode = \"off\""), ConfigPlanChecks: resource.ConfigPlanChecks{
			PreApply: []plancheck.PlanCheck{
				plancheck.ExpectKnownValue(router, tfjsonpath.New("tag"), knownvalue.StringExact("core.16")),
				plancheck.ExpectKnownValue(router, tfjsonpath.New("mark"), knownvalue.StringExact("core.16"))},
			PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
		}},
	)
}

// Only Terraform's own attributes differ: nothing is sent.
func TestTimeoutsAloneSendNothing(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.run(
		resource.TestStep{Config: c.router("")},
		resource.TestStep{PreConfig: func() { c.Requests() }, Config: c.router(`timeouts = { update = "1m" }`), ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
			Check: func(*terraform.State) error {
				if n := c.writes(); len(n) > 0 {
					return fmt.Errorf("sent: %v", n)
				}
				return nil
			}},
	)
}

func TestDeletedAndChangedOutside(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.run(
		resource.TestStep{Config: c.router(everything)},
		resource.TestStep{PreConfig: func() {
			c.Change(c.the(), "display_name", "Somebody else's")
			c.Change(c.the(), "labels", map[string]any{"env": "prod", "owner": "them"})
		}, Config: c.router(everything), ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
			ConfigStateChecks: []statecheck.StateCheck{attribute("labels", knownvalue.MapExact(map[string]knownvalue.Check{
				"env": knownvalue.StringExact("prod"), "tier": knownvalue.StringExact("gold")}))}},
		resource.TestStep{PreConfig: func() { c.Remove(c.the()) }, Config: c.router(everything), ConfigPlanChecks: planned(plancheck.ResourceActionCreate)},
		// Deleting what is gone already is no error; nor is deleting what goes while Terraform looks.
		resource.TestStep{Config: "# nothing", PreConfig: func() {
			var once atomic.Bool
			c.Intercept(func(r fakeapi.Request) *fakeapi.Problem {
				if r.Method == "DELETE" && !once.Swap(true) {
					c.Remove(strings.TrimPrefix(r.Path, "/routers/"))
				}
				return nil
			})
		}},
	)
}

// While an operation runs on the object, a write waits for it and is sent again.
func TestWaitsForOtherOperation(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.run(
		resource.TestStep{Config: c.router("")},
		resource.TestStep{PreConfig: func() {
			c.Hold(func(action string) bool { return action == "router.update" })
			c.other("PATCH", "/routers/"+c.the(), `{"routes_limit":5}`)
			c.Requests()
			c.Intercept(func(r fakeapi.Request) *fakeapi.Problem {
				if strings.HasPrefix(r.Path, "/operations/") {
					c.Release() // The provider waits for it: now it may end.
				}
				return nil
			})
		}, Config: c.router("buffer_mib = 16\n routes_limit = 5"), ConfigPlanChecks: planned(plancheck.ResourceActionUpdate),
			Check: func(*terraform.State) error {
				if n := c.writes(); n["PATCH"] != 2 {
					return fmt.Errorf("want the PATCH refused once and repeated, got %v", n)
				}
				return nil
			}},
	)
}

// Somebody writes between plan and apply: elsewhere it does not matter, to the same attribute it is an error.
func TestRevisionConflict(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	between := func(field string, value any) func() {
		return func() {
			var once atomic.Bool
			c.Intercept(func(r fakeapi.Request) *fakeapi.Problem {
				if (r.Method == "PATCH" || r.Method == "DELETE") && !once.Swap(true) {
					if r.Header.Get("If-Match") == "" {
						return &fakeapi.Problem{Status: 428, Code: "if_match_required", Detail: "no If-Match"}
					}
					c.Change(strings.TrimPrefix(r.Path, "/routers/"), field, value)
				}
				return nil
			})
		}
	}
	c.run(
		resource.TestStep{Config: c.router("routes_limit = 1")},
		resource.TestStep{PreConfig: between("routes_limit", 7), Config: c.router("routes_limit = 2"),
			ExpectError: regexp.MustCompile(`(?s)routes_limit was changed\s+meanwhile.*it was\s+1,\s+is\s+now\s+7,\s+and\s+the\s+plan\s+makes\s+it\s+2`)},
		resource.TestStep{PreConfig: between("display_name", "theirs"), Config: c.router("routes_limit = 2\n display_name = \"theirs\"")},
		resource.TestStep{PreConfig: between("display_name", nil), Config: c.router("routes_limit = 3\n buffer_mib = 9\n display_name = \"theirs\""), ExpectNonEmptyPlan: true},
		resource.TestStep{PreConfig: between("display_name", "ours"), Config: "# nothing"},
	)
}

// Refusals land on their attributes, all of them, with the request id.
func TestRefusals(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.Intercept(func(r fakeapi.Request) *fakeapi.Problem {
		if r.Method != "POST" {
			return nil
		}
		return &fakeapi.Problem{Status: 422, Code: "invalid", Detail: "2 fields are wrong", Members: map[string]any{"request_id": "req_wanted", "errors": []map[string]any{
			{"pointer": "/uplink/carrier", "code": "invalid", "detail": "is not known here"},
			{"pointer": "/secret", "code": "invalid", "detail": "was leaked once"}}}}
	})
	c.run(resource.TestStep{Config: c.router(everything), ExpectError: regexp.MustCompile(
		`(?s)uplink\.carrier\s+is\s+refused.*Is not known here\..*req_wanted.*secret_wo\s+is\s+refused.*Was leaked once\..*req_wanted`)})
}

// The name is taken: the message says by what, and how to adopt it.
func TestNameTaken(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	id := c.Seed("router", map[string]any{"name": "core", "site_id": c.site})
	c.run(
		resource.TestStep{Config: c.router(""), ExpectError: regexp.MustCompile(`(?s)terraform import demarc_router\.example ` + id + `.*import \{.*id = "` + id)},
		resource.TestStep{PreConfig: func() { c.Remove(id) }, Config: c.router("")},
	)
}

// The name is taken by an object on its way out: the create waits for it to go.
func TestNameOfDeletedObject(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	id := c.Seed("router", map[string]any{"name": "core", "site_id": c.site})
	c.Hold(func(action string) bool { return action == "router.delete" })
	c.other("DELETE", "/routers/"+id, "")
	c.Intercept(func(r fakeapi.Request) *fakeapi.Problem {
		if strings.HasPrefix(r.Path, "/operations/") {
			c.Release()
		}
		return nil
	})
	c.run(resource.TestStep{Config: c.router("")})
}

func TestDeleteRefused(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.run(
		resource.TestStep{Config: c.router("deletion_protection = true")},
		resource.TestStep{Config: "# nothing", ExpectError: regexp.MustCompile(`(?s)Cannot delete demarc_router "core".*deletion_protection = false`)},
		resource.TestStep{Config: c.router("deletion_protection = true\n plan = \"large\""), ExpectError: regexp.MustCompile(`Cannot delete demarc_router "core"`)},
		resource.TestStep{Config: c.router("")},
	)
	site := "resource \"demarc_site\" \"test\" {\n  name = \"bruges\"\n}\n"
	var child string
	c.run(
		resource.TestStep{Config: site, Check: func(*terraform.State) error {
			for _, id := range c.Find("site") {
				if id != c.site {
					child = c.Seed("router", map[string]any{"name": "inside", "site_id": id})
				}
			}
			return nil
		}},
		resource.TestStep{Config: "# nothing", ExpectError: regexp.MustCompile(`(?s)still contains.*router inside \(rt_`)},
		resource.TestStep{PreConfig: func() { c.Remove(child) }, Config: "# nothing"},
	)
}

// A create whose operation fails is an error with the reason; the next apply replaces what is left of it.
func TestFailedCreate(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.Fail("router.create", "no host has room")
	var first string
	c.run(
		resource.TestStep{Config: c.router(""), ExpectError: regexp.MustCompile(`(?s)Cannot\s+create\s+demarc_router\s+"core".*no host has room.*Operation id: op_.*Request id: req_`)},
		resource.TestStep{PreConfig: func() { first = c.the() }, Config: c.router(""), ConfigPlanChecks: planned(plancheck.ResourceActionReplace),
			Check: func(*terraform.State) error {
				if c.the() == first {
					return fmt.Errorf("%s was not replaced", first)
				}
				return nil
			}},
	)
}

// A failed create of something protected cannot be replaced: the message says what to do instead.
func TestFailedCreateOfProtected(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.Fail("router.create", "no host has room")
	c.run(
		resource.TestStep{Config: c.router("deletion_protection = true"), ExpectError: regexp.MustCompile(`(?s)deletion_protection\s+refuses.*terraform\s+untaint`)},
		resource.TestStep{PreConfig: func() { c.Change(c.the(), "deletion_protection", false) }, Config: c.router("")},
	)
}

// An update whose operation fails is an error, and the next plan shows that it will be asked for again.
func TestFailedUpdateIsRetried(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.run(
		resource.TestStep{Config: c.router("")},
		resource.TestStep{PreConfig: func() { c.Fail("router.update", "the host went away") }, Config: c.router("buffer_mib = 16"),
			ExpectError: regexp.MustCompile(`(?s)the operation failed.*the host went away.*The next apply asks for it again`)},
		resource.TestStep{PreConfig: func() { c.Requests() }, Config: c.router("buffer_mib = 16"),
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PreApply: []plancheck.PlanCheck{
					plancheck.ExpectResourceAction(router, plancheck.ResourceActionUpdate),
					plancheck.ExpectKnownValue(router, tfjsonpath.New("unfinished"), knownvalue.Null()),
				},
				PostApplyPostRefresh: []plancheck.PlanCheck{plancheck.ExpectEmptyPlan()},
			},
			Check: func(*terraform.State) error {
				for _, r := range c.Requests() {
					if r.Method == "PATCH" && r.Body == "{}" {
						return nil
					}
				}
				return fmt.Errorf("no empty PATCH was sent")
			}},
		// Failed by somebody else's doing: seen, and repaired.
		resource.TestStep{PreConfig: func() {
			c.Fail("router.update", "again")
			c.other("PATCH", "/routers/"+c.the(), `{"routes_limit":5}`)
		}, Config: c.router("buffer_mib = 16\n routes_limit = 5"), ConfigPlanChecks: planned(plancheck.ResourceActionUpdate)},
	)
}

func TestFailedDelete(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.run(
		resource.TestStep{Config: c.router("")},
		resource.TestStep{PreConfig: func() { c.Fail("router.delete", "it is on fire") }, Config: "# nothing",
			ExpectError: regexp.MustCompile(`(?s)Cannot\s+delete\s+demarc_router\s+"core".*it is on fire`)},
		resource.TestStep{Config: "# nothing"},
	)
}

// The id is in the state although the wait failed: nothing is orphaned.
func TestIDIsSavedBeforeTheWait(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.Intercept(func(r fakeapi.Request) *fakeapi.Problem {
		if strings.HasPrefix(r.Path, "/operations/") {
			return &fakeapi.Problem{Status: 500, Code: "internal", Detail: "the server is broken"}
		}
		return nil
	})
	c.run(
		resource.TestStep{Config: c.router(""), ExpectError: regexp.MustCompile(`the server is broken`)},
		resource.TestStep{PreConfig: func() { c.Intercept(nil) }, Config: c.router(""), ConfigPlanChecks: planned(plancheck.ResourceActionReplace)},
	)
}

// The answer to the POST is lost: it is repeated with its key, and there is one object.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	var posts atomic.Int32
	c.Intercept(func(r fakeapi.Request) *fakeapi.Problem {
		if r.Method == "POST" && posts.Add(1) == 1 {
			if r.Header.Get("Idempotency-Key") == "" {
				return &fakeapi.Problem{Status: 400, Code: "malformed", Detail: "no key"}
			}
			c.again(r)
			return &fakeapi.Problem{Hangup: true}
		}
		return nil
	})
	c.run(resource.TestStep{Config: c.router(""), Check: func(*terraform.State) error {
		if posts.Load() < 2 {
			return fmt.Errorf("the POST was not repeated")
		}
		c.the()
		return nil
	}})
}

func TestImport(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	ignored := []string{"secret_wo_version", "timeouts"}
	c.run(
		resource.TestStep{Config: c.router(everything)},
		resource.TestStep{ResourceName: router, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: ignored},
		resource.TestStep{ResourceName: router, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: ignored, ImportStateId: "ghent/core"},
		resource.TestStep{ResourceName: router, ImportState: true, ImportStateVerify: true, ImportStateVerifyIgnore: ignored, ImportStateId: "core"},
		resource.TestStep{ResourceName: router, ImportState: true, ImportStateId: "ghent/none", ExpectError: regexp.MustCompile(`(?s)[Nn]o router has the name path "ghent/none"`)},
		resource.TestStep{ResourceName: router, ImportState: true, ImportStateId: c.site, ExpectError: regexp.MustCompile(`is the id of a\s+site`)},
		resource.TestStep{PreConfig: func() {
			other := c.Seed("site", map[string]any{"name": "bruges"})
			c.Seed("router", map[string]any{"name": "core", "site_id": other})
		}, ResourceName: router, ImportState: true, ImportStateId: "core", ExpectError: regexp.MustCompile(`(?s)2 objects of kind router\s+match`)},
		resource.TestStep{PreConfig: func() { c.Remove(c.Find("router")[1]) }, Config: c.router(everything)},
	)
}

func TestDataSources(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	id := c.Seed("router", map[string]any{"name": "core", "site_id": c.site, "labels": map[string]any{"env": "prod"},
		"ports": map[string]any{"p1": map[string]any{"vlan": 7}}, "plan": "large"})
	c.Seed("router", map[string]any{"name": "edge", "site_id": c.site})
	other := c.Seed("site", map[string]any{"name": "bruges"})
	c.Seed("router", map[string]any{"name": "core", "site_id": other})
	one := func(label, arguments string) string {
		return fmt.Sprintf("data \"demarc_router\" %q {\n%s\n}\n", label, arguments)
	}
	list := func(label, arguments string) string {
		return fmt.Sprintf("data \"demarc_routers\" %q {\n%s\n}\n", label, arguments)
	}
	var checks []statecheck.StateCheck
	for _, label := range []string{"id", "path", "name"} {
		at := "data.demarc_router." + label
		checks = append(checks,
			statecheck.ExpectKnownValue(at, tfjsonpath.New("id"), knownvalue.StringExact(id)),
			statecheck.ExpectKnownValue(at, tfjsonpath.New("state"), knownvalue.StringExact("active")),
			statecheck.ExpectKnownValue(at, tfjsonpath.New("ports").AtMapKey("p1").AtMapKey("vlan"), knownvalue.Int64Exact(7)))
	}
	for label, n := range map[string]int{"all": 3, "site": 2, "plan": 1, "plans": 3, "made": 3, "before": 0, "label": 1, "q": 1, "none": 0} {
		checks = append(checks, statecheck.ExpectKnownValue("data.demarc_routers."+label, tfjsonpath.New("items"), knownvalue.ListSizeExact(n)))
	}
	refused := func(arguments, want string) resource.TestStep {
		return resource.TestStep{Config: one("test", arguments), ExpectError: regexp.MustCompile("(?s)" + strings.ReplaceAll(want, " ", `\s+`))}
	}
	c.run(
		resource.TestStep{ConfigStateChecks: checks, Config: one("id", fmt.Sprintf("id = %q", id)) + one("path", `path = "ghent/core"`) +
			one("name", fmt.Sprintf("name = \"core\"\n site_id = %q", c.site)) +
			list("all", "") + list("site", fmt.Sprintf("site_id = %q", c.site)) + list("plan", `plan = ["large"]`) +
			list("plans", `plan = ["large", "small"]`) + list("made", "created_at_from = \"2020-01-01T00:00:00Z\"\n order_by = \"-name\"") +
			list("before", `created_at_until = "2020-01-01T00:00:00Z"`) +
			list("label", `label = "env=prod"`) + list("q", `q = "ed"`) + list("none", `q = "none"`)},
		refused(`name = "core"`, `Which router "core"\?.*`+id),
		refused(`path = "ghent/none"`, `No router "ghent/none"`),
		refused(`id = "rt_00000000000000000000009999"`, `No router rt_00000000000000000000009999`),
		resource.TestStep{PreConfig: func() {
			for _, id := range c.Find("router") {
				c.Remove(id)
			}
		}, Config: list("test", "")},
	)
}

// One refused list reaches the user with the permission that is missing.
func TestForbidden(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.Intercept(func(fakeapi.Request) *fakeapi.Problem {
		return &fakeapi.Problem{Status: 403, Code: "forbidden", Detail: "not allowed"}
	})
	c.run(resource.TestStep{Config: `data "demarc_routers" "test" {}`, ExpectError: regexp.MustCompile(`(?s)needs\s+the\s+permission\s+routers\.list`)},
		resource.TestStep{PreConfig: func() { c.Intercept(nil) }, Config: "# nothing"})
}

// Many objects of one parent are read by a few lists, and a token that may not list still reads them one by one.
func TestPrefetch(t *testing.T) {
	t.Parallel()
	const many = 40
	config := func(c *cloud, n int) string {
		return fmt.Sprintf("resource \"demarc_router\" \"test\" {\n count = %d\n name = \"r-${count.index}\"\n site_id = %q\n static = { address = \"a\" }\n}\n", n, c.site)
	}
	reads := func(c *cloud) (single, lists int) {
		for _, r := range c.Requests() {
			switch {
			case r.Method == "GET" && r.Path == "/routers":
				lists++
			case r.Method == "GET" && strings.HasPrefix(r.Path, "/routers/"):
				single++
			}
		}
		return single, lists
	}
	c := newCloud(t)
	c.run(
		resource.TestStep{Config: config(c, many)},
		resource.TestStep{PreConfig: func() { c.Requests() }, Config: config(c, many), PlanOnly: true},
		resource.TestStep{PreConfig: func() {
			single, lists := reads(c)
			// plugin-testing plans more than once in a step.
			if lists == 0 || single > lists*10 {
				t.Errorf("%d objects: %d single reads and %d lists", many, single, lists)
			}
			c.Intercept(func(r fakeapi.Request) *fakeapi.Problem {
				if r.Path == "/routers" && r.Method == "GET" {
					return &fakeapi.Problem{Status: 403, Code: "forbidden", Detail: "may not list"}
				}
				return nil
			})
			// Gone while the rest is listed: only its own read can tell.
			c.Remove(c.Find("router")[5])
		}, Config: config(c, many), ExpectNonEmptyPlan: false},
		resource.TestStep{PreConfig: func() { c.Intercept(nil); c.Remove(c.Find("router")[7]) }, Config: config(c, many), Check: func(*terraform.State) error {
			if n := len(c.Find("router")); n != many {
				return fmt.Errorf("%d routers", n)
			}
			return nil
		}},
	)
}

// other does what another client would.
func (c *cloud) other(method, path, body string) {
	c.t.Helper()
	status := c.do(method, path, body, "")
	if status >= 300 {
		c.t.Fatalf("%s %s: %d", method, path, status)
	}
}

// again sends a request that is under way, so that the server has acted on it although its answer gets lost.
func (c *cloud) again(r fakeapi.Request) {
	c.do(r.Method, r.Path, r.Body, r.Header.Get("Idempotency-Key"))
}
