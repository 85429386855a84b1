package pgserver

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

const patience = time.Minute

// The test binary, started again with this variable set to a folder, becomes the owner of a PostgreSQL there, prints its
// URL, and waits to be killed.
const ownerEnv = "PGSERVER_TEST_OWNER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(ownerEnv); dir != "" {
		s, err := Start(context.Background(), Options{DataDir: dir})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Fprintln(os.Stdout, s.URL())
		select {}
	}
	os.Exit(m.Run())
}

var quiet = slog.New(slog.DiscardHandler)

// folder is a temporary one that an unprivileged user can reach (t.TempDir is closed to others).
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "pgserver-test-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func mustStart(t *testing.T, o Options) *Server {
	t.Helper()
	o.Logger = quiet
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mustStop(t, s) })
	return s
}

func mustStop(t *testing.T, s *Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Error(err)
	}
}

func query[T any](t *testing.T, url, sql string) T {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var v T
	if err := conn.QueryRow(t.Context(), sql).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func exec1(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); <-time.After(poll) {
		if time.Now().After(deadline) {
			t.Fatalf("%s does not come about", what)
		}
	}
}

func postmasterPID(t *testing.T, dir string) int {
	t.Helper()
	pid, err := readPID(filepath.Join(dir, "data", "postmaster.pid"))
	if err != nil || pid == 0 {
		t.Fatalf("no postmaster.pid: %v", err)
	}
	return pid
}

func TestStartAndStop(t *testing.T) {
	dir := folder(t)
	t.Setenv("DEMARC_BOOTSTRAP_TOKEN", "hunter2")
	s := mustStart(t, Options{DataDir: dir})
	exec1(t, s.URL(), "CREATE TABLE kept AS SELECT 42 AS answer")

	for _, c := range []struct{ setting, want string }{
		{"listen_addresses", ""}, {"fsync", "on"}, {"data_checksums", "on"}, {"server_encoding", "UTF8"},
		{"TimeZone", "UTC"}, {"log_error_verbosity", "terse"}, {"unix_socket_permissions", "0700"},
	} {
		if got := query[string](t, s.URL(), "SELECT current_setting('"+c.setting+"')"); got != c.want {
			t.Errorf("%s is %q, want %q", c.setting, got, c.want)
		}
	}
	if got := query[string](t, s.URL(), `SELECT lower('ÄÉ') || (SELECT string_agg(x, '' ORDER BY x) FROM unnest(array['b', 'a', 'B']) x)`); got != "äéBab" {
		t.Errorf("letters and order: %q", got)
	}
	socket, err := os.Stat(filepath.Join(dir, "run"))
	if err != nil || socket.Mode().Perm() != 0o700 {
		t.Errorf("the socket's folder: %v, %v", socket, err)
	}
	pid := postmasterPID(t, dir)
	if info, err := os.Stat(filepath.Join(dir, "data")); err != nil || info.Sys().(*syscall.Stat_t).Uid == 0 {
		t.Errorf("the data belong to root (%v)", err)
	}
	if environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid)); err == nil && bytes.Contains(environ, []byte("hunter2")) {
		t.Error("PostgreSQL was given the environment of the server")
	}

	mustStop(t, s)
	mustStop(t, s) // does nothing
	select {
	case <-s.Done():
	default:
		t.Error("not done after Stop")
	}
	if _, err := os.Stat(filepath.Join(dir, "data", "postmaster.pid")); !os.IsNotExist(err) {
		t.Errorf("postmaster.pid is left: %v", err)
	}
	again := mustStart(t, Options{DataDir: dir})
	if got := query[int](t, again.URL(), "SELECT answer FROM kept"); got != 42 {
		t.Errorf("the answer is %d", got)
	}
}

// A socket's path is limited to about a hundred bytes; a data folder's is not.
func TestLongPath(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), strings.Repeat("long-", 25))
	s := mustStart(t, Options{DataDir: dir, Volatile: true})
	if got := query[string](t, s.URL(), "SELECT current_setting('fsync')"); got != "off" {
		t.Errorf("fsync is %q", got)
	}
	socket := s.socket.dir
	if info, err := os.Stat(socket); err != nil || info.Mode().Perm() != 0o700 || !strings.HasPrefix(socket, "/tmp/") {
		t.Errorf("the socket's folder is %s: %v, %v", socket, info, err)
	}
	mustStop(t, s)
	if _, err := os.Stat(socket); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", socket, err)
	}

	// Somebody else was there before: not a folder that can be trusted.
	if err := os.Symlink("/", socket); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(socket)
	other := mustStart(t, Options{DataDir: dir, Volatile: true})
	if other.socket.dir == socket || query[int](t, other.URL(), "SELECT 1") != 1 {
		t.Errorf("the socket is in %s", other.socket.dir)
	}
}

