package customer

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// BillingEntities is what customers need of the billing entities.
type BillingEntities interface {
	// LockForCustomers keeps others from adding a customer to it until the transaction ends, and returns how many it may have.
	LockForCustomers(ctx context.Context, pointer, id string) (limit int64, err error)
}

// Holdings are resources that customers have.
type Holdings interface {
	// Align brings what a customer has to what its status allows: nothing runs while it is not active.
	Align(ctx context.Context, customerID string) error
	// RemoveAll removes all that a customer has of them, for good.
	RemoveAll(ctx context.Context, customerID string) error
}

// Tokens is what customers need of the API tokens.
type Tokens interface {
	// EndOf removes all tokens of a customer's service accounts.
	EndOf(ctx context.Context, customerID string) error
}

// Holding is one kind of holdings under the name of its step.
type Holding struct {
	Name string
	Holdings
}

// Service keeps the customers.
type Service struct {
	deps            module.Deps
	table           *resource.Table[row, *row]
	converger       *resource.Converger[row, *row]
	billingEntities BillingEntities
	holdings        []Holding
	tokens          Tokens
}

// Create adds a customer.
func (s *Service) Create(ctx context.Context, in CustomerCreate) (Customer, error) {
	r := &row{}
	r.BillingEntityID = in.BillingEntityID
	r.set(in.CustomerSpec)
	err := s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		limit, err := s.billingEntities.LockForCustomers(ctx, "/billing_entity_id", in.BillingEntityID)
		if err != nil {
			return err
		}
		if in.Status == StatusTerminated {
			return fault.Invalidf("/status", "conflict", "a new customer cannot be terminated")
		}
		n, err := count(ctx, s.deps.DB, in.BillingEntityID)
		if err != nil {
			return err
		}
		if n >= limit {
			return fault.Conflictf("limit_reached", "the billing entity has its %d customers: raise its customer_limit", limit)
		}
		return s.table.Insert(ctx, r)
	})
	return r.model(), err
}

// Get returns a customer.
func (s *Service) Get(ctx context.Context, id string) (Customer, error) {
	r, err := s.table.Get(ctx, id)
	return r.model(), err
}

// List returns a page of customers.
func (s *Service) List(ctx context.Context, q resource.ListQuery) (resource.Page[Customer], error) {
	return resource.PageOf(ctx, s.table, q, (*row).model)
}

// Update changes a customer. Another status is carried out by an operation; so is the retry of one that failed.
func (s *Service) Update(ctx context.Context, in httpapi.PatchInput[CustomerSpec]) (Customer, error) {
	var r row
	err := s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		var old row
		var err error
		r, _, err = s.table.Change(ctx, in.ID, in.IfMatch, func(r *row) error {
			old = *r
			next, err := in.Patch.Apply(r.spec())
			if err != nil {
				return err
			}
			r.set(next)
			return transition(&old, r)
		})
		if err != nil || r.Status == old.Status && r.State != resource.Failed {
			return err
		}
		if r.Status != old.Status {
			if err := s.changeAccess(ctx, &r); err != nil {
				return err
			}
		}
		return s.converger.Update(ctx, &r)
	})
	return r.model(), err
}

// changeAccess says that the principals of a customer may do something else now. A terminated one has no tokens from that moment on.
func (s *Service) changeAccess(ctx context.Context, r *row) error {
	if r.Status == StatusTerminated {
		if err := s.tokens.EndOf(ctx, r.ID); err != nil {
			return err
		}
	}
	return s.deps.Access.Changed(ctx)
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

// Delete removes a customer that has nothing any more.
func (s *Service) Delete(ctx context.Context, in httpapi.DeleteInput) (resource.None, error) {
	return resource.None{}, s.table.Drop(ctx, in.ID, in.IfMatch)
}

// Active says whether the customer is active.
func (s *Service) Active(ctx context.Context, id string) (bool, error) {
	r, err := s.table.Get(ctx, id)
	return r.Status == StatusActive, err
}

// BillingEntityOfActive returns who bills the customer that the caller has named, and keeps the customer from changing until the transaction
// ends. It refuses one that is not active.
func (s *Service) BillingEntityOfActive(ctx context.Context, pointer, id string) (string, error) {
	r, err := s.table.Refer(ctx, pointer, id)
	if err != nil {
		return "", err
	}
	return r.BillingEntityID, r.checkActive()
}

// CheckActive is BillingEntityOfActive for the customer of what the caller has named, who need not see the customer itself.
func (s *Service) CheckActive(ctx context.Context, id string) error {
	r, err := s.table.Share(authz.Elevated(ctx), id)
	if err != nil {
		return err
	}
	return r.checkActive()
}

func (r *row) checkActive() error {
	if r.Status != StatusActive {
		return fault.Conflictf("wrong_state", "the customer is %s: only an active one can make resources", r.Status)
	}
	return nil
}

// CheckNotTerminated refuses a customer that is terminated, and keeps it from changing until the transaction ends. The caller need not see it.
func (s *Service) CheckNotTerminated(ctx context.Context, id string) error {
	r, err := s.table.Share(authz.Elevated(ctx), id)
	if err == nil && r.Status == StatusTerminated {
		err = fault.Conflictf("wrong_state", "the customer is terminated")
	}
	return err
}
