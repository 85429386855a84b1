package disk

import "github.com/demarc/demarc/controlplane/internal/platform/resource"

type row struct {
	resource.Columns `gorm:"embedded"`
	CloudspaceID     string
	LocationID       string
	VirtualMachineID *string
	SizeGiB          int64  `gorm:"column:size_gib"`
	IOPSLimit        *int64 `gorm:"column:iops_limit"`
}

func (r *row) model() Disk {
	return Disk{Meta: r.Meta(), CustomerID: r.CustomerID, DiskCreate: DiskCreate{CloudspaceID: r.CloudspaceID, DiskSpec: r.spec()}}
}

func (r *row) spec() DiskSpec {
	return DiskSpec{Named: r.Named(), SizeGiB: r.SizeGiB, IOPSLimit: r.IOPSLimit, VirtualMachineID: r.VirtualMachineID}
}

func (r *row) set(s DiskSpec) {
	r.SetNamed(s.Named)
	r.SizeGiB, r.IOPSLimit, r.VirtualMachineID = s.SizeGiB, s.IOPSLimit, s.VirtualMachineID
}
