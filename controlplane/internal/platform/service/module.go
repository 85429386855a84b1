package service

import (
	"context"
	"reflect"

	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/reconcile"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/saga"
)

// Verbs is the service of a kind with the five verbs: one that embeds Stored or Converged, and may do some of them in its own way. D is what a
// delete answers: nothing, or the object while it is being removed.
type Verbs[C, S, V, D any] interface {
	Readable[V]
	Create(ctx context.Context, in C) (V, error)
	Update(ctx context.Context, in httpapi.PatchInput[S]) (V, error)
	Delete(ctx context.Context, in httpapi.DeleteInput) (D, error)
	RemoveAll(ctx context.Context, customerID string) error
	Describe() Description
}

// Aligned is the service of a kind of which something runs: when its customer's status changes, it is brought to what that allows.
type Aligned interface {
	Align(ctx context.Context, customerID string) error
}

// Description is what a module is made of beside the verbs.
type Description struct {
	kind        resource.Kind
	registry    *resource.Registry
	async       []string
	actions     []action
	definitions []saga.Definition
	reconcilers []reconcile.Reconciler
}

// action is a verb beside the five.
type action struct{ verb, summary string }

// acting is the service of a kind with actions.
type acting[V any] interface {
	Act(ctx context.Context, in httpapi.ActionInput, verb string) (V, error)
}

// Describe implements Verbs.
func (s *Stored[R, C, S, V]) Describe() Description {
	return Description{kind: s.kind, registry: s.deps.Registry}
}

// Describe implements Verbs.
func (s *Converged[R, C, S, V]) Describe() Description {
	out := s.Stored.Describe()
	out.async = []string{httpapi.Create, httpapi.Update, httpapi.Delete}
	out.definitions, out.reconcilers = s.Definitions(), s.reconcilers
	for _, a := range s.work.Actions {
		out.actions = append(out.actions, action{a.Verb, a.Summary})
	}
	return out
}

// Module is what the service of a kind brings to the server: the five verbs, its actions, and further operations.
func Module[C, S, V, D any](s Verbs[C, S, V, D], further ...httpapi.Op) module.Module {
	d := s.Describe()
	verbs := reads(s)
	verbs.Create = httpapi.Handle(func(ctx context.Context, in httpapi.CreateInput[C]) (V, error) { return s.Create(ctx, in.Body) })
	verbs.Delete = httpapi.Handle(s.Delete)
	if reflect.TypeFor[S]() != reflect.TypeFor[resource.None]() {
		verbs.Update = httpapi.Handle(s.Update)
	}
	content := resource.Content{Kind: d.kind.Name, RemoveAll: s.RemoveAll}
	if a, ok := s.(Aligned); ok {
		content.Align = a.Align
	}
	d.registry.Contain(content)
	ops := httpapi.CRUD(d.kind, verbs, d.async...)
	for _, a := range d.actions {
		does := any(s).(acting[V])
		ops = append(ops, httpapi.Action(d.kind, a.verb, a.summary, true, httpapi.Handle(
			func(ctx context.Context, in httpapi.ActionInput) (V, error) { return does.Act(ctx, in, a.verb) })))
	}
	return module.Module{
		Kind: d.kind, Ops: append(ops, further...),
		Definitions: func() []saga.Definition { return d.definitions }, Reconcilers: d.reconcilers,
	}
}

// Readable is the service of a kind that is only read.
type Readable[V any] interface {
	Get(ctx context.Context, id string) (V, error)
	List(ctx context.Context, q resource.ListQuery) (resource.Page[V], error)
}

// Reads are the operations of a kind that is only read.
func Reads[V any](k resource.Kind, s Readable[V]) []httpapi.Op { return httpapi.CRUD(k, reads(s)) }

func reads[V any](s Readable[V]) httpapi.Handlers {
	return httpapi.Handlers{
		Get: httpapi.Handle(func(ctx context.Context, in httpapi.GetInput) (V, error) { return s.Get(ctx, in.ID) }),
		List: httpapi.Handle(func(ctx context.Context, in httpapi.ListInput) (resource.Page[V], error) {
			return s.List(ctx, in.ListQuery)
		}),
	}
}
