package app

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/internal/cloudspace"
	"github.com/demarc/demarc/controlplane/internal/customer"
	"github.com/demarc/demarc/controlplane/internal/disk"
	"github.com/demarc/demarc/controlplane/internal/driver/simulated"
	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/ledger"
	"github.com/demarc/demarc/controlplane/internal/platform/notified"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/saga"
	"github.com/demarc/demarc/controlplane/internal/platform/saga/sagatest"
	"github.com/demarc/demarc/controlplane/internal/platform/vault"
	"github.com/demarc/demarc/controlplane/internal/virtualmachine"
)

// world is a platform with a customer, without its HTTP side.
type world struct {
	services
	t       testing.TB
	ctx     context.Context
	db      *db.DB
	drivers *hypervisor.Registry
	vault   *vault.Vault
	engine  *saga.Engine
	access  *authz.Evaluator
	driver  hypervisor.Driver

	customer customer.Customer
	location string
	image    string
}

// newWorld prepares a world; its operations are worked on at once, by an engine of its own.
func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	w := &world{t: t, ctx: authz.System(context.Background()), db: d}
	w.drivers = hypervisor.NewRegistry(map[string]hypervisor.Factory{"simulated": simulated.Factory(simulated.Settings{Dir: t.TempDir()})})
	t.Cleanup(func() {
		if err := w.drivers.Close(); err != nil {
			t.Error(err)
		}
	})
	var err error
	w.vault, err = vault.Open(w.ctx, d, vault.Options{KeyFile: filepath.Join(t.TempDir(), "key"), Log: slog.New(slog.DiscardHandler)})
	w.check(err)
	w.use(saga.New(saga.Deps{DB: d, Jobs: &sagatest.Queue{}}))
	w.check(w.seed(w.ctx, d))
	locations, err := w.locations.List(w.ctx, resource.ListQuery{})
	w.check(err)
	images, err := w.images.List(w.ctx, resource.ListQuery{})
	w.check(err)
	w.location, w.image = locations.Items[0].ID, images.Items[0].ID
	w.driver, err = w.locations.Driver(w.ctx, w.location)
	w.check(err)
	operators, err := w.billingEntities.List(w.ctx, resource.ListQuery{})
	w.check(err)
	w.customer, err = w.customers.Create(w.ctx, customer.Create{BillingEntityID: operators.Items[0].ID, Spec: customer.Spec{
		Named: resource.Named{Name: "acme"}, Email: "it@example.com", Status: customer.StatusActive, PaymentMode: "postpaid", Language: "en", TimeZone: "UTC",
		ExternalIDs: map[string]string{}, AccountManagers: []string{},
	}})
	w.check(err)
	return w
}

// use has what is asked for from now on done by that engine.
func (w *world) use(engine *saga.Engine) {
	clk, deps := clock.Real(), emptyDeps()
	var err error
	w.access, err = authz.NewEvaluator(sources(w.db, deps.Operations), clk, resource.NewLocator(w.db, deps.Registry), notified.NewGroup(w.db, clk, authz.Channel))
	w.check(err)
	deps.DB, deps.Clock, deps.Sagas, deps.Access, deps.Vault, deps.Ledger = w.db, clk, engine, w.access, w.vault, ledger.New(w.db, clk)
	n, built, err := modules(deps, w.drivers)
	w.check(err)
	for _, m := range built {
		register(engine, m)
	}
	w.services, w.engine = n, engine
}

func (w *world) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// finish works on the operation of an object that has just been asked for.
func (w *world) finish(m resource.Meta, err error) string {
	w.t.Helper()
	w.check(err)
	w.check(w.engine.Work(w.ctx, *m.OperationID))
	o, err := w.engine.Get(w.ctx, *m.OperationID)
	w.check(err)
	if o.State != saga.Succeeded {
		w.t.Fatalf("%s: %s: %v", o.Action, o.State, o.Failure)
	}
	return m.ID
}

func (w *world) newCloudspace() (resource.Meta, error) {
	cs, err := w.cloudspaces.Create(w.ctx, cloudspace.Create{CustomerID: w.customer.ID, LocationID: w.location, NetworkCIDR: "10.0.0.0/24",
		Spec: cloudspace.Spec{Named: resource.Named{Name: "web"}}})
	return cs.Meta, err
}

