package vault

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

var errNoCheck = errors.New("vault: the row of encryption_check is gone")

// readCheck returns the ciphertext that says which key is in use; nil if none is yet.
func (v *Vault) readCheck(ctx context.Context) ([]byte, error) {
	return v.selectCheck(ctx, "")
}

// holdCheck keeps the key in use what it is until the transaction ends.
func (v *Vault) holdCheck(ctx context.Context) ([]byte, error) {
	if !v.db.InTxNow(ctx) {
		return nil, errNoTx
	}
	return v.existingCheck(ctx, " FOR SHARE")
}

// lockCheck waits for everybody who holds it and keeps it for this transaction alone.
func (v *Vault) lockCheck(ctx context.Context) ([]byte, error) {
	return v.existingCheck(ctx, " FOR UPDATE")
}

func (v *Vault) existingCheck(ctx context.Context, lock string) ([]byte, error) {
	check, err := v.selectCheck(ctx, lock)
	if err == nil && check == nil {
		err = errNoCheck
	}
	return check, err
}

func (v *Vault) selectCheck(ctx context.Context, lock string) ([]byte, error) {
	var rows []sealedRow
	if err := v.db.Conn(ctx).Raw("SELECT ciphertext FROM encryption_check" + lock).Scan(&rows).Error; err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0].Ciphertext, nil
}

// lockChecks keeps other transactions from noting the first key.
func (v *Vault) lockChecks(ctx context.Context) error {
	return v.db.Conn(ctx).Exec("LOCK TABLE encryption_check IN SHARE ROW EXCLUSIVE MODE").Error
}

func (v *Vault) insertCheck(ctx context.Context, check []byte) error {
	// Not VALUES (?): gorm takes bytes in parentheses apart.
	return v.db.Conn(ctx).Exec("INSERT INTO encryption_check (ciphertext) SELECT ?::bytea", check).Error
}

func (v *Vault) updateCheck(ctx context.Context, check []byte) error {
	return v.db.Conn(ctx).Exec("UPDATE encryption_check SET ciphertext = ?", check).Error
}

// sealedRow is a row with a secret.
type sealedRow struct {
	ID         string
	Ciphertext []byte
}

// notUnder returns rows behind the one of that id whose secret is under another key.
func (c Column) notUnder(ctx context.Context, key uint32, after string, limit int) ([]sealedRow, error) {
	var rows []sealedRow
	table, column := c.identifiers()
	return rows, c.vault.db.Conn(ctx).Raw("SELECT id, "+column+" AS ciphertext FROM "+table+
		" WHERE id > ? AND substring("+column+" FROM 1 FOR ?) <> ? ORDER BY id LIMIT ?", after, prefixSize, prefixOf(key), limit).Scan(&rows).Error
}

// countNotUnder counts the rows whose secret is under another key.
func (c Column) countNotUnder(ctx context.Context, key uint32) (n int64, err error) {
	table, column := c.identifiers()
	return n, c.vault.db.Conn(ctx).Raw("SELECT count(*) FROM "+table+" WHERE substring("+column+" FROM 1 FOR ?) <> ?", prefixSize, prefixOf(key)).Scan(&n).Error
}

// swap replaces the ciphertext of a row, unless it has become another meanwhile.
func (c Column) swap(ctx context.Context, id string, old, next []byte) (bool, error) {
	table, column := c.identifiers()
	res := c.vault.db.Conn(ctx).Exec("UPDATE "+table+" SET "+column+" = ? WHERE id = ? AND "+column+" = ?", next, id, old)
	return res.RowsAffected == 1, res.Error
}

func (c Column) identifiers() (table, column string) {
	return pgx.Identifier{c.table}.Sanitize(), pgx.Identifier{c.name}.Sanitize()
}
