package app

// What tenants may learn of each other, and how access begins and ends.

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/config"
)

func TestTenancy(t *testing.T) {
	t.Parallel()
	n := newSite(t).start(parts{})
	for name, test := range map[string]func(*node){
		"a reseller knows its subtree alone":      resellerKnowsItsSubtreeAlone,
		"what is hidden neither shows nor counts": hiddenNeitherShowsNorCounts,
		"moving a billing entity":                 movingABillingEntity,
		"status of a customer":                    statusOfACustomer,
		"nobody grants what they do not hold":     nobodyGrantsWhatTheyDoNotHold,
		"a token is worth no more than its maker": tokenIsWorthNoMoreThanItsMaker,
		"the last owner stays":                    lastOwnerStays,
		"answers are kept for who asked":          answersAreKeptForWhoAsked,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(n.on(t))
		})
	}
}

// A place is a tenant of these tests: a customer with a cloudspace and who may do what there.
type place struct {
	entity, customer, cloudspace string
	admin, reseller              *principal
}

// entity makes a billing entity below another.
func (n *node) entity(above, name string) string {
	n.t.Helper()
	return n.must(ownerToken, http.MethodPost, "/billing-entities", map[string]any{"name": name, "parent_id": above, "currency": "EUR"}).text("id")
}

// customer makes one.
func (n *node) customer(entity, name string) string {
	n.t.Helper()
	return n.must(ownerToken, http.MethodPost, "/customers", map[string]any{"name": name, "billing_entity_id": entity, "email": "it@example.com"}).text("id")
}

// place makes a customer called acme with a cloudspace called web in a billing entity, and admins of both; everything in it has the label env.
func (n *node) place(entity string) place {
	n.t.Helper()
	p := place{entity: entity}
	labels := map[string]any{"env": "prod"}
	p.customer = n.must(ownerToken, http.MethodPost, "/customers", map[string]any{
		"name": "acme", "billing_entity_id": entity, "email": "it@example.com", "labels": labels}).text("id")
	p.cloudspace = n.must(ownerToken, http.MethodPost, "/cloudspaces", map[string]any{
		"name": "web", "customer_id": p.customer, "location_id": n.items(ownerToken, "/locations?path=local")[0].text("id"), "labels": labels}).text("id")
	p.admin, p.reseller = n.account(p.customer, "admin"), n.account(entity, "reseller")
	p.admin.binding, p.reseller.binding = n.bind(p.admin, "customer-admin", p.customer), n.bind(p.reseller, "reseller-admin", entity)
	return p
}

// status sends a request and wants that status, and that code if it is a refusal.
func (n *node) status(token, method, path string, body any, status int, code string) reply {
	n.t.Helper()
	r := n.send(ask{token: token, method: method, path: path, body: body})
	if r.status != status || code != "" && r.problem(n.t).Code != code {
		n.t.Errorf("%s %s: %d: %s; want %d %s", method, path, r.status, r.body, status, code)
	}
	return r
}

