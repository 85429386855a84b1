// Package ledger is where every billable kind reports what it uses, in the transaction of the change: which quota it takes, and
// from when to when it was in which state with which size. Quotas and invoices are made from it.
package ledger

import (
	"context"
	"encoding/json"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
)

// Entry is what an object uses from now on.
type Entry struct {
	Kind, ObjectID                          string
	BillingEntityID, CustomerID, LocationID string
	// State is what is billed by: running, stopped, allocated.
	State string
	// Spec is the size in that state.
	Spec map[string]any
	// Quota is how much it takes of each dimension: vcpus, memory_mib, disk_gib, cloudspaces …
	Quota map[string]int64
}

// Ledger keeps the entries.
type Ledger struct {
	db    *db.DB
	clock clock.Clock
}

// New returns the ledger kept in that database.
func New(d *db.DB, clk clock.Clock) *Ledger { return &Ledger{d, clk} }

// Record closes the object's present interval, opens one with what it uses now, and reserves its quota. An entry that changes nothing
// leaves the interval open.
func (l *Ledger) Record(ctx context.Context, e Entry) error {
	spec, err := json.Marshal(e.Spec)
	if err != nil {
		return err
	}
	now, conn := l.clock.Now(), l.db.Conn(ctx)
	err = conn.Exec(`UPDATE state_interval SET to_at = GREATEST(from_at, ?)
		WHERE object_id = ? AND to_at IS NULL AND NOT (state = ? AND spec = CAST(? AS jsonb))`, now, e.ObjectID, e.State, string(spec)).Error
	if err != nil {
		return err
	}
	err = conn.Exec(`INSERT INTO state_interval (kind, object_id, customer_id, billing_entity_id, location_id, state, spec, from_at)
		VALUES (?, ?, ?, ?, NULLIF(?, ''), ?, CAST(? AS jsonb), ?) ON CONFLICT (object_id) WHERE to_at IS NULL DO NOTHING`,
		e.Kind, e.ObjectID, e.CustomerID, e.BillingEntityID, e.LocationID, e.State, string(spec), now).Error
	if err != nil {
		return err
	}
	for dimension, amount := range e.Quota {
		err := conn.Exec(`INSERT INTO quota_reservation (id, kind, object_id, customer_id, billing_entity_id, dimension, amount, created_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (object_id, dimension) WHERE released_at IS NULL DO UPDATE SET amount = EXCLUDED.amount`,
			id.New("qrs"), e.Kind, e.ObjectID, e.CustomerID, e.BillingEntityID, dimension, amount, now).Error
		if err != nil {
			return err
		}
	}
	return nil
}

// Amend is Record for an object that uses something at present: one that was not made, or is gone, uses nothing.
func (l *Ledger) Amend(ctx context.Context, e Entry) error {
	spec, err := json.Marshal(e.Spec)
	if err != nil {
		return err
	}
	quota, err := json.Marshal(e.Quota)
	if err != nil {
		return err
	}
	var differs []bool
	err = l.db.Conn(ctx).Raw(`SELECT NOT (state = ? AND spec = CAST(? AS jsonb) AND COALESCE((SELECT jsonb_object_agg(dimension, amount)
		FROM quota_reservation q WHERE q.object_id = i.object_id AND released_at IS NULL), '{}') = CAST(? AS jsonb))
		FROM state_interval i WHERE object_id = ? AND to_at IS NULL`, e.State, string(spec), string(quota), e.ObjectID).Scan(&differs).Error
	if err != nil || len(differs) == 0 || !differs[0] {
		return err
	}
	return l.Record(ctx, e)
}

// Counts says whether an object uses something at present.
func (l *Ledger) Counts(ctx context.Context, objectID string) (bool, error) {
	var counts bool
	return counts, l.db.Conn(ctx).Raw("SELECT EXISTS (SELECT FROM state_interval WHERE object_id = ? AND to_at IS NULL)", objectID).Scan(&counts).Error
}

// Close ends what the object uses and releases its quota.
func (l *Ledger) Close(ctx context.Context, objectID string) error {
	now, conn := l.clock.Now(), l.db.Conn(ctx)
	if err := conn.Exec(`UPDATE state_interval SET to_at = GREATEST(from_at, ?) WHERE object_id = ? AND to_at IS NULL`, now, objectID).Error; err != nil {
		return err
	}
	return conn.Exec(`UPDATE quota_reservation SET released_at = ? WHERE object_id = ? AND released_at IS NULL`, now, objectID).Error
}
