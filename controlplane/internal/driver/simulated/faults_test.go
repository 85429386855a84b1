package simulated_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/driver/simulated"
	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
)

func times(n int) *int { return &n }

func setFaults(t *testing.T, dir string, list ...simulated.Fault) {
	t.Helper()
	if err := simulated.SetFaults(dir, list...); err != nil {
		t.Fatal(err)
	}
}

func TestFaultsAreTemporaryPermanentOrCapacity(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := withNetwork(t, newDriver(t, simulated.Options{Dir: dir}))
	for kind, want := range map[string]func(error) bool{
		"temporary": hypervisor.IsTemporary,
		"permanent": func(err error) bool {
			var e *hypervisor.Error
			return errors.As(err, &e) && e.Kind == nil && !hypervisor.IsTemporary(err)
		},
		"capacity": func(err error) bool { return errors.Is(err, hypervisor.ErrCapacity) && !hypervisor.IsTemporary(err) },
	} {
		setFaults(t, dir, simulated.Fault{Verb: simulated.EnsureMachine, Times: times(2), Error: kind, Message: "the disk is on fire"})
		for range 2 {
			_, err := d.EnsureMachine(t.Context(), machine("vm_"+kind))
			if err == nil || !want(err) {
				t.Errorf("%s: got %v", kind, err)
			}
			var e *hypervisor.Error
			if !errors.As(err, &e) || e.Verb != "EnsureMachine" || e.ID != "vm_"+kind || e.Err.Error() != "the disk is on fire" {
				t.Errorf("%s: got %v", kind, err)
			}
			if slices.Contains(sortedIDs(inventory(t, d)), "vm_"+kind) {
				t.Errorf("%s: the verb took effect", kind)
			}
		}
		if _, err := d.EnsureMachine(t.Context(), machine("vm_"+kind)); err != nil {
			t.Errorf("%s: the fault is used up, but: %v", kind, err)
		}
		if left, err := simulated.Faults(dir); err != nil || len(left) != 0 {
			t.Errorf("%s: left over: %v, %v", kind, left, err)
		}
	}
}

func TestFaultsMatch(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := withNetwork(t, newDriver(t, simulated.Options{Dir: dir}))
	if _, err := d.EnsureMachine(t.Context(), machine("vm_1")); err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct {
		fault simulated.Fault
		call  func() error
		hit   bool
	}{
		{simulated.Fault{}, func() error { _, err := d.List(t.Context()); return err }, true},
		{simulated.Fault{Verb: simulated.SetPower}, func() error { return d.Reboot(t.Context(), "vm_1") }, false},
		{simulated.Fault{Match: "vm_1"}, func() error { _, err := d.Machine(t.Context(), "vm_1"); return err }, true},
		{simulated.Fault{Match: "vm_*"}, func() error { _, err := d.Network(t.Context(), "cs_1"); return err }, false},
		{simulated.Fault{Match: "net"}, func() error { _, err := d.Network(t.Context(), "cs_1"); return err }, true},
		{simulated.Fault{Match: "name-of-*"}, func() error { return d.SetPower(t.Context(), "vm_1", hypervisor.PowerStopped) }, true},
		{simulated.Fault{Match: "name-of-vm_2"}, func() error { _, err := d.EnsureMachine(t.Context(), machine("vm_2")); return err }, true},
		{simulated.Fault{Match: "name-of-vm_2"}, func() error { _, err := d.EnsureMachine(t.Context(), machine("vm_1")); return err }, false},
		{simulated.Fault{Match: "*"}, func() error { _, err := d.List(t.Context()); return err }, false},
		{simulated.Fault{Times: times(0)}, func() error { _, err := d.List(t.Context()); return err }, false},
	} {
		v.fault.Error, v.fault.Message = "temporary", "injected on purpose"
		setFaults(t, dir, v.fault)
		err := v.call()
		var e *hypervisor.Error
		hit := errors.As(err, &e) && e.Err != nil && e.Err.Error() == v.fault.Message
		if hit != v.hit {
			t.Errorf("%+v: got %v, want it to hit: %v", v.fault, err, v.hit)
		}
	}
}

func TestFaultWithoutTimesLasts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := newDriver(t, simulated.Options{Dir: dir})
	setFaults(t, dir, simulated.Fault{Verb: simulated.List, Error: "temporary"})
	for range 5 {
		if _, err := d.List(t.Context()); !hypervisor.IsTemporary(err) {
			t.Errorf("got %v", err)
		}
	}
	setFaults(t, dir)
	inventory(t, d)
	setFaults(t, dir, simulated.Fault{Verb: simulated.List, Error: "temporary"})
	if err := os.Remove(filepath.Join(dir, simulated.FaultsFile)); err != nil {
		t.Fatal(err)
	}
	inventory(t, d)
}

