package apitoken

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
	"github.com/demarc/demarc/controlplane/internal/platform/service"
)

// Permissions is what tokens need of the permissions.
type Permissions interface {
	// Known are all that there are.
	Known() []string
}

// Service keeps the tokens.
type Service struct {
	*service.Stored[row, Create, Spec, APIToken]
	deps        module.Deps
	locator     *resource.Locator
	permissions Permissions
}

// New returns the service.
func New(d module.Deps, permissions Permissions) *Service {
	s := &Service{deps: d, locator: resource.NewLocator(d.DB, d.Registry), permissions: permissions}
	s.Stored = service.NewStored(d, Kind, service.Rules[row, Create, Spec, APIToken]{
		Row:    s.row,
		Spec:   func(r *row) *Spec { return &r.Spec },
		View:   func(r *row) APIToken { return APIToken{Meta: r.Meta(), Create: r.Create, Seen: r.Seen, Token: r.fresh} },
		Fields: s.fields,
		Check:  s.check,
		After:  s.follow,
	})
	return s
}

// Module is what it brings to the server.
func (s *Service) Module() module.Module {
	return service.Module(s, httpapi.Action(Kind, "rotate", "Give an API token another secret", false, httpapi.Handle(s.Rotate)))
}

// row is that of a new token.
func (s *Service) row(in Create) row {
	r := row{Create: in}
	now := s.deps.Clock.Now()
	expires := now.Add(DefaultLifetime)
	if in.ExpiresAt != nil {
		expires = *in.ExpiresAt
	}
	r.renew(now, expires)
	return r
}

// follow says that a token that is gone does not work any more.
func (s *Service) follow(ctx context.Context, _, next *row) error {
	if next != nil {
		return nil
	}
	return s.deps.Access.Changed(ctx)
}

// fields reports what a new token cannot be for, and how long it cannot work.
func (s *Service) fields(old, next *row) []fault.Field {
	if old != nil {
		return nil
	}
	var wrong []fault.Field
	known := s.permissions.Known()
	for i, p := range next.Permissions {
		if !slices.Contains(known, p) {
			wrong = append(wrong, fault.Field{Pointer: fmt.Sprintf("/permissions/%d", i), Code: "not_found", Detail: "there is no such permission"})
		}
	}
	if f := fault.As(s.checkExpiry(*next.ExpiresAt)); f != nil {
		wrong = append(wrong, f.Fields...)
	}
	return wrong
}

// check refuses a new token for what the caller may not do.
func (s *Service) check(ctx context.Context, old, next *row) error {
	if old != nil {
		return nil
	}
	next.Permissions = slices.Compact(slices.Sorted(slices.Values(next.Permissions)))
	return s.checkHeld(ctx, next)
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
// suspended at present does, for it comes back. A token whose scope is gone may do nothing.
func (s *Service) checkHeld(ctx context.Context, r *row) error {
	caller := authz.CallerOf(ctx)
	if caller == nil {
		return nil
	}
	var scope *authz.Chain
	if r.ScopeID != nil {
		at, found, err := s.locator.Locate(ctx, *r.ScopeID)
		if err != nil || !found {
			return err
		}
		scope = &at
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

// Rotate gives a token another secret, which is in what is returned, and cannot be had again.
func (s *Service) Rotate(ctx context.Context, in httpapi.ActionBodyInput[Rotation]) (APIToken, error) {
	var r row
	err := s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		var err error
		r, _, err = s.Table.Change(ctx, in.ID, in.IfMatch, func(r *row) error {
			now := s.deps.Clock.Now()
			expires := now.Add(r.ExpiresAt.Sub(r.IssuedAt))
			if in.Body.ExpiresAt != nil {
				expires = *in.Body.ExpiresAt
			}
			if err := s.checkExpiry(expires); err != nil {
				return err
			}
			if err := s.checkHeld(ctx, r); err != nil {
				return err
			}
			r.rotate(now, expires, time.Duration(in.Body.OverlapSeconds)*time.Second)
			return nil
		})
		if err != nil {
			return err
		}
		return s.deps.Access.Changed(ctx)
	})
	return s.Answer(ctx, &r, err)
}

// renew gives a token a new secret.
func (r *row) renew(now, expires time.Time) {
	text := newSecret()
	r.fresh = &secret.Shown{String: text}
	r.SecretHash, r.IssuedAt, r.ExpiresAt = hashOf(text), now, &expires
}

// rotate puts another secret into the place of the present one, which works on for the overlap, but no longer than it would have.
func (r *row) rotate(now, expires time.Time, overlap time.Duration) {
	r.PreviousHash, r.PreviousExpiresAt = nil, nil
	until := now.Add(overlap)
	if r.ExpiresAt.Before(until) {
		until = *r.ExpiresAt
	}
	if until.After(now) {
		r.PreviousHash, r.PreviousExpiresAt = r.SecretHash, &until
	}
	r.renew(now, expires)
}

// Release implements serviceaccount.Tokens.
func (s *Service) Release(ctx context.Context, accountID string) error {
	rows, err := s.Table.All(authz.Elevated(ctx), "service_account_id = ? AND deletion_protection", accountID)
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
	rows, err := s.Table.All(authz.For(ctx, Kind.ReadPermission()), "service_account_id IN ?", accountIDs)
	out := map[string][]string{}
	for i := range rows {
		out[rows[i].ServiceAccountID] = append(out[rows[i].ServiceAccountID], rows[i].ID)
	}
	return out, err
}
