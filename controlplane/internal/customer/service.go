package customer

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/saga"
	"github.com/demarc/demarc/controlplane/internal/platform/service"
)

// BillingEntities is what customers need of the billing entities.
type BillingEntities interface {
	// CustomerLimit is how many customers a billing entity may have.
	CustomerLimit(ctx context.Context, id string) (int64, error)
}

// Tokens is what customers need of the API tokens.
type Tokens interface {
	// EndOf removes all tokens of a customer's service accounts.
	EndOf(ctx context.Context, customerID string) error
}

// Bindings is what customers need of the role bindings.
type Bindings interface {
	// CheckEnd refuses to end a customer among whose accounts are the last owners of something else.
	CheckEnd(ctx context.Context, customerID string) error
}

// Service keeps the customers.
type Service struct {
	*service.Stored[row, Create, Spec, Customer]
	deps            module.Deps
	converger       *service.Converger[row]
	billingEntities BillingEntities
	tokens          Tokens
	bindings        Bindings
}

// New returns the service.
func New(d module.Deps, billingEntities BillingEntities) *Service {
	s := &Service{deps: d, billingEntities: billingEntities}
	module.Need(d, &s.tokens)
	module.Need(d, &s.bindings)
	s.Stored = service.NewStored(d, Kind, service.Rules[row, Create, Spec, Customer]{
		Row:   func(in Create) row { return row{Create: in} },
		Spec:  func(r *row) *Spec { return &r.Spec },
		View:  func(r *row) Customer { return Customer{Meta: r.Meta(), Create: r.Create} },
		Check: s.check,
		After: s.follow,
	})
	s.converger = service.NewConverger(s.Stored, service.Work[row]{})
	d.Registry.Admit(s.admit)
	return s
}

// Module is what it brings to the server. Another status is carried out by an operation.
func (s *Service) Module() module.Module {
	m := service.Module(s)
	for i := range m.Ops {
		m.Ops[i].Async = m.Ops[i].Verb == httpapi.Update
	}
	m.Definitions = func() []saga.Definition {
		return service.NewConverger(s.Stored, service.Work[row]{Apply: s.stages()}).Definitions()
	}
	return m
}

// stages carry a change of status out, one kind of what customers have after the other.
func (s *Service) stages() []service.Stage[row] {
	var out []service.Stage[row]
	for _, c := range s.deps.Registry.Contents(Kind.Name) {
		kind, _ := s.deps.Registry.Kind(c.Kind)
		out = append(out, service.Stage[row]{Name: kind.Plural(), Do: func(ctx context.Context, r row) error {
			switch {
			case r.Status == StatusTerminated:
				return c.RemoveAll(ctx, r.ID)
			case c.Align != nil:
				return c.Align(ctx, r.ID)
			}
			return nil
		}})
	}
	return out
}

// check refuses a customer too many, and a status that cannot follow the present one.
func (s *Service) check(ctx context.Context, old, next *row) error {
	if old != nil {
		err := transition(old, next)
		if err == nil && old.Status != next.Status && next.Status == StatusTerminated {
			err = s.bindings.CheckEnd(ctx, next.ID)
		}
		return err
	}
	if next.Status == StatusTerminated {
		return fault.Invalidf("/status", "conflict", "a new customer cannot be terminated")
	}
	limit, err := s.billingEntities.CustomerLimit(ctx, next.Base.BillingEntityID)
	if err != nil {
		return err
	}
	n, err := count(ctx, s.deps.DB, next.Base.BillingEntityID)
	if err == nil && n >= limit {
		err = fault.Conflictf("limit_reached", "the billing entity has its %d customers: raise its customer_limit", limit)
	}
	return err
}

// transition checks a change of status.
func transition(old, next *row) error {
	if old.Status == next.Status {
		return nil
	}
	switch {
	case old.Status == StatusTerminated:
		return fault.Invalidf("/status", "conflict", "a terminated customer cannot come back")
	case next.Status == StatusPending:
		return fault.Invalidf("/status", "conflict", "a customer that was %s cannot be pending again", old.Status)
	case next.Status == StatusTerminated && next.DeletionProtection:
		return fault.Conflictf("deletion_protected", "it is protected: set deletion_protection to false first")
	}
	return nil
}

// follow begins to carry out another status, and tries one again that could not be. The principals of the customer may do something else from
// this moment on, and a terminated one has no tokens.
func (s *Service) follow(ctx context.Context, old, next *row) error {
	if old == nil || next == nil || old.Status == next.Status && old.State != resource.Failed {
		return nil
	}
	if old.Status != next.Status {
		if next.Status == StatusTerminated {
			if err := s.tokens.EndOf(ctx, next.ID); err != nil {
				return err
			}
		}
		if err := s.deps.Access.Changed(ctx); err != nil {
			return err
		}
	}
	return s.converger.Begin(ctx, next, httpapi.Update)
}

// Active says whether the customer is active.
func (s *Service) Active(ctx context.Context, id string) (bool, error) {
	r, err := s.Table.Get(ctx, id)
	return r.Status == StatusActive, err
}

// Terminated says whether a customer is terminated.
func (s *Service) Terminated(ctx context.Context, id string) (bool, error) {
	r, err := s.Table.Get(ctx, id)
	return r.Status == StatusTerminated, err
}

// admit refuses something new of a customer that can have nothing, and keeps the customer from changing until the transaction ends. The caller
// need not see the customer.
func (s *Service) admit(ctx context.Context, k resource.Kind, id string) error {
	r, err := s.Table.Share(authz.Elevated(ctx), id)
	switch {
	case err != nil || r.Status == StatusActive:
		return err
	case r.Status == StatusTerminated || !k.Dormant:
		return fault.Conflictf("wrong_state", "the customer is %s: only an active one can make resources", r.Status)
	}
	return nil
}
