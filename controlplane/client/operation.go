package client

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// States of an operation.
const (
	OperationPending   = "pending"
	OperationRunning   = "running"
	OperationSucceeded = "succeeded"
	OperationFailed    = "failed"
	OperationCancelled = "cancelled"
)

// Operation is work that goes on after the request that asked for it was answered.
type Operation struct {
	ID              string          `json:"id"`
	Action          string          `json:"action"` // virtual_machine.create
	TargetKind      string          `json:"target_kind"`
	TargetID        string          `json:"target_id"`
	State           string          `json:"state"`
	Done            bool            `json:"done"`
	TotalSteps      int             `json:"total_steps"`
	CompletedSteps  int             `json:"completed_steps"`
	CurrentStep     string          `json:"current_step"`
	Error           *OperationError `json:"error"`
	CancelRequested bool            `json:"cancel_requested"`
	CreatedAt       time.Time       `json:"created_at"`
	StartedAt       *time.Time      `json:"started_at"`
	FinishedAt      *time.Time      `json:"finished_at"`
}

// OperationError says why an operation failed.
type OperationError struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// OperationFailedError is returned by a wait for an operation that ended otherwise than well.
type OperationFailedError struct {
	Operation *Operation
}

func (e *OperationFailedError) Error() string {
	o := e.Operation
	s := fmt.Sprintf("operation %s (%s of %s) %s", o.ID, o.Action, o.TargetID, o.State)
	if o.Error == nil {
		return s
	}
	if o.Error.Code != "" {
		s += ": " + o.Error.Code
	}
	if o.Error.Detail != "" {
		s += ": " + o.Error.Detail
	}
	return s
}

// longPoll is what one request of a wait asks the server to wait at most.
const longPoll = 30 * time.Second

// WaitOption changes how WaitOperation waits.
type WaitOption func(*wait)

type wait struct {
	poll    time.Duration
	observe func(*Operation)
}

// Observe calls f with the operation as it is after each poll, at least every interval, which is at least a second.
func Observe(interval time.Duration, f func(*Operation)) WaitOption {
	return func(w *wait) {
		w.poll = min(max(interval.Truncate(time.Second), time.Second), longPoll)
		w.observe = f
	}
}

// WaitOperation waits until the operation has ended, by long polls. The error is an *OperationFailedError if it
// ended otherwise than well; the operation is returned with it. Only ctx bounds the wait.
func (c *Client) WaitOperation(ctx context.Context, id string, opts ...WaitOption) (*Operation, error) {
	w := wait{poll: longPoll}
	for _, o := range opts {
		o(&w)
	}
	if most := c.doer.Timeout; most > 0 {
		// A client that gives up requests sooner asks for less at a time.
		w.poll = max(min(w.poll, (most/2).Truncate(time.Second)), time.Second)
	}
	query := url.Values{"wait": {fmt.Sprintf("%ds", int(w.poll.Seconds()))}}
	for attempt := 0; ; attempt++ {
		started := time.Now()
		res, err := c.Do(ctx, Request{Path: "/operations/" + url.PathEscape(id), Query: query})
		if err != nil {
			return nil, fmt.Errorf("wait for operation %s: %w", id, err)
		}
		var o Operation
		if err := res.Decode(&o); err != nil {
			return nil, err
		}
		if w.observe != nil {
			w.observe(&o)
		}
		switch o.State {
		case OperationSucceeded:
			return &o, nil
		case OperationFailed, OperationCancelled:
			return &o, &OperationFailedError{Operation: &o}
		}
		if o.Done {
			return &o, &OperationFailedError{Operation: &o}
		}
		// A server that shuts down, or a proxy with a short time-out, answers sooner than asked for.
		if time.Since(started) < w.poll/2 {
			if err := c.transport.pause(ctx, backoff(min(attempt, 4))); err != nil {
				return &o, fmt.Errorf("wait for operation %s: %w", id, err)
			}
		} else {
			attempt = 0
		}
	}
}

// NewIdempotencyKey returns a fresh key for Request.IdempotencyKey.
func NewIdempotencyKey() string { return rand.Text() }

// Write sends a request that changes something, as Do does, and gets past what passes by itself: while an operation
// runs on the object (409 operation_in_progress) it waits for it and sends again, bounded by ctx alone, and a POST
// without an IdempotencyKey is given one. How the awaited operation ended does not matter: the object may be changed
// again either way, and if it is gone the server says so.
func (c *Client) Write(ctx context.Context, r Request) (*Response, error) {
	if r.Method == http.MethodPost && r.IdempotencyKey == "" {
		r.IdempotencyKey = NewIdempotencyKey()
	}
	repeated := false
	for attempt := 0; ; attempt++ {
		res, err := c.Do(ctx, r)
		p := AsProblem(err)
		if p != nil {
			repeated = repeated || p.Repeated
			p.Repeated = repeated
		}
		switch {
		case p == nil || p.Status != http.StatusConflict:
			return res, err
		case p.Code == "operation_in_progress" && p.OperationID != "":
			_, waited := c.WaitOperation(ctx, p.OperationID)
			if ctx.Err() != nil {
				return nil, fmt.Errorf("%w (waiting for: %w)", ctx.Err(), err)
			}
			var failed *OperationFailedError
			if waited != nil && !errors.As(waited, &failed) && !IsNotFound(waited) {
				return nil, waited
			}
			if attempt > 0 {
				// Others write to the same object: do not race them in step.
				if err := c.transport.pause(ctx, backoff(min(attempt, 4))); err != nil {
					return nil, err
				}
			}
		case p.Code == "idempotency_in_progress" && attempt < max(0, c.transport.maxRetries):
			// The first attempt lost its connection and is still being worked on.
			if err := c.transport.pause(ctx, max(p.RetryAfter, backoff(attempt))); err != nil {
				return nil, err
			}
		default:
			return res, err
		}
	}
}
