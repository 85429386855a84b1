package app

// What streams, on lockers: documents. Each is tried over HTTP/1.1 and HTTP/2, whose ways to end a request in its middle have nothing in common.

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/fixture"
	"github.com/demarc/demarc/controlplane/internal/app/testdata/locker"
	"github.com/demarc/demarc/controlplane/internal/cli"
	"github.com/demarc/demarc/controlplane/internal/platform/config"
)

// lockerRoom is a node with a locker, spoken to in one version of HTTP.
type lockerRoom struct {
	*node
	id, name string
	address  string
	http     *http.Client
}

// inRooms runs a test in both versions of HTTP.
func inRooms(t *testing.T, change func(*locker.Service), set []func(*config.Config), test func(*testing.T, *lockerRoom)) {
	t.Helper()
	for _, version := range []string{"1.1", "2"} {
		t.Run("HTTP/"+version, func(t *testing.T) {
			t.Parallel()
			test(t, newLockerRoom(t, version, change, set...))
		})
	}
}

func newLockerRoom(t *testing.T, version string, change func(*locker.Service), set ...func(*config.Config)) *lockerRoom {
	t.Helper()
	n, load := withLockers(t, change, set...)
	made := fixture.OpenFrom(t, n.client(ownerToken), n.catalog, load, "locker").MustCreate(fixture.Minimal)
	r := &lockerRoom{node: n, id: made.ID}
	r.name = n.must(ownerToken, http.MethodGet, "/lockers/"+r.id, nil).text("name")
	protocols := &http.Protocols{}
	protocols.SetHTTP1(version == "1.1")
	protocols.SetUnencryptedHTTP2(version == "2")
	r.address = "http://" + serve(t, n.api, func(s *http.Server) { s.Protocols = protocols })
	transport := &http.Transport{Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	r.http = &http.Client{Transport: transport}
	return r
}

// api is a client of the room's, with that token. It tries once.
func (r *lockerRoom) api(token string) *client.Client {
	r.t.Helper()
	c, err := client.New(client.Config{Endpoint: r.address, Token: token, HTTPClient: r.http, MaxRetries: -1})
	r.check(err)
	return c
}

// label asks for the locker's label.
func (r *lockerRoom) label(ctx context.Context, token string, accept ...string) (*client.Download, error) {
	return r.api(token).Download(ctx, client.Request{Path: "/lockers/" + r.id + "/label"}, accept...)
}

// guard is somebody who may see the locker and its label, as long as the binding stands.
func (r *lockerRoom) guard() (p *principal, binding string) {
	p = r.account(r.root, "guard")
	return p, r.bind(p, "platform-operator", r.id)
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	inRooms(t, nil, []func(*config.Config){func(c *config.Config) { c.AuditReads = []string{"lockers.get_label"} }}, func(t *testing.T, r *lockerRoom) {
		kind := r.catalog.Kind("locker")
		if len(kind.Documents) != 1 || kind.Documents[0].ID != "lockers.get_label" || strings.Join(kind.Documents[0].ContentTypes, " ") != "text/csv application/pdf" {
			t.Fatalf("the catalog has %+v", kind.Documents)
		}
		for accept, want := range map[string]string{"": "text/csv", "application/pdf": "application/pdf", "application/*": "application/pdf",
			"text/csv;q=0.1, application/pdf;q=0.2": "application/pdf", "*/*": "text/csv", "application/pdf;q=0, */*;q=0.5": "text/csv"} {
			var ask []string
			if accept != "" {
				ask = []string{accept}
			}
			got, err := r.label(t.Context(), ownerToken, ask...)
			if err != nil {
				t.Errorf("%q: %v", accept, err)
				continue
			}
			content, err := io.ReadAll(got.Body)
			got.Body.Close()
			h := got.Header
			if err != nil || string(content) != r.name+",2\n" || got.ContentType != want || got.Name != r.name+"."+want[strings.Index(want, "/")+1:] ||
				h.Get("Content-Security-Policy") != "sandbox; default-src 'none'" || h.Get("X-Content-Type-Options") != "nosniff" ||
				h.Get("Cache-Control") != "no-store" || h.Get("Vary") != "Accept" || h.Get("ETag") != `"1"` {
				t.Errorf("%q: %q %q, %v, %v", accept, content, got.Name, h, err)
			}
		}
		if _, err := r.label(t.Context(), ownerToken, "image/png"); client.AsProblem(err) == nil || client.AsProblem(err).Code != "not_acceptable" {
			t.Errorf("no such type: %v", err)
		}
		var outcomes []string
		r.check(r.db.Conn(t.Context()).Raw("SELECT outcome FROM audit_record WHERE op_id = 'lockers.get_label' AND target_id = ? ORDER BY id", r.id).Scan(&outcomes).Error)
		if got := strings.Join(outcomes, " "); got != strings.Repeat("succeeded ", 6)+"failed" {
			t.Errorf("on record: %s", got)
		}

		// The command line keeps it as a file, whole or not at all.
		t.Run("demarc", func(t *testing.T) { r.on(t).downloads(r.id, r.name) })
	})
}

// downloads has the command line write labels to files.
func (n *node) downloads(id, name string) {
	dir := n.t.TempDir()
	token := filepath.Join(dir, "token")
	n.check(os.WriteFile(token, []byte(ownerToken), 0o600))
	run := func(args ...string) (status int, out, said string) {
		var o, e bytes.Buffer
		status = cli.RunFor(n.t.Context(), n.catalog, append([]string{"--endpoint", n.endpoint, "--token-file", token, "locker", "download", id}, args...),
			cli.Streams{In: strings.NewReader(""), Out: &o, Err: &e})
		return status, o.String(), e.String()
	}
	file := filepath.Join(dir, "label.csv")
	for what, c := range map[string]struct {
		args   []string
		status int
		out    string
	}{
		"standard output":            {[]string{"label", "-o", "-"}, cli.ExitOK, name + ",2\n"},
		"the only one":               {[]string{"-o", "-"}, cli.ExitOK, name + ",2\n"},
		"no such document":           {[]string{"receipt"}, cli.ExitUsage, ""},
		"no such type":               {[]string{"label", "--type", "image/png"}, cli.ExitUsage, ""},
		"a folder that is not there": {[]string{"label", "-o", filepath.Join(dir, "no", "label")}, cli.ExitError, ""},
	} {
		if status, out, said := run(c.args...); status != c.status || out != c.out {
			n.t.Errorf("%s: %d %q %q", what, status, out, said)
		}
	}
	if status, _, said := run("label", "-o", file); status != cli.ExitOK {
		n.t.Fatal(said)
	}
	n.check(os.WriteFile(file, []byte("mine"), 0o600))
	if status, _, said := run("label", "-o", file); status != cli.ExitUsage || !strings.Contains(said, "--force") {
		n.t.Errorf("a file that is there: %d %q", status, said)
	}
	if status, _, said := run("label", "--type", "application/pdf", "--force", "-o", file); status != cli.ExitOK {
		n.t.Error(said)
	}
	if content, err := os.ReadFile(file); err != nil || string(content) != name+",2\n" {
		n.t.Errorf("%q, %v", content, err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".demarc-*")); err != nil || len(left) > 0 {
		n.t.Errorf("left over: %v, %v", left, err)
	}
}

var errPrinter = errors.New("out of paper")

// much is more than what is held back before the first byte goes out.
var much = bytes.Repeat([]byte("label "), 1<<14)

// What goes wrong before the first byte is a problem; after it, the answer breaks off, and cannot be taken for the whole.
func TestDocumentsThatFail(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before []byte
		then   func() error
	}{
		"an error at once":  {nil, func() error { return errPrinter }},
		"a panic at once":   {nil, func() error { panic(errPrinter) }},
		"an error later on": {much, func() error { return errPrinter }},
		"a panic later on":  {much, func() error { panic(errPrinter) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			print := func(s *locker.Service) {
				s.Print = func(_ context.Context, w io.Writer, _ locker.Locker) error {
					if _, err := w.Write(c.before); err != nil {
						return err
					}
					return c.then()
				}
			}
			inRooms(t, print, nil, func(t *testing.T, r *lockerRoom) {
				got, err := r.label(t.Context(), ownerToken)
				if c.before == nil {
					if p := client.AsProblem(err); p == nil || p.Code != "internal" || strings.Contains(p.Detail, "paper") {
						t.Errorf("%v", err)
					}
					return
				}
				r.check(err)
				defer got.Body.Close()
				if content, err := io.ReadAll(got.Body); err == nil {
					t.Errorf("%d bytes pass for the whole", len(content))
				}
			})
		})
	}
}

