package policy

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
)

func TestWrongMembersAreAllReported(t *testing.T) {
	t.Parallel()
	later := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	s := PolicySpec{Bindings: map[string]PolicyBinding{
		"role_a": {Members: []string{"user:ann", "ann", "robot:7", "user:", "user:ann", "group:a/b", "user:" + strings.Repeat("é", 201)},
			ExpiringMembers: map[string]time.Time{"group:a/b": later, "user:ben": later, "~": later}},
		"role_b": {},
		"role_c": {Members: []string{"user:a:b", "user:" + strings.Repeat("é", 200)}},
	}}
	var got []string
	for _, f := range s.Validate() {
		got = append(got, f.Pointer+" "+f.Code)
	}
	want := []string{
		"/bindings/role_a/members/1 invalid", "/bindings/role_a/members/2 invalid", "/bindings/role_a/members/3 invalid",
		"/bindings/role_a/members/4 conflict", "/bindings/role_a/members/6 invalid",
		"/bindings/role_a/expiring_members/group:a~1b conflict", "/bindings/role_a/expiring_members/~0 invalid",
		"/bindings/role_b conflict",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// What is read can be written, and asks for what there is.
func TestPolicyOfBindings(t *testing.T) {
	t.Parallel()
	later := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	grants := []authz.Grant{
		{PrincipalKind: "user", PrincipalID: "b:c", RoleID: "role_a"},
		{PrincipalKind: "group", PrincipalID: "ops", RoleID: "role_a"},
		{PrincipalKind: "user", PrincipalID: "ann", RoleID: "role_a", ExpiresAt: &later},
		{PrincipalKind: "user", PrincipalID: "ann", RoleID: "role_b"},
	}
	spec := specOf(grants)
	want := PolicySpec{Bindings: map[string]PolicyBinding{
		"role_a": {Members: []string{"group:ops", "user:b:c"}, ExpiringMembers: map[string]time.Time{"user:ann": later}},
		"role_b": {Members: []string{"user:ann"}, ExpiringMembers: map[string]time.Time{}},
	}}
	if !reflect.DeepEqual(spec, want) || spec.Validate() != nil {
		t.Errorf("got %+v, %v", spec, spec.Validate())
	}
	found := map[string]string{}
	for _, w := range wantedOf(spec) {
		found[w.pointer("principal_id")] = w.grant.PrincipalKind + " " + w.grant.PrincipalID + " " + w.grant.RoleID
		if w.pointer("role_id") != "/bindings/"+w.grant.RoleID || w.grant.Permanent() == (w.grant.ExpiresAt != nil) {
			t.Errorf("%+v", w)
		}
	}
	if !reflect.DeepEqual(found, map[string]string{
		"/bindings/role_a/members/0": "group ops role_a", "/bindings/role_a/members/1": "user b:c role_a",
		"/bindings/role_a/expiring_members/user:ann": "user ann role_a", "/bindings/role_b/members/0": "user ann role_b",
	}) {
		t.Errorf("got %q", found)
	}
}
