package app

// Role bindings: who may give and take which role, and what becomes of them.

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/id"
)

func bindingsAre(t *testing.T, h *house) {
	other := h.newCustomer("other")
	clerk, stranger := h.account(h.customer, "clerk"), h.account(other, "stranger")
	foreign, above, own := h.newRole(other, "theirs", "disks.get"), h.newRole(h.reseller, "above", "disks.get"), h.newRole(h.customer, "own", "disks.get")
	strong := h.newRole(h.reseller, "strong", "disks.get", "customers.update")
	good := map[string]any{"principal_kind": "user", "principal_id": "ann", "role_id": h.role("viewer"), "scope_id": h.customer}
	past, soon := time.Now().Add(-time.Minute).UTC().Format(time.RFC3339), time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	for what, c := range map[string]struct {
		by       *principal
		set      map[string]any
		status   int
		code     string
		pointers []string
	}{
		"scope of another":   {h.admin, map[string]any{"scope_id": other}, 422, "invalid", []string{"/scope_id not_found"}},
		"scope above":        {h.admin, map[string]any{"scope_id": h.reseller}, 422, "invalid", []string{"/scope_id not_found"}},
		"platform":           {h.admin, map[string]any{"scope_id": "platform"}, 403, "forbidden", nil},
		"scope that is none": {h.admin, map[string]any{"scope_id": id.New("cus")}, 422, "invalid", []string{"/scope_id not_found"}},
		"role of another":    {h.admin, map[string]any{"role_id": foreign}, 422, "invalid", []string{"/role_id not_found"}},
		"role not for use":   {h.boss, map[string]any{"role_id": foreign}, 422, "invalid", []string{"/role_id not_found"}},
		"role from below":    {h.boss, map[string]any{"role_id": own, "scope_id": h.reseller}, 422, "invalid", []string{"/role_id not_found"}},
		"more than held":     {h.admin, map[string]any{"role_id": strong}, 403, "exceeds_own_permissions", nil},
		"far more":           {h.admin, map[string]any{"role_id": h.role("platform-owner")}, 403, "exceeds_own_permissions", nil},
		"account of another": {h.admin, map[string]any{"principal_kind": "service_account", "principal_id": stranger.id}, 422, "invalid", []string{"/principal_id not_found"}},
		"account that is no id": {h.admin, map[string]any{"principal_kind": "service_account", "principal_id": "admin"}, 422, "invalid",
			[]string{"/principal_id not_found"}},
		"owner by another name": {h.admin, map[string]any{"principal_kind": "platform_owner", "principal_id": "root"}, 422, "invalid",
			[]string{"/principal_id not_found"}},
		"blank":     {h.admin, map[string]any{"principal_id": " "}, 422, "invalid", []string{"/principal_id invalid"}},
		"past":      {h.admin, map[string]any{"expires_at": past}, 422, "invalid", []string{"/expires_at conflict"}},
		"condition": {h.admin, map[string]any{"condition": "true"}, 422, "invalid", []string{"/condition unsupported"}},
		"all at once": {h.admin, map[string]any{"principal_id": "", "role_id": foreign, "expires_at": past}, 422, "invalid",
			[]string{"/principal_id min_length"}},
		"all at once, beyond the specification": {h.admin, map[string]any{"principal_id": " x", "role_id": foreign, "expires_at": past}, 422, "invalid",
			[]string{"/principal_id invalid", "/expires_at conflict", "/role_id not_found"}},
	} {
		p := h.refused(what, h.create(c.by, "/role-bindings", set(good, c.set)), c.status, c.code, c.pointers...)
		if what == "more than held" && (!strings.Contains(p.Detail, "customers.update") || strings.Contains(p.Detail, "disks.get")) {
			t.Errorf("%s: %s", what, p.Detail)
		}
	}
	// On the platform only what is built in, or the root's, is for use.
	h.refused("role of a reseller on the platform",
		ask{token: ownerToken, method: http.MethodPost, path: "/role-bindings", body: set(good, map[string]any{"role_id": above, "scope_id": "platform"})},
		422, "invalid", "/role_id not_found")

	revision := h.policy(h.customer)["revision"].(float64)
	made := h.must(h.admin.token, http.MethodPost, "/role-bindings", set(good, map[string]any{"expires_at": soon}))
	if made["condition"] != nil || made.text("expires_at") != soon || made["revision"] != 1.0 {
		t.Errorf("got %v", made)
	}
	if p := h.refused("twice", h.create(h.admin, "/role-bindings", good), 409, "already_exists"); p.ExistingID != made.text("id") {
		t.Errorf("got %+v", p)
	}
	for _, roleID := range []string{above, own} {
		h.must(h.admin.token, http.MethodPost, "/role-bindings", set(good, map[string]any{"role_id": roleID, "principal_kind": "service_account", "principal_id": clerk.id}))
	}
	if got := h.policy(h.customer)["revision"].(float64); got != revision+3 {
		t.Errorf("the policy's revision went from %v to %v", revision, got)
	}
	for filter, want := range map[string]int{
		"principal_id=" + clerk.id: 2, "role_id=" + own: 1, "scope_id=" + h.customer: 4, "scope_id=" + other: 0, "principal_kind=user&scope_id=" + h.customer: 1,
	} {
		if got := h.items(h.admin.token, "/role-bindings?"+filter); len(got) != want {
			t.Errorf("%s: %v", filter, got)
		}
	}
	h.refused("of another customer", ask{token: stranger.token, method: http.MethodDelete, path: "/role-bindings/" + made.text("id")}, 404, "not_found")
	h.refused("stale", ask{token: h.admin.token, method: http.MethodDelete, path: "/role-bindings/" + made.text("id"), header: map[string]string{"If-Match": `"7"`}}, 412, "revision_mismatch")
	h.refused("dry run", ask{token: h.admin.token, method: http.MethodPost, path: "/role-bindings?dry_run=true", body: good}, 409, "already_exists")
	h.must(h.admin.token, http.MethodDelete, "/role-bindings/"+made.text("id"), nil)
	if got := h.policy(h.customer)["revision"].(float64); got != revision+4 {
		t.Errorf("the policy's revision went from %v to %v", revision, got)
	}
}

