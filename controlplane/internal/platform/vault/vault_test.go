package vault_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
	"github.com/demarc/demarc/controlplane/internal/platform/vault"
)

// text is what these tests keep secret.
const text = "MARKED-correct-horse"

// A node is a process on the database with a key file.
type node struct {
	*vault.Vault
	t      *testing.T
	db     *db.DB
	file   string
	column vault.Column
}

// start starts a node on a database, which gets a table with a secret.
func start(t *testing.T, d *db.DB, file string) *node {
	t.Helper()
	n, err := tryStart(t, d, file)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func tryStart(t *testing.T, d *db.DB, file string) (*node, error) {
	t.Helper()
	if err := d.Conn(t.Context()).Exec("CREATE TABLE IF NOT EXISTS safe (id text PRIMARY KEY, content bytea)").Error; err != nil {
		t.Fatal(err)
	}
	v, err := vault.Open(t.Context(), d, vault.Options{KeyFile: file, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		return nil, err
	}
	return &node{v, t, d, file, v.Column("safe", "content")}, nil
}

func newNode(t *testing.T) *node {
	t.Helper()
	return start(t, dbtest.New(t), filepath.Join(t.TempDir(), "encryption-key"))
}

// beside is another node on the same database with the same file.
func (n *node) beside() *node { return start(n.t, n.db, n.file) }

// put stores a secret.
func (n *node) put(id, value string) []byte {
	n.t.Helper()
	var sealed []byte
	n.check(n.db.InTx(n.t.Context(), func(ctx context.Context) (err error) {
		s := secret.New(value)
		if sealed, err = n.column.Seal(ctx, id, &s); err != nil {
			return err
		}
		return n.db.Conn(ctx).Exec("INSERT INTO safe VALUES (?, ?)", id, sealed).Error
	}))
	return sealed
}

func (n *node) stored(id string) []byte {
	n.t.Helper()
	var rows []struct{ Content []byte }
	n.check(n.db.Conn(n.t.Context()).Raw("SELECT content FROM safe WHERE id = ?", id).Scan(&rows).Error)
	if len(rows) != 1 {
		n.t.Fatalf("%d rows have the id %s", len(rows), id)
	}
	return rows[0].Content
}

func (n *node) opens(id, want string) {
	n.t.Helper()
	got, err := n.column.Open(id, n.stored(id))
	if err != nil {
		n.t.Fatal(err)
	}
	if got.Reveal() != want {
		n.t.Fatalf("%s holds %q, want %q", id, got.Reveal(), want)
	}
}

func (n *node) rotate(change func(*vault.Vault, context.Context) (vault.Rotation, error)) vault.Rotation {
	n.t.Helper()
	r, err := change(n.Vault, n.t.Context())
	n.check(err)
	return r
}

func (n *node) check(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Fatal(err)
	}
}

// keyOf is the id of a ciphertext's key, as Rotation has it.
func keyOf(ciphertext []byte) string { return fmt.Sprintf("%x", ciphertext[1:5]) }

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	for id, value := range map[string]string{"a": text, "empty": "", "long": strings.Repeat("x", 65536)} {
		if sealed := n.put(id, value); bytes.Contains(sealed, []byte(text)) {
			t.Errorf("%s is stored as it is", id)
		}
		n.opens(id, value)
		n.beside().opens(id, value)
	}
	if bytes.Equal(n.put("b", text), n.put("c", text)) {
		t.Error("equal secrets can be told by their ciphertexts")
	}
	if s, err := n.column.Open("a", nil); err != nil || !s.IsZero() {
		t.Errorf("no secret opens to %v, %v", s, err)
	}
	if sealed, err := n.column.Seal(t.Context(), "a", nil); err != nil || sealed != nil {
		t.Errorf("no secret is sealed to %x, %v", sealed, err)
	}
}

