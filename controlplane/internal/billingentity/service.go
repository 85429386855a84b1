package billingentity

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// Service keeps the tree.
type Service struct {
	deps  module.Deps
	table *resource.Table[row, *row]
}

// Create adds a billing entity below another.
func (s *Service) Create(ctx context.Context, in BillingEntityCreate) (BillingEntity, error) {
	r := &row{Currency: in.Currency}
	r.set(in.BillingEntitySpec)
	err := s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		if err := s.place(ctx, r); err != nil {
			return err
		}
		if err := s.table.Insert(ctx, r); err != nil {
			return err
		}
		return s.deps.Access.Changed(ctx)
	})
	return r.model(), err
}

// Bootstrap makes the root, unless there is one; made says whether it did.
func (s *Service) Bootstrap(ctx context.Context, in BillingEntityCreate) (root string, made bool, err error) {
	err = s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		if err := lockTree(ctx, s.deps.DB); err != nil {
			return err
		}
		var err error
		if root, err = rootID(ctx, s.deps.DB); err != nil || root != "" {
			return err
		}
		r := &row{Currency: in.Currency}
		r.set(in.BillingEntitySpec)
		err = s.table.Insert(ctx, r)
		if err != nil {
			return err
		}
		root, made = r.ID, true
		return s.deps.Access.Changed(ctx)
	})
	return root, made, err
}

// place checks where a billing entity is to stand. None named means below the operator.
func (s *Service) place(ctx context.Context, r *row) error {
	if err := lockTree(ctx, s.deps.DB); err != nil {
		return err
	}
	if r.ParentID == nil {
		root, err := rootID(ctx, s.deps.DB)
		if err != nil {
			return err
		}
		r.ParentID = &root
	} else if _, err := s.table.Refer(ctx, "/parent_id", *r.ParentID); err != nil {
		return err
	}
	if r.ID == "" {
		return nil
	}
	// To move something is to make it there.
	if err := mayAt(ctx, "billing_entities.create", r.ParentID); err != nil {
		return err
	}
	cycle, err := below(ctx, s.deps.DB, r.ID, *r.ParentID)
	if err == nil && cycle {
		err = fault.Invalidf("/parent_id", "conflict", "a billing entity cannot stand below itself")
	}
	return err
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

// Get returns a billing entity.
func (s *Service) Get(ctx context.Context, id string) (BillingEntity, error) {
	r, err := s.table.Get(ctx, id)
	return r.model(), err
}

// List returns a page of billing entities.
func (s *Service) List(ctx context.Context, q resource.ListQuery) (resource.Page[BillingEntity], error) {
	return resource.PageOf(ctx, s.table, q, (*row).model)
}

// Update changes a billing entity; with another parent it moves.
func (s *Service) Update(ctx context.Context, in httpapi.PatchInput[BillingEntitySpec]) (BillingEntity, error) {
	var r row
	err := s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		moved := false
		var err error
		r, _, err = s.table.Change(ctx, in.ID, in.IfMatch, func(r *row) error {
			root := r.ParentID == nil
			old := r.ParentID
			next, err := in.Patch.Apply(r.spec())
			if err != nil {
				return err
			}
			limit := r.CustomerLimit
			r.set(next)
			switch {
			case root && next.ParentID != nil:
				return fault.Invalidf("/parent_id", "conflict", "the operator stands above all others")
			case !root && (next.ParentID == nil || *next.ParentID != *old):
				moved = true
				if err := s.place(ctx, r); err != nil {
					return err
				}
			}
			if moved || limit != r.CustomerLimit {
				// Where it stands and how much it may have is not its own to say.
				return mayAt(ctx, "billing_entities.update", old)
			}
			return nil
		})
		if err != nil || !moved {
			return err
		}
		return s.deps.Access.Changed(ctx)
	})
	return r.model(), err
}

// Delete removes a billing entity that has neither customers nor billing entities below it.
func (s *Service) Delete(ctx context.Context, in httpapi.DeleteInput) (resource.None, error) {
	return resource.None{}, s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		r, err := s.table.Deletable(ctx, in.ID, in.IfMatch)
		if err != nil {
			return err
		}
		if r.ParentID == nil {
			return fault.Conflictf("wrong_state", "the operator cannot be deleted")
		}
		if err := mayAt(ctx, "billing_entities.delete", r.ParentID); err != nil {
			return err
		}
		if err := s.table.Remove(ctx, in.ID); err != nil {
			return err
		}
		return s.deps.Access.Changed(ctx)
	})
}

// LockForCustomers keeps anyone else from adding a customer to the billing entity until the transaction ends, and returns how many it may have.
func (s *Service) LockForCustomers(ctx context.Context, pointer, id string) (limit int64, err error) {
	r, err := s.table.ReferAlone(ctx, pointer, id)
	return r.CustomerLimit, err
}