// To have a role last longer is to give it.
func renewals(t *testing.T, h *house) {
	clerk := h.account(h.customer, "clerk")
	h.bind(clerk, h.newRole(h.customer, "clerk", "customers.get", "roles.get", "role_bindings.get", "role_bindings.update", "role_bindings.list", "disks.get"), h.customer)
	in := func(d time.Duration) string {
		return time.Now().Add(d).UTC().Truncate(time.Second).Format(time.RFC3339)
	}
	made := h.must(ownerToken, http.MethodPost, "/role-bindings", map[string]any{
		"principal_kind": "user", "principal_id": "ann", "role_id": h.role("operator"), "scope_id": h.customer, "expires_at": in(time.Hour)})
	path := "/role-bindings/" + made.text("id")
	patch := func(expires any) ask {
		return ask{token: clerk.token, method: http.MethodPatch, path: path, body: map[string]any{"expires_at": expires}}
	}
	h.refused("longer", patch(in(2*time.Hour)), 403, "exceeds_own_permissions")
	h.refused("for good", patch(nil), 403, "exceeds_own_permissions")
	h.refused("past", patch(in(-time.Hour)), 422, "invalid", "/expires_at conflict")
	h.refused("condition", ask{token: clerk.token, method: http.MethodPatch, path: path, body: map[string]any{"condition": "x"}}, 422, "invalid", "/condition unsupported")
	h.refused("its role", ask{token: clerk.token, method: http.MethodPatch, path: path, body: map[string]any{"role_id": h.role("viewer")}}, 422, "invalid", "/role_id immutable")
	revision := h.policy(h.customer)["revision"].(float64)
	shorter := in(time.Minute)
	if got := h.must(clerk.token, http.MethodPatch, path, map[string]any{"expires_at": shorter}); got.text("expires_at") != shorter {
		t.Errorf("got %v", got)
	}
	h.must(clerk.token, http.MethodPatch, path, map[string]any{"expires_at": shorter})
	if got := h.policy(h.customer)["revision"].(float64); got != revision+1 {
		t.Errorf("the policy's revision went from %v to %v", revision, got)
	}
	if got := h.must(h.admin.token, http.MethodPatch, path, map[string]any{"expires_at": nil}); got["expires_at"] != nil {
		t.Errorf("got %v", got)
	}
}

