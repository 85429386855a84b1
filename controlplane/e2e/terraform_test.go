package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/demarc"
	"github.com/demarc/demarc/controlplane/client/servertest"
	"github.com/demarc/demarc/controlplane/e2e/checkout"
	"github.com/demarc/demarc/controlplane/e2e/terraform"
	"github.com/demarc/demarc/controlplane/internal/driver/simulated"
)

// workspace is a folder with a configuration, for one server.
type workspace struct {
	t      *testing.T
	server *servertest.Server
	cli    *terraform.CLI
	dir    string
}

func newWorkspace(t *testing.T, s *servertest.Server) *workspace {
	t.Helper()
	root, err := checkout.Root()
	if err != nil {
		t.Fatal(err)
	}
	programs, err := checkout.Build(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	path, err := checkout.Tool(root, "terraform")
	if err != nil {
		t.Fatal(err)
	}
	cli, err := terraform.New(path, programs.Provider, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	cli.Env = []string{"DEMARC_ENDPOINT=" + s.Endpoint, "DEMARC_TOKEN=" + s.Token}
	w := &workspace{t, s, cli, t.TempDir()}
	w.write("")
	w.must("init")
	return w
}

// providers says where the provider comes from.
const providers = `
terraform {
  required_providers {
    demarc = { source = "demarc/demarc" }
  }
}
`

// base is what every configuration here stands on.
const base = providers + `
data "demarc_location" "local" { path = "local" }
data "demarc_image" "debian" { path = "debian-12" }
resource "demarc_billing_entity" "r" {
  name     = "reseller"
  currency = "EUR"
}
resource "demarc_customer" "c" {
  name              = "acme"
  billing_entity_id = demarc_billing_entity.r.id
  email             = "it@example.com"
}
resource "demarc_cloudspace" "s" {
  name        = "web"
  customer_id = demarc_customer.c.id
  location_id = data.demarc_location.local.id
}
`

func (w *workspace) write(config string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, "main.tf"), []byte(base+config), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

func (w *workspace) must(args ...string) string {
	w.t.Helper()
	out, err := w.cli.Run(w.t.Context(), w.dir, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	return out
}

func (w *workspace) apply(config string) {
	w.t.Helper()
	w.write(config)
	w.must("apply", "-auto-approve", "-no-color")
	w.unchanged()
}

func (w *workspace) unchanged() {
	w.t.Helper()
	changes, plan, err := w.cli.Changes(w.t.Context(), w.dir)
	if err != nil || changes {
		w.t.Fatalf("the plan is not empty: %v\n%s", err, plan)
	}
}

// state returns the attributes of a resource in the state, nil if it is not there.
func (w *workspace) state(address string) map[string]any {
	w.t.Helper()
	var shown struct {
		Values struct {
			Root struct {
				Resources []struct {
					Address string         `json:"address"`
					Values  map[string]any `json:"values"`
				} `json:"resources"`
			} `json:"root_module"`
		} `json:"values"`
	}
	if err := json.Unmarshal([]byte(w.must("show", "-json")), &shown); err != nil {
		w.t.Fatal(err)
	}
	for _, r := range shown.Values.Root.Resources {
		if r.Address == address {
			return r.Values
		}
	}
	return nil
}

// start begins an apply and returns when the server has a machine of that name.
func (w *workspace) start(c *client.Client, name string) (cmd *exec.Cmd, output *bytes.Buffer) {
	w.t.Helper()
	output = &bytes.Buffer{}
	cmd = w.cli.Command(context.WithoutCancel(w.t.Context()), w.dir, "apply", "-auto-approve", "-no-color")
	cmd.Stdout, cmd.Stderr = output, output
	// A group of its own, so that a signal reaches the provider too, as it does from a terminal.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	eventually(w.t, "the server has "+name, func() bool { return len(machinesNamed(w.t, c, name)) > 0 })
	return cmd, output
}

// slowMachines applies what machines stand on, and has the making of each take so long that something can come in between.
func (w *workspace) slowMachines(c *client.Client) {
	w.t.Helper()
	w.apply("")
	if err := simulated.SetFaults(w.server.DataDir+"/simulated/"+w.location(c), simulated.Fault{Verb: "EnsureMachine", DelayMS: 4000}); err != nil {
		w.t.Fatal(err)
	}
}

// location is where the cloudspace of the state is.
func (w *workspace) location(c *client.Client) string {
	w.t.Helper()
	return mustGet(w.t, demarc.Cloudspaces(c), w.state("demarc_cloudspace.s")["id"].(string)).LocationID
}

func machinesNamed(t *testing.T, c *client.Client, name string) []demarc.VirtualMachine {
	t.Helper()
	var out []demarc.VirtualMachine
	for vm, err := range demarc.VirtualMachines(c).List(t.Context(), demarc.VirtualMachineQuery{Path: name}) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, vm)
	}
	return out
}

func machine(name string, more ...string) string {
	return fmt.Sprintf(`
resource "demarc_virtual_machine" %[1]q {
  name          = %[1]q
  cloudspace_id = demarc_cloudspace.s.id
  image_id      = data.demarc_image.debian.id
  vcpus         = 1
  memory_mib    = 512
  %[2]s
}
`, name, strings.Join(more, "\n  "))
}

func dataDisk(more ...string) string {
	return fmt.Sprintf(`
resource "demarc_disk" "data" {
  name          = "data"
  cloudspace_id = demarc_cloudspace.s.id
  size_gib      = 5
  %s
}
`, strings.Join(more, "\n  "))
}

func TestTerraformAttachments(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.WithEnv("DEMARC_SIMULATED_LATENCY=0"))
	c, _ := connect(t, s)
	w := newWorkspace(t, s)
	attached := dataDisk(`virtual_machine_id = demarc_virtual_machine.vm1.id`)

	w.apply(machine("vm1") + attached)
	w.apply(machine("vm1")) // the disk and its attachment in one apply
	w.apply(machine("vm1") + attached)
	disk, before := w.state("demarc_disk.data")["id"], w.state("demarc_virtual_machine.vm1")["id"]

	// Another machine under the same name: the disk stays, and is attached to the new one.
	w.must("apply", "-auto-approve", "-replace=demarc_virtual_machine.vm1")
	w.unchanged()
	after := w.state("demarc_virtual_machine.vm1")["id"]
	if d := mustGet(t, demarc.Disks(c), disk.(string)); after == before || d.VirtualMachineID == nil || *d.VirtualMachineID != after {
		t.Errorf("the machine went from %v to %v, the disk is %+v", before, after, d)
	}
	w.apply(dataDisk()) // the machine and its attachment in one apply
	if d := mustGet(t, demarc.Disks(c), disk.(string)); d.VirtualMachineID != nil {
		t.Errorf("%+v", d)
	}
	w.must("destroy", "-auto-approve")
}

