package httpapi

// Bodies that stream to their handler: usage in batches, an image. Nothing holds the whole of one: no transaction is open around it, no hash is made
// of it, and no answer is kept for a repetition.

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/url"
	"os"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// StreamInput is a body that streams. The caller may send it: that was decided before any of it was read.
type StreamInput struct {
	ID          string
	Query       url.Values
	ContentType string
	// Body fails with what is to be answered: that it is too large, comes too slowly or ends too early, or that its caller may not go on. Whatever the
	// handler makes of that, it is answered.
	Body io.Reader
}

func (in *StreamInput) takes() reflect.Type { return reflect.TypeFor[StreamInput]() }

func (in *StreamInput) bind(c *call) error {
	in.ID, in.Query, in.ContentType, in.Body = c.id, c.query, c.incoming.contentType, c.incoming
	return nil
}

// incoming is a body while it comes.
type incoming struct {
	contentType string
	most        int64
	from        io.Reader
	st          *stream // set once there is a place for it
	pace        pace
	now         func() time.Time

	received int64
	end      error // io.EOF, or what it failed with
}

// receiving checks what a request says of a body that streams.
func receiving(c *gin.Context, op *Op) (*incoming, error) {
	r := c.Request
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch encoding := r.Header.Get("Content-Encoding"); {
	case err != nil || !slices.Contains(op.BodyTypes, media):
		return nil, &fault.Error{Kind: fault.UnsupportedMedia, Code: "unsupported_media_type", Detail: "send Content-Type: " + strings.Join(op.BodyTypes, " or ")}
	case encoding != "" && encoding != "identity":
		return nil, &fault.Error{Kind: fault.UnsupportedMedia, Code: "unsupported_media_type", Detail: "send it without Content-Encoding"}
	case r.Header.Get("Idempotency-Key") != "":
		return nil, fault.Parameter("Idempotency-Key", "invalid_parameter", "is not for a body that streams, of which no answer is kept")
	case r.ContentLength > op.MaxBytes:
		return nil, tooLarge(op.MaxBytes)
	}
	return &incoming{contentType: media, most: op.MaxBytes, from: r.Body, now: clock.Real().Now}, nil
}

func tooLarge(most int64) error {
	return &fault.Error{Kind: fault.TooLarge, Code: "too_large", Detail: fmt.Sprintf("a body is at most %d bytes here", most)}
}

func (p pace) tooSlow() error {
	detail := fmt.Sprintf("the body came not at all for %s", p.most)
	if p.rate > 0 {
		detail = fmt.Sprintf("the body came at less than %d bytes per second, or not at all for %s", p.rate, p.most)
	}
	return &fault.Error{Kind: fault.TooSlow, Code: "too_slow", Detail: detail}
}

// Read implements io.Reader.
func (b *incoming) Read(p []byte) (n int, err error) {
	if b.end != nil {
		return 0, b.end
	}
	if err := b.st.mayRead(b.pace.left); err != nil {
		b.end = err
		return 0, err
	}
	began := b.now()
	n, err = b.from.Read(p)
	b.st.hasRead()
	b.received += int64(n)
	b.end = b.judge(b.pace.spend(b.now().Sub(began), n), err)
	if b.end != nil && !errors.Is(b.end, io.EOF) {
		return 0, b.end
	}
	return n, b.end
}

// judge says what a read means that ended in err.
func (b *incoming) judge(inTime bool, err error) error {
	cut := b.st.why(nil)
	switch {
	case cut != nil:
		return cut
	case b.received > b.most:
		return tooLarge(b.most)
	case errors.Is(err, os.ErrDeadlineExceeded), !inTime && err == nil:
		return b.pace.tooSlow()
	case err != nil && !errors.Is(err, io.EOF):
		return fault.Malformedf("malformed", "the body ended before its end")
	}
	return err
}

// failure is what the body failed with.
func (b *incoming) failure() error {
	if errors.Is(b.end, io.EOF) {
		return nil
	}
	return b.end
}

// pace is how long a client may keep a reader waiting: what is left of it grows with every byte that comes, up to the most, and shrinks with every
// moment that none does. So a body that comes at less than the rate on the whole ends, and so does one that does not come for that long.
type pace struct {
	rate       int // bytes per second; 0 for any
	most, left time.Duration
}

