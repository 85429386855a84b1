// Package db is the server's access to PostgreSQL: one connection pool that GORM, River and the notification broker
// share, transactions that all of them can take part in, and the schema migrations.
//
// A transaction travels in the context. Stores ask Conn(ctx) for a *gorm.DB and do not care whether one is running:
//
//	err := d.InTx(ctx, func(ctx context.Context) error {
//		if err := machines.insert(ctx, m); err != nil { // d.Conn(ctx).Create(...)
//			return err
//		}
//		tx, _ := d.PgxTx(ctx)
//		_, err := queue.InsertTx(ctx, tx, job, nil)
//		return err
//	})
//
// A transaction belongs to one goroutine: do not hand its context to another.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
)

const (
	defaultMaxConns    = 20
	minMaxConns        = 4 // Migrate holds a connection for its lock beside the ones that work
	defaultSlowQuery   = 500 * time.Millisecond
	defaultStartupWait = 15 * time.Second
	connectTimeout     = 10 * time.Second
)

// Options tune a DB. The zero value is good for production.
type Options struct {
	// Logger receives slow statements as warnings and every statement at debug level; never the values of parameters.
	// Default: slog.Default().
	Logger *slog.Logger
	// Clock gives GORM's created_at and updated_at. Default: clock.Real().
	Clock clock.Clock
	// MaxConns limits the pool, unless the URL says pool_max_conns. Default: 20; at least 4.
	MaxConns int32
	// ApplicationName is what pg_stat_activity shows, unless the URL says application_name. Default: "demarc".
	ApplicationName string
	// SlowQuery is the duration from which on a statement is logged as a warning. Default: 500 ms.
	SlowQuery time.Duration
	// StartupWait is how long Open waits for a PostgreSQL that refuses connections because it is starting.
	// Default: 15 s; negative: not at all.
	StartupWait time.Duration
}

// DB is a PostgreSQL database. It is safe for use by several goroutines.
type DB struct {
	pool   *pgxpool.Pool
	sql    *sql.DB // a view of pool
	gorm   *gorm.DB
	naming *naming
	broker *Broker
	log    *slog.Logger

	migrations migrationState
}

// Open connects to the database at url (a postgres:// URL or a keyword/value string) and checks that it answers.
// It does not migrate.
func Open(ctx context.Context, url string, o Options) (*DB, error) {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Clock == nil {
		o.Clock = clock.Real()
	}
	if o.SlowQuery == 0 {
		o.SlowQuery = defaultSlowQuery
	}
	if o.StartupWait == 0 {
		o.StartupWait = defaultStartupWait
	}
	cfg, err := poolConfig(url, o)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	if err := awaitStartup(ctx, pool, o.StartupWait); err != nil {
		pool.Close()
		return nil, fmt.Errorf("database: %w", err)
	}

	d := &DB{pool: pool, sql: stdlib.OpenDBFromPool(pool), naming: &naming{columns: map[string]map[string]string{}}, log: o.Logger}
	d.gorm, err = gorm.Open(postgres.New(postgres.Config{Conn: d.sql}), &gorm.Config{
		Logger:         &queryLog{log: o.Logger, slow: o.SlowQuery},
		NowFunc:        o.Clock.Now,
		NamingStrategy: d.naming,
		// Transactions are explicit: InTx.
		SkipDefaultTransaction: true,
		// gorm.ErrDuplicatedKey and the like; the *pgconn.PgError stays in the chain.
		TranslateError: true,
		// Columns are named in every SELECT, so that a column that a newer release adds breaks neither prepared
		// statements nor scans of the nodes that still run the old one.
		QueryFields: true,
		// pgx prepares and caches statements per pooled connection already. GORM's own cache would sit on top of
		// database/sql connections that are given back after every use, and prepare everything again each time.
		PrepareStmt: false,
		// Open has just done it.
		DisableAutomaticPing: true,
	})
	if err != nil {
		_ = d.sql.Close()
		pool.Close()
		return nil, fmt.Errorf("database: %w", err)
	}
	d.broker = newBroker(o.Logger, d.connectListener)
	return d, nil
}

