package auditrecord

import (
	"context"
	"encoding/json"
	"time"

	"gorm.io/gorm"

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

// equal are the filters that a column must equal.
var equal = map[string]string{
	"target_id": "target_id", "principal_id": "principal_id", "operation": "op_id", "outcome": "outcome", "customer_id": "customer_id",
	"billing_entity_id": "billing_entity_id", "request_id": "request_id",
}

// query selects records beside what the caller may see; zero values do not.
type query struct {
	equal        map[string]string // by column
	since, until time.Time         // the latter not included
	before       string            // id
	limit        int
}

type store struct {
	db       *db.DB
	registry *resource.Registry
}

func (s store) get(ctx context.Context, id string) (row, error) {
	rows, err := s.page(ctx, resource.Order{Columns: []string{"id"}, Limit: 1}, func(q *gorm.DB) *gorm.DB { return q.Where("id = ?", id) })
	if err == nil && len(rows) == 0 {
		err = fault.NotFoundError()
	}
	if err != nil {
		return row{}, err
	}
	return rows[0], nil
}

// list returns records, the newest first.
func (s store) list(ctx context.Context, q query) ([]row, error) {
	order := resource.Order{Columns: []string{"id"}, Desc: true, Limit: q.limit}
	if q.before != "" {
		order.After = []string{q.before}
	}
	return s.page(ctx, order, func(tx *gorm.DB) *gorm.DB {
		for column, value := range q.equal {
			tx = tx.Where(column+" = ?", value)
		}
		if !q.since.IsZero() {
			tx = tx.Where("at >= ?", q.since)
		}
		if !q.until.IsZero() {
			tx = tx.Where("at < ?", q.until)
		}
		return tx
	})
}

// page reads records that the context may see.
func (s store) page(ctx context.Context, o resource.Order, narrow func(*gorm.DB) *gorm.DB) ([]row, error) {
	q, err := resource.PageQuery(ctx, s.db, s.registry, Kind, o, narrow)
	if err != nil || q == nil {
		return nil, err
	}
	var rows []row
	return rows, q.Find(&rows).Error
}
