package disk

import "github.com/demarc/demarc/controlplane/internal/platform/resource"

// Kind describes disks.
var Kind = resource.Kind{
	Name: "disk", Title: "Disk", Category: "Storage", Prefix: "dsk", Named: true,
	Description: "A disk in a cloudspace, which can be attached to one of its machines.",
	Parent:      &resource.Link{Kind: "cloudspace", Field: "cloudspace_id"},
	Scope:       true, Scopes: []resource.Link{{Kind: "location", Field: "location_id"}, {Kind: "cloudspace", Field: "cloudspace_id"}},
	Filters: []resource.Filter{
		{Name: "cloudspace_id", Words: "Those in one cloudspace"},
		{Name: "virtual_machine_id", Words: "Those attached to one virtual machine"},
		{Name: "size_gib", Words: "Those whose size is", Range: resource.Numbers},
	},
	Orders: []string{"size_gib"},
	Quota:  []string{"disks", "storage_gib"},
}

// Spec is what can be changed of a disk.
type Spec struct {
	resource.Named
	// Size; it can grow, not shrink.
	SizeGiB int64 `json:"size_gib" validate:"required" minimum:"1" maximum:"65536" extensions:"x-unit=GiB,x-grow-only"`
	// Most reads and writes in a second together; none means no limit.
	IOPSLimit *int64 `json:"iops_limit" minimum:"100" maximum:"1000000"`
	// The machine that it is attached to, in the same cloudspace. It is detached when the machine is deleted.
	VirtualMachineID *string `json:"virtual_machine_id" format:"typeid" extensions:"x-ref=virtual_machine"`
} // @name DiskSpec

// Create is what a disk is made from.
type Create struct {
	// The cloudspace that it is in.
	CloudspaceID string `json:"cloudspace_id" validate:"required" format:"typeid" extensions:"x-ref=cloudspace"`
	Spec
} // @name DiskCreate

// Disk is a disk of a customer.
type Disk struct {
	resource.Meta
	Create
	// The customer that it belongs to.
	CustomerID string `json:"customer_id" format:"typeid" readonly:"true" extensions:"x-ref=customer"`
} // @name Disk

type row struct {
	resource.Base
	Create
	LocationID string
}
