package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/api"
	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/client/demarc"
	"github.com/demarc/demarc/controlplane/client/fixture"
	"github.com/demarc/demarc/controlplane/client/servertest"
	"github.com/demarc/demarc/controlplane/internal/driver/simulated"
	"github.com/demarc/demarc/controlplane/internal/hypervisor"
)

// shared is the server of the tests that leave it alone; those that break theirs start their own.
var shared *servertest.Server

func TestMain(m *testing.M) {
	os.Exit(func() int {
		// Every operation is tried with tokens that are not valid, more often than one address may; and every kind by one principal, faster than any may.
		s, err := servertest.Launch(servertest.WithEnv("DEMARC_SIMULATED_LATENCY=0.2", "DEMARC_RATE_LIMIT_AUTHENTICATION=0", "DEMARC_RATE_LIMIT_PRINCIPAL=0", "DEMARC_RATE_LIMIT_ADDRESS=0"))
		if err != nil {
			log.Print(err)
			return 1
		}
		shared = s
		// The command line in this process must not look at the contexts of whoever runs the tests.
		os.Setenv("DEMARC_CONFIG", filepath.Join(s.DataDir, "no-contexts"))
		code := m.Run()
		if err := s.Close(); err != nil {
			log.Print(err)
			return 1
		}
		if code != 0 {
			fmt.Fprintln(os.Stderr, s.Log())
		}
		return code
	}())
}

func connect(t *testing.T, s *servertest.Server) (*client.Client, *catalog.Catalog) {
	t.Helper()
	c, err := client.New(client.Config{Endpoint: s.Endpoint, Token: s.Token, UserAgent: "demarc-e2e"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	cat, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c, cat
}

// What a kind can do, as far as these tests ask for it.
type (
	creator[T, Create any] interface {
		Create(context.Context, Create, ...client.WriteOption) (T, error)
	}
	patcher[T, Patch any] interface {
		Patch(context.Context, string, Patch, ...client.WriteOption) (T, error)
	}
	getter[T any] interface {
		Get(context.Context, string) (T, error)
	}
	deleter interface {
		Delete(context.Context, string, ...client.WriteOption) error
	}
)

// mustCreate makes an object and waits until it is there.
func mustCreate[T, Create any](t *testing.T, kind creator[T, Create], body Create) T {
	t.Helper()
	object, err := kind.Create(t.Context(), body, client.Wait())
	if err != nil {
		t.Fatalf("create of %T: %v", object, err)
	}
	return object
}

// mustPatch changes an object and waits until it is changed.
func mustPatch[T, Patch any](t *testing.T, kind patcher[T, Patch], id string, patch Patch) T {
	t.Helper()
	object, err := kind.Patch(t.Context(), id, patch, client.Wait())
	if err != nil {
		t.Fatalf("patch of %s: %v", id, err)
	}
	return object
}

func mustGet[T any](t *testing.T, kind getter[T], id string) T {
	t.Helper()
	object, err := kind.Get(t.Context(), id)
	if err != nil {
		t.Fatalf("%s: %v", id, err)
	}
	return object
}

// mustDelete deletes an object and waits until it is gone.
func mustDelete(t *testing.T, kind deleter, ids ...string) {
	t.Helper()
	for _, id := range ids {
		if err := kind.Delete(t.Context(), id, client.Wait()); err != nil {
			t.Fatalf("delete of %s: %v", id, err)
		}
	}
}

// of is the value of a field that can be null, zero for null.
func of[T any](p *T) T {
	var zero T
	if p == nil {
		return zero
	}
	return *p
}

// eventually waits until the condition holds; it is for what the server does by itself.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline.C:
			t.Fatalf("not within a minute: %s", what)
		case <-tick.C:
		}
	}
}

