package authz_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/notified"
)

// office is all sources and the locator: a viewer of a customer that is suspended, and one whose role is gone.
type office struct{}

func (office) Held(_ context.Context, p authn.Principal) ([]authz.Bound, error) {
	scope := authz.Chain{ID: "cus_1", BillingEntityID: "ben_1", CustomerID: "cus_1"}
	return []authz.Bound{
		{Grant: authz.Grant{ID: "rb_1", PrincipalKind: p.Kind, PrincipalID: p.ID, RoleID: "role_1"}, Scope: scope},
		{Grant: authz.Grant{ID: "rb_2", PrincipalKind: p.Kind, PrincipalID: p.ID, RoleID: "role_gone"}, Scope: scope},
	}, nil
}

func (o office) In(ctx context.Context, _ []string) ([]authz.Bound, error) {
	return o.Held(ctx, authn.Principal{Kind: authn.KindUser, ID: "ann"})
}

func (office) Roles(_ context.Context, ids []string) (map[string]authz.Role, error) {
	out := map[string]authz.Role{}
	if slices.Contains(ids, "role_1") {
		out["role_1"] = authz.Role{Name: "clerk", Permissions: []string{"things.get", "things.update", "bills.settle"}}
	}
	return out, nil
}

func (office) Suspended(context.Context, []string) ([]string, error) { return []string{"cus_1"}, nil }

func (office) Parents(context.Context) (map[string]string, error) {
	return map[string]string{"ben_1": ""}, nil
}

func (office) Locate(_ context.Context, id string) (authz.Chain, bool, error) {
	return authz.Chain{ID: id, BillingEntityID: "ben_1", CustomerID: "cus_1"}, true, nil
}

func (office) Visible(context.Context, string, authz.Access) (bool, error) { return true, nil }

func offices() authz.Sources {
	return authz.Sources{
		Bindings: office{}, Roles: office{}, Customers: office{}, BillingEntities: office{},
		Permissions: func() authz.Permissions {
			return authz.Permissions{Reads: map[string]bool{"things.get": true}, WhileSuspended: map[string]bool{"bills.settle": true}}
		},
		AtOneMoment: func(ctx context.Context, fn func(context.Context) error) error { return fn(ctx) },
	}
}

// What is missing is found when the server is put together, not by the first request.
func TestEverySourceIsNeeded(t *testing.T) {
	t.Parallel()
	for what, forget := range map[string]func(*authz.Sources){
		"bindings":         func(s *authz.Sources) { s.Bindings = nil },
		"roles":            func(s *authz.Sources) { s.Roles = nil },
		"customers":        func(s *authz.Sources) { s.Customers = nil },
		"billing entities": func(s *authz.Sources) { s.BillingEntities = nil },
		"permissions":      func(s *authz.Sources) { s.Permissions = nil },
		"one moment":       func(s *authz.Sources) { s.AtOneMoment = nil },
	} {
		s := offices()
		forget(&s)
		if _, err := authz.NewEvaluator(s, clock.Real(), office{}, nil); err == nil {
			t.Errorf("an evaluator without %s", what)
		}
	}
}

// Which permissions a suspended customer keeps is said by the operations, whatever they are called.
func TestASuspendedCustomerReadsAndPays(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	e, err := authz.NewEvaluator(offices(), clock.Real(), office{}, notified.NewGroup(d, clock.Real(), authz.Channel))
	if err != nil {
		t.Fatal(err)
	}
	caller, err := e.Caller(t.Context(), authn.Principal{Kind: authn.KindUser, ID: "ann"})
	if err != nil {
		t.Fatal(err)
	}
	for permission, want := range map[string]string{"things.get": "", "bills.settle": "", "things.update": "customer_suspended", "things.delete": "forbidden"} {
		_, err := e.Authorize(t.Context(), caller, authz.Request{Permission: permission, ObjectID: "thing_1", See: "things.get"})
		code := ""
		if f := fault.As(err); f != nil {
			code = f.Code
		}
		if code != want || want == "" && err != nil {
			t.Errorf("%s: %v, want %q", permission, err, want)
		}
	}
	holders, err := e.Binders(t.Context(), authz.Chain{ID: "cus_1", BillingEntityID: "ben_1", CustomerID: "cus_1"})
	if err != nil || len(holders) != 1 || holders[0].RoleName != "clerk" {
		t.Fatalf("%+v, %v", holders, err)
	}
	if got := holders[0].Granted(time.Now()); !slices.Equal(got, []string{"bills.settle", "things.get"}) {
		t.Errorf("granted are %v", got)
	}
}

// Of what is in a place that is no tenant some may be anybody's: who owns the place does not see all that is in it.
func TestOnePermissionWhereverAnotherIsHeld(t *testing.T) {
	t.Parallel()
	customer := authz.Chain{ID: "cus_1", BillingEntityID: "ben_2", CustomerID: "cus_1"}
	entity, above := authz.Chain{ID: "ben_2", BillingEntityID: "ben_2"}, authz.Chain{ID: "ben_1", BillingEntityID: "ben_1"}
	location := authz.Chain{ID: "loc_1", BillingEntityID: "ben_2"}
	platform := authz.Chain{ID: authz.Platform}
	past := time.Now().Add(-time.Hour)
	list := func(at authz.Chain) authz.Binding {
		return authz.Binding{Scope: at, Permissions: map[string]bool{"things.list": true}}
	}
	see := func(at authz.Chain) authz.Binding {
		return authz.Binding{Scope: at, Permissions: map[string]bool{"things.peek": true}}
	}
	for name, c := range map[string]struct {
		bindings []authz.Binding
		want     bool
	}{
		"nowhere":                   {nil, true},
		"one here, the other there": {[]authz.Binding{list(customer), see(location)}, false},
		"both here":                 {[]authz.Binding{list(customer), see(customer)}, true},
		"the other above":           {[]authz.Binding{list(customer), see(above)}, true},
		"the other below":           {[]authz.Binding{list(entity), see(customer)}, false},
		"the other everywhere":      {[]authz.Binding{list(customer), list(location), see(platform)}, true},
		"one everywhere":            {[]authz.Binding{list(platform), see(above)}, false},
		"a place, by who owns it":   {[]authz.Binding{list(location), see(entity)}, false},
		"a place, in itself":        {[]authz.Binding{list(location), see(location)}, true},
		"here, and one place more":  {[]authz.Binding{list(customer), list(location), see(customer)}, false},
		"here, and once one place more": {[]authz.Binding{list(customer), {Scope: location, ExpiresAt: &past, Permissions: map[string]bool{"things.list": true}},
			see(customer)}, true},
	} {
		caller := authz.NewCaller(authn.Principal{}, c.bindings, nil, map[string]string{"ben_1": "", "ben_2": "ben_1"}, nil, time.Now)
		if got := caller.Everywhere("things.list", "things.peek"); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
