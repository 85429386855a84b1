package app

// Service accounts, their tokens, and who may use a restricted location.

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
)

func TestAccounts(t *testing.T) {
	t.Parallel()
	n := newSite(t).start(parts{})
	for name, test := range map[string]func(*node){
		"who uses an account":                    whoUsesAnAccount,
		"a disabled account":                     disabledAccount,
		"the end of an account":                  endOfAnAccount,
		"owners of accounts":                     ownersOfAccounts,
		"what a token is made of":                whatATokenIsMadeOf,
		"a token is named":                       tokenIsNamed,
		"a restricted location":                  restrictedLocation,
		"access to a location is the location's": accessIsTheLocations,
		"access ends with its grantee":           accessEndsWithItsGrantee,
		"machines in a cloudspace alone":         machinesInACloudspaceAlone,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(n.on(t))
		})
	}
}

// invalid wants a request to be refused for one field.
func (n *node) invalid(token, method, path string, body any, pointer, code string) {
	n.t.Helper()
	r := n.send(ask{token: token, method: method, path: path, body: body})
	p := r.problem(n.t)
	if r.status != http.StatusUnprocessableEntity || len(p.Errors) != 1 || p.Errors[0].Pointer != pointer || p.Errors[0].Code != code {
		n.t.Errorf("%s %s: %d: %s; want %s at %s", method, path, r.status, r.body, code, pointer)
	}
}

// works says whether a token is good for anything.
func (n *node) works(token string) bool {
	n.t.Helper()
	switch r := n.send(ask{token: token, method: http.MethodGet, path: "/whoami"}); r.status {
	case http.StatusOK:
		return true
	case http.StatusUnauthorized:
		return false
	default:
		n.t.Fatalf("%d: %s", r.status, r.body)
		return false
	}
}

// uses are the kinds and ids of what an account is in use by.
func uses(account object) []string {
	out := []string{}
	list, _ := account["in_use_by"].([]any)
	for _, u := range list {
		o, _ := u.(map[string]any)
		out = append(out, fmt.Sprint(o["kind"], " ", o["id"]))
	}
	return out
}

func whoUsesAnAccount(n *node) {
	p := n.place(n.entity(n.root, "used"))
	token := n.items(ownerToken, "/api-tokens?service_account_id="+p.admin.id)[0].text("id")
	path := "/service-accounts/" + p.admin.id
	want := []string{"role_binding " + p.admin.binding, "api_token " + token}
	if got := uses(n.must(p.admin.token, http.MethodGet, path, nil)); !slices.Equal(got, want) {
		n.t.Errorf("it is in use by %v, want %v", got, want)
	}
	if got := uses(n.must(p.admin.token, http.MethodPatch, path, map[string]any{"notes": "changed"})); !slices.Equal(got, want) {
		n.t.Errorf("the answer to a change says %v, want %v", got, want)
	}
	for _, o := range n.items(p.admin.token, "/service-accounts?owner_id="+p.customer) {
		if got := uses(o); !slices.Equal(got, want) {
			n.t.Errorf("in the list it is in use by %v, want %v", got, want)
		}
	}
	// Each is shown to who may see it.
	for permission, want := range map[string][]string{"role_bindings.get": want[:1], "api_tokens.get": want[1:], "customers.get": {}} {
		some := n.issue(p.admin.id, strings.ReplaceAll(strings.ReplaceAll(permission, "_", "-"), ".", "-"), map[string]any{
			"permissions": []string{"service_accounts.get", "service_accounts.list", permission}})
		listed := n.items(some.text("token"), "/service-accounts?owner_id="+p.customer)
		for _, o := range append(listed, n.must(some.text("token"), http.MethodGet, path, nil)) {
			got := slices.DeleteFunc(uses(o), func(s string) bool { return strings.HasPrefix(s, "api_token") && s != "api_token "+token })
			if !slices.Equal(got, want) || len(listed) != 1 {
				n.t.Errorf("with %s it is in use by %v, want %v", permission, got, want)
			}
		}
	}
}

