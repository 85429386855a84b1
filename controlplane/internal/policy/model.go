package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// Kind describes policies.
var Kind = resource.Kind{
	Name: "policy", Title: "Policy", Category: "Access", Virtual: true,
	Description: "All role bindings of one scope, as one document: what is not in it is taken away. To give a single role beside others, use a role binding.",
	Key:         []string{"scope_id"}, Singleton: true, RequiresIfMatch: true,
	Words: map[string]string{
		"get": "Get the policy of a scope", "update": "Change the policy of a scope", "delete": "Take away every role that is given in a scope itself",
	},
}

// maxPrincipalID is how long the id of a principal can be, in a policy as in a role binding.
const maxPrincipalID = 200

// PolicyBinding is who has one role.
type PolicyBinding struct {
	// Who has it for good: kind and id of each principal, such as user:ann, group:ops or service_account:sa_….
	Members []string `json:"members" maxLength:"220" extensions:"x-max-items=1000,x-set,x-item-format=principal"`
	// Who has it for a time: kind and id of each principal, and when it ends.
	ExpiringMembers map[string]time.Time `json:"expiring_members" format:"date-time" extensions:"x-max-items=1000"`
} // @name PolicyBinding

// PolicySpec is what can be changed of a policy.
type PolicySpec struct {
	// Who has which role in the scope, by the role.
	Bindings map[string]PolicyBinding `json:"bindings" extensions:"x-max-items=200,x-ref=role"`
} // @name PolicySpec

// Policy is all role bindings of one scope.
type Policy struct {
	// The scope: an object, or platform.
	ScopeID string `json:"scope_id" format:"typeid" readonly:"true" extensions:"x-ref=scope"`
	// Counts the changes of the scope's bindings, however they are made.
	Revision int64 `json:"revision" readonly:"true" extensions:"x-volatile"`
	PolicySpec
} // @name Policy

// ETag is the revision that If-Match compares with.
func (p Policy) ETag() int64 { return p.Revision }

var principalKinds = []string{authn.KindUser, authn.KindGroup, authn.KindServiceAccount, authn.KindOwner}

// Validate reports every wrong field that the specification cannot see.
func (s PolicySpec) Validate() []fault.Field {
	var wrong []fault.Field
	add := func(at, code, detail string) {
		wrong = append(wrong, fault.Field{Pointer: at, Code: code, Detail: detail})
	}
	for _, role := range slices.Sorted(maps.Keys(s.Bindings)) {
		b := s.Bindings[role]
		if len(b.Members)+len(b.ExpiringMembers) == 0 {
			add(fault.Pointer("bindings", role), "conflict", "nobody has the role then: leave it out, or send null for it")
		}
		check := func(at, member string) {
			kind, id, ok := strings.Cut(member, ":")
			switch {
			case utf8.RuneCountInString(id) > maxPrincipalID:
				add(at, "invalid", fmt.Sprintf("the id of a principal is at most %d characters long", maxPrincipalID))
			case !ok || id == "" || !slices.Contains(principalKinds, kind):
				add(at, "invalid", "must be the kind and the id of a principal, such as user:ann; kinds are "+strings.Join(principalKinds, ", "))
			}
		}
		for i, m := range b.Members {
			at := fault.Pointer("bindings", role, "members", fmt.Sprint(i))
			check(at, m)
			if slices.Index(b.Members, m) < i {
				add(at, "conflict", "stands twice")
			}
		}
		for _, m := range slices.Sorted(maps.Keys(b.ExpiringMembers)) {
			at := fault.Pointer("bindings", role, "expiring_members", m)
			check(at, m)
			if slices.Contains(b.Members, m) {
				add(at, "conflict", "has the role for good, in members")
			}
		}
	}
	return wrong
}