func poolConfig(url string, o Options) (*pgxpool.Config, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database URL: %w", err) // pgx redacts the password
	}
	if !strings.Contains(url, "pool_max_conns") {
		cfg.MaxConns = defaultMaxConns
		if o.MaxConns > 0 {
			cfg.MaxConns = o.MaxConns
		}
	}
	cfg.MaxConns = max(cfg.MaxConns, minMaxConns)
	if cfg.ConnConfig.ConnectTimeout == 0 {
		cfg.ConnConfig.ConnectTimeout = connectTimeout
	}
	params := cfg.ConnConfig.RuntimeParams
	if params["application_name"] == "" {
		params["application_name"] = "demarc"
		if o.ApplicationName != "" {
			params["application_name"] = o.ApplicationName
		}
	}
	params["timezone"] = "UTC"
	cfg.AfterConnect = func(_ context.Context, c *pgx.Conn) error {
		// The default answers in the machine's zone.
		c.TypeMap().RegisterType(&pgtype.Type{
			Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
		})
		return nil
	}
	return cfg, nil
}

// awaitStartup pings until the server answers. Only what a starting server says is worth waiting for: a wrong password
// or an unknown database is reported at once.
func awaitStartup(ctx context.Context, pool *pgxpool.Pool, wait time.Duration) error {
	const cannotConnectNow = "57P03"
	deadline := ctx
	if wait > 0 {
		var cancel context.CancelFunc
		deadline, cancel = context.WithTimeout(ctx, wait)
		defer cancel()
	}
	for b := (backoff{first: 50 * time.Millisecond, most: time.Second}); ; {
		err := pool.Ping(ctx)
		if err == nil {
			return nil
		}
		starting := sqlState(err) == cannotConnectNow ||
			errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ENOENT)
		if !starting || wait < 0 || b.sleep(deadline) != nil {
			return err
		}
	}
}

// Close ends the pool. It waits for connections that are in use.
func (d *DB) Close() {
	_ = d.sql.Close() // holds no connection of its own
	d.pool.Close()
}

// Pool returns the one connection pool, for what speaks pgx itself (River).
func (d *DB) Pool() *pgxpool.Pool { return d.pool }

// Ping asks the database for a sign of life.
func (d *DB) Ping(ctx context.Context) error { return d.pool.Ping(ctx) }

// Broker returns the node's broker of notifications. It delivers while its Run is running.
func (d *DB) Broker() *Broker { return d.broker }

// Conn returns GORM bound to ctx and to the transaction that ctx carries, or to the pool if it carries none.
// With a transaction that has ended, every statement fails; see Detached.
func (d *DB) Conn(ctx context.Context) *gorm.DB {
	g := d.gorm
	if t := d.tx(ctx); t != nil {
		g = t.gorm
	}
	return g.Session(&gorm.Session{NewDB: true, Context: ctx})
}

// Notify sends a notification to every node's Broker: at commit if ctx carries a transaction, else at once.
// Identical notifications of one transaction are delivered once. The payload is limited to 7999 bytes.
func (d *DB) Notify(ctx context.Context, channel, payload string) error {
	if err := checkChannel(channel); err != nil {
		return err
	}
	var err error
	if tx, ok := d.PgxTx(ctx); ok {
		_, err = tx.Exec(ctx, "SELECT pg_notify($1, $2)", channel, payload)
	} else {
		_, err = d.pool.Exec(ctx, "SELECT pg_notify($1, $2)", channel, payload)
	}
	if err != nil {
		return fmt.Errorf("notify %s: %w", channel, err)
	}
	return nil
}

// connectListener opens a connection outside the pool: it is held for as long as the node lives.
func (d *DB) connectListener(ctx context.Context) (*pgx.Conn, error) {
	cfg := d.pool.Config().ConnConfig.Copy()
	cfg.RuntimeParams["application_name"] += " listener"
	return pgx.ConnectConfig(ctx, cfg)
}
