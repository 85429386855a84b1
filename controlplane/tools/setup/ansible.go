package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// pythons are the versions that the pinned ansible-core runs on, best first.
var pythons = []string{"3.11", "3.12", "3.13"}

// ansible makes CACHE/venv, a virtual environment with everything in requirements.txt.
func ansible(ctx context.Context, cache string) error {
	return environment(ctx, "Ansible", filepath.Join(cache, "venv"), "requirements.txt")
}

// environment makes a virtual environment with everything that a file of requirements names.
func environment(ctx context.Context, what, dir, requirements string) error {
	python, err := interpreter(ctx)
	if err != nil {
		return err
	}
	say("%s: virtual environment of %s", what, python)
	// A half-made one, or one whose interpreter has gone, is not worth repairing.
	if err := os.RemoveAll(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := execute(ctx, "", nil, python, "-m", "venv", dir); err != nil {
		return err
	}
	return execute(ctx, "", nil, filepath.Join(dir, "bin", "python"), "-m", "pip", "install", "--quiet",
		"--disable-pip-version-check", "--requirement", requirements)
}

// interpreter returns a Python that virtual environments can be made with.
func interpreter(ctx context.Context) (string, error) {
	if path := probeAll(ctx); path != "" {
		return path, nil
	}
	if mayInstallPackages() {
		// Debian ships Python without the module that makes virtual environments.
		if err := installPackages(ctx, "python3-venv"); err != nil {
			return "", err
		}
		if path := probeAll(ctx); path != "" {
			return path, nil
		}
	}
	return "", fmt.Errorf("Python %s with the modules venv and ensurepip is needed (on Debian: apt-get install python3-venv)", strings.Join(pythons, " or "))
}

func probeAll(ctx context.Context) string {
	var candidates []string
	home, _ := os.UserHomeDir()
	for _, version := range pythons {
		candidates = append(candidates, found("python"+version, "")...)
		// A version manager's shims refuse the versions that are not selected; the interpreters behind them work.
		installed, _ := filepath.Glob(filepath.Join(home, ".pyenv", "versions", version+".*", "bin", "python"+version))
		candidates = append(candidates, installed...)
	}
	for _, path := range append(candidates, found("python3", "")...) {
		if probe(ctx, path) {
			return path
		}
	}
	return ""
}

// probe says whether an interpreter has a fitting version and can make virtual environments.
func probe(ctx context.Context, path string) bool {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, path, "-c", "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])").Output()
	if err != nil {
		return false
	}
	version := string(bytes.TrimSpace(out))
	for _, fitting := range pythons {
		if version == fitting {
			return true
		}
	}
	return false
}
