package app

// Policies: all bindings of a scope as one document.

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/id"
)

// change is a PATCH or DELETE of a policy that was read at that revision.
func (h *house) change(p *principal, method, scope string, revision any, body any) ask {
	return ask{token: p.token, method: method, path: "/policies/" + scope, body: body, header: map[string]string{"If-Match": fmt.Sprintf("%q", fmt.Sprint(revision))}}
}

func member(members ...string) map[string]any { return map[string]any{"members": members} }

func policiesAre(t *testing.T, h *house) {
	viewer, operator := h.role("viewer"), h.role("operator")
	fresh := h.newCustomer("fresh")
	r := h.send(ask{token: h.boss.token, method: http.MethodGet, path: "/policies/" + fresh})
	if p := r.object(t); r.status != http.StatusOK || !strings.HasPrefix(r.header.Get("ETag"), `"0.`) || p["revision"] != 0.0 || fmt.Sprint(p["bindings"]) != "map[]" || p["scope_id"] != fresh {
		t.Errorf("a policy that never was changed: %d %s", r.status, r.body)
	}
	soon := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	bindings := map[string]any{
		viewer:   map[string]any{"members": []string{"user:ann", "group:ops"}, "expiring_members": map[string]any{"user:cas": soon.Format(time.RFC3339)}},
		operator: member("service_account:" + h.admin.id),
	}
	body := map[string]any{"bindings": bindings}
	h.refused("unconditional", ask{token: h.boss.token, method: http.MethodPatch, path: "/policies/" + fresh, body: body}, 428, "if_match_required")
	h.refused("stale", h.change(h.boss, http.MethodPatch, fresh, 3, body), 412, "revision_mismatch")
	h.refused("of somebody else", h.change(h.admin, http.MethodPatch, fresh, 0, body), 404, "not_found")
	for _, at := range []string{id.New("cus"), id.New("op"), "nonsense"} {
		h.refused("of nothing", h.change(h.boss, http.MethodPatch, at, 0, body), 404, "not_found")
	}
	dry := h.change(h.boss, http.MethodPatch, fresh, 0, body)
	dry.path += "?dry_run=true"
	if got := h.finish(h.boss.token, h.send(dry)); len(got["bindings"].(map[string]any)) != 2 || len(h.policy(fresh)["bindings"].(map[string]any)) != 0 {
		t.Errorf("dry run: %v, then %v", got, h.policy(fresh))
	}
	got := h.finish(h.boss.token, h.send(h.change(h.boss, http.MethodPatch, fresh, 0, body)))
	want := fmt.Sprint(map[string]any{
		viewer:   map[string]any{"members": []any{"group:ops", "user:ann"}, "expiring_members": map[string]any{"user:cas": soon.Format(time.RFC3339)}},
		operator: map[string]any{"members": []any{"service_account:" + h.admin.id}, "expiring_members": map[string]any{}},
	})
	if fmt.Sprint(got["bindings"]) != want || fmt.Sprint(h.policy(fresh)) != fmt.Sprint(got) || got["revision"].(float64) < 1 {
		t.Errorf("got %v", got)
	}
	if list := h.items(h.boss.token, "/role-bindings?scope_id="+fresh); len(list) != 4 {
		t.Errorf("role bindings: %v", list)
	}
	// The same again changes nothing.
	same := h.finish(h.boss.token, h.send(h.change(h.boss, http.MethodPatch, fresh, got["revision"], body)))
	if fmt.Sprint(same) != fmt.Sprint(got) {
		t.Errorf("got %v", same)
	}
	// What one binding changes, the policy's reader has not seen.
	h.must(h.boss.token, http.MethodPost, "/role-bindings", map[string]any{"principal_kind": "user", "principal_id": "dee", "role_id": viewer, "scope_id": fresh})
	h.refused("overtaken", h.change(h.boss, http.MethodPatch, fresh, got["revision"], body), 412, "revision_mismatch")
	h.refused("overtaken, delete", h.change(h.boss, http.MethodDelete, fresh, got["revision"], nil), 412, "revision_mismatch")

	now := h.policy(fresh)["revision"]
	theirs := h.newRole(h.customer, "theirs", "disks.get")
	patch := func(b map[string]any) ask {
		return h.change(h.boss, http.MethodPatch, fresh, now, map[string]any{"bindings": b})
	}
	h.refused("nobody", patch(map[string]any{operator: member()}), 422, "invalid", "/bindings/"+operator+" conflict")
	h.refused("not for use", patch(map[string]any{theirs: member("user:ann")}), 422, "invalid", "/bindings/"+theirs+" not_found")
	h.refused("two that do not exist", patch(map[string]any{operator: member("service_account:"+id.New("sa"), "platform_owner:me")}), 422, "invalid",
		"/bindings/"+operator+"/members/0 not_found", "/bindings/"+operator+"/members/1 not_found")
	h.refused("in the past", patch(map[string]any{viewer: map[string]any{"expiring_members": map[string]any{"user:cas": "2020-01-01T00:00:00Z"}}}), 422, "invalid",
		"/bindings/"+viewer+"/expiring_members/user:cas conflict")
	h.refused("more than held", patch(map[string]any{h.role("platform-operator"): member("user:ann")}), 403, "exceeds_own_permissions")

	// A patch merges: null takes away, what is not named stays.
	merged := h.finish(h.boss.token, h.send(patch(map[string]any{operator: nil, viewer: map[string]any{"members": []string{"user:ann"}, "expiring_members": map[string]any{"user:eve": soon.Format(time.RFC3339)}}})))
	want = fmt.Sprint(map[string]any{viewer: map[string]any{"members": []any{"user:ann"},
		"expiring_members": map[string]any{"user:cas": soon.Format(time.RFC3339), "user:eve": soon.Format(time.RFC3339)}}})
	if fmt.Sprint(merged["bindings"]) != want {
		t.Errorf("got %v", merged)
	}
	var old []string
	h.check(h.db.Conn(t.Context()).Raw("SELECT COALESCE(old::text, '') FROM audit_record WHERE op_id = 'policies.update' AND target_id = ? AND outcome = 'succeeded' ORDER BY id", fresh).Scan(&old).Error)
	if len(old) != 3 || !strings.Contains(old[0], `"bindings":{}`) || !strings.Contains(old[2], "user:dee") {
		t.Errorf("on record: %q", old)
	}
	// Who may read it may not change it.
	reader := h.account(h.reseller, "reader")
	h.bind(reader, "viewer", h.reseller)
	if got := h.must(reader.token, http.MethodGet, "/policies/"+fresh, nil); fmt.Sprint(got) != fmt.Sprint(merged) {
		t.Errorf("got %v", got)
	}
	h.refused("reader", h.change(reader, http.MethodPatch, fresh, merged["revision"], body), 403, "forbidden")
	h.refused("reader of the platform's", ask{token: reader.token, method: http.MethodGet, path: "/policies/platform"}, 403, "forbidden")
	// After it was emptied its revision goes on, so that nobody takes the new one for the old.
	h.finish(h.boss.token, h.send(h.change(h.boss, http.MethodDelete, fresh, merged["revision"], nil)))
	if p := h.policy(fresh); fmt.Sprint(p["bindings"]) != "map[]" || p["revision"].(float64) <= merged["revision"].(float64) {
		t.Errorf("emptied: %v", p)
	}
	if list := h.items(ownerToken, "/role-bindings?scope_id="+fresh); len(list) != 0 {
		t.Errorf("role bindings: %v", list)
	}
}

