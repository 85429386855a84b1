// Package conformance is the suite that every hypervisor.Driver passes: the promises of the port, one test each. A driver that
// passes can take the place of another without the control plane noticing.
package conformance

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
)

// An Image is what the suite makes machines from. ID is needed; a driver may not care which image it is.
type Image struct {
	ID     string
	Source string
	// MinGiB is the smallest boot disk that it fits on; 0 counts as 1.
	MinGiB int
}

// Run runs the suite, each test as a subtest. newDriver is called at the start of each; it may mark the test as parallel, and
// cleans up behind it. The location need not be empty: the suite's ids are fresh, and it only looks at its own. The driver needs
// room for 16 machines of 1 VCPU and 128 MiB.
func Run(t *testing.T, newDriver func(t *testing.T) hypervisor.Driver, image Image) {
	t.Helper()
	if image.MinGiB == 0 {
		image.MinGiB = 1
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.run(&kit{T: t, d: newDriver(t), image: image})
		})
	}
}

var tests = []struct {
	name string
	run  func(*kit)
}{
	{"NetworkLifecycle", networkLifecycle},
	{"NetworkChanges", networkChanges},
	{"NetworksMayOverlap", networksMayOverlap},
	{"NetworkInUse", networkInUse},
	{"VolumeLifecycle", volumeLifecycle},
	{"VolumeChanges", volumeChanges},
	{"Attachment", attachment},
	{"AttachmentConflict", attachmentConflict},
	{"AttachmentOfWhatIsMissing", attachmentOfWhatIsMissing},
	{"AttachedVolumeStaysAttached", attachedVolumeStaysAttached},
	{"DeletingReleasesAttachments", deletingReleasesAttachments},
	{"MachineLifecycle", machineLifecycle},
	{"MachineAddresses", machineAddresses},
	{"AddressesRunOut", addressesRunOut},
	{"MachineChangesStopped", machineChangesStopped},
	{"MachineChangesRunning", machineChangesRunning},
	{"MachineChangesRefused", machineChangesRefused},
	{"Power", power},
	{"RebootAndReset", rebootAndReset},
	{"WhatIsMissing", whatIsMissing},
	{"InvalidSpecifications", invalidSpecifications},
	{"List", list},
	{"EndedContext", endedContext},
	{"ConcurrentEnsure", concurrentEnsure},
	{"ConcurrentMachines", concurrentMachines},
	{"ConcurrentAttachment", concurrentAttachment},
	{"UserDataStaysSecret", userDataStaysSecret},
}

func networkLifecycle(k *kit) {
	spec := k.networkSpec("10.1.2.0/24")
	_, err := k.d.Network(k.Context(), spec.ID)
	k.wantError(err, hypervisor.ErrNotFound, "Network", spec.ID)

	made := k.network(spec)
	want := hypervisor.Network{ID: spec.ID, Name: spec.Name, CIDR: spec.CIDR, Domain: spec.Domain, Gateway: netip.MustParseAddr("10.1.2.1")}
	k.same("what was made", made, want)
	k.same("made again", k.network(spec), want)
	k.same("observed", must(k.d.Network(k.Context(), spec.ID))(k), want)

	k.ok(k.d.DeleteNetwork(k.Context(), spec.ID))
	k.ok(k.d.DeleteNetwork(k.Context(), spec.ID))
	_, err = k.d.Network(k.Context(), spec.ID)
	k.wantError(err, hypervisor.ErrNotFound, "Network", spec.ID)
	k.same("made anew under the same id", k.network(spec), want)
}

func networkChanges(k *kit) {
	spec := k.networkSpec("10.1.2.0/24")
	k.network(spec)
	spec.Name, spec.Domain = "renamed", "example.org"
	changed := k.network(spec)
	k.same("changed", [2]string{changed.Name, changed.Domain}, [2]string{"renamed", "example.org"})
	spec.Domain = ""
	k.network(spec)
	before := must(k.d.Network(k.Context(), spec.ID))(k)
	k.same("domain taken away", before.Domain, "")

	other := spec
	other.CIDR, other.Name = netip.MustParsePrefix("10.9.0.0/24"), "not-this"
	_, err := k.d.EnsureNetwork(k.Context(), other)
	k.wantError(err, hypervisor.ErrConflict, "EnsureNetwork", spec.ID)
	k.same("after a refused change", must(k.d.Network(k.Context(), spec.ID))(k), before)
}

