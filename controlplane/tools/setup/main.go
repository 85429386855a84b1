// Setup provides what the repository's targets need beside Go: a Terraform command line, an Ansible virtual environment, the programs that read the
// specification, and PostgreSQL's server programs. Everything goes into the cache folder of the repository, except PostgreSQL, which comes from the
// system's package manager.
//
//	setup -cache DIR terraform|ansible|openapi|postgres
//
// It imports the standard library alone, so that running it costs no download.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	cache := flag.String("cache", "", "folder that everything goes into")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *cache, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "setup:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, cache string, args []string) error {
	if cache == "" || len(args) == 0 {
		return fmt.Errorf("usage: setup -cache DIR terraform|ansible|openapi|postgres")
	}
	cache, err := filepath.Abs(cache)
	if err != nil {
		return err
	}
	steps := map[string]func(context.Context, string) error{
		"terraform": terraform,
		"ansible":   ansible,
		"openapi":   openapi,
		"postgres":  postgres,
	}
	for _, name := range args {
		step, ok := steps[name]
		if !ok {
			return fmt.Errorf("there is nothing called %q to set up", name)
		}
		if err := step(ctx, cache); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// say tells the user what is being done; it goes to standard error as every progress line does.
func say(format string, args ...any) { fmt.Fprintf(os.Stderr, "  "+format+"\n", args...) }

// execute runs a command in dir with its output shown.
func execute(ctx context.Context, dir string, env []string, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(name), err)
	}
	return nil
}

// found returns every executable of that name in PATH, best first, without those in the folder skip.
func found(name, skip string) []string {
	var all []string
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if dir == skip {
			continue
		}
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			all = append(all, path)
		}
	}
	return all
}

// mayInstallPackages says whether the system's packages can be installed from here.
func mayInstallPackages() bool {
	_, err := exec.LookPath("apt-get")
	return err == nil && os.Geteuid() == 0
}

// installPackages installs Debian packages.
func installPackages(ctx context.Context, names ...string) error {
	env := []string{"DEBIAN_FRONTEND=noninteractive"}
	if err := execute(ctx, "", env, "apt-get", "update", "-qq"); err != nil {
		return err
	}
	return execute(ctx, "", env, "apt-get", append([]string{"install", "-y", "-qq", "--no-install-recommends"}, names...)...)
}
