// Package parity compares the contract with everything that follows from it: the server's routes and specification, the Go SDK, the
// Terraform provider, the Ansible collection, the command line, examples and sample data. A kind, field or operation that one of them
// lacks is a gap; its test fails, and says which command or file closes it.
//
// What is meant to be missing stands in controlplane/api/exempt/<area>.txt, a line each: the item, and the reason. A line that exempts
// nothing is a failure, too.
package parity

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// Areas of the comparison; each may have a file of exemptions.
const (
	AreaRoutes        = "routes"
	AreaSpecification = "specification"
	AreaGoClient      = "go-client"
	AreaTerraform     = "terraform"
	AreaAnsible       = "ansible"
	AreaCLI           = "cli"
	AreaExamples      = "examples"
	AreaFixtures      = "fixtures"
	// AreaSchema is compared where the registry is: in the tests of internal/app.
	AreaSchema = "schema"
)

// Areas are all of them.
var Areas = []string{AreaRoutes, AreaSpecification, AreaGoClient, AreaTerraform, AreaAnsible, AreaCLI, AreaExamples, AreaFixtures}

const generate = "make generate"

// Gap is something that is missing, or that is there and should not be.
type Gap struct {
	Item   string // virtual_machine, virtual_machine.user_data, virtual_machines.reboot: what an exemption names
	What   string // is missing
	Remedy string // the command or the file that adds it
}

// Tree is a repository.
type Tree struct {
	Root    string
	Catalog *catalog.Catalog
}

// gaps collects what a comparison finds.
type gaps []Gap

func (g *gaps) add(item, remedy, format string, args ...any) {
	*g = append(*g, Gap{Item: item, What: fmt.Sprintf(format, args...), Remedy: remedy})
}

func (t Tree) path(parts ...string) string {
	return filepath.Join(append([]string{t.Root}, parts...)...)
}

// read returns a file of the tree; one that does not exist is a gap.
func (t Tree) read(g *gaps, item, remedy string, parts ...string) ([]byte, bool) {
	b, err := os.ReadFile(t.path(parts...))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		g.add(item, remedy, "there is no %s", filepath.ToSlash(filepath.Join(parts...)))
	case err != nil:
		g.add(item, remedy, "%v", err)
	}
	return b, err == nil
}

// strays are files or folders of a folder that belong to nothing.
func (t Tree) strays(g *gaps, remedy string, expected []string, parts ...string) {
	entries, err := os.ReadDir(t.path(parts...))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		g.add(filepath.Base(t.path(parts...)), remedy, "%v", err)
	}
	for _, e := range entries {
		if !slices.Contains(expected, e.Name()) {
			item, _, _ := strings.Cut(strings.TrimPrefix(e.Name(), "demarc_"), ".")
			g.add(item, remedy, "%s belongs to no kind of the catalog", filepath.ToSlash(filepath.Join(append(parts[:len(parts):len(parts)], e.Name())...)))
		}
	}
}

// Failures are the gaps of an area that nobody has exempted, and the exemptions that exempt nothing, as sentences.
func (t Tree) Failures(area string, found []Gap) ([]string, error) {
	file := filepath.Join("controlplane", "api", "exempt", area+".txt")
	exempt, err := exemptions(t.path(file))
	if err != nil {
		return nil, err
	}
	var out []string
	used := map[string]bool{}
	for _, g := range found {
		if _, ok := exempt[g.Item]; ok {
			used[g.Item] = true
			continue
		}
		out = append(out, fmt.Sprintf("%s: %s: %s. What adds it: %s. What is not meant to be: a line in %s", area, g.Item, g.What, g.Remedy, filepath.ToSlash(file)))
	}
	for item := range exempt {
		if !used[item] {
			out = append(out, fmt.Sprintf("%s: %s: nothing of it is missing any more. Remove its line from %s", area, item, filepath.ToSlash(file)))
		}
	}
	sort.Strings(out)
	return out, nil
}

// exemptions reads a file of lines "item reason"; # begins a comment. Without the file there are none.
func exemptions(file string) (map[string]string, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := map[string]string{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		item, reason, _ := strings.Cut(line, " ")
		if strings.TrimSpace(reason) == "" {
			return nil, fmt.Errorf("%s:%d: %s is exempt without a reason", file, n, item)
		}
		if _, ok := out[item]; ok {
			return nil, fmt.Errorf("%s:%d: %s stands twice", file, n, item)
		}
		out[item] = strings.TrimSpace(reason)
	}
	return out, lines.Err()
}
