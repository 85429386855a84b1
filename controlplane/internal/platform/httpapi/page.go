package httpapi

// What an answer is on the wire: a body in the form that its reader takes, with a tag that tells it from what it was before. Whoever has it already
// is told so.

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
	"github.com/klauspost/compress/gzip"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

const (
	jsonType    = "application/json; charset=utf-8"
	problemType = "application/problem+json"
	// worthwhile is how long a body is that is compressed: a shorter one is one packet in any case.
	worthwhile = 1400
	// effort is that of compressing what is sent once: with more of it, a page of a list is a tenth smaller at best, and takes two to ten times as long.
	effort = gzip.BestSpeed
	// coded is the end of the tag of what is compressed: a strong tag is of the bytes that are sent.
	coded = "-gzip"
	// variant stands in a tag between the revision and the digest of what was answered.
	variant = "."
	// tagBytes is how much of a digest is in a tag. Two of what one URL answers meet by chance once in 2⁶⁴ changes.
	tagBytes = 8
)

// page is a body, ready to be sent.
type page struct {
	contentType string
	body        []byte
	tag         string // without quotes; empty for what nobody keeps
	// public: it is the same for all, and says nothing of anybody.
	public bool
	// zipped is the body compressed, once somebody has asked for that; nil where that would save nothing.
	zipped func() []byte
}

// newPage is a page that is served again and again: it is compressed once.
func newPage(contentType string, body []byte) *page {
	return &page{contentType: contentType, body: body, tag: tagOf("", body), public: true,
		zipped: sync.OnceValue(func() []byte { return compressed(body, gzip.BestCompression) })}
}

// Written is JSON that was written down once and is answered as it is.
type Written struct{ page *page }

// NewWritten is the answer of that document, which may be kept by who may get it.
func NewWritten(document []byte) Written {
	p := newPage(jsonType, document)
	p.public = false
	return Written{p}
}

// Fixed is an answer that is written down already.
type Fixed interface{ Written() Written }

// answered is a page that is served this once.
func answered(contentType string, body []byte) *page {
	return &page{contentType: contentType, body: body, zipped: func() []byte { return compressed(body, effort) }}
}

// tagOf is the tag of a body: the revision of the object, if it is one, and a digest of what is answered of it. The revision alone would not do: what
// the system observes is no new one, and not every reader sees the same.
func tagOf(revision string, body []byte) string {
	sum := sha256.Sum256(body)
	return revision + variant + hex.EncodeToString(sum[:tagBytes])
}

// namesRevision is the one tag of an If-Match, from whatever reader and in whatever coding, or the revision alone.
var namesRevision = regexp.MustCompile(`^(?:(?:W/)?"([0-9]+)(?:\.[^",]*)?"|([0-9]+))$`)

// matched reads the If-Match headers: the revision that has to be there, or nil where any will do. What did or did not show to the reader of a tag
// does not matter for what they write. There may be no doubt about which revision is meant: what is empty, and what names several, is refused.
func matched(headers []string) (revision *int64, err error) {
	if len(headers) == 1 && headers[0] == "*" {
		return nil, nil
	}
	if len(headers) == 1 {
		if found := namesRevision.FindStringSubmatch(headers[0]); found != nil {
			if n, err := strconv.ParseInt(found[1]+found[2], 10, 64); err == nil {
				return &n, nil
			}
		}
	}
	return nil, fault.Parameter("If-Match", "invalid_parameter", "is not one revision in quotes, as the ETag of what was read begins")
}

// show sends a page, compressed if the client takes that, or says that the client has it already. It returns the status.
func show(c *gin.Context, status int, p *page) int {
	body, tag := p.body, p.tag
	c.Header("Vary", "Accept-Encoding")
	zip := p.zipped != nil && len(body) >= worthwhile && takesGzip(c.Request.Header.Values("Accept-Encoding"))
	if zip && tag != "" {
		tag += coded
	}
	if unchanged(c, status, tag, p.public) {
		return http.StatusNotModified
	}
	if zip {
		body = p.zipped()
		c.Header("Content-Encoding", "gzip")
	}
	c.Data(status, p.contentType, body)
	return status
}