// spend notes that n bytes were waited for that long, and says whether that is fast enough.
func (p *pace) spend(waited time.Duration, n int) bool {
	p.left -= waited
	inTime := p.left > 0
	switch {
	case n > 0 && p.rate == 0:
		p.left = p.most
	case n > 0:
		p.left = min(p.most, p.left+time.Duration(n)*time.Second/time.Duration(p.rate))
	}
	return inTime || p.left > 0
}

// mayRead gives the client its time for what comes next.
func (st *stream) mayRead(within time.Duration) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.cause != nil {
		return st.cause
	}
	st.receiving = true
	return st.rc.SetReadDeadline(clock.Real().Now().Add(within))
}

// hasRead takes the time limit away while the server does its work: HTTP/2 would end the body at it.
func (st *stream) hasRead() {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.receiving = false
	if st.cause == nil {
		st.deadline(st.rc.SetReadDeadline, time.Time{})
	}
}

// receive has a handler take the body, and answers what it answers.
func (st *stream) receive(ctx context.Context, run func(context.Context) (any, error)) int {
	s, at, in := st.s, st.at, st.cl.incoming
	stall := s.stall()
	in.st, in.pace = st, pace{rate: s.Limits.StreamRate, most: stall, left: stall}
	out, err := whole(st.ctx, run)
	if failed := in.failure(); failed != nil {
		err = failed
	}
	err = st.why(err)
	if at.said.summary != nil {
		at.said.summary.Bytes = in.received
	}
	var a answer
	if err == nil {
		a, err = render(at.op, out, false)
	}
	shown := a
	if err == nil {
		shown, err = s.fields.shown(st.ctx, at.op, a)
	}
	if err == nil {
		err = s.recordStream(ctx, at, a)
	}
	if err != nil {
		if !errors.Is(in.end, io.EOF) && at.c.Request.ProtoMajor == 1 {
			at.c.Header("Connection", "close") // the rest of the body is not for the next request
		}
		return s.refused(ctx, at, err)
	}
	return s.send(at.c, at.op, shown)
}

// whole runs a handler whose parts are committed one by one, so that what came of them is on record even if it panics.
func whole(ctx context.Context, run func(context.Context) (any, error)) (out any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return run(ctx)
}

// recordStream puts on record what came of a body that streamed. Each part of it was committed by itself, so this is a transaction of its own.
func (s *Server) recordStream(ctx context.Context, at *attempt, a answer) error {
	r := s.recordOf(ctx, at)
	r.New = a.Body
	if err := s.summarize(ctx, at, &r); err != nil {
		return err
	}
	return s.Audit.Attempt(ctx, r)
}

// maxLine is how long a line may be.
const maxLine = 1 << 20

// Lines are the values of a body in application/x-ndjson, one a line. A line that is none of them is refused by its number, and is the last.
func Lines[T any](in StreamInput) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		from := bufio.NewReaderSize(in.Body, piece)
		for number := 1; ; number++ {
			line, end := readLine(from)
			if end != nil && !errors.Is(end, io.EOF) { // what there is of the line may be less than it was
				var none T
				yield(none, end)
				return
			}
			if line = bytes.TrimSpace(line); len(line) > 0 {
				v, err := valueOf[T](line, number)
				if !yield(v, err) || err != nil {
					return
				}
			}
			if end != nil {
				return
			}
		}
	}
}

// readLine returns the next line, the last with io.EOF.
func readLine(from *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := from.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxLine {
			return nil, fault.Invalidf("", "max_length", "a line is at most %d bytes", maxLine)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// valueOf is the value that a line is, and all of it.
func valueOf[T any](line []byte, number int) (T, error) {
	var v T
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	err := d.Decode(&v)
	if _, more := d.Token(); err != nil || !errors.Is(more, io.EOF) || string(line) == "null" {
		return v, fault.Invalidf(fmt.Sprintf("/%d", number), "format", "line %d is not what is taken here", number)
	}
	err = resource.Check(v)
	f := fault.As(err)
	if f == nil {
		return v, err
	}
	for i := range f.Fields {
		f.Fields[i].Pointer = fmt.Sprintf("/%d%s", number, f.Fields[i].Pointer)
	}
	return v, f
}