func (w *world) newMachine(cloudspaceID string) (resource.Meta, error) {
	vm, err := w.machines.Create(w.ctx, virtualmachine.Create{CloudspaceID: cloudspaceID, ImageID: w.image,
		Spec: virtualmachine.Spec{Named: resource.Named{Name: "vm"}, VCPUs: 1, MemoryMiB: 512, BootDiskSizeGiB: 10, PowerState: virtualmachine.Running}})
	return vm.Meta, err
}

func (w *world) newDisk(cloudspaceID string, machineID *string) (resource.Meta, error) {
	d, err := w.disks.Create(w.ctx, disk.Create{CloudspaceID: cloudspaceID, Spec: disk.Spec{Named: resource.Named{Name: "data"}, SizeGiB: 5, VirtualMachineID: machineID}})
	return d.Meta, err
}

// patch is a merge patch whose result is set by fn.
func patch[S any](id string, fn func(*S)) httpapi.PatchInput[S] {
	return httpapi.PatchInput[S]{ID: id, Patch: resource.PatchWith(fn)}
}

// all is everything that operations make or change outside their own rows, without ids.
func (w *world) all(ctx context.Context) (any, error) {
	found, err := w.driver.List(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, n := range found.Networks {
		out = append(out, fmt.Sprintf("network %s %v %s", n.Name, n.CIDR, n.Domain))
	}
	for _, m := range found.Machines {
		out = append(out, fmt.Sprintf("machine %s %d %d %d %s %v disks=%d", m.Name, m.VCPUs, m.MemoryMiB, m.BootDiskGiB, m.Power, m.IP, len(m.VolumeIDs)))
	}
	for _, v := range found.Volumes {
		out = append(out, fmt.Sprintf("volume %d attached=%t", v.SizeGiB, v.MachineID != ""))
	}
	var open []string
	if err := w.db.Conn(ctx).Raw(`SELECT 'uses ' || kind || ' ' || state || ' ' || (spec - 'image_id')::text FROM state_interval WHERE to_at IS NULL
		UNION ALL SELECT 'quota ' || dimension || ' ' || sum(amount) FROM quota_reservation WHERE released_at IS NULL GROUP BY dimension`).Scan(&open).Error; err != nil {
		return nil, err
	}
	out = append(out, open...)
	slices.Sort(out)
	return out, nil
}

// operations prepares, for each action, a world in which it can be asked for.
var operations = map[string]func(w *world) func() (resource.Meta, error){
	"cloudspace.create": func(w *world) func() (resource.Meta, error) {
		return func() (resource.Meta, error) { return w.newCloudspace() }
	},
	"cloudspace.update": func(w *world) func() (resource.Meta, error) {
		id := w.finish(w.newCloudspace())
		return func() (resource.Meta, error) {
			cs, err := w.cloudspaces.Update(w.ctx, patch(id, func(s *cloudspace.Spec) { s.LocalDomain = new("acme.internal") }))
			return cs.Meta, err
		}
	},
	"cloudspace.delete": func(w *world) func() (resource.Meta, error) {
		id := w.finish(w.newCloudspace())
		return func() (resource.Meta, error) {
			cs, err := w.cloudspaces.Delete(w.ctx, httpapi.DeleteInput{ID: id})
			return cs.Meta, err
		}
	},
	"virtual_machine.create": func(w *world) func() (resource.Meta, error) {
		cs := w.finish(w.newCloudspace())
		return func() (resource.Meta, error) { return w.newMachine(cs) }
	},
	"virtual_machine.update": func(w *world) func() (resource.Meta, error) {
		vm := w.finish(w.newMachine(w.finish(w.newCloudspace())))
		return func() (resource.Meta, error) {
			m, err := w.machines.Update(w.ctx, patch(vm, func(s *virtualmachine.Spec) { s.VCPUs, s.BootDiskSizeGiB = 4, 20 }))
			return m.Meta, err
		}
	},
	"virtual_machine.reboot": func(w *world) func() (resource.Meta, error) { return w.acting("reboot") },
	"virtual_machine.reset":  func(w *world) func() (resource.Meta, error) { return w.acting("reset") },
	"virtual_machine.delete": func(w *world) func() (resource.Meta, error) {
		cs := w.finish(w.newCloudspace())
		vm := w.finish(w.newMachine(cs))
		w.finish(w.newDisk(cs, &vm))
		return func() (resource.Meta, error) {
			m, err := w.machines.Delete(w.ctx, httpapi.DeleteInput{ID: vm})
			return m.Meta, err
		}
	},
	"disk.create": func(w *world) func() (resource.Meta, error) {
		cs := w.finish(w.newCloudspace())
		vm := w.finish(w.newMachine(cs))
		return func() (resource.Meta, error) { return w.newDisk(cs, &vm) }
	},
	"disk.update": func(w *world) func() (resource.Meta, error) {
		cs := w.finish(w.newCloudspace())
		vm := w.finish(w.newMachine(cs))
		id := w.finish(w.newDisk(cs, &vm))
		return func() (resource.Meta, error) {
			d, err := w.disks.Update(w.ctx, patch(id, func(s *disk.Spec) { s.SizeGiB, s.VirtualMachineID = 9, nil }))
			return d.Meta, err
		}
	},
	"disk.delete": func(w *world) func() (resource.Meta, error) {
		cs := w.finish(w.newCloudspace())
		vm := w.finish(w.newMachine(cs))
		id := w.finish(w.newDisk(cs, &vm))
		return func() (resource.Meta, error) {
			d, err := w.disks.Delete(w.ctx, httpapi.DeleteInput{ID: id})
			return d.Meta, err
		}
	},
	"customer.update": func(w *world) func() (resource.Meta, error) {
		cs := w.finish(w.newCloudspace())
		vm := w.finish(w.newMachine(cs))
		w.finish(w.newDisk(cs, &vm))
		return func() (resource.Meta, error) {
			c, err := w.customers.Update(w.ctx, patch(w.customer.ID, func(s *customer.Spec) { s.Status = customer.StatusTerminated }))
			return c.Meta, err
		}
	},
}

func (w *world) acting(verb string) func() (resource.Meta, error) {
	vm := w.finish(w.newMachine(w.finish(w.newCloudspace())))
	return func() (resource.Meta, error) {
		m, err := w.machines.Act(w.ctx, httpapi.ActionInput{ID: vm}, verb)
		return m.Meta, err
	}
}

// Every step of every operation may run twice and may be cut off anywhere; what creates leaves nothing behind when it fails.
func TestSagasKeepTheLaws(t *testing.T) {
	t.Parallel()
	for _, action := range slices.Sorted(maps.Keys(operations)) {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			setup := func(t testing.TB, b sagatest.Bench) sagatest.Scenario {
				w := newWorld(t, b.DB)
				ask := operations[action](w)
				w.use(b.Engine)
				return sagatest.Scenario{World: w.all, Start: func(context.Context) (string, error) {
					m, err := ask()
					if err != nil {
						return "", err
					}
					return *m.OperationID, nil
				}}
			}
			if strings.HasSuffix(action, ".create") {
				sagatest.All(t, setup)
			} else {
				sagatest.Redo(t, setup)
			}
		})
	}
}

// An operation that is added is added here, too; repair is update by another name, and create and delete of customers have no operation.
func TestEverySagaIsProved(t *testing.T) {
	t.Parallel()
	_, built, err := modules(emptyDeps(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defined := map[string]bool{}
	for _, m := range built {
		if m.Definitions == nil {
			continue
		}
		for _, d := range m.Definitions() {
			defined[d.Action] = true
			_, proved := operations[d.Action]
			_, verb, _ := strings.Cut(d.Action, ".")
			exempt := verb == "repair" || m.Kind.Name == "customer" && verb != "update"
			if proved == exempt {
				t.Errorf("%s: proved %t, exempt %t", d.Action, proved, exempt)
			}
		}
	}
	for action := range operations {
		if !defined[action] {
			t.Errorf("%s is proved and does not exist", action)
		}
	}
}
