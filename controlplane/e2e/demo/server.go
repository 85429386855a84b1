package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/demarc/demarc/controlplane/e2e/checkout"
)

const (
	// preferred is where the documentation says that the control plane listens.
	preferred    = "127.0.0.1:8080"
	startTimeout = 2 * time.Minute
	stopTimeout  = 30 * time.Second
	pollInterval = 50 * time.Millisecond
)

// server is the demo's control plane. It runs on after the program that started it has ended: its process id is in a file.
type server struct {
	folder string // .demo
	data   string
}

func newServer(folder string) *server {
	s := &server{folder: folder, data: filepath.Join(folder, "data")}
	// As root, PostgreSQL runs as an unprivileged user, who has to get to its data.
	if os.Geteuid() == 0 && !openToAll(folder) {
		key := sha256.Sum256([]byte(folder))
		s.data = filepath.Join(os.TempDir(), fmt.Sprintf("demarc-demo-%x", key[:4]))
	}
	return s
}

// openToAll says whether every user may enter the folders above a path.
func openToAll(path string) bool {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
	}
}

func (s *server) pidFile() string   { return filepath.Join(s.folder, "server.pid") }
func (s *server) logFile() string   { return filepath.Join(s.folder, "server.log") }
func (s *server) tokenFile() string { return filepath.Join(s.data, "bootstrap-token") }

// addressFile remembers the endpoint beyond the server's end, which removes its own file.
func (s *server) addressFile() string { return filepath.Join(s.folder, "endpoint") }

// start starts the control plane in a session of its own and returns its address as soon as it answers.
func (s *server) start(ctx context.Context, program string) (endpoint string, err error) {
	listen := s.listen()
	ready := filepath.Join(s.data, "endpoint")
	if err := os.MkdirAll(s.data, 0o755); err != nil {
		return "", err
	}
	if err := os.Remove(ready); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	log, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	defer log.Close()
	// Not bound to ctx: it is to outlive this program.
	cmd := exec.Command(program, "serve", "--listen", listen, "--data-dir", s.data) //nolint:noctx // see above
	cmd.Env = checkout.Environment()
	cmd.Dir = s.folder
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // how it ended is in cmd.ProcessState
	}()
	if err := os.WriteFile(s.pidFile(), []byte(strconv.Itoa(cmd.Process.Pid)), 0o644); err != nil {
		return "", err
	}
	timeout := time.NewTimer(startTimeout)
	defer timeout.Stop()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		b, err := os.ReadFile(ready)
		if endpoint := strings.TrimSpace(string(b)); err == nil && endpoint != "" {
			return endpoint, os.WriteFile(s.addressFile(), b, 0o644)
		}
		select {
		case <-ended:
			return "", fmt.Errorf("the control plane ended before it was ready (%s); its log ends with\n%s", cmd.ProcessState, tail(s.logFile()))
		case <-timeout.C:
			_, err := s.stop()
			return "", errors.Join(fmt.Errorf("the control plane was not ready in %s; its log ends with\n%s", startTimeout, tail(s.logFile())), err)
		case <-ctx.Done():
			_, err := s.stop()
			return "", errors.Join(ctx.Err(), err)
		case <-tick.C:
		}
	}
}

// listen returns the address to listen on: the one of the last time, so that what the user has noted stays true; else the
// preferred one; else, if another program has that, any.
func (s *server) listen() string {
	address := preferred
	if b, err := os.ReadFile(s.addressFile()); err == nil {
		if u, err := url.Parse(strings.TrimSpace(string(b))); err == nil && u.Host != "" {
			address = u.Host
		}
	}
	l, err := net.Listen("tcp", address) //nolint:noctx // answers at once
	if err != nil {
		fmt.Printf("  %s is taken by another program; taking a free port\n", address)
		return "127.0.0.1:0"
	}
	l.Close()
	return address
}

// stop ends the control plane, gracefully if it does so in time, and says whether one was running.
func (s *server) stop() (bool, error) {
	b, err := os.ReadFile(s.pidFile())
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return false, fmt.Errorf("%s: %w", s.pidFile(), err)
	}
	running := alive(pid)
	for _, step := range []struct {
		signal  syscall.Signal
		timeout time.Duration
	}{{syscall.SIGTERM, stopTimeout}, {syscall.SIGKILL, stopTimeout}} {
		if !alive(pid) {
			break
		}
		if err := syscall.Kill(pid, step.signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return running, err
		}
		for deadline := time.Now().Add(step.timeout); alive(pid) && time.Now().Before(deadline); {
			time.Sleep(pollInterval)
		}
	}
	if alive(pid) {
		return running, fmt.Errorf("process %d does not end", pid)
	}
	return running, os.Remove(s.pidFile())
}

// removeData removes the data folder. PostgreSQL may still be ending after a kill, and write a last file.
func (s *server) removeData() error {
	deadline := time.Now().Add(stopTimeout)
	for {
		err := os.RemoveAll(s.data)
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(pollInterval)
	}
}

// alive says whether a process is a running demarc-server: the system may have given the id to another program meanwhile, and
// a process that has ended stays visible until its parent has noticed.
func alive(pid int) bool {
	if line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err == nil {
		program, _, _ := strings.Cut(string(line), "\x00")
		return filepath.Base(program) == "demarc-server"
	}
	if _, err := os.Stat("/proc/self"); err == nil {
		return false
	}
	out, err := exec.Command("ps", "-o", "comm=", "-p", strconv.Itoa(pid)).Output() //nolint:noctx // answers at once
	return err == nil && filepath.Base(strings.TrimSpace(string(out))) == "demarc-server"
}

// tail returns the end of a file, for an error message.
func tail(name string) string {
	b, err := os.ReadFile(name)
	if err != nil {
		return err.Error()
	}
	const size = 4096
	if len(b) > size {
		b = b[len(b)-size:]
	}
	return string(b)
}