// Every customer has the same default network.
func networksMayOverlap(k *kit) {
	one, two := k.networkSpec("192.168.100.0/24"), k.networkSpec("192.168.100.0/24")
	k.network(one)
	k.network(two)
	a, b := k.machine(k.machineSpec(one.ID)), k.machine(k.machineSpec(two.ID))
	for _, m := range []hypervisor.Machine{a, b} {
		if !one.CIDR.Contains(m.IP) {
			k.Errorf("%v is outside of %v", m.IP, one.CIDR)
		}
	}
	k.ok(k.d.DeleteMachine(k.Context(), a.ID))
	k.ok(k.d.DeleteNetwork(k.Context(), one.ID))
	k.same("the other network", must(k.d.Network(k.Context(), two.ID))(k).ID, two.ID)
}

func networkInUse(k *kit) {
	network := k.network(k.networkSpec("10.1.2.0/24"))
	m := k.machine(k.machineSpec(network.ID))
	k.wantError(k.d.DeleteNetwork(k.Context(), network.ID), hypervisor.ErrConflict, "DeleteNetwork", network.ID)
	k.same("after a refused delete", must(k.d.Network(k.Context(), network.ID))(k), network)
	k.ok(k.d.DeleteMachine(k.Context(), m.ID))
	k.ok(k.d.DeleteNetwork(k.Context(), network.ID))
}

func volumeLifecycle(k *kit) {
	spec := k.volumeSpec()
	_, err := k.d.Volume(k.Context(), spec.ID)
	k.wantError(err, hypervisor.ErrNotFound, "Volume", spec.ID)

	want := hypervisor.Volume{ID: spec.ID, SizeGiB: 1}
	k.same("what was made", k.volume(spec), want)
	k.same("made again", k.volume(spec), want)
	k.same("observed", must(k.d.Volume(k.Context(), spec.ID))(k), want)

	k.ok(k.d.DeleteVolume(k.Context(), spec.ID))
	k.ok(k.d.DeleteVolume(k.Context(), spec.ID))
	_, err = k.d.Volume(k.Context(), spec.ID)
	k.wantError(err, hypervisor.ErrNotFound, "Volume", spec.ID)
}

func volumeChanges(k *kit) {
	spec := k.volumeSpec()
	k.volume(spec)
	limit := 500
	spec.SizeGiB, spec.IOPSLimit = 3, &limit
	want := hypervisor.Volume{ID: spec.ID, SizeGiB: 3, IOPSLimit: &limit}
	k.same("grown and limited", k.volume(spec), want)
	k.same("observed", must(k.d.Volume(k.Context(), spec.ID))(k), want)

	higher := 1000
	smaller := spec
	smaller.SizeGiB, smaller.IOPSLimit = 2, &higher
	_, err := k.d.EnsureVolume(k.Context(), smaller)
	k.wantError(err, hypervisor.ErrInvalid, "EnsureVolume", spec.ID)
	k.same("after a refused change", must(k.d.Volume(k.Context(), spec.ID))(k), want)

	spec.IOPSLimit = &higher
	k.same("other limit", *k.volume(spec).IOPSLimit, 1000)
	spec.IOPSLimit = nil
	k.volume(spec)
	k.same("limit taken away", must(k.d.Volume(k.Context(), spec.ID))(k), hypervisor.Volume{ID: spec.ID, SizeGiB: 3})
}

func attachment(k *kit) {
	m := k.machine(k.machineSpec(k.network(k.networkSpec("10.1.2.0/24")).ID))
	first, second := k.volume(k.volumeSpec()).ID, k.volume(k.volumeSpec()).ID
	for _, volume := range []string{second, first, second} { // the last one is attached already
		k.ok(k.d.AttachVolume(k.Context(), volume, m.ID))
	}
	k.attached(first, m.ID)
	k.attached(second, m.ID)
	want := []string{first, second}
	slices.Sort(want)
	k.same("volumes of the machine", must(k.d.Machine(k.Context(), m.ID))(k).VolumeIDs, want)

	k.ok(k.d.SetPower(k.Context(), m.ID, hypervisor.PowerRunning))
	for range 2 {
		k.ok(k.d.DetachVolume(k.Context(), first, m.ID))
		k.attached(first, "")
	}
	k.attached(second, m.ID)
	k.same("volumes of the machine", must(k.d.Machine(k.Context(), m.ID))(k).VolumeIDs, []string{second})
	k.ok(k.d.AttachVolume(k.Context(), first, m.ID)) // while it runs
	k.attached(first, m.ID)
}

