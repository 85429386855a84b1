package parity

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/spec"
)

// Route is one that the server serves.
type Route struct{ Method, Path string }

var ginParameter = regexp.MustCompile(`:(\w+)`)

// Routes compares the table of operations with what the server serves below the base path.
func Routes(ops []httpapi.Op, routes []Route) []Gap {
	var g gaps
	served := map[Route]bool{}
	for _, r := range routes {
		if path, ok := strings.CutPrefix(ginParameter.ReplaceAllString(r.Path, "{$1}"), httpapi.BasePath+"/"); ok {
			served[Route{r.Method, "/" + path}] = true
		}
	}
	for _, op := range ops {
		r := Route{op.Method, op.Path}
		if !served[r] {
			g.add(op.ID, "httpapi.New is given the operations of every module", "%s %s is not served", op.Method, op.Path)
		}
		delete(served, r)
	}
	for r := range served {
		g.add(r.Method+r.Path, "a row in the Ops of its package", "%s %s is served by no operation", r.Method, r.Path)
	}
	return g
}

// Specification compares the table of operations with the specification and the catalog, both ways.
func Specification(ops []httpapi.Op, s *spec.Spec, c *catalog.Catalog) []Gap {
	var g gaps
	rows := map[string]httpapi.Op{}
	for _, op := range ops {
		rows[op.ID] = op
		o, ok := s.Operation(op.ID)
		if !ok {
			g.add(op.ID, generate, "is not in the specification")
			continue
		}
		said := []any{o.Method, o.Path, o.Kind, o.Verb, o.Permission, o.Async, o.RequiresIfMatch, o.AnswerTypes, o.BodyTypes, o.MaxBytes}
		meant := []any{op.Method, op.Path, op.Kind, op.Verb, op.Permission, op.Async, op.RequiresIfMatch, slices.Sorted(slices.Values(op.AnswerTypes)),
			slices.Sorted(slices.Values(op.BodyTypes)), op.MaxBytes}
		if !reflect.DeepEqual(said, meant) {
			g.add(op.ID, generate, "is %v in the specification and %v in the table", said, meant)
		}
	}
	for _, o := range s.Operations() {
		if _, ok := rows[o.ID]; !ok {
			g.add(o.ID, generate, "is in the specification and in no table")
		}
	}
	inCatalog := map[string]bool{}
	for i := range c.Kinds {
		for _, op := range operations(&c.Kinds[i]) {
			inCatalog[op.ID] = true
			row := rows[op.ID]
			said := []any{op.Method, op.Path, op.Permission, op.Async, op.RequiresIfMatch, op.Name, op.ContentTypes, op.BodyTypes, op.MaxBytes}
			meant := []any{row.Method, row.Path, row.Permission, row.Async, row.RequiresIfMatch, row.Part, row.AnswerTypes, row.BodyTypes, row.MaxBytes}
			if !reflect.DeepEqual(said, meant) {
				g.add(op.ID, generate, "is %v in the catalog and %v in the table", said, meant)
			}
		}
	}
	for i := range c.Operations {
		op := &c.Operations[i].Operation
		inCatalog[op.ID] = true
		row := rows[op.ID]
		said := []any{op.Method, op.Path, op.Permission, op.Async, op.RequiresIfMatch, ""}
		meant := []any{row.Method, row.Path, row.Permission, row.Async, row.RequiresIfMatch, row.Kind}
		if !reflect.DeepEqual(said, meant) {
			g.add(op.ID, generate, "is %v in the catalog and %v in the table", said, meant)
		}
	}
	for _, op := range ops {
		if !inCatalog[op.ID] {
			g.add(op.ID, generate, "is not in the catalog")
		}
	}
	return g
}

// operations are those of a kind, with actions and what is below its objects.
func operations(k *catalog.Kind) []catalog.Part {
	out := slices.Concat(k.Documents, k.Uploads, k.Streams)
	for _, op := range k.Operations {
		out = append(out, catalog.Part{Operation: op})
	}
	for _, a := range k.Actions {
		out = append(out, catalog.Part{Operation: a.Operation})
	}
	for _, r := range k.Reveals {
		out = append(out, catalog.Part{Operation: r.Operation})
	}
	return out
}

// revealsOf are the gaps of a client that shows no secret which an operation reveals.
func revealsOf(g *gaps, k *catalog.Kind, client string) {
	for _, r := range k.Reveals {
		g.add(r.ID, "controlplane/parity compares it once the client has it", "%s has nothing for what is revealed", client)
	}
}

// partsOf are the gaps of a client that does nothing with what kinds have below their objects.
func partsOf(g *gaps, k *catalog.Kind, client string) {
	for _, p := range k.Documents {
		g.add(p.ID, "controlplane/parity compares it once the client has it", "%s has nothing for documents", client)
	}
	for _, p := range k.Uploads {
		g.add(p.ID, "controlplane/parity compares it once the client has it", "%s has nothing for uploads", client)
	}
	for _, p := range k.Streams {
		g.add(p.ID, "controlplane/parity compares it once the client has it", "%s has nothing for events", client)
	}
	revealsOf(g, k, client)
}

// Fixtures compares the catalog with the sample data.
func (t Tree) Fixtures() []Gap {
	var g gaps
	var expected []string
	folder := []string{"controlplane", "client", "catalog", "fixtures"}
	for i := range t.Catalog.Kinds {
		k := &t.Catalog.Kinds[i]
		if !k.Managed {
			continue
		}
		name := k.Name + ".json"
		expected = append(expected, name)
		t.read(&g, k.Name, fmt.Sprintf("write controlplane/client/catalog/fixtures/%s", name), append(folder, name)...)
	}
	t.strays(&g, "remove it", expected, folder...)
	return g
}
