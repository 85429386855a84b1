// Package simulated is a hypervisor that only keeps books: it does all that the port promises, on machines that do not exist.
// It is the default driver, for evaluation, demonstrations and tests.
//
// Its books are its own, in a folder per location and apart from the control plane's database, so drift between the two is
// as real as with any other driver: call a verb behind the control plane's back, and there it is. Several processes may use the
// same folder at once, and each may be killed at any moment; see journal.go. Failures and delays are injected through a file in
// that folder; see faults.go.
package simulated

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
)

// Name is the name of this driver in a location.
const Name = "simulated"

// A Verb is a method of hypervisor.Driver, by its name.
type Verb string

// The verbs.
const (
	EnsureNetwork Verb = "EnsureNetwork"
	DeleteNetwork Verb = "DeleteNetwork"
	Network       Verb = "Network"
	EnsureVolume  Verb = "EnsureVolume"
	DeleteVolume  Verb = "DeleteVolume"
	AttachVolume  Verb = "AttachVolume"
	DetachVolume  Verb = "DetachVolume"
	Volume        Verb = "Volume"
	EnsureMachine Verb = "EnsureMachine"
	DeleteMachine Verb = "DeleteMachine"
	SetPower      Verb = "SetPower"
	Reboot        Verb = "Reboot"
	Reset         Verb = "Reset"
	Machine       Verb = "Machine"
	List          Verb = "List"
)

// verbs has all of them, with the time that each takes when it changes something. Reboot and Reset always do; observing, and
// finding that nothing has to be done, take no time.
var verbs = map[Verb]time.Duration{
	EnsureNetwork: 30 * time.Millisecond,
	DeleteNetwork: 20 * time.Millisecond,
	EnsureVolume:  30 * time.Millisecond,
	DeleteVolume:  20 * time.Millisecond,
	AttachVolume:  20 * time.Millisecond,
	DetachVolume:  20 * time.Millisecond,
	EnsureMachine: 50 * time.Millisecond,
	DeleteMachine: 30 * time.Millisecond,
	SetPower:      40 * time.Millisecond,
	Reboot:        60 * time.Millisecond,
	Reset:         40 * time.Millisecond,
	Network:       0,
	Volume:        0,
	Machine:       0,
	List:          0,
}

// Options are how a driver shall be.
type Options struct {
	// Dir is the location's folder; it is made when missing.
	Dir string
	// Clock is the real one if nil.
	Clock clock.Clock
	// Latency replaces the time that a verb takes, before LatencyScale.
	Latency map[Verb]time.Duration
	// LatencyScale multiplies all latencies; 0 makes the driver instant.
	LatencyScale float64
	// Capacity is what there is room for.
	Capacity Capacity
}

// Capacity is the room at a location; 0 is no limit. What is stopped takes up as much as what runs.
type Capacity struct {
	VCPUs      int `json:"vcpus"`
	MemoryMiB  int `json:"memory_mib"`
	StorageGiB int `json:"storage_gib"`
}

// A Driver is the simulated hypervisor of one location.
type Driver struct {
	clock    clock.Clock
	latency  map[Verb]time.Duration
	capacity Capacity
	store    *store
	faults   *faults
}

var _ hypervisor.Driver = (*Driver)(nil)

// New is the driver of the location whose books are in a folder.
func New(o Options) (*Driver, error) {
	if o.Clock == nil {
		o.Clock = clock.Real()
	}
	latency := make(map[Verb]time.Duration, len(verbs))
	for v, d := range verbs {
		if own, ok := o.Latency[v]; ok {
			d = own
		}
		latency[v] = time.Duration(float64(d) * o.LatencyScale)
	}
	s, err := openStore(o.Dir)
	if err != nil {
		return nil, err
	}
	return &Driver{clock: o.Clock, latency: latency, capacity: o.Capacity, store: s, faults: &faults{dir: o.Dir}}, nil
}

// Close ends the use of the folder; later calls return temporary errors.
func (d *Driver) Close() error { return d.store.close() }

// A call is one use of a verb.
type call struct {
	verb Verb
	id   string
	// name is what the thing shall be called, when the call says so; else the books know.
	name string
}

// change carries out a verb. plan is the verb itself: what has to change, given how things are; it must not change anything on
// its own, as it is asked before the time that the change takes, and again when it is made.
func (d *Driver) change(ctx context.Context, c call, plan func(*state) (change, error)) error {
	return d.run(ctx, c, func() error {
		if d.latency[c.verb] > 0 {
			var todo change
			err := d.store.read(func(s *state) (err error) { todo, err = plan(s); return err })
			if err != nil || todo.empty() {
				return err
			}
			if err := d.clock.Sleep(ctx, d.latency[c.verb]); err != nil {
				return err
			}
		}
		return d.store.update(plan)
	})
}

