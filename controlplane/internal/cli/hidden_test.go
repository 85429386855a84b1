package cli

import (
	"net/http"
	"strings"
	"testing"
)

// What the token may not see is shown as hidden, and stays as it is unless somebody names it.
func TestHiddenFields(t *testing.T) {
	f, demarc := session(t)
	f.put("far_1", `{"name": "day", "price": 10, "seasons": {"summer": {"price": 9}}, "hidden_fields": ["/cost", "/seasons/summer/cost"]}`)
	shows := func(out string, parts ...string) {
		t.Helper()
		for _, p := range parts {
			if !strings.Contains(out, p) {
				t.Errorf("%q is not in\n%s", p, out)
			}
		}
	}
	demarc("fare", "list", "-o", "wide").want(t, 0, "NAME  ID     PRICE  COST      REVISION  OPERATION ID  STATE\nday   far_1  10     (hidden)  1         -             active\n")
	shows(demarc("fare", "describe", "far_1").out, "cost:           (hidden)\n", "    cost:       (hidden)\n", "hidden_fields:  /cost, /seasons/summer/cost\n")
	shows(demarc("fare", "get", "far_1", "-o", "json").out, `"hidden_fields": [`)
	shows(demarc("explain", "fare").out, "for who has fares.get_cost")

	demarc("apply", "-f", writeFile(t, "same.yaml", "{kind: fare, id: far_1, spec: {price: 10, seasons: {summer: {price: 9}}}}")).want(t, 0, "fare far_1 unchanged\n")
	demarc("apply", "-f", writeFile(t, "other.yaml", "{kind: fare, id: far_1, spec: {price: 11, seasons: {summer: {price: 8}}}}")).want(t, 0,
		"fare far_1 updated\n  price: 10 → 11\n  seasons.summer.price: 9 → 8\n")
	wantWrites(t, f, `PATCH /fares/far_1 {"price":11,"seasons":{"summer":{"price":8}}}`)
	t.Setenv("TMPDIR", t.TempDir())
	t.Setenv("VISUAL", "")
	t.Setenv("EDITOR", "sed -i 's/price: 11/price: 12/'")
	demarc("fare", "edit", "far_1", "-o", "id").want(t, 0, "far_1\n")
	wantWrites(t, f, `PATCH /fares/far_1 {"price":12}`)

	// Whether a value differs that it cannot see is nothing that it could know: null neither.
	f.refuse = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodGet {
			return false
		}
		problem(w, http.StatusForbidden, `"code": "forbidden", "detail": "only some may see /cost",
			"errors": [{"pointer": "/cost", "code": "hidden", "detail": "only who has the permission fares.get_cost here sees and sets it"}]`)
		return true
	}
	for _, value := range []string{"5", "null"} {
		delete(f.objects["far_1"], "cost")
		demarc("apply", "-f", writeFile(t, "cost.yaml", "{kind: fare, id: far_1, spec: {cost: "+value+"}}")).fails(t, ExitError, "cost", "fares.get_cost")
		wantWrites(t, f, `PATCH /fares/far_1 {"cost":`+value+`}`)
	}
	demarc("fare", "update", "far_1", "--cost", "5").fails(t, ExitError, "cost", "fares.get_cost")
}
