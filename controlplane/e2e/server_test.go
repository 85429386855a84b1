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

// object is what these tests read of any object.
type object struct {
	ID               string  `json:"id"`
	Name             string  `json:"name"`
	Revision         int64   `json:"revision"`
	State            string  `json:"state"`
	StateReason      *string `json:"state_reason"`
	OperationID      *string `json:"operation_id"`
	PowerState       string  `json:"power_state"`
	Observed         *string `json:"observed_power_state"`
	VirtualMachineID *string `json:"virtual_machine_id"`
	LocationID       string  `json:"location_id"`
	Status           string  `json:"status"`
}

func decode(t *testing.T, b json.RawMessage) object {
	t.Helper()
	var o object
	if err := json.Unmarshal(b, &o); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return o
}

func get(t *testing.T, c *client.Client, path string) object {
	t.Helper()
	res, err := c.Do(t.Context(), client.Request{Method: http.MethodGet, Path: path})
	if err != nil {
		t.Fatalf("GET %s: %v", path, err)
	}
	return decode(t, res.Body)
}

// write sends a write and waits for what it began.
func write(t *testing.T, c *client.Client, method, path string, body any) (object, error) {
	t.Helper()
	res, err := c.Write(t.Context(), client.Request{Method: method, Path: path, Body: body, IdempotencyKey: client.NewIdempotencyKey()})
	if err != nil {
		return object{}, err
	}
	if id := res.OperationID(); id != "" {
		if _, err := c.WaitOperation(t.Context(), id); err != nil {
			return decode(t, res.Body), err
		}
	}
	if res.Status == http.StatusNoContent || method == http.MethodDelete {
		return object{}, nil
	}
	return get(t, c, strings.TrimSuffix(path, "/"+decode(t, res.Body).ID)+"/"+decode(t, res.Body).ID), nil
}

