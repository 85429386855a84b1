package disk

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
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

// found is what a location has of the kind.
func found(ctx context.Context, driver hypervisor.Driver) (map[string]hypervisor.Volume, error) {
	all, err := driver.List(ctx)
	out := make(map[string]hypervisor.Volume, len(all.Volumes))
	for _, of := range all.Volumes {
		out[of.ID] = of
	}
	return out, err
}

func (s *Service) differs(ctx context.Context, r *row, is hypervisor.Volume, there bool) (bool, error) {
	machine, err := s.machine(ctx, *r)
	want := r.volume()
	return !there || is.SizeGiB != want.SizeGiB || !resource.Same(is.IOPSLimit, want.IOPSLimit) || is.MachineID != machine, err
}