func disabledAccount(n *node) {
	p := n.place(n.entity(n.root, "disabled"))
	path := "/service-accounts/" + p.admin.id
	if !n.works(p.admin.token) {
		n.t.Fatal("its token does not work")
	}
	n.must(p.reseller.token, http.MethodPatch, path, map[string]any{"enabled": false})
	if n.works(p.admin.token) {
		n.t.Error("its token works")
	}
	n.must(p.reseller.token, http.MethodPatch, path, map[string]any{"notes": "still off"})
	if n.works(p.admin.token) || n.works(n.issue(p.admin.id, "another", nil).text("token")) {
		n.t.Error("a token of it works")
	}
	n.must(p.reseller.token, http.MethodPatch, path, map[string]any{"enabled": nil}) // says nothing of it
	if n.works(p.admin.token) {
		n.t.Error("its token works because somebody said nothing")
	}
	n.must(p.reseller.token, http.MethodPatch, path, map[string]any{"enabled": true})
	if !n.works(p.admin.token) {
		n.t.Error("its token does not work again")
	}
}

// An account takes its tokens and bindings with it, or stays with all of them.
func endOfAnAccount(n *node) {
	p := n.place(n.entity(n.root, "ending"))
	a := n.account(p.customer, "ending")
	binding := n.bind(a, "viewer", p.customer)
	n.bind(a, "viewer", p.cloudspace)
	path := "/service-accounts/" + a.id
	protected := n.issue(a.id, "protected", map[string]any{"deletion_protection": true}).text("id")
	stays := func(what, code string, r reply) {
		n.t.Helper()
		if got := r.problem(n.t).Code; got != code {
			n.t.Errorf("%s: %d: %s; want %s", what, r.status, r.body, code)
		}
		if tokens, bindings := n.items(ownerToken, "/api-tokens?service_account_id="+a.id), n.items(ownerToken, "/role-bindings?principal_id="+a.id); !n.works(a.token) || len(tokens) != 2 || len(bindings) != 2 {
			n.t.Errorf("%s: it works %t, with %d tokens and %d bindings", what, n.works(a.token), len(tokens), len(bindings))
		}
	}
	remove := ask{token: p.reseller.token, method: http.MethodDelete, path: path}
	stays("a protected token", "deletion_protected", n.send(remove))
	stays("a protected token itself", "deletion_protected", n.send(ask{token: p.reseller.token, method: http.MethodDelete, path: "/api-tokens/" + protected}))
	n.must(p.reseller.token, http.MethodPatch, "/api-tokens/"+protected, map[string]any{"deletion_protection": false})
	n.must(p.reseller.token, http.MethodPatch, path, map[string]any{"deletion_protection": true})
	stays("a protected account", "deletion_protected", n.send(remove))
	n.must(p.reseller.token, http.MethodPatch, path, map[string]any{"deletion_protection": false})
	remove.header = map[string]string{"If-Match": `"1"`}
	stays("another revision", "revision_mismatch", n.send(remove))
	remove.header = nil
	stays("who may not", "forbidden", n.status(a.token, http.MethodDelete, path, nil, http.StatusForbidden, ""))
	n.must(p.reseller.token, http.MethodDelete, path+"?dry_run=true", nil)
	if !n.works(a.token) {
		n.t.Error("a dry run has ended it")
	}

	n.must(p.reseller.token, http.MethodDelete, path, nil)
	if n.works(a.token) {
		n.t.Error("its token works")
	}
	for _, gone := range []string{path, "/role-bindings/" + binding, "/api-tokens/" + protected} {
		n.status(ownerToken, http.MethodGet, gone, nil, http.StatusNotFound, "not_found")
	}
	if left := n.items(ownerToken, "/role-bindings?principal_id="+a.id); len(left) != 0 {
		n.t.Errorf("it has left %v", left)
	}
}

