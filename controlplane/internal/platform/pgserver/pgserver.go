// Package pgserver runs a private PostgreSQL for a server that was given no database of its own: same database in
// evaluation, in tests and in production, and nothing to install or to configure.
//
// What holds, and what the rest of the package is there for:
//
//   - One owner. A lock on the folder keeps a second server out for as long as the first one lives.
//   - No survivors. When the owner ends in whatever way, also by SIGKILL, PostgreSQL shuts down; what is still shutting
//     down, or what a crash left behind, never keeps the next owner from starting.
//   - Half-made is not made. A cluster is initialised beside its place and moved there; so are fetched programs.
//   - No network. It listens on a Unix socket in a folder of mode 0700, and lets nobody in but the owner's own user.
//   - Not root. Started by root, PostgreSQL runs as the user postgres, or nobody.
//
// The folder holds: data (the cluster), run (the socket), binaries (programs, if they had to be fetched), postgres.log,
// pg_hba.conf and pg_ident.conf (written at each start), lock.
package pgserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
)

const (
	// Role is the superuser that URL connects as.
	Role = "demarc"
	// Database is the name of the database that URL leads to.
	Database = "demarc"

	defaultStartTimeout = 2 * time.Minute
	poll                = 20 * time.Millisecond
	port                = "5432" // part of the socket's name; nothing listens on a network
)

// Options say where and how to run.
type Options struct {
	// DataDir is the folder for everything that this PostgreSQL keeps; it is made if it is missing. Started by root, it
	// has to be reachable by an unprivileged user. Where it is not (below a home of mode 0700) and is new, it becomes a
	// symbolic link into /var/lib/demarc.
	DataDir string
	// BinDir has the programs initdb and postgres. Default: a PostgreSQL of the system, 15 or later, else one that is
	// fetched once, into the folder.
	BinDir string
	// Volatile trades durability for speed: for tests, whose data is thrown away.
	Volatile bool
	// Settings are put over the server's own (postgresql.conf parameters by name).
	Settings map[string]string
	// StartTimeout limits the wait for readiness, recovery after a crash included. Default: 2 minutes.
	StartTimeout time.Duration
	// Logger tells of what is unusual; PostgreSQL's own log is a file. Default: slog.Default().
	Logger *slog.Logger
}

// Server is a running PostgreSQL.
type Server struct {
	home   home
	socket socketDir
	child  *child
	log    *slog.Logger
	stop   sync.Once
	err    error
}

// Start runs PostgreSQL in o.DataDir, initialising it the first time, and returns when it accepts connections.
// Stop it, or end the process.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.StartTimeout == 0 {
		o.StartTimeout = defaultStartTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, o.StartTimeout)
	defer cancel()
	s, err := start(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("private PostgreSQL: %w", err)
	}
	return s, nil
}

func start(ctx context.Context, o Options) (_ *Server, err error) {
	h, err := openHome(ctx, o.DataDir, o.Logger)
	if err != nil {
		return nil, err
	}
	s := &Server{home: h, log: o.Logger}
	defer func() {
		if err != nil {
			s.release()
		}
	}()

	if err := stopPrevious(ctx, h, o.Logger); err != nil {
		return nil, err
	}
	programs, err := findPrograms(ctx, h, o.BinDir, o.Logger)
	if err != nil {
		return nil, err
	}
	if err := h.initialise(ctx, programs, o); err != nil {
		return nil, err
	}
	if err := h.writeAccessRules(); err != nil {
		return nil, err
	}
	if s.socket, err = openSocketDir(h); err != nil {
		return nil, err
	}
	args, err := arguments(h, s.socket, o)
	if err != nil {
		return nil, err
	}
	log, err := h.openLog()
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := h.account.command(programs.path("postgres"), args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = h.dir, log, log
	said, err := log.Seek(0, 2)
	if err != nil {
		return nil, err
	}
	if s.child, err = spawn(cmd); err != nil {
		return nil, err
	}
	if err := s.awaitReady(ctx); err != nil {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), immediateShutdown)
		defer cancel()
		_ = s.end(ending)
		return nil, fmt.Errorf("%w%s", err, h.logSince(said))
	}
	return s, nil
}

// URL leads to the database, as its superuser.
func (s *Server) URL() string { return s.url(Database) }

// URLOf leads to another database of the same server, as its superuser.
func (s *Server) URLOf(database string) string { return s.url(database) }

