// The key file: a keyset of Tink in its JSON form. It is replaced as a whole, and on the disk before anything is encrypted with what
// is in it: a key that a power cut takes away takes the secrets with it.

package vault

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	tinkkeyset "github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// keyset is Tink's; it prints without its keys.
type keyset = *tinkkeyset.Handle

const keyFileMode = 0600

// readKeyFile fails with ErrKeyMissing if there is no such file. Its errors never repeat what is in it.
func readKeyFile(path string) (*keyring, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrKeyMissing, path)
	}
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("key file: %w", err)
	}
	h, err := insecurecleartextkeyset.Read(tinkkeyset.NewJSONReader(bytes.NewReader(text)))
	if err != nil {
		return nil, fmt.Errorf("%s is not a key file", path)
	}
	ring, err := newKeyring(h)
	if err != nil {
		return nil, fmt.Errorf("%s is not a key file of this program: %w", path, err)
	}
	ring.readableByAll = info.Mode().Perm()&0o004 != 0
	return ring, nil
}

func newKeyring(h keyset) (*keyring, error) {
	info := h.KeysetInfo()
	ring := &keyring{ciphers: make(map[uint32]tink.AEAD, h.Len()), newest: info.GetPrimaryKeyId(), keyset: h}
	for _, key := range info.GetKeyInfo() {
		// A key whose ciphertexts do not name it could not be found again.
		if key.GetOutputPrefixType() != tink_go_proto.OutputPrefixType_TINK {
			return nil, fmt.Errorf("key %s has another form", keyName(key.GetKeyId()))
		}
		m := tinkkeyset.NewManagerFromHandle(h)
		if err := m.SetPrimary(key.GetKeyId()); err != nil {
			return nil, err
		}
		under, err := m.Handle()
		if err != nil {
			return nil, err
		}
		if ring.ciphers[key.GetKeyId()], err = aead.New(under); err != nil {
			return nil, err
		}
	}
	return ring, nil
}

// createKeyFile makes a file with one key. One that came to be there meanwhile is used, not replaced.
func createKeyFile(path string) (*keyring, error) {
	h, err := tinkkeyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	temporary, err := writeBeside(path, h)
	if err != nil {
		return nil, fmt.Errorf("make the key file: %w", err)
	}
	defer func() { _ = os.Remove(temporary) }()
	// Unlike a rename, a link replaces nothing.
	if err := os.Link(temporary, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("make the key file: %w", err)
	}
	if err := syncFolder(path); err != nil {
		return nil, fmt.Errorf("make the key file: %w", err)
	}
	return readKeyFile(path)
}

// replaceKeyFile keeps the file's owner and mode: it may be root who changes the keys of a server that is not root.
func replaceKeyFile(path string, h keyset) error {
	// The file itself, where its name is a link to it.
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fmt.Errorf("replace the key file: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("replace the key file: %w", err)
	}
	temporary, err := writeBeside(path, h)
	if err != nil {
		return fmt.Errorf("replace the key file: %w", err)
	}
	defer func() { _ = os.Remove(temporary) }() // gone already if all went well
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		err = os.Chown(temporary, int(owner.Uid), int(owner.Gid))
	}
	if err == nil {
		err = os.Chmod(temporary, info.Mode().Perm())
	}
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err == nil {
		err = syncFolder(path)
	}
	if err != nil {
		return fmt.Errorf("replace the key file: %w", err)
	}
	return nil
}

// writeBeside writes the keys to a new file in the folder of path, for its owner alone.
func writeBeside(path string, h keyset) (string, error) {
	var text strings.Builder
	if err := insecurecleartextkeyset.Write(h, tinkkeyset.NewJSONWriter(&text)); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(text.String() + "\n")
	if err = errors.Join(err, f.Chmod(keyFileMode), f.Sync(), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// syncFolder makes the name of a file last.
func syncFolder(path string) error {
	f, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// withNewKey is the keyset with one more key, which becomes its newest.
func withNewKey(h keyset) (keyset, error) {
	m := tinkkeyset.NewManagerFromHandle(h)
	key, err := m.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, err
	}
	if err := m.SetPrimary(key); err != nil {
		return nil, err
	}
	return m.Handle()
}

// withOnly is the keyset without any key but one.
func withOnly(h keyset, key uint32) (keyset, error) {
	m := tinkkeyset.NewManagerFromHandle(h)
	if err := m.SetPrimary(key); err != nil {
		return nil, err
	}
	for _, k := range h.KeysetInfo().GetKeyInfo() {
		if k.GetKeyId() == key {
			continue
		}
		if err := m.Delete(k.GetKeyId()); err != nil {
			return nil, err
		}
	}
	return m.Handle()
}