func ownersOfAccounts(n *node) {
	p, other := n.place(n.entity(n.root, "owners-of-accounts")), n.place(n.entity(n.root, "owners-of-others"))
	body := func(owner string) map[string]any { return map[string]any{"name": "robot", "owner_id": owner} }
	for _, owner := range []string{other.customer, other.entity, "cus_00000000000000000000000000", "ben_00000000000000000000000000"} {
		n.invalid(p.admin.token, http.MethodPost, "/service-accounts", body(owner), "/owner_id", "not_found")
	}
	n.invalid(p.admin.token, http.MethodPost, "/service-accounts", body(p.cloudspace), "/owner_id", "wrong_kind")
	if made := n.items(ownerToken, "/service-accounts?path=robot&owner_id="+other.customer); len(made) != 0 {
		n.t.Errorf("made all the same: %v", made)
	}
	made := n.must(p.admin.token, http.MethodPost, "/service-accounts", body(p.customer))
	n.invalid(p.admin.token, http.MethodPatch, "/service-accounts/"+made.text("id"), map[string]any{"owner_id": p.entity}, "/owner_id", "immutable")
	n.must(p.reseller.token, http.MethodPost, "/service-accounts", body(p.entity))
	if twice := n.status(p.admin.token, http.MethodPost, "/service-accounts", body(p.customer), http.StatusConflict, "name_taken").problem(n.t); twice.ExistingID != made.text("id") {
		n.t.Errorf("whose name is taken: %+v", twice)
	}
	n.status(p.admin.token, http.MethodDelete, "/customers/"+p.customer, nil, http.StatusForbidden, "forbidden")
	n.status(p.reseller.token, http.MethodDelete, "/billing-entities/"+p.entity, nil, http.StatusForbidden, "forbidden")
	n.status(ownerToken, http.MethodDelete, "/billing-entities/"+p.entity, nil, http.StatusConflict, "has_children")

	// What a customer has ends with it; its billing entity's account stays.
	n.must(p.reseller.token, http.MethodPatch, "/customers/"+p.customer, map[string]any{"status": "terminated"})
	if left := n.items(ownerToken, "/service-accounts?owner_id="+p.customer); len(left) != 0 {
		n.t.Errorf("a terminated customer has %v", left)
	}
	if left := n.items(ownerToken, "/role-bindings?principal_id="+p.admin.id); len(left) != 0 {
		n.t.Errorf("its account has left %v", left)
	}
	if left := n.items(ownerToken, "/service-accounts?owner_id="+p.entity); len(left) != 2 || !n.works(p.reseller.token) {
		n.t.Errorf("its billing entity has %v", left)
	}
	n.status(ownerToken, http.MethodPost, "/service-accounts", body(p.customer), http.StatusConflict, "wrong_state")
}

