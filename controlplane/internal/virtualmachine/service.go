package virtualmachine

import (
	"bytes"
	"context"

	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/vault"
)

// Customers is what machines need of the customers.
type Customers interface {
	// Active says whether the customer's machines may run.
	Active(ctx context.Context, customerID string) (bool, error)
}

// Cloudspaces is what machines need of the cloudspaces.
type Cloudspaces interface {
	// Place returns whose a cloudspace is that is ready to be filled, and keeps it from being removed until the transaction ends.
	Place(ctx context.Context, pointer, cloudspaceID string) (resource.Place, error)
	// Location is where the cloudspace is, and what runs it.
	Location(ctx context.Context, cloudspaceID string) (locationID string, driver hypervisor.Driver, err error)
	// Drivers are those of all locations.
	Drivers(ctx context.Context) (map[string]hypervisor.Driver, error)
}

// Images is what machines need of the images.
type Images interface {
	// Refer returns the size of the smallest boot disk that holds the image, and keeps it from being deleted until the transaction ends.
	Refer(ctx context.Context, pointer, imageID string) (minDiskGiB int64, err error)
	// Source is where the image is fetched from, empty if it needs no fetching.
	Source(ctx context.Context, imageID string) (string, error)
}

// Service keeps the virtual machines.
type Service struct {
	deps        module.Deps
	table       *resource.Table[row, *row]
	converger   *resource.Converger[row, *row]
	customers   Customers
	cloudspaces Cloudspaces
	images      Images
	userData    vault.Column
}

// Create adds a machine and begins to make it.
func (s *Service) Create(ctx context.Context, in VirtualMachineCreate) (VirtualMachine, error) {
	// The id is part of what the user data is sealed for.
	r := &row{Columns: resource.Columns{Base: resource.Base{ID: id.New(Kind.Prefix)}}, CloudspaceID: in.CloudspaceID, ImageID: in.ImageID}
	r.set(in.VirtualMachineSpec)
	err := s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		at, err := s.cloudspaces.Place(ctx, "/cloudspace_id", in.CloudspaceID)
		if err != nil {
			return err
		}
		r.CustomerID, r.BillingEntityID, r.LocationID = at.CustomerID, at.BillingEntityID, at.LocationID
		minDisk, err := s.images.Refer(ctx, "/image_id", in.ImageID)
		if err != nil {
			return err
		}
		if in.BootDiskSizeGiB < minDisk {
			return fault.Invalidf("/boot_disk_size_gib", "minimum", "must be at least %d: the image is that large", minDisk)
		}
		if r.UserData, err = s.userData.Seal(ctx, r.ID, in.UserData); err != nil {
			return err
		}
		if err := s.table.Insert(ctx, r); err != nil {
			return err
		}
		return s.converger.Create(ctx, r)
	})
	return r.model(), err
}

// Get returns a machine.
func (s *Service) Get(ctx context.Context, id string) (VirtualMachine, error) {
	r, err := s.table.Get(ctx, id)
	return r.model(), err
}

// List returns a page of machines.
func (s *Service) List(ctx context.Context, q resource.ListQuery) (resource.Page[VirtualMachine], error) {
	return resource.PageOf(ctx, s.table, q, (*row).model)
}

// Update changes a machine, and begins to bring it to that if it has to.
func (s *Service) Update(ctx context.Context, in httpapi.PatchInput[VirtualMachineSpec]) (VirtualMachine, error) {
	r, err := s.converger.Patch(ctx, in.ID, in.IfMatch, func(r *row) error {
		next, err := in.Patch.Apply(r.spec())
		if err != nil {
			return err
		}
		if next.BootDiskSizeGiB < r.BootDiskSizeGiB {
			return fault.Invalidf("/boot_disk_size_gib", "shrink", "it is %d GiB: a disk can only grow", r.BootDiskSizeGiB)
		}
		r.set(next)
		if in.Patch.Has("user_data") {
			r.UserData, err = s.userData.Replace(ctx, r.ID, r.UserData, next.UserData)
		}
		return err
	}, func(old, next *row) bool {
		return old.Name != next.Name || old.VCPUs != next.VCPUs || old.MemoryMiB != next.MemoryMiB ||
			old.BootDiskSizeGiB != next.BootDiskSizeGiB || old.PowerState != next.PowerState || !bytes.Equal(old.UserData, next.UserData)
	})
	return r.model(), err
}

// Delete begins to remove a machine.
func (s *Service) Delete(ctx context.Context, in httpapi.DeleteInput) (VirtualMachine, error) {
	r, err := s.converger.Drop(ctx, in.ID, in.IfMatch)
	return r.model(), err
}

// Act begins to reboot or reset a machine that runs.
func (s *Service) Act(ctx context.Context, in httpapi.ActionInput, verb string) (VirtualMachine, error) {
	var r row
	err := s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		var err error
		if r, err = s.table.LockIdle(ctx, in.ID, in.IfMatch); err != nil {
			return err
		}
		power, err := s.power(ctx, r)
		if err != nil {
			return err
		}
		if r.State != resource.Active || power != hypervisor.PowerRunning {
			return fault.Conflictf("wrong_state", "only an active machine that runs can be asked to %s", verb)
		}
		return s.converger.Act(ctx, &r, verb)
	})
	return r.model(), err
}

// power is what a machine is to be now: as asked for, unless its customer is not active.
func (s *Service) power(ctx context.Context, r row) (hypervisor.Power, error) {
	active, err := s.customers.Active(authz.Elevated(ctx), r.CustomerID)
	if active && r.PowerState == Running {
		return hypervisor.PowerRunning, err
	}
	return hypervisor.PowerStopped, err
}

// Refer returns the machine that a disk is to be attached to, and keeps it from being deleted until the transaction ends. It refuses one
// that an operation is changing.
func (s *Service) Refer(ctx context.Context, pointer, id string) (cloudspaceID string, err error) {
	r, err := s.table.Refer(ctx, pointer, id)
	if err == nil && r.OperationID != nil {
		err = resource.Busy(*r.OperationID, "the machine is being changed")
	}
	return r.CloudspaceID, err
}

// Stays says whether the machine exists and is not being deleted.
func (s *Service) Stays(ctx context.Context, id string) (bool, error) {
	r, err := s.table.Get(ctx, id)
	if fault.IsCode(err, "not_found") {
		return false, nil
	}
	return r.State != resource.Deleting, err
}

// Align implements customer.Holdings: it stops what runs while the customer is not active, and starts what ran when it is.
func (s *Service) Align(ctx context.Context, customerID string) error {
	rows, err := s.table.All(ctx, "customer_id = ?", customerID)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if r.OperationID != nil {
			return resource.Later(*r.OperationID)
		}
		if err := s.setPower(ctx, r); err != nil {
			return err
		}
		if err := s.deps.DB.InTx(ctx, func(ctx context.Context) error { return s.converger.Account(ctx, r) }); err != nil {
			return err
		}
	}
	return nil
}

// RemoveAll implements customer.Holdings.
func (s *Service) RemoveAll(ctx context.Context, customerID string) error {
	return s.converger.RemoveAll(ctx, customerID)
}