// Whoever kills the server with SIGKILL kills its PostgreSQL too, and the next one starts at once, with all data.
func TestOwnerIsKilled(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	const lives = 3
	for life := range lives {
		owner := exec.Command(os.Args[0])
		owner.Env = append(os.Environ(), ownerEnv+"="+dir)
		owner.Stderr = os.Stderr
		out, err := owner.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := owner.Start(); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil {
			_ = owner.Wait()
			t.Fatalf("life %d: the owner could not start: %v", life, err)
		}
		url := strings.TrimSpace(line)
		if life == 0 {
			exec1(t, url, "CREATE TABLE life (n int)")
		}
		exec1(t, url, fmt.Sprintf("INSERT INTO life VALUES (%d)", life))
		if got := query[int](t, url, "SELECT count(*) FROM life"); got != life+1 {
			t.Errorf("life %d: %d rows", life, got)
		}
		busy, err := pgx.Connect(t.Context(), url) // in the middle of something
		if err != nil {
			t.Fatal(err)
		}
		if _, err := busy.Exec(t.Context(), "BEGIN; INSERT INTO life VALUES (-1)"); err != nil {
			t.Fatal(err)
		}
		if err := owner.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = owner.Wait()
		_ = busy.Close(t.Context())
	}
	eventually(t, "the end of PostgreSQL without its owner", func() bool {
		pid, err := readPID(filepath.Join(dir, "data", "postmaster.pid"))
		return err == nil && pid == 0
	})
	s := mustStart(t, Options{DataDir: dir})
	if got := query[int](t, s.URL(), "SELECT count(*) FROM life"); got != lives {
		t.Errorf("%d rows, want %d", got, lives)
	}
}

// What a start may find after a crash.
func TestStartAfterCrash(t *testing.T) { //nolint:tparallel // one cluster crashes again and again
	t.Parallel()
	dir := folder(t)
	s := mustStart(t, Options{DataDir: dir})
	exec1(t, s.URL(), "CREATE TABLE kept AS SELECT 42 AS answer")
	works := func(t *testing.T) *Server {
		t.Helper()
		s := mustStart(t, Options{DataDir: dir})
		if got := query[int](t, s.URL(), "SELECT answer FROM kept"); got != 42 {
			t.Errorf("the answer is %d", got)
		}
		return s
	}

	t.Run("of PostgreSQL itself", func(t *testing.T) {
		if err := syscall.Kill(postmasterPID(t, dir), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		<-s.Done()
		mustStop(t, s)
		s = works(t)
		mustStop(t, s)
	})
	t.Run("with a postmaster that nobody stopped", func(t *testing.T) {
		h, err := openHome(t.Context(), dir, quiet)
		if err != nil {
			t.Fatal(err)
		}
		p, err := findPrograms(t.Context(), h, "", quiet)
		if err != nil {
			t.Fatal(err)
		}
		orphan := h.account.command(p.path("postgres"), "-D", h.data(), "-c", "listen_addresses=",
			"-c", "unix_socket_directories="+filepath.Join(dir, "run"))
		if err := orphan.Start(); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the orphan's postmaster.pid", func() bool {
			pid, err := readPID(filepath.Join(h.data(), "postmaster.pid"))
			return err == nil && pid == orphan.Process.Pid
		})
		ended := make(chan error, 1)
		go func() { ended <- orphan.Wait() }() // or it would stay as a zombie
		h.close()
		s := works(t)
		select {
		case <-ended:
		default:
			t.Error("the orphan is still running")
		}
		mustStop(t, s)
	})
	t.Run("with a postmaster.pid whose number is another process's", func(t *testing.T) {
		h, err := openHome(t.Context(), dir, quiet)
		if err != nil {
			t.Fatal(err)
		}
		sleeper := h.account.command("/bin/sleep", "600") // PostgreSQL heeds processes of its own user
		h.close()
		if err := sleeper.Start(); err != nil {
			t.Fatal(err)
		}
		pidFile := filepath.Join(dir, "data", "postmaster.pid")
		text := fmt.Sprintf("%d\n%s\n1\n5432\n\n\n", sleeper.Process.Pid, filepath.Join(dir, "data"))
		if err := os.WriteFile(pidFile, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		s := works(t)
		if err := sleeper.Process.Kill(); err != nil {
			t.Errorf("the other process was stopped: %v", err)
		}
		_ = sleeper.Wait()
		mustStop(t, s)
	})
	t.Run("during initdb", func(t *testing.T) {
		dir := folder(t)
		making := filepath.Join(dir, "data.making", "base")
		if err := os.MkdirAll(making, 0o700); err != nil {
			t.Fatal(err)
		}
		s := mustStart(t, Options{DataDir: dir, Volatile: true})
		if _, err := os.Stat(making); !os.IsNotExist(err) {
			t.Errorf("data.making is left: %v", err)
		}
		mustStop(t, s)
	})
}