func mustWrite(t *testing.T, c *client.Client, method, path string, body any) object {
	t.Helper()
	o, err := write(t, c, method, path, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return o
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
	key, name := client.NewIdempotencyKey(), "idem-"+fixture.Unique()
	post := func(body map[string]any) (*client.Response, error) {
		return c.Do(t.Context(), client.Request{Method: http.MethodPost, Path: "/images", Body: body, IdempotencyKey: key})
	}
	// All at once: one makes it, the others get its answer.
	var wg sync.WaitGroup
	ids := make([]string, 8)
	for i := range ids {
		wg.Go(func() {
			res, err := post(map[string]any{"name": name})
			if err != nil {
				t.Errorf("request %d: %v", i, err)
				return
			}
			var o object
			if err := json.Unmarshal(res.Body, &o); err != nil {
				t.Error(err)
			}
			ids[i] = o.ID
		})
	}
	wg.Wait()
	if slices.Sort(ids); ids[0] == "" || ids[0] != ids[len(ids)-1] {
		t.Fatalf("one key made %v", slices.Compact(ids))
	}
	t.Cleanup(func() {
		_, _ = c.Do(context.Background(), client.Request{Method: http.MethodDelete, Path: "/images/" + ids[0]})
	})
	res, err := post(map[string]any{"name": name})
	if err != nil || res.Header.Get("Idempotency-Replayed") != "true" || res.Status != http.StatusCreated || !strings.HasPrefix(res.ETag(), `"1.`) {
		t.Errorf("repeated: %v %+v", err, res)
	}
	if _, err := post(map[string]any{"name": name + "-other"}); !client.IsCode(err, "idempotency_key_reused") {
		t.Errorf("same key, other body: %v", err)
	}
}

func TestLostUpdate(t *testing.T) {
	t.Parallel()
	c, _ := connect(t, shared)
	o := mustWrite(t, c, http.MethodPost, "/images", map[string]any{"name": "lost-" + fixture.Unique()})
	path := "/images/" + o.ID
	patch := func(revision string, body map[string]any) error {
		_, err := c.Do(t.Context(), client.Request{Method: http.MethodPatch, Path: path, Body: body, IfMatch: revision})
		return err
	}
	if err := patch(`"1"`, map[string]any{"notes": "first"}); err != nil {
		t.Fatal(err)
	}
	if err := patch(`"1"`, map[string]any{"notes": "second"}); !client.IsCode(err, "revision_mismatch") {
		t.Errorf("a lost update was not noticed: %v", err)
	}
	if _, err := c.Do(t.Context(), client.Request{Method: http.MethodDelete, Path: path, IfMatch: `"1"`}); !client.IsCode(err, "revision_mismatch") {
		t.Errorf("delete of another revision: %v", err)
	}
	if err := patch(`"2"`, map[string]any{"notes": "first"}); err != nil {
		t.Fatal(err)
	}
	if got := get(t, c, path); got.Revision != 2 {
		t.Errorf("a patch that changes nothing made revision %d", got.Revision)
	}
	mustWrite(t, c, http.MethodDelete, path, nil)
}

func TestDryRunKeepsNothing(t *testing.T) {
	t.Parallel()
	c, _ := connect(t, shared)
	name := "dry-" + fixture.Unique()
	res, err := c.Do(t.Context(), client.Request{Method: http.MethodPost, Path: "/images", Query: map[string][]string{"dry_run": {"true"}},
		Body: map[string]any{"name": name}, IdempotencyKey: client.NewIdempotencyKey()})
	if err != nil || res.Status != http.StatusOK || decode(t, res.Body).Name != name {
		t.Fatalf("%v %+v", err, res)
	}
	for range c.List(t.Context(), "/images", map[string][]string{"path": {name}}) {
		t.Fatal("a dry run made an image")
	}
}

// space makes a customer with a cloudspace, removed with the test.
func space(t *testing.T, c *client.Client, cat *catalog.Catalog) (customer, cloudspace object) {
	t.Helper()
	f := fixture.Open(t, c, cat, "cloudspace")
	cs := decode(t, f.MustCreate(fixture.Minimal).Body)
	id, err := f.Parent(t.Context(), "customer")
	if err != nil {
		t.Fatal(err)
	}
	return get(t, c, "/customers/"+id), get(t, c, "/cloudspaces/"+cs.ID)
}

func machineBody(t *testing.T, c *client.Client, cloudspaceID string) map[string]any {
	t.Helper()
	for raw, err := range c.List(t.Context(), "/images", map[string][]string{"path": {"debian-12"}}) {
		if err != nil {
			t.Fatal(err)
		}
		return map[string]any{"name": "vm-" + fixture.Unique(), "cloudspace_id": cloudspaceID, "image_id": decode(t, raw).ID, "vcpus": 1, "memory_mib": 512}
	}
	t.Fatal("the server has no image debian-12")
	return nil
}

func TestDeleteOfAParentNamesItsChildren(t *testing.T) {
	t.Parallel()
	c, cat := connect(t, shared)
	customer, cloudspace := space(t, c, cat)
	_, err := c.Do(t.Context(), client.Request{Method: http.MethodDelete, Path: "/customers/" + customer.ID})
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
	res, err := c.Do(t.Context(), client.Request{Method: http.MethodPost, Path: "/virtual-machines", Body: machineBody(t, c, cloudspace.ID), IdempotencyKey: client.NewIdempotencyKey()})
	if err != nil || res.Status != http.StatusAccepted {
		t.Fatalf("%v %+v", err, res)
	}
	vm := decode(t, res.Body)
	path := "/virtual-machines/" + vm.ID
	_, err = c.Do(t.Context(), client.Request{Method: http.MethodPatch, Path: path, Body: map[string]any{"memory_mib": 1024}})
	if p := client.AsProblem(err); p == nil || p.Code != "operation_in_progress" || p.OperationID != *vm.OperationID {
		t.Fatalf("want a conflict with %s, got %v", *vm.OperationID, err)
	}
	// A client that waits gets through.
	after := mustWrite(t, c, http.MethodPatch, path, map[string]any{"memory_mib": 1024})
	if after.State != "active" || after.Revision != 2 {
		t.Errorf("%+v", after)
	}
	mustWrite(t, c, http.MethodDelete, path, nil)
	if _, err := c.Do(t.Context(), client.Request{Method: http.MethodGet, Path: path}); !client.IsNotFound(err) {
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
	vm, err := write(t, c, http.MethodPost, "/virtual-machines", machineBody(t, c, cloudspace.ID))
	var failed *client.OperationFailedError
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), "the host is on fire") {
		t.Fatalf("want the driver's words, got %v", err)
	}
	path := "/virtual-machines/" + vm.ID
	vm = get(t, c, path)
	if vm.State != "failed" || vm.StateReason == nil || !strings.Contains(*vm.StateReason, "the host is on fire") || vm.OperationID != nil {
		t.Errorf("%+v", vm)
	}
	if _, err := driver.Machine(t.Context(), vm.ID); !errors.Is(err, hypervisor.ErrNotFound) {
		t.Errorf("what was made of it was not undone: %v", err)
	}
	// An empty patch retries.
	if vm = mustWrite(t, c, http.MethodPatch, path, map[string]any{}); vm.State != "active" || vm.StateReason != nil {
		t.Errorf("%+v", vm)
	}
	if m, err := driver.Machine(t.Context(), vm.ID); err != nil || m.Power != hypervisor.PowerRunning {
		t.Errorf("%v %+v", err, m)
	}
	mustWrite(t, c, http.MethodDelete, path, nil)
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
	d := mustWrite(t, c, http.MethodPost, "/disks", map[string]any{"name": "d-" + fixture.Unique(), "cloudspace_id": cloudspace.ID, "size_gib": 1})
	if d.State != "active" {
		t.Errorf("%+v", d)
	}
	mustWrite(t, c, http.MethodDelete, "/disks/"+d.ID, nil)
}

