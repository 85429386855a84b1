package app

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/config"
)

// serve runs an HTTP server as it is for real, but for what set changes, and returns its address.
func serve(t *testing.T, api http.Handler, set func(*http.Server)) string {
	t.Helper()
	server := newWeb(t.Context(), api, slog.New(slog.DiscardHandler))
	set(server)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-ended
	})
	return listener.Addr().String()
}

// talk sends text over a connection of its own and returns all that comes back until the server closes it.
func talk(t *testing.T, address, text string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	// The server may have closed before it was sent everything; it can still be read what it said.
	_, _ = io.WriteString(conn, text)
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Errorf("the server keeps the connection: %v", err)
	}
	return string(answer)
}

func status(answer string) string { first, _, _ := strings.Cut(answer, "\r\n"); return first }

// All time limits are set: a client that is slow, in whatever it does, ends.
func TestTimeLimits(t *testing.T) {
	t.Parallel()
	server := newWeb(t.Context(), http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	for name, limit := range map[string]time.Duration{"header": server.ReadHeaderTimeout, "request": server.ReadTimeout, "answer": server.WriteTimeout, "idle": server.IdleTimeout} {
		if limit <= 0 || limit > 2*time.Minute {
			t.Errorf("%s: %v", name, limit)
		}
	}
	if server.WriteTimeout < time.Minute+server.ReadTimeout {
		t.Errorf("the longest long poll does not fit into %v", server.WriteTimeout)
	}
}

func TestSlowClients(t *testing.T) {
	t.Parallel()
	n := newSite(t).start(parts{})
	const short = 200 * time.Millisecond
	request := "POST /api/v1/customers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + ownerToken + "\r\n"

	header := serve(t, n.api, func(s *http.Server) { s.ReadHeaderTimeout = short })
	if answer := talk(t, header, request); strings.Contains(answer, " 2") {
		t.Errorf("slow header: %s", status(answer))
	}
	body := serve(t, n.api, func(s *http.Server) { s.ReadTimeout = short })
	if answer := talk(t, body, request+"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"); !strings.HasPrefix(answer, "HTTP/1.1 400 ") ||
		!strings.Contains(answer, `"malformed"`) {
		t.Errorf("slow body: %s", answer)
	}
	idle := serve(t, n.api, func(s *http.Server) { s.IdleTimeout = short })
	if answer := talk(t, idle, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"); !strings.HasPrefix(answer, "HTTP/1.1 200 ") {
		t.Errorf("idle: %s", answer)
	}
}

func TestLargeRequests(t *testing.T) {
	t.Parallel()
	n := newSite(t).start(parts{})
	address := strings.TrimPrefix(n.endpoint, "http://")
	head := "HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer " + ownerToken + "\r\n"
	for size, want := range map[int]string{60 << 10: "HTTP/1.1 200 OK", 80 << 10: "HTTP/1.1 431 Request Header Fields Too Large"} {
		if got := status(talk(t, address, "GET /api/v1/customers "+head+"X-Large: "+strings.Repeat("x", size)+"\r\n\r\n")); got != want {
			t.Errorf("header of %d: %s", size, got)
		}
	}
	for size, want := range map[int]string{1 << 20: "HTTP/1.1 422 Unprocessable Entity", 1<<20 + 1: "HTTP/1.1 413 Request Entity Too Large"} {
		content := `{"x":"` + strings.Repeat("x", size-8) + `"}`
		answer := talk(t, address, fmt.Sprintf("POST /api/v1/customers %sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", head, size, content))
		if got := status(answer); got != want {
			t.Errorf("body of %d: %s", size, got)
		}
	}
	// A body that does not say how long it is.
	chunk := fmt.Sprintf("%x\r\n%s\r\n", 64<<10, strings.Repeat(" ", 64<<10))
	answer := talk(t, address, "POST /api/v1/customers "+head+"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"+strings.Repeat(chunk, 17)+"0\r\n\r\n")
	if got := status(answer); got != "HTTP/1.1 413 Request Entity Too Large" {
		t.Errorf("chunks: %s", got)
	}
}

// What is refused because it is too much costs no statement; whoever waits as told goes on.
func TestRefusalsAreCheap(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]struct {
		set   func(*config.Config)
		token string
	}{
		"principal":      {func(c *config.Config) { c.RateLimitPrincipal = 1 }, ownerToken},
		"address":        {func(c *config.Config) { c.RateLimitAddress = 1 }, ownerToken},
		"authentication": {func(c *config.Config) { c.RateLimitAuthentication = 1 }, "guess"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newSite(t).start(parts{}, v.set)
			a := ask{token: v.token, method: http.MethodPost, path: "/customers", body: object{}}
			passed := 0
			for {
				r := n.send(a)
				if r.status != http.StatusTooManyRequests {
					if passed++; passed > 1000 {
						t.Fatalf("still %d", r.status)
					}
					continue
				}
				if len(r.statements) > 0 || r.header.Get("Retry-After") != "1" || r.problem(t).Code != "rate_limited" ||
					!strings.Contains(r.header.Get("RateLimit-Policy"), `"`+name+`";q=5;w=5`) {
					t.Errorf("refused with %v and %s, after the statements %v", r.header, r.body, r.statements)
				}
				break
			}
			if passed == 0 {
				t.Error("none passed")
			}
			n.until("the limit lets one pass", func() bool { return n.send(a).status != http.StatusTooManyRequests })
		})
	}
}

