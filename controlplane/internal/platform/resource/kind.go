// Package resource is what all kinds of things have in common: their traits, the fields that each has, and the table store with
// lists, name paths, revisions and the checks before a delete.
package resource

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
)

// Kind is a kind of thing, described once; the specification says what its fields are.
type Kind struct {
	Name        string // virtual_machine; its table is called so
	Title       string // Virtual machine
	Description string
	Category    string // heading in the documentation
	Prefix      string // prefix of ids: vm
	// Virtual kinds have no table: their objects are made when they are read.
	Virtual bool
	// Named kinds have the fields of Named and a name path.
	Named bool
	// Key lists the fields that identify an object of an unnamed kind.
	Key []string
	// Parent contains it: no name of it stands twice in one parent, and the parent cannot be deleted before it.
	Parent *Link
	// DecidedBy is the field of a create's body that names the object on which the permission to create is asked for, and whose ancestors
	// the new one has: the parent, unless set.
	DecidedBy string
	// Dormant kinds can be made while their customer is not active: they run nothing.
	Dormant bool
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
	// the columns of the order that the kind's lists are in unless another is asked for.
	ScopeTable string
	// Singleton kinds have one object for each that the one field of Key refers to, with the same id.
	Singleton bool
	// Shared says which rows are seen by those who have an access for reading, beside what is in it: what somebody offers to others.
	Shared func(a authz.Access) []Offer
	// States says which verbs each value of state allows; StandardStates unless set.
	States map[string][]string
	// Filters are what its list can be asked for beside what follows from the rest (Registry.Filters); each is a column with an index.
	Filters []Filter
	// Orders are the fields, and columns, that its list can be ordered by beside name and time of making; each has an index with the id.
	Orders []string
	// Made is the field that says when an object was made: created_at, unless set. Its id was made at the same moment.
	Made string
	// Words say what its operations do, by their verbs, where that is not what the title says: "Create a virtual machine".
	Words map[string]string
	// Reveals are the verbs that answer with a secret, shown this once.
	Reveals []string
	// RequiresIfMatch: who writes must know what they replace.
	RequiresIfMatch bool
	// Quota are the dimensions of limits that its objects take something of: vcpus, storage_gib.
	Quota []string
}

// Decider is the field of a create's body that names the object on which the permission to create is asked for; empty for the platform.
func (k Kind) Decider() string {
	if k.DecidedBy == "" && k.Parent != nil {
		return k.Parent.Field
	}
	return k.DecidedBy
}

// Plural is the first part of its operations' ids: virtual_machines.
func (k Kind) Plural() string { return plural(k.Name) }

// Path is that of its objects, below the base path: /virtual-machines.
func (k Kind) Path() string { return "/" + strings.ReplaceAll(k.Plural(), "_", "-") }

// Table is its table's name, empty if it has none.
func (k Kind) Table() string {
	if k.Virtual {
		return ""
	}
	return k.Name
}

// One is the kind in a sentence, without an article: API token.
func (k Kind) One() string { return inSentence(k.Title) }

// Many are objects of the kind in a sentence: API tokens.
func (k Kind) Many() string { return plural(inSentence(k.Title)) }

// Summary says what an operation does.
func (k Kind) Summary(verb string) string {
	if words := k.Words[verb]; words != "" {
		return words
	}
	one, many := withArticle(k.Title), k.Many()
	switch verb {
	case "create":
		return "Create " + one
	case "get":
		return "Get " + one
	case "list":
		return "List " + many
	case "update":
		return "Change " + one
	case "delete":
		return "Delete " + one
	}
	return ""
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
	// Alone: who makes something that refers to it waits for others who do, so that they can be counted.
	Alone bool
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
func (k Kind) ReadPermission() string { return k.Plural() + ".get" }

// Registry knows all kinds. It is filled while the modules are built and only read afterwards.
type Registry struct {
	kinds    map[string]Kind
	contents map[string]Content
	// followers say which objects of a kind have fields that follow others, and do not say what those do.
	followers map[string]func(ctx context.Context) ([]string, error)
	onRemove  []func(ctx context.Context, id string) error
	admit     []func(ctx context.Context, k Kind, customerID string) error
}

// OnRemove has fn called in the transaction in which an object that can be a scope is removed, before it is: what refers to it without
// keeping it is released there.
func (r *Registry) OnRemove(fn func(ctx context.Context, id string) error) {
	r.onRemove = append(r.onRemove, fn)
}

// Admit has fn called in the transaction in which something of a customer is made, before it is: fn refuses it where the customer can have nothing
// new, and keeps that from changing.
func (r *Registry) Admit(fn func(ctx context.Context, k Kind, customerID string) error) {
	r.admit = append(r.admit, fn)
}

// Admitted asks whether a customer can have something new of a kind.
func (r *Registry) Admitted(ctx context.Context, k Kind, customerID string) error {
	for _, fn := range r.admit {
		if err := fn(ctx, k, customerID); err != nil {
			return err
		}
	}
	return nil
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

// Content is how a customer's objects of a kind follow what becomes of the customer.
type Content struct {
	Kind string
	// Align brings them to what the customer's status allows; nil where nothing runs.
	Align func(ctx context.Context, customerID string) error
	// RemoveAll removes them, for good.
	RemoveAll func(ctx context.Context, customerID string) error
}

// Contain says how what is of a kind follows its customer.
func (r *Registry) Contain(c Content) { r.contents[c.Kind] = c }

// Contents are the kinds whose objects are in those of another, at any depth. What needs others stands before them, so that it can be
// removed in this order. A kind of which nobody has said how it follows is a defect of the program.
func (r *Registry) Contents(of string) []Content {
	inside := map[string]bool{of: true}
	for grown := true; grown; {
		grown = false
		for _, k := range r.All() {
			if !inside[k.Name] && k.Parent != nil && slices.ContainsFunc(append([]string{k.Parent.Kind}, k.Parent.Or...), func(p string) bool { return inside[p] }) {
				inside[k.Name], grown = true, true
			}
		}
	}
	delete(inside, of)
	var out []Content
	var put func(kind string)
	put = func(kind string) {
		if !inside[kind] {
			return
		}
		delete(inside, kind)
		for _, h := range r.Holders(kind) {
			put(h.Kind.Name)
		}
		c, ok := r.contents[kind]
		if !ok {
			panic(fmt.Sprintf("kind %s is in a %s, and nobody has said how it follows that", kind, of))
		}
		out = append(out, c)
	}
	for _, k := range r.All() {
		put(k.Name)
	}
	return out
}

// NewRegistry returns an empty registry.
func NewRegistry() *Registry {
	return &Registry{kinds: map[string]Kind{}, contents: map[string]Content{}, followers: map[string]func(ctx context.Context) ([]string, error){}}
}

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