func whatATokenIsMadeOf(n *node) {
	p, other := n.place(n.entity(n.root, "tokens")), n.place(n.entity(n.root, "tokens-beside"))
	now := clock.Real().Now()
	in := func(d time.Duration) string { return now.Add(d).Format(time.RFC3339Nano) }
	for name, wrong := range map[string]struct {
		set           map[string]any
		pointer, code string
	}{
		"the account of others": {map[string]any{"service_account_id": other.admin.id}, "/service_account_id", "not_found"},
		"no account":            {map[string]any{"service_account_id": "sa_00000000000000000000000000"}, "/service_account_id", "not_found"},
		"a scope of others":     {map[string]any{"scope_id": other.cloudspace}, "/scope_id", "not_found"},
		"no scope":              {map[string]any{"scope_id": "cs_00000000000000000000000000"}, "/scope_id", "not_found"},
		"what is no scope":      {map[string]any{"scope_id": p.admin.binding}, "/scope_id", "wrong_kind"},
		"no permission":         {map[string]any{"permissions": []string{"disks.get", "disks.fly"}}, "/permissions/1", "not_found"},
		"in the past":           {map[string]any{"expires_at": in(-time.Second)}, "/expires_at", "conflict"},
		"too far ahead":         {map[string]any{"expires_at": in(366*24*time.Hour + time.Minute)}, "/expires_at", "maximum"},
	} {
		body := map[string]any{"name": "wrong", "service_account_id": p.admin.id}
		for field, v := range wrong.set {
			body[field] = v
		}
		n.t.Log(name)
		n.invalid(p.admin.token, http.MethodPost, "/api-tokens", body, wrong.pointer, wrong.code)
	}
	r := n.status(p.admin.token, http.MethodPost, "/api-tokens", map[string]any{"name": "wrong", "service_account_id": p.admin.id, "scope_id": other.cloudspace,
		"permissions": []string{"disks.fly"}, "expires_at": in(-time.Hour)}, http.StatusUnprocessableEntity, "invalid")
	if got := len(r.problem(n.t).Errors); got != 3 {
		n.t.Errorf("of 3 wrong fields %d are reported: %s", got, r.body)
	}
	if made := n.items(ownerToken, "/api-tokens?path=wrong"); len(made) != 0 {
		n.t.Errorf("made all the same: %v", made)
	}

	made := n.must(p.admin.token, http.MethodPost, "/api-tokens", map[string]any{"name": "plain", "service_account_id": p.admin.id})
	expires, err := time.Parse(time.RFC3339, made.text("expires_at"))
	n.check(err)
	if lifetime := expires.Sub(now).Round(time.Hour); lifetime != 90*24*time.Hour || made["scope_id"] != nil || len(made["permissions"].([]any)) != 0 {
		n.t.Errorf("without anything said it is %v, good for %v", made, lifetime)
	}
	n.invalid(p.admin.token, http.MethodPatch, "/api-tokens/"+made.text("id"), map[string]any{"permissions": []string{"disks.get"}}, "/permissions", "immutable")
	n.must(p.admin.token, http.MethodPost, "/api-tokens", map[string]any{"name": "long", "service_account_id": p.admin.id, "expires_at": in(366*24*time.Hour - time.Hour)})
	if owned := n.items(p.admin.token, "/api-tokens?service_account_id="+p.admin.id); len(owned) != 3 {
		n.t.Errorf("the account has %d tokens, want 3", len(owned))
	}
}

func tokenIsNamed(n *node) {
	p := n.place(n.entity(n.root, "named"))
	first := n.issue(p.admin.id, "ci", nil)
	second := n.account(p.customer, "second")
	n.issue(second.id, "ci", nil)
	body := map[string]any{"name": "ci", "service_account_id": p.admin.id}
	if twice := n.status(p.admin.token, http.MethodPost, "/api-tokens", body, http.StatusConflict, "name_taken").problem(n.t); twice.ExistingID != first.text("id") {
		n.t.Errorf("whose name is taken: %+v", twice)
	}
	found := n.items(p.admin.token, "/api-tokens?path=acme/second/ci")
	if len(found) != 1 || found[0].text("service_account_id") != second.id {
		n.t.Errorf("by its path: %v", found)
	}
	n.must(p.admin.token, http.MethodPatch, "/api-tokens/"+first.text("id"), map[string]any{"name": "cd", "labels": map[string]any{"env": "prod"}})
	if !n.works(first.text("token")) {
		n.t.Error("another name has ended it")
	}
	n.status(p.admin.token, http.MethodDelete, "/api-tokens/"+first.text("id"), nil, http.StatusNoContent, "")
	if n.works(first.text("token")) {
		n.t.Error("a revoked token works")
	}
}

