// Package audit keeps who changed what: one record in the transaction of each change.
package audit

import (
	"context"
	"encoding/json"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
)

// Outcomes of what was tried.
const (
	Succeeded = "succeeded"
	Denied    = "denied"
	Failed    = "failed"
)

// Record is one entry. Old and New are the object as readers see it, so they hold no secret.
type Record struct {
	PrincipalID, PrincipalKind  string
	OpID                        string
	TargetKind, TargetID        string
	BillingEntityID, CustomerID string
	Outcome                     string
	RequestID, RemoteAddr       string
	Old, New                    json.RawMessage
}

// Log writes records.
type Log struct {
	db    *db.DB
	clock clock.Clock
}

// New returns the log kept in that database.
func New(d *db.DB, clk clock.Clock) *Log { return &Log{d, clk} }

// Write adds a record to the running transaction.
func (l *Log) Write(ctx context.Context, r Record) error {
	return l.db.Conn(ctx).Exec(`INSERT INTO audit_record
		(id, at, principal_id, principal_kind, op_id, target_kind, target_id, billing_entity_id, customer_id, outcome, request_id, remote_addr, old, new)
		VALUES (?, ?, ?, ?, ?, ?, ?, NULLIF(?, ''), NULLIF(?, ''), ?, ?, ?, ?, ?)`,
		id.New("aud"), l.clock.Now(), r.PrincipalID, r.PrincipalKind, r.OpID, r.TargetKind, r.TargetID, r.BillingEntityID, r.CustomerID,
		r.Outcome, r.RequestID, r.RemoteAddr, document(r.Old), document(r.New)).Error
}

func document(b json.RawMessage) *string {
	if len(b) == 0 {
		return nil
	}
	s := string(b)
	return &s
}
