package db_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"gorm.io/gorm"

	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
)

var errBoom = errors.New("boom")

// note is a row of a table that these tests make for themselves.
type note struct {
	ID   string `gorm:"primaryKey"`
	Text string
	At   time.Time
}

func (note) TableName() string { return "note" }

func newDB(t *testing.T, options ...func(*db.Options)) *db.DB {
	t.Helper()
	d := dbtest.New(t, options...)
	if err := d.Conn(t.Context()).Exec(
		`CREATE TABLE note (id object_id PRIMARY KEY, text text NOT NULL DEFAULT '', at timestamptz)`).Error; err != nil {
		t.Fatal(err)
	}
	return d
}

func insert(ctx context.Context, d *db.DB, id string) error {
	return d.Conn(ctx).Create(&note{ID: id}).Error
}

// ids reads outside of any transaction.
func ids(t *testing.T, d *db.DB) []string {
	t.Helper()
	var found []string
	if err := d.Conn(t.Context()).Model(&note{}).Order("id").Pluck("id", &found).Error; err != nil {
		t.Fatal(err)
	}
	return found
}

func wantIDs(t *testing.T, d *db.DB, want ...string) {
	t.Helper()
	if got := ids(t, d); !slices.Equal(got, want) {
		t.Errorf("rows are %v, want %v", got, want)
	}
	// A connection that broke is closed in the background.
	for deadline := time.Now().Add(patience); d.Pool().Stat().AcquiredConns() != 0; <-time.After(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d connections are not given back", d.Pool().Stat().AcquiredConns())
		}
	}
}

type noteJob struct {
	ID string `json:"id"`
}

func (noteJob) Kind() string { return "note" }

// A row by GORM and a job by River share their fate, whatever that is, also when several transactions run at once.
func TestInTxSharesOneTransactionWithRiver(t *testing.T) {
	t.Parallel()
	d := newDB(t)
	queue, err := river.NewClient(riverpgxv5.New(d.Pool()), &river.Config{})
	if err != nil {
		t.Fatal(err)
	}
	const total = 40
	var all sync.WaitGroup
	for i := range total {
		all.Go(func() {
			err := d.InTx(t.Context(), func(ctx context.Context) error {
				if err := insert(ctx, d, fmt.Sprintf("n%02d", i)); err != nil {
					return err
				}
				tx, ok := d.PgxTx(ctx)
				if !ok {
					return errors.New("no transaction")
				}
				if _, err := queue.InsertTx(ctx, tx, noteJob{ID: "x"}, nil); err != nil {
					return err
				}
				if i%2 == 1 {
					return errBoom
				}
				return nil
			})
			if odd := i%2 == 1; odd != errors.Is(err, errBoom) || !odd && err != nil {
				t.Errorf("transaction %d: %v", i, err)
			}
		})
	}
	all.Wait()
	var jobs int
	if err := d.Conn(t.Context()).Raw("SELECT count(*) FROM river_job").Scan(&jobs).Error; err != nil {
		t.Fatal(err)
	}
	if rows := len(ids(t, d)); rows != total/2 || jobs != total/2 {
		t.Errorf("%d rows and %d jobs, want %d of each", rows, jobs, total/2)
	}
}

func TestInTxRollsBack(t *testing.T) { //nolint:tparallel // the subtests share a table
	t.Parallel()
	d := newDB(t)

	t.Run("on a panic, which goes on", func(t *testing.T) {
		defer func() {
			if r := recover(); r != "boom" {
				t.Errorf("recovered %v, want boom", r)
			}
			wantIDs(t, d)
		}()
		_ = d.InTx(t.Context(), func(ctx context.Context) error {
			if err := insert(ctx, d, "a"); err != nil {
				t.Error(err)
			}
			panic("boom")
		})
	})
	t.Run("when the goroutine ends", func(t *testing.T) {
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = d.InTx(t.Context(), func(ctx context.Context) error {
				if err := insert(ctx, d, "a"); err != nil {
					t.Error(err)
				}
				runtime.Goexit()
				return nil
			})
		}()
		<-done
		wantIDs(t, d)
	})
	t.Run("when the context ends", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		err := d.InTx(ctx, func(ctx context.Context) error {
			if err := insert(ctx, d, "a"); err != nil {
				t.Error(err)
			}
			cancel()
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v", err)
		}
		wantIDs(t, d)
	})
	t.Run("when the context ends during a statement", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		err := d.InTx(ctx, func(ctx context.Context) error {
			if err := insert(ctx, d, "a"); err != nil {
				t.Error(err)
			}
			return d.Conn(ctx).Exec("SELECT pg_sleep(60)").Error
		})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error is %v", err)
		}
		wantIDs(t, d)
	})
	t.Run("when an error of the database was ignored", func(t *testing.T) {
		err := d.InTx(t.Context(), func(ctx context.Context) error {
			_ = insert(ctx, d, "a")
			_ = insert(ctx, d, "a")
			return nil
		})
		if !errors.Is(err, pgx.ErrTxCommitRollback) {
			t.Errorf("error is %v", err)
		}
		wantIDs(t, d)
	})
}

