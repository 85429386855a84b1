package service

import (
	"context"
	"fmt"
	"slices"

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
	if s.rules.Uses == nil {
		return nil
	}
	use, err := s.rules.Uses(authz.Elevated(ctx), row)
	if err != nil {
		return err
	}
	for dimension := range use.Quota {
		if !slices.Contains(s.kind.Quota, dimension) {
			return fmt.Errorf("kind %s: uses %s, which it does not declare", s.kind.Name, dimension)
		}
	}
	base := resource.BaseOf(row)
	return s.deps.Ledger.Record(ctx, ledger.Entry{
		Kind: s.kind.Name, ObjectID: base.ID, BillingEntityID: base.BillingEntityID, CustomerID: base.CustomerID,
		LocationID: s.Table.Within(row, "location"), State: use.State, Spec: use.Spec, Quota: use.Quota,
	})
}

// release ends what an object used.
func (s *Stored[R, C, S, V]) release(ctx context.Context, id string) error {
	if s.rules.Uses == nil {
		return nil
	}
	return s.deps.Ledger.Close(ctx, id)
}
