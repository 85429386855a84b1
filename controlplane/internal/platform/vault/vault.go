// Package vault keeps secrets encrypted in the database.
//
// A kind says once which column holds a secret, and seals and opens its values:
//
//	userData := v.Column("virtual_machine", "user_data_encrypted")
//	row.UserData, err = userData.Seal(ctx, row.ID, in.UserData) // in the transaction that writes the row
//	text, err := userData.Open(row.ID, row.UserData)
//
// What holds:
//
//   - A ciphertext (AES-256-GCM) is bound to its table, column and row: moved elsewhere, it does not open.
//   - The keys are in a file outside the database; the database only says which of them is in use, by the one row of
//     encryption_check, a ciphertext of a known text. So all nodes change to another key at the same moment.
//   - A key file is made for a database that has none yet, and never for one that has: a server without the right keys does not start.
//   - Whoever seals holds that row until its transaction ends, and whoever changes the key in use waits for them. So nothing is
//     written under an old key once the new one is in use, and a key that nothing uses can be removed.
package vault

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
)

var (
	// ErrKeyMissing is the error of a server without a key file whose database holds secrets.
	ErrKeyMissing = errors.New("the key file is missing")
	// ErrWrongKey is the error of a key file that lacks a key which the database needs.
	ErrWrongKey = errors.New("the key file is another one, or an older copy")
	// ErrBroken is the error of a ciphertext that was damaged or moved from another row.
	ErrBroken = errors.New("the ciphertext is damaged, or from another place")

	errNoTx = errors.New("vault: a secret is sealed in the transaction that stores it")
)

// Options say where the keys are.
type Options struct {
	// KeyFile is the file with the keys. It is made, with mode 0600, when the database has no key yet.
	KeyFile string
	// Log tells of what is made and of what is wrong with the file. Default: slog.Default().
	Log *slog.Logger
}

// Vault seals and opens secrets. It is safe for use by several goroutines.
type Vault struct {
	db   *db.DB
	path string
	log  *slog.Logger

	mu      sync.Mutex
	ring    *keyring
	columns []Column
}

// Open checks that the key file is the database's. With a database that has no key yet, it uses the file, which it makes if there is
// none. It fails with ErrKeyMissing or ErrWrongKey rather than begin with keys that cannot open what is there.
func Open(ctx context.Context, d *db.DB, o Options) (*Vault, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	v := &Vault{db: d, path: o.KeyFile, log: o.Log}
	if err := v.begin(ctx); err != nil {
		return nil, fmt.Errorf("encryption of secrets: %w", err)
	}
	return v, nil
}

