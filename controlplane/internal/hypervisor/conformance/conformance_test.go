package conformance_test

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"sync"
	"testing"

	"github.com/demarc/demarc/controlplane/internal/driver/simulated"
	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/hypervisor/conformance"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
)

// inChild is set in the child process in which the suite is expected to fail.
const inChild = "DEMARC_TEST_DEFECTIVE_DRIVERS"

var failed = regexp.MustCompile(`--- FAIL: TestDefectiveDrivers/(\w+)/(\w+) `)

// The suite must notice drivers that break a promise: a correct one is given one defect at a time, and the test that guards the
// promise has to fail. No test of the suite may be without a defect that it finds.
func TestSuiteFindsDefects(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDefectiveDrivers$", "-test.v")
	cmd.Env = append(os.Environ(), inChild+"=1")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		t.Fatalf("drivers with defects passed, or could not be run: %v\n%s", err, out)
	}
	found := map[string][]string{}
	useful := map[string]bool{}
	for _, m := range failed.FindAllStringSubmatch(string(out), -1) {
		found[m[1]] = append(found[m[1]], m[2])
	}
	for _, d := range defects {
		if !slices.Contains(found[d.name], d.test) {
			t.Errorf("%s was not found by %s, but by %v", d.name, d.test, found[d.name])
		}
		useful[d.test] = true
	}
	all := regexp.MustCompile(`=== RUN   TestDefectiveDrivers/`+defects[0].name+`/(\w+)`).FindAllStringSubmatch(string(out), -1)
	if len(all) == 0 {
		t.Fatalf("nothing ran:\n%s", out)
	}
	for _, m := range all {
		if !useful[m[1]] {
			t.Errorf("there is no defect that %s has to find", m[1])
		}
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
}

func TestDefectiveDrivers(t *testing.T) {
	if os.Getenv(inChild) == "" {
		return // it is for a child of TestSuiteFindsDefects, where it has to fail
	}
	for _, d := range defects {
		t.Run(d.name, func(t *testing.T) {
			conformance.Run(t, func(t *testing.T) hypervisor.Driver {
				t.Parallel()
				good, err := simulated.New(simulated.Options{Dir: t.TempDir()})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = good.Close() })
				return d.driver(good)
			}, conformance.Image{ID: id.New("img")})
		})
	}
}

// A broken driver is the good one with some verbs replaced.
type broken struct {
	hypervisor.Driver
	ensureNetwork func(context.Context, hypervisor.NetworkSpec) (hypervisor.Network, error)
	deleteNetwork func(context.Context, string) error
	ensureVolume  func(context.Context, hypervisor.VolumeSpec) (hypervisor.Volume, error)
	deleteVolume  func(context.Context, string) error
	attach        func(_ context.Context, volume, machine string) error
	detach        func(_ context.Context, volume, machine string) error
	ensureMachine func(context.Context, hypervisor.MachineSpec) (hypervisor.Machine, error)
	deleteMachine func(context.Context, string) error
	setPower      func(context.Context, string, hypervisor.Power) error
	reboot        func(context.Context, string) error
	reset         func(context.Context, string) error
	machine       func(context.Context, string) (hypervisor.Machine, error)
	list          func(context.Context) (hypervisor.Inventory, error)
}

func (b *broken) EnsureNetwork(ctx context.Context, s hypervisor.NetworkSpec) (hypervisor.Network, error) {
	if b.ensureNetwork != nil {
		return b.ensureNetwork(ctx, s)
	}
	return b.Driver.EnsureNetwork(ctx, s)
}

func (b *broken) DeleteNetwork(ctx context.Context, id string) error {
	if b.deleteNetwork != nil {
		return b.deleteNetwork(ctx, id)
	}
	return b.Driver.DeleteNetwork(ctx, id)
}

func (b *broken) EnsureVolume(ctx context.Context, s hypervisor.VolumeSpec) (hypervisor.Volume, error) {
	if b.ensureVolume != nil {
		return b.ensureVolume(ctx, s)
	}
	return b.Driver.EnsureVolume(ctx, s)
}

func (b *broken) DeleteVolume(ctx context.Context, id string) error {
	if b.deleteVolume != nil {
		return b.deleteVolume(ctx, id)
	}
	return b.Driver.DeleteVolume(ctx, id)
}

func (b *broken) AttachVolume(ctx context.Context, volume, machine string) error {
	if b.attach != nil {
		return b.attach(ctx, volume, machine)
	}
	return b.Driver.AttachVolume(ctx, volume, machine)
}

func (b *broken) DetachVolume(ctx context.Context, volume, machine string) error {
	if b.detach != nil {
		return b.detach(ctx, volume, machine)
	}
	return b.Driver.DetachVolume(ctx, volume, machine)
}

