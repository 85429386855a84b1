// Package terraform runs Terraform or OpenTofu with the provider built from this repository, as a user has it who installed
// it from a mirror: `init` finds it, and no network is needed.
package terraform

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// version is what the mirror calls the provider of this checkout.
const version = "0.1.0"

// registries are the hosts that the source demarc/demarc stands for, in Terraform and in OpenTofu.
var registries = []string{"registry.terraform.io", "registry.opentofu.org"}

// CLI is a Terraform command line.
type CLI struct {
	// Path of the program.
	Path string
	// ConfigFile is the CLI configuration that points at the mirror: a user sets TF_CLI_CONFIG_FILE to it.
	ConfigFile string
	// Env is added to the environment of each run.
	Env []string
}

// New puts the provider binary into a mirror in dir and returns a command line that takes it from there.
func New(path, provider, dir string) (*CLI, error) {
	mirror := filepath.Join(dir, "mirror")
	// A provider of an earlier build must not be found.
	if err := os.RemoveAll(mirror); err != nil {
		return nil, err
	}
	for _, registry := range registries {
		folder := filepath.Join(mirror, registry, "demarc", "demarc", version, runtime.GOOS+"_"+runtime.GOARCH)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return nil, err
		}
		if err := copyProgram(provider, filepath.Join(folder, "terraform-provider-demarc_v"+version)); err != nil {
			return nil, err
		}
	}
	config := fmt.Sprintf(`provider_installation {
  filesystem_mirror {
    path    = %q
    include = ["%s/demarc/demarc", "%s/demarc/demarc"]
  }
  direct {
    exclude = ["%s/demarc/demarc", "%s/demarc/demarc"]
  }
}
`, mirror, registries[0], registries[1], registries[0], registries[1])
	c := &CLI{Path: path, ConfigFile: filepath.Join(dir, "terraform.rc")}
	return c, os.WriteFile(c.ConfigFile, []byte(config), 0o644)
}

// Command prepares a run in the folder dir.
func (c *CLI) Command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.Path, args...)
	cmd.Dir = dir
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		// Settings of the caller's own Terraform, and of another control plane.
		return strings.HasPrefix(v, "TF_") || strings.HasPrefix(v, "DEMARC_")
	})
	cmd.Env = append(append(env, "TF_CLI_CONFIG_FILE="+c.ConfigFile, "TF_IN_AUTOMATION=1", "TF_INPUT=0", "CHECKPOINT_DISABLE=1"), c.Env...)
	// Interrupted, Terraform ends what it has begun and saves its state; killed, it cannot.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	return cmd
}

// Run runs a command and returns what it printed; that is also in the error if it fails.
func (c *CLI) Run(ctx context.Context, dir string, args ...string) (string, error) {
	out, _, err := c.run(ctx, dir, args...)
	return out, err
}

func (c *CLI) run(ctx context.Context, dir string, args ...string) (string, time.Duration, error) {
	cmd := c.Command(ctx, dir, args...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("terraform %s: %w\n%s", strings.Join(args, " "), err, out)
	}
	var cpu time.Duration
	if cmd.ProcessState != nil {
		cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	return string(out), cpu, err
}

// Plan is what a plan has shown.
type Plan struct {
	// Changes says whether there is anything to change.
	Changes bool
	// Text is the plan for people.
	Text string
	// CPU is the processor time of Terraform and its provider.
	CPU time.Duration
}

// Plan makes a plan in the folder dir.
func (c *CLI) Plan(ctx context.Context, dir string, args ...string) (Plan, error) {
	out, cpu, err := c.run(ctx, dir, append([]string{"plan", "-no-color", "-detailed-exitcode"}, args...)...)
	p := Plan{Text: out, CPU: cpu}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == 2 {
		p.Changes = true
		return p, nil
	}
	return p, err
}

// Changes plans and says whether there is anything to change; the plan is returned as text.
func (c *CLI) Changes(ctx context.Context, dir string, args ...string) (bool, string, error) {
	p, err := c.Plan(ctx, dir, args...)
	return p.Changes, p.Text, err
}

// copyProgram copies an executable file.
func copyProgram(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}
