package app

// What streams, on lockers: documents and uploads. Each is tried over HTTP/1.1 and HTTP/2, whose ways to end a request in its middle have nothing in common.

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/fixture"
	"github.com/demarc/demarc/controlplane/internal/app/testdata/locker"
	"github.com/demarc/demarc/controlplane/internal/cli"
	"github.com/demarc/demarc/controlplane/internal/platform/config"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
)

// lockerRoom is a node with a locker, spoken to in one version of HTTP.
type lockerRoom struct {
	*node
	id, name string
	address  string
	limit    time.Duration // for whole requests and answers; 0 for the server's own
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
	r.listen(t.Context(), version)
	return r
}

// listen has the room answer in that version of HTTP, with requests that end with ctx.
func (r *lockerRoom) listen(ctx context.Context, version string) {
	protocols := &http.Protocols{}
	protocols.SetHTTP1(version == "1.1")
	protocols.SetUnencryptedHTTP2(version == "2")
	r.address = "http://" + serve(r.t, r.node.api, func(s *http.Server) {
		s.Protocols, s.BaseContext = protocols, func(net.Listener) context.Context { return ctx }
		if r.limit > 0 {
			s.ReadTimeout, s.WriteTimeout = r.limit, r.limit
		}
	})
	transport := &http.Transport{Protocols: protocols, ExpectContinueTimeout: time.Minute}
	r.t.Cleanup(transport.CloseIdleConnections)
	r.http = &http.Client{Transport: transport}
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
				h.Get("Cache-Control") != "no-cache, private" || h.Get("Vary") != "Accept" || h.Get("ETag") != `"1.`+want+`"` {
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
	full := func(who, token string) {
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
	full("a second one of the same", guard.token)
	begin(ownerToken)
	begins()
	third := r.account(r.root, "third")
	r.bind(third, "platform-operator", r.id)
	full("a third one on the node", third.token)
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
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > size*3/4 { // buffers of both ends; whoever holds all of it needs more than it has
			t.Errorf("HTTP/%s: %d MiB were allocated on the way", version, allocated>>20)
		}
	}
}

// fill puts things into the locker.
func (r *lockerRoom) fill(ctx context.Context, token string, body io.Reader) (*client.Response, error) {
	return r.api(token).Upload(ctx, client.Request{Method: http.MethodPost, Path: "/lockers/" + r.id + "/contents"}, "application/x-ndjson", body, -1)
}

// refused says which code an upload is refused with.
func refused(t *testing.T, what string, err error, code string) {
	t.Helper()
	if p := client.AsProblem(err); p == nil || p.Code != code {
		t.Errorf("%s: %v, want %s", what, err, code)
	}
}

// What was put in before a handler panicked is on record.
func TestUploadsThatPanic(t *testing.T) {
	t.Parallel()
	inRooms(t, func(s *locker.Service) {
		s.Fill = func(ctx context.Context, in httpapi.StreamInput) (locker.Filled, error) {
			httpapi.Summarize(ctx, httpapi.Summary{Counts: map[string]int64{"things": 1}, Scope: in.ID})
			panic("a shelf breaks")
		}
	}, nil, func(t *testing.T, r *lockerRoom) {
		_, err := r.fill(t.Context(), ownerToken, strings.NewReader(`{"shelf":"1","thing":"boots"}`))
		refused(t, "a panic", err, "internal")
		var kept []string
		r.check(r.db.Conn(t.Context()).Raw("SELECT outcome || ' ' || (new->'summary'->'counts'->>'things') FROM audit_record WHERE op_id = 'lockers.upload_contents' AND target_id = ?", r.id).
			Scan(&kept).Error)
		if !slices.Equal(kept, []string{"failed 1"}) {
			t.Errorf("on record: %v", kept)
		}
	})
}

func TestUploads(t *testing.T) {
	t.Parallel()
	inRooms(t, nil, nil, func(t *testing.T, r *lockerRoom) {
		kind := r.catalog.Kind("locker")
		if len(kind.Uploads) != 1 || kind.Uploads[0].ID != "lockers.upload_contents" || kind.Uploads[0].MaxBytes != locker.MaxContents ||
			strings.Join(kind.Uploads[0].BodyTypes, " ") != "application/x-ndjson" {
			t.Fatalf("the catalog has %+v", kind.Uploads)
		}
		res, err := r.fill(t.Context(), ownerToken, strings.NewReader(strings.Repeat(`{"shelf":"1","thing":"boots"}`+"\n", 250)+`{"shelf":"2","thing":"hat"}`))
		if err != nil || string(res.Body) != `{"count":251}` {
			t.Fatalf("%v", err)
		}
		r.says(r.id, map[string]any{"contents": map[string]any{"1": "boots", "2": "hat"}})
		_, err = r.fill(t.Context(), ownerToken, strings.NewReader(`{"shelf":"1","thing":"boots"}`+"\n"+`{"shelf":1}`))
		refused(t, "a line that is none", err, "invalid")
		if p := client.AsProblem(err); p != nil && p.Errors[0].Pointer != "/2" {
			t.Errorf("the line is %s", p.Errors[0].Pointer)
		}
		path := "/lockers/" + r.id + "/contents"
		for what, c := range map[string]struct {
			header map[string]string
			query  string
			code   string
		}{
			"another content type":   {map[string]string{"Content-Type": "application/json"}, "", "unsupported_media_type"},
			"no content type":        {map[string]string{}, "", "unsupported_media_type"},
			"a compressed body":      {map[string]string{"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}, "", "unsupported_media_type"},
			"a key of repetition":    {map[string]string{"Content-Type": "application/x-ndjson", "Idempotency-Key": "k"}, "", "invalid_parameter"},
			"a dry run":              {map[string]string{"Content-Type": "application/x-ndjson"}, "?dry_run=true", "unknown_parameter"},
			"a body that is nothing": {map[string]string{"Content-Type": "application/x-ndjson"}, "", ""},
		} {
			got := r.send(ask{token: ownerToken, method: http.MethodPost, path: path + c.query, raw: []byte{}, header: c.header})
			if code := got.problem(t).Code; code != c.code {
				t.Errorf("%s: %d %s", what, got.status, got.body)
			}
		}
		// One record for all of it: what was put in before the failure is on record with it.
		_, err = r.fill(t.Context(), ownerToken, strings.NewReader(strings.Repeat(`{"shelf":"1","thing":"boots"}`+"\n", 150)+"nothing"))
		refused(t, "a line after others", err, "invalid")
		var records []struct{ Outcome, New string }
		r.check(r.db.Conn(t.Context()).Raw(`SELECT outcome, coalesce(new::text, '') AS new FROM audit_record
			WHERE op_id = 'lockers.upload_contents' AND target_id = ? AND code <> ALL ('{unsupported_media_type,invalid_parameter,unknown_parameter}') ORDER BY id`, r.id).Scan(&records).Error)
		var got []string
		for _, of := range records {
			got = append(got, of.Outcome+" "+of.New)
		}
		if want := []string{fmt.Sprintf(`succeeded {"summary":{"counts":{"things":251},"scope":"%s","bytes":%d}}`, r.id, 250*30+27), "failed ",
			fmt.Sprintf(`succeeded {"summary":{"counts":{"things":0},"scope":"%s"}}`, r.id),
			fmt.Sprintf(`failed {"summary":{"counts":{"things":100},"scope":"%s","bytes":%d}}`, r.id, 150*30+7)}; !slices.Equal(got, want) {
			t.Errorf("on record:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		t.Run("demarc", func(t *testing.T) { r.on(t).uploads(r.id) })
	})
}

// uploads has the command line send a file.
func (n *node) uploads(id string) {
	dir := n.t.TempDir()
	token, file := filepath.Join(dir, "token"), filepath.Join(dir, "things")
	n.check(os.WriteFile(token, []byte(ownerToken), 0o600))
	n.check(os.WriteFile(file, []byte(`{"shelf":"1","thing":"skates"}`), 0o600))
	for from, in := range map[string]string{file: "", "-": `{"shelf":"2","thing":"stick"}`} {
		var out, said bytes.Buffer
		status := cli.RunFor(n.t.Context(), n.catalog, []string{"--endpoint", n.endpoint, "--token-file", token, "locker", "upload", id, "contents", "-f", from},
			cli.Streams{In: strings.NewReader(in), Out: &out, Err: &said})
		if status != cli.ExitOK || !strings.Contains(out.String(), `"count": 1`) {
			n.t.Errorf("%s: %d %q %q", from, status, out.String(), said.String())
		}
	}
	n.says(id, map[string]any{"contents": map[string]any{"1": "skates", "2": "stick"}})
}

// zeros are many bytes.
type zeros struct{ left int64 }

func (z *zeros) Read(b []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(b)), z.left)
	z.left -= n
	return int(n), nil
}

// swallow takes whatever comes.
func swallow(s *locker.Service) {
	s.Fill = func(_ context.Context, in httpapi.StreamInput) (locker.Filled, error) {
		n, err := io.Copy(io.Discard, in.Body)
		return locker.Filled{Count: n}, err
	}
}

// However large a body is, the server holds little of it at a time; and there is an end to it, whether or not it was said before how large it is.
func TestLargeUploads(t *testing.T) { //nolint:paralleltest // it counts what is allocated
	const size = 64 << 20
	for _, version := range []string{"1.1", "2"} {
		r := newLockerRoom(t, version, swallow)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		res, err := r.fill(t.Context(), ownerToken, &zeros{size})
		runtime.ReadMemStats(&after)
		if err != nil || string(res.Body) != fmt.Sprintf(`{"count":%d}`, size) {
			t.Errorf("HTTP/%s: %v", version, err)
		}
		if allocated := after.TotalAlloc - before.TotalAlloc; allocated > size*3/4 { // buffers of both ends; whoever holds all of it needs more than it has
			t.Errorf("HTTP/%s: %d MiB were allocated on the way", version, allocated>>20)
		}
		_, err = r.fill(t.Context(), ownerToken, &zeros{locker.MaxContents + 1})
		refused(t, "too much, found out while it comes", err, "too_large")
		_, err = r.api(ownerToken).Upload(t.Context(), client.Request{Method: http.MethodPost, Path: "/lockers/" + r.id + "/contents"}, "application/x-ndjson",
			&zeros{locker.MaxContents + 1}, locker.MaxContents+1)
		refused(t, "too much, said before", err, "too_large")
	}
}

// A body that does not come, that of somebody who may not go on, and that which a stopping server has waited for, end with what is wrong, whatever
// the handler makes of it.
func TestUploadsThatAreCutOff(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"1.1", "2"} {
		t.Run("HTTP/"+version, func(t *testing.T) {
			t.Parallel()
			began := make(chan struct{}, 1)
			stubborn := func(s *locker.Service) {
				s.Fill = func(_ context.Context, in httpapi.StreamInput) (locker.Filled, error) {
					first := make([]byte, 1)
					if _, err := io.ReadFull(in.Body, first); err != nil {
						return locker.Filled{}, err
					}
					began <- struct{}{}
					n, _ := io.Copy(io.Discard, in.Body)
					return locker.Filled{Count: n}, nil
				}
			}
			base, stop := context.WithCancel(t.Context())
			r := newLockerRoom(t, version, stubborn)
			r.listen(base, version)
			hang := func(token string, then func()) error {
				body, end := io.Pipe()
				defer end.Close()
				go func() {
					if _, err := end.Write([]byte("x")); err == nil {
						<-began
						then()
					}
				}()
				_, err := r.fill(t.Context(), token, body)
				return err
			}
			guard, binding := r.guard()
			refused(t, "a right that was lost", hang(guard.token, func() { r.must(ownerToken, http.MethodDelete, "/role-bindings/"+binding, nil) }), "not_found")
			refused(t, "a token that was revoked", func() error {
				other := r.account(r.root, "other")
				r.bind(other, "platform-operator", r.id)
				of := r.items(ownerToken, "/api-tokens?service_account_id="+other.id)
				return hang(other.token, func() { r.must(ownerToken, http.MethodDelete, "/api-tokens/"+of[0].text("id"), nil) })
			}(), "unauthenticated")
			refused(t, "a server that stops", hang(ownerToken, stop), "unavailable")

			slow := newLockerRoom(t, version, stubborn, func(c *config.Config) { c.StreamStallTimeout = 200 * time.Millisecond })
			slow.must(ownerToken, http.MethodGet, "/lockers/"+slow.id, nil)
			r = slow
			refused(t, "a body that does not come", hang(ownerToken, func() {}), "too_slow")
		})
	}
}