// unchanged gives an answer its tag, and says whether the client has it already and has been told so. It may keep what it has if it asks each time.
func unchanged(c *gin.Context, status int, tag string, public bool) bool {
	if tag == "" {
		return false
	}
	c.Header("ETag", strconv.Quote(tag))
	if c.Request.Method != http.MethodGet || status != http.StatusOK {
		return false
	}
	c.Header("Cache-Control", "no-cache, private")
	if public {
		c.Header("Cache-Control", "no-cache")
	}
	has := held(c.Request.Header.Values("If-None-Match"), tag)
	if has == "" {
		return false
	}
	// The one that the client has, which may be in another coding: what it has not, it could not bring up to date (RFC 9111, 4.3.4).
	c.Header("ETag", has)
	c.Status(http.StatusNotModified)
	c.Writer.WriteHeaderNow()
	return true
}

// held is the tag in an If-None-Match that is that tag, as it is written there, or that of the same in another coding; empty if there is none, and
// for what has no tag. Whether a tag is weak does not matter (RFC 9110, 13.1.2); the coding does not, either, as a client has what it has in the coding
// that it got it in, and a new one says nothing new. What is no list of tags names none.
func held(headers []string, tag string) string {
	rest := strings.Trim(strings.Join(headers, ","), " \t")
	if tag == "" {
		return ""
	}
	if rest == "*" {
		return strconv.Quote(tag)
	}
	other := ""
	for rest != "" {
		rest = strings.TrimLeft(rest, " \t,")
		weak := ""
		if after, is := strings.CutPrefix(rest, "W/"); is {
			weak, rest = "W/", after
		}
		if !strings.HasPrefix(rest, `"`) {
			break
		}
		one, after, closed := strings.Cut(rest[1:], `"`)
		if !closed {
			break
		}
		switch {
		case one == tag:
			return weak + strconv.Quote(one)
		case other == "" && strings.TrimSuffix(one, coded) == strings.TrimSuffix(tag, coded):
			other = weak + strconv.Quote(one)
		}
		rest = strings.TrimLeft(after, " \t")
		if rest != "" && !strings.HasPrefix(rest, ",") {
			break
		}
	}
	return other
}

// takesGzip says whether gzip is what the Accept-Encoding headers prefer to the body as it is (RFC 9110, 12.5.3).
func takesGzip(accept []string) bool {
	gzip, others, identity := -1.0, -1.0, -1.0
	for element := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		coding, parameter, _ := strings.Cut(element, ";")
		q := 1.0
		if name, value, is := strings.Cut(strings.TrimSpace(parameter), "="); is && strings.EqualFold(name, "q") {
			var err error
			if q, err = strconv.ParseFloat(value, 64); err != nil || !(q >= 0 && q <= 1) {
				continue
			}
		}
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "gzip", "x-gzip":
			gzip = max(gzip, q)
		case "*":
			others = q
		case "identity":
			identity = q
		}
	}
	if gzip < 0 {
		gzip = others
	}
	return gzip > 0 && gzip >= identity
}

var writers = map[int]*sync.Pool{effort: {}, gzip.BestCompression: {}}

// compressed is the body in gzip.
func compressed(body []byte, level int) []byte {
	var out bytes.Buffer
	out.Grow(len(body) / 4)
	w, _ := writers[level].Get().(*gzip.Writer)
	if w == nil {
		w, _ = gzip.NewWriterLevel(nil, level) // the level is one that there is
	}
	w.Reset(&out)
	_, _ = w.Write(body) // into memory: cannot fail
	_ = w.Close()
	w.Reset(io.Discard) // the pool must not keep what was answered
	writers[level].Put(w)
	return out.Bytes()
}
