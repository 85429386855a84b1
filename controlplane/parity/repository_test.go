package parity

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/demarc/demarc/controlplane/api"
	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/internal/app"
	"github.com/demarc/demarc/controlplane/internal/cli"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/spec"
)

// TestParity is the promise of the product: one contract, every client.
func TestParity(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	specification, err := spec.Load(api.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	kinds, ops := app.Contract()
	registry := resource.NewRegistry()
	for _, k := range kinds {
		registry.Add(k)
	}
	var routes []Route
	server := httpapi.New(httpapi.Deps{Contract: specification, Kinds: registry, Log: slog.New(slog.DiscardHandler)}, ops)
	server.Pages(httpapi.Pages{Specification: api.OpenAPI, Metrics: http.NotFoundHandler(), Ready: func(context.Context) error { return nil }})
	for _, r := range server.Engine().Routes() {
		routes = append(routes, Route{r.Method, r.Path})
	}
	tree := Tree{Root: root, Catalog: c}
	compare := map[string]func() []Gap{
		AreaRoutes:        func() []Gap { return Routes(ops, routes) },
		AreaSpecification: func() []Gap { return Specification(ops, specification, c) },
		AreaGoClient:      tree.GoClient,
		AreaTerraform:     tree.Terraform,
		AreaAnsible:       tree.Ansible,
		AreaCLI:           func() []Gap { return CLI(c, cli.New(c, cli.Streams{In: nil, Out: io.Discard, Err: io.Discard})) },
		AreaExamples:      tree.Examples,
		AreaFixtures:      tree.Fixtures,
	}
	for _, area := range Areas {
		t.Run(area, func(t *testing.T) {
			t.Parallel()
			failures, err := tree.Failures(area, compare[area]())
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range failures {
				t.Error(f)
			}
		})
	}
	t.Run("exemptions", func(t *testing.T) {
		t.Parallel()
		files, err := filepath.Glob(filepath.Join(root, "controlplane/api/exempt/*.txt"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if area := filepath.Base(f[:len(f)-len(".txt")]); compare[area] == nil && area != AreaSchema {
				t.Errorf("%s: there is no area %s", f, area)
			}
		}
	})
}