// observe carries out a verb that only looks.
func (d *Driver) observe(ctx context.Context, c call, look func(*state) error) error {
	return d.run(ctx, c, func() error {
		if err := d.clock.Sleep(ctx, d.latency[c.verb]); err != nil {
			return err
		}
		return d.store.read(look)
	})
}

// run does what is common to all calls: faults, and errors that say which call they come from.
func (d *Driver) run(ctx context.Context, c call, do func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	fault, err := d.faults.take(c, d.store)
	if err == nil && fault != nil {
		err = d.clock.Sleep(ctx, time.Duration(fault.DelayMS)*time.Millisecond)
		if err == nil && !fault.After {
			err = fault.err()
		}
	}
	if err == nil {
		err = do()
	}
	if err == nil && fault != nil && fault.After {
		err = fault.err()
	}
	return hypervisor.InCall(string(c.verb), c.id, err)
}

// EnsureNetwork implements hypervisor.Driver.
func (d *Driver) EnsureNetwork(ctx context.Context, spec hypervisor.NetworkSpec) (hypervisor.Network, error) {
	var out hypervisor.Network
	err := d.change(ctx, call{EnsureNetwork, spec.ID, spec.Name}, func(s *state) (change, error) {
		if err := spec.Validate(); err != nil {
			return change{}, err
		}
		want := networkRow{Name: spec.Name, CIDR: spec.CIDR, Domain: spec.Domain}
		out = want.observed(spec.ID)
		have, exists := s.networks[spec.ID]
		switch {
		case exists && have.CIDR != want.CIDR:
			return change{}, hypervisor.Failure(hypervisor.ErrConflict, "the network is %v and cannot become %v", have.CIDR, want.CIDR)
		case exists && have == want:
			return change{}, nil
		}
		return change{Networks: map[string]*networkRow{spec.ID: &want}}, nil
	})
	if err != nil {
		return hypervisor.Network{}, err
	}
	return out, nil
}

// DeleteNetwork implements hypervisor.Driver.
func (d *Driver) DeleteNetwork(ctx context.Context, id string) error {
	return d.change(ctx, call{verb: DeleteNetwork, id: id}, func(s *state) (change, error) {
		if _, exists := s.networks[id]; !exists {
			return change{}, nil
		}
		if n := len(s.pools[id].used); n > 0 {
			return change{}, hypervisor.Failure(hypervisor.ErrConflict, "%d machines are on the network", n)
		}
		return change{Networks: map[string]*networkRow{id: nil}}, nil
	})
}

// Network implements hypervisor.Driver.
func (d *Driver) Network(ctx context.Context, id string) (out hypervisor.Network, err error) {
	err = d.observe(ctx, call{verb: Network, id: id}, func(s *state) error {
		row, exists := s.networks[id]
		if !exists {
			return noSuch("network", id)
		}
		out = row.observed(id)
		return nil
	})
	return out, err
}

// EnsureVolume implements hypervisor.Driver.
func (d *Driver) EnsureVolume(ctx context.Context, spec hypervisor.VolumeSpec) (hypervisor.Volume, error) {
	var out hypervisor.Volume
	err := d.change(ctx, call{verb: EnsureVolume, id: spec.ID}, func(s *state) (change, error) {
		if err := spec.Validate(); err != nil {
			return change{}, err
		}
		have, exists := s.volumes[spec.ID]
		if spec.SizeGiB < have.SizeGiB {
			return change{}, hypervisor.Failure(hypervisor.ErrInvalid, "the volume has %d GiB and cannot shrink to %d", have.SizeGiB, spec.SizeGiB)
		}
		want := volumeRow{SizeGiB: spec.SizeGiB, MachineID: have.MachineID}
		if spec.IOPSLimit != nil {
			want.IOPSLimit = *spec.IOPSLimit
		}
		out = want.observed(spec.ID)
		if exists && have == want {
			return change{}, nil
		}
		if err := room("storage (GiB)", s.storageGiB, spec.SizeGiB-have.SizeGiB, d.capacity.StorageGiB); err != nil {
			return change{}, err
		}
		return change{Volumes: map[string]*volumeRow{spec.ID: &want}}, nil
	})
	if err != nil {
		return hypervisor.Volume{}, err
	}
	return out, nil
}

// DeleteVolume implements hypervisor.Driver.
func (d *Driver) DeleteVolume(ctx context.Context, id string) error {
	return d.change(ctx, call{verb: DeleteVolume, id: id}, func(s *state) (change, error) {
		if _, exists := s.volumes[id]; !exists {
			return change{}, nil
		}
		return change{Volumes: map[string]*volumeRow{id: nil}}, nil
	})
}

