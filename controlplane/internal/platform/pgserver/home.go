// The folder of a private PostgreSQL: who owns it, what is in it, and how a cluster gets there.

package pgserver

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
)

const (
	hbaFile   = "pg_hba.conf"
	identFile = "pg_ident.conf"
	logFile   = "postgres.log"

	maxLog = 8 << 20
	// A socket's path has to fit into sockaddr_un: 108 bytes on Linux, 104 on the BSDs and macOS, with the final NUL.
	maxSocketPath = 103
	lockWait      = 10 * time.Second
)

// relocated is where a folder goes that PostgreSQL's user could not reach.
var relocated = "/var/lib/demarc"

// home is the folder, locked.
type home struct {
	dir     string // absolute, without symbolic links
	account account
	lock    *os.File
}

func (h home) data() string { return filepath.Join(h.dir, "data") }

func openHome(ctx context.Context, dir string, log *slog.Logger) (home, error) {
	if dir == "" {
		return home{}, errors.New("no data folder is given")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return home{}, err
	}
	if err := makePassable(dir); err != nil {
		return home{}, err
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		return home{}, err
	}
	h := home{dir: dir}
	if h.account, err = accountFor(h.data()); err != nil {
		return home{}, err
	}
	if err := h.account.reach(h.dir); err != nil {
		if h.dir, err = relocate(h.dir, err); err != nil {
			return home{}, err
		}
		log.WarnContext(ctx, "the data folder of PostgreSQL is out of its user's reach, so it was made elsewhere",
			"wanted", dir, "made", h.dir, "user", h.account.name)
	}
	return h, h.acquire(ctx)
}

// relocate puts an empty folder that the unprivileged user cannot reach where it can, and a link in its place.
func relocate(dir string, reason error) (string, error) {
	cannot := func(err error) (string, error) {
		return "", fmt.Errorf("%w; choose a data folder that this user can reach (%w)", reason, err)
	}
	if err := makePassable(relocated); err != nil {
		return cannot(err)
	}
	// Fails on a folder that has anything in it.
	if err := os.Remove(dir); err != nil {
		return cannot(err)
	}
	moved, err := os.MkdirTemp(relocated, "postgres-")
	if err != nil {
		return cannot(err)
	}
	if err := os.Chmod(moved, 0o755); err != nil {
		return cannot(err)
	}
	if err := os.Symlink(moved, dir); err != nil {
		return cannot(err)
	}
	return moved, nil
}

