// Package servertest starts a real demarc-server for the tests of any module: the Go client, the CLI, the Terraform
// provider, the end-to-end tests.
//
// The binary is the one that DEMARC_TEST_SERVER_BIN names; without it, it is built once per process from the source
// beside this package. Each server has a data folder, and so a database, of its own.
package servertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// EnvBinary names the server binary to test instead of one built from source.
const EnvBinary = "DEMARC_TEST_SERVER_BIN"

const (
	startTimeout = 2 * time.Minute
	stopTimeout  = 30 * time.Second
	pollInterval = 20 * time.Millisecond
)

// Server is a running demarc-server. Its methods are for one goroutine; Log may be called from any.
type Server struct {
	Endpoint string // http://127.0.0.1:port; stays the same over Restart
	Token    string // of the bootstrap administrator
	DataDir  string

	binary string
	args   []string
	env    []string
	log    *logBuffer
	cmd    *exec.Cmd
	exited chan struct{} // closed when the process has ended
	status error         // how it ended; read after exited
	killed bool          // by Kill: its status means nothing
}

// Option changes how a server is started.
type Option func(*Server)

// WithArgs adds arguments after serve.
func WithArgs(args ...string) Option {
	return func(s *Server) { s.args = append(s.args, args...) }
}

// WithEnv adds variables, NAME=value. The DEMARC_ variables of the test's own environment are not handed on.
func WithEnv(env ...string) Option {
	return func(s *Server) { s.env = append(s.env, env...) }
}

// Start starts a server that stops, and loses its data, when the test ends. Its log is shown if the test fails.
func Start(tb testing.TB, opts ...Option) *Server {
	tb.Helper()
	s, err := Launch(opts...)
	if err != nil {
		tb.Fatalf("servertest: %v", err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("servertest: %v", err)
		}
		if tb.Failed() {
			tb.Logf("log of the server (its end):\n%s", tail(s.Log(), 16<<10))
		}
	})
	return s
}

// Launch is Start for a TestMain, where there is no testing.TB: the caller calls Close.
func Launch(opts ...Option) (*Server, error) {
	binary, err := Binary()
	if err != nil {
		return nil, err
	}
	// A short path, because a Unix socket's is limited to 107 bytes; open to all, because PostgreSQL runs as an
	// unprivileged user when the test runs as root.
	dir, err := os.MkdirTemp("/tmp", "dm")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s := &Server{DataDir: dir, binary: binary, log: &logBuffer{}}
	for _, o := range opts {
		o(s)
	}
	if err := s.start("127.0.0.1:0"); err != nil {
		err = fmt.Errorf("%w\nlog of the server (its end):\n%s", err, tail(s.Log(), 16<<10))
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Kill ends the server at once with SIGKILL, as a crash would, and waits until the process is gone.
func (s *Server) Kill() {
	if s.running() {
		s.killed = true
		_ = s.cmd.Process.Kill() // the process may have ended meanwhile
	}
	if s.cmd != nil {
		<-s.exited
	}
}

// Stop asks the server to shut down and waits for it; a server that does not stop in 30 s is killed, and that is an
// error, as is a status other than zero, also of a server that ended by itself before.
func (s *Server) Stop() error {
	if !s.running() {
		if s.cmd != nil && !s.killed && s.status != nil {
			s.killed = true // said once
			return fmt.Errorf("the server had ended by itself with %w", s.status)
		}
		return nil
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.exited:
		if s.status != nil {
			return fmt.Errorf("the server ended with %w", s.status)
		}
		return nil
	case <-time.After(stopTimeout):
		s.Kill()
		return fmt.Errorf("the server did not stop in %s", stopTimeout)
	}
}

// Restart starts the server again on its data and address, after Kill, Stop, or while it runs (it is stopped first).
func (s *Server) Restart() error {
	if err := s.Stop(); err != nil {
		return err
	}
	u, err := url.Parse(s.Endpoint)
	if err != nil {
		return err
	}
	return s.start(u.Host)
}

// Close stops the server and removes its data.
func (s *Server) Close() error {
	return errors.Join(s.Stop(), s.removeData())
}

// Log returns what the server has logged since the first start.
func (s *Server) Log() string { return s.log.String() }

// Pid returns the server's process id, for tests that look at the process from outside.
func (s *Server) Pid() int { return s.cmd.Process.Pid }

func (s *Server) running() bool {
	if s.cmd == nil {
		return false
	}
	select {
	case <-s.exited:
		return false
	default:
		return true
	}
}

func (s *Server) start(listen string) error {
	ready := filepath.Join(s.DataDir, "endpoint")
	if err := os.Remove(ready); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	cmd := exec.CommandContext(context.Background(), s.binary, append([]string{"serve", "--listen", listen, "--data-dir", s.DataDir}, s.args...)...)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "DEMARC_") }), "DEMARC_CHECK_ANSWERS=true")
	cmd.Env = append(cmd.Env, s.env...)
	cmd.Dir = s.DataDir
	cmd.Stdout, cmd.Stderr = s.log, s.log
	// Descendants that outlive a killed server hold its log open: do not wait for them longer than this.
	cmd.WaitDelay = 5 * time.Second
	exited := make(chan struct{})
	if err := startWithParent(cmd, func(err error) {
		if errors.Is(err, exec.ErrWaitDelay) {
			err = nil
		}
		s.status = err
		close(exited)
	}); err != nil {
		return err
	}
	s.cmd, s.exited, s.killed = cmd, exited, false
	deadline := time.After(startTimeout)
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		if endpoint := strings.TrimSpace(readFile(ready)); endpoint != "" {
			token := strings.TrimSpace(readFile(filepath.Join(s.DataDir, "bootstrap-token")))
			if token == "" {
				return errors.New("the server is ready and has written no bootstrap-token")
			}
			s.Endpoint, s.Token = endpoint, token
			return nil
		}
		select {
		case <-exited:
			s.killed = true
			return errors.Join(errors.New("the server ended before it was ready"), s.status)
		case <-deadline:
			return fmt.Errorf("the server was not ready in %s", startTimeout)
		case <-tick.C:
		}
	}
}

// removeData removes the data folder. After a Kill the private PostgreSQL shuts down by itself and may still write,
// so one attempt may find new files.
func (s *Server) removeData() error {
	deadline := time.Now().Add(15 * time.Second)
	for {
		err := os.RemoveAll(s.DataDir)
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(pollInterval)
	}
}

func readFile(name string) string {
	b, err := os.ReadFile(name)
	if err != nil {
		return ""
	}
	return string(b)
}

// logBuffer collects what the server writes.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func tail(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return "…" + s[len(s)-n:]
}
