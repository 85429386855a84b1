package client

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/http"
	"strings"
	"sync"
)

// streaming marks the context of a request whose body or answer streams: neither is kept in memory, so it is sent again only while nothing of
// its body has gone out.
type streaming struct {
	body   *source // nil where only the answer streams
	size   int64
	reader *sourceReader // of the latest attempt
}

type streamingKey struct{}

func streamOf(ctx context.Context) *streaming {
	s, _ := ctx.Value(streamingKey{}).(*streaming)
	return s
}

// Download is an answer that is no JSON, while it comes.
type Download struct {
	Header http.Header
	// ContentType has no parameters: text/csv.
	ContentType string
	// Name is what the server calls it, "" if it does not say. It is no path: it may hold anything, so clean it before it names a file.
	Name string
	// Size in bytes, -1 if the server did not know it.
	Size int64
	// Body fails where the answer ends before its end. Close it.
	Body io.ReadCloser
}

// Download asks for a document. accept are the content types that will do, best first; none for what the server prefers. Until the answer begins
// it is tried again as Do does; after that Body fails, and the whole has to be asked for again.
func (c *Client) Download(ctx context.Context, r Request, accept ...string) (*Download, error) {
	res, err := c.stream(context.WithValue(ctx, streamingKey{}, &streaming{}), r, accept...) //nolint:bodyclose // the caller closes it
	if err != nil {
		return nil, err
	}
	d := &Download{Header: res.Header, Size: res.ContentLength, Body: res.Body}
	d.ContentType, _, _ = mime.ParseMediaType(res.Header.Get("Content-Type"))
	if _, parameters, err := mime.ParseMediaType(res.Header.Get("Content-Disposition")); err == nil {
		d.Name = parameters["filename"]
	}
	return d, nil
}

// stream sends a request and returns the answer as it comes, if it is a success.
func (c *Client) stream(ctx context.Context, r Request, accept ...string) (*http.Response, error) {
	req, err := c.newRequest(ctx, r)
	if err != nil {
		return nil, err
	}
	if req.Header.Del("Accept"); len(accept) > 0 {
		req.Header.Set("Accept", preferring(accept))
	}
	// The limit of a whole request is not for what streams.
	doer := &http.Client{Transport: c.transport, CheckRedirect: c.doer.CheckRedirect, Jar: c.doer.Jar}
	res, err := doer.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode < 300 {
		return res, nil
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxResponse))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", req.Method, req.URL.Path, err)
	}
	return nil, newProblem(res, body)
}

// Upload sends a body while it is read from body, and returns the answer. It waits a while for the server to say that it takes the body before any of
// it is sent, and is tried again, as Do does, only while nothing has been: what the body is read from need not be read twice. After a
// refusal one more read of it may go on. size is -1 if it is not known.
func (c *Client) Upload(ctx context.Context, r Request, contentType string, body io.Reader, size int64) (*Response, error) {
	r.Header = r.Header.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Expect", "100-continue")
	res, err := c.stream(context.WithValue(ctx, streamingKey{}, &streaming{body: &source{from: body}, size: size}), r, "application/json")
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxResponse))
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.Method, r.Path, err)
	}
	return &Response{Status: res.StatusCode, Header: res.Header, Body: answer}, nil
}

// Event is one of those that a server sends.
type Event struct {
	ID, Type string
	Data     json.RawMessage
}

// maxEvent bounds what is read of one event.
const maxEvent = 8 << 20

// Watch yields events as they come, after the one that is named if there is one, until the server ends them: with its own end, and when the caller may
// have no more. It does not ask again by itself: whoever wants more does, and names the last event that it had.
func (c *Client) Watch(ctx context.Context, r Request, after string) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if r.Header = r.Header.Clone(); r.Header == nil {
			r.Header = http.Header{}
		}
		if after != "" {
			r.Header.Set("Last-Event-ID", after)
		}
		res, err := c.stream(context.WithValue(ctx, streamingKey{}, &streaming{}), r, "text/event-stream")
		if err != nil {
			yield(Event{}, err)
			return
		}
		defer res.Body.Close()
		lines := bufio.NewScanner(res.Body)
		lines.Buffer(nil, maxEvent)
		var e Event
		for lines.Scan() {
			name, value, _ := strings.Cut(lines.Text(), ":")
			value = strings.TrimPrefix(value, " ")
			switch {
			case name == "id":
				e.ID = value
			case name == "event":
				e.Type = value
			case name == "data":
				e.Data = append(e.Data, value...)
			case lines.Text() == "" && e.Data != nil:
				if !yield(e, nil) {
					return
				}
				e = Event{}
			}
		}
		if err := lines.Err(); err != nil {
			yield(Event{}, err)
		}
	}
}

// preferring is an Accept header for content types of which the first is the best.
func preferring(types []string) string {
	out := make([]string, len(types))
	for i, t := range types {
		out[i] = t
		if i > 0 {
			out[i] = fmt.Sprintf("%s;q=%.3f", t, 1-min(float64(i)*0.01, 0.99))
		}
	}
	return strings.Join(out, ", ")
}

// source is a body that streams. Each attempt reads it through a reader of its own, and the first one that does is the last.
type source struct {
	mu    sync.Mutex
	from  io.Reader
	begun bool
}

// attempt is the body for one attempt.
func (s *source) attempt() *sourceReader { return &sourceReader{of: s} }

type sourceReader struct {
	of     *source
	closed bool
	pipe   *io.PipeReader // nil before the first read
}

var errAttemptEnded = errors.New("this attempt has ended")

// Read implements io.Reader. What the caller gave is read beside it: a server that has answered already is heard even while that has nothing to give.
func (r *sourceReader) Read(b []byte) (int, error) {
	pipe, err := r.begin()
	if err != nil {
		return 0, err
	}
	return pipe.Read(b)
}

func (r *sourceReader) begin() (*io.PipeReader, error) {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	switch {
	case r.closed:
		return nil, errAttemptEnded
	case r.pipe != nil:
		return r.pipe, nil
	}
	r.of.begun = true
	out, in := io.Pipe()
	r.pipe = out
	go func() {
		_, err := io.Copy(in, r.of.from)
		in.CloseWithError(err)
	}()
	return out, nil
}

// Close implements io.Closer. It leaves what the caller gave open.
func (r *sourceReader) Close() error {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	r.closed = true
	if r.pipe != nil {
		return r.pipe.CloseWithError(errAttemptEnded)
	}
	return nil
}

// untouched ends an attempt that has read nothing, and says whether it is one: then the next finds the whole body.
func (r *sourceReader) untouched() bool {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	if !r.of.begun {
		r.closed = true
	}
	return !r.of.begun
}