func attachmentConflict(k *kit) {
	network := k.network(k.networkSpec("10.1.2.0/24")).ID
	one, two := k.machine(k.machineSpec(network)).ID, k.machine(k.machineSpec(network)).ID
	volume := k.volume(k.volumeSpec()).ID
	k.ok(k.d.AttachVolume(k.Context(), volume, one))
	k.wantError(k.d.AttachVolume(k.Context(), volume, two), hypervisor.ErrConflict, "AttachVolume", volume)
	k.attached(volume, one)
	k.ok(k.d.DetachVolume(k.Context(), volume, two)) // it is not attached to that one
	k.attached(volume, one)
	k.ok(k.d.DetachVolume(k.Context(), volume, one))
	k.ok(k.d.AttachVolume(k.Context(), volume, two))
	k.attached(volume, two)
}

func attachmentOfWhatIsMissing(k *kit) {
	m := k.machine(k.machineSpec(k.network(k.networkSpec("10.1.2.0/24")).ID)).ID
	volume := k.volume(k.volumeSpec()).ID
	noVolume, noMachine := id.New("dsk"), id.New("vm")
	k.wantError(k.d.AttachVolume(k.Context(), noVolume, m), hypervisor.ErrNotFound, "AttachVolume", noVolume)
	k.wantError(k.d.AttachVolume(k.Context(), volume, noMachine), hypervisor.ErrNotFound, "AttachVolume", volume)
	k.attached(volume, "")
	k.ok(k.d.DetachVolume(k.Context(), noVolume, m))
	k.ok(k.d.DetachVolume(k.Context(), volume, noMachine))
}

func attachedVolumeStaysAttached(k *kit) {
	spec := k.machineSpec(k.network(k.networkSpec("10.1.2.0/24")).ID)
	m := k.machine(spec).ID
	k.ok(k.d.SetPower(k.Context(), m, hypervisor.PowerRunning))
	volume := k.volumeSpec()
	k.volume(volume)
	k.ok(k.d.AttachVolume(k.Context(), volume.ID, m))
	volume.SizeGiB = 2
	k.same("grown while in use", k.volume(volume), hypervisor.Volume{ID: volume.ID, SizeGiB: 2, MachineID: m})
	k.same("volumes, ensured", k.machine(spec).VolumeIDs, []string{volume.ID})
	k.ok(k.d.SetPower(k.Context(), m, hypervisor.PowerStopped))
	k.attached(volume.ID, m)
}

func deletingReleasesAttachments(k *kit) {
	network := k.network(k.networkSpec("10.1.2.0/24")).ID
	gone, stays := k.machine(k.machineSpec(network)).ID, k.machine(k.machineSpec(network)).ID
	a, b := k.volume(k.volumeSpec()).ID, k.volume(k.volumeSpec()).ID
	k.ok(k.d.AttachVolume(k.Context(), a, gone))
	k.ok(k.d.AttachVolume(k.Context(), b, stays))
	k.ok(k.d.SetPower(k.Context(), gone, hypervisor.PowerRunning))
	k.ok(k.d.DeleteMachine(k.Context(), gone))
	k.attached(a, "")
	k.attached(b, stays)

	k.ok(k.d.SetPower(k.Context(), stays, hypervisor.PowerRunning))
	k.ok(k.d.DeleteVolume(k.Context(), b))
	if got := must(k.d.Machine(k.Context(), stays))(k).VolumeIDs; len(got) != 0 {
		k.Errorf("the machine still has %v", got)
	}
}

func machineLifecycle(k *kit) {
	network := k.network(k.networkSpec("10.1.2.0/24"))
	spec := k.machineSpec(network.ID)
	made := k.machine(spec)
	want := hypervisor.Machine{
		ID: spec.ID, Name: spec.Name, NetworkID: network.ID, ImageID: spec.ImageID, VCPUs: 1, MemoryMiB: 128, BootDiskGiB: spec.BootDiskGiB,
		IP: made.IP, Power: hypervisor.PowerStopped,
	}
	k.same("what was made", made, want)
	k.same("made again", k.machine(spec), want)
	k.same("observed", must(k.d.Machine(k.Context(), spec.ID))(k), want)
	if !network.CIDR.Contains(made.IP) || made.IP == network.Gateway {
		k.Errorf("%v is no address for a machine on %v behind %v", made.IP, network.CIDR, network.Gateway)
	}

	k.ok(k.d.SetPower(k.Context(), spec.ID, hypervisor.PowerRunning))
	for range 2 {
		k.ok(k.d.DeleteMachine(k.Context(), spec.ID))
	}
	_, err := k.d.Machine(k.Context(), spec.ID)
	k.wantError(err, hypervisor.ErrNotFound, "Machine", spec.ID)
	k.same("power of one made anew under the same id", k.machine(spec).Power, hypervisor.PowerStopped)
}