// driverOf is the driver of the simulated location that the server uses: the same folder, as another process.
func driverOf(t *testing.T, s *servertest.Server, locationID string) hypervisor.Driver {
	t.Helper()
	d, err := simulated.Factory(simulated.Settings{Dir: s.DataDir + "/simulated"})(t.Context(), hypervisor.Location{ID: locationID})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Every wrong field of every kind is refused by name, and several are reported at once.
func TestWrongInput(t *testing.T) {
	t.Parallel()
	c, cat := connect(t, shared)
	cases := 0
	for _, kind := range cat.Kinds {
		if !kind.Managed {
			continue
		}
		f := fixture.Open(t, c, cat, kind.Name)
		for _, invalid := range f.Invalid() {
			cases++
			body, err := f.InvalidBody(t.Context(), invalid)
			if err != nil {
				t.Fatal(err)
			}
			_, err = f.Send(t.Context(), body)
			p := client.AsProblem(err)
			if p == nil || p.Status != http.StatusUnprocessableEntity || p.RequestID == "" {
				t.Errorf("%s, %s: %v", kind.Name, invalid.Name, err)
				continue
			}
			if !slices.ContainsFunc(p.Errors, func(e client.FieldError) bool {
				return e.Pointer == invalid.Pointer && e.Code == invalid.Code && e.Detail != ""
			}) {
				t.Errorf("%s, %s: want %s at %s, got %+v", kind.Name, invalid.Name, invalid.Code, invalid.Pointer, p.Errors)
			}
		}
	}
	if cases < 20 {
		t.Errorf("only %d cases", cases)
	}
	_, err := c.Do(t.Context(), client.Request{Method: http.MethodPost, Path: "/images", IdempotencyKey: client.NewIdempotencyKey(),
		Body: map[string]any{"name": "No Slug", "min_disk_gib": 0, "os_type": "dos", "colour": "red"}})
	p := client.AsProblem(err)
	if p == nil || len(p.Errors) != 4 {
		t.Fatalf("want four wrong fields at once, got %v", err)
	}
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	c, _ := connect(t, shared)
	images := demarc.Images(c)
	key, name := client.NewIdempotencyKey(), "idem-"+fixture.Unique()
	create := func(name string, opts ...client.WriteOption) (demarc.Image, error) {
		return images.Create(t.Context(), demarc.ImageCreate{Name: name}, append(opts, client.IdempotencyKey(key))...)
	}
	// All at once: one makes it, the others get its answer.
	var wg sync.WaitGroup
	ids := make([]string, 8)
	for i := range ids {
		wg.Go(func() {
			image, err := create(name)
			if err != nil {
				t.Errorf("request %d: %v", i, err)
			}
			ids[i] = image.ID
		})
	}
	wg.Wait()
	if slices.Sort(ids); ids[0] == "" || ids[0] != ids[len(ids)-1] {
		t.Fatalf("one key made %v", slices.Compact(ids))
	}
	t.Cleanup(func() { _ = images.Delete(context.Background(), ids[0]) })
	var res client.Response
	if _, err := create(name, client.Answer(&res)); err != nil || res.Header.Get("Idempotency-Replayed") != "true" || res.Status != http.StatusCreated || !strings.HasPrefix(res.ETag(), `"1.`) {
		t.Errorf("repeated: %v %+v", err, res)
	}
	if _, err := create(name + "-other"); !client.IsCode(err, "idempotency_key_reused") {
		t.Errorf("same key, other body: %v", err)
	}
}

func TestLostUpdate(t *testing.T) {
	t.Parallel()
	c, _ := connect(t, shared)
	images := demarc.Images(c)
	image := mustCreate(t, images, demarc.ImageCreate{Name: "lost-" + fixture.Unique()})
	patch := func(revision int64, notes string) error {
		_, err := images.Patch(t.Context(), image.ID, demarc.ImagePatch{Notes: client.Set(notes)}, client.IfMatch(revision))
		return err
	}
	if err := patch(1, "first"); err != nil {
		t.Fatal(err)
	}
	if err := patch(1, "second"); !client.IsCode(err, "revision_mismatch") {
		t.Errorf("a lost update was not noticed: %v", err)
	}
	if err := images.Delete(t.Context(), image.ID, client.IfMatch(1)); !client.IsCode(err, "revision_mismatch") {
		t.Errorf("delete of another revision: %v", err)
	}
	if err := patch(2, "first"); err != nil {
		t.Fatal(err)
	}
	if got := mustGet(t, images, image.ID); got.Revision != 2 {
		t.Errorf("a patch that changes nothing made revision %d", got.Revision)
	}
	mustDelete(t, images, image.ID)
}

func TestDryRunKeepsNothing(t *testing.T) {
	t.Parallel()
	c, _ := connect(t, shared)
	name := "dry-" + fixture.Unique()
	var res client.Response
	image, err := demarc.Images(c).Create(t.Context(), demarc.ImageCreate{Name: name}, client.DryRun(), client.Answer(&res))
	if err != nil || res.Status != http.StatusOK || image.Name != name {
		t.Fatalf("%v %+v", err, res)
	}
	for range demarc.Images(c).List(t.Context(), demarc.ImageQuery{Path: name}) {
		t.Fatal("a dry run made an image")
	}
}

// space makes a customer with a cloudspace, removed with the test.
func space(t *testing.T, c *client.Client, cat *catalog.Catalog) (demarc.Customer, demarc.Cloudspace) {
	t.Helper()
	f := fixture.Open(t, c, cat, "cloudspace")
	made := f.MustCreate(fixture.Minimal)
	id, err := f.Parent(t.Context(), "customer")
	if err != nil {
		t.Fatal(err)
	}
	return mustGet(t, demarc.Customers(c), id), mustGet(t, demarc.Cloudspaces(c), made.ID)
}

func machineBody(t *testing.T, c *client.Client, cloudspaceID string) demarc.VirtualMachineCreate {
	t.Helper()
	image, err := demarc.Images(c).Resolve(t.Context(), "debian-12")
	if err != nil {
		t.Fatal(err)
	}
	return demarc.VirtualMachineCreate{Name: "vm-" + fixture.Unique(), CloudspaceID: cloudspaceID, ImageID: image, VCPUs: 1, MemoryMiB: 512}
}

func diskBody(cloudspaceID string) demarc.DiskCreate {
	return demarc.DiskCreate{Name: "d-" + fixture.Unique(), CloudspaceID: cloudspaceID, SizeGiB: 1}
}

func TestDeleteOfAParentNamesItsChildren(t *testing.T) {
	t.Parallel()
	c, cat := connect(t, shared)
	customer, cloudspace := space(t, c, cat)
	err := demarc.Customers(c).Delete(t.Context(), customer.ID)
	p := client.AsProblem(err)
	if p == nil || p.Status != http.StatusConflict || p.Code != "has_children" || p.ChildrenTotal != 1 || len(p.Children) != 1 ||
		p.Children[0].ID != cloudspace.ID || p.Children[0].Kind != "cloudspace" || !strings.Contains(p.Detail, cloudspace.Name) {
		t.Errorf("want the cloudspace named, got %v", err)
	}
}

func TestWriteDuringAnOperation(t *testing.T) {
	t.Parallel()
	c, cat := connect(t, shared)
	_, cloudspace := space(t, c, cat)
	machines := demarc.VirtualMachines(c)
	var res client.Response
	vm, err := machines.Create(t.Context(), machineBody(t, c, cloudspace.ID), client.Answer(&res))
	if err != nil || res.Status != http.StatusAccepted || vm.OperationID == nil {
		t.Fatalf("%v %+v", err, res)
	}
	more := demarc.VirtualMachinePatch{MemoryMiB: client.Set(1024)}
	_, err = machines.Patch(t.Context(), vm.ID, more, client.FailIfBusy())
	if p := client.AsProblem(err); p == nil || p.Code != "operation_in_progress" || p.OperationID != *vm.OperationID {
		t.Fatalf("want a conflict with %s, got %v", *vm.OperationID, err)
	}
	// A client that waits gets through.
	after := mustPatch(t, machines, vm.ID, more)
	if after.State != demarc.StateActive || after.Revision != 2 {
		t.Errorf("%+v", after)
	}
	mustDelete(t, machines, vm.ID)
	if _, err := machines.Get(t.Context(), vm.ID); !client.IsNotFound(err) {
		t.Errorf("after the delete: %v", err)
	}
}

// An operation whose driver fails says why, undoes what it can, and the next write repairs the object.
func TestDriverFailure(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.WithEnv("DEMARC_SIMULATED_LATENCY=0"))
	c, cat := connect(t, s)
	_, cloudspace := space(t, c, cat)
	driver := driverOf(t, s, cloudspace.LocationID)
	failOnce(t, s, cloudspace.LocationID, "SetPower")
	machines := demarc.VirtualMachines(c)
	vm, err := machines.Create(t.Context(), machineBody(t, c, cloudspace.ID), client.Wait())
	var failed *client.OperationFailedError
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), "the host is on fire") {
		t.Fatalf("want the driver's words, got %v", err)
	}
	vm = mustGet(t, machines, vm.ID)
	if vm.State != demarc.StateFailed || !strings.Contains(of(vm.StateReason), "the host is on fire") || vm.OperationID != nil {
		t.Errorf("%+v", vm)
	}
	if _, err := driver.Machine(t.Context(), vm.ID); !errors.Is(err, hypervisor.ErrNotFound) {
		t.Errorf("what was made of it was not undone: %v", err)
	}
	// An empty patch retries.
	if vm = mustPatch(t, machines, vm.ID, demarc.VirtualMachinePatch{}); vm.State != demarc.StateActive || vm.StateReason != nil {
		t.Errorf("%+v", vm)
	}
	if m, err := driver.Machine(t.Context(), vm.ID); err != nil || m.Power != hypervisor.PowerRunning {
		t.Errorf("%v %+v", err, m)
	}
	mustDelete(t, machines, vm.ID)
}

