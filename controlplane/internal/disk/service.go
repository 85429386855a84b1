package disk

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/service"
)

// Locations is what disks need of the locations.
type Locations interface {
	// Driver is what runs the location.
	Driver(ctx context.Context, locationID string) (hypervisor.Driver, error)
	// Each calls fn with every location and what runs it, and goes on after errors.
	Each(ctx context.Context, fn func(ctx context.Context, locationID string, driver hypervisor.Driver) error) error
}

// Cloudspaces is what disks need of the cloudspaces.
type Cloudspaces interface {
	// CheckOpen refuses a cloudspace that nothing can be made in, and keeps it from changing until the transaction ends.
	CheckOpen(ctx context.Context, cloudspaceID string) error
}

// Machines is what disks need of the virtual machines.
type Machines interface {
	// CloudspaceOf is where a machine is that nothing is changing.
	CloudspaceOf(ctx context.Context, machineID string) (cloudspaceID string, err error)
	// Stays says whether the machine exists and is not being deleted.
	Stays(ctx context.Context, machineID string) (bool, error)
}

// Service keeps the disks.
type Service struct {
	*service.Converged[row, Create, Spec, Disk]
	locations   Locations
	cloudspaces Cloudspaces
	machines    Machines
}

// New returns the service.
func New(d module.Deps, locations Locations, cloudspaces Cloudspaces, machines Machines) *Service {
	s := &Service{locations: locations, cloudspaces: cloudspaces, machines: machines}
	s.Converged = service.NewConverged(d, Kind, service.Rules[row, Create, Spec, Disk]{
		Row:   func(in Create) row { return row{Create: in} },
		Spec:  func(r *row) *Spec { return &r.Spec },
		View:  func(r *row) Disk { return Disk{Meta: r.Meta(), Create: r.Create, CustomerID: r.CustomerID} },
		Check: s.check,
		Uses:  uses,
	}, service.Work[row]{
		Apply: []service.Stage[row]{
			{Name: "volume", Do: s.ensure, Undo: s.remove},
			{Name: "attachment", Do: s.attach},
		},
		Remove: []service.Stage[row]{{Name: "volume", Do: s.remove}},
	})
	service.Watch(s.Converger, service.World[row, hypervisor.Driver, hypervisor.Volume]{
		Places: locations.Each, Column: "location_id", Found: found, Differs: s.differs, Remove: hypervisor.Driver.DeleteVolume,
	})
	return s
}

// Module is what it brings to the server.
func (s *Service) Module() module.Module { return service.Module(s) }

// check refuses a new disk in a cloudspace that is not open, and a machine that a disk cannot be attached to.
func (s *Service) check(ctx context.Context, old, next *row) error {
	if old == nil {
		if err := s.cloudspaces.CheckOpen(ctx, next.CloudspaceID); err != nil {
			return err
		}
	} else if resource.Same(old.VirtualMachineID, next.VirtualMachineID) {
		return nil
	}
	if next.VirtualMachineID == nil {
		return nil
	}
	cloudspace, err := s.machines.CloudspaceOf(ctx, *next.VirtualMachineID)
	if err == nil && cloudspace != next.CloudspaceID {
		err = fault.Invalidf("/virtual_machine_id", "conflict", "the machine is in another cloudspace than the disk")
	}
	return err
}

func uses(_ context.Context, r *row) (service.Use, error) {
	return service.Use{
		State: "allocated", Spec: map[string]any{"size_gib": r.SizeGiB, "iops_limit": r.IOPSLimit},
		Quota: map[string]int64{"disks": 1, "storage_gib": r.SizeGiB},
	}, nil
}
