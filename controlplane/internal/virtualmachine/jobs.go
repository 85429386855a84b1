package virtualmachine

import (
	"context"
	"errors"
	"time"

	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/ledger"
	"github.com/demarc/demarc/controlplane/internal/platform/reconcile"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

func (s *Service) spec(ctx context.Context, r row) (hypervisor.MachineSpec, error) {
	source, err := s.images.Source(ctx, r.ImageID)
	if err != nil {
		return hypervisor.MachineSpec{}, err
	}
	userData, err := s.userData.Open(r.ID, r.UserData)
	return hypervisor.MachineSpec{
		ID: r.ID, Name: r.Name, NetworkID: r.CloudspaceID, ImageID: r.ImageID, ImageSource: source, VCPUs: int(r.VCPUs),
		MemoryMiB: int(r.MemoryMiB), BootDiskGiB: int(r.BootDiskSizeGiB), UserData: userData,
	}, err
}

// ensure makes the machine, or brings its size and name to what is asked for, stopping it where that needs it.
func (s *Service) ensure(ctx context.Context, r row) error {
	_, driver, err := s.cloudspaces.Location(ctx, r.CloudspaceID)
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
	return s.table.Observe(ctx, r.ID, map[string]any{"ip_address": machine.IP.String(), "observed_power_state": string(machine.Power)})
}

// setPower starts or stops the machine as it is to be now. A machine that is not there has nothing to start.
func (s *Service) setPower(ctx context.Context, r row) error {
	_, driver, err := s.cloudspaces.Location(ctx, r.CloudspaceID)
	if err != nil {
		return err
	}
	power, err := s.power(ctx, r)
	if err != nil {
		return err
	}
	if err := driver.SetPower(ctx, r.ID, power); err != nil {
		if errors.Is(err, hypervisor.ErrNotFound) && r.State == resource.Failed {
			return nil
		}
		return err
	}
	return s.table.Observe(ctx, r.ID, map[string]any{"observed_power_state": string(power)})
}

func (s *Service) remove(ctx context.Context, r row) error {
	_, driver, err := s.cloudspaces.Location(ctx, r.CloudspaceID)
	if err != nil {
		return err
	}
	return driver.DeleteMachine(ctx, r.ID)
}

func (s *Service) act(verb func(hypervisor.Driver, context.Context, string) error) func(context.Context, row) error {
	return func(ctx context.Context, r row) error {
		_, driver, err := s.cloudspaces.Location(ctx, r.CloudspaceID)
		if err != nil {
			return err
		}
		return verb(driver, ctx, r.ID)
	}
}

func (s *Service) uses(ctx context.Context, r row) (ledger.Entry, error) {
	location, _, err := s.cloudspaces.Location(ctx, r.CloudspaceID)
	if err != nil {
		return ledger.Entry{}, err
	}
	power, err := s.power(ctx, r)
	return ledger.Entry{
		Kind: Kind.Name, ObjectID: r.ID, BillingEntityID: r.BillingEntityID, CustomerID: r.CustomerID, LocationID: location, State: string(power),
		Spec:  map[string]any{"vcpus": r.VCPUs, "memory_mib": r.MemoryMiB, "boot_disk_size_gib": r.BootDiskSizeGiB, "image_id": r.ImageID},
		Quota: map[string]int64{"virtual_machines": 1, "vcpus": r.VCPUs, "memory_mib": r.MemoryMiB, "storage_gib": r.BootDiskSizeGiB},
	}, err
}

// reconcile repairs machines that differ from their rows, notes what is seen of them, and removes those without a row.
func (s *Service) reconcile() reconcile.Reconciler {
	return reconcile.Reconciler{Name: "virtual_machine", Every: 30 * time.Second, Run: func(ctx context.Context) error {
		ctx = authz.System(ctx)
		drivers, err := s.cloudspaces.Drivers(ctx)
		if err != nil {
			return err
		}
		var errs []error
		for location, driver := range drivers {
			errs = append(errs, s.reconcileLocation(ctx, location, driver))
		}
		return errors.Join(errs...)
	}}
}

func (s *Service) reconcileLocation(ctx context.Context, location string, driver hypervisor.Driver) error {
	// First what is there, then the rows: what is made in between has its row already.
	found, err := driver.List(ctx)
	if err != nil {
		return err
	}
	rows, err := s.table.All(ctx, "cloudspace_id IN (SELECT id FROM cloudspace WHERE location_id = ?)", location)
	if err != nil {
		return err
	}
	machines := make(map[string]hypervisor.Machine, len(found.Machines))
	for _, m := range found.Machines {
		machines[m.ID] = m
	}
	var errs []error
	for _, r := range rows {
		m, ok := machines[r.ID]
		delete(machines, r.ID)
		if r.State != resource.Active {
			continue
		}
		errs = append(errs, s.reconcileMachine(ctx, r, m, ok))
	}
	for id := range machines {
		errs = append(errs, resource.Orphan(ctx, s.table, id, driver.DeleteMachine))
	}
	return errors.Join(errs...)
}

func (s *Service) reconcileMachine(ctx context.Context, r row, m hypervisor.Machine, found bool) error {
	power, err := s.power(ctx, r)
	if err != nil {
		return err
	}
	if found && m.Power == hypervisor.PowerUnknown {
		power = m.Power // nothing can be done about it from here
	}
	if found && string(m.Power) != resource.Text(r.ObservedPowerState) {
		if err := s.table.Observe(ctx, r.ID, map[string]any{"observed_power_state": string(m.Power)}); err != nil {
			return err
		}
	}
	if found && m.Power == power && m.Name == r.Name && m.VCPUs == int(r.VCPUs) && m.MemoryMiB == int(r.MemoryMiB) && m.BootDiskGiB == int(r.BootDiskSizeGiB) {
		return nil
	}
	return s.converger.RepairIdle(ctx, r.ID)
}
