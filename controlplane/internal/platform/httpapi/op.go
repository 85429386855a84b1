// Package httpapi turns the table of operations into an HTTP server: routing, authentication, authorization, validation against the
// specification, idempotency, preconditions, transactions, audit and errors are done here, once, for every operation. It alone knows gin.
package httpapi

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// BasePath stands before every operation's path.
const BasePath = "/api/v1"

// Scope says what an operation's permission is checked on.
type Scope string

// The scopes of operations.
const (
	// ScopePlatform: the whole platform.
	ScopePlatform Scope = "platform"
	// ScopeObject: the object whose id is in the path.
	ScopeObject Scope = "object"
	// ScopeParent: the object in which the body's parent field says that the new one is to be made.
	ScopeParent Scope = "parent"
	// ScopeFilter: nothing is refused; the answer holds what the caller may see.
	ScopeFilter Scope = "filter"
	// ScopeCaller: every authenticated principal may do it, for itself.
	ScopeCaller Scope = "caller"
)

// Verbs of operations. An action's verb is its own name.
const (
	Create = "create"
	Get    = "get"
	List   = "list"
	Update = "update"
	Delete = "delete"
)

// Op is one operation of the API. The table of all of them drives the router, the specification, the catalog and the tests.
type Op struct {
	ID   string // virtual_machines.create; joins the specification by operationId
	Kind string // virtual_machine
	// Summary says what it does. With one, the specification of the operation follows from this row alone; without, there is a comment in
	// swag's form above its handler.
	Summary string
	// Parameters are those of its query beside the ones that its verb has.
	Parameters []resource.Filter
	Verb       string
	Method     string
	Path       string // /virtual-machines/{id}, below the base path
	Permission string
	Scope      Scope
	Mutates    bool
	// Async operations may answer 202 with an operation that goes on.
	Async bool
	// Action marks a POST {path}/{id}/actions/{verb}.
	Action bool
	// Part is what it is about below an object, which goes in or out as it is: label of /lockers/{id}/label.
	Part string
	// AnswerTypes are the content types of an answer that is not JSON, the one that is preferred first.
	AnswerTypes []string
	// BodyTypes are the content types of a body that streams to the handler, MaxBytes is how large one may be.
	BodyTypes []string
	MaxBytes  int64
	// ParentField is the field of a create's body that names the parent.
	ParentField string
	// RequiresIfMatch: what is written must be known to be what was read.
	RequiresIfMatch bool
	// Reveals: the answer holds a secret that is shown this once.
	Reveals bool
	// Sensitive: the answer is a secret of the object, which nothing else answers.
	Sensitive bool
	// WhileSuspended: the principals of a suspended customer may still do it, as they may read.
	WhileSuspended bool
	Handle         Handler
}

// Table is the table of operations, for those who need to know of it before all are there.
type Table struct{ ops []Op }

// Add adds operations.
func (t *Table) Add(ops ...Op) { t.ops = append(t.ops, ops...) }

// All are the operations.
func (t *Table) All() []Op { return t.ops }

// Handler serves a request; made by Handle.
type Handler interface {
	bind(c *call) (func(ctx context.Context) (any, error), error)
	// Takes is the type of the body, nil where there is none; Answers that of what is answered.
	Takes() reflect.Type
	Answers() reflect.Type
}

// Handlers are those of a kind's five standard operations; one that is nil does not exist.
type Handlers struct{ Create, Get, List, Update, Delete Handler }

// CRUD makes the standard operations of a kind. async names the verbs that may answer with an operation.
func CRUD(k resource.Kind, h Handlers, async ...string) []Op {
	object := k.Path() + "/{id}"
	createScope := ScopePlatform
	if k.Decider() != "" {
		createScope = ScopeParent
	}
	all := []Op{
		{Verb: Create, Method: http.MethodPost, Path: k.Path(), Scope: createScope, ParentField: k.Decider(), Mutates: true, Handle: h.Create},
		{Verb: Get, Method: http.MethodGet, Path: object, Scope: ScopeObject, Handle: h.Get},
		{Verb: List, Method: http.MethodGet, Path: k.Path(), Scope: ScopeFilter, Handle: h.List},
		{Verb: Update, Method: http.MethodPatch, Path: object, Scope: ScopeObject, Mutates: true, Handle: h.Update},
		{Verb: Delete, Method: http.MethodDelete, Path: object, Scope: ScopeObject, Mutates: true, Handle: h.Delete},
	}
	var out []Op
	for _, op := range all {
		if op.Handle != nil {
			out = append(out, of(k, op, k.Summary(op.Verb), slices.Contains(async, op.Verb)))
		}
	}
	return out
}

// Action makes the operation of one action of a kind.
func Action(k resource.Kind, verb, summary string, async bool, h Handler) Op {
	return of(k, Op{
		Verb: verb, Method: http.MethodPost, Path: k.Path() + "/{id}/actions/" + verb, Scope: ScopeObject, Mutates: true, Action: true, Handle: h,
	}, summary, async)
}

// GetDocument makes the operation that answers a document of an object, in one of some content types of which the first is preferred.
func GetDocument(k resource.Kind, name, summary string, h Handler, types ...string) Op {
	return of(k, Op{Verb: "get_" + name, Method: http.MethodGet, Path: part(k, name), Scope: ScopeObject, Part: name, AnswerTypes: types, Handle: h}, summary, false)
}

// Watch makes the operation that answers what happens to an object, as events.
func Watch(k resource.Kind, name, summary string, h Handler) Op {
	return of(k, Op{Verb: "watch_" + name, Method: http.MethodGet, Path: part(k, name), Scope: ScopeObject, Part: name, AnswerTypes: []string{EventStream}, Handle: h},
		summary, false)
}

// Upload makes the operation that takes something for an object as it is, while it comes: at most so many bytes, in one of some content types.
func Upload(k resource.Kind, name, summary string, maxBytes int64, h Handler, types ...string) Op {
	op := of(k, Op{Verb: "upload_" + name, Method: http.MethodPost, Path: part(k, name), Scope: ScopeObject, Mutates: true, Part: name,
		BodyTypes: types, MaxBytes: maxBytes, Handle: h}, summary, false)
	op.RequiresIfMatch = false // what comes is added to what is there
	return op
}

// part is the path of something below an object.
func part(k resource.Kind, name string) string {
	return k.Path() + "/{id}/" + strings.ReplaceAll(name, "_", "-")
}

// of completes an operation of a kind with what the kind says.
func of(k resource.Kind, op Op, summary string, async bool) Op {
	op.Kind, op.ID, op.Summary, op.Async = k.Name, k.Plural()+"."+op.Verb, summary, async
	op.Permission = op.ID
	op.Reveals = slices.Contains(k.Reveals, op.Verb)
	op.RequiresIfMatch = k.RequiresIfMatch && op.Mutates
	return op
}
