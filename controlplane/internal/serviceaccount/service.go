package serviceaccount

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/service"
)

// Bindings is what service accounts need of the role bindings.
type Bindings interface {
	// CheckDispensable refuses to put a principal out of action who is the last owner of something.
	CheckDispensable(ctx context.Context, principalKind, principalID string) error
	// Release removes all bindings of a principal.
	Release(ctx context.Context, principalKind, principalID string) error
	// Held returns the ids of the bindings that principals of a kind have and the caller may see, by principal.
	Held(ctx context.Context, principalKind string, principalIDs []string) (map[string][]string, error)
}

// Tokens is what service accounts need of their tokens.
type Tokens interface {
	// Release removes all tokens of an account; one that is protected is refused.
	Release(ctx context.Context, accountID string) error
	// Held returns the ids of the tokens that accounts have and the caller may see, by account.
	Held(ctx context.Context, accountIDs []string) (map[string][]string, error)
}

// Customers is what service accounts need of the customers.
type Customers interface {
	// Terminated says whether a customer is terminated.
	Terminated(ctx context.Context, id string) (bool, error)
}

// Service keeps the service accounts.
type Service struct {
	*service.Stored[row, Create, Spec, ServiceAccount]
	access    *authz.Evaluator
	customers Customers
	bindings  Bindings
	tokens    Tokens
}

// New returns the service.
func New(d module.Deps, customers Customers) *Service {
	s := &Service{access: d.Access, customers: customers}
	module.Need(d, &s.bindings)
	module.Need(d, &s.tokens)
	s.Stored = service.NewStored(d, Kind, service.Rules[row, Create, Spec, ServiceAccount]{
		Row:     func(in Create) row { return row{Create: in} },
		Spec:    func(r *row) *Spec { return &r.Spec },
		View:    func(r *row) ServiceAccount { return ServiceAccount{Meta: r.Meta(), Create: r.Create, InUseBy: []Use{}} },
		Check:   s.check,
		Release: s.release,
		After:   s.follow,
		Fill:    s.fill,
	})
	return s
}

// Module is what it brings to the server.
func (s *Service) Module() module.Module { return service.Module(s) }

// check refuses to disable the last owner of something.
func (s *Service) check(ctx context.Context, old, next *row) error {
	if old != nil && old.Enabled && !next.Enabled {
		return s.bindings.CheckDispensable(ctx, authn.KindServiceAccount, next.ID)
	}
	return nil
}

// release takes away what an account is in use by.
func (s *Service) release(ctx context.Context, r *row) error {
	if err := s.tokens.Release(ctx, r.ID); err != nil {
		return err
	}
	return s.bindings.Release(ctx, authn.KindServiceAccount, r.ID)
}

// follow says that an account can be used now, or cannot any more.
func (s *Service) follow(ctx context.Context, old, next *row) error {
	if old == nil || next != nil && old.Enabled == next.Enabled {
		return nil
	}
	return s.access.Changed(ctx)
}

// Usable says whether an account can be used: it is enabled, and its customer is not terminated.
func (s *Service) Usable(ctx context.Context, id string) (bool, error) {
	r, err := s.Table.Get(ctx, id)
	switch {
	case fault.IsCode(err, "not_found"):
		return false, nil
	case err != nil || !r.Enabled || r.CustomerID == "":
		return r.Enabled, err
	}
	ended, err := s.customers.Terminated(ctx, r.CustomerID)
	return !ended, err
}

// Of are the accounts of a customer.
func (s *Service) Of(ctx context.Context, customerID string) ([]string, error) {
	rows, err := s.Table.All(ctx, "customer_id = ?", customerID)
	ids := make([]string, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	return ids, err
}

// fill says of accounts what they are in use by.
func (s *Service) fill(ctx context.Context, accounts []ServiceAccount) error {
	ids := make([]string, len(accounts))
	for i := range accounts {
		ids[i] = accounts[i].ID
	}
	bindings, err := s.bindings.Held(ctx, authn.KindServiceAccount, ids)
	if err != nil {
		return err
	}
	tokens, err := s.tokens.Held(ctx, ids)
	if err != nil {
		return err
	}
	for i := range accounts {
		a := &accounts[i]
		for _, id := range bindings[a.ID] {
			a.InUseBy = append(a.InUseBy, Use{Kind: "role_binding", ID: id})
		}
		for _, id := range tokens[a.ID] {
			a.InUseBy = append(a.InUseBy, Use{Kind: "api_token", ID: id})
		}
	}
	return nil
}
