package simulated

import (
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/demarc/demarc/controlplane/internal/hypervisor"
)

// The rows are what the journal keeps of each thing, under its id. They are comparable, so that "nothing to do" is ==.

type networkRow struct {
	Name   string       `json:"name"`
	CIDR   netip.Prefix `json:"cidr"`
	Domain string       `json:"domain,omitempty"`
}

type volumeRow struct {
	SizeGiB   int    `json:"size_gib"`
	IOPSLimit int    `json:"iops_limit,omitempty"` // 0 for none
	MachineID string `json:"machine_id,omitempty"`
}

type machineRow struct {
	Name        string           `json:"name"`
	NetworkID   string           `json:"network_id"`
	ImageID     string           `json:"image_id"`
	VCPUs       int              `json:"vcpus"`
	MemoryMiB   int              `json:"memory_mib"`
	BootDiskGiB int              `json:"boot_disk_gib"`
	IP          netip.Addr       `json:"ip"`
	Power       hypervisor.Power `json:"power"`
	BootedAt    time.Time        `json:"booted_at,omitzero"`
}

func (r networkRow) observed(id string) hypervisor.Network {
	gateway := hypervisor.NetworkSpec{CIDR: r.CIDR}.Gateway()
	return hypervisor.Network{ID: id, Name: r.Name, CIDR: r.CIDR, Domain: r.Domain, Gateway: gateway}
}

func (r volumeRow) observed(id string) hypervisor.Volume {
	v := hypervisor.Volume{ID: id, SizeGiB: r.SizeGiB, MachineID: r.MachineID}
	if r.IOPSLimit > 0 {
		v.IOPSLimit = &r.IOPSLimit
	}
	return v
}

func (r machineRow) observed(id string, volumes map[string]struct{}) hypervisor.Machine {
	return hypervisor.Machine{
		ID: id, Name: r.Name, NetworkID: r.NetworkID, ImageID: r.ImageID,
		VCPUs: r.VCPUs, MemoryMiB: r.MemoryMiB, BootDiskGiB: r.BootDiskGiB,
		IP: r.IP, Power: r.Power, BootedAt: r.BootedAt, VolumeIDs: slices.Sorted(maps.Keys(volumes)),
	}
}

// A change is one transaction: rows as they are afterwards, by id; nil for those that are gone.
type change struct {
	Networks map[string]*networkRow `json:"networks,omitempty"`
	Volumes  map[string]*volumeRow  `json:"volumes,omitempty"`
	Machines map[string]*machineRow `json:"machines,omitempty"`
}

func (c change) empty() bool { return len(c.Networks)+len(c.Volumes)+len(c.Machines) == 0 }

// state is the sum of all changes.
type state struct {
	networks map[string]networkRow
	volumes  map[string]volumeRow
	machines map[string]machineRow

	// What follows from the above, kept so that no verb has to look at everything.
	pools                        map[string]*pool               // by network
	volumesOf                    map[string]map[string]struct{} // by machine
	vcpus, memoryMiB, storageGiB int
}

func newState() *state {
	return &state{
		networks: map[string]networkRow{}, volumes: map[string]volumeRow{}, machines: map[string]machineRow{},
		pools: map[string]*pool{}, volumesOf: map[string]map[string]struct{}{},
	}
}

// objects is how many rows there are.
func (s *state) objects() int { return len(s.networks) + len(s.volumes) + len(s.machines) }

// apply makes a change. A change comes from a plan made on this very state, or from the journal, where it has been made before.
func (s *state) apply(c change) {
	for id, row := range c.Networks {
		if row == nil {
			delete(s.networks, id)
			delete(s.pools, id)
			continue
		}
		s.networks[id] = *row
		if s.pools[id] == nil {
			s.pools[id] = newPool(row.CIDR)
		}
	}
	for id, row := range c.Machines {
		if old, exists := s.machines[id]; exists {
			s.count(-1, old)
			if p := s.pools[old.NetworkID]; p != nil {
				p.release(old.IP)
			}
			delete(s.machines, id)
		}
		if row != nil {
			s.machines[id] = *row
			s.count(1, *row)
			if p := s.pools[row.NetworkID]; p != nil {
				p.claim(row.IP)
			}
		}
	}
	for id, row := range c.Volumes {
		if old, exists := s.volumes[id]; exists {
			s.storageGiB -= old.SizeGiB
			delete(s.volumesOf[old.MachineID], id)
			if len(s.volumesOf[old.MachineID]) == 0 {
				delete(s.volumesOf, old.MachineID)
			}
			delete(s.volumes, id)
		}
		if row != nil {
			s.volumes[id] = *row
			s.storageGiB += row.SizeGiB
			if row.MachineID != "" {
				if s.volumesOf[row.MachineID] == nil {
					s.volumesOf[row.MachineID] = map[string]struct{}{}
				}
				s.volumesOf[row.MachineID][id] = struct{}{}
			}
		}
	}
}

func (s *state) count(sign int, m machineRow) {
	s.vcpus += sign * m.VCPUs
	s.memoryMiB += sign * m.MemoryMiB
	s.storageGiB += sign * m.BootDiskGiB
}

// A pool has the addresses of a network that machines can have: all but the network's own, the gateway's and the broadcast
// address.
type pool struct {
	cidr netip.Prefix
	used map[netip.Addr]struct{}
	// lowest is the lowest address that is not used, so that finding it takes no search.
	lowest netip.Addr
}

func newPool(cidr netip.Prefix) *pool {
	gateway := hypervisor.NetworkSpec{CIDR: cidr}.Gateway()
	return &pool{cidr: cidr, used: map[netip.Addr]struct{}{}, lowest: gateway.Next()}
}

func (p *pool) lowestFree() (netip.Addr, bool) {
	// The broadcast address is the last one of the network: its successor is outside.
	return p.lowest, p.cidr.Contains(p.lowest) && p.cidr.Contains(p.lowest.Next())
}

func (p *pool) claim(a netip.Addr) {
	p.used[a] = struct{}{}
	for {
		if _, used := p.used[p.lowest]; !used {
			return
		}
		p.lowest = p.lowest.Next()
	}
}

func (p *pool) release(a netip.Addr) {
	delete(p.used, a)
	if a.Less(p.lowest) {
		p.lowest = a
	}
}

// nameOf is the name of the thing with this id, empty if it has none.
func (s *state) nameOf(id string) string {
	if m, ok := s.machines[id]; ok {
		return m.Name
	}
	return s.networks[id].Name
}
