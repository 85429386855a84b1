// The private PostgreSQL of a test process.
//
// Making a cluster takes two seconds and migrating it another; both are done once and kept as one archive, because
// folders in a temporary place get cleaned file by file. Unpacking it and starting takes a few tenths.

package dbtest

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/pgserver"
)

// keptArchives is how long an archive stays that nobody uses: other branches have other migrations.
const keptArchives = 7 * 24 * time.Hour

// private starts a PostgreSQL that has the template and ends with this process. It returns the URL to give orders at.
func private(ctx context.Context, template string) (string, error) {
	shelf, err := openShelf()
	if err != nil {
		return "", err
	}
	run, err := unpack(ctx, shelf, template)
	if err != nil {
		return "", err
	}
	s, err := pgserver.Start(ctx, pgserver.Options{DataDir: filepath.Join(run, "pg"), Volatile: true, Logger: quiet})
	if err != nil {
		return "", err
	}
	return s.URLOf("postgres"), nil
}

var quiet = slog.New(slog.DiscardHandler)

// openShelf returns the folder of archives and of running clusters, in the first temporary place that PostgreSQL's user
// can reach.
func openShelf() (string, error) {
	var errs []error
	for _, place := range []string{os.TempDir(), "/tmp", "/var/tmp"} {
		if err := pgserver.Reachable(place); err != nil {
			errs = append(errs, err)
			continue
		}
		shelf := filepath.Join(place, "demarc-dbtest-"+strconv.Itoa(os.Getuid()))
		if err := os.Mkdir(shelf, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			errs = append(errs, err)
			continue
		}
		info, err := os.Lstat(shelf)
		if err == nil && (!info.IsDir() || int(info.Sys().(*syscall.Stat_t).Uid) != os.Getuid()) {
			err = fmt.Errorf("%s belongs to somebody else", shelf)
		}
		if err == nil {
			err = os.Chmod(shelf, 0o755)
		}
		if err == nil {
			return shelf, nil
		}
		errs = append(errs, err)
	}
	return "", errors.Join(errs...)
}

// unpack makes the folder of this process's cluster. What happens on the shelf happens under its lock.
func unpack(ctx context.Context, shelf, template string) (run string, err error) {
	lock, err := flock(ctx, filepath.Join(shelf, "lock"))
	if err != nil {
		return "", err
	}
	defer lock.Close()
	sweep(shelf)
	archive := filepath.Join(shelf, template+".tar")
	if _, err := os.Stat(archive); errors.Is(err, fs.ErrNotExist) {
		if err := build(ctx, shelf, archive, template); err != nil {
			return "", fmt.Errorf("make the template: %w", err)
		}
	}
	now := clock.Real().Now()
	_ = os.Chtimes(archive, now, now)

	if run, err = os.MkdirTemp(shelf, "run-"); err != nil {
		return "", err
	}
	if err := os.Chmod(run, 0o755); err != nil {
		return "", err
	}
	// Held until the process ends: it tells sweep that the folder is in use.
	inUse, err := flock(ctx, filepath.Join(run, "lock"))
	if err != nil {
		return "", err
	}
	untilExit = append(untilExit, inUse)
	if err := removeAtExit(run); err != nil {
		return "", err
	}
	if err := os.Mkdir(filepath.Join(run, "pg"), 0o755); err != nil {
		return "", err
	}
	return run, extract(archive, filepath.Join(run, "pg", "data"))
}

// sweep removes what was in the way of no reaper: folders whose process is gone, archives that are not used any more.
func sweep(shelf string) {
	runs, _ := filepath.Glob(filepath.Join(shelf, "run-*"))
	for _, run := range runs {
		f, err := os.OpenFile(filepath.Join(run, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			continue
		}
		if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			os.RemoveAll(run)
		}
		f.Close()
	}
	archives, _ := filepath.Glob(filepath.Join(shelf, "*.tar"))
	for _, archive := range archives {
		if info, err := os.Stat(archive); err == nil && clock.Real().Now().Sub(info.ModTime()) > keptArchives {
			os.Remove(archive)
		}
	}
}

// build makes a cluster with the template and puts it into the archive.
func build(ctx context.Context, shelf, archive, template string) error {
	making := filepath.Join(shelf, "making")
	if err := os.RemoveAll(making); err != nil {
		return err
	}
	defer os.RemoveAll(making)
	s, err := pgserver.Start(ctx, pgserver.Options{
		DataDir: making, Volatile: true, Logger: quiet,
		Settings: map[string]string{"min_wal_size": "2MB", "max_wal_size": "2MB"}, // a smaller archive
	})
	if err != nil {
		return err
	}
	err = makeTemplate(ctx, s.URLOf("postgres"), template)
	if err := errors.Join(err, s.Stop(ctx)); err != nil {
		return err
	}
	if err := pack(filepath.Join(making, "data"), archive+".making"); err != nil {
		return err
	}
	return os.Rename(archive+".making", archive)
}

func pack(dir, archive string) error {
	f, err := os.Create(archive)
	if err != nil {
		return err
	}
	w := tar.NewWriter(f)
	err = w.AddFS(os.DirFS(dir))
	return errors.Join(err, w.Close(), f.Close())
}

func extract(archive, dir string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		name := filepath.Join(dir, filepath.FromSlash(strings.TrimSuffix(h.Name, "/")))
		if h.Typeflag == tar.TypeDir {
			if err := os.MkdirAll(name, 0o700); err != nil {
				return err
			}
			continue
		}
		out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = io.CopyN(out, r, h.Size)
		if err := errors.Join(err, out.Close()); err != nil {
			return err
		}
	}
}

// removeAtExit has a folder removed when this process ends, however it ends: a shell waits for the end of a pipe whose
// other end only this process has, and then for the locks of the folder's PostgreSQL to be gone.
func removeAtExit(dir string) error {
	alive, held, err := os.Pipe()
	if err != nil {
		return err
	}
	defer alive.Close()
	reaper := exec.CommandContext(context.Background(), "/bin/sh", "-c", `read -r _
i=0
while [ -e "$1/pg/data/postmaster.pid" ] && [ $i -lt 100 ]; do sleep 0.1; i=$((i+1)); done
rm -rf "$1"`, "sh", dir)
	reaper.Stdin = alive
	reaper.Dir = "/"
	reaper.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := reaper.Start(); err != nil {
		held.Close()
		return err
	}
	untilExit = append(untilExit, held)
	return nil
}

// untilExit keeps files open until the process ends, safe from the garbage collector.
var untilExit []*os.File

func flock(ctx context.Context, name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			f.Close()
			return nil, err
		}
		if err := clock.Real().Sleep(ctx, 20*time.Millisecond); err != nil {
			f.Close()
			return nil, fmt.Errorf("%s: another process is making the template: %w", name, err)
		}
	}
}