func TestInTxNested(t *testing.T) { //nolint:tparallel // the subtests share a table
	t.Parallel()
	d := newDB(t)
	ctx := t.Context()

	t.Run("joins", func(t *testing.T) {
		err := d.InTx(ctx, func(ctx context.Context) error {
			outer, _ := d.PgxTx(ctx)
			return d.InTx(ctx, func(ctx context.Context) error {
				inner, _ := d.PgxTx(ctx)
				if inner != outer {
					t.Error("the inner call has another transaction")
				}
				if err := insert(ctx, d, "joined"); err != nil {
					return err
				}
				if seen := ids(t, d); len(seen) != 0 {
					t.Errorf("another connection sees %v before the commit", seen)
				}
				return nil
			})
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	t.Run("that failed is not committed in part", func(t *testing.T) {
		err := d.InTx(ctx, func(ctx context.Context) error {
			if err := insert(ctx, d, "outer"); err != nil {
				return err
			}
			_ = d.InTx(ctx, func(context.Context) error { return errBoom })
			return nil
		})
		if !errors.Is(err, errBoom) {
			t.Errorf("error is %v, want boom", err)
		}
	})
	t.Run("that panicked is not committed in part", func(t *testing.T) {
		err := d.InTx(ctx, func(ctx context.Context) error {
			defer func() { _ = recover() }()
			_ = d.InTx(ctx, func(ctx context.Context) error {
				if err := insert(ctx, d, "inner"); err != nil {
					t.Error(err)
				}
				panic("boom")
			})
			return nil
		})
		if err == nil {
			t.Error("no error")
		}
	})
	if got := ids(t, d); !slices.Equal(got, []string{"joined"}) {
		t.Errorf("rows are %v", got)
	}
}

func TestSavepoint(t *testing.T) {
	t.Parallel()
	d := newDB(t)
	var told []string
	err := d.InTx(t.Context(), func(ctx context.Context) error {
		tell := func(s string) { d.AfterCommit(ctx, func() { told = append(told, s) }) }
		if err := insert(ctx, d, "a"); err != nil {
			return err
		}
		tell("a")
		err := d.Savepoint(ctx, func(ctx context.Context) error {
			tell("undone")
			if err := insert(ctx, d, "b"); err != nil {
				return err
			}
			return insert(ctx, d, "a")
		})
		if constraint, ok := db.IsUnique(err); !ok || constraint != "note_pkey" {
			t.Errorf("error is %v", err)
		}
		err = d.Savepoint(ctx, func(ctx context.Context) error {
			_ = d.InTx(ctx, func(context.Context) error { return errBoom })
			return insert(ctx, d, "c")
		})
		if !errors.Is(err, errBoom) {
			t.Errorf("error is %v, want boom", err)
		}
		err = d.Savepoint(ctx, func(ctx context.Context) error {
			_ = insert(ctx, d, "a")
			return nil
		})
		if !errors.Is(err, pgx.ErrTxCommitRollback) {
			t.Errorf("error is %v", err)
		}
		func() {
			defer func() { _ = recover() }()
			_ = d.Savepoint(ctx, func(ctx context.Context) error {
				if err := insert(ctx, d, "d"); err != nil {
					t.Error(err)
				}
				panic("boom")
			})
		}()
		return d.Savepoint(ctx, func(ctx context.Context) error {
			tell("kept")
			return d.Savepoint(ctx, func(ctx context.Context) error { return insert(ctx, d, "kept") })
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	wantIDs(t, d, "a", "kept")
	if !slices.Equal(told, []string{"a", "kept"}) {
		t.Errorf("told %v", told)
	}
}

func TestSavepointWithoutTransactionBeginsOne(t *testing.T) {
	t.Parallel()
	d := newDB(t)
	err := d.Savepoint(t.Context(), func(ctx context.Context) error {
		if !d.InTxNow(ctx) {
			t.Error("no transaction")
		}
		if err := insert(ctx, d, "a"); err != nil {
			return err
		}
		return errBoom
	})
	if !errors.Is(err, errBoom) {
		t.Error(err)
	}
	wantIDs(t, d)
}

// What GORM or River begin and end inside a transaction must not end it.
func TestNothingElseEndsTheTransaction(t *testing.T) {
	t.Parallel()
	d := newDB(t)
	err := d.InTx(t.Context(), func(ctx context.Context) error {
		if err := d.Conn(ctx).Transaction(func(g *gorm.DB) error { return g.Create(&note{ID: "a"}).Error }); err != nil {
			t.Error(err)
		}
		if err := d.Conn(ctx).Transaction(func(g *gorm.DB) error {
			if err := g.Create(&note{ID: "b"}).Error; err != nil {
				t.Error(err)
			}
			return errBoom
		}); !errors.Is(err, errBoom) {
			t.Error(err)
		}
		tx, _ := d.PgxTx(ctx)
		if tx.Commit(ctx) == nil || tx.Rollback(ctx) == nil {
			t.Error("a borrowed transaction could be ended")
		}
		nested, err := tx.Begin(ctx)
		if err != nil {
			return err
		}
		if _, err := nested.Exec(ctx, "INSERT INTO note (id) VALUES ('c')"); err != nil {
			return err
		}
		if err := nested.Commit(ctx); err != nil {
			return err
		}
		var inside []string
		if err := d.Conn(ctx).Model(&note{}).Order("id").Pluck("id", &inside).Error; err != nil {
			return err
		}
		if !slices.Equal(inside, []string{"a", "c"}) {
			t.Errorf("inside are %v", inside)
		}
		return errBoom
	})
	if !errors.Is(err, errBoom) {
		t.Error(err)
	}
	wantIDs(t, d)
}

func TestAfterCommit(t *testing.T) {
	t.Parallel()
	d := newDB(t)
	var told []string
	tell := func(ctx context.Context, s string) { d.AfterCommit(ctx, func() { told = append(told, s) }) }

	tell(t.Context(), "at once")
	err := d.InTx(t.Context(), func(ctx context.Context) error {
		tell(ctx, "first")
		if err := d.InTx(ctx, func(ctx context.Context) error { tell(ctx, "second"); return insert(ctx, d, "a") }); err != nil {
			return err
		}
		d.AfterCommit(ctx, func() {
			if d.InTxNow(ctx) {
				t.Error("the transaction is still running")
			}
			var n int64
			if err := d.Conn(d.Detached(ctx)).Model(&note{}).Count(&n).Error; err != nil || n != 1 {
				t.Errorf("%d rows, want 1 (%v)", n, err)
			}
			if err := insert(ctx, d, "late"); err == nil {
				t.Error("a statement ran in a transaction that has ended")
			}
			if err := d.InTx(ctx, func(context.Context) error { return nil }); !errors.Is(err, db.ErrTxEnded) {
				t.Errorf("error is %v", err)
			}
			tell(ctx, "third")
		})
		if len(told) != 1 {
			t.Errorf("told %v before the commit", told)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var lost context.Context
	_ = d.InTx(t.Context(), func(ctx context.Context) error { tell(ctx, "never"); lost = ctx; return errBoom })
	tell(lost, "never")
	if want := []string{"at once", "first", "second", "third"}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
	wantIDs(t, d, "a")
}

// Two transactions lock two rows in opposite order. PostgreSQL sacrifices one of them; InTx runs it again.
func TestInTxRunsAgainAfterDeadlock(t *testing.T) {
	t.Parallel()
	d := newDB(t)
	for _, id := range []string{"a", "b"} {
		if err := insert(t.Context(), d, id); err != nil {
			t.Fatal(err)
		}
	}
	lock := func(ctx context.Context, id string) error {
		return d.Conn(ctx).Exec("UPDATE note SET text = text || '.' WHERE id = ?", id).Error
	}
	var bothHoldOne sync.WaitGroup
	bothHoldOne.Add(2)
	var mu sync.Mutex
	attempts, told := 0, 0
	run := func(first, second string) error {
		tries := 0
		return d.InTx(t.Context(), func(ctx context.Context) error {
			mu.Lock()
			attempts++
			mu.Unlock()
			d.AfterCommit(ctx, func() { mu.Lock(); told++; mu.Unlock() })
			if err := lock(ctx, first); err != nil {
				return err
			}
			if tries++; tries == 1 {
				bothHoldOne.Done()
				bothHoldOne.Wait()
			}
			return lock(ctx, second)
		})
	}
	errs := make(chan error)
	go func() { errs <- run("a", "b") }()
	go func() { errs <- run("b", "a") }()
	for range 2 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	var texts []string
	if err := d.Conn(t.Context()).Model(&note{}).Pluck("text", &texts).Error; err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(texts, []string{"..", ".."}) {
		t.Errorf("rows say %q: each transaction counts once", texts)
	}
	// One of the two began again. On a busy machine PostgreSQL may end both of them, and the same once more.
	if attempts < 3 || told != 2 {
		t.Errorf("%d attempts and %d calls after commit, want at least 3 and 2", attempts, told)
	}
}

// A conflict that does not go away is reported, not retried for ever.
func TestInTxGivesUp(t *testing.T) {
	t.Parallel()
	d := newDB(t)
	attempts := 0
	err := d.InTx(t.Context(), func(ctx context.Context) error {
		attempts++
		return d.Conn(ctx).Exec(`DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40001'; END $$`).Error
	})
	if err == nil || attempts != 5 {
		t.Errorf("%d attempts, error %v", attempts, err)
	}
}
