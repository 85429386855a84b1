package contract

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// goClient makes the typed Go client. The tool is that of controlplane/tools, built once into the cache.
func (d *document) goClient(ctx context.Context, root string) ([]byte, error) {
	tool := filepath.Join(root, ".cache", "bin", "oapi-codegen")
	if _, err := os.Stat(tool); err != nil {
		build := exec.CommandContext(ctx, "go", "build", "-o", tool, "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen")
		build.Dir = filepath.Join(root, "controlplane", "tools")
		build.Env = append(os.Environ(), "GOWORK=off")
		if out, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("oapi-codegen: %w\n%s", err, out)
		}
	}
	dir, err := os.MkdirTemp("", "demarc-gen-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	d.simplify()
	raw, err := indented(d.T)
	if err != nil {
		return nil, err
	}
	specification := filepath.Join(dir, "openapi.json")
	if err := os.WriteFile(specification, raw, 0o600); err != nil {
		return nil, err
	}
	var said bytes.Buffer
	run := exec.CommandContext(ctx, tool, "-config", filepath.Join(root, "controlplane", "client", "api", "oapi-codegen.yaml"), specification)
	run.Stderr = &said
	out, err := run.Output()
	if err != nil {
		return nil, fmt.Errorf("oapi-codegen: %w\n%s", err, said.Bytes())
	}
	return out, nil
}

// simplify says the same with fewer Go types: one answer for all problems, and one type for each enumeration of a kind, in whatever way
// it goes. It is the last thing that is done with the document.
func (d *document) simplify() {
	d.each(func(_, _ string, op *openapi3.Operation) {
		for status, r := range op.Responses.Map() {
			if strings.HasPrefix(r.Ref, "#/components/responses/") {
				op.Responses.Delete(status)
			}
		}
		op.Responses.Set("default", &openapi3.ResponseRef{Ref: "#/components/responses/Problem"})
	})
	words := "What went wrong."
	d.Components.Responses = openapi3.ResponseBodies{"Problem": {Value: &openapi3.Response{Description: &words,
		Content: openapi3.Content{problemMedia: &openapi3.MediaType{Schema: componentRef("Problem")}}}}}
	for kind, t := range d.types {
		read := d.Components.Schemas[t.read]
		if read == nil {
			continue
		}
		for name, p := range read.Value.Properties {
			if p.Value == nil || len(p.Value.Enum) == 0 {
				continue
			}
			d.shareEnum(kind, t, name, p.Value)
		}
	}
}

// shareEnum makes a component of an enumeration, and refers to it from every type and parameter of the kind.
func (d *document) shareEnum(kind string, t types, field string, of *openapi3.Schema) {
	component := t.read
	for _, part := range strings.Split(field, "_") {
		component += strings.ToUpper(part[:1]) + part[1:]
	}
	if d.Components.Schemas[component] != nil {
		return // a type is called so; the field keeps a type of its own
	}
	shared := &openapi3.Schema{Type: of.Type, Enum: of.Enum, Description: of.Description}
	refer := func(s *openapi3.Schema) *openapi3.SchemaRef {
		return &openapi3.SchemaRef{Value: &openapi3.Schema{AllOf: openapi3.SchemaRefs{componentRef(component)}, Description: s.Description,
			Nullable: s.Nullable, ReadOnly: s.ReadOnly}}
	}
	same := func(ref *openapi3.SchemaRef) bool {
		return ref != nil && ref.Value != nil && slices.Equal(ref.Value.Enum, shared.Enum)
	}
	for _, name := range []string{t.read, t.create, t.spec, t.patch} {
		if c := d.Components.Schemas[name]; c != nil && same(c.Value.Properties[field]) {
			c.Value.Properties[field] = refer(c.Value.Properties[field].Value)
		}
	}
	d.each(func(_, _ string, op *openapi3.Operation) {
		if d.ops[op.OperationID].Kind != kind {
			return
		}
		for _, p := range op.Parameters {
			if p.Value.Name == field && same(p.Value.Schema) {
				p.Value.Schema = componentRef(component)
			}
		}
	})
	d.Components.Schemas[component] = &openapi3.SchemaRef{Value: shared}
}