func TestDeletingEitherEndReleasesAnAttachment(t *testing.T) {
	t.Parallel()
	c, cat := connect(t, shared)
	_, cloudspace := space(t, c, cat)
	driver := driverOf(t, shared, cloudspace.LocationID)
	vm := mustWrite(t, c, http.MethodPost, "/virtual-machines", machineBody(t, c, cloudspace.ID))
	disk := func() object {
		return mustWrite(t, c, http.MethodPost, "/disks", map[string]any{"name": "d-" + fixture.Unique(), "cloudspace_id": cloudspace.ID, "size_gib": 1, "virtual_machine_id": vm.ID})
	}
	first, second := disk(), disk()
	if m, err := driver.Machine(t.Context(), vm.ID); err != nil || len(m.VolumeIDs) != 2 {
		t.Fatalf("%v %+v", err, m)
	}
	mustWrite(t, c, http.MethodDelete, "/disks/"+first.ID, nil)
	mustWrite(t, c, http.MethodDelete, "/virtual-machines/"+vm.ID, nil)
	after := get(t, c, "/disks/"+second.ID)
	if after.VirtualMachineID != nil || after.State != "active" || after.Revision != second.Revision {
		t.Errorf("%+v", after)
	}
	if v, err := driver.Volume(t.Context(), second.ID); err != nil || v.MachineID != "" {
		t.Errorf("%v %+v", err, v)
	}
	mustWrite(t, c, http.MethodDelete, "/disks/"+second.ID, nil)
}

// Suspending a customer stops what it runs; resuming starts what ran, and nothing else; what was asked for stays.
func TestSuspendAndResume(t *testing.T) {
	t.Parallel()
	c, cat := connect(t, shared)
	customer, cloudspace := space(t, c, cat)
	driver := driverOf(t, shared, cloudspace.LocationID)
	running := mustWrite(t, c, http.MethodPost, "/virtual-machines", machineBody(t, c, cloudspace.ID))
	body := machineBody(t, c, cloudspace.ID)
	body["power_state"] = "stopped"
	stopped := mustWrite(t, c, http.MethodPost, "/virtual-machines", body)
	expect := func(when string, power hypervisor.Power) {
		t.Helper()
		for id, want := range map[string]hypervisor.Power{running.ID: power, stopped.ID: hypervisor.PowerStopped} {
			if m, err := driver.Machine(t.Context(), id); err != nil || m.Power != want {
				t.Errorf("%s: %s is %v (%v), want %s", when, id, m.Power, err, want)
			}
		}
		if vm := get(t, c, "/virtual-machines/"+running.ID); vm.PowerState != "running" || vm.Revision != 1 {
			t.Errorf("%s: what was asked for changed: %+v", when, vm)
		}
	}
	mustWrite(t, c, http.MethodPatch, "/customers/"+customer.ID, map[string]any{"status": "suspended", "status_reason": "unpaid"})
	expect("suspended", hypervisor.PowerStopped)
	if _, err := write(t, c, http.MethodPost, "/virtual-machines", machineBody(t, c, cloudspace.ID)); !client.IsCode(err, "wrong_state") {
		t.Errorf("a suspended customer made a machine: %v", err)
	}
	mustWrite(t, c, http.MethodPatch, "/customers/"+customer.ID, map[string]any{"status": "active"})
	expect("resumed", hypervisor.PowerRunning)
	mustWrite(t, c, http.MethodPatch, "/customers/"+customer.ID, map[string]any{"status": "terminated"})
	for _, path := range []string{"/virtual-machines/" + running.ID, "/virtual-machines/" + stopped.ID, "/cloudspaces/" + cloudspace.ID} {
		if _, err := c.Do(t.Context(), client.Request{Method: http.MethodGet, Path: path}); !client.IsNotFound(err) {
			t.Errorf("after termination, GET %s: %v", path, err)
		}
	}
	if _, err := driver.Machine(t.Context(), running.ID); !errors.Is(err, hypervisor.ErrNotFound) {
		t.Errorf("the machine still exists: %v", err)
	}
	if _, err := write(t, c, http.MethodPatch, "/customers/"+customer.ID, map[string]any{"status": "active"}); client.AsProblem(err) == nil {
		t.Errorf("a terminated customer came back: %v", err)
	}
}

