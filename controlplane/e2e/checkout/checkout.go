// Package checkout finds and builds the programs of this repository, for the demo, the benchmarks and the tests of the whole.
package checkout

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Root returns the top folder of the repository that the working folder is in.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("run this inside the repository: there is no go.work above the working folder")
		}
		dir = filepath.Dir(dir)
	}
}

// Programs are the paths of what Build has built.
type Programs struct {
	Server   string // demarc-server
	CLI      string // demarc
	Provider string // terraform-provider-demarc
}

// Build builds the repository's programs into its cache folder.
func Build(ctx context.Context, root string) (Programs, error) {
	dir := filepath.Join(root, ".cache", "build")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Programs{}, err
	}
	p := Programs{
		Server:   filepath.Join(dir, "demarc-server"),
		CLI:      filepath.Join(dir, "demarc"),
		Provider: filepath.Join(dir, "terraform-provider-demarc"),
	}
	for _, program := range []struct{ out, pkg string }{
		{p.Server, "./controlplane/cmd/demarc-server"},
		{p.CLI, "./controlplane/cmd/demarc"},
		{p.Provider, "./provider"},
	} {
		cmd := exec.CommandContext(ctx, "go", "build", "-o", program.out, program.pkg)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			return Programs{}, fmt.Errorf("go build %s: %w\n%s", program.pkg, err, out)
		}
	}
	return p, nil
}

// Tool returns the path of a program that `make deps` provides, or the one in PATH.
func Tool(root, name string) (string, error) {
	for _, dir := range []string{"bin", filepath.Join("venv", "bin")} {
		path := filepath.Join(root, ".cache", dir, name)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s is not installed: run `make deps`", name)
	}
	return path, nil
}

// Environment returns this process's environment without Demarc's settings, then what is added: what a shell is signed in
// to must not reach a program that is to talk to another control plane.
func Environment(add ...string) []string {
	own := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "DEMARC_") })
	return append(own, add...)
}