func TestMovedCiphertextDoesNotOpen(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	sealed := n.put("ab", text)
	for name, where := range map[string]struct {
		column vault.Column
		id     string
	}{
		"another row":                  {n.column, "ac"},
		"another column":               {n.Column("safe", "other"), "ab"},
		"another table":                {n.Column("vault", "content"), "ab"},
		"parts that join to the same":  {n.Column("safe", "contenta"), "b"},
		"tables that join to the same": {n.Column("safec", "ontent"), "ab"},
	} {
		if s, err := where.column.Open(where.id, sealed); !errors.Is(err, vault.ErrBroken) || !s.IsZero() {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range sealed {
		damaged := bytes.Clone(sealed)
		damaged[i] ^= 1
		if _, err := n.column.Open("ab", damaged); err == nil {
			t.Fatalf("opens with byte %d changed", i)
		}
		if _, err := n.column.Open("ab", sealed[:i]); err == nil {
			t.Fatalf("opens cut to %d bytes", i)
		}
	}
}

func TestSealNeedsATransaction(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	s := secret.New(text)
	if _, err := n.column.Seal(t.Context(), "a", &s); err == nil {
		t.Error("without one, the key could be retired before the row is written")
	}
}

func TestReplaceKeepsWhatIsTheSame(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	sealed := n.put("a", text)
	n.check(n.db.InTx(t.Context(), func(ctx context.Context) error {
		same, other := secret.New(text), secret.New(text+"2")
		if got, err := n.column.Replace(ctx, "a", sealed, &same); err != nil || !bytes.Equal(got, sealed) {
			t.Errorf("the same: %x, %v", got, err)
		}
		for name, present := range map[string][]byte{"another": sealed, "none before": nil, "damaged before": sealed[:9]} {
			got, err := n.column.Replace(ctx, "a", present, &other)
			if s, openErr := n.column.Open("a", got); err != nil || openErr != nil || !s.Equal(other) {
				t.Errorf("%s: %v, %v", name, err, openErr)
			}
		}
		if got, err := n.column.Replace(ctx, "a", sealed, nil); err != nil || got != nil {
			t.Errorf("cleared: %x, %v", got, err)
		}
		return nil
	}))
}

func TestKeyFileIsMadeForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	info, err := os.Stat(n.file)
	n.check(err)
	if info.Mode() != 0o600 {
		t.Errorf("its mode is %v", info.Mode())
	}
	n.check(os.Chmod(n.file, 0o640))
	n.rotate((*vault.Vault).Rotate)
	if info, err = os.Stat(n.file); err != nil || info.Mode() != 0o640 {
		t.Errorf("its mode after a rotation is %v, %v", info.Mode(), err)
	}
	if found, err := os.ReadDir(filepath.Dir(n.file)); err != nil || len(found) != 1 {
		t.Errorf("beside it are %v, %v", found, err)
	}
}

func TestLinkToTheKeyFileStays(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	link := filepath.Join(t.TempDir(), "link")
	n.check(os.Symlink(n.file, link))
	before := read(t, n.file)
	start(t, n.db, link).rotate((*vault.Vault).Rotate)
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 || bytes.Equal(read(t, n.file), before) {
		t.Error("the link was replaced, and not what it leads to")
	}
}

// A server must not begin with keys that cannot open what is stored, and must not make others.
func TestWrongKeysAreRefused(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.put("a", text)
	other := newNode(t).file
	garbage := filepath.Join(t.TempDir(), "garbage")
	n.check(os.WriteFile(garbage, []byte(`{"key": "`+text+`"}`), 0o600))
	missing := filepath.Join(t.TempDir(), "missing")
	for file, want := range map[string]error{missing: vault.ErrKeyMissing, other: vault.ErrWrongKey, garbage: nil} {
		_, err := tryStart(t, n.db, file)
		if err == nil || want != nil && !errors.Is(err, want) {
			t.Fatalf("%s: %v", file, err)
		}
		if !strings.Contains(err.Error(), file) || strings.Contains(err.Error(), text) {
			t.Errorf("%v", err)
		}
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("a key was made for a database that has another")
	}
	n.beside().opens("a", text)
}

// Nodes that start at the same time on a new database agree on one key, or fail: none goes on with a key of its own.
func TestNodesThatStartAtOnce(t *testing.T) {
	t.Parallel()
	for name, same := range map[string]bool{"one file": true, "a file each": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := dbtest.New(t)
			dir := t.TempDir()
			const nodes = 4
			errs := make(chan error, nodes)
			for i := range nodes {
				file := filepath.Join(dir, "key")
				if !same {
					file += fmt.Sprint(i)
				}
				go func() {
					_, err := vault.Open(context.Background(), d, vault.Options{KeyFile: file, Log: slog.New(slog.DiscardHandler)})
					errs <- err
				}()
			}
			started := 0
			for range nodes {
				switch err := <-errs; {
				case err == nil:
					started++
				case same || !errors.Is(err, vault.ErrKeyMissing):
					t.Error(err)
				}
			}
			files, err := os.ReadDir(dir)
			if want := map[bool]int{true: nodes, false: 1}[same]; err != nil || started != want || len(files) != 1 {
				t.Errorf("%d nodes started, want %d; files: %v, %v", started, want, files, err)
			}
		})
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	running := n.beside()
	const many = 230 // more than two batches
	first := keyOf(n.put("000", text))
	for i := 1; i < many; i++ {
		n.put(fmt.Sprintf("%03d", i), text)
	}
	old := read(t, n.file)

	r := n.rotate((*vault.Vault).Rotate)
	if r.Reencrypted != many || r.Key == first {
		t.Fatalf("%+v", r)
	}
	for i := range many {
		id := fmt.Sprintf("%03d", i)
		if key := keyOf(n.stored(id)); key != r.Key {
			t.Fatalf("%s is under %s", id, key)
		}
		running.opens(id, text)
	}
	// The server that ran all the time seals with the new key, too.
	if key := keyOf(running.put("new", text)); key != r.Key {
		t.Errorf("a server that ran seals with %s", key)
	}
	if again := n.rotate((*vault.Vault).Retire); again.Reencrypted != 0 || len(again.Retired) != 1 || again.Retired[0] != first || again.Key != r.Key {
		t.Errorf("%+v", again)
	}
	n.opens("000", text)
	n.beside().opens("000", text)
	running.opens("000", text)
	if idle := n.rotate((*vault.Vault).Retire); len(idle.Retired) != 0 {
		t.Errorf("%+v", idle)
	}
	// The file from before the rotation lacks the key.
	former := filepath.Join(t.TempDir(), "former")
	n.check(os.WriteFile(former, old, 0o600))
	if _, err := tryStart(t, n.db, former); !errors.Is(err, vault.ErrWrongKey) {
		t.Errorf("starts with a former key file: %v", err)
	}
}