// Root's umask may be such that nobody else could read what it makes.
func TestNarrowUmask(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	dir := filepath.Join(folder(t), "state", "postgres")
	s := mustStart(t, Options{DataDir: dir, Volatile: true})
	if s.home.dir != dir || query[int](t, s.URL(), "SELECT 1") != 1 {
		t.Errorf("it is in %s, want %s", s.home.dir, dir)
	}
}

func TestOneOwner(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	s := mustStart(t, Options{DataDir: dir, Volatile: true})
	_, err := Start(t.Context(), Options{DataDir: dir, Volatile: true, Logger: quiet, StartTimeout: 200 * time.Millisecond})
	if err == nil || !strings.Contains(err.Error(), "process "+strconv.Itoa(os.Getpid())) {
		t.Errorf("error is %v, want the owner's number", err)
	}
	if got := query[int](t, s.URL(), "SELECT 1"); got != 1 {
		t.Error("the first owner's PostgreSQL is disturbed")
	}
}

func TestStopTheHardWay(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	s, err := Start(t.Context(), Options{DataDir: dir, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	exec1(t, s.URL(), "CREATE TABLE kept AS SELECT 42 AS answer")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Stop(ended); err == nil {
		select {
		case <-s.Done(): // it was quicker than the context
		default:
			t.Error("no error, and not ended")
		}
	}
	<-s.Done()
	again := mustStart(t, Options{DataDir: dir})
	if got := query[int](t, again.URL(), "SELECT answer FROM kept"); got != 42 {
		t.Errorf("the answer is %d", got)
	}
}

func TestStartReportsWhatIsWrong(t *testing.T) {
	t.Parallel()
	o := func(dir string) Options {
		return Options{DataDir: dir, Volatile: true, Logger: quiet}
	}
	t.Run("in a setting, with PostgreSQL's own words", func(t *testing.T) {
		t.Parallel()
		o := o(folder(t))
		o.Settings = map[string]string{"max_connections": "many"}
		if _, err := Start(t.Context(), o); err == nil || !strings.Contains(err.Error(), `"many"`) {
			t.Errorf("error is %v", err)
		}
	})
	t.Run("in the folder", func(t *testing.T) {
		t.Parallel()
		dir := folder(t)
		if err := os.MkdirAll(filepath.Join(dir, "data", "photos"), 0o755); err != nil {
			t.Fatal(err)
		}
		if _, err := Start(t.Context(), o(dir)); err == nil || !strings.Contains(err.Error(), "not a PostgreSQL cluster") {
			t.Errorf("error is %v", err)
		}
		if _, err := os.Stat(filepath.Join(dir, "data", "photos")); err != nil {
			t.Errorf("it was touched: %v", err)
		}
	})
	t.Run("without a folder", func(t *testing.T) {
		t.Parallel()
		if _, err := Start(t.Context(), o("")); err == nil {
			t.Error("no error")
		}
	})
}

// Only the server's own user gets in: not even the one that PostgreSQL runs as.
func TestAccess(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("acting as another user takes root")
	}
	s := mustStart(t, Options{DataDir: folder(t), Volatile: true})
	p, err := findPrograms(t.Context(), s.home, "", quiet)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(p.path("psql")); err != nil {
		t.Skip("no psql beside the server")
	}
	said, err := s.home.account.command(p.path("psql"), "-XAtc", "SELECT 1", s.URL()).CombinedOutput()
	if err == nil || !strings.Contains(strings.ToLower(string(said)), "peer authentication failed") {
		t.Errorf("psql as %s: %v, %s", s.home.account.name, err, said)
	}
	stranger := account{uid: s.home.account.uid + 5000, gid: s.home.account.gid + 5000, switched: true}
	said, err = stranger.command(p.path("psql"), "-XAtc", "SELECT 1", s.URL()).CombinedOutput()
	if err == nil || !strings.Contains(string(said), "Permission denied") {
		t.Errorf("psql as a stranger: %v, %s", err, said)
	}
}

// As root below a folder that is closed to others: the data go where PostgreSQL's user can reach them, for good.
func TestFolderOutOfReach(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root runs PostgreSQL as another user")
	}
	relocatedTo := filepath.Join(folder(t), "lib")
	defer func(was string) { relocated = was }(relocated)
	relocated = relocatedTo

	closed := t.TempDir()
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(closed, "state", "postgres")
	s := mustStart(t, Options{DataDir: dir, Volatile: true})
	exec1(t, s.URL(), "CREATE TABLE kept AS SELECT 42 AS answer")
	mustStop(t, s)
	if target, err := os.Readlink(dir); err != nil || filepath.Dir(target) != relocatedTo {
		t.Errorf("it is at %s (%v)", target, err)
	}
	again := mustStart(t, Options{DataDir: dir, Volatile: true})
	if got := query[int](t, again.URL(), "SELECT answer FROM kept"); got != 42 {
		t.Errorf("the answer is %d", got)
	}

	full := filepath.Join(closed, "full")
	if err := os.MkdirAll(filepath.Join(full, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Options{DataDir: full, Logger: quiet}); err == nil || !strings.Contains(err.Error(), "cannot reach") {
		t.Errorf("error is %v", err)
	}
}

// The newest installed version makes a cluster; afterwards only its own major version will do.
func TestProgramsFitTheCluster(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	for _, major := range []string{"16", "99"} {
		bin := filepath.Join(dir, major)
		if err := os.Mkdir(bin, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"initdb", "postgres"} {
			script := "#!/bin/sh\necho '" + name + " (PostgreSQL) " + major + ".1 (Debian)'\n"
			if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	h := home{dir: filepath.Join(dir, "home")}
	if err := os.MkdirAll(h.data(), 0o755); err != nil {
		t.Fatal(err)
	}
	if p, err := findPrograms(t.Context(), h, filepath.Join(dir, "99"), quiet); err != nil || p.major != 99 {
		t.Errorf("%v, %v", p, err)
	}
	if err := os.WriteFile(filepath.Join(h.data(), "PG_VERSION"), []byte("16\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := findPrograms(t.Context(), h, filepath.Join(dir, "99"), quiet); err == nil || !strings.Contains(err.Error(), "the data needs 16") {
		t.Errorf("error is %v", err)
	}
	if p, err := findPrograms(t.Context(), h, filepath.Join(dir, "16"), quiet); err != nil || p.major != 16 {
		t.Errorf("%v, %v", p, err)
	}
}

// Where no PostgreSQL is installed it is fetched once, checked, and usable by the account, whatever root's umask is.
// The server here hands out testdata/programs.txz: bin/initdb and bin/postgres, shell scripts that only tell their version,
// and a bin/pg_ctl that fails.
func TestFetch(t *testing.T) {
	programs, err := os.ReadFile(filepath.Join("testdata", "programs.txz"))
	if err != nil {
		t.Fatal(err)
	}
	var jar bytes.Buffer
	w := zip.NewWriter(&jar)
	entry, err := w.Create("postgres.txz")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := entry.Write(programs); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var requests atomic.Int32
	checksum := "not the checksum"
	repository := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		if strings.HasSuffix(r.URL.Path, ".sha256") {
			_, _ = io.WriteString(w, checksum)
			return
		}
		_, _ = w.Write(jar.Bytes())
	}))
	defer repository.Close()
	defer syscall.Umask(syscall.Umask(0o077))
	dir := folder(t)
	acc, err := accountFor("")
	if err != nil {
		t.Fatal(err)
	}
	h := home{dir: dir, account: acc}

	if _, err := fetch(t.Context(), h, 0, repository.URL, quiet); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("error is %v, want one about the checksum", err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "binaries", "unpacking", "programs", "bin"), 0o700); err != nil {
		t.Fatal(err) // of a fetch that was interrupted
	}
	sum := sha256.Sum256(jar.Bytes())
	checksum = hex.EncodeToString(sum[:])
	for range 2 {
		p, err := fetch(t.Context(), h, 17, repository.URL, quiet)
		if err != nil || p.major != 17 {
			t.Fatalf("%v, %v", p, err)
		}
	}
	if n := requests.Load(); n != 4 {
		t.Errorf("%d requests, want 4: two for the bad download, two for the good one", n)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "binaries")); err != nil || len(left) != 1 {
		t.Errorf("left are %v (%v)", left, err)
	}
	if _, err := fetch(t.Context(), h, 12, repository.URL, quiet); err == nil {
		t.Error("a version that nobody offers was fetched")
	}
}