// A secret is in one answer, in its repetition to who asked, and nowhere else.
func TestSecretsOfTokensAreShownOnce(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	n := newSite(t).start(parts{})
	i.db = n.db
	p := n.place(n.entity(n.root, "once"))
	create := ask{token: p.admin.token, method: http.MethodPost, path: "/api-tokens", body: map[string]any{"name": "once", "service_account_id": p.admin.id},
		header: map[string]string{"Idempotency-Key": "create-once"}}
	first := n.send(create)
	made := first.object(t)
	path := "/api-tokens/" + made.text("id")
	rotate := ask{token: p.admin.token, method: http.MethodPost, path: path + "/actions/rotate", header: map[string]string{"Idempotency-Key": "rotate-once"}}
	rotated := n.send(rotate)
	secrets := []string{made.text("token"), rotated.object(t).text("token"), p.admin.token}
	if first.status != http.StatusCreated || rotated.status != http.StatusOK || secrets[0] == secrets[1] || !n.works(secrets[0]) || !n.works(secrets[1]) {
		t.Fatalf("%d: %s, %d: %s", first.status, first.body, rotated.status, rotated.body)
	}
	for what, again := range map[string][2]reply{"create": {first, n.send(create)}, "rotate": {rotated, n.send(rotate)}} {
		if string(again[0].body) != string(again[1].body) || again[1].header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("%s again: %s, want %s", what, again[1].body, again[0].body)
		}
	}
	for _, read := range []string{path, "/api-tokens", "/service-accounts/" + p.admin.id, "/audit-records"} {
		r := n.status(ownerToken, http.MethodGet, read, nil, http.StatusOK, "")
		for _, s := range secrets {
			if strings.Contains(string(r.body), s) {
				t.Errorf("%s has a secret: %s", read, r.body)
			}
		}
	}
	if o := n.must(p.admin.token, http.MethodPatch, path, map[string]any{"notes": "read"}); o["token"] != nil || o.text("previous_expires_at") == "" {
		t.Errorf("after a change it is %v", o)
	}
	dump := i.dump()
	if !strings.Contains(dump, made.text("id")) || !strings.Contains(dump, "api_tokens.rotate") {
		t.Fatal("the dump lacks the token")
	}
	for _, s := range secrets {
		for _, hidden := range []string{s, hex.EncodeToString([]byte(s)), base64.StdEncoding.EncodeToString([]byte(s))[:24]} {
			if at := strings.Index(dump, hidden); at >= 0 {
				t.Errorf("a secret is in the database: %.200s", dump[max(0, at-100):])
			}
		}
	}
}

