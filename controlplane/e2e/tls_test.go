package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/demarc"
	"github.com/demarc/demarc/controlplane/client/servertest"
)

// Every client speaks to a server that has made its own certificate, once it is given the authority, and to none that it does not trust.
func TestSelfSignedTLS(t *testing.T) {
	t.Parallel()
	server := servertest.Start(t, servertest.WithEnv("DEMARC_TLS_SELF_SIGNED=true", "DEMARC_SIMULATED_LATENCY=0"))
	if !strings.HasPrefix(server.Endpoint, "https://") {
		t.Fatalf("endpoint %s", server.Endpoint)
	}
	ca := filepath.Join(server.DataDir, "tls-ca.pem")

	t.Run("Go client", func(t *testing.T) {
		for file, trusted := range map[string]bool{ca: true, "": false} {
			api, err := client.New(client.Config{Endpoint: server.Endpoint, Token: server.Token, CAFile: file})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(api.CloseIdleConnections)
			if _, err := demarc.Whoami(t.Context(), api); (err == nil) != trusted {
				t.Errorf("with the authority %q: %v", file, err)
			}
		}
	})

	t.Run("HTTP/2", func(t *testing.T) {
		text, err := os.ReadFile(ca)
		if err != nil {
			t.Fatal(err)
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(text)
		web := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
		t.Cleanup(web.CloseIdleConnections)
		res, err := web.Get(server.Endpoint + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != http.StatusOK || res.ProtoMajor != 2 || res.TLS.Version != tls.VersionTLS13 {
			t.Errorf("%s, %s, %s", res.Status, res.Proto, tls.VersionName(res.TLS.Version))
		}
	})

	t.Run("command line", func(t *testing.T) {
		if o := process(t, server, server.Token)(t, "location", "list"); o.status == 0 || !strings.Contains(o.err, "certificate") {
			t.Errorf("without the authority: status %d, %s", o.status, o.err)
		}
		if o := process(t, server, server.Token, "DEMARC_CA_FILE="+ca)(t, "location", "list", "-o", "id"); o.status != 0 || !strings.HasPrefix(o.out, "loc_") {
			t.Errorf("status %d, %q, %s", o.status, o.out, o.err)
		}
	})

	t.Run("terraform", func(t *testing.T) {
		w := newWorkspace(t, server)
		w.cli.Env = append(w.cli.Env, "DEMARC_CA_FILE="+ca)
		w.apply("")
		w.must("destroy", "-auto-approve", "-no-color")
	})

	// The next start shows another certificate, of the same authority.
	t.Run("restart", func(t *testing.T) {
		if err := server.Restart(); err != nil {
			t.Fatal(err)
		}
		api, err := client.New(client.Config{Endpoint: server.Endpoint, Token: server.Token, CAFile: ca})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(api.CloseIdleConnections)
		if _, err := demarc.Whoami(t.Context(), api); err != nil {
			t.Error(err)
		}
	})
}

// Clients that are told to wait do so, and end well.
func TestRateLimitedClients(t *testing.T) {
	t.Parallel()
	const rate = 4
	server := servertest.Start(t, servertest.WithEnv(fmt.Sprintf("DEMARC_RATE_LIMIT_PRINCIPAL=%d", rate), "DEMARC_SIMULATED_LATENCY=0"))
	answers := &refusals{}
	api, err := client.New(client.Config{Endpoint: server.Endpoint, Token: server.Token, HTTPClient: &http.Client{Transport: answers}})
	if err != nil {
		t.Fatal(err)
	}
	// Until the quota is used up, and twice more.
	for n := 0; answers.n.Load() < 3; n++ {
		if n > 1000 {
			t.Fatal("nothing is refused")
		}
		if _, err := demarc.Whoami(t.Context(), api); err != nil {
			t.Fatal(err)
		}
	}

	demarc := process(t, server, server.Token)
	for i := range 2 * rate {
		name := "c" + strconv.Itoa(i)
		if got := demarc.must(t, "customer", "create", "--name", name, "--billing-entity-id", "operator", "--email", "it@example.com"); got["name"] != name {
			t.Errorf("customer %s: %v", name, got)
		}
	}

	// Whoever does not wait is told how long.
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.Endpoint+"/api/v1/customers", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+server.Token)
	for n := 0; ; n++ {
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode == http.StatusTooManyRequests {
			if res.Header.Get("Retry-After") != "1" || res.Header.Get("RateLimit-Policy") != fmt.Sprintf(`"principal";q=%d;w=5`, 5*rate) ||
				!strings.HasPrefix(res.Header.Get("RateLimit"), `"principal";r=0;t=`) || res.Header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("refused with %v", res.Header)
			}
			return
		}
		if n > 1000 {
			t.Fatal("nothing is refused")
		}
	}
}

// refusals counts the answers that tell a client to wait.
type refusals struct{ n atomic.Int64 }

// RoundTrip implements http.RoundTripper.
func (r *refusals) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(req)
	if err == nil && res.StatusCode == http.StatusTooManyRequests {
		r.n.Add(1)
	}
	return res, err
}