// A reseller two levels down, among others with things of the same names.
func resellerKnowsItsSubtreeAlone(n *node) {
	top := n.entity(n.root, "subtree")
	middle := n.place(n.entity(top, "middle"))
	low := n.place(n.entity(middle.entity, "low"))
	beside := n.place(n.entity(middle.entity, "beside"))
	below := n.place(n.entity(low.entity, "below"))
	token := low.reseller.token

	// All that others have, by everything that tells it apart.
	others := map[string]bool{}
	for _, p := range []place{middle, beside} {
		for _, id := range []string{p.customer, p.cloudspace, p.admin.id, p.reseller.id, p.admin.binding, p.reseller.binding} {
			others[id] = true
		}
	}
	others[top], others[beside.entity] = true, true // that of middle is what the reseller's own record names as its parent
	silent := func(what string, r reply) {
		n.t.Helper()
		for id := range others {
			if strings.Contains(string(r.body), id) {
				n.t.Errorf("%s tells of %s: %s", what, id, r.body)
			}
		}
	}
	// Searches find what is in the subtree, and nothing else of that name.
	for path, want := range map[string][]string{
		"/billing-entities":                              {low.entity, below.entity},
		"/billing-entities?q=middle":                     {},
		"/billing-entities?path=middle/beside":           {},
		"/customers":                                     {low.customer, below.customer},
		"/customers?q=acm":                               {low.customer, below.customer},
		"/customers?path=acme":                           {low.customer, below.customer},
		"/customers?path=middle/acme":                    {},
		"/customers?path=low/acme":                       {low.customer},
		"/customers?label=env":                           {low.customer, below.customer},
		"/customers?order_by=-name&label=env%3Dprod":     {low.customer, below.customer},
		"/cloudspaces?path=acme/web":                     {low.cloudspace, below.cloudspace},
		"/cloudspaces?path=beside/acme/web":              {},
		"/cloudspaces?label=env%3Dprod":                  {low.cloudspace, below.cloudspace},
		"/cloudspaces?customer_id=" + beside.customer:    {},
		"/operations?target_id=" + beside.cloudspace:     {},
		"/service-accounts?path=reseller":                {low.reseller.id, below.reseller.id},
		"/role-bindings?principal_id=" + middle.admin.id: {},
		"/audit-records?target_id=" + beside.customer:    {},
	} {
		got := ids(n.items(token, path), "id")
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			n.t.Errorf("%s: %v, want %v", path, got, want)
		}
	}
	for _, path := range []string{
		"/operations", "/audit-records", "/role-bindings", "/roles", "/service-accounts", "/api-tokens", "/whoami", "/locations", "/images",
		"/access?resource_id=" + low.cloudspace, "/access?resource_id=" + low.entity, "/policies/" + low.entity,
	} {
		r := n.status(token, http.MethodGet, path, nil, http.StatusOK, "")
		silent(path, r)
	}
	access := n.must(token, http.MethodGet, "/access?resource_id="+low.cloudspace, nil)
	holders := ids(n.items(token, "/access?resource_id="+low.cloudspace), "principal_id")
	if slices.Sort(holders); access["hidden"] != true || !slices.Equal(holders, slices.Sorted(slices.Values([]string{low.admin.id, low.reseller.id}))) {
		n.t.Errorf("who can do what in a cloudspace: %v", access)
	}
	check := n.must(token, http.MethodGet, fmt.Sprintf("/permissions/check?checks=customers.get@%s,customers.get@%s,customers.create@%s,customers.create@%s,locations.create",
		low.customer, beside.customer, below.entity, middle.entity), nil)
	var may []bool
	for _, r := range check["results"].([]any) {
		may = append(may, r.(map[string]any)["allowed"].(bool))
	}
	if !slices.Equal(may, []bool{true, false, true, false, false}) {
		n.t.Errorf("permissions: %v", check)
	}
	// Names that others have are free.
	for path, body := range map[string]map[string]any{
		"/billing-entities": {"name": "beside", "parent_id": low.entity, "currency": "EUR"},
		"/roles":            {"name": "mine", "owner_id": low.entity, "permissions": []string{"customers.get"}},
		"/service-accounts": {"name": "admin", "owner_id": low.entity},
	} {
		n.must(token, http.MethodPost, path, body)
	}
	// The limit of a billing entity counts its own customers: it has one, and may have one more.
	n.must(ownerToken, http.MethodPatch, "/billing-entities/"+low.entity, map[string]any{"customer_limit": 2})
	n.status(token, http.MethodPatch, "/billing-entities/"+low.entity, map[string]any{"customer_limit": 3}, http.StatusForbidden, "forbidden")
	n.must(token, http.MethodPost, "/customers", map[string]any{"name": "second", "billing_entity_id": low.entity, "email": "it@example.com"})
	silent("the limit", n.status(token, http.MethodPost, "/customers",
		map[string]any{"name": "third", "billing_entity_id": low.entity, "email": "it@example.com"}, http.StatusConflict, "limit_reached"))
	// Upward there is nothing to move to.
	n.status(token, http.MethodPatch, "/billing-entities/"+below.entity, map[string]any{"parent_id": middle.entity}, http.StatusUnprocessableEntity, "invalid")
	silent("its parent", n.status(token, http.MethodDelete, "/billing-entities/"+low.entity, nil, http.StatusForbidden, "forbidden"))
}