func lastOwner(t *testing.T, h *house) {
	own := h.items(h.admin.token, "/role-bindings?principal_id="+h.admin.id)[0].text("id")
	soon := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	takeBack := func(what string, by *principal) {
		t.Helper()
		h.refused(what+": delete", ask{token: by.token, method: http.MethodDelete, path: "/role-bindings/" + own}, 409, "last_owner")
		h.refused(what+": expire", ask{token: by.token, method: http.MethodPatch, path: "/role-bindings/" + own, body: map[string]any{"expires_at": soon}}, 409, "last_owner")
		h.refused(what+": with the account", ask{token: by.token, method: http.MethodDelete, path: "/service-accounts/" + h.admin.id}, 409, "last_owner")
		h.refused(what+": disable the account", ask{token: by.token, method: http.MethodPatch, path: "/service-accounts/" + h.admin.id,
			body: map[string]any{"enabled": false}}, 409, "last_owner")
	}
	takeBack("the last", h.admin)
	if r := h.send(ask{token: h.admin.token, method: http.MethodGet, path: "/service-accounts/" + h.admin.id}); r.status != http.StatusOK {
		t.Errorf("the account: %d: %s", r.status, r.body)
	}
	// One that ends is none, nor is one of a role that owns nothing.
	h.must(h.admin.token, http.MethodPost, "/role-bindings", map[string]any{"principal_kind": "user", "principal_id": "ann", "role_id": h.role("customer-admin"), "scope_id": h.customer, "expires_at": soon})
	h.must(h.admin.token, http.MethodPost, "/role-bindings", map[string]any{"principal_kind": "user", "principal_id": "ann", "role_id": h.role("operator"), "scope_id": h.customer})
	takeBack("beside one that ends", h.admin)
	// A token for the customer alone does not stand above it, whoever it is of.
	narrow := h.account(h.reseller, "narrow")
	h.bind(narrow, "reseller-admin", h.reseller)
	narrow.token = h.issue(narrow.id, "for-acme", map[string]any{"scope_id": h.customer}).text("token")
	h.refused("narrowed", ask{token: narrow.token, method: http.MethodDelete, path: "/role-bindings/" + own}, 409, "last_owner")

	// Nor is an account that is disabled; enabled again it is one, and then the first may be.
	idle := h.account(h.customer, "idle")
	h.bind(idle, "customer-admin", h.customer)
	h.must(h.admin.token, http.MethodPatch, "/service-accounts/"+idle.id, map[string]any{"enabled": false})
	takeBack("beside one that is disabled", h.admin)
	h.must(h.admin.token, http.MethodPatch, "/service-accounts/"+idle.id, map[string]any{"enabled": true})
	h.must(idle.token, http.MethodPatch, "/service-accounts/"+h.admin.id, map[string]any{"enabled": false})
	h.must(idle.token, http.MethodPatch, "/service-accounts/"+h.admin.id, map[string]any{"enabled": true})
	h.must(h.admin.token, http.MethodDelete, "/service-accounts/"+idle.id, nil)

	second := h.must(h.admin.token, http.MethodPost, "/role-bindings", map[string]any{"principal_kind": "user", "principal_id": "ben", "role_id": h.role("customer-admin"), "scope_id": h.customer}).text("id")
	h.must(h.admin.token, http.MethodDelete, "/role-bindings/"+second, nil)
	h.must(h.boss.token, http.MethodDelete, "/role-bindings/"+own, nil)
	h.refused("gone", ask{token: h.admin.token, method: http.MethodGet, path: "/customers/" + h.customer}, 404, "not_found")

	// Nobody stands above the platform.
	platform := h.items(ownerToken, "/role-bindings?scope_id=platform&principal_kind=platform_owner")
	h.refused("platform", ask{token: ownerToken, method: http.MethodDelete, path: "/role-bindings/" + platform[0].text("id")}, 409, "last_owner")
	h.refused("platform, expire", ask{token: ownerToken, method: http.MethodPatch, path: "/role-bindings/" + platform[0].text("id"), body: map[string]any{"expires_at": soon}}, 409, "last_owner")
}

// Two owners who take each other's role away at the same moment do not leave it without.
func lastTwoOwners(t *testing.T, h *house) {
	second := h.account(h.customer, "second")
	h.bind(second, "customer-admin", h.customer)
	owners := func() []object { return h.items(ownerToken, "/role-bindings?scope_id="+h.customer) }
	of := map[string]string{}
	for _, b := range owners() {
		of[b.text("principal_id")] = b.text("id")
	}
	var both sync.WaitGroup
	var replies [2]reply
	for i, pair := range [2][2]*principal{{h.admin, second}, {second, h.admin}} {
		both.Go(func() {
			replies[i] = h.send(ask{token: pair[0].token, method: http.MethodDelete, path: "/role-bindings/" + of[pair[1].id]})
		})
	}
	both.Wait()
	if left := owners(); len(left) != 1 {
		t.Errorf("%d owners are left: %s, %s", len(left), replies[0].body, replies[1].body)
	}
}

func released(t *testing.T, h *house) {
	other, clerk := h.newCustomer("other"), h.account(h.customer, "clerk")
	on := map[string]string{"other": h.bind(clerk, "viewer", other), "own": h.bind(clerk, "viewer", h.customer)}
	h.must(h.boss.token, http.MethodDelete, "/customers/"+other, nil)
	h.refused("with its scope", ask{token: ownerToken, method: http.MethodGet, path: "/role-bindings/" + on["other"]}, 404, "not_found")
	var left int64
	h.check(h.db.Conn(t.Context()).Raw("SELECT count(*) FROM policy WHERE scope_id = ?", other).Scan(&left).Error)
	if left != 0 {
		t.Error("the policy of a scope that is gone stays")
	}
	revision := h.policy(h.customer)["revision"].(float64)
	h.must(h.admin.token, http.MethodDelete, "/service-accounts/"+clerk.id, nil)
	h.refused("with its principal", ask{token: ownerToken, method: http.MethodGet, path: "/role-bindings/" + on["own"]}, 404, "not_found")
	if got := h.policy(h.customer)["revision"].(float64); got != revision+1 {
		t.Errorf("the policy's revision went from %v to %v", revision, got)
	}
}
