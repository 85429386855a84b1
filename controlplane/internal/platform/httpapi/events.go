package httpapi

// Answers that go on: server-sent events. They end when the caller may have no more of them, when the server stops, and when the client does not keep up;
// a client that wants more asks again, and says what it had last.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/visibility"
)

// EventStream is the content type of events.
const EventStream = "text/event-stream"

// heartbeat is how often something is sent where nothing happens: intermediaries close what is silent, and who has gone is noticed.
const heartbeat = 15 * time.Second

// WatchInput asks for what happens to an object from now on, or since an event.
type WatchInput struct {
	ID    string
	Query url.Values
	// After is the id of the last event that the client had; empty if it says none.
	After string
}

func (in *WatchInput) takes() reflect.Type { return nil }

func (in *WatchInput) bind(c *call) error {
	in.ID, in.Query, in.After = c.id, c.query, c.after
	return nil
}

// Events is an answer that goes on.
type Events struct {
	// Follow sends events until ctx ends, or until there are no more.
	Follow func(ctx context.Context, to *Listener) error
}

// Event is one of them.
type Event struct {
	// ID is what a client says that it had, Type what has happened; neither has a line break in it.
	ID, Type string
	// Data is sent as JSON, without what the caller may not see of the objects in it.
	Data any
}

// Listener is the client that events are sent to.
type Listener struct {
	st *stream
	mu sync.Mutex // of what is sent
}

// Now is the context of this moment: what is read with it is what the caller may see now. It fails when they may see nothing here any more.
func (l *Listener) Now() (context.Context, error) {
	again := *l.st.at
	ctx, err := l.st.s.enter(l.st.at.c, &again)
	if err != nil {
		return nil, err
	}
	d, err := l.st.s.decide(ctx, again.caller, l.st.cl)
	if err != nil {
		return nil, err
	}
	return authz.WithCaller(l.st.ctx, again.caller, d.Access), nil
}

// Send sends an event to a client who may have it at this moment.
func (l *Listener) Send(e Event) error {
	ctx, err := l.Now()
	if err != nil {
		l.st.cut(err)
		return l.st.why(err)
	}
	if strings.ContainsAny(e.ID+e.Type, "\r\n\x00") {
		return fmt.Errorf("event %q of the type %q has a line break", e.ID, e.Type)
	}
	if !visibility.Known(reflect.TypeOf(e.Data)) {
		return fmt.Errorf("event of the type %q has values of which nobody knows what they are, and so who may see them", e.Type)
	}
	data, err := json.Marshal(e.Data)
	if err == nil {
		data, err = l.st.s.fields.renderer.Answer(ctx, reflect.TypeOf(e.Data), data)
	}
	if err != nil {
		return err
	}
	var b strings.Builder
	if e.ID != "" {
		b.WriteString("id: " + e.ID + "\n")
	}
	if e.Type != "" {
		b.WriteString("event: " + e.Type + "\n")
	}
	return l.say(b.String() + "data: " + string(data) + "\n\n")
}

// say sends text, and has it go out at once.
func (l *Listener) say(text string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.st.write([]byte(text)); err != nil {
		return err
	}
	if err := l.st.mayWrite(); err != nil {
		return err
	}
	defer l.st.wrote()
	err := l.st.rc.Flush()
	if err != nil {
		l.st.lost(err)
	}
	return err
}

// beat says now and then that the stream goes on.
func (l *Listener) beat(ctx context.Context) {
	for l.st.s.Clock.Sleep(ctx, heartbeat) == nil {
		if err := l.say(":\n\n"); err != nil {
			l.st.cut(err)
			return
		}
	}
}

// follow sends the events, and beats meanwhile.
func (l *Listener) follow(e Events) error {
	beating, quiet := context.WithCancel(l.st.ctx)
	var heart sync.WaitGroup
	heart.Go(func() { l.beat(beating) })
	defer heart.Wait() // nothing uses the connection after this
	defer quiet()
	return e.Follow(l.st.ctx, l)
}

// events sends them, and returns the status.
func (st *stream) events(ctx context.Context, e Events) int {
	s, c := st.s, st.at.c
	if s.AuditReads.Match(st.at.op.ID) {
		if err := s.recordRead(ctx, st.at); err != nil {
			return s.refused(ctx, st.at, err)
		}
	}
	if err := st.why(nil); err != nil {
		return s.refused(ctx, st.at, err)
	}
	c.Header("Content-Type", EventStream)
	c.Header("X-Accel-Buffering", "no") // nginx would keep events until it has enough of them
	c.Status(http.StatusOK)
	l := &Listener{st: st}
	err := l.say(":\n\n")
	if err == nil {
		err = l.follow(e)
	}
	// Whoever may have no more events finds that they end, as they do at some time for everybody; who asks again is told why.
	cause := st.why(nil)
	ours := cause != nil && fault.As(cause) == nil && !errors.Is(cause, errStopping) && ctx.Err() == nil
	if st.broken == nil && !ours && (cause != nil || err == nil) {
		return http.StatusOK
	}
	return st.cutOff(ctx, st.why(errors.Join(st.broken, err)))
}
