package app

// Giving access, as it is asked for: roles, role bindings, policies, and the questions about them. Every refusal is looked at twice: what it
// says, and that nothing was written.

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/internal/permission"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
	"github.com/demarc/demarc/controlplane/internal/role"
)

// Every pattern of a built-in role stands for something, and the roles say what they promise.
func TestBuiltInRoles(t *testing.T) {
	t.Parallel()
	_, ops := Contract()
	known := permission.IDs(ops)
	for _, b := range role.BuiltIns() {
		for _, pattern := range b.Permissions {
			if !slices.ContainsFunc(known, func(p string) bool { return role.Match(strings.TrimPrefix(pattern, "!"), p) }) {
				t.Errorf("%s: %s stands for no permission", b.Name, pattern)
			}
		}
		got := b.Resolve(known)
		want, ok := promises[b.Name]
		if !ok {
			t.Errorf("%s: nothing says what it promises", b.Name)
		}
		for _, p := range append(want.has, want.not...) {
			if !slices.Contains(known, p) {
				t.Errorf("%s: there is no permission %s", b.Name, p)
			}
			if slices.Contains(got, p) != slices.Contains(want.has, p) {
				t.Errorf("%s: %s: %t", b.Name, p, slices.Contains(got, p))
			}
		}
	}
}

var promises = map[string]struct{ has, not []string }{
	"platform-owner": {has: []string{"locations.create", "role_bindings.create", "api_tokens.rotate", "audit_records.list"}},
	"platform-operator": {has: []string{"locations.create", "customers.update", "role_bindings.list", "api_tokens.get", "location_accesses.create"},
		not: []string{"roles.create", "role_bindings.create", "policies.update", "service_accounts.update", "api_tokens.rotate"}},
	"reseller-admin": {has: []string{"customers.create", "billing_entities.create", "policies.update", "locations.get", "location_accesses.list"},
		not: []string{"locations.create", "images.delete", "location_accesses.create"}},
	"customer-admin": {has: []string{"cloudspaces.create", "virtual_machines.reboot", "api_tokens.rotate", "policies.delete", "customers.get", "audit_records.get"},
		not: []string{"customers.update", "customers.delete", "billing_entities.update", "locations.update"}},
	"operator": {has: []string{"virtual_machines.reboot", "operations.cancel", "disks.delete", "roles.get"},
		not: []string{"role_bindings.create", "service_accounts.create", "api_tokens.get", "audit_records.list", "customers.update"}},
	"viewer":             {has: []string{"virtual_machines.get", "policies.get"}, not: []string{"virtual_machines.reboot", "audit_records.get", "api_tokens.list"}},
	"billing-viewer":     {has: []string{"customers.list", "billing_entities.get"}, not: []string{"virtual_machines.get", "customers.update"}},
	"cost-administrator": {has: []string{"virtual_machines.list", "locations.get", "role_bindings.list"}, not: []string{"customers.update", "disks.create"}},
	"cost-user":          {has: []string{"virtual_machines.list", "customers.get"}, not: []string{"locations.get", "role_bindings.list"}},
}