// Rotation by the clock: the former secret has its time, and the token the lifetime that it was made with.
func TestRotation(t *testing.T) {
	t.Parallel()
	clk := clock.Frozen(clock.Real().Now())
	n := newSite(t).start(parts{clock: clk})
	p := n.place(n.entity(n.root, "rotation"))
	in := func(d time.Duration) string { return clk.Now().Add(d).Format(time.RFC3339Nano) }
	token := n.issue(p.admin.id, "rotated", map[string]any{"expires_at": in(10 * 24 * time.Hour)})
	path := "/api-tokens/" + token.text("id")
	rotate := func(body any) object {
		t.Helper()
		return n.must(p.reseller.token, http.MethodPost, path+"/actions/rotate", body)
	}
	expect := func(what string, o object, expires, previous string) {
		t.Helper()
		former, _ := o["previous_expires_at"].(string)
		if !sameTime(t, o.text("expires_at"), expires) || former != "" != (previous != "") || previous != "" && !sameTime(t, former, previous) {
			t.Errorf("%s: it ends at %s, its former secret at %q; want %s and %q", what, o.text("expires_at"), former, expires, previous)
		}
	}
	clk.Advance(24 * time.Hour)
	first := rotate(nil)
	expect("without a body", first, in(10*24*time.Hour), in(time.Hour))
	if first["revision"] != 2.0 || !n.works(token.text("token")) || !n.works(first.text("token")) {
		t.Errorf("after the first rotation %v", first)
	}
	clk.Advance(time.Hour)
	if n.works(token.text("token")) || !n.works(first.text("token")) {
		t.Error("the former secret works after its time, or the present one does not")
	}
	second := rotate(map[string]any{"overlap_seconds": 0})
	expect("without an overlap", second, in(10*24*time.Hour), "")
	if n.works(first.text("token")) || !n.works(second.text("token")) {
		t.Error("without an overlap the former secret works, or the present one does not")
	}
	third := rotate(map[string]any{"overlap_seconds": 604800, "expires_at": in(2 * time.Hour)})
	expect("another end", third, in(2*time.Hour), in(7*24*time.Hour))
	fourth := rotate(map[string]any{"overlap_seconds": 604800})
	expect("the lifetime of the present secret", fourth, in(2*time.Hour), in(2*time.Hour))
	if n.works(second.text("token")) || !n.works(third.text("token")) {
		t.Error("of the former secrets the last one alone works")
	}

	before := n.must(ownerToken, http.MethodGet, path, nil)
	for what, r := range map[string]struct {
		body          map[string]any
		pointer, code string
	}{
		"a negative overlap": {map[string]any{"overlap_seconds": -1}, "/overlap_seconds", "minimum"},
		"too much overlap":   {map[string]any{"overlap_seconds": 604801}, "/overlap_seconds", "maximum"},
		"in the past":        {map[string]any{"expires_at": in(-time.Second)}, "/expires_at", "conflict"},
		"too far ahead":      {map[string]any{"expires_at": in(367 * 24 * time.Hour)}, "/expires_at", "maximum"},
		"what is not said":   {map[string]any{"overlap": 1}, "/overlap", "unknown_field"},
	} {
		t.Log(what)
		n.invalid(p.reseller.token, http.MethodPost, path+"/actions/rotate", r.body, r.pointer, r.code)
	}
	stale := n.send(ask{token: p.reseller.token, method: http.MethodPost, path: path + "/actions/rotate", header: map[string]string{"If-Match": `"1"`}})
	if stale.status != http.StatusPreconditionFailed {
		t.Errorf("with another revision: %d: %s", stale.status, stale.body)
	}
	if after := n.must(ownerToken, http.MethodGet, path, nil); after["revision"] != before["revision"] || !n.works(fourth.text("token")) || !n.works(third.text("token")) {
		t.Errorf("a refused rotation has changed %v to %v", before, after)
	}

	// One that has ended comes back, its former secret does not.
	clk.Advance(2 * time.Hour)
	if n.works(fourth.text("token")) {
		t.Error("works after its end")
	}
	last := rotate(map[string]any{"overlap_seconds": 3600, "expires_at": in(time.Hour)})
	expect("after its end", last, in(time.Hour), "")
	if n.works(fourth.text("token")) || !n.works(last.text("token")) {
		t.Error("what has ended works again, or the new secret does not")
	}
}

func sameTime(t *testing.T, a, b string) bool {
	t.Helper()
	x, err := time.Parse(time.RFC3339, a)
	y, other := time.Parse(time.RFC3339, b)
	if err != nil || other != nil {
		t.Fatalf("%v, %v", err, other)
	}
	return x.Equal(y)
}

// restricted makes a location that is for nobody.
func (n *node) restricted(name string) string {
	n.t.Helper()
	return n.must(ownerToken, http.MethodPost, "/locations", map[string]any{"name": name, "restricted": true}).text("id")
}

// sees says whether a location is there for a principal, as an object and in the list.
func (n *node) sees(p *principal, location string) bool {
	n.t.Helper()
	listed := slices.Contains(ids(n.items(p.token, "/locations"), "id"), location)
	read := n.send(ask{token: p.token, method: http.MethodGet, path: "/locations/" + location}).status
	if listed != (read == http.StatusOK) || !listed && read != http.StatusNotFound {
		n.t.Errorf("%s: listed %t, read %d", p.name, listed, read)
	}
	return listed
}

