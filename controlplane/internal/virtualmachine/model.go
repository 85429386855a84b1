package virtualmachine

import (
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
)

// Kind describes virtual machines.
var Kind = resource.Kind{
	Name: "virtual_machine", Title: "Virtual machine", Category: "Compute", Prefix: "vm", Named: true,
	Description: "A virtual machine in a cloudspace.",
	Parent:      &resource.Link{Kind: "cloudspace", Field: "cloudspace_id"},
	Needs:       []resource.Link{{Kind: "image", Field: "image_id"}},
	Scope:       true, Scopes: []resource.Link{{Kind: "location", Field: "location_id"}, {Kind: "cloudspace", Field: "cloudspace_id"}},
	Filters: []resource.Filter{
		{Name: "cloudspace_id", Words: "Those in one cloudspace"},
		{Name: "image_id", Words: "Those of one image"},
		{Name: "power_state", Words: "Those that are to be in one of these power states", Many: true},
		{Name: "memory_mib", Words: "Those whose memory is", Range: resource.Numbers},
	},
	Orders: []string{"memory_mib"},
	Quota:  []string{"virtual_machines", "vcpus", "memory_mib", "storage_gib"},
}

// Power states that can be asked for.
const (
	Running = "running"
	Stopped = "stopped"
)

// Spec is what can be changed of a virtual machine.
type Spec struct {
	resource.Named
	// Number of virtual processors. A running machine is stopped and started to change it.
	VCPUs int64 `json:"vcpus" validate:"required" minimum:"1" maximum:"128" extensions:"x-needs-stop"`
	// Memory. A running machine is stopped and started to change it.
	MemoryMiB int64 `json:"memory_mib" validate:"required" minimum:"128" maximum:"4194304" extensions:"x-unit=MiB,x-needs-stop"`
	// Size of the boot disk; it can grow, not shrink.
	BootDiskSizeGiB int64 `json:"boot_disk_size_gib" minimum:"1" maximum:"65536" default:"10" extensions:"x-unit=GiB,x-grow-only"`
	// Whether it is to run; a new one is.
	PowerState string `json:"power_state" enums:"running,stopped" extensions:"x-kept=running"`
	// Cloud-init user data, which the machine reads when it first boots.
	UserData *secret.String `json:"user_data,omitempty" gorm:"-" swaggertype:"string" maxLength:"65536" extensions:"x-write-only"`
} // @name VirtualMachineSpec

// Create is what a virtual machine is made from.
type Create struct {
	// The cloudspace that it is in.
	CloudspaceID string `json:"cloudspace_id" validate:"required" format:"typeid" extensions:"x-ref=cloudspace"`
	// The image that its boot disk is made from.
	ImageID string `json:"image_id" validate:"required" format:"typeid" extensions:"x-ref=image"`
	Spec
} // @name VirtualMachineCreate

// VirtualMachine is a machine of a customer.
type VirtualMachine struct {
	resource.Meta
	Create
	// The customer that it belongs to.
	CustomerID string `json:"customer_id" format:"typeid" readonly:"true" extensions:"x-ref=customer"`
	Observed
} // @name VirtualMachine

// Observed is what is seen of a machine.
type Observed struct {
	// Its address in the network of its cloudspace; null until it is made.
	IPAddress *string `json:"ip_address" readonly:"true" extensions:"x-nullable"`
	// Whether it was seen to run; null until it is made.
	ObservedPowerState *string `json:"observed_power_state" enums:"running,stopped,unknown" readonly:"true" extensions:"x-volatile,x-open-enum,x-nullable"`
}

type row struct {
	resource.Base
	Create
	Observed
	LocationID        string
	UserDataEncrypted []byte
}