// A rotation that is cut off after any of its steps is finished by the next one, without a further key.
func TestRotationIsFinished(t *testing.T) {
	t.Parallel()
	t.Run("after the key was added", func(t *testing.T) {
		t.Parallel()
		n := newNode(t)
		first := keyOf(n.put("a", text))
		ready := n.rotate((*vault.Vault).Prepare)
		if again := n.rotate((*vault.Vault).Prepare); again.Key != ready.Key {
			t.Errorf("a second key was made ready: %s beside %s", again.Key, ready.Key)
		}
		if key := keyOf(n.put("b", text)); key != first {
			t.Errorf("a key that is only ready is used: %s", key)
		}
		if _, err := n.Retire(t.Context()); err == nil {
			t.Error("a key that is ready can be retired")
		}
		if r := n.rotate((*vault.Vault).Rotate); r.Key != ready.Key || r.Reencrypted != 2 {
			t.Errorf("%+v, want key %s", r, ready.Key)
		}
		n.opens("a", text)
	})
	t.Run("while secrets are encrypted again", func(t *testing.T) {
		t.Parallel()
		n := newNode(t)
		n.put("a", text)
		before := n.put("b", text)
		r := n.rotate((*vault.Vault).Rotate)
		// As if it had not come to this row.
		n.check(n.db.Conn(t.Context()).Exec("UPDATE safe SET content = ? WHERE id = 'b'", before).Error)
		if again := n.rotate((*vault.Vault).Rotate); again.Key != r.Key || again.Reencrypted != 1 {
			t.Errorf("%+v, want key %s", again, r.Key)
		}
		if key := keyOf(n.stored("b")); key != r.Key {
			t.Errorf("b is under %s", key)
		}
		n.opens("b", text)
	})
}