// failOnce has the next such verb of the driver fail for good.
func failOnce(t *testing.T, s *servertest.Server, locationID string, verb simulated.Verb) {
	t.Helper()
	folder := s.DataDir + "/simulated/" + locationID
	if err := simulated.SetFaults(folder, simulated.Fault{Verb: verb, Times: new(1), Error: "permanent", Message: "the host is on fire"}); err != nil {
		t.Fatal(err)
	}
}

// A temporary failure is nobody's business: the operation tries again.
func TestTemporaryDriverFailure(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.WithEnv("DEMARC_SIMULATED_LATENCY=0"))
	c, cat := connect(t, s)
	_, cloudspace := space(t, c, cat)
	if err := simulated.SetFaults(s.DataDir+"/simulated/"+cloudspace.LocationID, simulated.Fault{Verb: "EnsureVolume", Times: new(2), Error: "temporary", Message: "busy"}); err != nil {
		t.Fatal(err)
	}
	d := mustCreate(t, demarc.Disks(c), diskBody(cloudspace.ID))
	if d.State != demarc.StateActive {
		t.Errorf("%+v", d)
	}
	mustDelete(t, demarc.Disks(c), d.ID)
}

func TestDeletingEitherEndReleasesAnAttachment(t *testing.T) {
	t.Parallel()
	c, cat := connect(t, shared)
	_, cloudspace := space(t, c, cat)
	driver := driverOf(t, shared, cloudspace.LocationID)
	machines, disks := demarc.VirtualMachines(c), demarc.Disks(c)
	vm := mustCreate(t, machines, machineBody(t, c, cloudspace.ID))
	disk := func() demarc.Disk {
		body := diskBody(cloudspace.ID)
		body.VirtualMachineID = &vm.ID
		return mustCreate(t, disks, body)
	}
	first, second := disk(), disk()
	if m, err := driver.Machine(t.Context(), vm.ID); err != nil || len(m.VolumeIDs) != 2 {
		t.Fatalf("%v %+v", err, m)
	}
	mustDelete(t, disks, first.ID)
	mustDelete(t, machines, vm.ID)
	after := mustGet(t, disks, second.ID)
	if after.VirtualMachineID != nil || after.State != demarc.StateActive || after.Revision != second.Revision {
		t.Errorf("%+v", after)
	}
	if v, err := driver.Volume(t.Context(), second.ID); err != nil || v.MachineID != "" {
		t.Errorf("%v %+v", err, v)
	}
	mustDelete(t, disks, second.ID)
}

