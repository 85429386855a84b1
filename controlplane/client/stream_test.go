package client

import (
	"errors"
	"io"
	"net/http"
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
