package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"
)

// Problem is the server's refusal of a request: an RFC 9457 problem document.
type Problem struct {
	Type      string       `json:"type"`
	Title     string       `json:"title"`
	Status    int          `json:"status"`
	Detail    string       `json:"detail"`
	Instance  string       `json:"instance"`
	Code      string       `json:"code"` // the vocabulary of docs/contract.md; "" if something before the server answered
	RequestID string       `json:"request_id"`
	Errors    []FieldError `json:"errors,omitempty"`
	// OperationID is the operation in the way, with operation_in_progress.
	OperationID string `json:"operation_id,omitempty"`
	// ExistingID is the object that is there already, with name_taken and already_exists, where the caller may see it.
	ExistingID string `json:"existing_id,omitempty"`
	// Children are some of the objects in the way, with has_children; ChildrenTotal counts all of them.
	Children      []Child `json:"children,omitempty"`
	ChildrenTotal int     `json:"children_total,omitempty"`
	// RetryAfter is what the server asked to wait, zero if it did not.
	RetryAfter time.Duration `json:"-"`
	// Repeated says that the request was sent before, without an answer that told what came of it: it may have been carried out then.
	Repeated bool `json:"-"`
	// CatalogVersion is the version of the server's catalog, MAJOR.MINOR.
	CatalogVersion string `json:"-"`
}

// FieldError is one wrong field of a request.
type FieldError struct {
	Pointer string `json:"pointer"` // JSON pointer into the body, or the name of a parameter
	Code    string `json:"code"`
	Detail  string `json:"detail"`
}

// Child is an object that blocks the deletion of what contains it.
type Child struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Error says everything on one line, the request id last.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.Summary())
	for _, e := range p.Errors {
		fmt.Fprintf(&b, "; %s: %s", e.Pointer, e.Detail)
	}
	for i, c := range p.Children {
		separator := ", "
		if i == 0 {
			separator = ": "
		}
		fmt.Fprintf(&b, "%s%s %s (%s)", separator, c.Kind, c.Name, c.ID)
	}
	if more := p.ChildrenTotal - len(p.Children); more > 0 && len(p.Children) > 0 {
		fmt.Fprintf(&b, " and %d more", more)
	}
	if p.OperationID != "" {
		fmt.Fprintf(&b, " (operation %s)", p.OperationID)
	}
	if p.RequestID != "" {
		fmt.Fprintf(&b, " (request %s)", p.RequestID)
	}
	return b.String()
}

// Summary is the status, code and detail alone, for callers that show the rest themselves.
func (p *Problem) Summary() string {
	what := p.Code
	if what == "" {
		what = p.Title
	}
	if p.Detail == "" {
		return fmt.Sprintf("%d %s", p.Status, what)
	}
	return fmt.Sprintf("%d %s: %s", p.Status, what, p.Detail)
}

// newProblem reads an answer of 300 or more. Something before the server (a proxy, a load balancer) may have
// answered instead of it, so nothing about the body is taken for granted.
func newProblem(res *http.Response, body []byte) *Problem {
	p := &Problem{}
	media, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if (media != "application/problem+json" && media != "application/json") || json.Unmarshal(body, p) != nil {
		*p = Problem{Detail: "the answer is not a problem document"}
		if media != "" {
			p.Detail += " but " + media
		}
	}
	p.Status = res.StatusCode
	if p.Title == "" {
		p.Title = http.StatusText(res.StatusCode)
	}
	if p.RequestID == "" {
		p.RequestID = res.Header.Get("X-Request-Id")
	}
	p.CatalogVersion = res.Header.Get(CatalogHeader)
	if d, ok := retryAfter(res.Header, time.Now()); ok {
		p.RetryAfter = d
	}
	return p
}

// AsProblem returns the problem in err, nil if there is none.
func AsProblem(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	return nil
}

// IsCode says whether err is a problem with that code.
func IsCode(err error, code string) bool {
	p := AsProblem(err)
	return p != nil && p.Code == code
}

// IsNotFound says whether what was asked for does not exist, or may not be seen: 404, or a name path without a match.
func IsNotFound(err error) bool {
	var r *ResolveError
	if errors.As(err, &r) {
		return len(r.Candidates) == 0
	}
	p := AsProblem(err)
	return p != nil && p.Status == http.StatusNotFound
}
