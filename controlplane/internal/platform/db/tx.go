// Transactions: one PostgreSQL transaction that GORM and pgx both work in, carried by the context.
//
// pgx begins and ends it on a connection taken through database/sql; GORM gets that same connection as its pool of one.

package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/gorm"
)

const (
	maxAttempts = 5
	// endTimeout bounds COMMIT and ROLLBACK, which are not given up when the caller's context ends: a COMMIT that was
	// cut off would leave the caller in doubt.
	endTimeout = 10 * time.Second
)

// ErrTxEnded is returned for a context whose transaction is over.
var ErrTxEnded = errors.New("db: the transaction of this context has ended")

var errNotYours = errors.New("db: this transaction is ended by InTx alone")

// tx is a running transaction. It is used by one goroutine.
type tx struct {
	conn *sql.Conn
	pgx  pgx.Tx
	gorm *gorm.DB

	after []func()
	// failed is the error of a nested call that had joined. Its work cannot be undone alone, so the whole is.
	failed error
	ended  bool
	// committed is what became of it, once ended.
	committed bool
}

// txKey finds a DB's transaction in a context: two DBs do not see each other's.
type txKey struct{ db *DB }

func (d *DB) tx(ctx context.Context) *tx {
	t, _ := ctx.Value(txKey{d}).(*tx)
	return t
}

// InTxNow says whether ctx carries a running transaction.
func (d *DB) InTxNow(ctx context.Context) bool {
	t := d.tx(ctx)
	return t != nil && !t.ended
}

// Detached returns ctx without the transaction that it carries: for AfterCommit functions and for work that outlives it.
func (d *DB) Detached(ctx context.Context) context.Context {
	return context.WithValue(ctx, txKey{d}, (*tx)(nil))
}

// InTx runs fn in a transaction, which the context given to fn carries. It commits when fn returns nil, and rolls back
// when fn returns an error, panics, or ends its goroutine.
//
// If ctx carries a transaction already, fn joins it; if fn then fails, the whole transaction is rolled back, even when
// the caller goes on regardless. Savepoint is for a part that may fail alone.
//
// The outermost call runs fn again, a few times, when the transaction lost against a concurrent one (serialization
// failure, deadlock): fn must have no effects outside the database. See AfterCommit for those.
func (d *DB) InTx(ctx context.Context, fn func(ctx context.Context) error) error {
	if t := d.tx(ctx); t != nil {
		return t.join(ctx, fn)
	}
	for b, attempt := (backoff{first: 5 * time.Millisecond, most: 200 * time.Millisecond}), 1; ; attempt++ {
		t, err := d.runTx(ctx, pgx.TxOptions{}, fn)
		if err == nil {
			for _, f := range t.after {
				f()
			}
			return nil
		}
		if attempt == maxAttempts || !isConflict(err) || b.sleep(ctx) != nil {
			return err
		}
		d.log.DebugContext(ctx, "transaction runs again after a conflict", "attempt", attempt, "error", errorClass(err))
	}
}

// Snapshot runs fn, which only reads, so that everything it reads is as it was at one moment. If ctx carries a transaction already, fn joins
// it, and sees what that sees.
func (d *DB) Snapshot(ctx context.Context, fn func(ctx context.Context) error) error {
	if t := d.tx(ctx); t != nil {
		return t.join(ctx, fn)
	}
	_, err := d.runTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, fn)
	return err
}

