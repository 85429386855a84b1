package simulated_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/driver/simulated"
	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/hypervisor/conformance"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	conformance.Run(t, func(t *testing.T) hypervisor.Driver {
		t.Parallel()
		return newDriver(t, simulated.Options{Dir: t.TempDir()})
	}, conformance.Image{ID: id.New("img")})
}

// Two processes on the same books are one hypervisor: the suite passes with every call going to another one than the last.
func TestConformanceOverTwoDrivers(t *testing.T) {
	t.Parallel()
	conformance.Run(t, func(t *testing.T) hypervisor.Driver {
		t.Parallel()
		dir := t.TempDir()
		return &alternating{drivers: [2]*simulated.Driver{
			newDriver(t, simulated.Options{Dir: dir}), newDriver(t, simulated.Options{Dir: dir}),
		}}
	}, conformance.Image{ID: id.New("img")})
}

func newDriver(t *testing.T, o simulated.Options) *simulated.Driver {
	t.Helper()
	d, err := simulated.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func network(cidr string) hypervisor.NetworkSpec {
	return hypervisor.NetworkSpec{ID: "cs_1", Name: "net", CIDR: netip.MustParsePrefix(cidr)}
}

func machine(id string) hypervisor.MachineSpec {
	return hypervisor.MachineSpec{ID: id, Name: "name-of-" + id, NetworkID: "cs_1", ImageID: "img_1", VCPUs: 1, MemoryMiB: 128, BootDiskGiB: 1}
}

// withNetwork makes the network that machine is on.
func withNetwork(t *testing.T, d hypervisor.Driver) hypervisor.Driver {
	t.Helper()
	if _, err := d.EnsureNetwork(t.Context(), network("10.0.0.0/16")); err != nil {
		t.Fatal(err)
	}
	return d
}

func inventory(t *testing.T, d hypervisor.Driver) hypervisor.Inventory {
	t.Helper()
	all, err := d.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestBooksOutliveTheProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	limit := 300
	first, err := simulated.New(simulated.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	withNetwork(t, first)
	for i := range 3 {
		if _, err := first.EnsureMachine(t.Context(), machine(fmt.Sprintf("vm_%d", i))); err != nil {
			t.Fatal(err)
		}
	}
	_, err = first.EnsureVolume(t.Context(), hypervisor.VolumeSpec{ID: "dsk_1", SizeGiB: 2, IOPSLimit: &limit})
	err = errors.Join(err, first.AttachVolume(t.Context(), "dsk_1", "vm_0"), first.SetPower(t.Context(), "vm_0", hypervisor.PowerRunning),
		first.DeleteMachine(t.Context(), "vm_1"))
	if err != nil {
		t.Fatal(err)
	}
	want := inventory(t, first)
	if len(want.Machines) != 2 || want.Machines[0].BootedAt.IsZero() || want.Volumes[0].MachineID != "vm_0" {
		t.Fatalf("got %+v", want)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := first.List(t.Context()); !hypervisor.IsTemporary(err) {
		t.Errorf("a closed driver answered %v", err)
	}
	second := newDriver(t, simulated.Options{Dir: dir})
	if got := inventory(t, second); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	// The address of the deleted machine is the lowest free one.
	m, err := second.EnsureMachine(t.Context(), machine("vm_new"))
	if err != nil || m.IP != netip.MustParseAddr("10.0.0.3") {
		t.Errorf("got %v, %v", m.IP, err)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	d := newDriver(t, simulated.Options{Dir: t.TempDir()})
	if _, err := d.EnsureNetwork(t.Context(), network("10.0.0.0/28")); err != nil {
		t.Fatal(err)
	}
	ip := func(id string) string {
		m, err := d.EnsureMachine(t.Context(), machine(id))
		if err != nil {
			t.Fatal(err)
		}
		return m.IP.String()
	}
	for i := range 13 { // 16 without network, gateway, broadcast
		if got, want := ip(fmt.Sprintf("vm_%d", i)), fmt.Sprintf("10.0.0.%d", i+2); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if _, err := d.EnsureMachine(t.Context(), machine("vm_x")); !errors.Is(err, hypervisor.ErrCapacity) {
		t.Errorf("got %v", err)
	}
	for _, i := range []int{7, 3, 12} {
		if err := d.DeleteMachine(t.Context(), fmt.Sprintf("vm_%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"10.0.0.5", "10.0.0.9", "10.0.0.14"} {
		if got := ip("vm_again_" + want); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestCapacity(t *testing.T) {
	t.Parallel()
	d := withNetwork(t, newDriver(t, simulated.Options{Dir: t.TempDir(), Capacity: simulated.Capacity{VCPUs: 3, MemoryMiB: 512, StorageGiB: 6}}))
	ensure := func(id string, vcpus, memory, disk int) error {
		s := machine(id)
		s.VCPUs, s.MemoryMiB, s.BootDiskGiB = vcpus, memory, disk
		_, err := d.EnsureMachine(t.Context(), s)
		return err
	}
	volume := func(size int) error {
		_, err := d.EnsureVolume(t.Context(), hypervisor.VolumeSpec{ID: "dsk_1", SizeGiB: size})
		return err
	}
	for _, step := range []struct {
		err  error
		full bool
	}{
		{ensure("vm_1", 2, 256, 2), false},
		{ensure("vm_2", 2, 128, 1), true},
		{ensure("vm_2", 1, 512, 1), true},
		{ensure("vm_2", 1, 128, 5), true},
		{ensure("vm_2", 1, 256, 1), false},
		{ensure("vm_2", 2, 256, 1), true},
		{volume(4), true},
		{volume(2), false},
		{volume(3), false},
		{volume(4), true},
		{ensure("vm_1", 1, 128, 2), false}, // smaller is always possible
		{ensure("vm_2", 2, 384, 1), false},
		{d.DeleteVolume(t.Context(), "dsk_1"), false},
		{ensure("vm_1", 1, 128, 5), false},
		{d.DeleteMachine(t.Context(), "vm_1"), false},
		{volume(5), false},
	} {
		if errors.Is(step.err, hypervisor.ErrCapacity) != step.full || step.err != nil && !step.full {
			t.Errorf("got %v, want full: %v", step.err, step.full)
		}
	}
}

func TestLatency(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c := clock.Frozen(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	dir := t.TempDir()
	instant := withNetwork(t, newDriver(t, simulated.Options{Dir: dir}))
	d := newDriver(t, simulated.Options{
		Dir: dir, Clock: c, LatencyScale: 10, Latency: map[simulated.Verb]time.Duration{simulated.EnsureMachine: time.Minute},
	})
	done := make(chan error, 1)
	ensure := func(ctx context.Context, id string) {
		go func() { _, err := d.EnsureMachine(ctx, machine(id)); done <- err }()
		if err := c.BlockUntil(ctx, 1); err != nil {
			t.Fatal(err)
		}
	}

	ensure(ctx, "vm_1")
	c.Advance(10*time.Minute - time.Second)
	if n := len(inventory(t, instant).Machines); n != 0 {
		t.Error("it exists before its time")
	}
	c.Advance(time.Second)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	// Nothing to do, nothing to wait for: with a frozen clock this would never return.
	if _, err := d.EnsureMachine(ctx, machine("vm_1")); err != nil {
		t.Error(err)
	}
	if _, err := d.EnsureMachine(ctx, machine("")); !errors.Is(err, hypervisor.ErrInvalid) {
		t.Errorf("got %v", err)
	}
	// Somebody else makes it while this call waits.
	ensure(ctx, "vm_2")
	made, err := instant.EnsureMachine(ctx, machine("vm_2"))
	if err != nil {
		t.Fatal(err)
	}
	c.Advance(10 * time.Minute)
	if err := <-done; err != nil {
		t.Error(err)
	}
	if m, err := d.Machine(ctx, "vm_2"); err != nil || m.IP != made.IP {
		t.Errorf("got %v, %v", m, err)
	}

	short, stop := context.WithCancel(ctx)
	ensure(short, "vm_3")
	stop()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := d.Machine(ctx, "vm_3"); !errors.Is(err, hypervisor.ErrNotFound) {
		t.Errorf("a call that was given up took effect: %v", err)
	}
}

func TestBootedAtIsTheClocks(t *testing.T) {
	t.Parallel()
	c := clock.Frozen(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))
	d := withNetwork(t, newDriver(t, simulated.Options{Dir: t.TempDir(), Clock: c}))
	_, err := d.EnsureMachine(t.Context(), machine("vm_1"))
	if err := errors.Join(err, d.SetPower(t.Context(), "vm_1", hypervisor.PowerRunning)); err != nil {
		t.Fatal(err)
	}
	c.Advance(time.Hour)
	if m, err := d.Machine(t.Context(), "vm_1"); err != nil || m.BootedAt != c.Now().Add(-time.Hour) {
		t.Errorf("got %v, %v", m.BootedAt, err)
	}
}

func TestUserDataIsNotKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := withNetwork(t, newDriver(t, simulated.Options{Dir: dir}))
	s := machine("vm_1")
	s.UserData = secret.New("hunter2")
	if _, err := d.EnsureMachine(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	seen := false
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "hunter2") {
			t.Errorf("%s has the user data", f.Name())
		}
		seen = seen || strings.Contains(string(text), "vm_1")
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", f.Name(), info.Mode(), err)
		}
	}
	if !seen {
		t.Error("there is no trace of the machine: the test looked in the wrong place")
	}
}

func TestFactory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := hypervisor.NewRegistry(map[string]hypervisor.Factory{simulated.Name: simulated.Factory(simulated.Settings{Dir: dir})})
	t.Cleanup(func() { _ = r.Close() })
	location := func(id, config string) hypervisor.Location {
		return hypervisor.Location{ID: id, DriverName: simulated.Name, Config: json.RawMessage(config)}
	}
	a, err := r.Driver(t.Context(), location("loc_a", ""))
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.Driver(t.Context(), location("loc_b", `{"latency_ms": {"EnsureMachine": 1}, "capacity": {"vcpus": 1}}`))
	if err != nil {
		t.Fatal(err)
	}
	withNetwork(t, a)
	if n := len(inventory(t, b).Networks); n != 0 {
		t.Error("locations share their books")
	}
	large := machine("vm_1")
	large.VCPUs = 2
	if _, err := withNetwork(t, b).EnsureMachine(t.Context(), large); !errors.Is(err, hypervisor.ErrCapacity) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "loc_a")); err != nil {
		t.Error(err)
	}
	for _, bad := range []hypervisor.Location{
		location("../x", ""), location("", ""), location("loc_c", `{"no": 1}`), location("loc_c", `{"latency_ms": {"Fly": 1}}`),
		location("loc_c", `{"latency_ms": {"List": -1}}`), location("loc_c", `{"capacity": {"vcpus": -1}}`), location("loc_c", `[`),
	} {
		if _, err := r.Driver(t.Context(), bad); !errors.Is(err, hypervisor.ErrInvalid) {
			t.Errorf("%+v: got %v", bad, err)
		}
	}
}

// Making machines one by one must not get slower with their number: every one adds one line to the journal.
func TestJournalGrowsByOneLineForAChange(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := withNetwork(t, newDriver(t, simulated.Options{Dir: dir}))
	size := func() int64 {
		info, err := os.Stat(filepath.Join(dir, "journal.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	before := size()
	const n = 300
	for i := range n {
		if _, err := d.EnsureMachine(t.Context(), machine(fmt.Sprintf("vm_%04d", i))); err != nil {
			t.Fatal(err)
		}
	}
	if each := (size() - before) / n; each > 400 {
		t.Errorf("a machine takes %d bytes", each)
	}
	before = size()
	for range 10 {
		if _, err := d.EnsureMachine(t.Context(), machine("vm_0000")); err != nil {
			t.Fatal(err)
		}
	}
	if size() != before {
		t.Error("doing nothing was written down")
	}
}

func TestFolderTakenAway(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "books")
	d := withNetwork(t, newDriver(t, simulated.Options{Dir: dir}))
	other := newDriver(t, simulated.Options{Dir: dir})
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if n := len(inventory(t, d).Networks); n != 0 {
		t.Error("it remembers what is gone")
	}
	withNetwork(t, d)
	if n := len(inventory(t, other).Networks); n != 1 {
		t.Error("the other driver does not see the new books")
	}
}

func BenchmarkEnsureMachine(b *testing.B) {
	d, err := simulated.New(simulated.Options{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := d.EnsureNetwork(b.Context(), network("10.0.0.0/8")); err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		if _, err := d.EnsureMachine(b.Context(), machine(fmt.Sprintf("vm_%08d", i))); err != nil {
			b.Fatal(err)
		}
	}
}

// alternating gives each call to the other one of two drivers.
type alternating struct {
	mu      sync.Mutex
	drivers [2]*simulated.Driver
	calls   int
}

func (a *alternating) next() *simulated.Driver {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls++
	return a.drivers[a.calls%2]
}

func (a *alternating) EnsureNetwork(ctx context.Context, s hypervisor.NetworkSpec) (hypervisor.Network, error) {
	return a.next().EnsureNetwork(ctx, s)
}
func (a *alternating) DeleteNetwork(ctx context.Context, id string) error {
	return a.next().DeleteNetwork(ctx, id)
}
func (a *alternating) Network(ctx context.Context, id string) (hypervisor.Network, error) {
	return a.next().Network(ctx, id)
}
func (a *alternating) EnsureVolume(ctx context.Context, s hypervisor.VolumeSpec) (hypervisor.Volume, error) {
	return a.next().EnsureVolume(ctx, s)
}
func (a *alternating) DeleteVolume(ctx context.Context, id string) error {
	return a.next().DeleteVolume(ctx, id)
}
func (a *alternating) AttachVolume(ctx context.Context, v, m string) error {
	return a.next().AttachVolume(ctx, v, m)
}
func (a *alternating) DetachVolume(ctx context.Context, v, m string) error {
	return a.next().DetachVolume(ctx, v, m)
}
func (a *alternating) Volume(ctx context.Context, id string) (hypervisor.Volume, error) {
	return a.next().Volume(ctx, id)
}
func (a *alternating) EnsureMachine(ctx context.Context, s hypervisor.MachineSpec) (hypervisor.Machine, error) {
	return a.next().EnsureMachine(ctx, s)
}
func (a *alternating) DeleteMachine(ctx context.Context, id string) error {
	return a.next().DeleteMachine(ctx, id)
}
func (a *alternating) SetPower(ctx context.Context, id string, p hypervisor.Power) error {
	return a.next().SetPower(ctx, id, p)
}
func (a *alternating) Reboot(ctx context.Context, id string) error { return a.next().Reboot(ctx, id) }
func (a *alternating) Reset(ctx context.Context, id string) error  { return a.next().Reset(ctx, id) }
func (a *alternating) Machine(ctx context.Context, id string) (hypervisor.Machine, error) {
	return a.next().Machine(ctx, id)
}
func (a *alternating) List(ctx context.Context) (hypervisor.Inventory, error) {
	return a.next().List(ctx)
}

func sortedIDs(all hypervisor.Inventory) []string {
	var ids []string
	for _, m := range all.Machines {
		ids = append(ids, m.ID)
	}
	slices.Sort(ids)
	return ids
}
