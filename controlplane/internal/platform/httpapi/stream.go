package httpapi

// Requests of which the body or the answer streams. They may take longer than any other, so what stands at a request's beginning has to hold all along: who
// calls may still do it, the client is not slower than it may be, and the server is not stopping.

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

const (
	// defaultStall is how long a stream may stand still because of its client.
	defaultStall = 30 * time.Second
	// decidedEvery is how often it is decided again whether a stream may go on, if nothing says before that access has changed.
	decidedEvery = 10 * time.Second
	// lastPiece is how long the piece may still take that is being sent when a stream is cut off.
	lastPiece = time.Second
	// lastWords is how long the end of a stream may take to be sent.
	lastWords = 10 * time.Second
	// statusCutOff is the status, in metrics, of an answer that was not sent to its end. No client sees it: its connection breaks.
	statusCutOff = 499
)

var errStopping = &fault.Error{Kind: fault.Unavailable, Code: "unavailable", Detail: "the server stops", RetryAfter: time.Second}

// streams says whether the body or the answer of an operation streams.
func (op *Op) streams() bool { return len(op.AnswerTypes) > 0 || len(op.BodyTypes) > 0 }

// watches says whether the answer is events: what waits for something, as a long poll does, and ends with the server.
func (op *Op) watches() bool { return slices.Contains(op.AnswerTypes, EventStream) }

func newStreams(limits Limits, observer Observer) *places {
	return &places{words: "too many requests stream", node: limits.Streams, each: limits.StreamsPerPrincipal,
		nodeLimit: limitStreams, eachLimit: limitStreamsPerPrincipal, observer: observer, by: map[account]int{}}
}

// accessChanges is closed when what somebody may do has changed.
func (s *Server) accessChanges() <-chan struct{} {
	if s.Access == nil {
		return nil
	}
	return s.Access.Group().Dropped()
}

// stream is a request that streams.
type stream struct {
	s    *Server
	at   *attempt
	cl   *call
	ctx  context.Context // ends when the stream is cut off
	give context.CancelCauseFunc
	rc   *http.ResponseController
	// watched is closed when nobody looks after the stream any more.
	watched chan struct{}
	leave   func()

	mu sync.Mutex
	// cause is why it was cut off, broken what sending to the client failed with.
	cause, broken error
	// sending: the client is to take a piece of the answer.
	sending bool
	// receiving: a piece of the body is waited for.
	receiving bool
	closed    bool
}

// open begins a stream, once there is a place for it.
func (s *Server) open(ctx context.Context, at *attempt, cl *call) (*stream, error) {
	who := accountOf(authn.From(ctx))
	room := s.streams
	if at.op.watches() {
		room = s.polls.places
	}
	if err := room.enter(who); err != nil {
		return nil, err
	}
	st := &stream{s: s, at: at, cl: cl, rc: http.NewResponseController(at.c.Writer), watched: make(chan struct{}), leave: func() { room.leave(who) }}
	st.ctx, st.give = context.WithCancelCause(ctx)
	// The limits of a whole request are not for what streams: it has some for each piece.
	if err := errors.Join(st.rc.SetReadDeadline(time.Time{}), st.rc.SetWriteDeadline(time.Time{})); err != nil {
		st.leave()
		return nil, err
	}
	go st.watch()
	return st, nil
}

// close ends a stream that has come to its end, well or not.
func (st *stream) close() {
	st.mu.Lock()
	st.closed = true
	st.mu.Unlock()
	st.give(nil)
	<-st.watched
	st.leave()
	// What is still to be sent, or to be read and thrown away, is not waited for any longer than that.
	soon := clock.Real().Now().Add(lastWords)
	if err := errors.Join(st.rc.SetReadDeadline(soon), st.rc.SetWriteDeadline(soon)); err != nil {
		st.s.log.WarnContext(st.ctx, "a stream's connection cannot be given a time limit", "error", err)
	}
}

