// Code generated from the catalog by cmd/gen. DO NOT EDIT.

package demarc

import (
	"context"
	"time"

	"github.com/demarc/demarc/controlplane/client"
)

// VirtualMachine is a virtual machine, as it is answered. A virtual machine in a cloudspace.
type VirtualMachine struct {
	Named
	CloudspaceID string `json:"cloudspace_id"` // The cloudspace that it is in.
	ImageID      string `json:"image_id"`      // The image that its boot disk is made from.
	// Number of virtual processors. A running machine is stopped and started to change it.
	VCPUs int `json:"vcpus"`
	// Memory. A running machine is stopped and started to change it. In MiB.
	MemoryMiB       int                      `json:"memory_mib"`
	BootDiskSizeGiB int                      `json:"boot_disk_size_gib"` // Size of the boot disk; it can grow, not shrink. In GiB.
	PowerState      VirtualMachinePowerState `json:"power_state"`        // Whether it is to run; a new one is.
	CustomerID      string                   `json:"customer_id"`        // The customer that it belongs to.
	// Its address in the network of its cloudspace; null until it is made.
	IPAddress          *string                           `json:"ip_address"`
	ObservedPowerState *VirtualMachineObservedPowerState `json:"observed_power_state"` // Whether it was seen to run; null until it is made.
}

// VirtualMachineCreate is what a virtual machine is made from.
type VirtualMachineCreate struct {
	// What it is called: unique within the parent, and can be changed. Required.
	Name               string            `json:"name"`
	CloudspaceID       string            `json:"cloudspace_id"`                // The cloudspace that it is in. Required.
	DisplayName        *string           `json:"display_name,omitzero"`        // Name for people.
	ImageID            string            `json:"image_id"`                     // The image that its boot disk is made from. Required.
	VCPUs              int               `json:"vcpus"`                        // Number of virtual processors. Required. 1 to 128.
	MemoryMiB          int               `json:"memory_mib"`                   // Memory. In MiB. Required. 128 to 4194304.
	Labels             map[string]string `json:"labels,omitzero"`              // Labels to select by.
	Notes              *string           `json:"notes,omitzero"`               // Notes for people.
	DeletionProtection *bool             `json:"deletion_protection,omitzero"` // While true, a delete is refused.
	// Size of the boot disk; it can grow, not shrink. In GiB. Default 10. 1 to 65536.
	BootDiskSizeGiB *int `json:"boot_disk_size_gib,omitzero"`
	// Whether it is to run; a new one is. The server chooses if it is absent.
	PowerState VirtualMachinePowerState `json:"power_state,omitzero"`
	// Cloud-init user data, which the machine reads when it first boots. It is never answered.
	UserData *string `json:"user_data,omitzero"`
}

// VirtualMachinePatch is a change of a virtual machine.
type VirtualMachinePatch struct {
	// What it is called: unique within the parent, and can be changed.
	Name               client.Optional[string]                 `json:"name,omitzero"`
	DisplayName        client.Optional[string]                 `json:"display_name,omitzero"`        // Name for people.
	VCPUs              client.Optional[int]                    `json:"vcpus,omitzero"`               // Number of virtual processors. 1 to 128.
	MemoryMiB          client.Optional[int]                    `json:"memory_mib,omitzero"`          // Memory. In MiB. 128 to 4194304.
	Labels             client.Optional[client.Entries[string]] `json:"labels,omitzero"`              // Labels to select by.
	Notes              client.Optional[string]                 `json:"notes,omitzero"`               // Notes for people.
	DeletionProtection client.Optional[bool]                   `json:"deletion_protection,omitzero"` // While true, a delete is refused.
	// Size of the boot disk; it can grow, not shrink. In GiB. 1 to 65536. It cannot be lowered.
	BootDiskSizeGiB client.Optional[int] `json:"boot_disk_size_gib,omitzero"`
	// Whether it is to run; a new one is. Null leaves it.
	PowerState client.Optional[VirtualMachinePowerState] `json:"power_state,omitzero"`
	// Cloud-init user data, which the machine reads when it first boots. It is never answered.
	UserData client.Optional[string] `json:"user_data,omitzero"`
}

// VirtualMachinePowerState is what power_state can be.
type VirtualMachinePowerState string

const (
	VirtualMachinePowerStateRunning VirtualMachinePowerState = "running"
	VirtualMachinePowerStateStopped VirtualMachinePowerState = "stopped"
)

// VirtualMachineObservedPowerState is what observed_power_state can be. Further values may come.
type VirtualMachineObservedPowerState string

const (
	VirtualMachineObservedPowerStateRunning VirtualMachineObservedPowerState = "running"
	VirtualMachineObservedPowerStateStopped VirtualMachineObservedPowerState = "stopped"
	VirtualMachineObservedPowerStateUnknown VirtualMachineObservedPowerState = "unknown"
)

// VirtualMachineQuery says which virtual machines a list finds: all, unless it says more.
type VirtualMachineQuery struct {
	BillingEntityID string                     `query:"billing_entity_id"` // Those of one billing entity, and of its customers.
	CustomerID      string                     `query:"customer_id"`       // Those of one customer.
	State           []State                    `query:"state"`             // Those in one of these states.
	CloudspaceID    string                     `query:"cloudspace_id"`     // Those in one cloudspace.
	ImageID         string                     `query:"image_id"`          // Those of one image.
	PowerState      []VirtualMachinePowerState `query:"power_state"`       // Those that are to be in one of these power states.
	MemoryMiBMin    *int                       `query:"memory_mib_min"`    // Those whose memory is at least this.
	MemoryMiBMax    *int                       `query:"memory_mib_max"`    // Those whose memory is at most this.
	CreatedAtFrom   time.Time                  `query:"created_at_from"`   // Those that were made then or later.
	CreatedAtUntil  time.Time                  `query:"created_at_until"`  // Those that were made before then.
	Label           string                     `query:"label"`             // Label selector: env=prod,tier!=db,owner,!legacy.
	Search          string                     `query:"q"`                 // Part of the name or display name.
	Path            string                     `query:"path"`              // Name path: all that match it.
	OrderBy         string                     `query:"order_by"`          // With a minus sign the other way round: name, created_at, memory_mib.
	PageSize        int                        `query:"page_size"`         // How many objects one request brings, up to 500; 0 for as many as that.
}

// VirtualMachineKind is what can be done with virtual machines.
type VirtualMachineKind struct {
	client.NamedKind[VirtualMachine, VirtualMachineCreate, VirtualMachinePatch, VirtualMachineQuery]
	client.Actions[VirtualMachine]
}

// VirtualMachines are the virtual machines of a server.
func VirtualMachines(c *client.Client) VirtualMachineKind {
	return client.Bind[VirtualMachineKind](c, kind("virtual_machine"))
}

// Reboot is the action virtual_machines.reboot. Reboot a running virtual machine, as its operating system does it.
func (k VirtualMachineKind) Reboot(ctx context.Context, id string, opts ...client.WriteOption) (VirtualMachine, error) {
	return k.Action(ctx, id, "reboot", nil, opts...)
}

// Reset is the action virtual_machines.reset. Cut the power of a running virtual machine and start it again.
func (k VirtualMachineKind) Reset(ctx context.Context, id string, opts ...client.WriteOption) (VirtualMachine, error) {
	return k.Action(ctx, id, "reset", nil, opts...)
}
