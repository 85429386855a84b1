package disk

import (
	"context"
	"time"

	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/reconcile"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/service"
)

func (r *row) volume() hypervisor.VolumeSpec {
	spec := hypervisor.VolumeSpec{ID: r.ID, SizeGiB: int(r.SizeGiB)}
	if r.IOPSLimit != nil {
		limit := int(*r.IOPSLimit)
		spec.IOPSLimit = &limit
	}
	return spec
}

func (s *Service) ensure(ctx context.Context, r row) error {
	driver, err := s.locations.Driver(ctx, r.LocationID)
	if err != nil {
		return err
	}
	_, err = driver.EnsureVolume(ctx, r.volume())
	return err
}

// attach brings the attachment to what the row says. A machine that is on its way out counts as none.
func (s *Service) attach(ctx context.Context, r row) error {
	driver, err := s.locations.Driver(ctx, r.LocationID)
	if err != nil {
		return err
	}
	want, err := s.machine(ctx, r)
	if err != nil {
		return err
	}
	volume, err := driver.Volume(ctx, r.ID)
	if err != nil || volume.MachineID == want {
		return err
	}
	if volume.MachineID != "" {
		if err := driver.DetachVolume(ctx, r.ID, volume.MachineID); err != nil {
			return err
		}
	}
	if want == "" {
		return nil
	}
	return driver.AttachVolume(ctx, r.ID, want)
}

// machine is the machine that the disk is to be attached to now, empty for none.
func (s *Service) machine(ctx context.Context, r row) (string, error) {
	if r.VirtualMachineID == nil {
		return "", nil
	}
	stays, err := s.machines.Stays(ctx, *r.VirtualMachineID)
	if err != nil || !stays {
		return "", err
	}
	return *r.VirtualMachineID, nil
}

func (s *Service) remove(ctx context.Context, r row) error {
	driver, err := s.locations.Driver(ctx, r.LocationID)
	if err != nil {
		return err
	}
	return driver.DeleteVolume(ctx, r.ID)
}

// reconcile repairs disks that differ from their rows, and removes those without a row.
func (s *Service) reconcile() reconcile.Reconciler {
	return reconcile.Reconciler{Name: Kind.Name, Every: 30 * time.Second, Run: func(ctx context.Context) error {
		return s.locations.Each(authz.System(ctx), s.reconcileLocation)
	}}
}

func (s *Service) reconcileLocation(ctx context.Context, location string, driver hypervisor.Driver) error {
	found, err := driver.List(ctx)
	if err != nil {
		return err
	}
	volumes := make(map[string]hypervisor.Volume, len(found.Volumes))
	for _, v := range found.Volumes {
		volumes[v.ID] = v
	}
	rows, err := s.Table.All(ctx, "location_id = ?", location)
	if err != nil {
		return err
	}
	return service.Drift(ctx, s.Converger, rows, volumes, s.differs, driver.DeleteVolume)
}

func (s *Service) differs(ctx context.Context, r *row, is hypervisor.Volume, there bool) (bool, error) {
	machine, err := s.machine(ctx, *r)
	want := r.volume()
	return !there || is.SizeGiB != want.SizeGiB || !resource.Same(is.IOPSLimit, want.IOPSLimit) || is.MachineID != machine, err
}
