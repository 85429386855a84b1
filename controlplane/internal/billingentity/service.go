package billingentity

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/service"
)

// Service keeps the tree.
type Service struct {
	*service.Stored[row, Create, Spec, BillingEntity]
	deps module.Deps
}

// New returns the service.
func New(d module.Deps) *Service {
	s := &Service{deps: d}
	s.Stored = service.NewStored(d, Kind, service.Rules[row, Create, Spec, BillingEntity]{
		Row:     func(in Create) row { return row{Create: in} },
		Spec:    func(r *row) *Spec { return &r.Spec },
		View:    func(r *row) BillingEntity { return BillingEntity{Meta: r.Meta(), Create: r.Create} },
		Place:   s.place,
		Check:   s.check,
		Release: s.leave,
		After:   s.follow,
	})
	return s
}

// Module is what it brings to the server.
func (s *Service) Module() module.Module { return service.Module(s) }

// Bootstrap makes the root, unless there is one; made says whether it did.
func (s *Service) Bootstrap(ctx context.Context, in Create) (root string, made bool, err error) {
	err = s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		if err := lockTree(ctx, s.deps.DB); err != nil {
			return err
		}
		var err error
		if root, err = rootID(ctx, s.deps.DB); err != nil || root != "" {
			return err
		}
		r := row{Create: in}
		if err := s.Table.Insert(ctx, &r); err != nil {
			return err
		}
		root, made = r.ID, true
		return s.deps.Access.Changed(ctx)
	})
	return root, made, err
}

// place finds where a new billing entity is to stand. None named means below the operator.
func (s *Service) place(ctx context.Context, r *row) error {
	if err := lockTree(ctx, s.deps.DB); err != nil {
		return err
	}
	if r.ParentID != nil {
		_, err := s.Table.Refer(ctx, "/parent_id", *r.ParentID)
		return err
	}
	root, err := rootID(ctx, s.deps.DB)
	r.ParentID = &root
	return err
}

// check refuses what the caller may not do where a billing entity stands, or is to stand: neither that nor how much it may have is its own
// to say.
func (s *Service) check(ctx context.Context, old, next *row) error {
	if old == nil || resource.Same(old.ParentID, next.ParentID) && old.CustomerLimit == next.CustomerLimit {
		return nil
	}
	if !resource.Same(old.ParentID, next.ParentID) {
		if err := s.move(ctx, old, next); err != nil {
			return err
		}
	}
	return mayAt(ctx, "billing_entities.update", old.ParentID)
}

// move checks that a billing entity can stand below another one. To move something is to make it there.
func (s *Service) move(ctx context.Context, old, next *row) error {
	if old.ParentID == nil {
		return fault.Invalidf("/parent_id", "conflict", "the operator stands above all others")
	}
	if err := s.place(ctx, next); err != nil {
		return err
	}
	if err := mayAt(ctx, "billing_entities.create", next.ParentID); err != nil {
		return err
	}
	cycle, err := below(ctx, s.deps.DB, next.ID, *next.ParentID)
	if err == nil && cycle {
		err = fault.Invalidf("/parent_id", "conflict", "a billing entity cannot stand below itself")
	}
	return err
}

// leave refuses to remove the operator, and what the caller may not remove where it stands.
func (s *Service) leave(ctx context.Context, r *row) error {
	if r.ParentID == nil {
		return fault.Conflictf("wrong_state", "the operator cannot be deleted")
	}
	return mayAt(ctx, "billing_entities.delete", r.ParentID)
}

// follow says that the tree is another one.
func (s *Service) follow(ctx context.Context, old, next *row) error {
	if old != nil && next != nil && resource.Same(old.ParentID, next.ParentID) {
		return nil
	}
	return s.deps.Access.Changed(ctx)
}

// mayAt refuses a caller who has not got the permission in a billing entity, or, where none is above, on the platform.
func mayAt(ctx context.Context, permission string, id *string) error {
	at := authz.Chain{ID: authz.Platform}
	where := "on the platform"
	if id != nil {
		at, where = authz.Chain{ID: *id, BillingEntityID: *id}, "in the billing entity above"
	}
	if c := authz.CallerOf(ctx); c != nil && len(c.Missing([]string{permission}, at)) > 0 {
		return &fault.Error{Kind: fault.Forbidden, Code: "forbidden", Detail: "this needs the permission " + permission + " " + where}
	}
	return nil
}

// CustomerLimit is how many customers a billing entity may have.
func (s *Service) CustomerLimit(ctx context.Context, id string) (int64, error) {
	r, err := s.Table.Get(authz.Elevated(ctx), id)
	return r.CustomerLimit, err
}
