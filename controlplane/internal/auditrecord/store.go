package auditrecord

import (
	"context"
	"encoding/json"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

type row struct {
	ID              string
	At              time.Time
	PrincipalID     string
	PrincipalKind   string
	TokenID         string
	BindingID       string
	OpID            string
	TargetKind      string
	TargetID        string
	BillingEntityID string
	CustomerID      string
	Outcome         string
	Code            string
	RequestID       string
	RemoteAddr      string
	UserAgent       string
	Old             *string
	New             *string
	Sequence        *int64
}

// TableName is the name of the table for gorm.
func (row) TableName() string { return Kind.Table() }

func (r row) model() Record {
	return Record{
		ID: r.ID, At: r.At.UTC(), PrincipalID: orNull(r.PrincipalID), PrincipalKind: r.PrincipalKind, TokenID: orNull(r.TokenID),
		BindingID: orNull(r.BindingID), Operation: r.OpID, TargetKind: r.TargetKind, TargetID: orNull(r.TargetID),
		BillingEntityID: orNull(r.BillingEntityID), CustomerID: orNull(r.CustomerID), Outcome: r.Outcome, Code: orNull(r.Code), RequestID: r.RequestID,
		RemoteAddr: orNull(r.RemoteAddr), UserAgent: orNull(r.UserAgent), Old: document(r.Old), New: document(r.New), Sequence: r.Sequence,
	}
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func document(s *string) *json.RawMessage {
	if s == nil {
		return nil
	}
	raw := json.RawMessage(*s)
	return &raw
}

type store struct {
	db       *db.DB
	registry *resource.Registry
}

func (s store) get(ctx context.Context, id string) (row, error) {
	one := resource.Narrowing{}.And(clause.Eq{Column: clause.Column{Table: Kind.Table(), Name: "id"}, Value: id})
	query, err := resource.PageQuery(ctx, s.db, s.registry, Kind, resource.Order{Columns: []string{"id"}, Limit: 1}, one)
	rows, err := found(query, err)
	if err == nil && len(rows) == 0 {
		err = fault.NotFoundError()
	}
	if err != nil {
		return row{}, err
	}
	return rows[0], nil
}

// list returns a page of records that the context may see, and the first of the next one.
func (s store) list(ctx context.Context, q resource.ListQuery) ([]row, error) {
	return found(resource.NewestFirst(ctx, s.db, s.registry, Kind, q))
}

// found are the records of a query; without one there are none to see.
func found(query *gorm.DB, err error) ([]row, error) {
	if err != nil || query == nil {
		return nil, err
	}
	var rows []row
	return rows, query.Find(&rows).Error
}
