package disk

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// Cloudspaces is what disks need of the cloudspaces.
type Cloudspaces interface {
	// Place returns whose a cloudspace is that is ready to be filled, and keeps it from being removed until the transaction ends.
	Place(ctx context.Context, pointer, cloudspaceID string) (resource.Place, error)
	// Location is where the cloudspace is, and what runs it.
	Location(ctx context.Context, cloudspaceID string) (locationID string, driver hypervisor.Driver, err error)
	// Drivers are those of all locations.
	Drivers(ctx context.Context) (map[string]hypervisor.Driver, error)
}

// Machines is what disks need of the virtual machines.
type Machines interface {
	// Refer returns the cloudspace of a machine that nothing is changing, and keeps it from being deleted until the transaction ends.
	Refer(ctx context.Context, pointer, machineID string) (cloudspaceID string, err error)
	// Stays says whether the machine exists and is not being deleted.
	Stays(ctx context.Context, machineID string) (bool, error)
}

// Service keeps the disks.
type Service struct {
	deps        module.Deps
	table       *resource.Table[row, *row]
	converger   *resource.Converger[row, *row]
	cloudspaces Cloudspaces
	machines    Machines
}

// Create adds a disk and begins to make it.
func (s *Service) Create(ctx context.Context, in DiskCreate) (Disk, error) {
	r := &row{CloudspaceID: in.CloudspaceID}
	r.set(in.DiskSpec)
	err := s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		at, err := s.cloudspaces.Place(ctx, "/cloudspace_id", in.CloudspaceID)
		if err != nil {
			return err
		}
		r.CustomerID, r.BillingEntityID, r.LocationID = at.CustomerID, at.BillingEntityID, at.LocationID
		if err := s.checkMachine(ctx, r); err != nil {
			return err
		}
		if err := s.table.Insert(ctx, r); err != nil {
			return err
		}
		return s.converger.Create(ctx, r)
	})
	return r.model(), err
}

// checkMachine refuses a machine that the disk cannot be attached to.
func (s *Service) checkMachine(ctx context.Context, r *row) error {
	if r.VirtualMachineID == nil {
		return nil
	}
	cloudspace, err := s.machines.Refer(ctx, "/virtual_machine_id", *r.VirtualMachineID)
	if err == nil && cloudspace != r.CloudspaceID {
		err = fault.Invalidf("/virtual_machine_id", "conflict", "the machine is in another cloudspace than the disk")
	}
	return err
}

// Get returns a disk.
func (s *Service) Get(ctx context.Context, id string) (Disk, error) {
	r, err := s.table.Get(ctx, id)
	return r.model(), err
}

// List returns a page of disks.
func (s *Service) List(ctx context.Context, q resource.ListQuery) (resource.Page[Disk], error) {
	return resource.PageOf(ctx, s.table, q, (*row).model)
}

// Update changes a disk, and begins to bring it to that if it has to.
func (s *Service) Update(ctx context.Context, in httpapi.PatchInput[DiskSpec]) (Disk, error) {
	r, err := s.converger.Patch(ctx, in.ID, in.IfMatch, func(r *row) error {
		old := *r
		next, err := in.Patch.Apply(r.spec())
		if err != nil {
			return err
		}
		if next.SizeGiB < old.SizeGiB {
			return fault.Invalidf("/size_gib", "shrink", "it is %d GiB: a disk can only grow", old.SizeGiB)
		}
		r.set(next)
		if resource.Same(old.VirtualMachineID, r.VirtualMachineID) {
			return nil
		}
		return s.checkMachine(ctx, r)
	}, func(old, next *row) bool {
		return old.SizeGiB != next.SizeGiB || !resource.Same(old.IOPSLimit, next.IOPSLimit) || !resource.Same(old.VirtualMachineID, next.VirtualMachineID)
	})
	return r.model(), err
}

// Delete begins to remove a disk, attached or not.
func (s *Service) Delete(ctx context.Context, in httpapi.DeleteInput) (Disk, error) {
	r, err := s.converger.Drop(ctx, in.ID, in.IfMatch)
	return r.model(), err
}

// Align implements customer.Holdings: a disk needs no stopping.
func (s *Service) Align(context.Context, string) error { return nil }

// RemoveAll implements customer.Holdings.
func (s *Service) RemoveAll(ctx context.Context, customerID string) error {
	return s.converger.RemoveAll(ctx, customerID)
}
