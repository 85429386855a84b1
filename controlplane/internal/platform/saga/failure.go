// What became of an operation that did not succeed: which errors are tried again, and what the user is told.

package saga

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

// ErrCancelled is the cause of an operation that ended because somebody asked for it.
var ErrCancelled = errors.New("cancelled")

// Codes of failures that do not come from a fault.
const (
	CodeCancelled = "cancelled"
	CodeInternal  = "internal"
)

// Failure is why an operation failed, in words that its user may read. It is kept with the operation, and is therefore all that
// Definition.Failed gets: the cause may be from another node, before a restart.
type Failure struct {
	Step   string // that failed; empty if it was none
	Code   string
	Detail string
}

func (f *Failure) Error() string { return f.Detail }

// Public is the detail.
func (f *Failure) Public() string { return f.Detail }

// Is makes errors.Is(f, ErrCancelled) tell whether the operation was cancelled.
func (f *Failure) Is(target error) bool { return target == ErrCancelled && f.Code == CodeCancelled }

// describe says what the user of an operation is told about err: its own words only where they were written for them.
func describe(operationID, step string, err error) *Failure {
	out := &Failure{Step: step, Code: CodeInternal, Detail: "something went wrong inside; its cause is in the log under " + operationID}
	if errors.Is(err, ErrCancelled) {
		out.Code, out.Detail = CodeCancelled, "it was cancelled"
		return out
	}
	if f := fault.As(err); f != nil && f.Kind != fault.Internal {
		out.Code, out.Detail = f.Code, f.Detail
		for _, field := range f.Fields {
			out.Detail += fmt.Sprintf("; %s %s", field.Pointer, field.Detail)
		}
		return out
	}
	var p interface{ Public() string }
	if errors.As(err, &p) {
		out.Code, out.Detail = "failed", p.Public()
		var c interface{ Code() string }
		if errors.As(err, &c) {
			out.Code = c.Code()
		}
	}
	return out
}

// waits says whether a step means by err that something else has to end first, which it will: to wait for it is no failure, however long it takes.
// The operation can be cancelled meanwhile. Undoing and ending wait for nothing.
func waits(err error) bool {
	var w interface{ Waits() bool }
	return errors.As(err, &w) && w.Waits()
}

// temporary says whether err may be gone at the next attempt. An error that can tell is believed. Beside that it is the database
// or a network that could not be reached, or a deadline that has passed.
func temporary(err error) bool {
	var t interface{ Temporary() bool }
	if errors.As(err, &t) {
		// Package net and the deadline of a context have the method too, but answer false to a refused connection.
		var network net.Error
		return errors.As(t.(error), &network) || t.Temporary()
	}
	if f := fault.As(err); f != nil && (f.Kind == fault.Unavailable || f.Kind == fault.RateLimited) {
		return true
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return true
	}
	var server *pgconn.PgError
	if errors.As(err, &server) {
		switch server.Code[:2] {
		case "08", // connection exception
			"40", // serialization failure, deadlock
			"53", // out of connections, memory, disk
			"57": // shut down, cannot connect now
			return true
		}
		return false
	}
	return pgconn.SafeToRetry(err)
}

// panicError is a panic of a step.
type panicError struct {
	value any
	stack []byte
}

func (p *panicError) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// timeoutError is what a step returned after its time was up.
type timeoutError struct {
	after time.Duration
	cause error
}

func (t *timeoutError) Error() string   { return fmt.Sprintf("not done within %v: %v", t.after, t.cause) }
func (t *timeoutError) Unwrap() error   { return t.cause }
func (t *timeoutError) Temporary() bool { return true }
