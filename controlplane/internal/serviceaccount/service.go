package serviceaccount

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// Customers is what service accounts need of the customers.
type Customers interface {
	// CheckNotTerminated refuses a customer that is terminated, and keeps it from becoming so until the transaction ends.
	CheckNotTerminated(ctx context.Context, customerID string) error
}

// Bindings is what service accounts need of the role bindings.
type Bindings interface {
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

// Service keeps the service accounts.
type Service struct {
	deps      module.Deps
	table     *resource.Table[row, *row]
	locator   *resource.Locator
	customers Customers
	bindings  Bindings
	tokens    Tokens
}

// Create adds a service account.
func (s *Service) Create(ctx context.Context, in ServiceAccountCreate) (ServiceAccount, error) {
	r := &row{OwnerID: in.OwnerID}
	r.set(in.ServiceAccountSpec)
	err := s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		at, err := s.locator.Refer(ctx, "/owner_id", in.OwnerID, "customer", "billing_entity")
		if err != nil {
			return err
		}
		r.BillingEntityID, r.CustomerID = at.BillingEntityID, at.CustomerID
		if err := s.checkOwner(ctx, r); err != nil {
			return err
		}
		return s.table.Insert(ctx, r)
	})
	return r.model(), err
}

// checkOwner refuses an owner that can have no accounts and no tokens any more, and keeps it from becoming one.
func (s *Service) checkOwner(ctx context.Context, r *row) error {
	if r.CustomerID == "" {
		return nil
	}
	return s.customers.CheckNotTerminated(ctx, r.CustomerID)
}

// Get returns a service account.
func (s *Service) Get(ctx context.Context, id string) (ServiceAccount, error) {
	r, err := s.table.Get(ctx, id)
	if err != nil {
		return ServiceAccount{}, err
	}
	return s.used(ctx, &r)
}

// List returns a page of service accounts.
func (s *Service) List(ctx context.Context, q resource.ListQuery) (resource.Page[ServiceAccount], error) {
	page, err := resource.PageOf(ctx, s.table, q, (*row).model)
	if err != nil {
		return page, err
	}
	return page, s.fill(ctx, page.Items)
}

// Update changes a service account.
func (s *Service) Update(ctx context.Context, in httpapi.PatchInput[ServiceAccountSpec]) (ServiceAccount, error) {
	var r row
	err := s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		var enabled bool
		var err error
		r, _, err = s.table.Change(ctx, in.ID, in.IfMatch, func(r *row) error {
			enabled = r.Enabled
			next, err := in.Patch.Apply(r.spec())
			if err == nil {
				r.set(next)
			}
			return err
		})
		if err != nil || r.Enabled == enabled {
			return err
		}
		return s.deps.Access.Changed(ctx)
	})
	if err != nil {
		return ServiceAccount{}, err
	}
	return s.used(ctx, &r)
}

// Delete removes a service account with its tokens and its role bindings.
func (s *Service) Delete(ctx context.Context, in httpapi.DeleteInput) (resource.None, error) {
	return resource.None{}, s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		// Its tokens would keep it, so they go first; a refusal that follows brings them back.
		if _, err := s.table.LockIdle(ctx, in.ID, in.IfMatch); err != nil {
			return err
		}
		if err := s.tokens.Release(ctx, in.ID); err != nil {
			return err
		}
		if _, err := s.table.Deletable(ctx, in.ID, nil); err != nil {
			return err
		}
		if err := s.bindings.Release(ctx, authn.KindServiceAccount, in.ID); err != nil {
			return err
		}
		if err := s.table.Remove(ctx, in.ID); err != nil {
			return err
		}
		return s.deps.Access.Changed(ctx)
	})
}

// Place returns whose the account is that is to get a token, and keeps both from ending until the transaction does.
func (s *Service) Place(ctx context.Context, pointer, id string) (resource.Place, error) {
	r, err := s.table.Refer(ctx, pointer, id)
	if err != nil {
		return resource.Place{}, err
	}
	return resource.Place{BillingEntityID: r.BillingEntityID, CustomerID: r.CustomerID}, s.checkOwner(ctx, &r)
}

// used is an account with what it is in use by.
func (s *Service) used(ctx context.Context, r *row) (ServiceAccount, error) {
	one := []ServiceAccount{r.model()}
	err := s.fill(ctx, one)
	return one[0], err
}

// fill says of accounts what they are in use by.
func (s *Service) fill(ctx context.Context, accounts []ServiceAccount) error {
	if len(accounts) == 0 {
		return nil
	}
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

// Align implements customer.Holdings: what an account may do while its customer is not active is decided where it is used.
func (s *Service) Align(context.Context, string) error { return nil }

// RemoveAll implements customer.Holdings. What an account was for is gone by then, so nothing protects it.
func (s *Service) RemoveAll(ctx context.Context, customerID string) error {
	return s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		rows, err := s.table.All(ctx, "customer_id = ?", customerID)
		if err != nil {
			return err
		}
		for i := range rows {
			if err := s.bindings.Release(ctx, authn.KindServiceAccount, rows[i].ID); err != nil {
				return err
			}
			if err := s.table.Remove(ctx, rows[i].ID); err != nil {
				return err
			}
		}
		if len(rows) == 0 {
			return nil
		}
		return s.deps.Access.Changed(ctx)
	})
}