func (b *broken) EnsureMachine(ctx context.Context, s hypervisor.MachineSpec) (hypervisor.Machine, error) {
	if b.ensureMachine != nil {
		return b.ensureMachine(ctx, s)
	}
	return b.Driver.EnsureMachine(ctx, s)
}

func (b *broken) DeleteMachine(ctx context.Context, id string) error {
	if b.deleteMachine != nil {
		return b.deleteMachine(ctx, id)
	}
	return b.Driver.DeleteMachine(ctx, id)
}

func (b *broken) SetPower(ctx context.Context, id string, p hypervisor.Power) error {
	if b.setPower != nil {
		return b.setPower(ctx, id, p)
	}
	return b.Driver.SetPower(ctx, id, p)
}

func (b *broken) Reboot(ctx context.Context, id string) error {
	if b.reboot != nil {
		return b.reboot(ctx, id)
	}
	return b.Driver.Reboot(ctx, id)
}

func (b *broken) Reset(ctx context.Context, id string) error {
	if b.reset != nil {
		return b.reset(ctx, id)
	}
	return b.Driver.Reset(ctx, id)
}

func (b *broken) Machine(ctx context.Context, id string) (hypervisor.Machine, error) {
	if b.machine != nil {
		return b.machine(ctx, id)
	}
	return b.Driver.Machine(ctx, id)
}

func (b *broken) List(ctx context.Context) (hypervisor.Inventory, error) {
	if b.list != nil {
		return b.list(ctx)
	}
	return b.Driver.List(ctx)
}

// A defect is a broken promise and the test that has to find it.
type defect struct {
	name, test string
	driver     func(good hypervisor.Driver) hypervisor.Driver
}

