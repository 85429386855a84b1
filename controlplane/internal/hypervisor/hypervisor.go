// Package hypervisor is the port through which the control plane runs machines: what every driver of a location can do, in
// which words and with which errors. Package conformance is the suite that every driver passes.
//
// # Level-triggered and idempotent
//
// A verb says how things shall be, not what to do, and may be called again at any time: after a crash, by two nodes at once,
// or with an answer that got lost. A verb whose goal is already reached changes nothing and succeeds. Each verb either takes
// effect as a whole or not at all; if it returns an error, either may be the case when the error is temporary, and nothing has
// changed otherwise. Reboot and Reset are the exception that their nature makes: called twice, they may happen twice.
//
// # Identity
//
// Ids are the control plane's own resource ids. A driver names what it makes by them, so nothing has to be remembered between a
// call and its answer, and List shows what is left of things that the control plane has forgotten. Ids are opaque, at most 128
// characters, unique over all kinds of a location.
//
// # Units
//
// Memory is in MiB and storage in GiB, powers of two. Times are UTC.
package hypervisor

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/secret"
)

// A Driver runs machines, with their networks and volumes, at one location. It is safe for use by several goroutines. Every
// verb honours its context and may return ErrInvalid, ErrCapacity and temporary errors besides those that it documents; see
// Error. Unless a verb says otherwise, an id that does not exist is ErrNotFound.
type Driver interface {
	// EnsureNetwork makes a network that machines can be put on, or brings an existing one's name and domain to what the
	// specification says. An existing network with another CIDR is ErrConflict.
	EnsureNetwork(ctx context.Context, spec NetworkSpec) (Network, error)
	// DeleteNetwork removes a network; one that does not exist is fine. It is ErrConflict while machines are on it.
	DeleteNetwork(ctx context.Context, id string) error
	// Network observes a network.
	Network(ctx context.Context, id string) (Network, error)

	// EnsureVolume makes an empty, detached volume, or brings an existing one's size and limit to what the specification
	// says, attached to a running machine or not. A volume never gets smaller: ErrInvalid.
	EnsureVolume(ctx context.Context, spec VolumeSpec) (Volume, error)
	// DeleteVolume detaches a volume and removes it with its contents; one that does not exist is fine.
	DeleteVolume(ctx context.Context, id string) error
	// AttachVolume makes a volume available to a machine, running or not. It is ErrConflict while the volume is attached to
	// another machine: nothing is ever taken away from a machine implicitly.
	AttachVolume(ctx context.Context, volumeID, machineID string) error
	// DetachVolume makes sure that a volume is not attached to a machine. Being attached to another one, detached, or either of
	// them gone is fine: a late repetition does not tear away what has been attached elsewhere since.
	DetachVolume(ctx context.Context, volumeID, machineID string) error
	// Volume observes a volume.
	Volume(ctx context.Context, id string) (Volume, error)

	// EnsureMachine makes a machine, stopped and with an address on its network, or brings an existing one to what the
	// specification says, leaving its power as it is. Name, user data and a larger boot disk are taken over at any time; other
	// VCPUs or memory are ErrNeedsStop while it runs, and then nothing at all changes. A smaller boot disk is ErrInvalid;
	// another network or image than it was made with is ErrConflict. A network that does not exist is ErrNotFound.
	EnsureMachine(ctx context.Context, spec MachineSpec) (Machine, error)
	// DeleteMachine stops a machine, detaches its volumes (they stay), and removes it with its boot disk; its address is free
	// again. One that does not exist is fine.
	DeleteMachine(ctx context.Context, id string) error
	// SetPower starts a machine, or stops it: with notice to the guest and, if it takes no notice for as long as the driver
	// deems decent, without.
	SetPower(ctx context.Context, id string, power Power) error
	// Reboot lets the guest of a running machine shut down and start again; ErrNotRunning if it is stopped.
	Reboot(ctx context.Context, id string) error
	// Reset is Reboot without notice to the guest.
	Reset(ctx context.Context, id string) error
	// Machine observes a machine.
	Machine(ctx context.Context, id string) (Machine, error)

	// List observes everything there is, for finding drift and orphans. Each slice is ordered by id.
	List(ctx context.Context) (Inventory, error)
}

// Power is whether a machine runs.
type Power string

// Observed power can be PowerUnknown, which cannot be asked for: the driver does not reach the machine's host.
const (
	PowerRunning Power = "running"
	PowerStopped Power = "stopped"
	PowerUnknown Power = "unknown"
)

// NetworkSpec is how a network shall be.
type NetworkSpec struct {
	ID   string
	Name string
	// CIDR is the IPv4 network that addresses come from, /8 to /30, without host bits. Its first host address is the gateway.
	CIDR netip.Prefix
	// Domain is what the network's name server appends to machines' names; empty for none.
	Domain string
}

