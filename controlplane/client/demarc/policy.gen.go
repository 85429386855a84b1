// Code generated from the catalog by cmd/gen. DO NOT EDIT.

package demarc

import (
	"time"

	"github.com/demarc/demarc/controlplane/client"
)

// Policy is a policy, as it is answered. All role bindings of one scope, as one document: what is not in it is taken away. To give a single role
// beside others, use a role binding.
type Policy struct {
	ScopeID  string                   `json:"scope_id"` // The scope: an object, or platform.
	Bindings map[string]PolicyBinding `json:"bindings"` // Who has which role in the scope, by the role.
	Revision int64                    `json:"revision"` // Counts the changes of the scope's bindings, however they are made.
}

// PolicyPatch is a change of a policy.
type PolicyPatch struct {
	Bindings client.Optional[client.Entries[PolicyBindingPatch]] `json:"bindings,omitzero"` // Who has which role in the scope, by the role.
}

// PolicyBinding is one in the field bindings of Policy. Who has which role in the scope, by the role.
type PolicyBinding struct {
	// Who has it for good: kind and id of each principal, such as user:ann, group:ops or service_account:sa_….
	Members         []string             `json:"members"`
	ExpiringMembers map[string]time.Time `json:"expiring_members"` // Who has it for a time: kind and id of each principal, and when it ends.
}

// PolicyBindingPatch is a change of PolicyBinding.
type PolicyBindingPatch struct {
	// Who has it for good: kind and id of each principal, such as user:ann, group:ops or service_account:sa_….
	Members client.Optional[[]string] `json:"members,omitzero"`
	// Who has it for a time: kind and id of each principal, and when it ends.
	ExpiringMembers client.Optional[client.Entries[time.Time]] `json:"expiring_members,omitzero"`
}

// PolicyKind is what can be done with policies.
type PolicyKind struct {
	client.Getter[Policy]
	client.Patcher[Policy, PolicyPatch]
	client.Deleter
}

// Policies are the policies of a server.
func Policies(c *client.Client) PolicyKind { return client.Bind[PolicyKind](c, kind("policy")) }