// The answer gets lost, and the repetition finds the work done.
func TestFaultAfterTheEffect(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := withNetwork(t, newDriver(t, simulated.Options{Dir: dir}))
	setFaults(t, dir, simulated.Fault{Verb: simulated.EnsureMachine, Times: times(1), Error: "temporary", After: true})
	if m, err := d.EnsureMachine(t.Context(), machine("vm_1")); !hypervisor.IsTemporary(err) || m.ID != "" {
		t.Errorf("got %v, %v", m, err)
	}
	seen, err := d.Machine(t.Context(), "vm_1")
	if err != nil {
		t.Fatal(err)
	}
	if m, err := d.EnsureMachine(t.Context(), machine("vm_1")); err != nil || m.IP != seen.IP {
		t.Errorf("got %v, %v", m, err)
	}
}

func TestFaultDelays(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	dir := t.TempDir()
	c := clock.Frozen(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	d := newDriver(t, simulated.Options{Dir: dir, Clock: c})
	setFaults(t, dir, simulated.Fault{Verb: simulated.List, Times: times(1), DelayMS: 5000})
	done := make(chan error, 1)
	go func() { _, err := d.List(ctx); done <- err }()
	if err := c.BlockUntil(ctx, 1); err != nil {
		t.Fatal(err)
	}
	c.Advance(4999 * time.Millisecond)
	select {
	case err := <-done:
		t.Fatalf("came early: %v", err)
	default:
	}
	c.Advance(time.Millisecond)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, err := d.List(ctx); err != nil { // would wait for ever
		t.Error(err)
	}
}

// A fault for n calls hits n calls, whoever makes them: also after a restart, and with several processes at once.
func TestFaultsAreCountedOverAllProcesses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	setFaults(t, dir, simulated.Fault{Verb: simulated.List, Times: times(7), Error: "temporary"})
	var hits atomic.Int32
	call := func(d hypervisor.Driver) {
		if _, err := d.List(t.Context()); err != nil {
			if !hypervisor.IsTemporary(err) {
				t.Error(err)
			}
			hits.Add(1)
		}
	}
	call(newDriver(t, simulated.Options{Dir: dir}))
	call(newDriver(t, simulated.Options{Dir: dir}))
	if left, err := simulated.Faults(dir); err != nil || len(left) != 1 || *left[0].Times != 5 {
		t.Fatalf("got %v, %v", left, err)
	}
	var wg sync.WaitGroup
	for range 3 {
		d := newDriver(t, simulated.Options{Dir: dir})
		for range 8 {
			wg.Go(func() { call(d) })
		}
	}
	wg.Wait()
	if n := hits.Load(); n != 7 {
		t.Errorf("%d calls failed, want 7", n)
	}
}

func TestFaultsAsAnOperatorWritesThem(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := newDriver(t, simulated.Options{Dir: dir})
	file := filepath.Join(dir, simulated.FaultsFile)
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(`[{"verb": "DeleteVolume", "match": "dsk_*", "times": 1, "error": "permanent", "message": "stuck", "delay_ms": 1},
	        {"verb": "List", "error": "temporary", "after": true}]`)
	if err := d.DeleteVolume(t.Context(), "dsk_1"); err == nil || err.Error() != "DeleteVolume dsk_1: stuck" {
		t.Errorf("got %v", err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var left []map[string]any
	if err := json.Unmarshal(text, &left); err != nil || fmt.Sprint(left) != "[map[after:true error:temporary verb:List]]" {
		t.Errorf("left in the file: %s", text)
	}
	// A file with a mistake must not pass for no faults at all.
	for _, bad := range []string{
		`[{`, `{}`, `[{"verb": "Fly"}]`, `[{"error": "odd"}]`, `[{"matches": "x"}]`, `[{"match": "["}]`, `[{"times": -1}]`, `[{"delay_ms": -1}]`,
		`[{"error": "permanent", "after": true}]`,
	} {
		write(bad)
		if _, err := d.Volume(t.Context(), "dsk_1"); !hypervisor.IsTemporary(err) {
			t.Errorf("%s: got %v", bad, err)
		}
		if err := simulated.SetFaults(dir, simulated.Fault{Verb: "Fly"}); err == nil {
			t.Error("a fault with a mistake was written")
		}
	}
	write(`[]`)
	inventory(t, d)
}