// Network is a network as observed.
type Network struct {
	ID      string
	Name    string
	CIDR    netip.Prefix
	Domain  string
	Gateway netip.Addr
}

// VolumeSpec is how a volume shall be.
type VolumeSpec struct {
	ID string
	// SizeGiB is at least 1.
	SizeGiB int
	// IOPSLimit is the most reads and writes in a second together, at least 1; nil for no limit.
	IOPSLimit *int
}

// Volume is a volume as observed.
type Volume struct {
	ID        string
	SizeGiB   int
	IOPSLimit *int
	// MachineID is the machine that it is attached to; empty for none.
	MachineID string
}

// MachineSpec is how a machine shall be.
type MachineSpec struct {
	ID string
	// Name is the guest's host name.
	Name      string
	NetworkID string
	// ImageID is the image that the boot disk starts as a copy of. It is the identity under which drivers keep images.
	ImageID string
	// ImageSource is the URL to get the image from if the location does not have it; empty if it is sure to have it.
	ImageSource string
	// VCPUs and MemoryMiB are at least 1.
	VCPUs     int
	MemoryMiB int
	// BootDiskGiB is at least 1 and not smaller than the image.
	BootDiskGiB int
	// UserData is what the guest's cloud-init reads when it first boots. A changed one takes effect as far as the guest heeds it.
	UserData secret.String
}

// Machine is a machine as observed.
type Machine struct {
	ID          string
	Name        string
	NetworkID   string
	ImageID     string
	VCPUs       int
	MemoryMiB   int
	BootDiskGiB int
	// IP is its address on the network, the same for as long as the machine exists.
	IP    netip.Addr
	Power Power
	// BootedAt is when it last began to boot, by SetPower, Reboot or Reset; the zero time when it does not run.
	BootedAt time.Time
	// VolumeIDs are the attached volumes, ordered by id.
	VolumeIDs []string
}

// Inventory is everything at a location.
type Inventory struct {
	Networks []Network
	Volumes  []Volume
	Machines []Machine
}

// maxID is the longest id that every driver can build names from.
const maxID = 128

// Validate returns all that is wrong with the specification by itself, as errors that are ErrInvalid, or nil.
func (s NetworkSpec) Validate() error {
	return invalid(checkID("id", s.ID), checkName(s.Name), checkCIDR(s.CIDR))
}

// Gateway is the address of the network's router: the first host address of its CIDR.
func (s NetworkSpec) Gateway() netip.Addr { return s.CIDR.Masked().Addr().Next() }

// Validate returns all that is wrong with the specification by itself, as errors that are ErrInvalid, or nil.
func (s VolumeSpec) Validate() error {
	limit := 1
	if s.IOPSLimit != nil {
		limit = *s.IOPSLimit
	}
	return invalid(checkID("id", s.ID), checkPositive("size (GiB)", s.SizeGiB), checkPositive("IOPS limit", limit))
}

// Validate returns all that is wrong with the specification by itself, as errors that are ErrInvalid, or nil.
func (s MachineSpec) Validate() error {
	return invalid(checkID("id", s.ID), checkName(s.Name), checkID("network id", s.NetworkID), checkID("image id", s.ImageID),
		checkPositive("VCPUs", s.VCPUs), checkPositive("memory (MiB)", s.MemoryMiB), checkPositive("boot disk (GiB)", s.BootDiskGiB))
}

func checkID(what, id string) error {
	if id == "" || len(id) > maxID {
		return fmt.Errorf("%s has %d characters instead of 1 to %d", what, len(id), maxID)
	}
	return nil
}

func checkName(name string) error {
	if name == "" {
		return errors.New("name is empty")
	}
	return nil
}

func checkPositive(what string, n int) error {
	if n < 1 {
		return fmt.Errorf("%s is %d instead of at least 1", what, n)
	}
	return nil
}

func checkCIDR(p netip.Prefix) error {
	switch {
	case !p.IsValid() || !p.Addr().Is4():
		return fmt.Errorf("CIDR %v is not an IPv4 network", p)
	case p.Bits() < 8 || p.Bits() > 30:
		return fmt.Errorf("CIDR %v is not from /8 to /30", p)
	case p != p.Masked():
		return fmt.Errorf("CIDR %v has host bits; the network is %v", p, p.Masked())
	}
	return nil
}

// invalid joins what checks found. The caller knows the verb and the id.
func invalid(errs ...error) error {
	if err := errors.Join(errs...); err != nil {
		return &Error{Kind: ErrInvalid, Err: err}
	}
	return nil
}