func machineAddresses(k *kit) {
	network := k.network(k.networkSpec("10.1.2.0/29")) // five addresses for machines
	byIP := map[netip.Addr]string{}
	for range 5 {
		m := k.machine(k.machineSpec(network.ID))
		if other, taken := byIP[m.IP]; taken {
			k.Errorf("%s and %s both have %v", other, m.ID, m.IP)
		}
		if !network.CIDR.Contains(m.IP) || m.IP == network.Gateway || m.IP == netip.MustParseAddr("10.1.2.0") || m.IP == netip.MustParseAddr("10.1.2.7") {
			k.Errorf("%v is no address for a machine", m.IP)
		}
		byIP[m.IP] = m.ID
	}
	for ip, machine := range byIP {
		k.same("address when looked at later", must(k.d.Machine(k.Context(), machine))(k).IP, ip)
	}
}

func addressesRunOut(k *kit) {
	network := k.network(k.networkSpec("10.1.2.0/30")) // one address for machines
	first := k.machine(k.machineSpec(network.ID))
	spec := k.machineSpec(network.ID)
	_, err := k.d.EnsureMachine(k.Context(), spec)
	k.wantError(err, hypervisor.ErrCapacity, "EnsureMachine", spec.ID)
	_, err = k.d.Machine(k.Context(), spec.ID)
	k.wantError(err, hypervisor.ErrNotFound, "Machine", spec.ID)
	k.ok(k.d.DeleteMachine(k.Context(), first.ID))
	k.same("the address, set free", k.machine(spec).IP, first.IP)
}

func machineChangesStopped(k *kit) {
	spec := k.machineSpec(k.network(k.networkSpec("10.1.2.0/24")).ID)
	want := k.machine(spec)
	spec.Name, spec.VCPUs, spec.MemoryMiB, spec.BootDiskGiB = "renamed", 2, 256, spec.BootDiskGiB+1
	want.Name, want.VCPUs, want.MemoryMiB, want.BootDiskGiB = "renamed", 2, 256, spec.BootDiskGiB
	k.same("changed", k.machine(spec), want)
	k.same("observed", must(k.d.Machine(k.Context(), spec.ID))(k), want)
	spec.VCPUs, spec.MemoryMiB = 1, 128
	want.VCPUs, want.MemoryMiB = 1, 128
	k.same("smaller again", k.machine(spec), want)
}

func machineChangesRunning(k *kit) {
	spec := k.machineSpec(k.network(k.networkSpec("10.1.2.0/24")).ID)
	k.machine(spec)
	k.ok(k.d.SetPower(k.Context(), spec.ID, hypervisor.PowerRunning))
	want := must(k.d.Machine(k.Context(), spec.ID))(k)

	for _, change := range []func(*hypervisor.MachineSpec){
		func(s *hypervisor.MachineSpec) { s.VCPUs = 2 },
		func(s *hypervisor.MachineSpec) { s.MemoryMiB = 256 },
	} {
		larger := spec
		larger.Name, larger.BootDiskGiB = "not-this", spec.BootDiskGiB+1
		change(&larger)
		_, err := k.d.EnsureMachine(k.Context(), larger)
		k.wantError(err, hypervisor.ErrNeedsStop, "EnsureMachine", spec.ID)
		k.same("after a refused change", must(k.d.Machine(k.Context(), spec.ID))(k), want)
	}

	spec.Name, spec.BootDiskGiB, spec.UserData = "renamed", spec.BootDiskGiB+1, secret.New("#cloud-config\n")
	want.Name, want.BootDiskGiB = "renamed", spec.BootDiskGiB
	k.same("changed while running", k.machine(spec), want)
	k.same("observed", must(k.d.Machine(k.Context(), spec.ID))(k), want)
}

