package virtualmachine

import (
	"context"
	"errors"
	"time"

	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/reconcile"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/service"
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

// reconcile repairs machines that differ from their rows, notes what is seen of them, and removes those without a row.
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
	machines := make(map[string]hypervisor.Machine, len(found.Machines))
	for _, m := range found.Machines {
		machines[m.ID] = m
	}
	rows, err := s.Table.All(ctx, "location_id = ?", location)
	if err != nil {
		return err
	}
	return service.Drift(ctx, s.Converger, rows, machines, s.differs, driver.DeleteMachine)
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
