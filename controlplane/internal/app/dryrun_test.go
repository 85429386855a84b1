package app

import (
	"net/http"
	"reflect"
	"testing"
)

// A delete that is tried out answers the object as it is, whether its work would be done at once or go on.
func TestADeleteThatIsTriedOut(t *testing.T) {
	t.Parallel()
	n := newSite(t).start(parts{})
	image := n.must(ownerToken, http.MethodPost, "/images", object{"name": "debian"})
	path := "/images/" + image["id"].(string)
	before := n.must(ownerToken, http.MethodGet, path, nil)
	r := n.send(ask{token: ownerToken, method: http.MethodDelete, path: path + "?dry_run=true"})
	if got := r.object(t); r.status != http.StatusOK || !reflect.DeepEqual(got, before) {
		t.Errorf("%d: %s, want 200 and %v", r.status, r.body, before)
	}
	if after := n.must(ownerToken, http.MethodGet, path, nil); !reflect.DeepEqual(before, after) {
		t.Errorf("it is %v by now", after)
	}
	if r := n.send(ask{token: ownerToken, method: http.MethodDelete, path: path}); r.status != http.StatusNoContent || len(r.body) > 0 {
		t.Errorf("a delete: %d, %q", r.status, r.body)
	}
	n.status(ownerToken, http.MethodDelete, path+"?dry_run=true", nil, http.StatusNotFound, "not_found")
}

// Who may delete something and not read it does not read it so, either.
func TestADeleteThatIsTriedOutBlindly(t *testing.T) {
	t.Parallel()
	n := newSite(t).start(parts{})
	cleaner, reader := n.account(n.root, "cleaner"), n.account(n.root, "reader")
	for p, permissions := range map[*principal][]string{cleaner: {"images.delete"}, reader: {"images.delete", "images.get"}} {
		n.bind(p, n.must(ownerToken, http.MethodPost, "/roles", object{"name": p.name, "owner_id": n.root, "permissions": permissions}).text("id"), "platform")
	}
	path := "/images/" + n.must(ownerToken, http.MethodPost, "/images", object{"name": "debian", "notes": "of the board"}).text("id")
	n.status(cleaner.token, http.MethodGet, path, nil, http.StatusNotFound, "not_found")
	if r := n.send(ask{token: cleaner.token, method: http.MethodDelete, path: path + "?dry_run=true"}); r.status != http.StatusNoContent || len(r.body) > 0 {
		t.Errorf("blindly: %d, %q", r.status, r.body)
	}
	if r := n.send(ask{token: reader.token, method: http.MethodDelete, path: path + "?dry_run=true"}); r.status != http.StatusOK || r.object(t).text("notes") != "of the board" {
		t.Errorf("to who may read it: %d, %q", r.status, r.body)
	}
	n.status(cleaner.token, http.MethodDelete, path, nil, http.StatusNoContent, "")
}