func machineChangesRefused(k *kit) {
	spec := k.machineSpec(k.network(k.networkSpec("10.1.2.0/24")).ID)
	spec.BootDiskGiB++
	other := k.network(k.networkSpec("10.1.3.0/24")).ID
	before := k.machine(spec)
	for _, v := range []struct {
		change func(*hypervisor.MachineSpec)
		kind   error
	}{
		{func(s *hypervisor.MachineSpec) { s.NetworkID = other }, hypervisor.ErrConflict},
		{func(s *hypervisor.MachineSpec) { s.ImageID = id.New("img") }, hypervisor.ErrConflict},
		{func(s *hypervisor.MachineSpec) { s.BootDiskGiB-- }, hypervisor.ErrInvalid},
	} {
		changed := spec
		changed.Name, changed.VCPUs = "not-this", 2
		v.change(&changed)
		_, err := k.d.EnsureMachine(k.Context(), changed)
		k.wantError(err, v.kind, "EnsureMachine", spec.ID)
		k.same("after a refused change", must(k.d.Machine(k.Context(), spec.ID))(k), before)
	}
	orphan := k.machineSpec(id.New("cs"))
	_, err := k.d.EnsureMachine(k.Context(), orphan)
	k.wantError(err, hypervisor.ErrNotFound, "EnsureMachine", orphan.ID)
}

func power(k *kit) {
	spec := k.machineSpec(k.network(k.networkSpec("10.1.2.0/24")).ID)
	made := k.machine(spec)
	k.ok(k.d.SetPower(k.Context(), spec.ID, hypervisor.PowerStopped)) // as it is
	k.same("stopped", must(k.d.Machine(k.Context(), spec.ID))(k), made)

	k.ok(k.d.SetPower(k.Context(), spec.ID, hypervisor.PowerRunning))
	running := must(k.d.Machine(k.Context(), spec.ID))(k)
	k.same("power", running.Power, hypervisor.PowerRunning)
	if running.BootedAt.IsZero() {
		k.Error("it does not say when it was booted")
	}
	k.same("address", running.IP, made.IP)
	k.ok(k.d.SetPower(k.Context(), spec.ID, hypervisor.PowerRunning))
	k.same("started again", must(k.d.Machine(k.Context(), spec.ID))(k), running)
	k.same("ensured", k.machine(spec), running)

	for _, p := range []hypervisor.Power{hypervisor.PowerUnknown, "paused", ""} {
		k.wantError(k.d.SetPower(k.Context(), spec.ID, p), hypervisor.ErrInvalid, "SetPower", spec.ID)
	}
	k.same("after refused powers", must(k.d.Machine(k.Context(), spec.ID))(k), running)

	k.ok(k.d.SetPower(k.Context(), spec.ID, hypervisor.PowerStopped))
	k.same("stopped again", must(k.d.Machine(k.Context(), spec.ID))(k), made)
}

func rebootAndReset(k *kit) {
	spec := k.machineSpec(k.network(k.networkSpec("10.1.2.0/24")).ID)
	k.machine(spec)
	k.wantError(k.d.Reboot(k.Context(), spec.ID), hypervisor.ErrNotRunning, "Reboot", spec.ID)
	k.wantError(k.d.Reset(k.Context(), spec.ID), hypervisor.ErrNotRunning, "Reset", spec.ID)
	k.same("power", must(k.d.Machine(k.Context(), spec.ID))(k).Power, hypervisor.PowerStopped)

	k.ok(k.d.SetPower(k.Context(), spec.ID, hypervisor.PowerRunning))
	before := must(k.d.Machine(k.Context(), spec.ID))(k)
	for _, boot := range []func(context.Context, string) error{k.d.Reboot, k.d.Reset} {
		k.ok(boot(k.Context(), spec.ID))
		after := must(k.d.Machine(k.Context(), spec.ID))(k)
		if !after.BootedAt.After(before.BootedAt) {
			k.Errorf("booted at %v, and before that at %v", after.BootedAt, before.BootedAt)
		}
		before.BootedAt = after.BootedAt
		k.same("booted again", after, before)
	}
}

func whatIsMissing(k *kit) {
	ctx, missing := k.Context(), id.New("vm")
	_, err := k.d.Machine(ctx, missing)
	k.wantError(err, hypervisor.ErrNotFound, "Machine", missing)
	k.wantError(k.d.SetPower(ctx, missing, hypervisor.PowerRunning), hypervisor.ErrNotFound, "SetPower", missing)
	k.wantError(k.d.SetPower(ctx, missing, hypervisor.PowerStopped), hypervisor.ErrNotFound, "SetPower", missing)
	k.wantError(k.d.Reboot(ctx, missing), hypervisor.ErrNotFound, "Reboot", missing)
	k.wantError(k.d.Reset(ctx, missing), hypervisor.ErrNotFound, "Reset", missing)
	k.ok(k.d.DeleteMachine(ctx, missing))
	k.ok(k.d.DeleteVolume(ctx, missing))
	k.ok(k.d.DeleteNetwork(ctx, missing))
}