// custom makes a principal with these permissions in a scope, by a role of its own that belongs to owner.
func (n *node) custom(owner, name, scope string, permissions ...string) *principal {
	n.t.Helper()
	p := n.account(owner, name)
	role := n.must(ownerToken, http.MethodPost, "/roles", map[string]any{"name": name, "owner_id": owner, "permissions": permissions}).text("id")
	p.binding = n.bind(p, role, scope)
	return p
}

// What stands in the way and may not be seen is neither named nor counted.
func hiddenNeitherShowsNorCounts(n *node) {
	p := n.place(n.entity(n.root, "hidden"))
	maker := n.custom(p.entity, "maker", p.entity, "billing_entities.get", "customers.create")
	f := n.status(maker.token, http.MethodPost, "/customers", map[string]any{"name": "acme", "billing_entity_id": p.entity, "email": "it@example.com"},
		http.StatusConflict, "name_taken").problem(n.t)
	if f.ExistingID != "" {
		n.t.Errorf("whose name is taken: %+v", f)
	}
	f = n.status(p.reseller.token, http.MethodPost, "/customers", map[string]any{"name": "acme", "billing_entity_id": p.entity, "email": "it@example.com"},
		http.StatusConflict, "name_taken").problem(n.t)
	if f.ExistingID != p.customer {
		n.t.Errorf("whose name is taken, to who may see it: %+v", f)
	}
	remover := n.custom(p.entity, "remover", p.customer, "customers.get", "customers.delete")
	f = n.status(remover.token, http.MethodDelete, "/customers/"+p.customer, nil, http.StatusConflict, "has_children").problem(n.t)
	if f.ChildrenTotal != 0 || len(f.Children) != 0 || strings.Contains(f.Detail, "web") {
		n.t.Errorf("what is in the way: %+v", f)
	}
	f = n.status(p.reseller.token, http.MethodDelete, "/customers/"+p.customer, nil, http.StatusConflict, "has_children").problem(n.t)
	if f.ChildrenTotal == 0 || !strings.Contains(f.Detail, p.cloudspace) {
		n.t.Errorf("what is in the way, to who may see it: %+v", f)
	}
	closer := n.custom(n.root, "closer", n.root, "billing_entities.get", "billing_entities.delete")
	f = n.status(closer.token, http.MethodDelete, "/billing-entities/"+p.entity, nil, http.StatusConflict, "has_children").problem(n.t)
	if f.ChildrenTotal != 0 || len(f.Children) != 0 || strings.Contains(f.Detail, "acme") {
		n.t.Errorf("what is in the way of a billing entity: %+v", f)
	}
}

