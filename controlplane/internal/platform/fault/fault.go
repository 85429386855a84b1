// Package fault has the errors that a request can end in, apart from how they are shown. Packages return them; httpapi alone
// renders them. An error that is not a *fault.Error is a defect or an outage: it is shown as an opaque 500.
package fault

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Kind decides the HTTP status.
type Kind int

// The kinds of errors.
const (
	Internal             Kind = iota
	Malformed                 // 400: not JSON, unknown or wrong parameter
	Unauthenticated           // 401
	Forbidden                 // 403: may see it, may not do it
	NotFound                  // 404: does not exist, or not for this caller
	MethodNotAllowed          // 405
	NotAcceptable             // 406: none of the content types that there are
	TooSlow                   // 408: the body does not come
	Conflict                  // 409
	PreconditionFailed        // 412: If-Match names another revision
	TooLarge                  // 413
	UnsupportedMedia          // 415
	Invalid                   // 422
	PreconditionRequired      // 428
	RateLimited               // 429
	Unavailable               // 503
)

// Field is one wrong field of a request.
type Field struct {
	Pointer string `json:"pointer"` // RFC 6901 pointer into the body, or the name of a parameter
	Code    string `json:"code"`
	Detail  string `json:"detail"`
}

// Child is an object that stands in the way of a delete.
type Child struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
}

// Error is what a request ended in. Detail is read by the caller: it must hold nothing that the caller may not see.
type Error struct {
	Kind          Kind
	Code          string
	Detail        string
	Fields        []Field
	OperationID   string // Conflict operation_in_progress
	ExistingID    string // Conflict name_taken, already_exists
	Children      []Child
	ChildrenTotal int
	RetryAfter    time.Duration
	Cause         error // for the log only
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Code)
	if e.Detail != "" {
		b.WriteString(": " + e.Detail)
	}
	for _, f := range e.Fields {
		fmt.Fprintf(&b, "; %s: %s (%s)", f.Pointer, f.Detail, f.Code)
	}
	if e.Cause != nil {
		b.WriteString(": " + e.Cause.Error())
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Cause }

// As returns the fault in err's chain, nil if there is none.
func As(err error) *Error {
	var f *Error
	if errors.As(err, &f) {
		return f
	}
	return nil
}

// IsCode says whether err is a fault with that code.
func IsCode(err error, code string) bool {
	f := As(err)
	return f != nil && f.Code == code
}

// NotFoundError says that there is no such object, or none that the caller may see.
func NotFoundError() *Error {
	return &Error{Kind: NotFound, Code: "not_found", Detail: "there is no such object"}
}

// Conflictf is a 409 with that code.
func Conflictf(code, format string, args ...any) *Error {
	return &Error{Kind: Conflict, Code: code, Detail: fmt.Sprintf(format, args...)}
}

// Malformedf is a 400 with that code.
func Malformedf(code, format string, args ...any) *Error {
	return &Error{Kind: Malformed, Code: code, Detail: fmt.Sprintf(format, args...)}
}

// Parameter is a 400 about one query parameter or header.
func Parameter(name, code, detail string) *Error {
	return &Error{Kind: Malformed, Code: code, Detail: name + " " + detail, Fields: []Field{{Pointer: name, Code: code, Detail: detail}}}
}

var pointerEscape = strings.NewReplacer("~", "~0", "/", "~1")

// Pointer is the JSON pointer (RFC 6901) that leads along these keys and indexes: Pointer("labels", "a/b") is /labels/a~1b.
func Pointer(steps ...string) string {
	var b strings.Builder
	for _, s := range steps {
		b.WriteByte('/')
		if strings.ContainsAny(s, "~/") {
			s = pointerEscape.Replace(s)
		}
		b.WriteString(s)
	}
	return b.String()
}

// InvalidFields is a 422 with all wrong fields; nil if there are none.
func InvalidFields(fields ...Field) error {
	if len(fields) == 0 {
		return nil
	}
	detail := "1 field is wrong"
	if len(fields) > 1 {
		detail = fmt.Sprintf("%d fields are wrong", len(fields))
	}
	return &Error{Kind: Invalid, Code: "invalid", Detail: detail, Fields: fields}
}

// Gather keeps the wrong fields of a 422, so that all can be reported at once, each for the same reason once; any other error is returned.
func Gather(wrong *[]Field, err error) error {
	f := As(err)
	if f == nil || f.Kind != Invalid || len(f.Fields) == 0 {
		return err
	}
	for _, field := range f.Fields {
		if !slices.Contains(*wrong, field) {
			*wrong = append(*wrong, field)
		}
	}
	return nil
}

// Invalidf is a 422 about one field.
func Invalidf(pointer, code, format string, args ...any) error {
	return InvalidFields(Field{Pointer: pointer, Code: code, Detail: fmt.Sprintf(format, args...)})
}

// MissingReference is a 422 about a field that refers to nothing the caller can see.
func MissingReference(pointer, kind string) error {
	return Invalidf(pointer, "not_found", "there is no such %s", strings.ReplaceAll(kind, "_", " "))
}