// Suspending a customer stops what it runs; resuming starts what ran, and nothing else; what was asked for stays.
func TestSuspendAndResume(t *testing.T) {
	t.Parallel()
	c, cat := connect(t, shared)
	customer, cloudspace := space(t, c, cat)
	driver := driverOf(t, shared, cloudspace.LocationID)
	customers, machines := demarc.Customers(c), demarc.VirtualMachines(c)
	running := mustCreate(t, machines, machineBody(t, c, cloudspace.ID))
	body := machineBody(t, c, cloudspace.ID)
	body.PowerState = demarc.VirtualMachinePowerStateStopped
	stopped := mustCreate(t, machines, body)
	expect := func(when string, power hypervisor.Power) {
		t.Helper()
		for id, want := range map[string]hypervisor.Power{running.ID: power, stopped.ID: hypervisor.PowerStopped} {
			if m, err := driver.Machine(t.Context(), id); err != nil || m.Power != want {
				t.Errorf("%s: %s is %v (%v), want %s", when, id, m.Power, err, want)
			}
		}
		if vm := mustGet(t, machines, running.ID); vm.PowerState != demarc.VirtualMachinePowerStateRunning || vm.Revision != 1 {
			t.Errorf("%s: what was asked for changed: %+v", when, vm)
		}
	}
	status := func(status demarc.CustomerStatus) demarc.CustomerPatch {
		return demarc.CustomerPatch{Status: client.Set(status), StatusReason: client.Set("unpaid")}
	}
	mustPatch(t, customers, customer.ID, status(demarc.CustomerStatusSuspended))
	expect("suspended", hypervisor.PowerStopped)
	if _, err := machines.Create(t.Context(), machineBody(t, c, cloudspace.ID), client.Wait()); !client.IsCode(err, "wrong_state") {
		t.Errorf("a suspended customer made a machine: %v", err)
	}
	mustPatch(t, customers, customer.ID, status(demarc.CustomerStatusActive))
	expect("resumed", hypervisor.PowerRunning)
	mustPatch(t, customers, customer.ID, status(demarc.CustomerStatusTerminated))
	left, err := demarc.Batch(t.Context(), c, demarc.BatchBody{IDs: []string{running.ID, stopped.ID, cloudspace.ID}})
	if err != nil || len(left.Items) > 0 {
		t.Errorf("after termination there are %+v, %v", left.Items, err)
	}
	if _, err := driver.Machine(t.Context(), running.ID); !errors.Is(err, hypervisor.ErrNotFound) {
		t.Errorf("the machine still exists: %v", err)
	}
	if _, err := customers.Patch(t.Context(), customer.ID, status(demarc.CustomerStatusActive)); client.AsProblem(err) == nil {
		t.Errorf("a terminated customer came back: %v", err)
	}
}