// What a server finds at its start is brought to what its program knows, once, under the same ids; and there is an owner.
func TestStartWritesBuiltInRolesAndOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dbtest.New(t))
	type state struct {
		ID, Name, Permissions string
		Revision              int64
	}
	roles := func() (out []state) {
		w.check(w.db.Conn(w.ctx).Raw("SELECT id, name, permissions::text AS permissions, revision FROM role WHERE built_in ORDER BY name").Scan(&out).Error)
		return out
	}
	owners := func() (out []string) {
		w.check(w.db.Conn(w.ctx).Raw(`SELECT b.principal_kind || ':' || b.principal_id || ' ' || r.name || ' ' || COALESCE(b.expires_at::text, 'never')
			FROM role_binding b JOIN role r ON r.id = b.role_id WHERE scope_id = 'platform'`).Scan(&out).Error)
		return out
	}
	one := []string{"platform_owner:owner platform-owner never"}
	before := roles()
	if len(before) != len(role.BuiltIns()) || !slices.Equal(owners(), one) {
		t.Fatalf("%v, %v", before, owners())
	}
	w.check(w.seed(w.ctx, w.db))
	if after := roles(); !slices.Equal(after, before) || !slices.Equal(owners(), one) {
		t.Errorf("the second start wrote something: %v, %v", after, owners())
	}
	w.check(w.db.Conn(w.ctx).Exec(`UPDATE role SET permissions = '["disks.get"]' WHERE built_in AND name = 'viewer'`).Error)
	for _, change := range []string{"DELETE FROM role_binding", "UPDATE role_binding SET expires_at = now() - interval '1 day'"} {
		w.check(w.db.Conn(w.ctx).Exec(change).Error)
		w.check(w.seed(w.ctx, w.db))
		if !slices.Equal(owners(), one) {
			t.Errorf("after %s the platform is owned by %v", change, owners())
		}
	}
	for i, r := range roles() {
		want := before[i]
		if r.Name == "viewer" {
			want.Revision++
		}
		if r != want {
			t.Errorf("got %v, want %v", r, want)
		}
	}
	// Another owner is enough.
	w.check(w.db.Conn(w.ctx).Exec("UPDATE role_binding SET principal_kind = 'user', principal_id = 'ann'").Error)
	w.check(w.seed(w.ctx, w.db))
	if got := owners(); !slices.Equal(got, []string{"user:ann platform-owner never"}) {
		t.Errorf("got %v", got)
	}
}

// house is a reseller with a customer, each with an administrator, on a node that has others.
type house struct {
	*node
	reseller, customer string
	boss, admin        *principal
}

func (n *node) house(t *testing.T) *house {
	t.Helper()
	h := &house{node: n.on(t)}
	name := "h" + strings.ReplaceAll(id.New("h")[2:], "_", "")
	h.reseller = h.must(ownerToken, http.MethodPost, "/billing-entities", map[string]any{"name": name, "currency": "EUR"}).text("id")
	h.customer = h.newCustomer("acme")
	h.boss, h.admin = h.account(h.reseller, "boss"), h.account(h.customer, "admin")
	h.bind(h.boss, "reseller-admin", h.reseller)
	h.bind(h.admin, "customer-admin", h.customer)
	return h
}

func (h *house) newCustomer(name string) string {
	h.t.Helper()
	return h.must(ownerToken, http.MethodPost, "/customers", map[string]any{"name": name, "billing_entity_id": h.reseller, "email": "it@example.com"}).text("id")
}

// newRole makes a role of a customer or billing entity.
func (h *house) newRole(owner, name string, permissions ...string) string {
	h.t.Helper()
	return h.must(ownerToken, http.MethodPost, "/roles", map[string]any{"name": name, "owner_id": owner, "permissions": permissions}).text("id")
}

func (h *house) policy(scope string) object {
	h.t.Helper()
	return h.must(ownerToken, http.MethodGet, "/policies/"+scope, nil)
}

// written is everything that giving access writes.
func (h *house) written() string {
	h.t.Helper()
	var out []string
	h.check(h.db.Conn(h.t.Context()).Raw(`SELECT r::text FROM role r WHERE billing_entity_id = @r UNION ALL SELECT b::text FROM role_binding b WHERE billing_entity_id = @r
		UNION ALL SELECT p::text FROM policy p WHERE scope_id = @r OR scope_id IN (SELECT id FROM customer WHERE billing_entity_id = @r) ORDER BY 1`,
		map[string]any{"r": h.reseller}).Scan(&out).Error)
	return strings.Join(out, "\n")
}