func TestCustomerLimit(t *testing.T) {
	t.Parallel()
	c, _ := connect(t, shared)
	reseller := mustWrite(t, c, http.MethodPost, "/billing-entities", map[string]any{"name": "small-" + fixture.Unique(), "currency": "EUR", "customer_limit": 1})
	body := func() map[string]any {
		return map[string]any{"name": "c-" + fixture.Unique(), "billing_entity_id": reseller.ID, "email": "a@example.com"}
	}
	first := mustWrite(t, c, http.MethodPost, "/customers", body())
	if _, err := write(t, c, http.MethodPost, "/customers", body()); !client.IsCode(err, "limit_reached") {
		t.Errorf("over the limit: %v", err)
	}
	mustWrite(t, c, http.MethodPatch, "/billing-entities/"+reseller.ID, map[string]any{"customer_limit": 2})
	second := mustWrite(t, c, http.MethodPost, "/customers", body())
	for _, path := range []string{"/customers/" + first.ID, "/customers/" + second.ID, "/billing-entities/" + reseller.ID} {
		mustWrite(t, c, http.MethodDelete, path, nil)
	}
}

func TestTreeHasNoCycle(t *testing.T) {
	t.Parallel()
	c, _ := connect(t, shared)
	upper := mustWrite(t, c, http.MethodPost, "/billing-entities", map[string]any{"name": "upper-" + fixture.Unique(), "currency": "EUR"})
	lower := mustWrite(t, c, http.MethodPost, "/billing-entities", map[string]any{"name": "lower-" + fixture.Unique(), "currency": "EUR", "parent_id": upper.ID})
	for _, parent := range []string{upper.ID, lower.ID} {
		_, err := write(t, c, http.MethodPatch, "/billing-entities/"+upper.ID, map[string]any{"parent_id": parent})
		if p := client.AsProblem(err); p == nil || len(p.Errors) != 1 || p.Errors[0].Pointer != "/parent_id" {
			t.Errorf("below %s: %v", parent, err)
		}
	}
	mustWrite(t, c, http.MethodPatch, "/billing-entities/"+lower.ID, map[string]any{"parent_id": nil})
	mustWrite(t, c, http.MethodDelete, "/billing-entities/"+upper.ID, nil)
	mustWrite(t, c, http.MethodDelete, "/billing-entities/"+lower.ID, nil)
}

// What was changed in the location behind the control plane's back is repaired, and what does not belong there removed.
func TestDriftIsRepaired(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.WithEnv("DEMARC_SIMULATED_LATENCY=0"))
	c, cat := connect(t, s)
	_, cloudspace := space(t, c, cat)
	driver := driverOf(t, s, cloudspace.LocationID)
	vm := mustWrite(t, c, http.MethodPost, "/virtual-machines", machineBody(t, c, cloudspace.ID))
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
	eventually(t, "the repair has ended", func() bool { return get(t, c, "/virtual-machines/"+vm.ID).State == "active" })
	mustWrite(t, c, http.MethodDelete, "/virtual-machines/"+vm.ID, nil)
}

