package app

// Answers that go on, on lockers.

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/internal/app/testdata/locker"
	"github.com/demarc/demarc/controlplane/internal/cli"
	"github.com/demarc/demarc/controlplane/internal/platform/config"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
)

// visits are a locker's, as a test has them come: each name is an event, and a closed channel the end.
type visits chan string

func (v visits) use(s *locker.Service) {
	s.Follow = func(ctx context.Context, to *httpapi.Listener, in httpapi.WatchInput) error {
		for n := 1; ; n++ {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case name, more := <-v:
				if !more {
					return nil
				}
				if err := to.Send(httpapi.Event{ID: fmt.Sprint(in.After, n), Type: "visit", Data: map[string]string{"name": name}}); err != nil {
					return err
				}
			}
		}
	}
}

// watch follows the locker's visits.
func (r *lockerRoom) watch(ctx context.Context, token, after string) (next func() (client.Event, error, bool), stop func()) {
	return iter.Pull2(r.api(token).Watch(ctx, client.Request{Path: "/lockers/" + r.id + "/visits"}, after))
}

func TestEvents(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"1.1", "2"} {
		t.Run("HTTP/"+version, func(t *testing.T) {
			t.Parallel()
			v := make(visits)
			r := newLockerRoom(t, version, v.use)
			if kind := r.catalog.Kind("locker"); len(kind.Streams) != 1 || kind.Streams[0].ID != "lockers.watch_visits" || kind.Streams[0].ContentTypes[0] != "text/event-stream" {
				t.Fatalf("the catalog has %+v", kind.Streams)
			}
			// However long the server gives other answers: each event has a time of its own.
			r.limited(version, 300*time.Millisecond)
			next, stop := r.watch(t.Context(), ownerToken, "7-")
			defer stop()
			began := time.Now()
			for n := 1; n <= 4 || time.Since(began) < time.Second; n++ {
				go func() { v <- fmt.Sprintf("guest\n%d", n) }()
				e, err, ok := next()
				if want := fmt.Sprintf(`{"name":"guest\n%d"}`, n); err != nil || !ok || e.ID != fmt.Sprintf("7-%d", n) || e.Type != "visit" || string(e.Data) != want {
					t.Fatalf("%+v %s, %v", e, e.Data, err)
				}
				if n >= 4 {
					select {
					case <-time.After(100 * time.Millisecond):
					case <-t.Context().Done():
					}
				}
			}
			close(v)
			if e, err, ok := next(); ok {
				t.Errorf("after the last: %+v, %v", e, err)
			}
			t.Run("demarc", func(t *testing.T) { r.on(t).watches(r.id) })
		})
	}
}

// limited has the room answer within a time, but for what streams.
func (r *lockerRoom) limited(version string, within time.Duration) {
	r.limit = within
	r.listen(r.t.Context(), version)
}

// watches has the command line show what happens.
func (n *node) watches(id string) {
	token := filepath.Join(n.t.TempDir(), "token")
	n.check(os.WriteFile(token, []byte(ownerToken), 0o600))
	var out, said bytes.Buffer
	status := cli.RunFor(n.t.Context(), n.catalog, []string{"--endpoint", n.endpoint, "--token-file", token, "locker", "watch", id, "visits"},
		cli.Streams{In: strings.NewReader(""), Out: &out, Err: &said})
	if status != cli.ExitOK || out.String() != "" {
		n.t.Errorf("%d %q %q", status, out.String(), said.String())
	}
}

// Events end with the right to them, with the token, and with the server; one that has come before its reader lost the right is not sent after.
func TestEventsEnd(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"1.1", "2"} {
		t.Run("HTTP/"+version, func(t *testing.T) {
			t.Parallel()
			v := make(visits)
			r := newLockerRoom(t, version, v.use)
			ends := func(what, token string, end func()) {
				t.Helper()
				next, stop := r.watch(t.Context(), token, "")
				defer stop()
				go func() { v <- "somebody" }()
				if e, err, ok := next(); err != nil || !ok {
					t.Fatalf("%s: %+v, %v", what, e, err)
				}
				end()
				if e, err, ok := next(); ok {
					t.Errorf("%s: %+v, %v", what, e, err)
				}
			}
			guard, binding := r.guard()
			ends("a right that was lost", guard.token, func() { r.must(ownerToken, http.MethodDelete, "/role-bindings/"+binding, nil) })
			r.bind(guard, "platform-operator", r.id)
			of := r.items(ownerToken, "/api-tokens?service_account_id="+guard.id)
			ends("a token that was revoked", guard.token, func() { r.must(ownerToken, http.MethodDelete, "/api-tokens/"+of[0].text("id"), nil) })
			soon := time.Now().Add(3 * time.Second).UTC().Format(time.RFC3339Nano)
			short := r.issue(guard.id, "short", map[string]any{"expires_at": soon}).text("token")
			ends("a token that ends", short, func() {})
			ends("a server that stops", ownerToken, r.node.api.(*httpapi.Server).EndLongPolls)
		})
	}
}

// Whoever watches takes a place of those that wait.
func TestPlacesOfEvents(t *testing.T) {
	t.Parallel()
	v := make(visits)
	r := newLockerRoom(t, "1.1", v.use, func(c *config.Config) { c.MaxLongPollsPerPrincipal = 1 })
	next, stop := r.watch(t.Context(), ownerToken, "")
	go func() { v <- "somebody" }()
	if _, err, _ := next(); err != nil {
		t.Fatal(err)
	}
	second, leave := r.watch(t.Context(), ownerToken, "")
	_, err, _ := second()
	refused(t, "a second one", err, "rate_limited")
	leave()
	stop()
	r.until("the place is free", func() bool {
		third, leave := r.watch(t.Context(), ownerToken, "")
		defer leave()
		come := make(chan struct{})
		go func() {
			for { // who has gone may still be told
				select {
				case v <- "somebody":
				case <-come:
					return
				}
			}
		}()
		_, err, _ := third()
		close(come)
		return err == nil
	})
}

// What comes of an object in an event is what its caller may see of it, as in every other answer.
func TestEventsOfObjects(t *testing.T) {
	t.Parallel()
	r := newLockerRoom(t, "1.1", func(s *locker.Service) {
		s.Follow = func(_ context.Context, to *httpapi.Listener, in httpapi.WatchInput) error {
			now, err := to.Now()
			if err != nil {
				return err
			}
			found, err := s.Get(now, in.ID)
			if err != nil {
				return err
			}
			return to.Send(httpapi.Event{Type: "visit", Data: found})
		}
	})
	r.must(ownerToken, http.MethodPatch, "/lockers/"+r.id, map[string]any{"wholesale_rent": 314159})
	blind := r.custom(r.root, "blind", r.id, "lockers.get", "lockers.watch_visits")
	for token, sees := range map[string]bool{ownerToken: true, blind.token: false} {
		next, stop := r.watch(t.Context(), token, "")
		e, err, _ := next()
		stop()
		if err != nil || strings.Contains(string(e.Data), "314159") != sees || !strings.Contains(string(e.Data), r.id) {
			t.Errorf("who sees it is %v: %s, %v", sees, e.Data, err)
		}
	}
}
