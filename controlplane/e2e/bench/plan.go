package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/demarc/demarc/controlplane/client/servertest"
	"github.com/demarc/demarc/controlplane/e2e/checkout"
	"github.com/demarc/demarc/controlplane/e2e/terraform"
)

// Both configurations have the same number of resources with the same number of values; terraform_data is part of Terraform
// and asks nobody, so its plan is what Terraform itself takes.
const (
	ours = `terraform {
  required_providers {
    demarc = { source = "demarc/demarc" }
  }
}

resource "demarc_location" "each" {
  count        = %d
  name         = "place-${count.index}"
  display_name = "Place ${count.index}"
  labels       = { rack = "r${count.index %% 40}" }
}
`
	floor = `resource "terraform_data" "each" {
  count = %d
  input = {
    name         = "place-${count.index}"
    display_name = "Place ${count.index}"
    labels       = { rack = "r${count.index %% 40}" }
  }
}
`
)

// planUnchanged measures a plan of many resources of which none has changed. It also says with what it was measured.
func planUnchanged(ctx context.Context, root string, programs checkout.Programs, server *servertest.Server, size, rounds int) (results []Result, about string, err error) {
	work, err := os.MkdirTemp("", "demarc-bench")
	if err != nil {
		return nil, "", err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	path, err := checkout.Tool(root, "terraform")
	if err != nil {
		return nil, "", err
	}
	cli, err := terraform.New(path, programs.Provider, work)
	if err != nil {
		return nil, "", err
	}
	cli.Env = []string{"DEMARC_ENDPOINT=" + server.Endpoint, "DEMARC_TOKEN=" + server.Token}
	version, err := cli.Run(ctx, work, "version")
	if err != nil {
		return nil, "", err
	}
	about, _, _ = strings.Cut(version, "\n")

	configurations := map[string]string{"ours": ours, "floor": floor}
	for name, text := range configurations {
		dir := filepath.Join(work, name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			return nil, "", err
		}
		if err := os.WriteFile(filepath.Join(dir, "main.tf"), fmt.Appendf(nil, text, size), 0o644); err != nil {
			return nil, "", err
		}
		for _, args := range [][]string{{"init", "-no-color"}, {"apply", "-auto-approve", "-no-color"}} {
			if _, err := cli.Run(ctx, dir, args...); err != nil {
				return nil, "", err
			}
		}
	}
	wall, cpu := map[string]float64{}, map[string]float64{}
	for round := range rounds {
		// In turns, so that what else the machine does falls on both.
		for _, name := range []string{"ours", "floor"} {
			begun := time.Now()
			plan, err := cli.Plan(ctx, filepath.Join(work, name))
			took := time.Since(begun)
			if err != nil {
				return nil, "", err
			}
			if plan.Changes {
				return nil, "", fmt.Errorf("the plan of %s is not empty:\n%s", name, plan.Text)
			}
			fmt.Printf("round %d: plan of %d, %s: %.2f s, %.2f s of processor time\n", round+1, size, name, took.Seconds(), plan.CPU.Seconds())
			keepBest(wall, name, took)
			keepBest(cpu, name, plan.CPU)
		}
	}
	const against = "as many `terraform_data`, which ask no server"
	return []Result{
		result(fmt.Sprintf("Plan of %d unchanged resources", size), "s", wall["ours"], wall["floor"], against),
		result("the same, processor time", "s", cpu["ours"], cpu["floor"], against),
	}, about, nil
}

// keepBest keeps the least of several measurements: everything that disturbs one makes it longer.
func keepBest(best map[string]float64, name string, took time.Duration) {
	if seconds := took.Seconds(); best[name] == 0 || seconds < best[name] {
		best[name] = seconds
	}
}
