// Package resource is what all kinds of things have in common: their traits, the fields that each has, and the table store with
// lists, name paths, revisions and the checks before a delete.
package resource

import (
	"context"
	"fmt"
	"slices"
	"sort"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
)

// Kind is a kind of thing, described once; the specification says what its fields are.
type Kind struct {
	Name        string // virtual_machine
	Plural      string // virtual_machines; the first part of its operations' ids
	Title       string // Virtual machine
	Description string
	Category    string // heading in the documentation
	Prefix      string // prefix of ids: vm
	Path        string // /virtual-machines
	Table       string // in the database
	// Named kinds have the columns of Columns and a name path.
	Named bool
	// Key lists the fields that identify an object of an unnamed kind.
	Key []string
	// Parent contains it: no name of it stands twice in one parent, and the parent cannot be deleted before it.
	Parent *Link
	// Tenant is set on the kinds that own what is below them: the ancestor column in which every row below carries the id.
	Tenant string
	// Needs are further references that keep what they refer to from being deleted.
	Needs []Link
	// Scope: role bindings can be made on its objects.
	Scope bool
	// Scopes are the columns of its rows, beside the ancestor columns and the id, that hold a scope it is in: whoever may do something
	// there may do it here. A scope contains what is in it for good; what can move has the place as a filter. A link without a kind is to any.
	Scopes []Link
	// ScopeTable is a table of further scopes of its rows, for a kind whose rows are wherever something of any kind is: of scope_id, and of
	// the columns that the kind's lists are ordered by.
	ScopeTable string
	// Singleton kinds have one object for each that the one field of Key refers to, with the same id.
	Singleton bool
	// Shared says which rows are seen by those who have an access for reading, beside what is in it: what somebody offers to others.
	Shared func(a authz.Access) []Offer
	// States says which verbs each value of state allows; StandardStates unless set.
	States map[string][]string
}

// The ancestor columns of every row.
const (
	BillingEntityColumn = "billing_entity_id"
	CustomerColumn      = "customer_id"
)

// Link is a reference to an object of another kind.
type Link struct {
	Kind string
	// Or are further kinds that the reference may be to.
	Or    []string
	Field string // name of the field, of the column and of the filter
}

// To says whether the reference may be to that kind.
func (l Link) To(kind string) bool { return l.Kind == kind || slices.Contains(l.Or, kind) }

// Offer is one way in which rows are offered: those whose Field is one of In, or, without a Field, those that meet Where with its Args.
type Offer struct {
	Field string
	In    []string
	Where string
	Args  []any
}

// States of an object.
const (
	Pending  = "pending"
	Creating = "creating"
	Active   = "active"
	Updating = "updating"
	Deleting = "deleting"
	Recycled = "recycled"
	Failed   = "failed"
)

// ReadPermission is the permission to read an object of the kind.
func (k Kind) ReadPermission() string { return k.Plural + ".get" }

// Registry knows all kinds. It is filled while the modules are built and only read afterwards.
type Registry struct {
	kinds    map[string]Kind
	onRemove []func(ctx context.Context, id string) error
}

// OnRemove has fn called in the transaction in which an object that can be a scope is removed, before it is: what refers to it without
// keeping it is released there.
func (r *Registry) OnRemove(fn func(ctx context.Context, id string) error) {
	r.onRemove = append(r.onRemove, fn)
}

func (r *Registry) removed(ctx context.Context, k Kind, id string) error {
	if !k.Scope {
		return nil
	}
	for _, fn := range r.onRemove {
		if err := fn(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry { return &Registry{kinds: map[string]Kind{}} }

// Add registers a kind; it panics on a second one with the same name or prefix, which is a defect of the program.
func (r *Registry) Add(k Kind) {
	for _, o := range r.kinds {
		if o.Name == k.Name || o.Prefix == k.Prefix && k.Prefix != "" {
			panic(fmt.Sprintf("kind %s (%s) stands beside %s (%s)", k.Name, k.Prefix, o.Name, o.Prefix))
		}
	}
	r.kinds[k.Name] = k
}

// Kind returns the kind of that name.
func (r *Registry) Kind(name string) (Kind, bool) {
	k, ok := r.kinds[name]
	return k, ok
}

// ByPrefix returns the kind whose ids have that prefix.
func (r *Registry) ByPrefix(prefix string) (Kind, bool) {
	for _, k := range r.kinds {
		if k.Prefix == prefix {
			return k, true
		}
	}
	return Kind{}, false
}

// among are those of the ids that the link may be to: asked for another's, PostgreSQL expects as many rows as the column has for one of
// its own values, and goes through all of another index for nothing.
func (r *Registry) among(ids []string, l Link) []string {
	prefixes := map[string]bool{}
	for _, kind := range append([]string{l.Kind}, l.Or...) {
		k, known := r.kinds[kind]
		if !known {
			return ids
		}
		prefixes[k.Prefix] = true
	}
	return slices.DeleteFunc(slices.Clone(ids), func(of string) bool { return !prefixes[id.Prefix(of)] })
}

// All returns the kinds in the order of their names.
func (r *Registry) All() []Kind {
	out := make([]Kind, 0, len(r.kinds))
	for _, k := range r.kinds {
		out = append(out, k)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// Holders returns every link that keeps objects of a kind from being deleted, with the kind that has the link.
func (r *Registry) Holders(kind string) []Holder {
	var out []Holder
	for _, k := range r.All() {
		if k.Parent != nil && k.Parent.To(kind) {
			out = append(out, Holder{k, k.Parent.Field})
		}
		for _, n := range k.Needs {
			if n.To(kind) {
				out = append(out, Holder{k, n.Field})
			}
		}
	}
	return out
}

// Holder is a kind whose objects refer to another by Field.
type Holder struct {
	Kind  Kind
	Field string
}