// AttachVolume implements hypervisor.Driver.
func (d *Driver) AttachVolume(ctx context.Context, volumeID, machineID string) error {
	return d.change(ctx, call{verb: AttachVolume, id: volumeID}, func(s *state) (change, error) {
		row, exists := s.volumes[volumeID]
		if !exists {
			return change{}, noSuch("volume", volumeID)
		}
		if _, exists := s.machines[machineID]; !exists {
			return change{}, noSuch("machine", machineID)
		}
		switch row.MachineID {
		case machineID:
			return change{}, nil
		case "":
			row.MachineID = machineID
			return change{Volumes: map[string]*volumeRow{volumeID: &row}}, nil
		}
		return change{}, hypervisor.Failure(hypervisor.ErrConflict, "the volume is attached to machine %s", row.MachineID)
	})
}

// DetachVolume implements hypervisor.Driver.
func (d *Driver) DetachVolume(ctx context.Context, volumeID, machineID string) error {
	return d.change(ctx, call{verb: DetachVolume, id: volumeID}, func(s *state) (change, error) {
		row := s.volumes[volumeID]
		if machineID == "" || row.MachineID != machineID {
			return change{}, nil
		}
		row.MachineID = ""
		return change{Volumes: map[string]*volumeRow{volumeID: &row}}, nil
	})
}

// Volume implements hypervisor.Driver.
func (d *Driver) Volume(ctx context.Context, id string) (out hypervisor.Volume, err error) {
	err = d.observe(ctx, call{verb: Volume, id: id}, func(s *state) error {
		row, exists := s.volumes[id]
		if !exists {
			return noSuch("volume", id)
		}
		out = row.observed(id)
		return nil
	})
	return out, err
}

// EnsureMachine implements hypervisor.Driver. There is no guest to read the user data, so none of it is kept.
func (d *Driver) EnsureMachine(ctx context.Context, spec hypervisor.MachineSpec) (hypervisor.Machine, error) {
	var out hypervisor.Machine
	err := d.change(ctx, call{EnsureMachine, spec.ID, spec.Name}, func(s *state) (change, error) {
		if err := spec.Validate(); err != nil {
			return change{}, err
		}
		have, exists := s.machines[spec.ID]
		want, err := wanted(s, spec, have, exists)
		if err != nil {
			return change{}, err
		}
		out = want.observed(spec.ID, s.volumesOf[spec.ID])
		if exists && have == want {
			return change{}, nil
		}
		for _, err := range []error{
			room("VCPUs", s.vcpus, want.VCPUs-have.VCPUs, d.capacity.VCPUs),
			room("memory (MiB)", s.memoryMiB, want.MemoryMiB-have.MemoryMiB, d.capacity.MemoryMiB),
			room("storage (GiB)", s.storageGiB, want.BootDiskGiB-have.BootDiskGiB, d.capacity.StorageGiB),
		} {
			if err != nil {
				return change{}, err
			}
		}
		return change{Machines: map[string]*machineRow{spec.ID: &want}}, nil
	})
	if err != nil {
		return hypervisor.Machine{}, err
	}
	return out, nil
}

// wanted is the row that EnsureMachine leads to, or why there is no way to it.
func wanted(s *state, spec hypervisor.MachineSpec, have machineRow, exists bool) (machineRow, error) {
	want := have
	want.Name, want.VCPUs, want.MemoryMiB, want.BootDiskGiB = spec.Name, spec.VCPUs, spec.MemoryMiB, spec.BootDiskGiB
	if !exists {
		pool, ok := s.pools[spec.NetworkID]
		if !ok {
			return want, noSuch("network", spec.NetworkID)
		}
		ip, ok := pool.lowestFree()
		if !ok {
			return want, hypervisor.Failure(hypervisor.ErrCapacity, "network %s has no free address", spec.NetworkID)
		}
		want.NetworkID, want.ImageID, want.IP, want.Power = spec.NetworkID, spec.ImageID, ip, hypervisor.PowerStopped
		return want, nil
	}
	switch {
	case have.NetworkID != spec.NetworkID:
		return want, hypervisor.Failure(hypervisor.ErrConflict, "the machine is on network %s", have.NetworkID)
	case have.ImageID != spec.ImageID:
		return want, hypervisor.Failure(hypervisor.ErrConflict, "the machine was made from image %s", have.ImageID)
	case spec.BootDiskGiB < have.BootDiskGiB:
		return want, hypervisor.Failure(hypervisor.ErrInvalid, "the boot disk has %d GiB and cannot shrink to %d", have.BootDiskGiB, spec.BootDiskGiB)
	case have.Power == hypervisor.PowerRunning && (have.VCPUs != spec.VCPUs || have.MemoryMiB != spec.MemoryMiB):
		return want, hypervisor.Failure(hypervisor.ErrNeedsStop, "it runs with %d VCPUs and %d MiB", have.VCPUs, have.MemoryMiB)
	}
	return want, nil
}