func invalidSpecifications(k *kit) {
	network := k.network(k.networkSpec("10.1.2.0/24")).ID
	zero := 0
	for name, change := range map[string]func(*hypervisor.NetworkSpec){
		"no id": func(s *hypervisor.NetworkSpec) { s.ID = "" }, "no name": func(s *hypervisor.NetworkSpec) { s.Name = "" },
		"no CIDR":   func(s *hypervisor.NetworkSpec) { s.CIDR = netip.Prefix{} },
		"IPv6":      func(s *hypervisor.NetworkSpec) { s.CIDR = netip.MustParsePrefix("fd00::/64") },
		"host bits": func(s *hypervisor.NetworkSpec) { s.CIDR = netip.MustParsePrefix("10.1.2.3/24") },
		"too small": func(s *hypervisor.NetworkSpec) { s.CIDR = netip.MustParsePrefix("10.1.2.0/31") },
		"too large": func(s *hypervisor.NetworkSpec) { s.CIDR = netip.MustParsePrefix("0.0.0.0/7") },
	} {
		spec := k.networkSpec("10.1.2.0/24")
		change(&spec)
		_, err := k.d.EnsureNetwork(k.Context(), spec)
		k.wantErrorFor(name, err, hypervisor.ErrInvalid, "EnsureNetwork", spec.ID)
	}
	for name, change := range map[string]func(*hypervisor.VolumeSpec){
		"no id": func(s *hypervisor.VolumeSpec) { s.ID = "" }, "long id": func(s *hypervisor.VolumeSpec) { s.ID = strings.Repeat("x", 129) },
		"no size": func(s *hypervisor.VolumeSpec) { s.SizeGiB = 0 },
		"no IOPS": func(s *hypervisor.VolumeSpec) { s.IOPSLimit = &zero },
	} {
		spec := k.volumeSpec()
		change(&spec)
		_, err := k.d.EnsureVolume(k.Context(), spec)
		k.wantErrorFor(name, err, hypervisor.ErrInvalid, "EnsureVolume", spec.ID)
	}
	for name, change := range map[string]func(*hypervisor.MachineSpec){
		"no id": func(s *hypervisor.MachineSpec) { s.ID = "" }, "no name": func(s *hypervisor.MachineSpec) { s.Name = "" },
		"no network": func(s *hypervisor.MachineSpec) { s.NetworkID = "" }, "no image": func(s *hypervisor.MachineSpec) { s.ImageID = "" },
		"no VCPU": func(s *hypervisor.MachineSpec) { s.VCPUs = 0 }, "no memory": func(s *hypervisor.MachineSpec) { s.MemoryMiB = -1 },
		"no boot disk": func(s *hypervisor.MachineSpec) { s.BootDiskGiB = 0 },
	} {
		spec := k.machineSpec(network)
		change(&spec)
		_, err := k.d.EnsureMachine(k.Context(), spec)
		k.wantErrorFor(name, err, hypervisor.ErrInvalid, "EnsureMachine", spec.ID)
		if spec.ID != "" {
			_, err = k.d.Machine(k.Context(), spec.ID)
			k.wantErrorFor(name, err, hypervisor.ErrNotFound, "Machine", spec.ID)
		}
	}
}

func list(k *kit) {
	network := k.network(k.networkSpec("10.1.2.0/24"))
	var machines []hypervisor.Machine
	var volumes []hypervisor.Volume
	for range 3 {
		m := k.machine(k.machineSpec(network.ID))
		volume := k.volume(k.volumeSpec())
		k.ok(k.d.AttachVolume(k.Context(), volume.ID, m.ID))
		machines = append(machines, must(k.d.Machine(k.Context(), m.ID))(k))
		volumes = append(volumes, must(k.d.Volume(k.Context(), volume.ID))(k))
	}
	all := must(k.d.List(k.Context()))(k)
	if !slices.IsSortedFunc(all.Machines, func(a, b hypervisor.Machine) int { return strings.Compare(a.ID, b.ID) }) ||
		!slices.IsSortedFunc(all.Volumes, func(a, b hypervisor.Volume) int { return strings.Compare(a.ID, b.ID) }) ||
		!slices.IsSortedFunc(all.Networks, func(a, b hypervisor.Network) int { return strings.Compare(a.ID, b.ID) }) {
		k.Errorf("not ordered by id: %+v", all)
	}
	k.listed(all, network, volumes, machines)

	k.ok(k.d.DeleteMachine(k.Context(), machines[0].ID))
	k.ok(k.d.DeleteVolume(k.Context(), volumes[1].ID))
	all = must(k.d.List(k.Context()))(k)
	if slices.ContainsFunc(all.Machines, func(m hypervisor.Machine) bool { return m.ID == machines[0].ID }) ||
		slices.ContainsFunc(all.Volumes, func(v hypervisor.Volume) bool { return v.ID == volumes[1].ID }) {
		k.Error("what was deleted is still listed")
	}
	volumes[0].MachineID, machines[1].VolumeIDs = "", nil
	k.listed(all, network, []hypervisor.Volume{volumes[0], volumes[2]}, machines[1:])
}