// A restricted location is for its grantees and what is below them: nobody else sees it, and nobody makes anything in it for others.
func restrictedLocation(n *node) {
	p := n.place(n.entity(n.root, "restricted"))
	below := n.place(n.entity(p.entity, "restricted-below"))
	other := n.place(n.entity(n.root, "restricted-beside"))
	location := n.restricted("restricted")
	everybody := []*principal{p.admin, p.reseller, below.admin, below.reseller, other.admin, other.reseller}
	seenBy := func(what string, want ...*principal) {
		n.t.Helper()
		for _, who := range everybody {
			if got := n.sees(who, location); got != slices.Contains(want, who) {
				n.t.Errorf("%s: %s of %s sees it: %t", what, who.name, who.scope, got)
			}
		}
	}
	space := func(of place, name string) map[string]any {
		return map[string]any{"name": name, "customer_id": of.customer, "location_id": location}
	}
	grant := func(grantee string) string {
		n.t.Helper()
		return n.must(ownerToken, http.MethodPost, "/location-accesses", map[string]any{"location_id": location, "grantee_id": grantee}).text("id")
	}
	for i, at := range []place{p, below, other} {
		everybody[2*i].scope, everybody[2*i+1].scope = at.customer, at.entity
	}
	seenBy("before")
	for _, who := range []*principal{p.admin, p.reseller} {
		n.invalid(who.token, http.MethodPost, "/cloudspaces", space(p, "early"), "/location_id", "not_found")
	}
	n.invalid(ownerToken, http.MethodPost, "/cloudspaces", space(p, "early"), "/location_id", "location_not_allowed")

	one := grant(p.customer)
	seenBy("for a customer", p.admin, p.reseller)
	n.invalid(p.reseller.token, http.MethodPost, "/cloudspaces", space(below, "early"), "/location_id", "location_not_allowed")
	n.invalid(ownerToken, http.MethodPost, "/cloudspaces", space(below, "early"), "/location_id", "location_not_allowed")
	if early := n.items(ownerToken, "/cloudspaces?path=early"); len(early) != 0 {
		n.t.Errorf("made all the same: %v", early)
	}
	made := n.must(p.admin.token, http.MethodPost, "/cloudspaces", space(p, "in-time")).text("id")

	n.must(ownerToken, http.MethodDelete, "/location-accesses/"+one, nil)
	seenBy("when it was taken away")
	n.invalid(p.admin.token, http.MethodPost, "/cloudspaces", space(p, "late"), "/location_id", "not_found")
	// What is there goes on.
	n.must(p.admin.token, http.MethodPatch, "/cloudspaces/"+made, map[string]any{"local_domain": "still.internal"})

	two := grant(p.entity)
	seenBy("for a billing entity", p.admin, p.reseller, below.admin, below.reseller)
	n.must(below.admin.token, http.MethodPost, "/cloudspaces", space(below, "below"))
	n.must(ownerToken, http.MethodDelete, "/location-accesses/"+two, nil)
	three := grant(below.entity)
	seenBy("for one below", p.reseller, below.admin, below.reseller)
	n.must(ownerToken, http.MethodDelete, "/location-accesses/"+three, nil)

	n.must(ownerToken, http.MethodPatch, "/locations/"+location, map[string]any{"restricted": false})
	seenBy("for all", everybody...)
	n.must(other.admin.token, http.MethodPost, "/cloudspaces", space(other, "open"))
}