// Moving a billing entity changes who sees its customers at once, and touches no row of theirs.
func movingABillingEntity(n *node) {
	from, to := n.place(n.entity(n.root, "from")), n.place(n.entity(n.root, "to"))
	moved := n.place(n.entity(from.entity, "moved"))
	sees := func(p *principal) []bool {
		n.t.Helper()
		var out []bool
		for _, path := range []string{"/customers/" + moved.customer, "/cloudspaces/" + moved.cloudspace, "/billing-entities/" + moved.entity} {
			out = append(out, n.send(ask{token: p.token, method: http.MethodGet, path: path}).status == http.StatusOK)
		}
		return append(out, slices.Contains(ids(n.items(p.token, "/customers"), "id"), moved.customer))
	}
	all, nothing := []bool{true, true, true, true}, []bool{false, false, false, false}
	if !slices.Equal(sees(from.reseller), all) || !slices.Equal(sees(to.reseller), nothing) {
		n.t.Fatalf("before: %v, %v", sees(from.reseller), sees(to.reseller))
	}
	before := n.rowVersions(moved.customer)
	// Who has it cannot give it away to where they may not make one.
	n.bind(from.reseller, "viewer", to.entity)
	n.status(from.reseller.token, http.MethodPatch, "/billing-entities/"+moved.entity, map[string]any{"parent_id": to.entity}, http.StatusForbidden, "forbidden")
	if !slices.Equal(sees(to.reseller), nothing) {
		n.t.Error("it has moved although that was refused")
	}
	n.must(ownerToken, http.MethodPatch, "/billing-entities/"+moved.entity, map[string]any{"parent_id": to.entity})
	if !slices.Equal(sees(to.reseller), all) {
		n.t.Errorf("who has it now sees %v", sees(to.reseller))
	}
	n.status(from.reseller.token, http.MethodPatch, "/customers/"+moved.customer, map[string]any{"notes": "still mine"}, http.StatusForbidden, "forbidden") // a viewer of where it is now
	n.must(to.reseller.token, http.MethodPatch, "/cloudspaces/"+moved.cloudspace, map[string]any{})
	n.must(moved.admin.token, http.MethodGet, "/cloudspaces/"+moved.cloudspace, nil)
	if after := n.rowVersions(moved.customer); len(before) < 4 || !slices.Equal(before, after) {
		n.t.Errorf("rows were written:\n%v\n%v", before, after)
	}
}

// rowVersions are where the rows of a customer are stored and by which transactions, over all tables.
func (n *node) rowVersions(customer string) []string {
	n.t.Helper()
	var tables []string
	n.check(n.db.Conn(n.t.Context()).Raw(`SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'customer_id'
		AND table_name NOT LIKE 'audit%'`).Scan(&tables).Error)
	var out []string
	for _, table := range tables {
		where := "t.customer_id = ?"
		if table == "api_token" { // when it was last used is noted on it
			where += " AND false"
		}
		var rows []string
		n.check(n.db.Conn(n.t.Context()).Raw("SELECT format('%s %s %s', '"+table+"', t.ctid, t.xmin) FROM "+pgx.Identifier{table}.Sanitize()+" t WHERE "+where, customer).Scan(&rows).Error)
		out = append(out, rows...)
	}
	slices.Sort(out)
	return out
}

// Principals of a suspended customer read and change nothing; those of a terminated one are nobody.
func statusOfACustomer(n *node) {
	p := n.place(n.entity(n.root, "status"))
	space := "/cloudspaces/" + p.cloudspace
	set := func(status string) {
		n.t.Helper()
		n.must(p.reseller.token, http.MethodPatch, "/customers/"+p.customer, map[string]any{"status": status})
	}
	n.must(p.admin.token, http.MethodPatch, space, map[string]any{"notes": "before"})
	set("suspended")
	n.must(p.admin.token, http.MethodGet, space, nil)
	if got := ids(n.items(p.admin.token, "/cloudspaces"), "id"); !slices.Equal(got, []string{p.cloudspace}) {
		n.t.Errorf("a suspended customer lists %v", got)
	}
	for path, body := range map[string]map[string]any{
		"/service-accounts": {"name": "another", "owner_id": p.customer},
		"/cloudspaces":      {"name": "another", "customer_id": p.customer, "location_id": n.items(ownerToken, "/locations?path=local")[0].text("id")},
		"/role-bindings":    {"principal_kind": "user", "principal_id": "ann", "role_id": n.role("viewer"), "scope_id": p.customer},
	} {
		n.status(p.admin.token, http.MethodPost, path, body, http.StatusForbidden, "customer_suspended")
	}
	n.status(p.admin.token, http.MethodPatch, space, map[string]any{"notes": "while"}, http.StatusForbidden, "customer_suspended")
	n.status(p.admin.token, http.MethodDelete, space, nil, http.StatusForbidden, "customer_suspended")
	n.must(p.reseller.token, http.MethodPatch, space, map[string]any{"notes": "by the reseller"})
	set("active")
	n.must(p.admin.token, http.MethodPatch, space, map[string]any{"notes": "again"})

	terminating := n.send(ask{token: p.reseller.token, method: http.MethodPatch, path: "/customers/" + p.customer, body: map[string]any{"status": "terminated"}})
	// From the answer on, not when the operation has ended.
	n.status(p.admin.token, http.MethodGet, space, nil, http.StatusUnauthorized, "unauthenticated")
	n.finish(p.reseller.token, terminating)
	n.status(p.reseller.token, http.MethodPost, "/service-accounts", map[string]any{"name": "another", "owner_id": p.customer}, http.StatusConflict, "wrong_state")
}

