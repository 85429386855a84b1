package apitoken

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
)

// Accounts is what tokens need of the service accounts.
type Accounts interface {
	// Place returns whose the account is that is to get a token, and keeps both from ending until the transaction does.
	Place(ctx context.Context, pointer, accountID string) (resource.Place, error)
}

// Service keeps the tokens.
type Service struct {
	deps        module.Deps
	table       *resource.Table[row, *row]
	locator     *resource.Locator
	accounts    Accounts
	permissions []string
}

// Create makes a token. Its secret is in what is returned, and cannot be had again.
func (s *Service) Create(ctx context.Context, in APITokenCreate) (APIToken, error) {
	text := newSecret()
	now := s.deps.Clock.Now()
	r := &row{ServiceAccountID: in.ServiceAccountID, ScopeID: in.ScopeID, IssuedAt: now, ExpiresAt: now.Add(DefaultLifetime), SecretHash: hashOf(text)}
	r.SetNamed(in.Named)
	r.setPermissions(in.Permissions)
	if in.ExpiresAt != nil {
		r.ExpiresAt = in.ExpiresAt.UTC().Truncate(clock.Resolution)
	}
	err := s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		at, err := s.accounts.Place(ctx, "/service_account_id", in.ServiceAccountID)
		if err != nil {
			return err
		}
		r.BillingEntityID, r.CustomerID = at.BillingEntityID, at.CustomerID
		scope, err := s.check(ctx, in, r.ExpiresAt)
		if err != nil {
			return err
		}
		if err := s.checkHeld(ctx, r, scope); err != nil {
			return err
		}
		return s.table.Insert(ctx, r)
	})
	return revealed(r, text), err
}

// check reports every wrong field, and returns where the scope of the token stands; nil if it has none.
func (s *Service) check(ctx context.Context, in APITokenCreate, expires time.Time) (*authz.Chain, error) {
	var wrong []fault.Field
	var scope *authz.Chain
	if in.ScopeID != nil {
		at, err := s.locator.Refer(ctx, "/scope_id", *in.ScopeID, s.deps.Registry.Scopes()...)
		if err := fault.Gather(&wrong, err); err != nil {
			return nil, err
		}
		scope = &at
	}
	for i, p := range in.Permissions {
		if !slices.Contains(s.permissions, p) {
			wrong = append(wrong, fault.Field{Pointer: fmt.Sprintf("/permissions/%d", i), Code: "not_found", Detail: "there is no such permission"})
		}
	}
	if err := fault.Gather(&wrong, s.checkExpiry(expires)); err != nil {
		return nil, err
	}
	return scope, fault.InvalidFields(wrong...)
}

func (s *Service) checkExpiry(at time.Time) error {
	now := s.deps.Clock.Now()
	switch {
	case !at.After(now):
		return fault.Invalidf("/expires_at", "conflict", "is in the past")
	case at.After(now.Add(MaxLifetime)):
		return fault.Invalidf("/expires_at", "maximum", "must be at most %d days from now", MaxLifetime/(24*time.Hour))
	}
	return nil
}

// checkHeld refuses a token that may do what the caller may not. What its account has and the token is not for does not count; what is
// suspended at present does, for it comes back.
func (s *Service) checkHeld(ctx context.Context, r *row, scope *authz.Chain) error {
	caller := authz.CallerOf(ctx)
	if caller == nil {
		return nil
	}
	account, err := s.deps.Access.BindingsOf(ctx, authn.Principal{Kind: authn.KindServiceAccount, ID: r.ServiceAccountID})
	if err != nil {
		return err
	}
	now := s.deps.Clock.Now()
	for _, b := range account.Narrowed(scope, r.Permissions).Bindings {
		if b.ExpiresAt != nil && !now.Before(*b.ExpiresAt) {
			continue
		}
		var permissions []string
		for p, has := range b.Permissions {
			if has {
				permissions = append(permissions, p)
			}
		}
		if err := caller.Holds(permissions, b.Scope); err != nil {
			return err
		}
	}
	return nil
}

// revealed is a token with its secret.
func revealed(r *row, text secret.String) APIToken {
	t := r.model()
	t.Token = &secret.Shown{String: text}
	return t
}

// Get returns a token.
func (s *Service) Get(ctx context.Context, id string) (APIToken, error) {
	r, err := s.table.Get(ctx, id)
	return r.model(), err
}

