// What an earlier owner left: a PostgreSQL that is still shutting down, or traces of one that is gone.

package pgserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
)

const (
	fastShutdown      = 30 * time.Second // then immediate shutdown
	immediateShutdown = 10 * time.Second // then the start fails
)

// stopPrevious makes sure that no process works on the cluster. The folder's lock is held, so none of ours should: the
// owner of what is found is dead.
func stopPrevious(ctx context.Context, h home, log *slog.Logger) error {
	pidFile := filepath.Join(h.data(), "postmaster.pid")
	postmaster, err := readPID(pidFile)
	if err != nil {
		return err
	}
	running := clusterProcesses(h.data(), postmaster)
	if len(running) > 0 {
		log.InfoContext(ctx, "waiting for the PostgreSQL of an earlier server to end", "pids", running)
		// Processes without their postmaster notice its end themselves.
		stages := []struct {
			signal syscall.Signal
			wait   time.Duration
		}{{syscall.SIGINT, fastShutdown}, {syscall.SIGQUIT, immediateShutdown}}
		for _, s := range stages {
			if len(running) > 0 && slices.Contains(running, postmaster) {
				_ = syscall.Kill(postmaster, s.signal)
			}
			running = awaitEnd(ctx, h.data(), postmaster, s.wait)
		}
		if len(running) > 0 {
			return fmt.Errorf("the PostgreSQL of an earlier server does not end (processes %v): %w", running, context.Cause(ctx))
		}
	}
	// After a crash the file is still there, and its number may by now be that of any process, which PostgreSQL would
	// take for a postmaster and refuse to start.
	if err := os.Remove(pidFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func awaitEnd(ctx context.Context, data string, postmaster int, wait time.Duration) []int {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for {
		running := clusterProcesses(data, postmaster)
		if len(running) == 0 || clock.Real().Sleep(ctx, poll) != nil {
			return running
		}
	}
}

// readPID returns the first line of a postmaster.pid, 0 if there is none.
func readPID(name string) (int, error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	// A line that is no number was cut off by a full disk or a crash; it is nobody's.
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if pid, err := strconv.Atoi(string(bytes.TrimSpace(line))); err == nil && pid > 0 {
		return pid, nil
	}
	return 0, nil
}