// grants is a digest of what access to a customer is made of.
func (n *node) grants(customer string) string {
	n.t.Helper()
	var rows []string
	n.check(n.db.Conn(n.t.Context()).Raw(`SELECT md5((to_jsonb(t) - 'last_used_at')::text) FROM (
		SELECT to_jsonb(r) AS j FROM role r WHERE customer_id = @c UNION ALL SELECT to_jsonb(b) FROM role_binding b WHERE customer_id = @c
		UNION ALL SELECT to_jsonb(k) - 'last_used_at' FROM api_token k WHERE customer_id = @c UNION ALL SELECT to_jsonb(p) FROM policy p WHERE scope_id = @c) AS t
		ORDER BY 1`, map[string]any{"c": customer}).Scan(&rows).Error)
	return strings.Join(rows, " ")
}

// Every way to give somebody a permission takes it.
func nobodyGrantsWhatTheyDoNotHold(n *node) {
	p := n.place(n.entity(n.root, "grants"))
	token := p.admin.token
	mine := n.must(token, http.MethodPost, "/roles", map[string]any{"name": "mine", "owner_id": p.customer, "permissions": []string{"cloudspaces.get"}}).text("id")
	strong := n.must(ownerToken, http.MethodPost, "/roles", map[string]any{"name": "strong", "owner_id": p.customer, "permissions": []string{"customers.update"}}).text("id")
	robot := n.account(p.customer, "robot")
	n.bind(robot, strong, p.customer)
	robots := n.items(ownerToken, "/api-tokens?service_account_id="+robot.id)[0].text("id")
	policy := n.send(ask{token: token, method: http.MethodGet, path: "/policies/" + p.customer})
	before := n.grants(p.customer)
	for what, a := range map[string]ask{
		"a role":               {method: http.MethodPost, path: "/roles", body: map[string]any{"name": "more", "owner_id": p.customer, "permissions": []string{"customers.update"}}},
		"more in a role":       {method: http.MethodPatch, path: "/roles/" + mine, body: map[string]any{"permissions": []string{"cloudspaces.get", "customers.update"}}},
		"a binding":            {method: http.MethodPost, path: "/role-bindings", body: map[string]any{"principal_kind": "user", "principal_id": "ann", "role_id": strong, "scope_id": p.customer}},
		"a built-in role":      {method: http.MethodPost, path: "/role-bindings", body: map[string]any{"principal_kind": "user", "principal_id": "ann", "role_id": n.role("reseller-admin"), "scope_id": p.customer}},
		"a policy":             {method: http.MethodPatch, path: "/policies/" + p.customer, body: map[string]any{"bindings": map[string]any{strong: map[string]any{"members": []string{"user:ann"}}}}, header: map[string]string{"If-Match": policy.header.Get("ETag")}},
		"a token":              {method: http.MethodPost, path: "/api-tokens", body: map[string]any{"name": "more", "service_account_id": robot.id}},
		"a token's new secret": {method: http.MethodPost, path: "/api-tokens/" + robots + "/actions/rotate", body: map[string]any{}},
	} {
		a.token = token
		r := n.send(a)
		if f := r.problem(n.t); r.status != http.StatusForbidden || f.Code != "exceeds_own_permissions" || !strings.Contains(f.Detail, "customers.update") {
			n.t.Errorf("%s: %d: %s", what, r.status, r.body)
		}
	}
	// Somewhere else everything is more than one holds.
	n.status(token, http.MethodPost, "/role-bindings", map[string]any{"principal_kind": "user", "principal_id": "ann", "role_id": n.role("viewer"), "scope_id": "platform"},
		http.StatusForbidden, "forbidden")
	if n.grants(p.customer) != before {
		n.t.Error("something was granted")
	}
	n.must(token, http.MethodPost, "/role-bindings", map[string]any{"principal_kind": "user", "principal_id": "ann", "role_id": mine, "scope_id": p.customer})
	// A token for a part that is held is fine.
	n.must(token, http.MethodPost, "/api-tokens", map[string]any{"name": "less", "service_account_id": robot.id, "permissions": []string{"customers.get"}})
}

