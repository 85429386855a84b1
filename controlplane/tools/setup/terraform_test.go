package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fake writes a program that says it is Terraform of some version.
func fake(t *testing.T, dir, name, version string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	script := fmt.Sprintf("#!/bin/sh\necho '{\"terraform_version\": \"%s\"}'\n", version)
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTerraformVersions(t *testing.T) {
	t.Parallel()
	for version, fits := range map[string]bool{
		"1.11.0": true, "1.16.2": true, "2.0.0": true, "1.12.6-dev": true,
		"1.10.9": false, "0.15.5": false, "": false, "one": false, "1.x.0": false,
	} {
		path := fake(t, t.TempDir(), "terraform", version)
		if _, err := terraformIs(context.Background(), path); (err == nil) != fits {
			t.Errorf("version %q: %v, want it to fit: %v", version, err, fits)
		}
	}
	if _, err := terraformIs(context.Background(), filepath.Join(t.TempDir(), "absent")); err == nil {
		t.Error("a program that does not exist has a version")
	}
}

// The machine's own programs come first, Terraform before OpenTofu; one that is too old is passed over, and so is the link of
// an earlier run, which must not come to point at itself.
func TestTerraformOfTheMachine(t *testing.T) {
	cache, machine := t.TempDir(), t.TempDir()
	bin := filepath.Join(cache, "bin")
	earlier := fake(t, bin, "terraform", "1.11.4")
	tooOld := filepath.Join(machine, "old")
	fake(t, tooOld, "terraform", "1.5.7")
	tofu := fake(t, filepath.Join(machine, "new"), "tofu", "1.12.6")
	t.Setenv("PATH", strings.Join([]string{bin, tooOld, filepath.Join(machine, "new"), "/usr/bin", "/bin"}, string(os.PathListSeparator)))

	for range 2 {
		if err := terraform(context.Background(), cache); err != nil {
			t.Fatal(err)
		}
		if got, err := os.Readlink(earlier); err != nil || got != tofu {
			t.Fatalf("the link points at %q (%v), want %q", got, err, tofu)
		}
	}

	better := fake(t, filepath.Join(machine, "better"), "terraform", "1.12.0")
	t.Setenv("PATH", filepath.Join(machine, "better")+string(os.PathListSeparator)+os.Getenv("PATH"))
	if err := terraform(context.Background(), cache); err != nil {
		t.Fatal(err)
	}
	if got, err := os.Readlink(earlier); err != nil || got != better {
		t.Fatalf("the link points at %q (%v), want %q", got, err, better)
	}
}

// What was fetched or built once is used again when the machine still has none.
func TestTerraformOfAnEarlierRun(t *testing.T) {
	cache := t.TempDir()
	built := fake(t, filepath.Join(cache, "terraform"), "tofu", "1.12.6")
	t.Setenv("PATH", t.TempDir()+string(os.PathListSeparator)+"/bin")
	if paths := append(found("terraform", ""), found("tofu", "")...); len(paths) > 0 {
		t.Fatalf("this machine has %v in the folder of the shell, so the test shows nothing", paths)
	}
	if err := terraform(context.Background(), cache); err != nil {
		t.Fatal(err)
	}
	if got, err := os.Readlink(filepath.Join(cache, "bin", "terraform")); err != nil || got != built {
		t.Fatalf("the link points at %q (%v), want %q", got, err, built)
	}
}

func TestUsageIsSaid(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"everything"}} {
		if err := run(context.Background(), t.TempDir(), args); err == nil {
			t.Errorf("run(%v) found nothing wrong", args)
		}
	}
}
