package demarc_test

import (
	"context"
	"log"
	"os"
	"testing"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/servertest"
)

// What the examples speak of: a client, and a context.
var (
	c   *client.Client
	ctx = context.Background()
)

func TestMain(m *testing.M) {
	os.Exit(func() int {
		s, err := servertest.Launch(servertest.WithEnv("DEMARC_SIMULATED_LATENCY=0", "DEMARC_RATE_LIMIT_PRINCIPAL=0"))
		if err != nil {
			log.Print(err)
			return 1
		}
		defer func() {
			if err := s.Close(); err != nil {
				log.Print(err)
			}
		}()
		// An example takes its connection from where any program does.
		os.Setenv(client.EnvEndpoint, s.Endpoint)
		os.Setenv(client.EnvToken, s.Token)
		if c, err = client.New(client.Config{Endpoint: s.Endpoint, Token: s.Token}); err != nil {
			log.Print(err)
			return 1
		}
		defer c.CloseIdleConnections()
		return m.Run()
	}())
}