// Of several who have read the same revision, one writes.
func policyWriters(t *testing.T, h *house) {
	viewer := h.role("viewer")
	revision := h.policy(h.customer)["revision"]
	const writers = 6
	replies := make([]reply, writers)
	var all sync.WaitGroup
	for i := range replies {
		all.Go(func() {
			body := map[string]any{"bindings": map[string]any{viewer: member(fmt.Sprintf("user:w%d", i))}}
			replies[i] = h.send(h.change(h.admin, http.MethodPatch, h.customer, revision, body))
		})
	}
	all.Wait()
	won := 0
	for i, r := range replies {
		switch {
		case r.status == http.StatusOK:
			won++
			if b := fmt.Sprint(h.policy(h.customer)["bindings"].(map[string]any)[viewer]); !strings.Contains(b, fmt.Sprintf("user:w%d", i)) {
				t.Errorf("%d has written, and there is %s", i, b)
			}
		case r.status != http.StatusPreconditionFailed:
			t.Errorf("%d: %s", r.status, r.body)
		}
	}
	if won != 1 {
		t.Errorf("%d have written", won)
	}
}

// In one change of a policy an owner can be replaced, but not taken away.
func ownersTurn(t *testing.T, h *house) {
	owning := h.role("customer-admin")
	present := "service_account:" + h.admin.id
	soon := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	revision := h.policy(h.customer)["revision"]
	patch := func(by *principal, b any) ask {
		return h.change(by, http.MethodPatch, h.customer, revision, map[string]any{"bindings": map[string]any{owning: b}})
	}
	h.refused("none", patch(h.admin, nil), 409, "last_owner")
	h.refused("for a time", patch(h.admin, map[string]any{"members": []string{}, "expiring_members": map[string]any{present: soon, "user:ann": soon}}), 409, "last_owner")
	h.refused("delete", h.change(h.admin, http.MethodDelete, h.customer, revision, nil), 409, "last_owner")
	h.refused("platform", ask{token: ownerToken, method: http.MethodDelete, path: "/policies/platform", header: map[string]string{"If-Match": "*"}}, 409, "last_owner")

	turned := h.finish(h.admin.token, h.send(patch(h.admin, map[string]any{"members": []string{"user:ann"}, "expiring_members": map[string]any{present: soon}})))
	revision = turned["revision"]
	// And back: the one becomes an owner for good in the change that takes the other away.
	turned = h.finish(h.admin.token, h.send(patch(h.admin, map[string]any{"members": []string{present}, "expiring_members": map[string]any{present: nil}})))
	if got := fmt.Sprint(turned["bindings"].(map[string]any)[owning]); got != fmt.Sprint(map[string]any{"members": []any{present}, "expiring_members": map[string]any{}}) {
		t.Errorf("got %s", got)
	}
	// Who stands above may leave it without.
	h.finish(h.boss.token, h.send(h.change(h.boss, http.MethodDelete, h.customer, turned["revision"], nil)))
}
