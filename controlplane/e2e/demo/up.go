package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/demarc/demarc/controlplane/e2e/ansible"
	"github.com/demarc/demarc/controlplane/e2e/checkout"
	"github.com/demarc/demarc/controlplane/e2e/terraform"
)

// demo is one run of up.
type demo struct {
	root, folder string
	programs     checkout.Programs
	server       *server
	endpoint     string
	terraform    *terraform.CLI
	ansible      *ansible.CLI
}

// up shows everything, step by step.
func up(ctx context.Context, root, folder string) error {
	d := &demo{root: root, folder: folder, server: newServer(folder)}
	begun := time.Now()
	for _, step := range []struct {
		title string
		do    func(context.Context) error
	}{
		{"Build the server, the command line and the Terraform provider", d.build},
		{"Start the control plane", d.start},
		{"Terraform: reseller northwind, customer acme, two machines", d.apply},
		{"Terraform: a second plan is empty", d.planAgain},
		{"Ansible: customer globex, two machines", d.play},
		{"Ansible: a second run changes nothing", d.playAgain},
		{"What there is now", d.list},
	} {
		fmt.Printf("\n== %s\n", step.title)
		stepBegun := time.Now()
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.title, err)
		}
		fmt.Printf("   (%.1f s)\n", time.Since(stepBegun).Seconds())
	}
	d.farewell(time.Since(begun))
	return nil
}

func (d *demo) build(ctx context.Context) (err error) {
	if d.programs, err = checkout.Build(ctx, d.root); err != nil {
		return err
	}
	if d.ansible, err = ansible.New(d.root, d.folder); err != nil {
		return err
	}
	path, err := checkout.Tool(d.root, "terraform")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(d.folder, 0o755); err != nil {
		return err
	}
	d.terraform, err = terraform.New(path, d.programs.Provider, d.folder)
	return err
}

func (d *demo) start(ctx context.Context) error {
	again, err := d.server.stop()
	if err != nil {
		return err
	}
	if again {
		fmt.Println("  it was running already: starting it anew, on the same data")
	}
	if d.endpoint, err = d.server.start(ctx, d.programs.Server); err != nil {
		return err
	}
	fmt.Printf("  %s\n", d.endpoint)
	d.terraform.Env, d.ansible.Env = d.connection(), d.connection()
	return d.writeShell()
}

// connection is how every client is told where the control plane is.
func (d *demo) connection() []string {
	return []string{"DEMARC_ENDPOINT=" + d.endpoint, "DEMARC_TOKEN_FILE=" + d.server.tokenFile()}
}

func (d *demo) shell() string           { return filepath.Join(d.folder, "env") }
func (d *demo) terraformFolder() string { return filepath.Join(d.folder, "terraform") }

// writeShell writes a file that makes a shell talk to the demo.
func (d *demo) writeShell() error {
	var b strings.Builder
	b.WriteString("# Makes this shell talk to the demo:  . .demo/env\n")
	for _, v := range append(d.connection(), "TF_CLI_CONFIG_FILE="+d.terraform.ConfigFile, "ANSIBLE_COLLECTIONS_PATH="+d.root) {
		name, value, _ := strings.Cut(v, "=")
		fmt.Fprintf(&b, "export %s='%s'\n", name, strings.ReplaceAll(value, "'", `'\''`))
	}
	path := []string{filepath.Dir(d.programs.CLI), filepath.Join(d.root, ".cache", "bin"), filepath.Join(d.root, ".cache", "venv", "bin")}
	fmt.Fprintf(&b, "export PATH='%s':\"$PATH\"\n", strings.ReplaceAll(strings.Join(path, ":"), "'", `'\''`))
	return os.WriteFile(d.shell(), []byte(b.String()), 0o644)
}

// apply runs the quickstart in a copy of its own, where its state stays.
func (d *demo) apply(ctx context.Context) error {
	dir := d.terraformFolder()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(d.root, "examples", "quickstart", "*.tf"))
	if err != nil {
		return err
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(file)), b, 0o644); err != nil {
			return err
		}
	}
	// The lock file has the checksum of the provider of an earlier build.
	if err := os.Remove(filepath.Join(dir, ".terraform.lock.hcl")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if _, err := d.terraform.Run(ctx, dir, "init", "-no-color"); err != nil {
		return err
	}
	if _, err := d.terraform.Run(ctx, dir, "plan", "-no-color", "-out=plan"); err != nil {
		return err
	}
	return show(d.terraform.Command(ctx, dir, "apply", "-no-color", "plan"))
}

func (d *demo) planAgain(ctx context.Context) error {
	plan, err := d.terraform.Plan(ctx, d.terraformFolder())
	if err != nil {
		return err
	}
	if plan.Changes {
		return fmt.Errorf("it is not:\n%s", plan.Text)
	}
	fmt.Println("  No changes.")
	return nil
}

func (d *demo) play(ctx context.Context) error {
	_, err := d.ansible.Play(ctx, d.playbook(), indented())
	return err
}

func (d *demo) playAgain(ctx context.Context) error {
	changed, err := d.ansible.Play(ctx, d.playbook(), indented())
	if err == nil && changed != 0 {
		err = fmt.Errorf("it changed %d", changed)
	}
	return err
}

func (d *demo) playbook() string {
	return filepath.Join(d.root, "examples", "quickstart", "playbook.yml")
}

// list shows with the command line what the two have made.
func (d *demo) list(ctx context.Context) error {
	for _, kind := range []string{"billing-entity", "customer", "cloudspace", "virtual-machine", "disk"} {
		fmt.Printf("  $ demarc %s list\n", kind)
		cmd := exec.CommandContext(ctx, d.programs.CLI, kind, "list")
		cmd.Env = checkout.Environment(d.connection()...)
		if err := show(cmd); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) farewell(took time.Duration) {
	shell := d.shell()
	if wd, err := os.Getwd(); err == nil {
		if relative, err := filepath.Rel(wd, shell); err == nil {
			shell = relative
		}
	}
	fmt.Printf(`
== The demo took %.0f s, and the control plane is still running

   address      %s
   API pages    %s/swagger/index.html
   token        in the file %s
   log          %s

   Look around: this shell talks to it after
       . %s
       demarc virtual-machine list
       cd .demo/terraform && terraform plan

   Stop it, and remove everything:
       make demo-down
`, took.Seconds(), d.endpoint, d.endpoint, d.server.tokenFile(), d.server.logFile(), shell)
}

// show runs a command with its output indented.
func show(cmd *exec.Cmd) error {
	w := indented()
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(cmd.Path), err)
	}
	return nil
}

func indented() io.Writer { return &indenter{to: os.Stdout, lineBegins: true} }

// indenter writes every line two columns further right, and no empty ones.
type indenter struct {
	to         io.Writer
	lineBegins bool
}

func (i *indenter) Write(p []byte) (int, error) {
	var b bytes.Buffer
	for _, c := range p {
		if c == '\n' && i.lineBegins {
			continue
		}
		if i.lineBegins {
			b.WriteString("  ")
		}
		b.WriteByte(c)
		i.lineBegins = c == '\n'
	}
	if _, err := i.to.Write(b.Bytes()); err != nil {
		return 0, err
	}
	return len(p), nil
}
