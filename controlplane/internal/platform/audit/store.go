package audit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// row is a record as it is kept.
type row struct {
	ID string
	At time.Time
	Record
	MAC []byte
	// Sequence and Chain are nil until the record is sealed.
	Sequence *int64
	Chain    []byte
}

// columns are those that scan reads, in its order.
const columns = `id, at, principal_id, principal_kind, token_id, binding_id, op_id, target_kind, target_id, billing_entity_id, customer_id,
	outcome, code, request_id, remote_addr, user_agent, old::text, new::text, mac, sequence, chain`

func (r *row) scan(found pgx.Row) error {
	var before, after *string
	err := found.Scan(&r.ID, &r.At, &r.PrincipalID, &r.PrincipalKind, &r.TokenID, &r.BindingID, &r.OpID, &r.TargetKind, &r.TargetID, &r.BillingEntityID,
		&r.CustomerID, &r.Outcome, &r.Code, &r.RequestID, &r.RemoteAddr, &r.UserAgent, &before, &after, &r.MAC, &r.Sequence, &r.Chain)
	if before != nil {
		r.Old = []byte(*before)
	}
	if after != nil {
		r.New = []byte(*after)
	}
	return err
}

func (l *Log) insert(ctx context.Context, r *row) error {
	return l.db.Conn(ctx).Exec(`INSERT INTO audit_record (id, at, principal_id, principal_kind, token_id, binding_id, op_id, target_kind, target_id,
			billing_entity_id, customer_id, outcome, code, request_id, remote_addr, user_agent, old, new, mac)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.ID, r.At, r.PrincipalID, r.PrincipalKind, r.TokenID, r.BindingID, r.OpID, r.TargetKind, r.TargetID,
		r.BillingEntityID, r.CustomerID, r.Outcome, r.Code, r.RequestID, r.RemoteAddr, r.UserAgent, document(r.Old), document(r.New), r.MAC).Error
}

func document(b []byte) *string {
	if len(b) == 0 {
		return nil
	}
	s := string(b)
	return &s
}

// anyUnsealed says whether there is anything to seal, without a lock.
func (l *Log) anyUnsealed(ctx context.Context) (found bool, err error) {
	return found, l.db.Conn(ctx).Raw("SELECT EXISTS (SELECT FROM audit_record WHERE sequence IS NULL)").Scan(&found).Error
}

// unsealed returns committed records without a number, the oldest first.
func (l *Log) unsealed(ctx context.Context, limit int) ([]row, error) {
	tx, ok := l.db.PgxTx(ctx)
	if !ok {
		return nil, errNoTx
	}
	rows, err := tx.Query(ctx, "SELECT "+columns+" FROM audit_record WHERE sequence IS NULL ORDER BY id LIMIT $1", limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(found pgx.CollectableRow) (r row, err error) { return r, r.scan(found) })
}

var errNoTx = errors.New("audit: records are sealed in a transaction")

// seal notes the numbers of these records, and where the chain ends now.
func (l *Log) seal(ctx context.Context, sealed []row, end Checkpoint) error {
	tx, ok := l.db.PgxTx(ctx)
	if !ok {
		return errNoTx
	}
	ids, numbers, chains := make([]string, len(sealed)), make([]int64, len(sealed)), make([][]byte, len(sealed))
	for i := range sealed {
		ids[i], numbers[i], chains[i] = sealed[i].ID, *sealed[i].Sequence, sealed[i].Chain
	}
	done, err := tx.Exec(ctx, `UPDATE audit_record r SET sequence = s.sequence, chain = s.chain
		FROM unnest($1::text[], $2::bigint[], $3::bytea[]) AS s (id, sequence, chain) WHERE r.id = s.id`, ids, numbers, chains)
	if err != nil {
		return err
	}
	if done.RowsAffected() != int64(len(sealed)) {
		return fmt.Errorf("%d of %d audit records sealed", done.RowsAffected(), len(sealed))
	}
	_, err = tx.Exec(ctx, "UPDATE audit_head SET number = $1, chain = $2, mac = $3", end.Number, end.chain[:], l.key.head(end))
	return err
}

const selectHead = "SELECT number, chain, mac FROM audit_head"

// lockHead returns the end of the chain and keeps it for this transaction alone.
func (l *Log) lockHead(ctx context.Context) (Checkpoint, error) {
	tx, ok := l.db.PgxTx(ctx)
	if !ok {
		return Checkpoint{}, errNoTx
	}
	return l.head(tx.QueryRow(ctx, selectHead+" FOR UPDATE"))
}

// head reads the end of the chain and proves that a server wrote it.
func (l *Log) head(found pgx.Row) (end Checkpoint, err error) {
	var chain, mac []byte
	err = found.Scan(&end.Number, &chain, &mac)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return end, err
	}
	if err != nil || len(chain) != sha256.Size {
		return Checkpoint{}, errHeadWrong
	}
	end.chain = [sha256.Size]byte(chain)
	if !hmac.Equal(l.key.head(end), mac) {
		return end, errHeadWrong
	}
	return end, nil
}

// keyID is the id of the one row of audit_key.
const keyID = "audit"

// readKey returns the encrypted key; nil if there is none yet.
func (l *Log) readKey(ctx context.Context) ([]byte, error) {
	var rows []struct{ KeyEncrypted []byte }
	if err := l.db.Conn(ctx).Raw("SELECT key_encrypted FROM audit_key WHERE id = ?", keyID).Scan(&rows).Error; err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0].KeyEncrypted, nil
}

// lockKeys keeps other transactions from beginning a trail.
func (l *Log) lockKeys(ctx context.Context) error {
	return l.db.Conn(ctx).Exec("LOCK TABLE audit_key IN SHARE ROW EXCLUSIVE MODE").Error
}

// begun says whether anything was ever written with a key.
func (l *Log) begun(ctx context.Context) (found bool, err error) {
	return found, l.db.Conn(ctx).Raw("SELECT EXISTS (SELECT FROM audit_record) OR EXISTS (SELECT FROM audit_head)").Scan(&found).Error
}

func (l *Log) insertKey(ctx context.Context, sealed, headMAC []byte) error {
	conn := l.db.Conn(ctx)
	if err := conn.Exec("INSERT INTO audit_key (id, key_encrypted) VALUES (?, ?)", keyID, sealed).Error; err != nil {
		return err
	}
	return conn.Exec("INSERT INTO audit_head (number, chain, mac) VALUES (0, ?, ?)", make([]byte, sha256.Size), headMAC).Error
}

// read calls each with every record of one moment, the sealed ones in the order of their numbers and then the others, after begin has been
// called with the head's row and the time of the newest record.
func (l *Log) read(ctx context.Context, begin func(head pgx.Row, newest time.Time) error, each func(*row) error) (err error) {
	tx, err := l.db.Pool().BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, tx.Rollback(context.WithoutCancel(ctx))) }()
	var newest *time.Time
	if err := tx.QueryRow(ctx, "SELECT max(at) FROM audit_record").Scan(&newest); err != nil {
		return err
	}
	if newest == nil {
		newest = new(time.Time)
	}
	if err := begin(tx.QueryRow(ctx, selectHead), *newest); err != nil {
		return err
	}
	rows, err := tx.Query(ctx, "SELECT "+columns+" FROM audit_record ORDER BY sequence NULLS LAST, id")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r row
		if err := r.scan(rows); err != nil {
			return err
		}
		if err := each(&r); err != nil {
			return err
		}
	}
	return rows.Err()
}
