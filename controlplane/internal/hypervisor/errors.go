package hypervisor

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// What can be wrong, for errors.Is. All of these are permanent: the same call fails again until something else changes.
var (
	// ErrNotFound: there is no such thing at the location.
	ErrNotFound = errors.New("not found")
	// ErrConflict: what exists stands in the way, and is not this call's to change.
	ErrConflict = errors.New("conflict")
	// ErrInvalid: no state of the location would make this call right.
	ErrInvalid = errors.New("invalid")
	// ErrNeedsStop: the change is possible while the machine is stopped.
	ErrNeedsStop = errors.New("machine must be stopped")
	// ErrNotRunning: the machine is stopped.
	ErrNotRunning = errors.New("machine is not running")
	// ErrCapacity: the location has no room left: processors, memory, storage or addresses.
	ErrCapacity = errors.New("out of capacity")
)

// An Error is what a driver's verb returns. A verb never returns an error of another type, except that of an ended context.
type Error struct {
	// Verb is the method of Driver: "EnsureMachine".
	Verb string
	// ID is the thing that the call was about, if it was about one.
	ID string
	// Kind is one of this package's variables, or nil if the error is of none of these kinds.
	Kind error
	// Transient errors are temporary.
	Transient bool
	// Err is what happened, in words that an operator understands. It never has user data in it.
	Err error
}

func (e *Error) Error() string {
	var parts []string
	if call := strings.TrimSpace(e.Verb + " " + e.ID); call != "" {
		parts = append(parts, call)
	}
	if e.Kind != nil {
		parts = append(parts, e.Kind.Error())
	}
	if e.Err != nil {
		parts = append(parts, strings.ReplaceAll(e.Err.Error(), "\n", "; "))
	}
	return strings.Join(parts, ": ")
}

// Unwrap gives both the kind and the cause.
func (e *Error) Unwrap() []error {
	var errs []error
	for _, err := range []error{e.Kind, e.Err} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// Failure is an error of one of this package's kinds, with what happened as fmt.Errorf takes it.
func Failure(kind error, format string, args ...any) error {
	return &Error{Kind: kind, Err: fmt.Errorf(format, args...)}
}

// TemporaryFailure is an error that may be gone when the call is repeated a little later.
func TemporaryFailure(format string, args ...any) error {
	return &Error{Transient: true, Err: fmt.Errorf(format, args...)}
}

// InCall puts the verb and the id into an error that a driver is about to return, and makes it an *Error if it is none: an
// unforeseen error is permanent. An ended context's error and nil stay as they are.
func InCall(verb, id string, err error) error {
	if err == nil {
		return nil
	}
	var e *Error
	switch {
	case errors.As(err, &e):
		in := *e
		in.Verb, in.ID = verb, id
		return &in
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return err
	}
	return &Error{Verb: verb, ID: id, Err: err}
}

// IsTemporary reports whether repeating the call a little later may succeed. An ended context is not temporary: whoever ended
// it decides.
func IsTemporary(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Transient
}

// Temporary makes an operation try again.
func (e *Error) Temporary() bool { return e.Transient }

// Public is the error in words for the user of an operation: what is wrong, without the driver's verbs and ids.
func (e *Error) Public() string {
	switch {
	case e.Kind == nil && e.Err == nil:
		return "the location's driver failed"
	case e.Err == nil:
		return e.Kind.Error()
	case e.Kind == nil || strings.HasPrefix(e.Err.Error(), e.Kind.Error()):
		return strings.ReplaceAll(e.Err.Error(), "\n", "; ")
	}
	return e.Kind.Error() + ": " + strings.ReplaceAll(e.Err.Error(), "\n", "; ")
}
