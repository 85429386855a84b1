// Package dbtest gives each test a database of its own: a fresh clone of a template that has all migrations, on a real
// PostgreSQL. Tests may run in parallel. A PostgreSQL that cannot be had fails the test.
//
// By default each test process runs a private PostgreSQL without durability, unpacked from an archive of an initialised
// and migrated cluster that is kept in the temporary folder and shared between processes. It ends with the process, and
// leaves nothing but that archive behind. With DEMARC_TEST_DATABASE_URL set, that server is used instead; the role needs
// CREATEDB.
package dbtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/demarc/demarc/controlplane/internal/platform/db"
)

// EnvURL names the variable with the URL of a PostgreSQL to use.
const EnvURL = "DEMARC_TEST_DATABASE_URL"

const (
	cloneTimeout = time.Minute
	buildTimeout = 3 * time.Minute
	// poolSize keeps many parallel tests within one server's max_connections.
	poolSize = 8
)

// New returns a database of its own for a test, migrated and empty; it is dropped when the test ends.
func New(tb testing.TB, options ...func(*db.Options)) *db.DB {
	tb.Helper()
	return Open(tb, URL(tb), options...)
}

// URL makes a database as New does, and returns what leads to it: for tests that open it more than once, or hand it to
// another process.
func URL(tb testing.TB) string {
	tb.Helper()
	return create(tb, func(s *server) string { return " TEMPLATE " + s.template + " STRATEGY " + s.strategy })
}

// EmptyURL makes a database without any schema, for tests of migrations, and returns what leads to it.
func EmptyURL(tb testing.TB) string {
	tb.Helper()
	return create(tb, func(*server) string { return "" })
}

func create(tb testing.TB, from func(*server) string) string {
	tb.Helper()
	s, err := shared()
	if err != nil {
		tb.Fatalf("dbtest: no PostgreSQL: %v", err)
	}
	name := "demarc_test_" + unique()
	if err := s.exec("CREATE DATABASE " + name + from(s)); err != nil {
		tb.Fatalf("dbtest: create a database: %v", err)
	}
	tb.Cleanup(func() {
		if err := s.exec("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)"); err != nil {
			tb.Errorf("dbtest: drop the database: %v", err)
		}
	})
	return s.urlOf(name)
}

// Open opens a database for a test; it is closed when the test ends. Its log goes to the test's.
func Open(tb testing.TB, databaseURL string, options ...func(*db.Options)) *db.DB {
	tb.Helper()
	o := db.Options{
		MaxConns: poolSize, ApplicationName: "dbtest",
		Logger: slog.New(slog.NewTextHandler(tb.Output(), &slog.HandlerOptions{Level: slog.LevelInfo})),
	}
	for _, option := range options {
		option(&o)
	}
	ctx, cancel := context.WithTimeout(context.Background(), cloneTimeout)
	defer cancel()
	d, err := db.Open(ctx, databaseURL, o)
	if err != nil {
		tb.Fatalf("dbtest: %v", err)
	}
	tb.Cleanup(d.Close)
	return d
}

// server is the PostgreSQL of this process's tests.
type server struct {
	admin    string // URL of a database to give orders from
	template string
	strategy string
	// orders are given one at a time: PostgreSQL would make them wait for each other anyway.
	mu   sync.Mutex
	conn *pgx.Conn
}

// shared returns the server, which the first caller of a process starts.
var shared = sync.OnceValues(func() (*server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), buildTimeout)
	defer cancel()
	template, err := templateName()
	if err != nil {
		return nil, err
	}
	s := &server{admin: os.Getenv(EnvURL), template: template}
	if s.admin == "" {
		// Without fsync a checkpoint is cheap, and copying files cheaper than logging every page.
		s.strategy = "FILE_COPY"
		s.admin, err = private(ctx, template)
	} else {
		s.strategy = "WAL_LOG"
		err = makeTemplate(ctx, s.admin, template)
	}
	if err != nil {
		return nil, err
	}
	s.conn, err = pgx.Connect(ctx, s.admin)
	return s, err
})

func (s *server) exec(order string) error {
	ctx, cancel := context.WithTimeout(context.Background(), cloneTimeout)
	defer cancel()
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.conn.Exec(ctx, order)
	return err
}

func (s *server) urlOf(database string) string {
	u, err := withDatabase(s.admin, database)
	if err != nil {
		panic(err) // it was parsed when the server was found
	}
	return u
}

func withDatabase(databaseURL, name string) (string, error) {
	u, err := url.Parse(databaseURL)
	if err != nil || u.Scheme == "" {
		return "", errors.New(EnvURL + " must be a postgres:// URL")
	}
	u.Path = "/" + name
	return u.String(), nil
}

// templateName changes with every migration, so that no process clones another release's schema.
func templateName() (string, error) {
	id, err := db.MigrationsID()
	if err != nil {
		return "", err
	}
	return "demarc_template_" + id[:16], nil
}

// makeTemplate makes the template database, if it is not there. Several processes may do so at the same time.
func makeTemplate(ctx context.Context, admin, template string) error {
	target, err := withDatabase(admin, template+"_making")
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, admin)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock(hashtext($1))", template); err != nil {
		return err
	}
	var exists bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", template).Scan(&exists); err != nil || exists {
		return err
	}
	for _, order := range []string{
		"DROP DATABASE IF EXISTS " + template + "_making WITH (FORCE)", // of a process that was killed
		"CREATE DATABASE " + template + "_making TEMPLATE template0",
	} {
		if _, err := conn.Exec(ctx, order); err != nil {
			return err
		}
	}
	d, err := db.Open(ctx, target, db.Options{Logger: quiet})
	if err != nil {
		return err
	}
	err = d.Migrate(ctx)
	d.Close()
	if err != nil {
		return err
	}
	for _, order := range []string{
		"ALTER DATABASE " + template + "_making WITH ALLOW_CONNECTIONS false",
		"ALTER DATABASE " + template + "_making RENAME TO " + template,
	} {
		if _, err := conn.Exec(ctx, order); err != nil {
			return fmt.Errorf("%s: %w", order, err)
		}
	}
	return nil
}

func unique() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
