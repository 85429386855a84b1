package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

// Problem is an error as it is shown: RFC 9457, application/problem+json.
type Problem struct {
	Type          string        `json:"type"`
	Title         string        `json:"title"`
	Status        int           `json:"status"`
	Code          string        `json:"code"`
	Detail        string        `json:"detail,omitempty"`
	Instance      string        `json:"instance"`
	RequestID     string        `json:"request_id"`
	OperationID   string        `json:"operation_id,omitempty"`
	ExistingID    string        `json:"existing_id,omitempty"`
	Children      []fault.Child `json:"children,omitempty"`
	ChildrenTotal int           `json:"children_total,omitempty"`
	Errors        []fault.Field `json:"errors,omitempty"`
}

var statusOf = map[fault.Kind]int{
	fault.Malformed: http.StatusBadRequest, fault.Unauthenticated: http.StatusUnauthorized, fault.Forbidden: http.StatusForbidden,
	fault.NotFound: http.StatusNotFound, fault.MethodNotAllowed: http.StatusMethodNotAllowed, fault.NotAcceptable: http.StatusNotAcceptable,
	fault.TooSlow: http.StatusRequestTimeout, fault.Conflict: http.StatusConflict, fault.PreconditionFailed: http.StatusPreconditionFailed,
	fault.TooLarge: http.StatusRequestEntityTooLarge, fault.UnsupportedMedia: http.StatusUnsupportedMediaType,
	fault.Invalid: http.StatusUnprocessableEntity, fault.PreconditionRequired: http.StatusPreconditionRequired,
	fault.RateLimited: http.StatusTooManyRequests, fault.Unavailable: http.StatusServiceUnavailable,
}

// StatusOf is the HTTP status that a kind of errors is answered with.
func StatusOf(kind fault.Kind) int {
	if status := statusOf[kind]; status != 0 {
		return status
	}
	return http.StatusInternalServerError
}

// problemOf maps an error to what is shown. What is not a fault is opaque, but for a caller that has gone or waited too long.
func problemOf(err error, requestID string) (Problem, time.Duration) {
	f := fault.As(err)
	if f == nil || statusOf[f.Kind] == 0 {
		f = &fault.Error{Kind: fault.Internal, Code: "internal", Detail: "something went wrong here; the server's log has it under the request id"}
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			f = &fault.Error{Kind: fault.Unavailable, Code: "unavailable", Detail: "the request took too long or was given up: try again", RetryAfter: time.Second}
		}
	}
	status := StatusOf(f.Kind)
	return Problem{
		Type: "https://demarc.dev/problems/" + f.Code, Title: http.StatusText(status), Status: status, Code: f.Code, Detail: f.Detail,
		Instance: "urn:request:" + requestID, RequestID: requestID, OperationID: f.OperationID, ExistingID: f.ExistingID,
		Children: f.Children, ChildrenTotal: f.ChildrenTotal, Errors: f.Fields,
	}, f.RetryAfter
}

// refuse answers with the problem; the cause of a server error goes to the log alone.
func (s *Server) refuse(c *gin.Context, err error) int {
	requestID := c.GetString(keyRequestID)
	p, retryAfter := problemOf(err, requestID)
	if p.Status >= http.StatusInternalServerError {
		s.log.LogAttrs(c.Request.Context(), slog.LevelError, "request failed", slog.String("error", err.Error()))
	}
	if retryAfter > 0 {
		c.Header("Retry-After", strconv.Itoa(seconds(retryAfter)))
	}
	if p.Status == http.StatusUnauthorized {
		c.Header("WWW-Authenticate", `Bearer realm="demarc"`)
	}
	body, merr := json.Marshal(p)
	if merr != nil {
		s.log.Error("problem not encoded", "error", merr)
	}
	if err := s.fits(c, p.Status, problemType, body); err != nil && p.Code != "internal" {
		return s.refuse(c, err)
	}
	show(c, p.Status, answered(problemType, body))
	c.Abort()
	return p.Status
}
