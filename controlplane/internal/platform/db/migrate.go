// Schema migrations: the product's own, by goose, and those of the job queue, by River.

package db

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/demarc/demarc/controlplane/migrations"
)

// migrationLock is the key of the session lock under which the schema is changed.
const migrationLock int64 = 0x64656d617263 // "demarc"

// migrationState remembers that the schema was found current. It does not become less so: migrations only add.
type migrationState struct{ current atomic.Bool }

// Migrate brings the schema to the state that this program needs. Several nodes may call it at the same time: one works,
// the others wait. A schema that is newer than the program is left alone.
func (d *DB) Migrate(ctx context.Context) error {
	if err := d.migrate(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	d.migrations.current.Store(true)
	return nil
}

func (d *DB) migrate(ctx context.Context) error {
	unlock, err := d.lockMigrations(ctx)
	if err != nil {
		return err
	}
	defer unlock()

	queue, err := d.riverMigrator()
	if err != nil {
		return err
	}
	if _, err := queue.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("job queue: %w", err)
	}
	own, err := d.gooseProvider()
	if err != nil {
		return err
	}
	_, err = own.Up(ctx)
	return err
}

// lockMigrations takes a session lock on a connection of its own. It asks again and again instead of waiting inside the
// database, because a session that waits there holds a snapshot, and CREATE INDEX CONCURRENTLY would wait for that.
func (d *DB) lockMigrations(ctx context.Context) (unlock func(), err error) {
	conn, err := d.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	for b := (backoff{first: 20 * time.Millisecond, most: time.Second}); ; {
		var locked bool
		if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", migrationLock).Scan(&locked); err != nil {
			conn.Release()
			return nil, fmt.Errorf("lock: %w", err)
		}
		if locked {
			break
		}
		if err := b.sleep(ctx); err != nil {
			conn.Release()
			return nil, fmt.Errorf("another node is migrating: %w", err)
		}
	}
	return func() {
		// The lock ends with the session, so ending the session is the unlock that cannot fail.
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
		defer cancel()
		_ = conn.Hijack().Close(closing)
	}, nil
}

// MigrationsCurrent says whether the schema has everything that this program needs. It changes nothing.
func (d *DB) MigrationsCurrent(ctx context.Context) (bool, error) {
	if d.migrations.current.Load() {
		return true, nil
	}
	// goose creates its table when it looks for it.
	var begun bool
	if err := d.pool.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", goose.DefaultTablename).Scan(&begun); err != nil {
		return false, fmt.Errorf("migrations: %w", err)
	}
	if !begun {
		return false, nil
	}
	own, err := d.gooseProvider()
	if err != nil {
		return false, err
	}
	if pending, err := own.HasPending(ctx); err != nil || pending {
		return false, err
	}
	queue, err := d.riverMigrator()
	if err != nil {
		return false, err
	}
	result, err := queue.Validate(ctx, nil)
	if err != nil || !result.OK {
		return false, err
	}
	d.migrations.current.Store(true)
	return true, nil
}

// MigrationsID identifies the schema that Migrate makes: it changes when any migration does.
func MigrationsID() (string, error) {
	h := sha256.New()
	files, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		return "", err
	}
	for _, name := range files {
		text, err := fs.ReadFile(migrations.FS, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n%s", name, len(text), text)
	}
	queue, err := rivermigrate.New(riverpgxv5.New(nil), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return "", err
	}
	for _, m := range queue.AllVersions() {
		fmt.Fprintf(h, "river %d %d\n%s", m.Version, len(m.SQLUp), m.SQLUp)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (d *DB) gooseProvider() (*goose.Provider, error) {
	return goose.NewProvider(goose.DialectPostgres, d.sql, migrations.FS,
		goose.WithSlog(d.log), goose.WithDisableGlobalRegistry(true))
}

func (d *DB) riverMigrator() (*rivermigrate.Migrator[pgx.Tx], error) {
	return rivermigrate.New(riverpgxv5.New(d.pool), &rivermigrate.Config{Logger: d.log})
}