// A client that goes away makes room for the next one that wants to wait.
func TestLongPollsOfClientsThatGo(t *testing.T) {
	t.Parallel()
	n, operation := newWaiting(t, func(c *config.Config) { c.MaxLongPollsPerPrincipal = 2 })
	ctx, goAway := context.WithCancel(t.Context())
	ended := make(chan error, 2)
	for range 2 {
		go func() { ended <- waitFor(ctx, n.endpoint+client.BasePath+operation) }()
	}
	poll := ask{token: ownerToken, method: http.MethodGet, path: operation + "?wait=1ms"}
	n.until("both places are taken", func() bool { return n.send(poll).status == http.StatusTooManyRequests })
	if r := n.send(poll); r.status != http.StatusTooManyRequests || r.header.Get("Retry-After") != "1" {
		t.Errorf("a third: %d, %v", r.status, r.header)
	}
	if r := n.send(ask{token: ownerToken, method: http.MethodGet, path: operation}); r.status != http.StatusOK {
		t.Errorf("without a wait: %d", r.status)
	}
	goAway()
	for range 2 {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("a long poll of a client that goes away: %v", err)
		}
	}
	n.until("both places are free", func() bool {
		other := make(chan int)
		go func() { other <- n.send(poll).status }()
		mine := n.send(poll).status
		return <-other == http.StatusOK && mine == http.StatusOK
	})
}

// The time to send a request ends with its last byte: what is waited for after that may take longer.
func TestLongPollsOutliveTheTimeToSend(t *testing.T) {
	t.Parallel()
	n, operation := newWaiting(t, func(*config.Config) {})
	const short = 100 * time.Millisecond
	n.endpoint = "http://" + serve(t, n.api, func(s *http.Server) { s.ReadTimeout, s.ReadHeaderTimeout = short, short })
	for range 2 { // on one connection
		started := time.Now()
		r := n.send(ask{token: ownerToken, method: http.MethodGet, path: operation + "?wait=1s"})
		if took := time.Since(started); r.status != http.StatusOK || took < time.Second {
			t.Errorf("%d after %v: %s", r.status, took, r.body)
		}
	}
}

// newWaiting is a node with an operation that nobody works on.
func newWaiting(t *testing.T, set func(*config.Config)) (_ *node, operation string) {
	t.Helper()
	n := newSite(t).start(parts{}, set, func(c *config.Config) { c.Roles = []string{config.RoleAPI} })
	parent := n.items(ownerToken, "/billing-entities")[0]
	customer := n.must(ownerToken, http.MethodPost, "/customers", object{"name": "acme", "billing_entity_id": parent.text("id"), "email": "it@example.com"})
	location := n.items(ownerToken, "/locations")[0]
	r := n.send(ask{token: ownerToken, method: http.MethodPost, path: "/cloudspaces",
		body: object{"name": "web", "customer_id": customer.text("id"), "location_id": location.text("id")}})
	if r.status != http.StatusAccepted {
		t.Fatalf("%d: %s", r.status, r.body)
	}
	return n, "/operations/" + r.object(t).text("operation_id")
}

// waitFor waits for an operation, as soon as there is a place; it returns what it ended with if that is not an answer.
func waitFor(ctx context.Context, operation string) error {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, operation+"?wait=60s", http.NoBody)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", "Bearer "+ownerToken)
		res, err := web.Do(req)
		if err != nil {
			return err
		}
		res.Body.Close()
		if res.StatusCode != http.StatusTooManyRequests {
			return errors.New(res.Status)
		}
	}
}