// A server that is killed in the middle of its work starts again and ends it: nothing twice, nothing orphaned.
func TestKilledServerGoesOn(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.WithEnv("DEMARC_SIMULATED_LATENCY=4"))
	c, cat := connect(t, s)
	_, cloudspace := space(t, c, cat)
	driver := driverOf(t, s, cloudspace.LocationID)
	const n = 10
	vms := make([]object, n)
	for i := range vms {
		res, err := c.Do(t.Context(), client.Request{Method: http.MethodPost, Path: "/virtual-machines", Body: machineBody(t, c, cloudspace.ID), IdempotencyKey: client.NewIdempotencyKey()})
		if err != nil {
			t.Fatal(err)
		}
		vms[i] = decode(t, res.Body)
	}
	s.Kill()
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	for _, vm := range vms {
		if _, err := c.WaitOperation(t.Context(), *vm.OperationID); err != nil {
			t.Errorf("%s: %v", vm.ID, err)
		}
		if after := get(t, c, "/virtual-machines/"+vm.ID); after.State != "active" {
			t.Errorf("%+v", after)
		}
	}
	found, err := driver.List(t.Context())
	if err != nil || len(found.Machines) != n {
		t.Errorf("%v: %d machines, want %d", err, len(found.Machines), n)
	}
	for _, vm := range vms {
		mustWrite(t, c, http.MethodDelete, "/virtual-machines/"+vm.ID, nil)
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
	body["user_data"] = marked
	res, err := c.Do(t.Context(), client.Request{Method: http.MethodPost, Path: "/virtual-machines", Body: body, IdempotencyKey: client.NewIdempotencyKey()})
	if err != nil {
		t.Fatal(err)
	}
	said := string(res.Body)
	vm := decode(t, res.Body)
	if _, err := c.WaitOperation(t.Context(), *vm.OperationID); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/virtual-machines/" + vm.ID, "/virtual-machines", "/operations"} {
		res, err := c.Do(t.Context(), client.Request{Method: http.MethodGet, Path: path})
		if err != nil {
			t.Fatal(err)
		}
		said += string(res.Body)
	}
	body["name"], body["vcpus"], body["user_data"] = "vm-"+fixture.Unique(), 100000, marked+strings.Repeat("x", 70000)
	_, err = c.Do(t.Context(), client.Request{Method: http.MethodPost, Path: "/virtual-machines", Body: body, IdempotencyKey: client.NewIdempotencyKey()})
	if client.AsProblem(err) == nil {
		t.Fatalf("%v", err)
	}
	said += fmt.Sprintf("%+v", client.AsProblem(err))
	mustWrite(t, c, http.MethodDelete, "/virtual-machines/"+vm.ID, nil)
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
	var made []string
	for i := range 7 {
		labels := map[string]any{"group": group, "parity": []string{"even", "odd"}[i%2]}
		made = append(made, mustWrite(t, c, http.MethodPost, "/images", map[string]any{"name": fmt.Sprintf("img-%s-%d", group, i), "labels": labels}).ID)
	}
	t.Cleanup(func() {
		for _, id := range made {
			_, _ = c.Do(context.Background(), client.Request{Method: http.MethodDelete, Path: "/images/" + id})
		}
	})
	ids := func(query map[string][]string) []string {
		var out []string
		for raw, err := range c.List(t.Context(), "/images", query) {
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, decode(t, raw).ID)
		}
		return out
	}
	for _, order := range []string{"", "name", "-name", "created_at", "-created_at"} {
		q := map[string][]string{"label": {"group=" + group}, "page_size": {"2"}}
		want := slices.Clone(made)
		if order != "" {
			q["order_by"] = []string{order}
		}
		if strings.HasPrefix(order, "-") {
			slices.Reverse(want)
		}
		if got := ids(q); !slices.Equal(got, want) {
			t.Errorf("order %q: %v, want %v", order, got, want)
		}
	}
	for selector, want := range map[string]int{"group=" + group + ",parity=odd": 3, "group=" + group + ",parity!=odd": 4, "group=" + group + ",!parity": 0, "group=" + group + ",parity": 7} {
		if got := ids(map[string][]string{"label": {selector}}); len(got) != want {
			t.Errorf("%s: %d, want %d", selector, len(got), want)
		}
	}
	if got := ids(map[string][]string{"q": {group + "-3"}}); len(got) != 1 || got[0] != made[3] {
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
	kind := cat.Kind("cloudspace")
	for _, path := range []string{cloudspace.Name, customer.Name + "/" + cloudspace.Name} {
		if id, err := c.Resolve(t.Context(), kind, path); err != nil || id != cloudspace.ID {
			t.Errorf("%s: %s, %v", path, id, err)
		}
	}
	if _, err := c.Resolve(t.Context(), kind, "nobody/"+cloudspace.Name); err == nil {
		t.Error("a path below nobody was found")
	}
	if id, err := c.Resolve(t.Context(), cat.Kind("billing_entity"), "operator"); err != nil || id == "" {
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
	res, err := c.Do(t.Context(), client.Request{Method: http.MethodPost, Path: "/batch-get", IdempotencyKey: client.NewIdempotencyKey(),
		Body: map[string]any{"ids": []string{cloudspace.ID, absent, customer.ID, "nonsense"}}})
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Items []struct {
			ID, Kind string
			Object   object
		}
		Missing []string
	}
	if err := json.Unmarshal(res.Body, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Items) != 2 || got.Items[0].Kind != "cloudspace" || got.Items[1].Object.ID != customer.ID || !slices.Equal(got.Missing, []string{absent, "nonsense"}) {
		t.Errorf("%s", res.Body)
	}
}