func TestCustomerLimit(t *testing.T) {
	t.Parallel()
	c, _ := connect(t, shared)
	resellers, customers := demarc.BillingEntities(c), demarc.Customers(c)
	reseller := mustCreate(t, resellers, demarc.BillingEntityCreate{Name: "small-" + fixture.Unique(), Currency: "EUR", CustomerLimit: new(1)})
	body := func() demarc.CustomerCreate {
		return demarc.CustomerCreate{Name: "c-" + fixture.Unique(), BillingEntityID: reseller.ID, Email: "a@example.com"}
	}
	first := mustCreate(t, customers, body())
	if _, err := customers.Create(t.Context(), body()); !client.IsCode(err, "limit_reached") {
		t.Errorf("over the limit: %v", err)
	}
	mustPatch(t, resellers, reseller.ID, demarc.BillingEntityPatch{CustomerLimit: client.Set(2)})
	second := mustCreate(t, customers, body())
	mustDelete(t, customers, first.ID, second.ID)
	mustDelete(t, resellers, reseller.ID)
}

func TestTreeHasNoCycle(t *testing.T) {
	t.Parallel()
	c, _ := connect(t, shared)
	entities := demarc.BillingEntities(c)
	upper := mustCreate(t, entities, demarc.BillingEntityCreate{Name: "upper-" + fixture.Unique(), Currency: "EUR"})
	lower := mustCreate(t, entities, demarc.BillingEntityCreate{Name: "lower-" + fixture.Unique(), Currency: "EUR", ParentID: &upper.ID})
	for _, parent := range []string{upper.ID, lower.ID} {
		_, err := entities.Patch(t.Context(), upper.ID, demarc.BillingEntityPatch{ParentID: client.Set(parent)})
		if p := client.AsProblem(err); p == nil || len(p.Errors) != 1 || p.Errors[0].Pointer != "/parent_id" {
			t.Errorf("below %s: %v", parent, err)
		}
	}
	mustPatch(t, entities, lower.ID, demarc.BillingEntityPatch{ParentID: client.Null[string]()})
	mustDelete(t, entities, upper.ID, lower.ID)
}

