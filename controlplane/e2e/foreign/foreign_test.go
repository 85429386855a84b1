// Package foreign has clients made of the specification by generators of others, and lets a program on each use a server: what they take without
// complaint, and what works on their types, is a specification that others can read.
package foreign

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/client/servertest"
)

const specification = "../../api/openapi.json"

// tools is the folder with the programs of others.
func tools(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("DEMARC_TEST_OPENAPI")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", ".cache", "openapi")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "bin", "openapi-generator-cli")); err != nil {
		t.Fatalf("the generators are not there: make openapi (%v)", err)
	}
	return dir
}

// run runs one of the tools in a folder, and returns what it says.
func run(t *testing.T, tools, dir string, env []string, name string, args ...string) string {
	t.Helper()
	path := filepath.Join(tools, "bin")
	for _, in := range []string{path, filepath.Join(tools, "node_modules", ".bin")} {
		if _, err := os.Stat(filepath.Join(in, name)); err == nil {
			name = filepath.Join(in, name)
			break
		}
	}
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), append(env, "PATH="+path+string(os.PathListSeparator)+os.Getenv("PATH"))...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", filepath.Base(name), err, tail(out))
	}
	return string(out)
}

// tail is the end of what was said.
func tail(out []byte) []byte { return out[max(0, len(out)-4000):] }

// copyTo copies files into a folder.
func copyTo(t *testing.T, dir string, files ...string) {
	t.Helper()
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(file)), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func absolute(t *testing.T, file string) string {
	t.Helper()
	file, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func TestPython(t *testing.T) {
	t.Parallel()
	of, dir := tools(t), t.TempDir()
	said := run(t, of, dir, nil, "openapi-generator-cli", "generate", "--generator-name", "python", "--input-spec", absolute(t, specification),
		"--output", dir, "--additional-properties", "packageName=demarc_api", "--skip-operation-example")
	expected(t, said)
	copyTo(t, dir, "program.py")
	s := servertest.Start(t, servertest.WithEnv("DEMARC_SIMULATED_LATENCY=0"))
	said = run(t, of, dir, []string{"DEMARC_ENDPOINT=" + s.Endpoint, "DEMARC_TOKEN=" + s.Token}, "python", "-W", "error::UserWarning", "program.py")
	finished(t, said)
}

func TestTypeScript(t *testing.T) {
	t.Parallel()
	of, dir := tools(t), t.TempDir()
	// Of itself it takes a field that has a default for one that has to be sent.
	said := run(t, of, dir, nil, "openapi-typescript", absolute(t, specification), "--default-non-nullable=false", "--output", filepath.Join(dir, "schema.d.ts"))
	if strings.Contains(strings.ToLower(said), "warn") {
		t.Errorf("openapi-typescript says\n%s", said)
	}
	copyTo(t, dir, "program.ts", filepath.Join("..", "..", "tools", "openapi", "package.json"))
	if err := os.Symlink(filepath.Join(of, "node_modules"), filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	run(t, of, dir, nil, "tsc", "--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes", "--target", "es2022", "--module", "nodenext",
		"--types", "node", "--outDir", ".", "program.ts")
	s := servertest.Start(t, servertest.WithEnv("DEMARC_SIMULATED_LATENCY=0"))
	said = run(t, of, dir, []string{"DEMARC_ENDPOINT=" + s.Endpoint, "DEMARC_TOKEN=" + s.Token}, "node", "program.js")
	finished(t, said)
}

// finished says whether a program has done all of it.
func finished(t *testing.T, said string) {
	t.Helper()
	for _, what := range []string{"image", "cloudspace"} {
		if !strings.Contains(said, what+" made, listed, changed, deleted") {
			t.Errorf("the program has not done its %s:\n%s", what, said)
		}
	}
}

// expected compares the warnings of a generator with those that have a reason.
func expected(t *testing.T, said string) {
	t.Helper()
	b, err := os.ReadFile("warnings.txt")
	if err != nil {
		t.Fatal(err)
	}
	reasons, given := map[string]string{}, map[string]bool{}
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		warning, reason, _ := strings.Cut(line, " | ")
		if reason == "" {
			t.Errorf("warnings.txt: %q has no reason", warning)
		}
		reasons[warning] = reason
	}
	for line := range strings.Lines(said) {
		if !strings.Contains(line, "WARN") && !strings.Contains(line, "ERROR") {
			continue
		}
		known := false
		for warning := range reasons {
			if strings.Contains(line, warning) {
				known, given[warning] = true, true
			}
		}
		if !known {
			t.Errorf("the generator says %s", strings.TrimSpace(line))
		}
	}
	for warning, reason := range reasons {
		if !given[warning] {
			t.Errorf("warnings.txt: nobody says %q any more (%s)", warning, reason)
		}
	}
}