// watch decides again and again whether the stream may go on: when access has changed, now and then, and when the caller's token ends.
func (st *stream) watch() {
	defer close(st.watched)
	changed := st.at.changed
	var stopping <-chan struct{}
	if st.at.op.watches() {
		stopping = st.s.polls.stopping.Done()
	}
	for {
		wait := decidedEvery
		if end := st.at.caller.Principal.ExpiresAt; !end.IsZero() {
			wait = min(wait, end.Sub(st.s.Clock.Now()))
		}
		timer := st.s.Clock.NewTimer(wait)
		select {
		case <-st.ctx.Done():
			timer.Stop()
			st.cut(context.Cause(st.ctx))
			return
		case <-stopping:
			timer.Stop()
			st.cut(errStopping)
			return
		case <-changed:
			timer.Stop()
		case <-timer.C():
		}
		changed = st.s.accessChanges()
		if err := st.decideAgain(); err != nil {
			st.cut(err)
			return
		}
	}
}

// decideAgain decides with what is known now.
func (st *stream) decideAgain() error {
	again := *st.at
	ctx, err := st.s.enter(st.at.c, &again)
	if err == nil {
		_, err = st.s.decide(ctx, again.caller, st.cl)
	}
	return err
}

// cut ends the stream, whatever it waits for, unless it has ended already.
func (st *stream) cut(why error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.cause != nil || st.closed {
		return
	}
	st.cause = why
	st.give(why)
	if st.sending {
		// What the client is just taking may come to its end: HTTP/2 would take back with it what came before.
		st.deadline(st.rc.SetWriteDeadline, clock.Real().Now().Add(lastPiece))
	}
	if st.receiving {
		st.deadline(st.rc.SetReadDeadline, longAgo)
	}
}

// late says that the client was too slow. When a time limit passes, the request's context ends as it does when the client has gone: that is no
// other reason.
func (st *stream) late(why error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.cause == nil || errors.Is(st.cause, context.Canceled) {
		st.cause = why
	}
}

var longAgo = time.Unix(1, 0)

func (st *stream) deadline(set func(time.Time) error, at time.Time) {
	if err := set(at); err != nil {
		st.s.log.WarnContext(st.ctx, "a stream's connection cannot be given a time limit", "error", err)
	}
}

// why is what a stream ended in that ended in err: what it was cut off for, if it was.
func (st *stream) why(err error) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.cause != nil {
		return st.cause
	}
	return err
}

// piece is how much is sent at once. The client has to take it within the time that a stream may stand still.
const piece = 32 << 10

// write sends a part of the answer.
func (st *stream) write(b []byte) (n int, err error) {
	for len(b) > 0 && err == nil {
		if err = st.mayWrite(); err != nil {
			break
		}
		var sent int
		sent, err = st.at.c.Writer.Write(b[:min(len(b), piece)])
		n, b = n+sent, b[sent:]
		st.wrote()
		if err != nil {
			st.lost(err)
		}
	}
	return n, err
}

// mayWrite gives the client its time for the next piece.
func (st *stream) mayWrite() error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.cause != nil {
		return st.cause
	}
	st.sending = true
	return st.rc.SetWriteDeadline(clock.Real().Now().Add(st.s.stall()))
}

// lost notes that nothing more can be said to the client.
func (st *stream) lost(err error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.broken = err
}

// wrote takes the time limit away while nothing is sent: HTTP/2 would end the stream at it, whoever was being waited for.
func (st *stream) wrote() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.sending = false
	st.deadline(st.rc.SetWriteDeadline, time.Time{})
}

func (s *Server) stall() time.Duration {
	if s.Limits.StreamStall > 0 {
		return s.Limits.StreamStall
	}
	return defaultStall
}

// stream serves an operation that streams, and returns the status of its answer.
func (s *Server) stream(ctx context.Context, at *attempt, cl *call, run func(context.Context) (any, error)) int {
	st, err := s.open(ctx, at, cl)
	if err != nil {
		return s.refused(ctx, at, err)
	}
	defer st.close()
	if cl.incoming != nil {
		return st.receive(ctx, run)
	}
	out, err := run(st.ctx)
	if err != nil {
		return s.refused(ctx, at, st.why(err))
	}
	if events, ok := out.(Events); ok {
		return st.events(ctx, events)
	}
	return st.document(ctx, out.(Document))
}

// cutOff notes that an answer ends before its end.
func (st *stream) cutOff(ctx context.Context, err error) int {
	level := slog.LevelError
	if ctx.Err() != nil || fault.As(err) != nil || errors.Is(err, os.ErrDeadlineExceeded) { // the client has gone, was too slow, or may not go on
		level = slog.LevelInfo
	}
	st.s.log.LogAttrs(ctx, level, "an answer was cut off", slog.String("operation", st.at.op.ID), slog.String("error", err.Error()))
	return statusCutOff
}
