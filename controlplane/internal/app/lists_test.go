package app

// Lists as they are asked for over HTTP: several values, ranges and orders of real kinds, and how what is wrong in them is refused.

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestFiltersAndOrders(t *testing.T) {
	t.Parallel()
	n := newSite(t).start(parts{})
	post := func(path string, body map[string]any) object { return n.must(ownerToken, http.MethodPost, path, body) }
	customer := post("/customers", map[string]any{"name": "acme", "billing_entity_id": n.root, "email": "it@example.com"}).text("id")
	location, image := n.items(ownerToken, "/locations")[0].text("id"), n.items(ownerToken, "/images")[0].text("id")
	space := post("/cloudspaces", map[string]any{"name": "web", "customer_id": customer, "location_id": location}).text("id")
	called := map[string]string{}
	for name, gib := range map[string]int{"small": 1, "middle": 2, "large": 3} {
		called[post("/disks", map[string]any{"name": name, "cloudspace_id": space, "size_gib": gib}).text("id")] = name
	}
	for name, mib := range map[string]int{"tiny": 512, "huge": 4096} {
		machine := post("/virtual-machines", map[string]any{"name": name, "cloudspace_id": space, "image_id": image, "vcpus": 1, "memory_mib": mib,
			"power_state": map[string]string{"tiny": "stopped", "huge": "running"}[name]})
		called[machine.text("id")] = name
	}
	account := n.account(customer, "robot")
	in := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339) }
	for name, body := range map[string]map[string]any{
		"soon": {"principal_id": "ann", "expires_at": in(time.Hour)}, "later": {"principal_id": "ben", "expires_at": in(48 * time.Hour)}, "never": {"principal_id": "cat"},
	} {
		body["principal_kind"], body["role_id"], body["scope_id"] = "user", n.role("viewer"), space
		called[post("/role-bindings", body).text("id")] = name
	}
	called[n.issue(account.id, "short", map[string]any{"expires_at": in(time.Hour)}).text("id")] = "short"
	past, future := url.QueryEscape(in(-time.Hour)), url.QueryEscape(in(24*time.Hour))

	for query, want := range map[string]string{
		"/disks?order_by=size_gib":                                            "small middle large",
		"/disks?order_by=-size_gib":                                           "large middle small",
		"/disks?size_gib_min=2":                                               "middle large", // a range is in its own order
		"/disks?size_gib_min=2&size_gib_max=2":                                "middle",
		"/disks?size_gib_max=2&order_by=-name":                                "small middle",
		"/disks?size_gib_max=0":                                               "",
		"/disks?order_by=-size_gib&created_at_from=" + past:                   "large middle small",
		"/disks?created_at_until=" + past:                                     "",
		"/virtual-machines?power_state=running":                               "huge",
		"/virtual-machines?power_state=running,stopped&order_by=-name":        "tiny huge",
		"/virtual-machines?memory_mib_max=1000":                               "tiny",
		"/virtual-machines?order_by=-memory_mib&power_state=stopped":          "tiny",
		"/disks?state=active&order_by=size_gib":                               "small middle large",
		"/disks?state=failed,deleting":                                        "",
		"/disks?state=failed,active&size_gib_min=3":                           "large",
		"/disks?customer_id=" + customer + "&order_by=-name":                  "small middle large",
		"/api-tokens?customer_id=" + customer + "&expires_at_until=" + future: "short",
		"/role-bindings?customer_id=" + customer + "&order_by=expires_at":     "soon later never",
		"/role-bindings?scope_id=" + space + "&order_by=expires_at":           "soon later never",
		"/role-bindings?scope_id=" + space + "&order_by=-expires_at":          "later soon never",
		"/role-bindings?scope_id=" + space + "&expires_at_until=" + future:    "soon",
		"/role-bindings?scope_id=" + space + "&expires_at_from=" + future:     "later",
	} {
		for _, size := range []int{1, 2, 500} {
			var got []string
			for _, o := range n.pages(query, size) {
				got = append(got, called[o.text("id")])
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s in pages of %d: %q, want %q", query, size, got, want)
			}
		}
	}
	operations := n.items(ownerToken, "/operations?state=succeeded,failed&created_at_from="+past+"&order_by=created_at")
	if len(operations) < 6 || !slices.IsSortedFunc(operations, func(a, b object) int { return strings.Compare(a.text("id"), b.text("id")) }) {
		t.Errorf("%d operations", len(operations))
	}
	if got := n.items(ownerToken, "/operations?state=pending,running"); len(got) != 0 {
		t.Errorf("operations that have not ended: %v", got)
	}
	if got := n.items(ownerToken, "/audit-records?outcome=denied,failed&at_from="+past); len(got) != 0 {
		t.Errorf("records of refusals: %v", got)
	}

	for query, parameter := range map[string]string{
		"/disks?size_gib=2": "size_gib", "/disks?size_gib_min=large": "size_gib_min", "/disks?size_gib_min=1.5": "size_gib_min", "/disks?size_gib_min=3&size_gib_max=2": "size_gib_max",
		"/disks?created_at_from=yesterday": "created_at_from", "/disks?created_at=" + past: "created_at", "/disks?created_at_from=" + future + "&created_at_until=" + past: "created_at_until",
		"/disks?size_gib_min=99999999999999999999": "size_gib_min", "/disks?order_by=iops_limit": "order_by", "/images?order_by=size_gib": "order_by", "/disks?state=asleep": "state", "/location-accesses?state=active": "state", "/images?customer_id=" + customer: "customer_id",
		"/virtual-machines?power_state=": "power_state", "/virtual-machines?power_state=running,": "power_state", "/virtual-machines?power_state=running,asleep": "power_state",
		"/virtual-machines?power_state=running&power_state=stopped": "power_state", "/operations?state=" + strings.TrimSuffix(strings.Repeat("failed,", 101), ","): "state",
		"/operations?order_by=state": "order_by", "/audit-records?since=" + past: "since", "/audit-records?order_by=created_at": "order_by", "/permissions?order_by=id": "order_by",
		"/roles?path=" + strings.TrimSuffix(strings.Repeat("a/", 17), "/"): "path",
	} {
		r := n.send(ask{token: ownerToken, method: http.MethodGet, path: query})
		if p := r.problem(t); r.status != http.StatusBadRequest || len(p.Errors) != 1 || p.Errors[0].Pointer != parameter {
			t.Errorf("%s: %d: %s", query, r.status, r.body)
		}
	}
}

// pages reads a list page by page.
func (n *node) pages(query string, size int) (found []object) {
	n.t.Helper()
	for page := ""; ; {
		r := n.send(ask{token: ownerToken, method: http.MethodGet, path: fmt.Sprintf("%s&page_size=%d%s", query, size, page)})
		if r.status != http.StatusOK {
			n.t.Fatalf("%s: %d: %s", query, r.status, r.body)
		}
		found = append(found, r.items(n.t)...)
		token := r.object(n.t).text("next_page_token")
		if token == "" {
			return found
		}
		page = "&page_token=" + token
	}
}