// Who may use a location is decided by who may do so with the location, not by who would like to.
func accessIsTheLocations(n *node) {
	p := n.place(n.entity(n.root, "locations"))
	hidden, open := n.restricted("hidden"), n.must(ownerToken, http.MethodPost, "/locations", map[string]any{"name": "open"}).text("id")
	body := func(location, grantee string) map[string]any {
		return map[string]any{"location_id": location, "grantee_id": grantee}
	}
	for _, who := range []*principal{p.admin, p.reseller} {
		n.invalid(who.token, http.MethodPost, "/location-accesses", body(hidden, p.customer), "/location_id", "not_found")
		n.status(who.token, http.MethodPost, "/location-accesses", body(open, p.customer), http.StatusForbidden, "forbidden")
	}
	n.invalid(ownerToken, http.MethodPost, "/location-accesses", body(hidden, "cus_00000000000000000000000000"), "/grantee_id", "not_found")
	n.invalid(ownerToken, http.MethodPost, "/location-accesses", body(hidden, open), "/grantee_id", "wrong_kind")
	if made := n.items(ownerToken, "/location-accesses?grantee_id="+p.customer); len(made) != 0 {
		n.t.Errorf("made all the same: %v", made)
	}
	keeper := n.custom(n.root, "keeper", hidden, "locations.get", "location_accesses.create", "location_accesses.get", "location_accesses.list", "location_accesses.delete")
	n.invalid(keeper.token, http.MethodPost, "/location-accesses", body(hidden, p.customer), "/grantee_id", "not_found") // whom the keeper does not know
	n.bind(keeper, "billing-viewer", p.entity)
	made := n.must(keeper.token, http.MethodPost, "/location-accesses", body(hidden, p.customer)).text("id")
	n.status(keeper.token, http.MethodPost, "/location-accesses", body(open, p.customer), http.StatusForbidden, "forbidden")
	if twice := n.status(keeper.token, http.MethodPost, "/location-accesses", body(hidden, p.customer), http.StatusConflict, "already_exists").problem(n.t); twice.ExistingID != made {
		n.t.Errorf("which there is already: %+v", twice)
	}
	path := "/location-accesses/" + made
	n.status(p.admin.token, http.MethodGet, path, nil, http.StatusNotFound, "not_found")
	n.status(p.admin.token, http.MethodDelete, path, nil, http.StatusNotFound, "not_found")
	if got := ids(n.items(keeper.token, "/location-accesses"), "id"); !slices.Equal(got, []string{made}) {
		n.t.Errorf("the keeper lists %v", got)
	}
	n.must(keeper.token, http.MethodDelete, path, nil)
	if n.sees(p.admin, hidden) {
		n.t.Error("it is still seen")
	}
}

func accessEndsWithItsGrantee(n *node) {
	entity := n.entity(n.root, "short-lived")
	customer := n.customer(entity, "short-lived")
	location := n.restricted("outlives")
	for _, grantee := range []string{customer, entity} {
		n.must(ownerToken, http.MethodPost, "/location-accesses", map[string]any{"location_id": location, "grantee_id": grantee})
	}
	left := func(want int) {
		n.t.Helper()
		if got := n.items(ownerToken, "/location-accesses?location_id="+location); len(got) != want {
			n.t.Errorf("%d accesses are left, want %d: %v", len(got), want, got)
		}
	}
	left(2)
	n.must(ownerToken, http.MethodDelete, "/customers/"+customer, nil)
	left(1)
	n.must(ownerToken, http.MethodDelete, "/billing-entities/"+entity, nil)
	left(0)
	another := n.entity(n.root, "longer-lived")
	n.must(ownerToken, http.MethodPost, "/location-accesses", map[string]any{"location_id": location, "grantee_id": another})
	n.must(ownerToken, http.MethodDelete, "/locations/"+location, nil)
	if got := n.items(ownerToken, "/location-accesses?grantee_id="+another); len(got) != 0 {
		n.t.Errorf("access to what is gone: %v", got)
	}
}

// Who has a role in a cloudspace alone can make machines in it: its customer, which they may not see, is the control plane's business.
func machinesInACloudspaceAlone(n *node) {
	p := n.place(n.entity(n.root, "alone"))
	who := n.account(p.customer, "alone")
	n.bind(who, "operator", p.cloudspace)
	n.status(who.token, http.MethodGet, "/customers/"+p.customer, nil, http.StatusNotFound, "not_found")
	n.must(who.token, http.MethodPost, "/virtual-machines", map[string]any{
		"name": "vm", "cloudspace_id": p.cloudspace, "image_id": n.items(who.token, "/images")[0].text("id"), "vcpus": 1, "memory_mib": 512})
	n.must(p.reseller.token, http.MethodPatch, "/customers/"+p.customer, map[string]any{"status": "suspended"})
	n.status(ownerToken, http.MethodPost, "/disks", map[string]any{"name": "data", "cloudspace_id": p.cloudspace, "size_gib": 1}, http.StatusConflict, "wrong_state")
}
