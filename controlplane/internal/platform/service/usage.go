package service

import (
	"context"
	"fmt"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/ledger"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// Use is what an object uses.
type Use struct {
	// State is what is billed by: running, stopped, allocated.
	State string
	// Spec is the size in that state.
	Spec map[string]any
	// Quota is how much it takes of each dimension that its kind declares.
	Quota map[string]int64
}

// Account reports what a row uses from now on.
func (s *Stored[R, C, S, V]) Account(ctx context.Context, row *R) error {
	return s.report(ctx, row, s.deps.Ledger.Record)
}

// Amend is Account for a row whose object may use nothing, since it was never made.
func (s *Stored[R, C, S, V]) Amend(ctx context.Context, row *R) error {
	return s.report(ctx, row, s.deps.Ledger.Amend)
}

func (s *Stored[R, C, S, V]) report(ctx context.Context, row *R, to func(context.Context, ledger.Entry) error) error {
	if s.rules.Uses == nil {
		return nil
	}
	use, err := s.rules.Uses(authz.Elevated(ctx), row)
	if err != nil {
		return err
	}
	quota := map[string]int64{}
	for _, dimension := range s.kind.Quota {
		quota[dimension] = use.Quota[dimension] // what is not named any more is not taken any more
	}
	for dimension := range use.Quota {
		if _, declared := quota[dimension]; !declared {
			return fmt.Errorf("kind %s: uses %s, which it does not declare", s.kind.Name, dimension)
		}
	}
	base := resource.BaseOf(row)
	return to(ctx, ledger.Entry{
		Kind: s.kind.Name, ObjectID: base.ID, BillingEntityID: base.BillingEntityID, CustomerID: base.CustomerID,
		LocationID: s.Table.Within(row, "location"), State: use.State, Spec: use.Spec, Quota: quota,
	})
}

// release ends what an object used.
func (s *Stored[R, C, S, V]) release(ctx context.Context, id string) error {
	if s.rules.Uses == nil {
		return nil
	}
	return s.deps.Ledger.Close(ctx, id)
}