// What a token is narrowed to cannot be widened with it.
func tokenIsWorthNoMoreThanItsMaker(n *node) {
	p := n.place(n.entity(n.root, "narrow"))
	second := n.must(ownerToken, http.MethodPost, "/cloudspaces", map[string]any{
		"name": "second", "customer_id": p.customer, "location_id": n.items(ownerToken, "/locations?path=local")[0].text("id")}).text("id")
	few := n.issue(p.admin.id, "few", map[string]any{"permissions": []string{"cloudspaces.get", "service_accounts.get", "api_tokens.create", "api_tokens.rotate", "api_tokens.get"}})
	here := n.issue(p.admin.id, "here", map[string]any{"scope_id": p.cloudspace})
	n.must(few.text("token"), http.MethodGet, "/cloudspaces/"+second, nil)
	n.status(few.text("token"), http.MethodPatch, "/cloudspaces/"+second, map[string]any{}, http.StatusForbidden, "forbidden")
	n.status(few.text("token"), http.MethodGet, "/customers/"+p.customer, nil, http.StatusNotFound, "not_found")
	n.must(here.text("token"), http.MethodPatch, "/cloudspaces/"+p.cloudspace, map[string]any{})
	n.status(here.text("token"), http.MethodGet, "/cloudspaces/"+second, nil, http.StatusNotFound, "not_found")
	if got := ids(n.items(here.text("token"), "/cloudspaces"), "id"); !slices.Equal(got, []string{p.cloudspace}) {
		n.t.Errorf("a token for one cloudspace lists %v", got)
	}
	whole := n.items(ownerToken, "/api-tokens?service_account_id="+p.admin.id+"&path=admin")[0].text("id")
	n.status(few.text("token"), http.MethodPost, "/api-tokens", map[string]any{"name": "more", "service_account_id": p.admin.id}, http.StatusForbidden, "exceeds_own_permissions")
	n.status(few.text("token"), http.MethodPost, "/api-tokens/"+whole+"/actions/rotate", map[string]any{}, http.StatusForbidden, "exceeds_own_permissions")
	less := n.must(few.text("token"), http.MethodPost, "/api-tokens", map[string]any{"name": "less", "service_account_id": p.admin.id, "permissions": []string{"cloudspaces.get"}})
	n.must(less.text("token"), http.MethodGet, "/cloudspaces/"+second, nil)
}

// A scope keeps an owner, unless who stands above takes it away.
func lastOwnerStays(n *node) {
	p := n.place(n.entity(n.root, "owners"))
	binding := "/role-bindings/" + p.admin.binding
	soon := clock.Real().Now().Add(time.Hour).Format(time.RFC3339)
	refuse := func(path string) {
		n.t.Helper()
		n.status(p.admin.token, http.MethodDelete, path, nil, http.StatusConflict, "last_owner")
		n.status(p.admin.token, http.MethodPatch, path, map[string]any{"expires_at": soon}, http.StatusConflict, "last_owner")
	}
	refuse(binding)
	r := n.send(ask{token: p.admin.token, method: http.MethodDelete, path: "/policies/" + p.customer, header: map[string]string{
		"If-Match": n.send(ask{token: p.admin.token, method: http.MethodGet, path: "/policies/" + p.customer}).header.Get("ETag")}})
	if r.status != http.StatusConflict || r.problem(n.t).Code != "last_owner" {
		n.t.Errorf("the whole policy: %d: %s", r.status, r.body)
	}
	second := n.account(p.customer, "second")
	n.bind(second, "customer-admin", p.customer)
	n.must(p.admin.token, http.MethodDelete, binding, nil)
	n.status(p.admin.token, http.MethodGet, "/customers/"+p.customer, nil, http.StatusNotFound, "not_found")
	p.admin = second
	last := n.items(ownerToken, "/role-bindings?principal_id="+second.id)[0].text("id")
	refuse("/role-bindings/" + last)
	n.must(p.reseller.token, http.MethodDelete, "/role-bindings/"+last, nil)
	n.status(second.token, http.MethodGet, "/customers/"+p.customer, nil, http.StatusNotFound, "not_found")

	owners := n.items(ownerToken, "/role-bindings?scope_id=platform&principal_kind=platform_owner")
	n.status(ownerToken, http.MethodDelete, "/role-bindings/"+owners[0].text("id"), nil, http.StatusConflict, "last_owner")
}

