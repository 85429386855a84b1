package contract

import (
	"fmt"
	"path/filepath"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/cmd/gen/ansible"
	"github.com/demarc/demarc/controlplane/cmd/gen/lint"
	"github.com/demarc/demarc/controlplane/cmd/gen/sdk"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/spec"
)

const modulePath = "github.com/demarc/demarc/controlplane"

// Files are those of the contract, before they are written.
type Files struct {
	Swagger, OpenAPI, Catalog, Operations []byte
	catalog                               *catalog.Catalog
	document                              *document
}

// Source is where a contract comes from.
type Source struct {
	Root    string   // folder of the module
	Folders []string // all packages below them are read
	Info    string   // the file with the general information, seen from the first folder
	Kinds   []resource.Kind
	Ops     []httpapi.Op
	// Fixture is catalog.LoadFixture, or stands in for it.
	Fixture func(kind string) (*catalog.Fixture, error)
}

// Make makes the contract's files. If anything is wrong with the contract, the error says all of it.
func Make(from Source) (*Files, error) {
	var found faults
	src, err := readSource(from.Root, modulePath, from.Folders, &found)
	if err != nil {
		return nil, err
	}
	swagger, v2, err := readSwagger(from, src, &found)
	if err != nil {
		return nil, err
	}
	if err := found.err("types and comments"); err != nil {
		return nil, err
	}
	d, err := makeOpenAPI(v2, src, from.Kinds, from.Ops, &found)
	if err == nil {
		err = found.err("specification")
	}
	if err != nil {
		return nil, err
	}
	out := &Files{Swagger: swagger}
	published, err := d.publish(from.Fixture)
	if err != nil {
		return nil, err
	}
	if out.OpenAPI, err = indented(published.T); err != nil {
		return nil, err
	}
	compiled, err := spec.Load(out.OpenAPI)
	if err != nil {
		return nil, err
	}
	out.catalog = d.makeCatalog(from.Kinds)
	if out.Operations, err = d.operationsPage(); err != nil {
		return nil, err
	}
	if out.Catalog, err = catalogJSON(out.catalog); err != nil {
		return nil, err
	}
	found = append(found, lint.Catalog(out.catalog)...)
	if err := found.err("catalog"); err != nil {
		return nil, err
	}
	out.document = d
	found = lint.Fixtures(out.catalog, from.Fixture, compiled)
	return out, found.err("sample data")
}

// Run makes the contract's files of the repository in root, and everything that follows from them.
func Run(root string, kinds []resource.Kind, ops []httpapi.Op) error {
	controlplane := filepath.Join(root, "controlplane")
	files, err := Make(Source{
		Root: controlplane, Folders: []string{filepath.Join(controlplane, "internal")}, Info: filepath.Join("app", "doc.go"),
		Kinds: kinds, Ops: ops, Fixture: catalog.LoadFixture,
	})
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name    string
		content []byte
	}{
		{filepath.Join(controlplane, "api", "swagger.json"), files.Swagger},
		{filepath.Join(controlplane, "api", "openapi.json"), files.OpenAPI},
		{filepath.Join(controlplane, "client", "catalog", "catalog.json"), files.Catalog},
		{filepath.Join(controlplane, "docs", "operations.md"), files.Operations},
	} {
		if err := Write(f.name, f.content); err != nil {
			return err
		}
	}
	if err := sdk.Generate(files.catalog, filepath.Join(controlplane, "client", "demarc")); err != nil {
		return fmt.Errorf("sdk: %w", err)
	}
	if err := ansible.Generate(files.catalog, filepath.Join(root, "ansible_collections", "demarc", "cloud")); err != nil {
		return fmt.Errorf("ansible: %w", err)
	}
	return nil
}
