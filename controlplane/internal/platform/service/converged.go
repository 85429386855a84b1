package service

import (
	"context"
	"reflect"
	"slices"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// Converged is the service of a kind whose objects stand for something in the world outside.
type Converged[R, C, S, V any] struct {
	*Stored[R, C, S, V]
	*Converger[R]
}

// NewConverged returns the service of a kind, and registers the kind. Whatever changes in a row changes the world, but for what is there for
// people alone.
func NewConverged[R, C, S, V any](d module.Deps, kind resource.Kind, rules Rules[R, C, S, V], work Work[R]) *Converged[R, C, S, V] {
	s := &Converged[R, C, S, V]{}
	then := rules.After
	rules.After = func(ctx context.Context, old, next *R) error {
		if then != nil {
			if err := then(ctx, old, next); err != nil {
				return err
			}
		}
		return s.follow(ctx, old, next)
	}
	s.Stored = NewStored(d, kind, rules)
	s.Converger = NewConverger(s.Stored, work)
	return s
}

// follow begins the operation that a change asks for. What has failed is tried again by any; what failed to be made, and so uses nothing, is made
// anew.
func (s *Converged[R, C, S, V]) follow(ctx context.Context, old, next *R) error {
	switch {
	case next == nil:
		return nil
	case old == nil:
		return s.Begin(ctx, next, httpapi.Create)
	case resource.BaseOf(old).State == resource.Failed:
		made, err := s.made(ctx, next)
		switch {
		case err != nil:
			return err
		case made:
			return s.Begin(ctx, next, httpapi.Update)
		}
		if err := s.admitted(ctx, next); err != nil {
			return err
		}
		if err := s.Account(ctx, next); err != nil {
			return err
		}
		return s.Begin(ctx, next, httpapi.Create)
	case !reflect.DeepEqual(s.worldly(*old), s.worldly(*next)):
		return s.Begin(ctx, next, httpapi.Update)
	}
	return nil
}

// made says whether the object of a row that has failed was made before that. What uses nothing leaves nothing to be told by.
func (s *Converged[R, C, S, V]) made(ctx context.Context, row *R) (bool, error) {
	if s.rules.Uses == nil {
		return true, nil
	}
	return s.Stored.deps.Ledger.Counts(ctx, resource.BaseOf(row).ID)
}

// Delete begins to remove an object that nothing is in and nothing needs.
func (s *Converged[R, C, S, V]) Delete(ctx context.Context, in httpapi.DeleteInput) (V, error) {
	var row R
	err := s.Stored.deps.DB.InTx(ctx, func(ctx context.Context) error {
		var err error
		if row, err = s.deletable(ctx, in); err != nil {
			return err
		}
		return s.Begin(ctx, &row, httpapi.Delete)
	})
	return s.Answer(ctx, &row, err)
}

// RemoveAll removes everything that a customer has of the kind, for good and whatever protects it.
func (s *Converged[R, C, S, V]) RemoveAll(ctx context.Context, customerID string) error {
	return s.Converger.RemoveAll(ctx, customerID)
}

// Act begins an action on an object that is active.
func (s *Converged[R, C, S, V]) Act(ctx context.Context, in httpapi.ActionInput, verb string) (V, error) {
	var row R
	err := s.Stored.deps.DB.InTx(ctx, func(ctx context.Context) error {
		var err error
		if row, err = s.Table.LockIdle(ctx, in.ID, in.IfMatch); err != nil {
			return err
		}
		if state := resource.BaseOf(&row).State; state != resource.Active {
			return fault.Conflictf("wrong_state", "it is %s: only what is active can be asked to %s", state, verb)
		}
		if check := s.action(verb).Check; check != nil {
			if err := check(ctx, &row); err != nil {
				return err
			}
		}
		return s.Begin(ctx, &row, verb)
	})
	return s.Answer(ctx, &row, err)
}

func (s *Converged[R, C, S, V]) action(verb string) Action[R] {
	return s.work.Actions[slices.IndexFunc(s.work.Actions, func(a Action[R]) bool { return a.Verb == verb })]
}

// worldly is a row without what says nothing about the world: what the system keeps on every row, and what is there for people alone.
func (s *Converged[R, C, S, V]) worldly(row R) R {
	*resource.BaseOf(&row) = resource.Base{}
	if n := resource.NamedOf(&row); n != nil {
		name := n.Name
		*n = resource.Named{}
		if s.work.Named {
			n.Name = name
		}
	}
	return row
}
