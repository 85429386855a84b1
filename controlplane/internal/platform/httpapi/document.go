package httpapi

// Answers that are not JSON: an invoice in PDF, a certificate in PEM, records in CSV.

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// Document is an answer that is not JSON. What it is is known before it is written: its operation has decided already that the caller may read it.
type Document struct {
	// Name is that of the file that it is kept in: invoice-2026-0042.pdf.
	Name string
	// Size in bytes, if it is known before. One that then has another is cut off.
	Size int64
	// Version tells what it says from what it said before: its ETag begins with it.
	Version string
	// Write writes it. What it opens it closes. An error before the first 32 KiB is answered as any other; after that the connection breaks, so
	// that half a document cannot pass for a whole one. A transaction must not be open all along: the client decides how long this takes.
	Write func(ctx context.Context, w io.Writer) error
}

// documentWriter writes a document behind its header, which goes out with the first byte.
type documentWriter struct {
	*stream
	Document
	ctx     context.Context
	begun   bool
	written int64
}

// document sends one, and returns the status.
func (st *stream) document(ctx context.Context, d Document) int {
	w := &documentWriter{stream: st, Document: d, ctx: ctx}
	if held(st.at.c.Request.Header.Values("If-None-Match"), w.tag()) != "" {
		if err := st.why(w.begin()); err != nil {
			return st.s.refused(ctx, st.at, err)
		}
		return http.StatusNotModified
	}
	held := bufio.NewWriterSize(w, piece)
	err := d.Write(st.ctx, held)
	if err == nil {
		err = held.Flush()
	}
	if err == nil && !w.begun {
		err = w.begin()
	}
	if err == nil && d.Size > 0 && w.written != d.Size {
		err = fmt.Errorf("document %s has %d bytes and was said to have %d", d.Name, w.written, d.Size)
	}
	if err = st.why(err); err == nil {
		return http.StatusOK
	}
	if w.begun {
		return st.cutOff(ctx, err)
	}
	return st.s.refused(ctx, st.at, err)
}

// tag is that of the document in the content type in which it is sent; empty if nothing tells its versions apart.
func (w *documentWriter) tag() string {
	if w.Version == "" || len(w.at.op.AnswerTypes) == 1 {
		return w.Version
	}
	return w.Version + variant + w.cl.answers
}

// Write implements io.Writer.
func (w *documentWriter) Write(b []byte) (int, error) {
	if !w.begun {
		if err := w.begin(); err != nil {
			return 0, err
		}
	}
	n, err := w.write(b)
	w.written += int64(n)
	return n, err
}

// begin writes the header. What is put on record of reading is so before anything is read.
func (w *documentWriter) begin() error {
	s, c := w.s, w.at.c
	if s.AuditReads.Match(w.at.op.ID) {
		if err := s.recordRead(w.ctx, w.at); err != nil {
			return err
		}
	}
	if err := w.mayWrite(); err != nil {
		return err
	}
	if err := s.fits(c, http.StatusOK, w.cl.answers, nil); err != nil {
		return err
	}
	w.begun = true
	if len(w.at.op.AnswerTypes) > 1 {
		c.Header("Vary", "Accept")
	}
	if unchanged(c, http.StatusOK, w.tag(), false) {
		w.wrote()
		return nil
	}
	c.Header("Content-Type", withCharset(w.cl.answers))
	c.Header("Content-Disposition", attachment(w.Name))
	// Whatever is in it: a browser that shows it nevertheless runs nothing of it.
	c.Header("Content-Security-Policy", "sandbox; default-src 'none'")
	if w.Size > 0 {
		c.Header("Content-Length", strconv.FormatInt(w.Size, 10))
	}
	c.Status(http.StatusOK)
	c.Writer.WriteHeaderNow()
	w.wrote()
	return nil
}