// refused sends what must be refused, and leave everything as it was. pointers are those of the wrong fields, each with its code.
func (h *house) refused(what string, a ask, status int, code string, pointers ...string) problem {
	h.t.Helper()
	before := h.written()
	r := h.send(a)
	p := r.problem(h.t)
	var got []string
	for _, e := range p.Errors {
		got = append(got, e.Pointer+" "+e.Code)
	}
	if r.status != status || p.Code != code || !slices.Equal(got, pointers) {
		h.t.Errorf("%s: got %d %s", what, r.status, r.body)
	}
	if after := h.written(); after != before {
		h.t.Errorf("%s: refused, and written:\n%s\nwas:\n%s", what, after, before)
	}
	return p
}

func (h *house) create(p *principal, path string, body map[string]any) ask {
	return ask{token: p.token, method: http.MethodPost, path: path, body: body}
}

// set is a body with other fields.
func set(body map[string]any, fields map[string]any) map[string]any {
	out := maps.Clone(body)
	maps.Copy(out, fields)
	return out
}

func TestGivingAccess(t *testing.T) {
	t.Parallel()
	n := newSite(t).start(parts{})
	for name, test := range map[string]func(*testing.T, *house){
		"roles": rolesAre, "a role that is bound": boundRole, "roles of the root": rootRoles, "bindings": bindingsAre, "renewals": renewals,
		"the last owner": lastOwner, "the last two owners": lastTwoOwners, "what goes takes its bindings along": released, "policies": policiesAre, "policies of several writers": policyWriters,
		"owners take turns": ownersTurn, "questions": accessQuestions, "all at once": allAtOnce, "who has access": whoHasAccess,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, n.house(t))
		})
	}
}

func rolesAre(t *testing.T, h *house) {
	other := h.newCustomer("other")
	good := map[string]any{"name": "clerk", "owner_id": h.customer, "permissions": []string{"disks.get", "customers.get"}}
	for what, c := range map[string]struct {
		set      map[string]any
		status   int
		code     string
		pointers []string
	}{
		"unknown permission": {map[string]any{"permissions": []string{"disks.get", "disks.*"}}, 422, "invalid", []string{"/permissions/1 not_found"}},
		"reserved name":      {map[string]any{"name": "viewer"}, 422, "invalid", []string{"/name conflict"}},
		"both":               {map[string]any{"name": "viewer", "permissions": []string{"x"}}, 422, "invalid", []string{"/name conflict", "/permissions/0 not_found"}},
		"more than held":     {map[string]any{"permissions": []string{"disks.get", "locations.create"}}, 403, "exceeds_own_permissions", nil},
		"other customer":     {map[string]any{"owner_id": other}, 422, "invalid", []string{"/owner_id not_found"}},
		"reseller":           {map[string]any{"owner_id": h.reseller}, 422, "invalid", []string{"/owner_id not_found"}},
	} {
		p := h.refused(what, h.create(h.admin, "/roles", set(good, c.set)), c.status, c.code, c.pointers...)
		if c.status == 403 && (!strings.Contains(p.Detail, "locations.create") || strings.Contains(p.Detail, "disks.get")) {
			t.Errorf("%s: %s", what, p.Detail)
		}
	}
	made := h.must(h.admin.token, http.MethodPost, "/roles", set(good, map[string]any{"permissions": []string{"disks.get", "customers.get", "disks.get"}[:2]}))
	if made["built_in"] != false || fmt.Sprint(made["permissions"]) != "[customers.get disks.get]" {
		t.Errorf("got %v", made)
	}
	path := "/roles/" + made.text("id")
	h.refused("name taken", h.create(h.admin, "/roles", good), 409, "name_taken")
	h.refused("update to more than held", ask{token: h.admin.token, method: http.MethodPatch, path: path, body: map[string]any{"permissions": []string{"customers.update"}}}, 403, "exceeds_own_permissions")
	h.refused("update to a reserved name", ask{token: h.admin.token, method: http.MethodPatch, path: path, body: map[string]any{"name": "operator"}}, 422, "invalid", "/name conflict")

	// What is built in, or of somebody above, is seen and stays as it is.
	above := h.newRole(h.reseller, "above", "disks.get")
	hidden := h.newRole(other, "hidden", "disks.get")
	seen := ids(h.items(h.admin.token, "/roles"), "id")
	for roleID, want := range map[string]bool{made.text("id"): true, above: true, hidden: false, h.role("viewer"): true} {
		if slices.Contains(seen, roleID) != want {
			t.Errorf("role %s is listed: %t", roleID, !want)
		}
	}
	patch := map[string]any{"notes": "mine"}
	h.refused("of the reseller", ask{token: h.admin.token, method: http.MethodPatch, path: "/roles/" + above, body: patch}, 403, "forbidden")
	h.refused("of another", ask{token: h.admin.token, method: http.MethodPatch, path: "/roles/" + hidden, body: patch}, 404, "not_found")
	h.refused("built in", ask{token: h.admin.token, method: http.MethodDelete, path: "/roles/" + h.role("viewer")}, 403, "forbidden")
	for _, method := range []string{http.MethodPatch, http.MethodDelete} {
		a := ask{token: ownerToken, method: method, path: "/roles/" + h.role("viewer")}
		if method == http.MethodPatch {
			a.body = patch
		}
		h.refused("built in, to the owner", a, 409, "built_in")
	}
	// The same permissions in another order are no change.
	again := h.must(h.admin.token, http.MethodPatch, path, map[string]any{"permissions": []string{"disks.get", "customers.get"}})
	if again["revision"] != made["revision"] {
		t.Errorf("got %v", again)
	}
	// Its owner is not removed under it.
	h.refused("owner", ask{token: ownerToken, method: http.MethodDelete, path: "/customers/" + other}, 409, "has_children")
	h.must(h.admin.token, http.MethodDelete, path, nil)
	h.refused("deleted", ask{token: h.admin.token, method: http.MethodGet, path: path}, 404, "not_found")
}