// A server that is killed in the middle of an apply: after a restart the next apply converges.
func TestTerraformSurvivesKilledServer(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.WithEnv("DEMARC_SIMULATED_LATENCY=0"))
	c, _ := connect(t, s)
	w := newWorkspace(t, s)
	w.slowMachines(c)
	config := dataDisk(`virtual_machine_id = demarc_virtual_machine.vm1.id`)
	for i := 1; i <= 4; i++ {
		config += machine(fmt.Sprintf("vm%d", i))
	}
	w.write(config)
	cmd, _ := w.start(c, "vm1")
	s.Kill()
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it may have got through, by its own retries
	w.apply(config)
	driver := driverOf(t, s, w.location(c))
	found, err := driver.List(t.Context())
	if err != nil || len(found.Machines) != 4 || len(found.Volumes) != 1 || len(found.Networks) != 1 {
		t.Errorf("%v: %+v", err, found)
	}
	w.must("destroy", "-auto-approve")
	if found, err = driver.List(t.Context()); err != nil || len(found.Machines)+len(found.Volumes)+len(found.Networks) != 0 {
		t.Errorf("%v: left %+v", err, found)
	}
}

// Interrupted during a create: the id is in the state, and the next apply goes on with the same machine.
func TestTerraformInterrupted(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.WithEnv("DEMARC_SIMULATED_LATENCY=0"))
	c, _ := connect(t, s)
	w := newWorkspace(t, s)
	w.slowMachines(c)
	w.write(machine("vm1"))
	cmd, output := w.start(c, "vm1")
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	err := cmd.Wait()
	id := machinesNamed(t, c, "vm1")[0].ID
	if got := w.state("demarc_virtual_machine.vm1")["id"]; got != id {
		t.Fatalf("the state has %v, the server %s (%v)\n%s", got, id, err, output)
	}
	w.apply(machine("vm1"))
	if got := w.state("demarc_virtual_machine.vm1")["id"]; got != id {
		t.Errorf("the next apply made %v in place of %s", got, id)
	}
	if vm := mustGet(t, demarc.VirtualMachines(c), id); vm.State != demarc.StateActive {
		t.Errorf("%+v", vm)
	}
	w.must("destroy", "-auto-approve")
}

// Killed during a create: the next apply names the object that exists, and the command that adopts it works.
func TestTerraformKilled(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.WithEnv("DEMARC_SIMULATED_LATENCY=0"))
	c, _ := connect(t, s)
	w := newWorkspace(t, s)
	w.slowMachines(c)
	w.write(machine("vm1"))
	cmd, _ := w.start(c, "vm1")
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	id := machinesNamed(t, c, "vm1")[0].ID
	out, err := w.cli.Run(t.Context(), w.dir, "apply", "-auto-approve", "-no-color", "-lock-timeout=10s")
	if err == nil {
		t.Fatalf("a second machine was made:\n%s", out)
	}
	// The message may be broken over lines, with a bar before each.
	flat := regexp.MustCompile(`[\s│]+`).ReplaceAllString(out, " ")
	command := regexp.MustCompile(`terraform import (\S+) (\S+)`).FindStringSubmatch(flat)
	if command == nil || !strings.Contains(flat, id) || strings.Trim(command[2], `'"`) != id {
		t.Fatalf("the error does not say how to adopt %s:\n%s", id, out)
	}
	address := strings.Trim(command[1], `'"`)
	if strings.HasSuffix(address, ".NAME") || strings.HasSuffix(address, ".<NAME>") || strings.HasSuffix(address, ".example") {
		address = "demarc_virtual_machine.vm1" // the provider is not told under which name a resource stands
	}
	w.must("import", address, id)
	w.apply(machine("vm1"))
	if got := w.state("demarc_virtual_machine.vm1")["id"]; got != id {
		t.Errorf("adopted %v, want %s", got, id)
	}
	w.must("destroy", "-auto-approve")
}