// List returns a page of tokens.
func (s *Service) List(ctx context.Context, q resource.ListQuery) (resource.Page[APIToken], error) {
	return resource.PageOf(ctx, s.table, q, (*row).model)
}

// Update changes what a token is called.
func (s *Service) Update(ctx context.Context, in httpapi.PatchInput[APITokenSpec]) (APIToken, error) {
	var r row
	err := s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		var err error
		r, _, err = s.table.Change(ctx, in.ID, in.IfMatch, func(r *row) error {
			next, err := in.Patch.Apply(r.spec())
			if err == nil {
				r.SetNamed(next.Named)
			}
			return err
		})
		return err
	})
	return r.model(), err
}

// Rotate gives a token another secret, which is in what is returned, and cannot be had again.
func (s *Service) Rotate(ctx context.Context, in httpapi.ActionBodyInput[APITokenRotation]) (APIToken, error) {
	text := newSecret()
	var r row
	err := s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		var err error
		r, _, err = s.table.Change(ctx, in.ID, in.IfMatch, func(r *row) error {
			now := s.deps.Clock.Now()
			expires := now.Add(r.ExpiresAt.Sub(r.IssuedAt))
			if in.Body.ExpiresAt != nil {
				expires = in.Body.ExpiresAt.UTC().Truncate(clock.Resolution)
			}
			if err := s.checkExpiry(expires); err != nil {
				return err
			}
			if err := s.checkHeldAgain(ctx, r); err != nil {
				return err
			}
			r.rotate(hashOf(text), now, expires, time.Duration(in.Body.OverlapSeconds)*time.Second)
			return nil
		})
		if err != nil {
			return err
		}
		return s.deps.Access.Changed(ctx)
	})
	return revealed(&r, text), err
}

// checkHeldAgain is checkHeld of a token that there is already. Where its scope is gone it may do nothing.
func (s *Service) checkHeldAgain(ctx context.Context, r *row) error {
	if r.ScopeID == nil {
		return s.checkHeld(ctx, r, nil)
	}
	scope, found, err := s.locator.Locate(ctx, *r.ScopeID)
	if err != nil || !found {
		return err
	}
	return s.checkHeld(ctx, r, &scope)
}

// rotate puts another secret into the place of the present one, which works on for the overlap, but no longer than it would have.
func (r *row) rotate(hash []byte, now, expires time.Time, overlap time.Duration) {
	r.PreviousHash, r.PreviousExpiresAt = nil, nil
	until := now.Add(overlap)
	if r.ExpiresAt.Before(until) {
		until = r.ExpiresAt
	}
	if until.After(now) {
		r.PreviousHash, r.PreviousExpiresAt = r.SecretHash, &until
	}
	r.SecretHash, r.IssuedAt, r.ExpiresAt = hash, now, expires
}

// Delete revokes a token.
func (s *Service) Delete(ctx context.Context, in httpapi.DeleteInput) (resource.None, error) {
	return resource.None{}, s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		if err := s.table.Drop(ctx, in.ID, in.IfMatch); err != nil {
			return err
		}
		return s.deps.Access.Changed(ctx)
	})
}

// Release implements serviceaccount.Tokens.
func (s *Service) Release(ctx context.Context, accountID string) error {
	rows, err := s.table.All(authz.Elevated(ctx), "service_account_id = ? AND deletion_protection", accountID)
	if err != nil {
		return err
	}
	if len(rows) > 0 {
		return fault.Conflictf("deletion_protected", "a token of it is protected: set its deletion_protection to false first")
	}
	return s.end(ctx, "service_account_id", accountID)
}

// EndOf implements customer.Tokens. Protection is from mistakes, and ending a customer is none.
func (s *Service) EndOf(ctx context.Context, customerID string) error {
	return s.end(ctx, "customer_id", customerID)
}

func (s *Service) end(ctx context.Context, column, value string) error {
	found, err := remove(ctx, s.deps.DB, column, value)
	if err != nil || !found {
		return err
	}
	return s.deps.Access.Changed(ctx)
}

// Held implements serviceaccount.Tokens.
func (s *Service) Held(ctx context.Context, accountIDs []string) (map[string][]string, error) {
	rows, err := s.table.All(authz.For(ctx, Kind.ReadPermission()), "service_account_id IN ?", accountIDs)
	out := map[string][]string{}
	for i := range rows {
		out[rows[i].ServiceAccountID] = append(out[rows[i].ServiceAccountID], rows[i].ID)
	}
	return out, err
}