func (v *Vault) begin(ctx context.Context) error {
	check, err := v.readCheck(ctx)
	if err != nil {
		return err
	}
	if check == nil {
		if check, err = v.firstCheck(ctx); err != nil {
			return err
		}
	}
	ring, err := v.ringFor(check)
	if err != nil {
		return err
	}
	if ring.readableByAll {
		v.log.WarnContext(ctx, "every user of this machine can read the key file; its mode should be 0600", "key_file", v.path)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.ring = ring
	return nil
}

// firstCheck notes a key in a database that has none. Of several nodes that start at once, one does; the others find its note.
func (v *Vault) firstCheck(ctx context.Context) (check []byte, err error) {
	return check, v.db.InTx(ctx, func(ctx context.Context) error {
		if err := v.lockChecks(ctx); err != nil {
			return err
		}
		if check, err = v.readCheck(ctx); err != nil || check != nil {
			return err
		}
		// A file without a note is of a start that was cut short, or was put there on purpose.
		ring, err := readKeyFile(v.path)
		if errors.Is(err, ErrKeyMissing) {
			if ring, err = createKeyFile(v.path); err == nil {
				v.log.InfoContext(ctx, "the key that encrypts secrets was made; a backup of the database is of no use without it", "key_file", v.path)
			}
		}
		if err != nil {
			return err
		}
		if check, err = ring.seal(ring.newest, checkPlace, checkText); err != nil {
			return err
		}
		return v.insertCheck(ctx, check)
	})
}

// ringFor reads the key file and proves that it has the key in use.
func (v *Vault) ringFor(check []byte) (*keyring, error) {
	ring, err := readKeyFile(v.path)
	if errors.Is(err, ErrKeyMissing) {
		return nil, &keyError{fmt.Errorf("%w: the database holds secrets under key %s, and %s does not exist; restore it from where it is kept, "+
			"or name the right file in encryption_key_file", ErrKeyMissing, keyName(keyOf(check)), v.path)}
	}
	if err != nil {
		return nil, err
	}
	if _, err := ring.open(checkPlace, check); err != nil {
		return nil, &keyError{fmt.Errorf("%w: the database uses key %s, which is not in %s; restore the file that belongs to this database, "+
			"or name it in encryption_key_file", ErrWrongKey, keyName(keyOf(check)), v.path)}
	}
	return ring, nil
}

// A keyError may be gone when the file has been put right; jobs that meet it try again. It tells users nothing.
type keyError struct{ error }

func (e *keyError) Unwrap() error { return e.error }

// Temporary says that another attempt may succeed.
func (e *keyError) Temporary() bool { return true }

// ringWith returns the keys with that one among them. Keys that this process has not seen were added since it read the file.
func (v *Vault) ringWith(key uint32) (*keyring, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.ring.has(key) {
		return v.ring, nil
	}
	ring, err := readKeyFile(v.path)
	if err == nil && !ring.has(key) {
		err = fmt.Errorf("%w: %s has no key %s", ErrWrongKey, v.path, keyName(key))
	}
	if err != nil {
		return nil, &keyError{fmt.Errorf("vault: %w", err)}
	}
	v.ring = ring
	return ring, nil
}

// Column is a column that holds a secret.
type Column struct {
	vault       *Vault
	table, name string
}

// Column declares a column of type bytea, of a table whose primary key is the text id: sealing, opening and the change of keys all go by it.
// A nil Vault gives a column for descriptions only.
func (v *Vault) Column(table, name string) Column {
	c := Column{v, table, name}
	if v == nil {
		return c
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if !slices.Contains(v.columns, c) {
		v.columns = append(v.columns, c)
	}
	return c
}

// Columns are those that were declared, as table.column.
func (v *Vault) Columns() []string {
	var out []string
	for _, c := range v.declared() {
		out = append(out, c.String())
	}
	slices.Sort(out)
	return out
}

func (v *Vault) declared() []Column {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.columns)
}

func (c Column) String() string { return c.table + "." + c.name }

// Seal encrypts a secret for the row of that id; nil stays nil, the empty secret is one. It belongs in the transaction that writes the
// row, and fails outside of one.
func (c Column) Seal(ctx context.Context, id string, s *secret.String) ([]byte, error) {
	if s == nil {
		return nil, nil
	}
	check, err := c.vault.holdCheck(ctx)
	if err != nil {
		return nil, err
	}
	ring, err := c.vault.ringWith(keyOf(check))
	if err != nil {
		return nil, err
	}
	return ring.seal(keyOf(check), c.place(id), []byte(s.Reveal()))
}

// Open decrypts what Seal made for the row of that id; nil opens to the empty secret.
func (c Column) Open(id string, ciphertext []byte) (secret.String, error) {
	if ciphertext == nil {
		return secret.String{}, nil
	}
	text, err := c.open(id, ciphertext)
	return secret.New(string(text)), err
}

func (c Column) open(id string, ciphertext []byte) ([]byte, error) {
	if len(ciphertext) < prefixSize || ciphertext[0] != prefixStart {
		return nil, fmt.Errorf("%s of %s: %w", c, id, ErrBroken)
	}
	ring, err := c.vault.ringWith(keyOf(ciphertext))
	if err != nil {
		return nil, fmt.Errorf("%s of %s: %w", c, id, err)
	}
	text, err := ring.open(c.place(id), ciphertext)
	if err != nil {
		return nil, fmt.Errorf("%s of %s: %w", c, id, err)
	}
	return text, nil
}

// Replace is Seal where a ciphertext may stand already: if it holds the same secret it stays, so that sending a secret again changes
// nothing. One that does not open is replaced.
func (c Column) Replace(ctx context.Context, id string, present []byte, next *secret.String) ([]byte, error) {
	if present != nil && next != nil {
		if s, err := c.Open(id, present); err == nil && s.Equal(*next) {
			return present, nil
		}
	}
	return c.Seal(ctx, id, next)
}

func (c Column) place(id string) []byte { return place(c.table, c.name, id) }

// place is the associated data of a ciphertext. Each part is preceded by its length: no two places are written alike.
func place(parts ...string) []byte {
	var out []byte
	for _, p := range parts {
		out = append(binary.AppendUvarint(out, uint64(len(p))), p...)
	}
	return out
}

// What the check row encrypts: known, so that it proves the key, and no secret.
var (
	checkPlace = place("encryption_check", "ciphertext")
	checkText  = []byte("demarc")
)

// Tink begins a ciphertext with a byte that says so and the id of its key.
const (
	prefixSize  = 5
	prefixStart = 1
)

// prefixOf is how each ciphertext under a key begins.
func prefixOf(key uint32) []byte { return binary.BigEndian.AppendUint32([]byte{prefixStart}, key) }

func keyOf(ciphertext []byte) uint32 {
	if len(ciphertext) < prefixSize {
		return 0 // no key's id
	}
	return binary.BigEndian.Uint32(ciphertext[1:prefixSize])
}

// keyName is a key's id for people: it is no secret.
func keyName(key uint32) string { return fmt.Sprintf("%08x", key) }

// keyring is what a key file holds.
type keyring struct {
	// ciphers encrypt under the key that they stand at, and decrypt with all.
	ciphers map[uint32]tink.AEAD
	// newest is the key that was added last: in use, or made ready to be.
	newest uint32
	// readableByAll says that the file's mode lets every user read it.
	readableByAll bool
	keyset        keyset
}

func (r *keyring) has(key uint32) bool {
	_, ok := r.ciphers[key]
	return ok
}

func (r *keyring) seal(key uint32, place, text []byte) ([]byte, error) {
	return r.ciphers[key].Encrypt(text, place)
}

func (r *keyring) open(place, ciphertext []byte) ([]byte, error) {
	cipher, ok := r.ciphers[keyOf(ciphertext)]
	if !ok {
		return nil, ErrWrongKey
	}
	text, err := cipher.Decrypt(ciphertext, place)
	if err != nil {
		return nil, ErrBroken // Tink says no more either
	}
	return text, nil
}
