package virtualmachine

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
	"github.com/demarc/demarc/controlplane/internal/platform/service"
	"github.com/demarc/demarc/controlplane/internal/platform/vault"
)

// Customers is what machines need of the customers.
type Customers interface {
	// Active says whether the customer's machines may run.
	Active(ctx context.Context, customerID string) (bool, error)
}

// Locations is what machines need of the locations.
type Locations interface {
	// Driver is what runs the location.
	Driver(ctx context.Context, locationID string) (hypervisor.Driver, error)
	// Each calls fn with every location and what runs it, and goes on after errors.
	Each(ctx context.Context, fn func(ctx context.Context, locationID string, driver hypervisor.Driver) error) error
}

// Cloudspaces is what machines need of the cloudspaces.
type Cloudspaces interface {
	// CheckOpen refuses a cloudspace that nothing can be made in, and keeps it from changing until the transaction ends.
	CheckOpen(ctx context.Context, cloudspaceID string) error
}

// Images is what machines need of the images.
type Images interface {
	// MinDiskGiB is the size of the smallest boot disk that holds the image.
	MinDiskGiB(ctx context.Context, imageID string) (int64, error)
	// Source is where the image is fetched from, empty if it needs no fetching.
	Source(ctx context.Context, imageID string) (string, error)
}

// Service keeps the virtual machines.
type Service struct {
	*service.Converged[row, Create, Spec, VirtualMachine]
	customers   Customers
	locations   Locations
	cloudspaces Cloudspaces
	images      Images
	userData    vault.Column
}

// New returns the service.
func New(d module.Deps, customers Customers, locations Locations, cloudspaces Cloudspaces, images Images) *Service {
	s := &Service{customers: customers, locations: locations, cloudspaces: cloudspaces, images: images,
		userData: d.Vault.Column(Kind.Table(), "user_data_encrypted")}
	s.Converged = service.NewConverged(d, Kind, service.Rules[row, Create, Spec, VirtualMachine]{
		Row:  func(in Create) row { return row{Create: in} },
		Spec: func(r *row) *Spec { return &r.Spec },
		View: func(r *row) VirtualMachine {
			return VirtualMachine{Meta: r.Meta(), Create: r.Create, Observed: r.Observed, CustomerID: r.CustomerID}
		},
		Secrets: []service.Secret[row]{{
			Field: "user_data", Column: s.userData,
			In:   func(r *row) **secret.String { return &r.UserData },
			Kept: func(r *row) *[]byte { return &r.UserDataEncrypted },
		}},
		Check: s.check,
		Uses:  s.uses,
	}, service.Work[row]{
		Named: true,
		Apply: []service.Stage[row]{
			{Name: "machine", Do: s.ensure, Undo: s.remove},
			{Name: "power", Do: s.setPower},
		},
		Remove: []service.Stage[row]{{Name: "machine", Do: s.remove}},
		Actions: []service.Action[row]{
			{Verb: "reboot", Summary: "Reboot a running virtual machine, as its operating system does it", Check: s.runs, Do: s.act(hypervisor.Driver.Reboot)},
			{Verb: "reset", Summary: "Cut the power of a running virtual machine and start it again", Check: s.runs, Do: s.act(hypervisor.Driver.Reset)},
		},
	})
	service.Watch(s.Converger, service.World[row, hypervisor.Driver, hypervisor.Machine]{
		Places: locations.Each, Column: "location_id", Found: found, Differs: s.differs, Remove: hypervisor.Driver.DeleteMachine,
	})
	return s
}

// Module is what it brings to the server.
func (s *Service) Module() module.Module { return service.Module(s) }

// check refuses a new machine in a cloudspace that is not open, or with a boot disk that its image does not fit on.
func (s *Service) check(ctx context.Context, old, next *row) error {
	if old != nil {
		return nil
	}
	if err := s.cloudspaces.CheckOpen(ctx, next.CloudspaceID); err != nil {
		return err
	}
	least, err := s.images.MinDiskGiB(ctx, next.ImageID)
	if err == nil && next.BootDiskSizeGiB < least {
		err = fault.Invalidf("/boot_disk_size_gib", "minimum", "must be at least %d: the image is that large", least)
	}
	return err
}

// runs refuses a machine that is not to run at present.
func (s *Service) runs(ctx context.Context, r *row) error {
	power, err := s.power(ctx, r)
	if err == nil && power != hypervisor.PowerRunning {
		err = fault.Conflictf("wrong_state", "the machine does not run")
	}
	return err
}

// power is what a machine is to be now: as asked for, unless its customer is not active.
func (s *Service) power(ctx context.Context, r *row) (hypervisor.Power, error) {
	active, err := s.customers.Active(authz.Elevated(ctx), r.CustomerID)
	if active && r.PowerState == Running {
		return hypervisor.PowerRunning, err
	}
	return hypervisor.PowerStopped, err
}

func (s *Service) uses(ctx context.Context, r *row) (service.Use, error) {
	power, err := s.power(ctx, r)
	return service.Use{
		State: string(power),
		Spec:  map[string]any{"vcpus": r.VCPUs, "memory_mib": r.MemoryMiB, "boot_disk_size_gib": r.BootDiskSizeGiB, "image_id": r.ImageID},
		Quota: map[string]int64{"virtual_machines": 1, "vcpus": r.VCPUs, "memory_mib": r.MemoryMiB, "storage_gib": r.BootDiskSizeGiB},
	}, err
}

// CloudspaceOf is where a machine is that a disk is to be attached to. It refuses one that an operation is changing.
func (s *Service) CloudspaceOf(ctx context.Context, id string) (string, error) {
	r, err := s.Table.Share(authz.Elevated(ctx), id)
	if err == nil && r.OperationID != nil {
		err = resource.Busy(*r.OperationID, "the machine is being changed")
	}
	return r.CloudspaceID, err
}

// Stays says whether the machine exists and is not being deleted.
func (s *Service) Stays(ctx context.Context, id string) (bool, error) {
	r, err := s.Table.Get(ctx, id)
	if fault.IsCode(err, "not_found") {
		return false, nil
	}
	return r.State != resource.Deleting, err
}

// Align stops what runs while the customer is not active, and starts what ran when it is.
func (s *Service) Align(ctx context.Context, customerID string) error {
	return s.EachIdle(ctx, customerID, s.setPower, s.Amend)
}