// The answer that is kept for a repeated request is for the principal whose key it is.
func answersAreKeptForWhoAsked(n *node) {
	p, other := n.place(n.entity(n.root, "keys")), n.place(n.entity(n.root, "keys-beside"))
	create := func(who *principal) reply {
		return n.send(ask{token: who.token, method: http.MethodPost, path: "/service-accounts", body: map[string]any{"name": "robot", "owner_id": p.customer},
			header: map[string]string{"Idempotency-Key": "the-same-key"}})
	}
	first := create(p.admin)
	if first.status != http.StatusCreated {
		n.t.Fatalf("%d: %s", first.status, first.body)
	}
	if again := create(p.admin); again.status != http.StatusCreated || string(again.body) != string(first.body) || again.header.Get("Idempotency-Replayed") != "true" {
		n.t.Errorf("again: %d: %s", again.status, again.body)
	}
	if stolen := create(other.admin); stolen.status != http.StatusUnprocessableEntity || stolen.header.Get("Idempotency-Replayed") != "" {
		n.t.Errorf("by others: %d: %s", stolen.status, stolen.body)
	}
	// Another token of the same account may be for less.
	beside := *p.admin
	beside.token = n.issue(p.admin.id, "beside", nil).text("token")
	if own := create(&beside); own.status != http.StatusConflict || own.problem(n.t).Code != "name_taken" {
		n.t.Errorf("by another token of the account: %d: %s", own.status, own.body)
	}
	// Who may do the same does it again, and finds it done.
	if own := create(p.reseller); own.status != http.StatusConflict || own.problem(n.t).Code != "name_taken" {
		n.t.Errorf("by another who may: %d: %s", own.status, own.body)
	}
	n.must(ownerToken, http.MethodDelete, "/role-bindings/"+p.admin.binding, nil)
	if after := create(p.admin); after.status != http.StatusUnprocessableEntity {
		n.t.Errorf("by the same principal, who may not any more: %d: %s", after.status, after.body)
	}
}

// What is given for a time ends by the clock, with nobody doing anything.
func TestAccessEndsByTheClock(t *testing.T) {
	t.Parallel()
	clk := clock.Frozen(clock.Real().Now())
	n := newSite(t).start(parts{clock: clk})
	p := n.place(n.entity(n.root, "clock"))
	ann := n.account(n.root, "ann")
	in := func(d time.Duration) string { return clk.Now().Add(d).Format(time.RFC3339Nano) }
	n.must(ownerToken, http.MethodPost, "/role-bindings", map[string]any{
		"principal_kind": "service_account", "principal_id": ann.id, "role_id": n.role("customer-admin"), "scope_id": p.customer, "expires_at": in(time.Hour)})
	short := n.issue(p.admin.id, "short", map[string]any{"expires_at": in(2 * time.Hour)}).text("token")
	space := "/cloudspaces/" + p.cloudspace
	clk.Advance(time.Hour - time.Microsecond)
	n.must(ann.token, http.MethodGet, space, nil)
	n.must(ann.token, http.MethodPatch, space, map[string]any{})
	clk.Advance(time.Microsecond)
	n.status(ann.token, http.MethodGet, space, nil, http.StatusNotFound, "not_found")
	n.status(ann.token, http.MethodPatch, space, map[string]any{}, http.StatusNotFound, "not_found")
	if got := n.items(ann.token, "/cloudspaces"); len(got) != 0 {
		t.Errorf("still lists %v", got)
	}
	n.must(short, http.MethodGet, space, nil)
	clk.Advance(time.Hour)
	n.status(short, http.MethodGet, space, nil, http.StatusUnauthorized, "unauthenticated")
	n.must(p.admin.token, http.MethodGet, space, nil)
}

