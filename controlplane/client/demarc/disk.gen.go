// Code generated from the catalog by cmd/gen. DO NOT EDIT.

package demarc

import (
	"time"

	"github.com/demarc/demarc/controlplane/client"
)

// Disk is a disk, as it is answered. A disk in a cloudspace, which can be attached to one of its machines.
type Disk struct {
	Named
	CloudspaceID string `json:"cloudspace_id"` // The cloudspace that it is in.
	SizeGiB      int    `json:"size_gib"`      // Size; it can grow, not shrink. In GiB.
	IOPSLimit    *int   `json:"iops_limit"`    // Most reads and writes in a second together; none means no limit.
	// The machine that it is attached to, in the same cloudspace. It is detached when the machine is deleted.
	VirtualMachineID *string `json:"virtual_machine_id"`
	CustomerID       string  `json:"customer_id"` // The customer that it belongs to.
}

// DiskCreate is what a disk is made from.
type DiskCreate struct {
	// What it is called: unique within the parent, and can be changed. Required.
	Name               string            `json:"name"`
	CloudspaceID       string            `json:"cloudspace_id"`                // The cloudspace that it is in. Required.
	DisplayName        *string           `json:"display_name,omitzero"`        // Name for people.
	SizeGiB            int               `json:"size_gib"`                     // Size; it can grow, not shrink. In GiB. Required. 1 to 65536.
	Labels             map[string]string `json:"labels,omitzero"`              // Labels to select by.
	Notes              *string           `json:"notes,omitzero"`               // Notes for people.
	DeletionProtection *bool             `json:"deletion_protection,omitzero"` // While true, a delete is refused.
	// Most reads and writes in a second together; none means no limit. 100 to 1000000.
	IOPSLimit        *int    `json:"iops_limit,omitzero"`
	VirtualMachineID *string `json:"virtual_machine_id,omitzero"` // The machine that it is attached to, in the same cloudspace.
}

// DiskPatch is a change of a disk.
type DiskPatch struct {
	// What it is called: unique within the parent, and can be changed.
	Name        client.Optional[string] `json:"name,omitzero"`
	DisplayName client.Optional[string] `json:"display_name,omitzero"` // Name for people.
	// Size; it can grow, not shrink. In GiB. 1 to 65536. It cannot be lowered.
	SizeGiB            client.Optional[int]                    `json:"size_gib,omitzero"`
	Labels             client.Optional[client.Entries[string]] `json:"labels,omitzero"`              // Labels to select by.
	Notes              client.Optional[string]                 `json:"notes,omitzero"`               // Notes for people.
	DeletionProtection client.Optional[bool]                   `json:"deletion_protection,omitzero"` // While true, a delete is refused.
	// Most reads and writes in a second together; none means no limit. 100 to 1000000.
	IOPSLimit client.Optional[int] `json:"iops_limit,omitzero"`
	// The machine that it is attached to, in the same cloudspace.
	VirtualMachineID client.Optional[string] `json:"virtual_machine_id,omitzero"`
}

// DiskQuery says which disks a list finds: all, unless it says more.
type DiskQuery struct {
	BillingEntityID  string    `query:"billing_entity_id"`  // Those of one billing entity, and of its customers.
	CustomerID       string    `query:"customer_id"`        // Those of one customer.
	State            []State   `query:"state"`              // Those in one of these states.
	CloudspaceID     string    `query:"cloudspace_id"`      // Those in one cloudspace.
	VirtualMachineID string    `query:"virtual_machine_id"` // Those attached to one virtual machine.
	SizeGiBMin       *int      `query:"size_gib_min"`       // Those whose size is at least this.
	SizeGiBMax       *int      `query:"size_gib_max"`       // Those whose size is at most this.
	CreatedAtFrom    time.Time `query:"created_at_from"`    // Those that were made then or later.
	CreatedAtUntil   time.Time `query:"created_at_until"`   // Those that were made before then.
	Label            string    `query:"label"`              // Label selector: env=prod,tier!=db,owner,!legacy.
	Search           string    `query:"q"`                  // Part of the name or display name.
	Path             string    `query:"path"`               // Name path: all that match it.
	OrderBy          string    `query:"order_by"`           // With a minus sign the other way round: name, created_at, size_gib.
	PageSize         int       `query:"page_size"`          // How many objects one request brings, up to 500; 0 for as many as that.
}

// DiskKind is what can be done with disks.
type DiskKind = client.NamedKind[Disk, DiskCreate, DiskPatch, DiskQuery]

// Disks are the disks of a server.
func Disks(c *client.Client) DiskKind { return client.Bind[DiskKind](c, kind("disk")) }