// What was changed in the location behind the control plane's back is repaired, and what does not belong there removed.
func TestDriftIsRepaired(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.WithEnv("DEMARC_SIMULATED_LATENCY=0"))
	c, cat := connect(t, s)
	_, cloudspace := space(t, c, cat)
	driver := driverOf(t, s, cloudspace.LocationID)
	machines := demarc.VirtualMachines(c)
	vm := mustCreate(t, machines, machineBody(t, c, cloudspace.ID))
	ctx := t.Context()
	if err := driver.SetPower(ctx, vm.ID, hypervisor.PowerStopped); err != nil {
		t.Fatal(err)
	}
	if _, err := driver.EnsureVolume(ctx, hypervisor.VolumeSpec{ID: "dsk_00000000000000000000000000", SizeGiB: 1}); err != nil {
		t.Fatal(err)
	}
	// Both are found by the reconcilers' own timers; a restart runs them at once.
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the machine runs again", func() bool {
		m, err := driver.Machine(ctx, vm.ID)
		return err == nil && m.Power == hypervisor.PowerRunning
	})
	eventually(t, "the orphan is gone", func() bool {
		_, err := driver.Volume(ctx, "dsk_00000000000000000000000000")
		return errors.Is(err, hypervisor.ErrNotFound)
	})
	eventually(t, "the repair has ended", func() bool { return mustGet(t, machines, vm.ID).State == demarc.StateActive })
	mustDelete(t, machines, vm.ID)
}

// A server that is killed in the middle of its work starts again and ends it: nothing twice, nothing orphaned.
func TestKilledServerGoesOn(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.WithEnv("DEMARC_SIMULATED_LATENCY=4"))
	c, cat := connect(t, s)
	_, cloudspace := space(t, c, cat)
	driver := driverOf(t, s, cloudspace.LocationID)
	const n = 10
	machines := demarc.VirtualMachines(c)
	vms := make([]demarc.VirtualMachine, n)
	for i := range vms {
		var err error
		if vms[i], err = machines.Create(t.Context(), machineBody(t, c, cloudspace.ID)); err != nil {
			t.Fatal(err)
		}
	}
	s.Kill()
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	for _, vm := range vms {
		if after, err := machines.Wait(t.Context(), vm); err != nil || after.State != demarc.StateActive {
			t.Errorf("%v %+v", err, after)
		}
	}
	found, err := driver.List(t.Context())
	if err != nil || len(found.Machines) != n {
		t.Errorf("%v: %d machines, want %d", err, len(found.Machines), n)
	}
	for _, vm := range vms {
		mustDelete(t, machines, vm.ID)
	}
	if found, err = driver.List(t.Context()); err != nil || len(found.Machines) != 0 {
		t.Errorf("%v: %d machines left", err, len(found.Machines))
	}
}