var defects = []defect{
	{"gateway_is_the_network_address", "NetworkLifecycle", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, ensureNetwork: func(ctx context.Context, s hypervisor.NetworkSpec) (hypervisor.Network, error) {
			n, err := g.EnsureNetwork(ctx, s)
			n.Gateway = s.CIDR.Addr()
			return n, err
		}}
	}},
	{"other_cidr_is_ignored", "NetworkChanges", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, ensureNetwork: func(ctx context.Context, s hypervisor.NetworkSpec) (hypervisor.Network, error) {
			if have, err := g.Network(ctx, s.ID); err == nil {
				s.CIDR = have.CIDR
			}
			return g.EnsureNetwork(ctx, s)
		}}
	}},
	{"networks_must_differ", "NetworksMayOverlap", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, ensureNetwork: func(ctx context.Context, s hypervisor.NetworkSpec) (hypervisor.Network, error) {
			all, err := g.List(ctx)
			for _, n := range all.Networks {
				if n.ID != s.ID && n.CIDR.Overlaps(s.CIDR) {
					return n, hypervisor.Failure(hypervisor.ErrConflict, "taken")
				}
			}
			if err != nil {
				return hypervisor.Network{}, err
			}
			return g.EnsureNetwork(ctx, s)
		}}
	}},
	{"network_is_deleted_under_machines", "NetworkInUse", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, deleteNetwork: func(ctx context.Context, id string) error {
			if err := g.DeleteNetwork(ctx, id); err != nil && !errors.Is(err, hypervisor.ErrConflict) {
				return err
			}
			return nil
		}}
	}},
	{"volume_is_not_deleted", "VolumeLifecycle", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, deleteVolume: func(context.Context, string) error { return nil }}
	}},
	{"shrinking_is_ignored", "VolumeChanges", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, ensureVolume: func(ctx context.Context, s hypervisor.VolumeSpec) (hypervisor.Volume, error) {
			if have, err := g.Volume(ctx, s.ID); err == nil {
				s.SizeGiB = max(s.SizeGiB, have.SizeGiB)
			}
			return g.EnsureVolume(ctx, s)
		}}
	}},
	{"limit_is_never_taken_away", "VolumeChanges", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, ensureVolume: func(ctx context.Context, s hypervisor.VolumeSpec) (hypervisor.Volume, error) {
			if have, err := g.Volume(ctx, s.ID); err == nil && s.IOPSLimit == nil {
				s.IOPSLimit = have.IOPSLimit
			}
			return g.EnsureVolume(ctx, s)
		}}
	}},
	{"machine_does_not_show_volumes", "Attachment", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, machine: func(ctx context.Context, id string) (hypervisor.Machine, error) {
			m, err := g.Machine(ctx, id)
			m.VolumeIDs = nil
			return m, err
		}}
	}},
	{"attaching_steals", "AttachmentConflict", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, attach: func(ctx context.Context, volume, machine string) error {
			if v, err := g.Volume(ctx, volume); err == nil && v.MachineID != machine {
				_ = g.DetachVolume(ctx, volume, v.MachineID)
			}
			return g.AttachVolume(ctx, volume, machine)
		}}
	}},
	{"detaching_ignores_the_machine", "AttachmentConflict", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, detach: func(ctx context.Context, volume, _ string) error {
			v, err := g.Volume(ctx, volume)
			if err != nil {
				return err
			}
			return g.DetachVolume(ctx, volume, v.MachineID)
		}}
	}},
	{"attaching_to_nothing_is_fine", "AttachmentOfWhatIsMissing", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, attach: func(ctx context.Context, volume, machine string) error {
			if err := g.AttachVolume(ctx, volume, machine); err != nil && !errors.Is(err, hypervisor.ErrNotFound) {
				return err
			}
			return nil
		}}
	}},
	{"growing_detaches", "AttachedVolumeStaysAttached", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, ensureVolume: func(ctx context.Context, s hypervisor.VolumeSpec) (hypervisor.Volume, error) {
			if v, err := g.Volume(ctx, s.ID); err == nil {
				_ = g.DetachVolume(ctx, s.ID, v.MachineID)
			}
			return g.EnsureVolume(ctx, s)
		}}
	}},
	{"machine_takes_its_volumes_along", "DeletingReleasesAttachments", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, deleteMachine: func(ctx context.Context, id string) error {
			m, _ := g.Machine(ctx, id)
			for _, v := range m.VolumeIDs {
				_ = g.DeleteVolume(ctx, v)
			}
			return g.DeleteMachine(ctx, id)
		}}
	}},
	{"attached_volume_cannot_be_deleted", "DeletingReleasesAttachments", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, deleteVolume: func(ctx context.Context, id string) error {
			if v, err := g.Volume(ctx, id); err == nil && v.MachineID != "" {
				return hypervisor.Failure(hypervisor.ErrConflict, "attached")
			}
			return g.DeleteVolume(ctx, id)
		}}
	}},
	{"machine_is_made_running", "MachineLifecycle", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, ensureMachine: func(ctx context.Context, s hypervisor.MachineSpec) (hypervisor.Machine, error) {
			if _, err := g.EnsureMachine(ctx, s); err != nil {
				return hypervisor.Machine{}, err
			}
			if err := g.SetPower(ctx, s.ID, hypervisor.PowerRunning); err != nil {
				return hypervisor.Machine{}, err
			}
			return g.Machine(ctx, s.ID)
		}}
	}},
	{"one_address_for_all", "MachineAddresses", oneAddress},
	{"one_address_for_all_at_once", "ConcurrentMachines", oneAddress},
	{"addresses_never_run_out", "AddressesRunOut", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, ensureMachine: func(ctx context.Context, s hypervisor.MachineSpec) (hypervisor.Machine, error) {
			m, err := g.EnsureMachine(ctx, s)
			if errors.Is(err, hypervisor.ErrCapacity) {
				return hypervisor.Machine{ID: s.ID, IP: netip.MustParseAddr("10.1.2.3")}, nil
			}
			return m, err
		}}
	}},
	{"machine_cannot_shrink", "MachineChangesStopped", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, ensureMachine: func(ctx context.Context, s hypervisor.MachineSpec) (hypervisor.Machine, error) {
			if m, err := g.Machine(ctx, s.ID); err == nil {
				s.MemoryMiB = max(s.MemoryMiB, m.MemoryMiB)
			}
			return g.EnsureMachine(ctx, s)
		}}
	}},
	{"resizing_stops_the_machine", "MachineChangesRunning", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, ensureMachine: func(ctx context.Context, s hypervisor.MachineSpec) (hypervisor.Machine, error) {
			m, err := g.EnsureMachine(ctx, s)
			if errors.Is(err, hypervisor.ErrNeedsStop) {
				_ = g.SetPower(ctx, s.ID, hypervisor.PowerStopped)
				return g.EnsureMachine(ctx, s)
			}
			return m, err
		}}
	}},
	{"refused_change_is_made_in_part", "MachineChangesRunning", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, ensureMachine: func(ctx context.Context, s hypervisor.MachineSpec) (hypervisor.Machine, error) {
			m, err := g.EnsureMachine(ctx, s)
			if errors.Is(err, hypervisor.ErrNeedsStop) {
				now, _ := g.Machine(ctx, s.ID)
				s.VCPUs, s.MemoryMiB = now.VCPUs, now.MemoryMiB
				_, _ = g.EnsureMachine(ctx, s)
			}
			return m, err
		}}
	}},
	{"other_image_is_ignored", "MachineChangesRefused", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, ensureMachine: func(ctx context.Context, s hypervisor.MachineSpec) (hypervisor.Machine, error) {
			if m, err := g.Machine(ctx, s.ID); err == nil {
				s.ImageID = m.ImageID
			}
			return g.EnsureMachine(ctx, s)
		}}
	}},
	{"starting_again_reboots", "Power", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, setPower: func(ctx context.Context, id string, p hypervisor.Power) error {
			if m, err := g.Machine(ctx, id); err == nil && m.Power == p && p == hypervisor.PowerRunning {
				return g.Reboot(ctx, id)
			}
			return g.SetPower(ctx, id, p)
		}}
	}},
	{"reboot_does_nothing", "RebootAndReset", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, reboot: func(ctx context.Context, id string) error {
			m, err := g.Machine(ctx, id)
			if err == nil && m.Power != hypervisor.PowerRunning {
				err = g.Reboot(ctx, id)
			}
			return err
		}}
	}},
	{"reset_starts_what_is_stopped", "RebootAndReset", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, reset: func(ctx context.Context, id string) error {
			if err := g.Reset(ctx, id); err != nil {
				return g.SetPower(ctx, id, hypervisor.PowerRunning)
			}
			return nil
		}}
	}},
	{"deleting_nothing_fails", "WhatIsMissing", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, deleteMachine: func(ctx context.Context, id string) error {
			if _, err := g.Machine(ctx, id); err != nil {
				return err
			}
			return g.DeleteMachine(ctx, id)
		}}
	}},
	{"errors_have_no_kind", "WhatIsMissing", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, setPower: func(ctx context.Context, id string, p hypervisor.Power) error {
			if err := g.SetPower(ctx, id, p); err != nil {
				return errors.New("something went wrong: " + err.Error())
			}
			return nil
		}}
	}},
	{"errors_are_temporary", "WhatIsMissing", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, reset: func(ctx context.Context, id string) error {
			if err := g.Reset(ctx, id); err != nil {
				return hypervisor.InCall("Reset", id, hypervisor.TemporaryFailure("%w", err))
			}
			return nil
		}}
	}},
	{"errors_do_not_say_where", "WhatIsMissing", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, reboot: func(ctx context.Context, id string) error {
			if err := g.Reboot(ctx, id); err != nil {
				return hypervisor.InCall("", "", err)
			}
			return nil
		}}
	}},
	{"anything_is_valid", "InvalidSpecifications", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, ensureVolume: func(ctx context.Context, s hypervisor.VolumeSpec) (hypervisor.Volume, error) {
			s.SizeGiB = max(s.SizeGiB, 1)
			return g.EnsureVolume(ctx, s)
		}}
	}},
	{"list_is_not_ordered", "List", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, list: func(ctx context.Context) (hypervisor.Inventory, error) {
			all, err := g.List(ctx)
			slices.Reverse(all.Machines)
			return all, err
		}}
	}},
	{"list_leaves_out_stopped_machines", "List", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, list: func(ctx context.Context) (hypervisor.Inventory, error) {
			all, err := g.List(ctx)
			all.Machines = slices.DeleteFunc(all.Machines, func(m hypervisor.Machine) bool { return m.Power == hypervisor.PowerStopped })
			return all, err
		}}
	}},
	{"context_is_ignored", "EndedContext", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, ensureNetwork: func(ctx context.Context, s hypervisor.NetworkSpec) (hypervisor.Network, error) {
			return g.EnsureNetwork(context.WithoutCancel(ctx), s)
		}}
	}},
	{"address_changes", "ConcurrentEnsure", func(g hypervisor.Driver) hypervisor.Driver {
		var mu sync.Mutex
		next := netip.MustParseAddr("10.1.2.9")
		return &broken{Driver: g, ensureMachine: func(ctx context.Context, s hypervisor.MachineSpec) (hypervisor.Machine, error) {
			m, err := g.EnsureMachine(ctx, s)
			mu.Lock()
			defer mu.Unlock()
			m.IP, next = next, next.Next()
			return m, err
		}}
	}},
	{"every_attachment_wins", "ConcurrentAttachment", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, attach: func(ctx context.Context, volume, machine string) error {
			if err := g.AttachVolume(ctx, volume, machine); err != nil && !errors.Is(err, hypervisor.ErrConflict) {
				return err
			}
			return nil
		}}
	}},
	{"error_tells_user_data", "UserDataStaysSecret", func(g hypervisor.Driver) hypervisor.Driver {
		return &broken{Driver: g, ensureMachine: func(ctx context.Context, s hypervisor.MachineSpec) (hypervisor.Machine, error) {
			m, err := g.EnsureMachine(ctx, s)
			if err != nil {
				err = hypervisor.InCall("EnsureMachine", s.ID, hypervisor.Failure(hypervisor.ErrInvalid, "%s: %w", s.UserData.Reveal(), err))
			}
			return m, err
		}}
	}},
}

func oneAddress(g hypervisor.Driver) hypervisor.Driver {
	return &broken{Driver: g, ensureMachine: func(ctx context.Context, s hypervisor.MachineSpec) (hypervisor.Machine, error) {
		m, err := g.EnsureMachine(ctx, s)
		m.IP = netip.MustParseAddr("10.1.2.2")
		return m, err
	}}
}
