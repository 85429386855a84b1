package disk

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

func (r *row) volume() hypervisor.VolumeSpec {
	spec := hypervisor.VolumeSpec{ID: r.ID, SizeGiB: int(r.SizeGiB)}
	if r.IOPSLimit != nil {
		limit := int(*r.IOPSLimit)
		spec.IOPSLimit = &limit
	}
	return spec
}

func (s *Service) ensure(ctx context.Context, r row) error {
	_, driver, err := s.cloudspaces.Location(ctx, r.CloudspaceID)
	if err != nil {
		return err
	}
	_, err = driver.EnsureVolume(ctx, r.volume())
	return err
}

// attach brings the attachment to what the row says. A machine that is on its way out counts as none.
func (s *Service) attach(ctx context.Context, r row) error {
	_, driver, err := s.cloudspaces.Location(ctx, r.CloudspaceID)
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
	_, driver, err := s.cloudspaces.Location(ctx, r.CloudspaceID)
	if err != nil {
		return err
	}
	return driver.DeleteVolume(ctx, r.ID)
}

func (s *Service) uses(ctx context.Context, r row) (ledger.Entry, error) {
	location, _, err := s.cloudspaces.Location(ctx, r.CloudspaceID)
	return ledger.Entry{
		Kind: Kind.Name, ObjectID: r.ID, BillingEntityID: r.BillingEntityID, CustomerID: r.CustomerID, LocationID: location,
		State: "allocated", Spec: map[string]any{"size_gib": r.SizeGiB, "iops_limit": r.IOPSLimit}, Quota: map[string]int64{"disks": 1, "storage_gib": r.SizeGiB},
	}, err
}

// reconcile repairs disks that differ from their rows, and removes those without a row.
func (s *Service) reconcile() reconcile.Reconciler {
	return reconcile.Reconciler{Name: "disk", Every: 30 * time.Second, Run: func(ctx context.Context) error {
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
	volumes := make(map[string]hypervisor.Volume, len(found.Volumes))
	for _, v := range found.Volumes {
		volumes[v.ID] = v
	}
	var errs []error
	for _, r := range rows {
		v, ok := volumes[r.ID]
		delete(volumes, r.ID)
		if r.State != resource.Active {
			continue
		}
		machine, err := s.machine(ctx, r)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		want := r.volume()
		if ok && v.SizeGiB == want.SizeGiB && resource.Same(v.IOPSLimit, want.IOPSLimit) && v.MachineID == machine {
			continue
		}
		errs = append(errs, s.converger.RepairIdle(ctx, r.ID))
	}
	for id := range volumes {
		errs = append(errs, resource.Orphan(ctx, s.table, id, driver.DeleteVolume))
	}
	return errors.Join(errs...)
}