func (s *Server) url(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(Role), Path: "/" + database}
	// Everything is said, so that no PG* variable of the environment gets a say.
	u.RawQuery = url.Values{"host": {s.socket.dir}, "port": {port}, "sslmode": {"disable"}}.Encode()
	return u.String()
}

// Done is closed when PostgreSQL has ended, whether asked to or not.
func (s *Server) Done() <-chan struct{} { return s.child.done }

// Stop shuts PostgreSQL down: connections are closed, what was committed is written. If ctx ends first, PostgreSQL is
// stopped the hard way and recovers at its next start. Stop may be called more than once.
func (s *Server) Stop(ctx context.Context) error {
	s.stop.Do(func() {
		s.err = s.end(ctx)
		s.release()
	})
	return s.err
}

// end is fast shutdown, then immediate shutdown, then SIGKILL for the whole process group.
func (s *Server) end(ctx context.Context) error {
	s.child.signal(syscall.SIGINT)
	select {
	case <-s.child.done:
		return nil
	case <-ctx.Done():
	}
	s.child.signal(syscall.SIGQUIT)
	select {
	case <-s.child.done:
	case <-clock.Real().After(5 * time.Second):
		_ = syscall.Kill(-s.child.pid, syscall.SIGKILL)
		<-s.child.done
	}
	return fmt.Errorf("private PostgreSQL: stopped the hard way: %w", ctx.Err())
}

// release gives the folder up.
func (s *Server) release() {
	s.socket.remove()
	s.home.close()
}

// awaitReady returns when connections are accepted and the database exists.
func (s *Server) awaitReady(ctx context.Context) error {
	for {
		conn, err := pgx.Connect(ctx, s.url("postgres"))
		if err == nil {
			defer conn.Close(context.WithoutCancel(ctx))
			return createDatabase(ctx, conn)
		}
		select {
		case <-s.child.done:
			return fmt.Errorf("it ended while starting: %w", s.child.err)
		case <-ctx.Done():
			return fmt.Errorf("it does not accept connections: %w", errors.Join(ctx.Err(), err))
		case <-clock.Real().After(poll):
		}
	}
}

func createDatabase(ctx context.Context, conn *pgx.Conn) error {
	var exists bool
	err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", Database).Scan(&exists)
	if err == nil && !exists {
		_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{Database}.Sanitize())
	}
	if err != nil {
		return fmt.Errorf("create database: %w", err)
	}
	return nil
}

// child is a process that does not outlive this one; see spawn.
type child struct {
	pid  int
	cmd  *exec.Cmd
	done chan struct{}
	err  error // of Wait; read after done
}

// signal reaches the process itself, once it is known to be the one that was started: after done it may be another.
func (c *child) signal(sig os.Signal) { _ = c.cmd.Process.Signal(sig) }

// arguments are the command line of postgres. Settings stand there, and not in postgresql.conf, so that a new release of
// this program brings its own.
func arguments(h home, s socketDir, o Options) ([]string, error) {
	settings := map[string]string{
		"listen_addresses":        "",
		"port":                    port,
		"unix_socket_directories": s.dir,
		"unix_socket_permissions": "0700",
		"hba_file":                filepath.Join(h.dir, hbaFile),
		"ident_file":              filepath.Join(h.dir, identFile),
		"external_pid_file":       "",
		"cluster_name":            "demarc",
		"max_connections":         "100",
		"shared_buffers":          "128MB",
		"jit":                     "off", // short statements: compiling costs more than it saves
		"timezone":                "UTC",
		"log_timezone":            "UTC",
		"lc_messages":             "C",
		"log_destination":         "stderr",
		"logging_collector":       "off",
		"log_min_messages":        "warning",
		"log_line_prefix":         "%m [%p] ",
		// The verbose form quotes whole rows ("Failing row contains …"), secrets included.
		"log_error_verbosity": "terse",
	}
	if o.Volatile {
		for name, value := range map[string]string{
			"fsync":              "off",
			"synchronous_commit": "off",
			"full_page_writes":   "off",
			"wal_level":          "minimal",
			"max_wal_senders":    "0",
			"checkpoint_timeout": "1h",
			"autovacuum":         "off",
			"max_connections":    "400",
			"shared_buffers":     "64MB",
		} {
			settings[name] = value
		}
	}
	for name, value := range o.Settings {
		settings[name] = value
	}
	args := []string{"-D", h.data()}
	for _, name := range sorted(settings) {
		if len(name) == 0 || name[0] == '-' {
			return nil, fmt.Errorf("%q is not the name of a setting", name)
		}
		args = append(args, "-c", name+"="+settings[name])
	}
	return args, nil
}
