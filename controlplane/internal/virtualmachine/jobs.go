package virtualmachine

import (
	"context"
	"errors"

	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

func (s *Service) spec(ctx context.Context, r row) (hypervisor.MachineSpec, error) {
	source, err := s.images.Source(ctx, r.ImageID)
	if err != nil {
		return hypervisor.MachineSpec{}, err
	}
	userData, err := s.userData.Open(r.ID, r.UserDataEncrypted)
	return hypervisor.MachineSpec{
		ID: r.ID, Name: r.Name, NetworkID: r.CloudspaceID, ImageID: r.ImageID, ImageSource: source, VCPUs: int(r.VCPUs),
		MemoryMiB: int(r.MemoryMiB), BootDiskGiB: int(r.BootDiskSizeGiB), UserData: userData,
	}, err
}

// ensure makes the machine, or brings its size and name to what is asked for, stopping it where that needs it.
func (s *Service) ensure(ctx context.Context, r row) error {
	driver, err := s.locations.Driver(ctx, r.LocationID)
	if err != nil {
		return err
	}
	spec, err := s.spec(ctx, r)
	if err != nil {
		return err
	}
	machine, err := driver.EnsureMachine(ctx, spec)
	if errors.Is(err, hypervisor.ErrNeedsStop) {
		if err := driver.SetPower(ctx, r.ID, hypervisor.PowerStopped); err != nil {
			return err
		}
		machine, err = driver.EnsureMachine(ctx, spec)
	}
	if err != nil {
		return err
	}
	return s.Table.Observe(ctx, r.ID, map[string]any{"ip_address": machine.IP.String(), "observed_power_state": string(machine.Power)})
}

// setPower starts or stops the machine as it is to be now. A machine that is not there has nothing to start.
func (s *Service) setPower(ctx context.Context, r row) error {
	driver, err := s.locations.Driver(ctx, r.LocationID)
	if err != nil {
		return err
	}
	power, err := s.power(ctx, &r)
	if err != nil {
		return err
	}
	if err := driver.SetPower(ctx, r.ID, power); err != nil {
		if errors.Is(err, hypervisor.ErrNotFound) && r.State == resource.Failed {
			return nil
		}
		return err
	}
	return s.Table.Observe(ctx, r.ID, map[string]any{"observed_power_state": string(power)})
}

func (s *Service) remove(ctx context.Context, r row) error {
	driver, err := s.locations.Driver(ctx, r.LocationID)
	if err != nil {
		return err
	}
	return driver.DeleteMachine(ctx, r.ID)
}

func (s *Service) act(verb func(hypervisor.Driver, context.Context, string) error) func(context.Context, row) error {
	return func(ctx context.Context, r row) error {
		driver, err := s.locations.Driver(ctx, r.LocationID)
		if err != nil {
			return err
		}
		return verb(driver, ctx, r.ID)
	}
}

// found is what a location has of the kind.
func found(ctx context.Context, driver hypervisor.Driver) (map[string]hypervisor.Machine, error) {
	all, err := driver.List(ctx)
	out := make(map[string]hypervisor.Machine, len(all.Machines))
	for _, of := range all.Machines {
		out[of.ID] = of
	}
	return out, err
}

// differs also notes the power state that was seen.
func (s *Service) differs(ctx context.Context, r *row, is hypervisor.Machine, there bool) (bool, error) {
	power, err := s.power(ctx, r)
	if err != nil || !there {
		return !there, err
	}
	if string(is.Power) != resource.Text(r.ObservedPowerState) {
		if err := s.Table.Observe(ctx, r.ID, map[string]any{"observed_power_state": string(is.Power)}); err != nil {
			return false, err
		}
	}
	// Nothing can be done from here about a power state that is not known.
	return is.Power != power && is.Power != hypervisor.PowerUnknown || is.Name != r.Name || is.VCPUs != int(r.VCPUs) ||
		is.MemoryMiB != int(r.MemoryMiB) || is.BootDiskGiB != int(r.BootDiskSizeGiB), nil
}