// printer prints until it is told to end.
type printer struct {
	began chan struct{}
	more  chan []byte
}

func newPrinter() *printer { return &printer{began: make(chan struct{}, 16), more: make(chan []byte)} }

func (p *printer) use(s *locker.Service) {
	s.Print = func(ctx context.Context, w io.Writer, _ locker.Locker) error {
		p.began <- struct{}{}
		for {
			select {
			case b, ok := <-p.more:
				if !ok {
					return nil
				}
				if _, err := w.Write(b); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

// Whoever loses the right to a document while it comes gets no more of it.
func TestARightLostDuringADocument(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"1.1", "2"} {
		t.Run("HTTP/"+version, func(t *testing.T) {
			t.Parallel()
			p := newPrinter()
			r := newLockerRoom(t, version, p.use)
			guard, binding := r.guard()
			go func() { p.more <- much }()
			d, err := r.label(t.Context(), guard.token)
			r.check(err)
			defer d.Body.Close()
			if _, err := io.ReadFull(d.Body, make([]byte, len(much)/2)); err != nil {
				t.Fatal(err)
			}
			r.must(ownerToken, http.MethodDelete, "/role-bindings/"+binding, nil)
			if rest, err := io.ReadAll(d.Body); err == nil {
				t.Errorf("it ends well, after %d bytes more", len(rest))
			}
			if _, err := r.label(t.Context(), guard.token); !client.IsNotFound(err) {
				t.Errorf("again: %v", err)
			}
		})
	}
}

// Streams have places, on the node and for each principal; what has ended makes room.
func TestPlacesOfStreams(t *testing.T) {
	t.Parallel()
	p := newPrinter()
	r := newLockerRoom(t, "1.1", p.use, func(c *config.Config) { c.MaxStreams, c.MaxStreamsPerPrincipal = 2, 1 })
	guard, _ := r.guard()
	ctx, goAway := context.WithCancel(t.Context())
	ended := make(chan error, 3)
	begin := func(token string) {
		go func() {
			_, err := r.label(ctx, token)
			ended <- err
		}()
	}
	refused := func(who, token string) {
		t.Helper()
		if _, err := r.label(t.Context(), token); client.AsProblem(err) == nil || client.AsProblem(err).Code != "rate_limited" {
			t.Errorf("%s: %v", who, err)
		}
	}
	begins := func() {
		t.Helper()
		select {
		case <-p.began:
		case err := <-ended:
			t.Fatal(err)
		}
	}
	begin(guard.token)
	begins()
	refused("a second one of the same", guard.token)
	begin(ownerToken)
	begins()
	third := r.account(r.root, "third")
	r.bind(third, "platform-operator", r.id)
	refused("a third one on the node", third.token)
	goAway()
	for range 2 {
		<-ended
	}
	ctx = t.Context()
	r.until("there is a place again", func() bool {
		begin(third.token)
		select {
		case <-p.began:
			return true
		case <-ended:
			return false
		}
	})
	close(p.more)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A client that does not read is not waited for.
func TestReadersThatDoNotRead(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 2)
	endless := func(s *locker.Service) {
		s.Print = func(_ context.Context, w io.Writer, _ locker.Locker) error {
			for {
				if _, err := w.Write(much); err != nil {
					ended <- err
					return err
				}
			}
		}
	}
	inRooms(t, endless, []func(*config.Config){func(c *config.Config) { c.StreamStallTimeout = 200 * time.Millisecond }}, func(t *testing.T, r *lockerRoom) {
		got, err := r.label(t.Context(), ownerToken)
		r.check(err)
		defer got.Body.Close()
		<-ended
	})
}

// However large a document is, the server holds little of it at a time.
func TestLargeDocuments(t *testing.T) { //nolint:paralleltest // it counts what is allocated
	const size, block = 64 << 20, 256 << 10
	b := make([]byte, block)
	large := func(s *locker.Service) {
		s.Print = func(_ context.Context, w io.Writer, _ locker.Locker) error {
			for range size / block {
				if _, err := w.Write(b); err != nil {
					return err
				}
			}
			return nil
		}
	}
	for _, version := range []string{"1.1", "2"} {
		r := newLockerRoom(t, version, large)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got, err := r.label(t.Context(), ownerToken)
		r.check(err)
		n, err := io.Copy(io.Discard, got.Body)
		got.Body.Close()
		runtime.ReadMemStats(&after)
		if err != nil || n != size {
			t.Errorf("HTTP/%s: %d bytes, %v", version, n, err)
		}
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > size/4 {
			t.Errorf("HTTP/%s: %d MiB were allocated on the way", version, allocated>>20)
		}
	}
}
