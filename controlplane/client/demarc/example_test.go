package demarc_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/url"
	"time"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/client/demarc"
)

// Each of these runs against a server, and stands in docs/sdk.md as it stands here: what an example needs beside it is made here.

func Example() {
	cfg, err := client.ConfigFromEnv() // DEMARC_ENDPOINT, DEMARC_TOKEN or DEMARC_TOKEN_FILE, DEMARC_CA_FILE
	if err != nil {
		log.Fatal(err)
	}
	c, err := client.New(cfg)
	if err != nil {
		log.Fatal(err)
	}
	me, err := demarc.Whoami(context.Background(), c)
	if err != nil {
		log.Fatal(err)
	}
	for _, role := range me.Roles {
		fmt.Println(role.RoleName, "of", role.ScopeID)
	}
	// Output: platform-owner of platform
}

// customer makes the customer of an example, with a cloudspace.
func customer(name string) (demarc.Customer, demarc.Cloudspace) {
	operator, err := demarc.BillingEntities(c).Resolve(ctx, "operator")
	if err != nil {
		log.Fatal(err)
	}
	customer, err := demarc.Customers(c).Create(ctx, demarc.CustomerCreate{Name: name, BillingEntityID: operator, Email: "it@example.com"})
	if err != nil {
		log.Fatal(err)
	}
	location, err := demarc.Locations(c).Resolve(ctx, "local")
	if err != nil {
		log.Fatal(err)
	}
	space, err := demarc.Cloudspaces(c).Create(ctx, demarc.CloudspaceCreate{Name: "web", CustomerID: customer.ID, LocationID: location}, client.Wait())
	if err != nil {
		log.Fatal(err)
	}
	return customer, space
}

// terminate takes all of a customer away.
func terminate(customer demarc.Customer) {
	terminated := demarc.CustomerPatch{Status: client.Set(demarc.CustomerStatusTerminated)}
	if _, err := demarc.Customers(c).Patch(ctx, customer.ID, terminated, client.Wait()); err != nil {
		log.Fatal(err)
	}
	if err := demarc.Customers(c).Delete(ctx, customer.ID); err != nil {
		log.Fatal(err)
	}
}

func ExampleVirtualMachines() {
	acme, _ := customer("acme")
	defer terminate(acme)

	// A name path, from any ancestor down, stands for one object.
	space, err := demarc.Cloudspaces(c).Resolve(ctx, "acme/web")
	if err != nil {
		log.Fatal(err)
	}
	image, err := demarc.Images(c).Resolve(ctx, "debian-12")
	if err != nil {
		log.Fatal(err)
	}
	machines := demarc.VirtualMachines(c)
	machine, err := machines.Create(ctx, demarc.VirtualMachineCreate{
		Name:            "web1",
		CloudspaceID:    space,
		ImageID:         image,
		VCPUs:           2,
		MemoryMiB:       2048,
		BootDiskSizeGiB: new(20),
		Labels:          map[string]string{"tier": "web"},
	}, client.Wait())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(machine.Name, machine.State, machine.PowerState)

	// Without client.Wait the answer comes at once; Wait waits for what goes on, for as long as the context lets it.
	machine, err = machines.Reboot(ctx, machine.ID)
	if err != nil {
		log.Fatal(err)
	}
	waiting, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	if machine, err = machines.Wait(waiting, machine); err != nil {
		log.Fatal(err)
	}
	fmt.Println(machine.State)

	if err := machines.Delete(ctx, machine.ID, client.Wait()); err != nil {
		log.Fatal(err)
	}
	_, err = machines.Get(ctx, machine.ID)
	fmt.Println(client.IsNotFound(err))
	// Output:
	// web1 active running
	// active
	// true
}

func ExampleImages_list() {
	for image, err := range demarc.Images(c).List(ctx, demarc.ImageQuery{
		Search:        "debian",
		State:         []demarc.State{demarc.StateActive},
		CreatedAtFrom: time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC),
		OrderBy:       "-name",
	}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(image.Name, image.Architecture == demarc.ImageArchitectureX86_64)
	}
	// Output: debian-12 true
}