// A key that something needs stays.
func TestBrokenSecretKeepsItsKey(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.put("a", text)
	moved := n.put("b", text)
	n.check(n.db.Conn(t.Context()).Exec("UPDATE safe SET content = ? WHERE id = 'a'", moved).Error)
	r, err := n.Rotate(t.Context())
	if !errors.Is(err, vault.ErrBroken) || !strings.Contains(err.Error(), "safe.content of a") || r.Reencrypted != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	n.opens("b", text)
	before := read(t, n.file)
	if _, err := n.Retire(t.Context()); err == nil || !bytes.Equal(read(t, n.file), before) {
		t.Errorf("keys were removed: %v", err)
	}
}

// Whoever has sealed a secret and not yet stored it holds up the change of keys, or else it would be stored under a key that is gone.
func TestRotationWaitsForWhoSeals(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.put("a", text)
	rotated := make(chan vault.Rotation, 1)
	failed := make(chan error, 1)
	n.check(n.db.InTx(t.Context(), func(ctx context.Context) error {
		s := secret.New(text)
		sealed, err := n.column.Seal(ctx, "late", &s)
		if err != nil {
			return err
		}
		go func() {
			r, err := n.Rotate(context.Background())
			if err != nil {
				failed <- err
			}
			rotated <- r
		}()
		awaitLock(t, n.db)
		return n.db.Conn(ctx).Exec("INSERT INTO safe VALUES ('late', ?)", sealed).Error
	}))
	r := <-rotated
	select {
	case err := <-failed:
		t.Fatal(err)
	default:
	}
	if key := keyOf(n.stored("late")); key != r.Key || r.Reencrypted != 2 {
		t.Errorf("late is under %s, %+v", key, r)
	}
	n.rotate((*vault.Vault).Retire)
	n.opens("late", text)
}

// awaitLock returns when a session waits for a lock.
func awaitLock(t *testing.T, d *db.DB) {
	t.Helper()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		var waiting int64
		err := d.Pool().QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waiting)
		if err != nil {
			t.Fatal(err)
		}
		if waiting > 0 {
			return
		}
		select {
		case <-deadline.C:
			t.Fatal("nobody waits within a minute")
		case <-tick.C:
		}
	}
}

// A node with a copy of the key file that has not been renewed fails for the time being, and works once the copy is there.
func TestCopyOfTheKeyFileIsRenewed(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	copied := filepath.Join(t.TempDir(), "copy")
	n.check(os.WriteFile(copied, read(t, n.file), 0o600))
	far := start(t, n.db, copied)
	n.put("a", text)
	n.rotate((*vault.Vault).Rotate)

	_, err := far.column.Open("a", n.stored("a"))
	var temporary interface{ Temporary() bool }
	if !errors.Is(err, vault.ErrWrongKey) || !errors.As(err, &temporary) || !temporary.Temporary() {
		t.Fatalf("%v", err)
	}
	err = far.db.InTx(t.Context(), func(ctx context.Context) error {
		s := secret.New(text)
		_, err := far.column.Seal(ctx, "b", &s)
		return err
	})
	if !errors.Is(err, vault.ErrWrongKey) {
		t.Fatalf("seals with a key that is not in use: %v", err)
	}
	n.check(os.WriteFile(copied, read(t, n.file), 0o600))
	far.opens("a", text)
	far.put("b", text)
	n.opens("b", text)
}
