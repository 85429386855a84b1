package client

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

func document(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="Gr__e.csv"; filename*=UTF-8''Gr%C3%BC%C3%9Fe.csv`)
	io.WriteString(w, r.Header.Get("Accept"))
}

// A download is tried again until it begins, and never after: what has come already may have been used.
func TestDownload(t *testing.T) {
	t.Parallel()
	var count atomic.Int32
	c, paused := serve(t, answers(&count, problem(http.StatusServiceUnavailable, ""), document))
	got, err := c.Download(t.Context(), Request{Path: "/lockers/lok_1/label"}, "text/csv", "application/pdf")
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	content, err := io.ReadAll(got.Body)
	if err != nil || string(content) != "text/csv, application/pdf;q=0.990" || got.ContentType != "text/csv" || got.Name != "Grüße.csv" || len(paused.d) != 1 {
		t.Errorf("%q, %+v, %v, after %v", content, got, err, paused.d)
	}

	var broken atomic.Int32
	c, _ = serve(t, answers(&broken, func(w http.ResponseWriter, r *http.Request) {
		document(w, r)
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}))
	got, err = c.Download(t.Context(), Request{Path: "/lockers/lok_1/label"})
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	if _, err := io.ReadAll(got.Body); !errors.Is(err, io.ErrUnexpectedEOF) || broken.Load() != 1 {
		t.Errorf("%v, asked %d times", err, broken.Load())
	}

	c, _ = serve(t, problem(http.StatusNotFound, `, "code": "not_found"`))
	if _, err := c.Download(t.Context(), Request{Path: "/lockers/lok_1/label"}); !IsNotFound(err) {
		t.Errorf("%v", err)
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, ":\n\nid: %s1\nevent: visit\ndata: {\"n\":1}\n\n:\n\ndata: 2\n\nid: 3\ndata: cut o", r.Header.Get("Last-Event-ID"))
	})
	var got []string
	for e, err := range c.Watch(t.Context(), Request{Path: "/lockers/lok_1/visits"}, "0-") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%s %s %s", e.ID, e.Type, e.Data))
	}
	if strings.Join(got, "; ") != `0-1 visit {"n":1};   2` {
		t.Errorf("%q", got)
	}
	c, _ = serve(t, problem(http.StatusForbidden, `, "code": "forbidden"`))
	var failed []error
	for _, err := range c.Watch(t.Context(), Request{Path: "/lockers/lok_1/visits"}, "") {
		failed = append(failed, err)
	}
	if len(failed) != 1 || AsProblem(failed[0]) == nil {
		t.Errorf("%v", failed)
	}
}

// An upload is tried again while nothing of its body has gone out, and never after: it may not be there to be read twice.
func TestUpload(t *testing.T) {
	t.Parallel()
	take := func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("Content-Type") != "application/x-ndjson" || r.Header.Get("Idempotency-Key") != "" {
			t.Errorf("%v, %v", r.Header, err)
		}
		fmt.Fprintf(w, `{"body": %q}`, b)
	}
	upload := func(c *Client, body string) (*Response, error) {
		return c.Upload(t.Context(), Request{Method: http.MethodPost, Path: "/lockers/lok_1/contents"}, "application/x-ndjson", strings.NewReader(body), -1)
	}
	var count atomic.Int32
	c, paused := serve(t, answers(&count, problem(http.StatusTooManyRequests, ""), problem(http.StatusServiceUnavailable, ""), take))
	if res, err := upload(c, "once"); err != nil || string(res.Body) != `{"body": "once"}` || len(paused.d) != 2 {
		t.Errorf("%v, after %v", err, paused.d)
	}
	var read atomic.Int32
	c, paused = serve(t, answers(&read, func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(r.Body); err != nil {
			t.Error(err)
		}
		problem(http.StatusServiceUnavailable, "")(w, r)
	}))
	if _, err := upload(c, "once"); AsProblem(err) == nil || read.Load() != 1 || len(paused.d) != 0 {
		t.Errorf("%v, sent %d times", err, read.Load())
	}
}
