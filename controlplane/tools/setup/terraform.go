package main

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
	"strconv"
	"strings"
	"time"
)

const (
	// terraformVersion is what is fetched where the machine has neither Terraform nor OpenTofu.
	terraformVersion = "1.11.4"
	// openTofu is built from source where that cannot be fetched either.
	openTofu = "github.com/opentofu/opentofu@v1.12.6"
	// Write-only arguments, which keep secrets out of the state, came with version 1.11 of both.
	oldestMajor, oldestMinor = 1, 11
)

// terraform leaves a command CACHE/bin/terraform: the machine's own Terraform or OpenTofu, else Terraform's release, else
// OpenTofu built from its module.
func terraform(ctx context.Context, cache string) error {
	bin := filepath.Join(cache, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	target := filepath.Join(bin, "terraform")
	for _, name := range []string{"terraform", "tofu"} {
		for _, path := range found(name, bin) {
			version, err := terraformIs(ctx, path)
			if err != nil {
				say("%s is not used: %v", path, err)
				continue
			}
			say("Terraform: %s (%s)", path, version)
			return link(path, target)
		}
	}
	own := filepath.Join(cache, "terraform")
	if path := filepath.Join(own, "terraform"); usable(ctx, path) {
		return link(path, target)
	}
	if path := filepath.Join(own, "tofu"); usable(ctx, path) {
		return link(path, target)
	}
	if err := os.MkdirAll(own, 0o755); err != nil {
		return err
	}
	say("Terraform: fetching %s", terraformVersion)
	err := fetchTerraform(ctx, own)
	if err == nil {
		return link(filepath.Join(own, "terraform"), target)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	say("Terraform: not fetched (%v); building %s instead, some minutes, once", err, openTofu)
	if err := buildOpenTofu(ctx, cache, filepath.Join(own, "tofu")); err != nil {
		return fmt.Errorf("there is no Terraform or OpenTofu of version %d.%d or later in PATH, and building one failed: %w", oldestMajor, oldestMinor, err)
	}
	return link(filepath.Join(own, "tofu"), target)
}

func usable(ctx context.Context, path string) bool {
	_, err := terraformIs(ctx, path)
	return err == nil
}

// terraformIs returns the version of a Terraform command line, or an error if it is too old or none at all.
func terraformIs(ctx context.Context, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "version", "-json")
	// A configuration file of the user's may name providers that are not installed here.
	cmd.Env = append(os.Environ(), "TF_CLI_CONFIG_FILE="+os.DevNull, "CHECKPOINT_DISABLE=1")
	out, err := cmd.Output()
	if err != nil {
		return "", err
	}
	var answer struct {
		Version string `json:"terraform_version"`
	}
	if err := json.Unmarshal(out, &answer); err != nil {
		return "", fmt.Errorf("unreadable version: %w", err)
	}
	parts := strings.SplitN(answer.Version, ".", 3)
	if len(parts) < 3 {
		return "", fmt.Errorf("unreadable version %q", answer.Version)
	}
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	if err := errors.Join(err1, err2); err != nil {
		return "", fmt.Errorf("unreadable version %q: %w", answer.Version, err)
	}
	if major < oldestMajor || major == oldestMajor && minor < oldestMinor {
		return "", fmt.Errorf("version %s is older than %d.%d", answer.Version, oldestMajor, oldestMinor)
	}
	return answer.Version, nil
}

// fetchTerraform runs hc-install, which checks the release's signature. It is a command of its own, not an import, because
// most machines never need it and would have to download its dependencies.
func fetchTerraform(ctx context.Context, dir string) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	return execute(ctx, "", []string{"GOWORK=off"}, "go", "tool", "hc-install", "install", "-version", terraformVersion, "-path", dir, "terraform")
}

// buildOpenTofu builds the module's command from a copy of it: `go install` refuses a module with replace lines, and the
// module cache is read-only.
func buildOpenTofu(ctx context.Context, cache, target string) error {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", openTofu)
	cmd.Env = append(os.Environ(), "GOWORK=off")
	cmd.Dir = os.TempDir()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var module struct{ Dir, Error string }
	if json.Unmarshal(out, &module) == nil && module.Error != "" {
		return errors.New(module.Error)
	}
	if err != nil {
		return fmt.Errorf("go mod download: %w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	work, err := os.MkdirTemp(cache, "opentofu-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	if err := copyTree(module.Dir, work); err != nil {
		return err
	}
	return execute(ctx, work, []string{"GOWORK=off", "CGO_ENABLED=0"}, "go", "build", "-buildvcs=false", "-trimpath", "-o", target, "./cmd/tofu")
}

// copyTree copies the plain files of a tree and makes the copies writable.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		if !d.Type().IsRegular() {
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), content, 0o644)
	})
}

// link makes target a symbolic link to path, replacing what was there.
func link(path, target string) error {
	if err := os.Remove(target); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.Symlink(path, target)
}