// Neither the token nor user data is in anything that the server says or logs.
func TestSecretsStayInside(t *testing.T) {
	t.Parallel()
	const marked = "MARKED-USER-DATA-7f3a"
	s := servertest.Start(t, servertest.WithEnv("DEMARC_SIMULATED_LATENCY=0", "DEMARC_LOG_LEVEL=debug"))
	c, cat := connect(t, s)
	_, cloudspace := space(t, c, cat)
	body := machineBody(t, c, cloudspace.ID)
	body.UserData = new(marked)
	machines := demarc.VirtualMachines(c)
	var res client.Response
	vm, err := machines.Create(t.Context(), body, client.Wait(), client.Answer(&res))
	if err != nil {
		t.Fatal(err)
	}
	said := string(res.Body)
	// What is read is taken as it comes: the types would leave out what they do not know.
	for _, path := range []string{"/virtual-machines/" + vm.ID, "/virtual-machines", "/operations"} {
		res, err := c.Do(t.Context(), client.Request{Method: http.MethodGet, Path: path})
		if err != nil {
			t.Fatal(err)
		}
		said += string(res.Body)
	}
	body.Name, body.VCPUs, body.UserData = "vm-"+fixture.Unique(), 100000, new(marked+strings.Repeat("x", 70000))
	_, err = machines.Create(t.Context(), body)
	if client.AsProblem(err) == nil {
		t.Fatalf("%v", err)
	}
	said += fmt.Sprintf("%+v", client.AsProblem(err))
	mustDelete(t, machines, vm.ID)
	for where, text := range map[string]string{"an answer": said, "the log": s.Log()} {
		for what, secret := range map[string]string{"user data": marked, "the token": s.Token} {
			if strings.Contains(text, secret) {
				t.Errorf("%s is in %s", what, where)
			}
		}
	}
}

// Lists page through everything once, whatever the page size, and filters and selectors narrow them.
func TestLists(t *testing.T) {
	t.Parallel()
	c, _ := connect(t, shared)
	group := "g-" + fixture.Unique()
	images := demarc.Images(c)
	var made []string
	for i := range 7 {
		labels := map[string]string{"group": group, "parity": []string{"even", "odd"}[i%2]}
		made = append(made, mustCreate(t, images, demarc.ImageCreate{Name: fmt.Sprintf("img-%s-%d", group, i), Labels: labels}).ID)
	}
	t.Cleanup(func() {
		for _, id := range made {
			_ = images.Delete(context.Background(), id)
		}
	})
	ids := func(query demarc.ImageQuery) []string {
		var out []string
		for image, err := range images.List(t.Context(), query) {
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, image.ID)
		}
		return out
	}
	for _, order := range []string{"", "name", "-name", "created_at", "-created_at"} {
		want := slices.Clone(made)
		if strings.HasPrefix(order, "-") {
			slices.Reverse(want)
		}
		if got := ids(demarc.ImageQuery{Label: "group=" + group, OrderBy: order, PageSize: 2}); !slices.Equal(got, want) {
			t.Errorf("order %q: %v, want %v", order, got, want)
		}
	}
	for selector, want := range map[string]int{"group=" + group + ",parity=odd": 3, "group=" + group + ",parity!=odd": 4, "group=" + group + ",!parity": 0, "group=" + group + ",parity": 7} {
		if got := ids(demarc.ImageQuery{Label: selector}); len(got) != want {
			t.Errorf("%s: %d, want %d", selector, len(got), want)
		}
	}
	if got := ids(demarc.ImageQuery{Search: group + "-3"}); len(got) != 1 || got[0] != made[3] {
		t.Errorf("q: %v", got)
	}
	for query, code := range map[string]string{"page_size=0": "invalid_parameter", "page_size=501": "invalid_parameter", "page_token=nonsense": "invalid_parameter",
		"colour=red": "unknown_parameter", "label=a+b+c": "invalid_parameter", "order_by=size": "invalid_parameter"} {
		name, value, _ := strings.Cut(query, "=")
		_, err := c.Do(t.Context(), client.Request{Method: http.MethodGet, Path: "/images", Query: map[string][]string{name: {value}}})
		if p := client.AsProblem(err); p == nil || p.Status != http.StatusBadRequest || p.Code != code {
			t.Errorf("%s: %v", query, err)
		}
	}
}

