package app

// Questions about access: who am I, may I, who can.

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/internal/permission"
	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
)

func accessQuestions(t *testing.T, h *house) {
	other := h.newCustomer("other")
	token := h.issue(h.admin.id, "narrow", map[string]any{"scope_id": h.customer, "permissions": []string{"disks.get"}})
	who := h.must(token.text("token"), http.MethodGet, "/whoami", nil)
	roles := who["roles"].([]any)
	if p := who["principal"].(map[string]any); p["id"] != h.admin.id || p["kind"] != authn.KindServiceAccount || fmt.Sprint(p["groups"]) != "[]" || len(roles) != 1 ||
		who["token_id"] != token["id"] || who["token_scope_id"] != h.customer || fmt.Sprint(who["token_permissions"]) != "[disks.get]" || who["token_expires_at"] != token["expires_at"] {
		t.Errorf("got %v", who)
	}
	if r := roles[0].(map[string]any); r["role_name"] != "customer-admin" || r["scope_id"] != h.customer || r["expires_at"] != nil {
		t.Errorf("got %v", r)
	}
	owner := h.must(ownerToken, http.MethodGet, "/whoami", nil)
	if p := owner["principal"].(map[string]any); p["kind"] != authn.KindOwner || owner["token_id"] != nil || owner["token_expires_at"] != nil {
		t.Errorf("got %v", owner)
	}

	location := h.must(ownerToken, http.MethodPost, "/locations", map[string]any{"name": "l" + strings.ReplaceAll(id.New("l")[2:], "_", "")}).text("id")
	ask := func(token string, checks ...string) string {
		t.Helper()
		var out []string
		for _, r := range h.must(token, http.MethodGet, "/permissions/check?checks="+strings.Join(checks, ","), nil)["results"].([]any) {
			r := r.(map[string]any)
			out = append(out, fmt.Sprintf("%s@%s=%t", r["permission"], r["resource_id"], r["allowed"]))
		}
		return strings.Join(out, " ")
	}
	nothing := id.New("cus")
	for check, want := range map[string]bool{
		"customers.get@" + h.customer: true, "customers.update@" + h.customer: false, "cloudspaces.create@" + h.customer: true,
		"customers.get@" + other: false, "customers.get@" + nothing: false, "customers.get@platform": false,
		// What is offered to all is read, and not changed; nor is it a place to do things in.
		"locations.get@" + location: true, "locations.update@" + location: false, "disks.list@" + location: false, "role_bindings.list@" + location: false,
		"customers.get@op": false, "customers.get@" + h.reseller: false,
	} {
		if got := ask(h.admin.token, check); got != fmt.Sprintf("%s=%t", check, want) {
			t.Errorf("got %s", got)
		}
	}
	if got := ask(ownerToken, "locations.create", "customers.get@"+nothing, "customers.update@"+other); got != "locations.create@platform=true customers.get@"+nothing+"=false customers.update@"+other+"=true" {
		t.Errorf("got %s", got)
	}
	if got := ask(token.text("token"), "disks.get@"+h.customer, "cloudspaces.get@"+h.customer); strings.Contains(got, "cloudspaces.get@"+h.customer+"=true") {
		t.Errorf("a token for less: %s", got)
	}
	many := strings.TrimSuffix(strings.Repeat("customers.get,", 101), ",")
	for _, wrong := range []string{"customers.frobnicate", "", "customers.get,,customers.list", many} {
		h.refused("check "+wrong[:min(len(wrong), 30)], askFor(h.admin.token, "/permissions/check?checks="+wrong), 400, "invalid_parameter", "checks invalid_parameter")
	}
	h.must(h.admin.token, http.MethodGet, "/permissions/check?checks="+strings.TrimSuffix(strings.Repeat("customers.get,", 100), ","), nil)

	// The permissions are those of the operations, each with words; everybody may read them.
	_, ops := Contract()
	known := permission.IDs(ops)
	list := h.items(h.admin.token, "/permissions")
	if got := ids(list, "id"); !slices.Equal(got, known) {
		t.Errorf("permissions: %v", got)
	}
	for _, p := range list {
		if p.text("description") == "" || p.text("kind") == "" || p.text("verb") == "" {
			t.Errorf("%v", p)
		}
	}
	if one := h.must(h.admin.token, http.MethodGet, "/permissions/disks.get", nil); one.text("verb") != "get" || one.text("kind") != "disk" {
		t.Errorf("got %v", one)
	}
}