// What is taken away at one node is gone at the others within a second of the answer.
func TestTwoNodesAgree(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	one, two := s.start(parts{}), s.start(parts{})
	p := one.place(one.entity(one.root, "nodes"))
	token := one.issue(p.admin.id, "revoked", nil)
	space := "/cloudspaces/" + p.cloudspace
	gone := func(what, bearer string, status int, take func()) {
		t.Helper()
		two.until(what+" is known at the other node", func() bool {
			return two.send(ask{token: bearer, method: http.MethodGet, path: space}).status == http.StatusOK
		})
		take()
		began := time.Now()
		two.until(what+" is refused at the other node", func() bool {
			return two.send(ask{token: bearer, method: http.MethodGet, path: space}).status == status
		})
		if took := time.Since(began); took > time.Second {
			t.Errorf("%s was good for %v at the other node", what, took)
		}
	}
	gone("the token", token.text("token"), http.StatusUnauthorized, func() {
		one.must(ownerToken, http.MethodDelete, "/api-tokens/"+token.text("id"), nil)
	})
	gone("the role", p.admin.token, http.StatusNotFound, func() {
		one.must(ownerToken, http.MethodDelete, "/role-bindings/"+p.admin.binding, nil)
	})
}

// A request that waits for something is not answered to whom it would be refused by then.
func TestLongPollEndsWithWhatAllowedIt(t *testing.T) {
	t.Parallel()
	// Nobody works, so that there is something to wait for.
	n := newSite(t).start(parts{}, func(c *config.Config) { c.Roles = []string{config.RoleAPI} })
	customer := n.customer(n.entity(n.root, "polls"), "acme")
	operation := n.send(ask{token: ownerToken, method: http.MethodPost, path: "/cloudspaces", body: map[string]any{
		"name": "web", "customer_id": customer, "location_id": n.items(ownerToken, "/locations?path=local")[0].text("id")}}).object(t).text("operation_id")
	for name, c := range map[string]struct {
		end    func(n *node, p *principal)
		status int
	}{
		"the token is revoked": {func(n *node, p *principal) {
			n.must(ownerToken, http.MethodDelete, "/api-tokens/"+n.items(ownerToken, "/api-tokens?service_account_id="+p.id)[0].text("id"), nil)
		}, http.StatusUnauthorized},
		"the role is taken": {func(n *node, p *principal) { n.must(ownerToken, http.MethodDelete, "/role-bindings/"+p.binding, nil) }, http.StatusNotFound},
		"nothing happens":   {func(*node, *principal) {}, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := n.on(t)
			p := n.account(customer, strings.ReplaceAll(name, " ", "-"))
			p.binding = n.bind(p, "viewer", customer)
			polled := make(chan reply, 1)
			go func() {
				polled <- n.send(ask{token: p.token, method: http.MethodGet, path: "/operations/" + operation + "?wait=2s"})
			}()
			n.until("it waits", func() bool {
				var used bool
				n.check(n.db.Conn(t.Context()).Raw("SELECT last_used_at IS NOT NULL FROM api_token WHERE service_account_id = ?", p.id).Scan(&used).Error)
				return used
			})
			c.end(n, p)
			if r := <-polled; r.status != c.status {
				t.Errorf("%d: %s; want %d", r.status, r.body, c.status)
			}
		})
	}
}