func TestNamePaths(t *testing.T) {
	t.Parallel()
	c, cat := connect(t, shared)
	customer, cloudspace := space(t, c, cat)
	spaces := demarc.Cloudspaces(c)
	for _, path := range []string{cloudspace.Name, customer.Name + "/" + cloudspace.Name} {
		if id, err := spaces.Resolve(t.Context(), path); err != nil || id != cloudspace.ID {
			t.Errorf("%s: %s, %v", path, id, err)
		}
	}
	if _, err := spaces.Resolve(t.Context(), "nobody/"+cloudspace.Name); err == nil {
		t.Error("a path below nobody was found")
	}
	if id, err := demarc.BillingEntities(c).Resolve(t.Context(), "operator"); err != nil || id == "" {
		t.Errorf("operator: %v", err)
	}
}

func TestAnonymousIsRefused(t *testing.T) {
	t.Parallel()
	var spec struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(api.OpenAPI, &spec); err != nil {
		t.Fatal(err)
	}
	operations, requests := 0, 0
	for path, methods := range spec.Paths {
		for method := range methods {
			if method == "parameters" {
				continue
			}
			operations++
			for _, token := range []string{"", "wrong", "Bearer", shared.Token + "x"} {
				requests++
				url := shared.Endpoint + "/api/v1" + strings.ReplaceAll(path, "{id}", "vm_00000000000000000000000000")
				req, err := http.NewRequestWithContext(t.Context(), strings.ToUpper(method), url, strings.NewReader("{}"))
				if err != nil {
					t.Fatal(err)
				}
				if token != "" {
					req.Header.Set("Authorization", "Bearer "+token)
				}
				res, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				_ = res.Body.Close()
				if res.StatusCode != http.StatusUnauthorized || res.Header.Get("Content-Type") != "application/problem+json" || res.Header.Get("WWW-Authenticate") == "" {
					t.Errorf("%s %s with token %q: %s", method, path, token, res.Status)
				}
			}
		}
	}
	if operations < 35 {
		t.Errorf("only %d operations", operations)
	}
	t.Logf("%d requests to %d operations", requests, operations)
}

func TestBatchGet(t *testing.T) {
	t.Parallel()
	c, cat := connect(t, shared)
	customer, cloudspace := space(t, c, cat)
	absent := "vm_00000000000000000000000000"
	got, err := demarc.Batch(t.Context(), c, demarc.BatchBody{IDs: []string{cloudspace.ID, absent, customer.ID, "nonsense"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Items) != 2 || got.Items[0].Kind != "cloudspace" || got.Items[1].ID != customer.ID || !slices.Equal(got.Missing, []string{absent, "nonsense"}) {
		t.Fatalf("%+v", got)
	}
	var second demarc.Customer
	if err := json.Unmarshal(got.Items[1].Object, &second); err != nil || second.ID != customer.ID || second.Name != customer.Name {
		t.Errorf("%v %+v", err, second)
	}
}