// allAtOnce: everything that the caller may do in a place, and below it, is one answer, which says what single questions say.
func allAtOnce(t *testing.T, h *house) {
	_, ops := Contract()
	known := permission.IDs(ops)
	location := h.must(ownerToken, http.MethodPost, "/locations", map[string]any{"name": "l" + strings.ReplaceAll(id.New("l")[2:], "_", "")}).text("id")
	space := h.must(ownerToken, http.MethodPost, "/cloudspaces", map[string]any{"name": "web", "customer_id": h.customer, "location_id": location}).text("id")
	viewer, keeper, clerk, former := h.account(h.customer, "viewer"), h.account(h.reseller, "keeper"), h.account(h.customer, "clerk"), h.account(h.customer, "former")
	operator := h.account(h.root, "operator"+strings.ReplaceAll(id.New("o")[2:], "_", ""))
	h.bind(operator, "platform-operator", authz.Platform)
	h.bind(viewer, "viewer", h.customer)
	h.bind(keeper, "operator", location)
	h.bind(clerk, "operator", space)
	ended := h.bind(former, "viewer", h.customer)
	h.check(h.db.Conn(t.Context()).Exec("UPDATE role_binding SET expires_at = now() - interval '1 minute' WHERE id = ?", ended).Error)
	forDisks := h.issue(h.admin.id, "for-disks", map[string]any{"permissions": []string{"customers.get", "disks.list"}}).text("token")
	forSpace := h.issue(h.boss.id, "for-a-space", map[string]any{"scope_id": space}).text("token")
	other := h.newCustomer("other")

	type effective struct {
		ResourceID string   `json:"resource_id"`
		Held       []string `json:"held"`
		HeldBelow  []string `json:"held_below"`
	}
	of := func(token, object string) (out effective, statements int) {
		t.Helper()
		path := "/permissions/effective"
		if object != authz.Platform {
			path += "?resource_id=" + object
		}
		r := h.send(askFor(token, path))
		if r.status != http.StatusOK {
			t.Fatalf("%s: %d: %s", path, r.status, r.body)
		}
		r.decode(t, &out)
		if out.ResourceID != object || out.Held == nil || out.HeldBelow == nil || !slices.IsSorted(out.Held) || !slices.IsSorted(out.HeldBelow) {
			t.Errorf("%s: %s", path, r.body)
		}
		return out, len(r.statements)
	}
	for name, c := range map[string]struct {
		token, at, permission string
		held, below           bool
	}{
		"the owner":                                {ownerToken, authz.Platform, "locations.create", true, true},
		"an operator, of the platform":             {operator.token, authz.Platform, "virtual_machines.list", true, true},
		"an operator, below":                       {operator.token, space, "virtual_machines.list", true, true},
		"a reseller, of the platform":              {h.boss.token, authz.Platform, "customers.create", false, true},
		"a reseller, of its own":                   {h.boss.token, h.reseller, "customers.create", true, true},
		"a reseller, of a customer":                {h.boss.token, h.customer, "cloudspaces.create", true, true},
		"a viewer, of the platform":                {viewer.token, authz.Platform, "virtual_machines.list", false, true},
		"a viewer, of the customer":                {viewer.token, h.customer, "virtual_machines.list", true, true},
		"a viewer, of what is in the customer":     {viewer.token, space, "virtual_machines.list", true, true},
		"a viewer changes nothing":                 {viewer.token, authz.Platform, "virtual_machines.create", false, false},
		"a viewer reads what is offered":           {viewer.token, location, "locations.get", true, true},
		"a viewer, of what is offered":             {viewer.token, location, "virtual_machines.list", false, false},
		"by the location, of it":                   {keeper.token, location, "virtual_machines.list", true, true},
		"by the location, of the platform":         {keeper.token, authz.Platform, "virtual_machines.list", false, true},
		"by the location, of what is in it":        {keeper.token, space, "virtual_machines.list", true, true},
		"by a cloudspace, of it":                   {clerk.token, space, "disks.create", true, true},
		"by a cloudspace, of the platform":         {clerk.token, authz.Platform, "disks.create", false, true},
		"by a cloudspace, of the location":         {clerk.token, location, "disks.create", false, true},
		"what has ended":                           {former.token, authz.Platform, "virtual_machines.list", false, false},
		"a token for less":                         {forDisks, h.customer, "disks.list", true, true},
		"a token for less, of else":                {forDisks, authz.Platform, "cloudspaces.list", false, false},
		"a token for a place":                      {forSpace, space, "disks.create", true, true},
		"a token for a place, of the platform":     {forSpace, authz.Platform, "disks.create", false, true},
		"a token for a place, of what is above it": {forSpace, authz.Platform, "customers.create", false, true},
	} {
		got, _ := of(c.token, c.at)
		if slices.Contains(got.Held, c.permission) != c.held || slices.Contains(got.HeldBelow, c.permission) != c.below {
			t.Errorf("%s: %s is held %t, below %t", name, c.permission, slices.Contains(got.Held, c.permission), slices.Contains(got.HeldBelow, c.permission))
		}
		var checks []string
		for part := range slices.Chunk(known, 100) {
			for _, r := range h.must(c.token, http.MethodGet, "/permissions/check?checks="+strings.Join(part, "@"+c.at+",")+"@"+c.at, nil)["results"].([]any) {
				if r := r.(map[string]any); r["allowed"] == true {
					checks = append(checks, r["permission"].(string))
				}
			}
		}
		if !slices.Equal(got.Held, checks) && len(got.Held)+len(checks) > 0 {
			t.Errorf("%s: all at once %v, one by one %v", name, got.Held, checks)
		}
		for _, p := range got.Held {
			if !slices.Contains(got.HeldBelow, p) {
				t.Errorf("%s: %s is held, and not below", name, p)
			}
		}
	}
	// Where the object stands is all that is read, once it is known what the caller has: others' changes make it forgotten meanwhile.
	for _, token := range []string{ownerToken, forSpace} {
		fewest := 100
		for range 20 {
			_, statements := of(token, space)
			fewest = min(fewest, statements)
		}
		if fewest > 1 {
			t.Errorf("it takes %d statements", fewest)
		}
	}
	for _, hidden := range []string{other, id.New("cus"), h.reseller, "nothing", ""} {
		h.refused("of "+hidden, askFor(viewer.token, "/permissions/effective?resource_id="+hidden), 404, "not_found")
	}
}