// HTTPS as a client of any kind finds it: with the authority that the server made, over HTTP/2 and 1.1, and not without trusting it.
func TestSelfSignedTLS(t *testing.T) {
	t.Parallel()
	n := newInstallation(t)
	n.cfg.TLSSelfSigned = true
	n.serve()
	written, err := os.ReadFile(filepath.Join(n.cfg.DataDir, endpointFile))
	n.check(err)
	endpoint := strings.TrimSpace(string(written))
	if !strings.HasPrefix(endpoint, "https://127.0.0.1:") {
		t.Fatalf("endpoint %s", endpoint)
	}
	ca := filepath.Join(n.cfg.DataDir, "tls-ca.pem")
	text, err := os.ReadFile(ca)
	n.check(err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	for proto, protocols := range map[string][]string{"h2": {"h2", "http/1.1"}, "http/1.1": {"http/1.1"}} {
		conn, err := (&tls.Dialer{Config: &tls.Config{RootCAs: pool, NextProtos: protocols}}).DialContext(t.Context(), "tcp", strings.TrimPrefix(endpoint, "https://"))
		n.check(err)
		if got := conn.(*tls.Conn).ConnectionState(); got.NegotiatedProtocol != proto || got.Version != tls.VersionTLS13 {
			t.Errorf("%v: %s over %s", protocols, got.NegotiatedProtocol, tls.VersionName(got.Version))
		}
		conn.Close()
	}
	c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
	t.Cleanup(c.CloseIdleConnections)
	res, err := c.Get(endpoint + "/livez")
	n.check(err)
	res.Body.Close()
	if res.StatusCode != http.StatusOK || res.ProtoMajor != 2 {
		t.Errorf("%s %s", res.Proto, res.Status)
	}
	if res, err := web.Get(endpoint + "/livez"); err == nil {
		res.Body.Close()
		t.Error("a client trusts it without knowing it")
	}

	typed, err := client.New(client.Config{Endpoint: endpoint, Token: n.cfg.BootstrapToken.Reveal(), CAFile: ca})
	n.check(err)
	t.Cleanup(typed.CloseIdleConnections)
	_, err = typed.Do(t.Context(), client.Request{Method: http.MethodGet, Path: "/customers"})
	n.check(err)

	// Plain HTTP is told apart.
	conn, err := net.Dial("tcp", strings.TrimPrefix(endpoint, "https://"))
	n.check(err)
	defer conn.Close()
	_, err = io.WriteString(conn, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
	n.check(err)
	if res, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || res.StatusCode != http.StatusBadRequest {
		t.Errorf("plain HTTP: %v, %v", res, err)
	}
}

func TestEndpoint(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]struct {
		http, https string
		exposed     bool
	}{
		"127.0.0.1:1":   {"http://127.0.0.1:1", "https://127.0.0.1:1", false},
		"[::1]:1":       {"http://[::1]:1", "https://[::1]:1", false},
		"192.0.2.1:1":   {"http://192.0.2.1:1", "https://192.0.2.1:1", true},
		"0.0.0.0:8080":  {"http://localhost:8080", "https://localhost:8080", true},
		"[::]:8080":     {"http://localhost:8080", "https://localhost:8080", true},
		"[fd00::1]:443": {"http://[fd00::1]:443", "https://[fd00::1]:443", true},
	} {
		a, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if plain, secure := endpointOf(a, false), endpointOf(a, true); plain != want.http || secure != want.https {
			t.Errorf("%s: %s and %s", address, plain, secure)
		}
		if exposed(a, true) || exposed(a, false) != want.exposed {
			t.Errorf("%s: exposed %v without TLS, %v with", address, exposed(a, false), exposed(a, true))
		}
	}
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	if s, err := certificates(config.Config{}, clock.Real(), log); s != nil || err != nil {
		t.Errorf("none: %v, %v", s, err)
	}
	dir := t.TempDir()
	if _, err := certificates(config.Config{TLSCertFile: filepath.Join(dir, "c"), TLSKeyFile: filepath.Join(dir, "k")}, clock.Real(), log); err == nil {
		t.Error("files that are not there")
	}
	if s, err := certificates(config.Config{DataDir: dir, TLSSelfSigned: true}, clock.Real(), log); s == nil || err != nil {
		t.Errorf("self-signed: %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "tls-*")); err != nil || !slices.Equal(left, []string{filepath.Join(dir, "tls-ca-key.pem"), filepath.Join(dir, "tls-ca.pem")}) {
		t.Errorf("files: %v, %v", left, err)
	}
}
