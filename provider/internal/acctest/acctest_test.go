// Package acctest tests the provider against a real server, for every kind of the catalog, from the catalog's own
// sample data. There is no test of one kind here: a new kind is tested by being in the catalog.
package acctest

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/client/servertest"
	"github.com/demarc/demarc/provider/internal/laws"
)

var world *laws.World

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "DEMARC_") && !strings.HasPrefix(name, "DEMARC_TEST_") {
			os.Unsetenv(name)
		}
	}
	os.Setenv("TF_CLI_CONFIG_FILE", os.DevNull)
	os.Setenv("CHECKPOINT_DISABLE", "1")
	if os.Getenv("TF_LOG") == "" {
		os.Setenv("TF_LOG_SDK", "OFF")
	}
	c, err := catalog.Load()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	// In this process one principal asks more of it than any user may.
	server, err := servertest.Launch(servertest.WithEnv("DEMARC_SIMULATED_LATENCY=0", "DEMARC_RATE_LIMIT_PRINCIPAL=0", "DEMARC_RATE_LIMIT_ADDRESS=0"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	world = &laws.World{Catalog: c, Fixtures: catalog.LoadFixture, Endpoint: server.Endpoint, Token: server.Token}
	code := m.Run()
	if err := server.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

func TestLife(t *testing.T) {
	t.Parallel()
	world.Life(t)
}

func TestFields(t *testing.T) {
	t.Parallel()
	world.Fields(t)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	world.Refusals(t)
}

func TestSchemas(t *testing.T) {
	t.Parallel()
	world.Schemas(t)
}

// What only a real Terraform shows: that it accepts what the provider plans and answers, keeps it in its state, imports it and forgets it.
func TestEveryKindTogether(t *testing.T) {
	t.Parallel()
	world.Together(t)
}

// TestSlowEveryKindAlone finds what TestEveryKindTogether could hide: a kind that needs what another one does.
func TestSlowEveryKindAlone(t *testing.T) {
	t.Parallel()
	world.Alone(t)
}