// A machine whose driver failed is said to have failed, with the driver's words; the next apply converges.
func TestTerraformConvergesAfterDriverFailure(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.WithEnv("DEMARC_SIMULATED_LATENCY=0"))
	c, _ := connect(t, s)
	w := newWorkspace(t, s)
	w.apply("")
	failOnce(t, s, w.location(c), "SetPower")
	w.write(machine("vm1"))
	out, err := w.cli.Run(t.Context(), w.dir, "apply", "-auto-approve", "-no-color")
	if err == nil || !strings.Contains(out, "the host is on fire") {
		t.Fatalf("want the driver's words: %v\n%s", err, out)
	}
	w.apply(machine("vm1"))
	if vms := machinesNamed(t, c, "vm1"); len(vms) != 1 || vms[0].State != demarc.StateActive {
		t.Errorf("%+v", vms)
	}
	w.must("destroy", "-auto-approve")
}

// The examples of all kinds, as they stand in the documentation: applied, planned again without a change, destroyed. A kind without an example fails.
// Each is a module, so that all of them take one run.
func TestExamplesOfEveryKind(t *testing.T) {
	t.Parallel()
	s := servertest.Start(t, servertest.WithEnv("DEMARC_SIMULATED_LATENCY=0"))
	_, cat := connect(t, s)
	w := newWorkspace(t, s)
	root, err := checkout.Root()
	if err != nil {
		t.Fatal(err)
	}
	var modules strings.Builder
	for i := range cat.Kinds {
		k := &cat.Kinds[i]
		if !k.Managed || k.ShowsOnce() {
			continue
		}
		example, err := os.ReadFile(filepath.Join(root, "examples", "resources", "demarc_"+k.Name, "resource.tf"))
		if err != nil {
			t.Fatalf("every kind has an example: %v", err)
		}
		folder := filepath.Join(w.dir, k.Name)
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, "main.tf"), append([]byte(providers), example...), 0o600); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&modules, "module %q {\n  source = \"./%s\"\n}\n", k.Name, k.Name)
	}
	w.write(modules.String())
	w.must("init")
	w.apply(modules.String())
	w.must("destroy", "-auto-approve")
}

// Several wrong fields are errors at plan, each on its attribute.
func TestTerraformWrongInput(t *testing.T) {
	t.Parallel()
	w := newWorkspace(t, shared)
	w.write(`
resource "demarc_image" "wrong" {
  name         = "No Slug"
  os_type      = "dos"
  min_disk_gib = 0
}
`)
	_, _, err := w.cli.Changes(t.Context(), w.dir)
	if err == nil {
		t.Fatal("wrong input was planned")
	}
	out := err.Error()
	for _, attribute := range []string{"name ", "os_type", "min_disk_gib"} {
		if !regexp.MustCompile(`on main\.tf line \d+, in resource "demarc_image" "wrong":\s+│?\s*\d+:\s+` + attribute).MatchString(out) {
			t.Errorf("no error on %s:\n%s", attribute, out)
		}
	}
}

// What goes in as write-only is kept nowhere, at any log level.
func TestTerraformKeepsNoSecret(t *testing.T) {
	t.Parallel()
	const marked = "MARKED-USER-DATA-9c1e"
	s := servertest.Start(t, servertest.WithEnv("DEMARC_SIMULATED_LATENCY=0", "DEMARC_LOG_LEVEL=debug"))
	c, _ := connect(t, s)
	w := newWorkspace(t, s)
	logs := t.TempDir()
	// Terraform itself logs what it reads from a configuration at trace level; the provider's log is ours.
	w.cli.Env = append(w.cli.Env, "TF_LOG_PROVIDER=TRACE", "TF_LOG_PATH="+filepath.Join(logs, "terraform.log"), "TF_VAR_secret="+marked)
	config := "variable \"secret\" {\n  ephemeral = true\n}\n" + machine("vm1", "user_data_wo = var.secret", "user_data_wo_version = 1")
	w.write(config)
	said := w.must("plan", "-out=saved.plan") + w.must("apply", "saved.plan") + w.must("show", "-json") + w.must("show", "-json", "saved.plan")
	id := machinesNamed(t, c, "vm1")[0].ID
	if err := demarc.VirtualMachines(c).Delete(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{w.dir, logs} {
		err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			b, err := os.ReadFile(path)
			said += string(b)
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	for what, secret := range map[string]string{"user data": marked, "the token": s.Token} {
		if strings.Contains(said+s.Log(), secret) {
			t.Errorf("%s was written down", what)
		}
	}
}
