// Where the programs initdb and postgres come from: the system, or, where it has none, a download.

package pgserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	embeddedpostgres "github.com/fergusstrange/embedded-postgres"
)

// oldest is the first major version that the schema works with.
const oldest = 15

// fetched are the versions that can be downloaded, by major. A new cluster gets the newest of them.
var fetched = map[int]embeddedpostgres.PostgresVersion{
	15: embeddedpostgres.V15,
	16: embeddedpostgres.V16,
	17: embeddedpostgres.V17,
}

// installed are the places where packages put the programs of each version.
var installed = []string{
	"/usr/lib/postgresql/*/bin",                          // Debian, Ubuntu
	"/usr/pgsql-*/bin",                                   // the PostgreSQL project's own for Red Hat
	"/usr/libexec/postgresql*",                           // Alpine
	"/usr/local/pgsql/bin",                               // built from source
	"/opt/homebrew/opt/postgresql*/bin",                  // Homebrew
	"/usr/local/opt/postgresql*/bin",                     // Homebrew, Intel
	"/Applications/Postgres.app/Contents/Versions/*/bin", // Postgres.app
}

// programs is a folder with initdb and postgres.
type programs struct {
	dir   string
	major int
}

func (p programs) path(name string) string { return filepath.Join(p.dir, name) }

// findPrograms returns the programs for the cluster: of its own major version if it exists, else the best there are.
func findPrograms(ctx context.Context, h home, dir string, log *slog.Logger) (programs, error) {
	wanted, err := clusterMajor(h.data())
	if err != nil {
		return programs{}, err
	}
	if dir != "" {
		p, err := inspect(ctx, h.account, dir)
		if err == nil && !p.serves(wanted) {
			err = fmt.Errorf("%s has PostgreSQL %d, but the data needs %d", dir, p.major, wanted)
		}
		return p, err
	}
	if p, ok := findInstalled(ctx, h.account, wanted); ok {
		return p, nil
	}
	return fetch(ctx, h, wanted, "", log)
}

func (p programs) serves(wanted int) bool {
	if wanted != 0 {
		return p.major == wanted
	}
	return p.major >= oldest
}

// clusterMajor is the major version that made the cluster, 0 if there is none yet.
func clusterMajor(data string) (int, error) {
	text, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", data, err)
	}
	return major, nil
}

// findInstalled looks at the PATH, which is the user's choice, then at the usual places, newest first.
func findInstalled(ctx context.Context, a account, wanted int) (programs, bool) {
	if path, err := exec.LookPath("postgres"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			if p, err := inspect(ctx, a, filepath.Dir(path)); err == nil && p.serves(wanted) {
				return p, true
			}
		}
	}
	var found []programs
	for _, pattern := range installed {
		dirs, _ := filepath.Glob(pattern) // the patterns are well formed
		for _, dir := range dirs {
			if p, err := inspect(ctx, a, dir); err == nil && p.serves(wanted) {
				found = append(found, p)
			}
		}
	}
	if len(found) == 0 {
		return programs{}, false
	}
	return slices.MaxFunc(found, func(x, y programs) int { return x.major - y.major }), true
}

var versionText = regexp.MustCompile(`PostgreSQL\) (\d+)`)

// inspect asks the programs in a folder for their version, as the user that is to run them.
func inspect(ctx context.Context, a account, dir string) (programs, error) {
	p := programs{dir: dir}
	for _, name := range []string{"initdb", "postgres"} {
		said, err := a.commandContext(ctx, p.path(name), "--version").Output()
		if err != nil {
			return programs{}, err
		}
		m := versionText.FindSubmatch(said)
		if m == nil {
			return programs{}, fmt.Errorf("%s does not tell its version: %q", p.path(name), bytes.TrimSpace(said))
		}
		p.major, _ = strconv.Atoi(string(m[1])) // digits
	}
	return p, nil
}

// fetch downloads and unpacks the programs once. repository replaces the library's own source, if it is not empty.
func fetch(ctx context.Context, h home, wanted int, repository string, log *slog.Logger) (programs, error) {
	if wanted == 0 {
		for major := range fetched {
			wanted = max(wanted, major)
		}
	}
	version, ok := fetched[wanted]
	if !ok {
		return programs{}, fmt.Errorf("the data needs the programs of PostgreSQL %d: install them", wanted)
	}
	cache := filepath.Join(h.dir, "binaries")
	dir := filepath.Join(cache, string(version))
	if p, err := inspect(ctx, h.account, filepath.Join(dir, "bin")); err == nil {
		return p, nil
	}
	log.InfoContext(ctx, "no PostgreSQL is installed: fetching one", "version", string(version), "into", dir)
	if err := makePassable(cache); err != nil {
		return programs{}, err
	}
	// The folder's lock is held, so nobody else is at it; what is there was left by an interruption.
	unpacking := filepath.Join(cache, "unpacking")
	if err := errors.Join(os.RemoveAll(unpacking), os.RemoveAll(dir)); err != nil {
		return programs{}, err
	}
	defer os.RemoveAll(unpacking)
	if err := download(unpacking, version, repository); err != nil {
		return programs{}, fmt.Errorf("fetch PostgreSQL %s: %w (install PostgreSQL %d or later, or set a database URL)", version, err, oldest)
	}
	if err := os.Rename(filepath.Join(unpacking, "programs"), dir); err != nil {
		return programs{}, err
	}
	p, err := inspect(ctx, h.account, filepath.Join(dir, "bin"))
	if err != nil {
		return programs{}, fmt.Errorf("the fetched PostgreSQL %s does not run here: %w", version, err)
	}
	return p, nil
}

// download has the library fetch, verify and unpack. It offers these only as the first part of its Start, so its Start is
// given a data folder that looks complete, which keeps it from making one, but that no PostgreSQL would start on.
func download(dir string, version embeddedpostgres.PostgresVersion, repository string) error {
	programs, decoy := filepath.Join(dir, "programs"), filepath.Join(dir, "decoy")
	if err := os.MkdirAll(decoy, 0o755); err != nil {
		return err
	}
	major, _, _ := strings.Cut(string(version), ".")
	if err := os.WriteFile(filepath.Join(decoy, "PG_VERSION"), []byte(major+"\n"), 0o600); err != nil {
		return err
	}
	var said bytes.Buffer
	config := embeddedpostgres.DefaultConfig().
		Version(version).Port(0).Logger(&said).
		CachePath(filepath.Join(dir, "archive")).RuntimePath(filepath.Join(dir, "runtime")).
		BinariesPath(programs).DataPath(decoy)
	if repository != "" {
		config = config.BinaryRepositoryURL(repository)
	}
	err := embeddedpostgres.NewDatabase(config).Start()
	for _, name := range []string{"initdb", "postgres"} {
		if _, statErr := os.Stat(filepath.Join(programs, "bin", name)); statErr != nil {
			return errors.Join(err, statErr)
		}
	}
	return readableByAll(programs)
}

// readableByAll undoes a narrow umask, root's perhaps, for the sake of the account.
func readableByAll(dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.Type()&fs.ModeSymlink != 0 {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		mode := info.Mode().Perm() | 0o444
		if e.IsDir() || mode&0o100 != 0 {
			mode |= 0o111
		}
		return os.Chmod(path, mode)
	})
}