func endedContext(k *kit) {
	spec := k.networkSpec("10.1.2.0/24")
	ctx, cancel := context.WithCancel(k.Context())
	cancel()
	_, err := k.d.EnsureNetwork(ctx, spec)
	if !errors.Is(err, context.Canceled) || hypervisor.IsTemporary(err) {
		k.Errorf("got %v", err)
	}
	_, err = k.d.Network(k.Context(), spec.ID)
	k.wantError(err, hypervisor.ErrNotFound, "Network", spec.ID)
	if _, err := k.d.List(ctx); !errors.Is(err, context.Canceled) {
		k.Errorf("List: got %v", err)
	}
}

func concurrentEnsure(k *kit) {
	spec := k.machineSpec(k.network(k.networkSpec("10.1.2.0/24")).ID)
	ips := make([]netip.Addr, 8)
	each(len(ips), func(i int) {
		m, err := k.d.EnsureMachine(k.Context(), spec)
		if err != nil {
			k.Error(err)
		}
		ips[i] = m.IP
	})
	for _, ip := range ips[1:] {
		k.same("address of one machine", ip, ips[0])
	}
	n := 0
	for _, m := range must(k.d.List(k.Context()))(k).Machines {
		if m.ID == spec.ID {
			n++
		}
	}
	k.same("machines of that id", n, 1)
}

func concurrentMachines(k *kit) {
	network := k.network(k.networkSpec("10.1.2.0/24")).ID
	ips := make([]netip.Addr, 16)
	each(len(ips), func(i int) {
		m, err := k.d.EnsureMachine(k.Context(), k.machineSpec(network))
		if err != nil {
			k.Error(err)
		}
		ips[i] = m.IP
	})
	slices.SortFunc(ips, netip.Addr.Compare)
	k.same("different addresses", len(slices.Compact(ips)), 16)
}

func concurrentAttachment(k *kit) {
	network := k.network(k.networkSpec("10.1.2.0/24")).ID
	volume := k.volume(k.volumeSpec()).ID
	machines, errs := make([]string, 4), make([]error, 4)
	for i := range machines {
		machines[i] = k.machine(k.machineSpec(network)).ID
	}
	each(len(machines), func(i int) { errs[i] = k.d.AttachVolume(k.Context(), volume, machines[i]) })
	won := ""
	for i, err := range errs {
		switch {
		case err != nil:
			k.wantError(err, hypervisor.ErrConflict, "AttachVolume", volume)
		case won != "":
			k.Errorf("both %s and %s got the volume", won, machines[i])
		default:
			won = machines[i]
		}
	}
	k.attached(volume, won)
}

func userDataStaysSecret(k *kit) {
	const hidden = "hunter2-correct-horse"
	spec := k.machineSpec(k.network(k.networkSpec("10.1.2.0/24")).ID)
	spec.UserData = secret.New("#cloud-config\npassword: " + hidden + "\n")
	m := k.machine(spec)
	k.ok(k.d.SetPower(k.Context(), spec.ID, hypervisor.PowerRunning))
	out := fmt.Sprintf("%+v %#v", spec, m)

	spec.VCPUs = 2
	_, needsStop := k.d.EnsureMachine(k.Context(), spec)
	spec.VCPUs = 0
	_, invalid := k.d.EnsureMachine(k.Context(), spec)
	for _, err := range []error{needsStop, invalid} {
		if err == nil {
			k.Fatal("no error to look at")
		}
		out += fmt.Sprintf("%+v %#v", err, err)
	}
	out += fmt.Sprintf("%+v", must(k.d.List(k.Context()))(k))
	if strings.Contains(out, hidden) {
		k.Errorf("user data shows: %s", out)
	}
}

// A kit is what a test works with.
type kit struct {
	*testing.T
	d     hypervisor.Driver
	image Image
}

