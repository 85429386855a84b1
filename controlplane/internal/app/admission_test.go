package app

import (
	"net/http"
	"slices"
	"testing"

	"github.com/demarc/demarc/controlplane/client/fixture"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
)

// Whatever there is of a customer, there is nothing new of it while the customer is suspended, but what runs nothing.
func TestNothingNewOfACustomerThatIsNotActive(t *testing.T) {
	t.Parallel()
	n := newSite(t).start(parts{})
	kinds, _ := Contract()
	w := fixture.NewWorkshop(n.client(ownerToken), n.catalog)
	sample := func(kind string) (*fixture.Fixture, string) {
		f, err := w.Fixture(kind)
		n.check(err)
		made, err := f.Create(t.Context(), fixture.Minimal)
		n.check(err)
		return f, made.ID
	}
	_, customer := sample("customer")
	w.Use("customer", customer)
	type attempt struct {
		kind string
		path string
		body map[string]any
	}
	var dormant, others []attempt
	for _, k := range kinds {
		kind := n.catalog.Kind(k.Name)
		if kind == nil || kind.Operations[httpapi.Create].Path == "" || k.Name == "customer" {
			continue
		}
		f, id := sample(k.Name)
		var of string
		n.check(n.db.Conn(t.Context()).Raw("SELECT customer_id FROM "+k.Table()+" WHERE id = ?", id).Scan(&of).Error)
		if of != customer {
			continue
		}
		body, err := f.Body(t.Context(), fixture.Minimal)
		n.check(err)
		a := attempt{k.Name, kind.Path, body}
		if k.Dormant {
			dormant = append(dormant, a)
		} else {
			others = append(others, a)
		}
	}
	names := func(of []attempt) (out []string) {
		for _, a := range of {
			out = append(out, a.kind)
		}
		return out
	}
	for _, kind := range []string{"cloudspace", "virtual_machine", "disk"} {
		if !slices.Contains(names(others), kind) {
			t.Errorf("%s is not tried: %v", kind, names(others))
		}
	}
	n.must(ownerToken, http.MethodPatch, "/customers/"+customer, map[string]any{"status": "suspended"})
	for _, a := range others {
		n.status(ownerToken, http.MethodPost, a.path, a.body, http.StatusConflict, "wrong_state")
	}
	for _, a := range dormant {
		n.must(ownerToken, http.MethodPost, a.path, a.body)
	}
	if len(dormant) == 0 {
		t.Error("nothing is dormant")
	}
}

// A customer whose account is the last owner of the platform cannot be ended: nobody could do anything any more.
func TestTheLastOwnersCustomerStays(t *testing.T) {
	t.Parallel()
	n := newSite(t).start(parts{})
	p := n.place(n.entity(n.root, "reseller"))
	first, second := n.account(p.customer, "first"), n.account(p.customer, "second")
	n.bind(first, "platform-owner", "platform")
	n.bind(second, "platform-owner", "platform")
	owning := n.role("platform-owner")
	built := n.items(ownerToken, "/role-bindings?scope_id=platform&principal_kind=platform_owner")[0].text("id")
	n.must(ownerToken, http.MethodDelete, "/role-bindings/"+built, nil)
	end := map[string]any{"status": "terminated"}
	n.status(first.token, http.MethodPatch, "/customers/"+p.customer, end, http.StatusConflict, "last_owner")
	n.must(first.token, http.MethodGet, "/customers/"+p.customer, nil)
	n.must(first.token, http.MethodPost, "/role-bindings", map[string]any{"principal_kind": "user", "principal_id": "ann", "role_id": owning, "scope_id": "platform"})
	if r := n.send(ask{token: first.token, method: http.MethodPatch, path: "/customers/" + p.customer, body: end}); r.status != http.StatusAccepted {
		t.Errorf("beside another owner: %d: %s", r.status, r.body)
	}
}