func askFor(token, path string) ask { return ask{token: token, method: http.MethodGet, path: path} }

func whoHasAccess(t *testing.T, h *house) {
	other := h.newCustomer("other")
	viewer := h.bind(&principal{kind: "user", id: "ann"}, "viewer", h.customer)
	ended := h.bind(&principal{kind: "user", id: "old"}, "viewer", h.customer)
	h.check(h.db.Conn(t.Context()).Exec("UPDATE role_binding SET expires_at = now() - interval '1 minute' WHERE id = ?", ended).Error)
	entries := func(token, object, more string) (map[string]string, accessPage) {
		t.Helper()
		r := h.send(askFor(token, "/access?resource_id="+object+more))
		if r.status != http.StatusOK {
			t.Fatalf("%d: %s", r.status, r.body)
		}
		var page accessPage
		r.decode(t, &page)
		out := map[string]string{}
		for _, e := range page.Items {
			out[e.BindingID] = fmt.Sprintf("%s:%s %s %s %t %t", e.PrincipalKind, e.PrincipalID, e.RoleName, e.ScopeID, e.Inherited, slices.Contains(e.Permissions, "disks.get"))
		}
		return out, page
	}
	own := h.items(h.admin.token, "/role-bindings?principal_id="+h.admin.id)[0].text("id")
	boss := h.items(h.boss.token, "/role-bindings?principal_id="+h.boss.id)[0].text("id")
	owner := h.items(ownerToken, "/role-bindings?scope_id=platform&principal_kind=platform_owner")[0].text("id")
	want := map[string]string{
		own:    "service_account:" + h.admin.id + " customer-admin " + h.customer + " false true",
		viewer: "user:ann viewer " + h.customer + " false true",
	}
	got, page := entries(h.admin.token, h.customer, "")
	if !maps.Equal(got, want) || !page.Hidden || page.NextPageToken != nil {
		t.Errorf("to the customer: %v, %t", got, page.Hidden)
	}
	want[boss] = "service_account:" + h.boss.id + " reseller-admin " + h.reseller + " true true"
	if got, page = entries(h.boss.token, h.customer, ""); !maps.Equal(got, want) || !page.Hidden {
		t.Errorf("to the reseller: %v, %t", got, page.Hidden)
	}
	got, page = entries(ownerToken, h.customer, "")
	if page.Hidden || got[owner] != "platform_owner:owner platform-owner platform true true" || got[boss] != want[boss] || got[own] != want[own] || got[ended] != "" {
		t.Errorf("to the owner: %v, %t", got, page.Hidden)
	}
	first, page := entries(h.boss.token, h.customer, "&page_size=2")
	if len(first) != 2 || page.NextPageToken == nil {
		t.Fatalf("the first page: %v", first)
	}
	rest, page := entries(h.boss.token, h.customer, "&page_size=2&page_token="+*page.NextPageToken)
	maps.Copy(first, rest)
	if len(rest) != 1 || page.NextPageToken != nil || !maps.Equal(first, want) || !page.Hidden {
		t.Errorf("the pages: %v", first)
	}
	if got, _ = entries(ownerToken, authz.Platform, ""); !strings.HasSuffix(got[owner], "platform false true") {
		t.Errorf("of the platform: %v", got)
	}
	h.refused("of another", askFor(h.admin.token, "/access?resource_id="+other), 404, "not_found")
	h.refused("of nothing", askFor(h.admin.token, "/access?resource_id="+id.New("cus")), 404, "not_found")
	h.refused("of the platform", askFor(h.admin.token, "/access?resource_id=platform"), 403, "forbidden")
	clerk := h.account(h.customer, "clerk")
	h.bind(clerk, "billing-viewer", h.customer)
	h.refused("without the permission", askFor(clerk.token, "/access?resource_id="+h.customer), 403, "forbidden")
	if r := h.send(askFor(h.admin.token, "/access")); r.status != http.StatusBadRequest {
		t.Errorf("of what? %d: %s", r.status, r.body)
	}
}

// accessPage is a page of who has access.
type accessPage struct {
	Items []struct {
		PrincipalKind string `json:"principal_kind"`
		PrincipalID   string `json:"principal_id"`
		RoleName      string `json:"role_name"`
		BindingID     string `json:"binding_id"`
		ScopeID       string `json:"scope_id"`
		Inherited     bool
		Permissions   []string
	}
	Hidden        bool
	NextPageToken *string `json:"next_page_token"`
}