func (*kit) networkSpec(cidr string) hypervisor.NetworkSpec {
	return hypervisor.NetworkSpec{ID: id.New("cs"), Name: "net", CIDR: netip.MustParsePrefix(cidr), Domain: "example.com"}
}

func (*kit) volumeSpec() hypervisor.VolumeSpec {
	return hypervisor.VolumeSpec{ID: id.New("dsk"), SizeGiB: 1}
}

func (k *kit) machineSpec(network string) hypervisor.MachineSpec {
	return hypervisor.MachineSpec{
		ID: id.New("vm"), Name: "machine", NetworkID: network, ImageID: k.image.ID, ImageSource: k.image.Source,
		VCPUs: 1, MemoryMiB: 128, BootDiskGiB: k.image.MinGiB,
	}
}

func (k *kit) network(spec hypervisor.NetworkSpec) hypervisor.Network {
	k.Helper()
	return must(k.d.EnsureNetwork(k.Context(), spec))(k)
}

func (k *kit) volume(spec hypervisor.VolumeSpec) hypervisor.Volume {
	k.Helper()
	return must(k.d.EnsureVolume(k.Context(), spec))(k)
}

func (k *kit) machine(spec hypervisor.MachineSpec) hypervisor.Machine {
	k.Helper()
	return must(k.d.EnsureMachine(k.Context(), spec))(k)
}

func (k *kit) ok(err error) {
	k.Helper()
	if err != nil {
		k.Fatal(err)
	}
}

// must ends the test unless a verb succeeded: must(d.List(ctx))(k).
func must[V any](v V, err error) func(*kit) V {
	return func(k *kit) V {
		k.Helper()
		k.ok(err)
		return v
	}
}

// same compares deeply, except that nil and empty slices are the same.
func (k *kit) same(what string, got, want any) {
	k.Helper()
	g, w := got, want
	if m, ok := g.(hypervisor.Machine); ok {
		g = tidy(m)
	}
	if m, ok := w.(hypervisor.Machine); ok {
		w = tidy(m)
	}
	if !reflect.DeepEqual(g, w) {
		k.Errorf("%s:\ngot  %+v\nwant %+v", what, g, w)
	}
}

func tidy(m hypervisor.Machine) hypervisor.Machine {
	if len(m.VolumeIDs) == 0 {
		m.VolumeIDs = nil
	}
	return m
}

// attached checks to which machine the driver says that a volume is attached; "" for none.
func (k *kit) attached(volume, machine string) {
	k.Helper()
	k.same("machine of the volume", must(k.d.Volume(k.Context(), volume))(k).MachineID, machine)
}

func (k *kit) listed(all hypervisor.Inventory, network hypervisor.Network, volumes []hypervisor.Volume, machines []hypervisor.Machine) {
	k.Helper()
	i := slices.IndexFunc(all.Networks, func(n hypervisor.Network) bool { return n.ID == network.ID })
	if i < 0 {
		k.Fatalf("%s is not listed", network.ID)
	}
	k.same("network in the list", all.Networks[i], network)
	for _, v := range volumes {
		i := slices.IndexFunc(all.Volumes, func(o hypervisor.Volume) bool { return o.ID == v.ID })
		if i < 0 {
			k.Fatalf("%s is not listed", v.ID)
		}
		k.same("volume in the list", all.Volumes[i], v)
	}
	for _, m := range machines {
		i := slices.IndexFunc(all.Machines, func(o hypervisor.Machine) bool { return o.ID == m.ID })
		if i < 0 {
			k.Fatalf("%s is not listed", m.ID)
		}
		k.same("machine in the list", all.Machines[i], m)
	}
}

func (k *kit) wantError(err, kind error, verb, id string) {
	k.Helper()
	k.wantErrorFor("error", err, kind, verb, id)
}

// wantErrorFor checks that an error is of a kind, permanent, and says which call it is from.
func (k *kit) wantErrorFor(what string, err, kind error, verb, id string) {
	k.Helper()
	var e *hypervisor.Error
	if !errors.Is(err, kind) || !errors.As(err, &e) {
		k.Errorf("%s: got %v, want %v", what, err, kind)
		return
	}
	if e.Verb != verb || e.ID != id {
		k.Errorf("%s: %v says that it is from %s %q, not %s %q", what, err, e.Verb, e.ID, verb, id)
	}
	if hypervisor.IsTemporary(err) {
		k.Errorf("%s: %v is temporary", what, err)
	}
}

// each calls fn with 0 to n-1, all at once.
func each(n int, fn func(i int)) {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { fn(i) })
	}
	wg.Wait()
}