// DeleteMachine implements hypervisor.Driver.
func (d *Driver) DeleteMachine(ctx context.Context, id string) error {
	return d.change(ctx, call{verb: DeleteMachine, id: id}, func(s *state) (change, error) {
		if _, exists := s.machines[id]; !exists {
			return change{}, nil
		}
		todo := change{Machines: map[string]*machineRow{id: nil}, Volumes: map[string]*volumeRow{}}
		for volumeID := range s.volumesOf[id] {
			row := s.volumes[volumeID]
			row.MachineID = ""
			todo.Volumes[volumeID] = &row
		}
		return todo, nil
	})
}

// SetPower implements hypervisor.Driver.
func (d *Driver) SetPower(ctx context.Context, id string, power hypervisor.Power) error {
	return d.change(ctx, call{verb: SetPower, id: id}, func(s *state) (change, error) {
		if power != hypervisor.PowerRunning && power != hypervisor.PowerStopped {
			return change{}, hypervisor.Failure(hypervisor.ErrInvalid, "%q is not a power that can be set", power)
		}
		row, exists := s.machines[id]
		if !exists {
			return change{}, noSuch("machine", id)
		}
		if row.Power == power {
			return change{}, nil
		}
		row.Power, row.BootedAt = power, time.Time{}
		if power == hypervisor.PowerRunning {
			row.BootedAt = d.clock.Now()
		}
		return change{Machines: map[string]*machineRow{id: &row}}, nil
	})
}

// Reboot implements hypervisor.Driver.
func (d *Driver) Reboot(ctx context.Context, id string) error { return d.boot(ctx, Reboot, id) }

// Reset implements hypervisor.Driver.
func (d *Driver) Reset(ctx context.Context, id string) error { return d.boot(ctx, Reset, id) }

func (d *Driver) boot(ctx context.Context, verb Verb, id string) error {
	return d.change(ctx, call{verb: verb, id: id}, func(s *state) (change, error) {
		row, exists := s.machines[id]
		if !exists {
			return change{}, noSuch("machine", id)
		}
		if row.Power != hypervisor.PowerRunning {
			return change{}, &hypervisor.Error{Kind: hypervisor.ErrNotRunning}
		}
		row.BootedAt = d.clock.Now()
		return change{Machines: map[string]*machineRow{id: &row}}, nil
	})
}

// Machine implements hypervisor.Driver.
func (d *Driver) Machine(ctx context.Context, id string) (out hypervisor.Machine, err error) {
	err = d.observe(ctx, call{verb: Machine, id: id}, func(s *state) error {
		row, exists := s.machines[id]
		if !exists {
			return noSuch("machine", id)
		}
		out = row.observed(id, s.volumesOf[id])
		return nil
	})
	return out, err
}

// List implements hypervisor.Driver.
func (d *Driver) List(ctx context.Context) (out hypervisor.Inventory, err error) {
	err = d.observe(ctx, call{verb: List}, func(s *state) error {
		out = hypervisor.Inventory{
			Networks: make([]hypervisor.Network, 0, len(s.networks)),
			Volumes:  make([]hypervisor.Volume, 0, len(s.volumes)),
			Machines: make([]hypervisor.Machine, 0, len(s.machines)),
		}
		for id, row := range s.networks {
			out.Networks = append(out.Networks, row.observed(id))
		}
		for id, row := range s.volumes {
			out.Volumes = append(out.Volumes, row.observed(id))
		}
		for id, row := range s.machines {
			out.Machines = append(out.Machines, row.observed(id, s.volumesOf[id]))
		}
		return nil
	})
	slices.SortFunc(out.Networks, func(a, b hypervisor.Network) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(out.Volumes, func(a, b hypervisor.Volume) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(out.Machines, func(a, b hypervisor.Machine) int { return strings.Compare(a.ID, b.ID) })
	return out, err
}

// room refuses to take more of something than there is. What was there before a limit was set may go on above it.
func room(what string, used, more, limit int) error {
	if limit > 0 && more > 0 && used+more > limit {
		return hypervisor.Failure(hypervisor.ErrCapacity, "%s: %d of %d are taken and %d more are needed", what, used, limit, more)
	}
	return nil
}

func noSuch(what, id string) error {
	return hypervisor.Failure(hypervisor.ErrNotFound, "there is no %s %s", what, id)
}
