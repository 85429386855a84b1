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