func ExampleImages_patch() {
	images := demarc.Images(c)
	image, err := images.Create(ctx, demarc.ImageCreate{
		Name:        "alpine-3",
		DisplayName: new("Alpine"),
		Notes:       new("For tests."),
		Labels:      map[string]string{"size": "small", "team": "core"},
	})
	if err != nil {
		log.Fatal(err)
	}
	// A field that is not named stays as it is.
	image, err = images.Patch(ctx, image.ID, demarc.ImagePatch{
		DisplayName: client.Set("Alpine Linux"),
		Notes:       client.Null[string](), // cleared
		Labels: client.Set(client.Entries[string]{
			"env":  client.Set("prod"),    // added
			"team": client.Null[string](), // removed
		}),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(*image.DisplayName, image.Notes == nil, image.Labels, image.MinDiskGiB)

	if err := images.Delete(ctx, image.ID); err != nil {
		log.Fatal(err)
	}
	// Output: Alpine Linux true map[env:prod size:small] 1
}

func ExampleImages_concurrent() {
	images := demarc.Images(c)
	image, err := images.Create(ctx, demarc.ImageCreate{Name: "fedora-44", MinDiskGiB: new(10)})
	if err != nil {
		log.Fatal(err)
	}
	// Somebody else changes it meanwhile.
	if _, err := images.Patch(ctx, image.ID, demarc.ImagePatch{Notes: client.Set("Checked.")}); err != nil {
		log.Fatal(err)
	}

	// Only if it is still of this revision.
	_, err = images.Patch(ctx, image.ID, demarc.ImagePatch{MinDiskGiB: client.Set(20)}, client.IfMatch(image.Revision))
	fmt.Println(client.IsCode(err, "revision_mismatch"))

	// Only if what is changed here is still as it was read.
	changed, err := images.Patch(ctx, image.ID, demarc.ImagePatch{MinDiskGiB: client.Set(20)}, client.IfUnchanged(image))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(changed.MinDiskGiB, *changed.Notes)

	if err := images.Delete(ctx, image.ID, client.IfMatch(changed.Revision)); err != nil {
		log.Fatal(err)
	}
	// Output:
	// true
	// 20 Checked.
}

func ExamplePolicies() {
	acme, _ := customer("initech")
	defer terminate(acme)
	viewer, err := demarc.Roles(c).Resolve(ctx, "operator/viewer")
	if err != nil {
		log.Fatal(err)
	}
	policies := demarc.Policies(c)

	// A singleton is there for as long as what it is about is: it is neither created nor listed.
	policy, err := policies.Patch(ctx, acme.ID, demarc.PolicyPatch{
		Bindings: client.Set(client.Entries[demarc.PolicyBindingPatch]{
			viewer: client.Set(demarc.PolicyBindingPatch{Members: client.Set([]string{"user:ann", "group:ops"})}),
		}),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(policy.Bindings[viewer].Members)
	// Output: [group:ops user:ann]
}

func Example_errors() {
	images := demarc.Images(c)
	_, err := images.Create(ctx, demarc.ImageCreate{Name: "No Slug", MinDiskGiB: new(0)})
	if problem := client.AsProblem(err); problem != nil {
		fmt.Println(problem.Status, problem.Code)
		for _, wrong := range problem.Errors {
			fmt.Println(wrong.Pointer, wrong.Code)
		}
	}

	_, err = images.Resolve(ctx, "no-such-image")
	fmt.Println(client.IsNotFound(err))

	// What was begun and ended otherwise than well has the code of the operation.
	var failed *client.OperationFailedError
	fmt.Println(errors.As(err, &failed))
	// Output:
	// 422 invalid
	// /min_disk_gib minimum
	// /name pattern
	// true
	// false
}

func Example_dryRun() {
	image, err := demarc.Images(c).Create(ctx, demarc.ImageCreate{Name: "debian-13"}, client.DryRun())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(image.OSType, image.MinDiskGiB)
	// Output: linux 1
}

func Example_anyKind() {
	cat, err := catalog.Load()
	if err != nil {
		log.Fatal(err)
	}
	kind := cat.Kind("location")
	type objects = client.Kind[map[string]any, map[string]any, map[string]any, url.Values]
	for object, err := range client.Bind[objects](c, kind).List(ctx, url.Values{"order_by": {"name"}}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(kind.Title, object["name"])
	}
	// Output: Location local
}