// makePassable makes a folder and what is missing above it so that another user can pass through, whatever the umask.
// The folders inside that hold anything are private.
func makePassable(dir string) error {
	if _, err := os.Stat(dir); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := makePassable(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return os.Chmod(dir, 0o755)
}

// acquire locks the folder. The lock goes with the process, however that ends.
func (h *home) acquire(ctx context.Context) error {
	f, err := os.OpenFile(filepath.Join(h.dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			f.Close()
			return fmt.Errorf("lock %s: %w", f.Name(), err)
		}
		if clock.Real().Sleep(ctx, poll) != nil {
			owner, _ := os.ReadFile(f.Name())
			f.Close()
			return fmt.Errorf("%s is in use by another server (process %s)", h.dir, bytes.TrimSpace(owner))
		}
	}
	h.lock = f
	// For whoever wonders about the lock; nothing depends on it.
	if err := f.Truncate(0); err == nil {
		_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	return nil
}

func (h home) close() {
	if h.lock != nil {
		_ = h.lock.Close()
	}
}

// initialise makes the cluster, if there is none, and sees to its owner.
func (h home) initialise(ctx context.Context, p programs, o Options) error {
	if _, err := os.Stat(filepath.Join(h.data(), "PG_VERSION")); err == nil {
		return h.account.own(h.data())
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if left, err := os.ReadDir(h.data()); err == nil && len(left) > 0 {
		return fmt.Errorf("%s holds something that is not a PostgreSQL cluster", h.data())
	}
	// Upper and lower case of all letters, but an order that no upgrade of the C library changes under an index.
	ctype := "C.UTF-8"
	if runtime.GOOS == "darwin" {
		ctype = "UTF-8"
	}
	err := h.initdb(ctx, p, o, ctype)
	if err != nil && ctx.Err() == nil {
		// The system may not have that locale; if something else was wrong, this says so again.
		err = h.initdb(ctx, p, o, "C")
	}
	return err
}

func (h home) initdb(ctx context.Context, p programs, o Options, ctype string) error {
	making := filepath.Join(h.dir, "data.making")
	if err := os.RemoveAll(making); err != nil { // of a start that was interrupted
		return err
	}
	if err := os.Mkdir(making, 0o700); err != nil {
		return err
	}
	if err := h.account.own(making); err != nil {
		return err
	}
	args := []string{
		"--pgdata", making, "--username", Role, "--auth", "peer", "--encoding", "UTF8",
		"--lc-collate", "C", "--lc-ctype", ctype, "--lc-messages", "C",
		"--lc-monetary", "C", "--lc-numeric", "C", "--lc-time", "C",
	}
	if o.Volatile {
		args = append(args, "--no-sync", "--wal-segsize", "1")
	} else {
		args = append(args, "--data-checksums")
	}
	cmd := h.account.commandContext(ctx, p.path("initdb"), args...)
	cmd.Dir = h.dir
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w%s", err, indented(said))
	}
	_ = os.Remove(h.data()) // an empty one
	if err := os.Rename(making, h.data()); err != nil {
		return err
	}
	return syncDir(h.dir)
}

// writeAccessRules lets one user of this machine in: the one that runs this program. PostgreSQL asks the kernel who is
// at the other end of the socket.
func (h home) writeAccessRules() error {
	method, ident := "trust", ""
	if me, err := user.LookupId(strconv.Itoa(os.Geteuid())); err == nil {
		method = "peer map=owner"
		ident = fmt.Sprintf("owner %q %s\n", me.Username, Role)
	}
	// A user that the system has no name for cannot be mapped; then the mode of the socket's folder alone decides.
	hba := "# Written at each start.\nlocal all " + Role + " " + method + "\n"
	for name, text := range map[string]string{hbaFile: hba, identFile: "# Written at each start.\n" + ident} {
		file := filepath.Join(h.dir, name)
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return err
		}
		if err := os.Chmod(file, 0o644); err != nil { // past a narrow umask
			return err
		}
	}
	return nil
}

// openLog opens PostgreSQL's log for appending, and sets a long one aside.
func (h home) openLog() (*os.File, error) {
	name := filepath.Join(h.dir, logFile)
	if info, err := os.Stat(name); err == nil && info.Size() > maxLog {
		if err := os.Rename(name, name+".1"); err != nil {
			return nil, err
		}
	}
	return os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
}

// logSince returns the end of what was logged after offset, for an error message.
func (h home) logSince(offset int64) string {
	text, err := os.ReadFile(filepath.Join(h.dir, logFile))
	if err != nil || int64(len(text)) <= offset {
		return ""
	}
	return indented(text[offset:])
}

func indented(said []byte) string {
	const most = 2000
	if len(said) > most {
		said = said[len(said)-most:]
	}
	lines := strings.Split(strings.TrimSpace(string(said)), "\n")
	return "\n    " + strings.Join(lines, "\n    ")
}

// socketDir is the folder of the socket.
type socketDir struct {
	dir      string
	discards bool
}

// openSocketDir makes it inside the folder, or, where that makes a path too long for a socket, in a short place.
func openSocketDir(h home) (socketDir, error) {
	inside := filepath.Join(h.dir, "run")
	if fits(inside) {
		if err := os.MkdirAll(inside, 0o700); err != nil {
			return socketDir{}, err
		}
		if err := os.Chmod(inside, 0o700); err != nil {
			return socketDir{}, err
		}
		return socketDir{dir: inside}, h.account.own(inside)
	}
	sum := sha256.Sum256([]byte(h.dir))
	dir := filepath.Join("/tmp", "demarc-"+hex.EncodeToString(sum[:6]))
	if err := h.claim(dir); err != nil {
		// Somebody else's, as the place is open to all: take a name that nobody could foresee.
		if dir, err = os.MkdirTemp("/tmp", "demarc-"); err != nil {
			return socketDir{}, err
		}
		if err := h.claim(dir); err != nil {
			return socketDir{}, err
		}
	}
	return socketDir{dir: dir, discards: true}, nil
}

func fits(dir string) bool { return len(filepath.Join(dir, ".s.PGSQL."+port)) <= maxSocketPath }

// claim makes sure that dir is a real folder, ours or the account's, closed to all others.
func (h home) claim(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	owner := info.Sys().(*syscall.Stat_t).Uid
	ours := int(owner) == os.Geteuid() || h.account.switched && owner == h.account.uid
	if !info.IsDir() || info.Mode().Perm() != 0o700 || !ours {
		return fmt.Errorf("%s belongs to somebody else", dir)
	}
	return h.account.own(dir)
}

func (s socketDir) remove() {
	if s.discards {
		_ = os.RemoveAll(s.dir)
	}
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func sorted(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
