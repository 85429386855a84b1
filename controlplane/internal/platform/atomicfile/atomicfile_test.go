package atomicfile_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/demarc/demarc/controlplane/internal/platform/atomicfile"
)

func TestReplace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	for _, content := range []string{"long content", "new"} {
		if err := atomicfile.Replace(path, []byte(content), 0o640); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != content || info.Mode().Perm() != 0o640 {
			t.Errorf("%q, mode %v, %v", b, info.Mode(), err)
		}
	}
	// A folder cannot be replaced by a file.
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := atomicfile.Replace(filepath.Join(dir, "folder"), nil, 0o600); err == nil {
		t.Error("a folder was replaced")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
		t.Errorf("something is left: %v, %v", left, err)
	}
}
