package hypervisor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/demarc/demarc/controlplane/internal/hypervisor"
)

func TestErrorKinds(t *testing.T) {
	t.Parallel()
	kinds := []error{
		hypervisor.ErrNotFound, hypervisor.ErrConflict, hypervisor.ErrInvalid, hypervisor.ErrNeedsStop, hypervisor.ErrNotRunning, hypervisor.ErrCapacity,
	}
	for i, kind := range kinds {
		err := fmt.Errorf("outer: %w", hypervisor.InCall("EnsureVolume", "dsk_1", hypervisor.Failure(kind, "because: %w", io.EOF)))
		for j, other := range kinds {
			if errors.Is(err, other) != (i == j) {
				t.Errorf("%v is taken for %v", err, other)
			}
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("%v has lost its cause", err)
		}
		if hypervisor.IsTemporary(err) {
			t.Errorf("%v is temporary", err)
		}
		if want := "outer: EnsureVolume dsk_1: " + kind.Error() + ": because: EOF"; err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
	}
}

func TestTemporary(t *testing.T) {
	t.Parallel()
	err := hypervisor.InCall("List", "", hypervisor.TemporaryFailure("no connection: %w", io.EOF))
	if !hypervisor.IsTemporary(fmt.Errorf("outer: %w", err)) || !errors.Is(err, io.EOF) || err.Error() != "List: no connection: EOF" {
		t.Errorf("got %v", err)
	}
	for _, other := range []error{nil, io.EOF, context.Canceled, &hypervisor.Error{}} {
		if hypervisor.IsTemporary(other) {
			t.Errorf("%v is temporary", other)
		}
	}
}

func TestInCall(t *testing.T) {
	t.Parallel()
	if err := hypervisor.InCall("List", "", nil); err != nil {
		t.Errorf("got %v", err)
	}
	var e *hypervisor.Error
	if err := hypervisor.InCall("Machine", "vm_1", io.EOF); !errors.As(err, &e) || e.Kind != nil || e.Transient || !errors.Is(err, io.EOF) {
		t.Errorf("an unforeseen error became %v", err)
	}
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
		if err := hypervisor.InCall("Machine", "vm_1", fmt.Errorf("x: %w", ended)); !errors.Is(err, ended) || errors.As(err, new(*hypervisor.Error)) {
			t.Errorf("an ended context became %v", err)
		}
	}
	first := hypervisor.Failure(hypervisor.ErrConflict, "x")
	if err := hypervisor.InCall("Reset", "vm_1", first); err.Error() != "Reset vm_1: conflict: x" || first.Error() != "conflict: x" {
		t.Errorf("got %v from %v", err, first)
	}
}

func TestValidateReportsAllAtOnce(t *testing.T) {
	t.Parallel()
	for spec, want := range map[interface{ Validate() error }]int{
		&hypervisor.NetworkSpec{}: 3,
		&hypervisor.VolumeSpec{}:  2,
		&hypervisor.MachineSpec{}: 7,
	} {
		err := spec.Validate()
		var e *hypervisor.Error
		if !errors.As(err, &e) || !errors.Is(err, hypervisor.ErrInvalid) {
			t.Fatalf("got %v", err)
		}
		var joined interface{ Unwrap() []error }
		if !errors.As(e.Err, &joined) || len(joined.Unwrap()) != want {
			t.Errorf("%T: got %v, want %d errors", spec, err, want)
		}
	}
}
