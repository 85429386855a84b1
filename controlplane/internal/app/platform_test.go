package app

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/internal/platform/audit"
	"github.com/demarc/demarc/controlplane/internal/platform/saga"
)

// nounTable finds the table of a kind where a statement names one.
func nounTable(t *testing.T) *regexp.Regexp {
	t.Helper()
	kinds, _ := Contract()
	var tables []string
	for _, k := range kinds {
		// Operations and the audit trail are the platform's; their nouns only show them.
		if k.Table() != "" && k.Prefix != saga.Prefix && k.Prefix != audit.Prefix {
			tables = append(tables, k.Table())
		}
	}
	return regexp.MustCompile(`(?i)(\b(FROM|JOIN|INTO|UPDATE)\s+|Table\(")(` + strings.Join(tables, "|") + `)\b`)
}

// The platform knows no noun, and so none of their tables: what it needs of them it asks for by an interface.
func TestThePlatformReadsNoTableOfANoun(t *testing.T) {
	t.Parallel()
	table := nounTable(t)
	for _, statement := range []string{"SELECT id FROM role_binding b", "LEFT JOIN customer c", `Table("disk")`} {
		if !table.MatchString(statement) {
			t.Errorf("%s is not found", statement)
		}
	}
	for _, other := range []string{"SELECT id FROM operation", "from customer_id", "FROM role_bindings"} {
		if table.MatchString(other) {
			t.Errorf("%s is found", other)
		}
	}
	err := filepath.WalkDir(filepath.Join("..", "platform"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, line := range strings.Split(string(text), "\n") {
			if code := strings.TrimSpace(line); !strings.HasPrefix(code, "//") && table.MatchString(code) {
				t.Errorf("%s: %s", path, code)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
