package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/demarc/demarc/provider/internal/fakeapi"
)

// A real Terraform gets Ctrl-C while a create waits: the object is in the state and not tainted, and the next apply
// goes on with it instead of replacing it.
func TestInterruptedApply(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	tf := newWorkspace(t, c, c.block()+c.router(""))
	tf.run("init", "-no-color")

	c.Hold(func(action string) bool { return action == "router.create" })
	var once sync.Once
	c.Intercept(func(r fakeapi.Request) *fakeapi.Problem {
		if strings.HasPrefix(r.Path, "/operations/") {
			once.Do(tf.interrupt)
		}
		return nil
	})
	if out, code := tf.start("apply", "-auto-approve", "-no-color"); code == 0 || !strings.Contains(out, "Interrupted: the create of demarc_router \"core\" goes on") {
		t.Fatalf("apply: %d\n%s", code, out)
	}
	c.Intercept(nil)

	var state struct {
		Resources []struct {
			Instances []struct {
				Status     string
				Attributes map[string]any
			}
		}
	}
	raw, err := os.ReadFile(filepath.Join(tf.dir, "terraform.tfstate"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &state); err != nil || len(state.Resources) != 1 {
		t.Fatalf("state: %v\n%s", err, raw)
	}
	one := state.Resources[0].Instances[0]
	if one.Status == "tainted" || one.Attributes["id"] != c.the() {
		t.Fatalf("status %q, id %v", one.Status, one.Attributes["id"])
	}

	// It still goes on: the plan says so, and nothing is to be replaced.
	out, code := tf.start("plan", "-detailed-exitcode", "-no-color")
	if code != 2 || !strings.Contains(out, "unfinished") || !strings.Contains(out, "0 to add, 1 to change, 0 to destroy") {
		t.Fatalf("plan: %d\n%s", code, out)
	}
	c.Intercept(func(r fakeapi.Request) *fakeapi.Problem {
		if strings.HasPrefix(r.Path, "/operations/") {
			c.Release()
		}
		return nil
	})
	id := c.the()
	if out, code := tf.start("apply", "-auto-approve", "-no-color"); code != 0 {
		t.Fatalf("second apply: %d\n%s", code, out)
	}
	if out, code := tf.start("plan", "-detailed-exitcode", "-no-color"); code != 0 || c.the() != id {
		t.Fatalf("last plan: %d\n%s", code, out)
	}
}

// A destroy that is interrupted keeps the object in the state; the next one waits for what goes on.
func TestInterruptedDestroy(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	tf := newWorkspace(t, c, c.block()+c.router(""))
	tf.run("init", "-no-color")
	tf.run("apply", "-auto-approve", "-no-color")

	c.Hold(func(action string) bool { return action == "router.delete" })
	var once sync.Once
	c.Intercept(func(r fakeapi.Request) *fakeapi.Problem {
		if strings.HasPrefix(r.Path, "/operations/") {
			once.Do(tf.interrupt)
		}
		return nil
	})
	if out, code := tf.start("destroy", "-auto-approve", "-no-color"); code == 0 || !strings.Contains(out, "The next run waits for it") {
		t.Fatalf("destroy: %d\n%s", code, out)
	}
	c.Intercept(func(r fakeapi.Request) *fakeapi.Problem {
		if strings.HasPrefix(r.Path, "/operations/") {
			c.Release()
		}
		return nil
	})
	// Wanted again: the plan replaces what is on its way out.
	if out, code := tf.start("apply", "-auto-approve", "-no-color"); code != 0 || !strings.Contains(out, "1 added, 0 changed, 1 destroyed") {
		t.Fatalf("apply: %d\n%s", code, out)
	}
	tf.run("destroy", "-auto-approve", "-no-color")
	if left := c.Find("router"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// workspace is a folder with a configuration, and a Terraform that uses the provider in this process.
type workspace struct {
	t   *testing.T
	dir string
	env []string

	mu      sync.Mutex
	process *os.Process
}

func newWorkspace(t *testing.T, c *cloud, config string) *workspace {
	t.Helper()
	terraform := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if terraform == "" {
		terraform = "terraform"
	}
	if _, err := exec.LookPath(terraform); err != nil {
		t.Fatalf("this test drives a real Terraform: %v", err)
	}
	dir := t.TempDir()
	config = "terraform {\n  required_providers {\n    demarc = { source = \"demarc/demarc\" }\n  }\n}\n" + config
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	attach, closed := make(chan *plugin.ReattachConfig), make(chan struct{})
	go func() {
		err := tf6server.Serve("registry.terraform.io/demarc/demarc", func() tfprotov6.ProviderServer {
			return providerserver.NewProtocol6(c.provider())()
		}, tf6server.WithDebug(ctx, attach, closed), tf6server.WithGoPluginLogger(hclog.NewNullLogger()), tf6server.WithoutLogStderrOverride())
		if err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { cancel(); <-closed })
	var a *plugin.ReattachConfig
	select {
	case a = <-attach:
	case <-time.After(20 * time.Second):
		t.Fatal("the provider did not start")
	}
	how, err := json.Marshal(map[string]any{"demarc/demarc": map[string]any{"Protocol": string(a.Protocol), "ProtocolVersion": a.ProtocolVersion,
		"Pid": a.Pid, "Test": true, "Addr": map[string]string{"Network": a.Addr.Network(), "String": a.Addr.String()}}})
	if err != nil {
		t.Fatal(err)
	}
	return &workspace{t: t, dir: dir, env: append(os.Environ(), "TF_REATTACH_PROVIDERS="+string(how), "TF_IN_AUTOMATION=1")}
}

// start runs Terraform to its end.
func (w *workspace) start(args ...string) (string, int) {
	w.t.Helper()
	terraform := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if terraform == "" {
		terraform = "terraform"
	}
	cmd := exec.Command(terraform, args...)
	var out bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = w.dir, w.env, &out, &out
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	w.process = cmd.Process
	w.mu.Unlock()
	_ = cmd.Wait() // The exit code says it.
	// Terraform folds lines to the width of a terminal.
	return strings.Join(strings.Fields(out.String()), " "), cmd.ProcessState.ExitCode()
}

func (w *workspace) run(args ...string) {
	w.t.Helper()
	if out, code := w.start(args...); code != 0 {
		w.t.Fatalf("terraform %s: %d\n%s", strings.Join(args, " "), code, out)
	}
}

// interrupt does what Ctrl-C does.
func (w *workspace) interrupt() {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.process.Signal(syscall.SIGINT)
}
