package app

// The Go SDK of the kinds of tests: it is generated from their catalog, compiled, and goes through the life of each against the server.

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/cmd/gen/sdk"
)

// sdkCatalog is what stands beside the generated files: they look up their kinds there.
const sdkCatalog = `package demarc

import (
	_ "embed"
	"encoding/json"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

//go:embed catalog.json
var written []byte

// Contract is what the package was made from.
var Contract = func() (c catalog.Catalog) {
	if err := json.Unmarshal(written, &c); err != nil {
		panic(err)
	}
	return c
}()

func kind(name string) *catalog.Kind { return Contract.Kind(name) }

func operation(id string) *catalog.GeneralOperation { return Contract.Operation(id) }
`

// sdkProgram is what uses them: with the lives that the SDK's own kinds go through, and what only tortures have.
const sdkProgram = `package demarc_test

import (
	"errors"
	"io/fs"
	"os"
	"reflect"
	"testing"

	"example.com/made/demarc"
	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/client/fixture"
)

var c *client.Client

func TestMain(m *testing.M) {
	var err error
	if c, err = client.New(client.Config{Endpoint: os.Getenv(client.EnvEndpoint), Token: os.Getenv(client.EnvToken)}); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func samples(kind string) (*catalog.Fixture, error) {
	f, err := catalog.ReadFixture(os.DirFS("."), kind)
	if errors.Is(err, fs.ErrNotExist) {
		return catalog.LoadFixture(kind)
	}
	return f, err
}

func TestLives(t *testing.T) {
	for name, of := range map[string]any{
		"torture": demarc.Tortures(c), "torture_setting": demarc.TortureSettings(c), "torture_token": demarc.TortureTokens(c)} {
		for _, variant := range []string{fixture.Minimal, fixture.Full} {
			t.Run(name+" "+variant, func(t *testing.T) {
				f := fixture.OpenFrom(t, c, &demarc.Contract, samples, name)
				life(typed{t, reflect.ValueOf(of)}, demarc.Contract.Kind(name), f, f.MustBody(variant))
			})
		}
	}
}

func TestTraits(t *testing.T) {
	f := fixture.OpenFrom(t, c, &demarc.Contract, samples, "torture")
	id, all := f.MustCreate(fixture.Minimal).ID, demarc.Tortures(c)
	was, err := all.Exhaust(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	now, err := all.Patch(t.Context(), id, demarc.TorturePatch{Name: client.Set(was.Name + "-renamed"), Status: client.Null[demarc.TortureStatus]()})
	if err != nil || was.Status != demarc.TortureStatusResting || now.Status != was.Status || now.FQDN != was.Name+"-renamed.slow.example" {
		t.Errorf("%+v became %+v, %v", was, now, err)
	}
	told, err := all.RevealPassphrase(t.Context(), id)
	if err != nil || told.Passphrase == nil || int(told.Length) != len(*told.Passphrase) {
		t.Errorf("revealed: %d characters, %v", told.Length, err)
	}
}
`

func TestTorturesInGo(t *testing.T) {
	t.Parallel()
	n, _ := newSite(t).with(parts{}, tortures)
	root, lib := t.TempDir(), filepath.Join("..", "..", "client")
	folder := filepath.Join(root, "demarc")
	write := func(name string, content []byte) {
		t.Helper()
		n.check(os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755))
		n.check(os.WriteFile(filepath.Join(root, name), content, 0o600))
	}
	copied := func(name, from string) {
		t.Helper()
		b, err := os.ReadFile(from)
		n.check(err)
		write(name, b)
	}
	files, err := contractWith(tortures)
	n.check(err)
	at, err := filepath.Abs(lib)
	n.check(err)
	const module = "github.com/demarc/demarc/controlplane/client"
	write("go.mod", []byte("module example.com/made\n\ngo 1.26.0\n\nrequire "+module+" v0.0.0\n\nreplace "+module+" => "+at+"\n"))
	write("demarc/catalog.json", files.Catalog)
	write("demarc/catalog.go", []byte(sdkCatalog))
	write("demarc/tortures_test.go", []byte(sdkProgram))
	copied("demarc/life_test.go", filepath.Join(lib, "demarc", "life_test.go"))
	for _, a := range tortures {
		copied(filepath.Join("demarc", "fixtures", a.name+".json"), filepath.Join(a.folder(), "fixtures", a.name+".json"))
	}
	n.check(sdk.Generate(n.catalog, folder))
	cmd := exec.CommandContext(t.Context(), "go", "test", "-v", "./...")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOPROXY=off", client.EnvEndpoint+"="+n.endpoint, client.EnvToken+"="+ownerToken)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"TestLives/torture_full", "TestLives/torture_setting_full", "TestLives/torture_token_full", "TestTraits"} {
		if !strings.Contains(string(out), "--- PASS: "+want+" ") {
			t.Errorf("%s has not run:\n%s", want, out)
		}
	}
}
