package virtualmachine

import "github.com/demarc/demarc/controlplane/internal/platform/resource"

type row struct {
	resource.Columns   `gorm:"embedded"`
	CloudspaceID       string
	LocationID         string
	ImageID            string
	VCPUs              int64 `gorm:"column:vcpus"`
	MemoryMiB          int64 `gorm:"column:memory_mib"`
	BootDiskSizeGiB    int64 `gorm:"column:boot_disk_size_gib"`
	PowerState         string
	UserData           []byte  `gorm:"column:user_data_encrypted"`
	IPAddress          *string `gorm:"column:ip_address"`
	ObservedPowerState *string
}

func (r *row) model() VirtualMachine {
	return VirtualMachine{
		Meta: r.Meta(), CustomerID: r.CustomerID, IPAddress: r.IPAddress, ObservedPowerState: r.ObservedPowerState,
		VirtualMachineCreate: VirtualMachineCreate{CloudspaceID: r.CloudspaceID, ImageID: r.ImageID, VirtualMachineSpec: r.spec()},
	}
}

// spec leaves the user data out: it is never returned.
func (r *row) spec() VirtualMachineSpec {
	return VirtualMachineSpec{Named: r.Named(), VCPUs: r.VCPUs, MemoryMiB: r.MemoryMiB, BootDiskSizeGiB: r.BootDiskSizeGiB, PowerState: r.PowerState}
}

func (r *row) set(s VirtualMachineSpec) {
	r.SetNamed(s.Named)
	r.VCPUs, r.MemoryMiB, r.BootDiskSizeGiB, r.PowerState = s.VCPUs, s.MemoryMiB, s.BootDiskSizeGiB, s.PowerState
}