// A change of a role is one for everybody who has it, at once.
func boundRole(t *testing.T, h *house) {
	clerk := h.account(h.customer, "clerk")
	roleID := h.newRole(h.customer, "clerk", "customers.get")
	binding := h.bind(clerk, roleID, h.customer)
	roles := ask{token: clerk.token, method: http.MethodGet, path: "/service-accounts/" + clerk.id}
	h.refused("before", roles, 404, "not_found")
	h.must(h.admin.token, http.MethodPatch, "/roles/"+roleID, map[string]any{"permissions": []string{"customers.get", "service_accounts.get"}})
	if r := h.send(roles); r.status != http.StatusOK {
		t.Errorf("with another permission: %d: %s", r.status, r.body)
	}
	h.must(h.admin.token, http.MethodPatch, "/roles/"+roleID, map[string]any{"permissions": []string{"customers.get"}})
	h.refused("after", roles, 404, "not_found")
	p := h.refused("bound", ask{token: h.admin.token, method: http.MethodDelete, path: "/roles/" + roleID}, 409, "has_children")
	if len(p.Children) != 1 || p.Children[0].text("id") != binding {
		t.Errorf("got %+v", p)
	}
	h.must(h.admin.token, http.MethodDelete, "/role-bindings/"+binding, nil)
	h.must(h.admin.token, http.MethodDelete, "/roles/"+roleID, nil)
}

// A role of the root can be bound on the platform: what is put into it must be held there.
func rootRoles(t *testing.T, h *house) {
	suffix := id.New("r")[2:]
	name := "r" + strings.ReplaceAll(suffix, "_", "")
	editor := h.account(h.root, name)
	h.bind(editor, "reseller-admin", h.root)
	roleID := h.newRole(h.root, name, "customers.get")
	grow := ask{token: editor.token, method: http.MethodPatch, path: "/roles/" + roleID, body: map[string]any{"permissions": []string{"customers.get", "customers.list"}}}
	binding := h.bind(h.boss, roleID, authz.Platform)
	h.refused("bound on the platform", grow, 403, "exceeds_own_permissions")
	h.must(ownerToken, http.MethodDelete, "/role-bindings/"+binding, nil)
	if r := h.send(grow); r.status != http.StatusOK {
		t.Errorf("bound nowhere: %d: %s", r.status, r.body)
	}
}