// runTx makes one attempt.
func (d *DB) runTx(ctx context.Context, options pgx.TxOptions, fn func(ctx context.Context) error) (*tx, error) {
	t, err := d.begin(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	defer func() {
		if !t.ended { // fn failed, panicked, or called runtime.Goexit
			t.rollback(ctx)
		}
	}()
	if err := fn(context.WithValue(ctx, txKey{d}, t)); err != nil {
		return nil, err
	}
	if t.failed != nil {
		return nil, fmt.Errorf("rolled back, because a part of the transaction failed: %w", t.failed)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := t.commit(ctx); err != nil {
		return nil, fmt.Errorf("commit: %w", err)
	}
	return t, nil
}

func (d *DB) begin(ctx context.Context, options pgx.TxOptions) (*tx, error) {
	conn, err := d.sql.Conn(ctx)
	if err != nil {
		return nil, err
	}
	t := &tx{conn: conn}
	err = conn.Raw(func(driverConn any) error {
		var err error
		t.pgx, err = driverConn.(*stdlib.Conn).Conn().BeginTx(ctx, options)
		return err
	})
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	t.gorm = d.gorm.Session(&gorm.Session{NewDB: true, Context: ctx})
	t.gorm.Statement.ConnPool = &txConn{conn}
	return t, nil
}

// exclusively runs f under database/sql's lock of the connection. When a context ends, database/sql closes the rows
// that were read with it from another goroutine; without the lock that could meet f on the wire.
func (t *tx) exclusively(f func() error) error {
	return t.conn.Raw(func(any) error { return f() })
}

func (t *tx) commit(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	err := t.exclusively(func() error { return t.pgx.Commit(ctx) })
	t.ended, t.committed = true, err == nil
	// A connection that is not idle is destroyed by the pool, which ends its transaction too.
	return errors.Join(err, t.release())
}

func (t *tx) rollback(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	// An error means that the connection is gone or closed by pgx, and the transaction with it.
	_ = t.exclusively(func() error { return t.pgx.Rollback(ctx) })
	t.ended = true
	_ = t.release()
}

// release gives the connection back; database/sql may have done so before, when it found the connection broken.
func (t *tx) release() error {
	if err := t.conn.Close(); !errors.Is(err, sql.ErrConnDone) {
		return err
	}
	return nil
}

func (t *tx) join(ctx context.Context, fn func(ctx context.Context) error) error {
	if t.ended {
		return ErrTxEnded
	}
	failure := errors.New("it panicked or ended its goroutine") // unless fn gets as far as to say otherwise
	defer func() {
		if failure != nil && t.failed == nil {
			t.failed = failure
		}
	}()
	failure = fn(ctx)
	return failure
}

// Savepoint runs fn so that its work, if it fails, is undone alone and the transaction that ctx carries can go on: also
// after an error from PostgreSQL, which otherwise spoils a transaction. AfterCommit functions of the undone part are
// dropped. Without a transaction it is InTx.
func (d *DB) Savepoint(ctx context.Context, fn func(ctx context.Context) error) error {
	t := d.tx(ctx)
	if t == nil {
		return d.InTx(ctx, fn)
	}
	if t.ended {
		return ErrTxEnded
	}
	failed, hooks := t.failed, len(t.after)
	t.failed = nil
	var sp pgx.Tx
	err := t.exclusively(func() (err error) { sp, err = t.pgx.Begin(ctx); return err })
	if err != nil {
		t.failed = failed
		return fmt.Errorf("savepoint: %w", err)
	}
	released := false
	defer func() {
		if !released {
			t.undo(ctx, sp)
			t.after = slices.Delete(t.after, hooks, len(t.after))
		}
		if t.failed == nil { // else undo failed
			t.failed = failed
		}
	}()

	if err := fn(ctx); err != nil {
		return err
	}
	if t.failed != nil {
		return fmt.Errorf("undone, because a part of it failed: %w", t.failed)
	}
	if t.pgx.Conn().PgConn().TxStatus() == 'E' {
		return fmt.Errorf("savepoint: an error of the database was ignored: %w", pgx.ErrTxCommitRollback)
	}
	if err := t.exclusively(func() error { return sp.Commit(ctx) }); err != nil {
		return fmt.Errorf("release savepoint: %w", err)
	}
	released = true
	return nil
}

// undo rolls back to a savepoint. If that is impossible the whole transaction is lost.
func (t *tx) undo(ctx context.Context, sp pgx.Tx) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	defer cancel()
	t.failed = nil
	if err := t.exclusively(func() error { return sp.Rollback(ctx) }); err != nil {
		t.failed = fmt.Errorf("roll back to savepoint: %w", err)
	}
}

// AfterCommit has f called when the outermost transaction has been committed, in the order of registration and in the
// goroutine of InTx, before that returns; never if the transaction is rolled back. Without a transaction f is called at
// once. f must not use the transaction's context for the database: see Detached.
func (d *DB) AfterCommit(ctx context.Context, f func()) {
	switch t := d.tx(ctx); {
	case t == nil:
		f()
	case !t.ended:
		t.after = append(t.after, f)
	case t.committed:
		f()
	}
}

// PgxTx returns the running transaction of ctx as pgx sees it, for what speaks pgx itself (River's InsertTx).
// Its Begin makes a savepoint; its Commit and Rollback are errors, because InTx ends it.
func (d *DB) PgxTx(ctx context.Context) (pgx.Tx, bool) {
	if t := d.tx(ctx); t != nil && !t.ended {
		return txView{t.pgx}, true
	}
	return nil, false
}

// txView is a pgx.Tx that cannot be ended.
type txView struct{ pgx.Tx }

func (txView) Commit(context.Context) error   { return errNotYours }
func (txView) Rollback(context.Context) error { return errNotYours }

// txConn is the connection of a transaction as GORM's pool. It offers no BeginTx, and it has GORM's TxCommitter, so that
// GORM's own Transaction makes a savepoint in place of a BEGIN that PostgreSQL would ignore and a COMMIT that it would not.
type txConn struct{ conn *sql.Conn }

var (
	_ gorm.ConnPool    = (*txConn)(nil)
	_ gorm.TxCommitter = (*txConn)(nil)
)

func (c *txConn) PrepareContext(ctx context.Context, query string) (*sql.Stmt, error) {
	return c.conn.PrepareContext(ctx, query)
}

func (c *txConn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return c.conn.ExecContext(ctx, query, args...)
}

func (c *txConn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return c.conn.QueryContext(ctx, query, args...)
}

func (c *txConn) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return c.conn.QueryRowContext(ctx, query, args...)
}

func (c *txConn) Commit() error   { return errNotYours }
func (c *txConn) Rollback() error { return errNotYours }
