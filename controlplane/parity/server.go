package parity

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/getkin/kin-openapi/openapi3"

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

// GoClient compares the typed client with the specification: an operation is a method, a type a struct with the same fields.
func (t Tree) GoClient() []Gap {
	var g gaps
	source, ok := t.read(&g, "api", generate, "controlplane", "client", "api", "api.gen.go")
	raw, ok2 := t.read(&g, "api", generate, "controlplane", "api", "openapi.json")
	if !ok || !ok2 {
		return g
	}
	file, err := parser.ParseFile(token.NewFileSet(), "api.gen.go", source, parser.SkipObjectResolution)
	if err != nil {
		g.add("api", generate, "%v", err)
		return g
	}
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		g.add("api", generate, "%v", err)
		return g
	}
	methods, structs := declared(file)
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			if !methods[plain(op.OperationID)] {
				g.add(op.OperationID, generate, "the Go client has no method for it")
			}
		}
	}
	sent := exchanged(doc)
	for name, s := range doc.Components.Schemas {
		if !sent[name] { // what a patch leads to is the server's own business
			continue
		}
		fields, ok := structs[plain(name)]
		if !ok {
			g.add(name, generate, "the Go client has no such type")
			continue
		}
		for field := range s.Value.Properties {
			if !fields[field] {
				g.add(name+"."+field, generate, "the type of the Go client lacks it")
			}
		}
	}
	return g
}

// exchanged are the types that requests and answers consist of.
func exchanged(doc *openapi3.T) map[string]bool {
	found := map[string]bool{}
	var follow func(*openapi3.SchemaRef)
	follow = func(ref *openapi3.SchemaRef) {
		if ref == nil || ref.Value == nil || ref.Ref != "" && found[path.Base(ref.Ref)] {
			return
		}
		if ref.Ref != "" {
			found[path.Base(ref.Ref)] = true
		}
		follow(ref.Value.Items)
		follow(ref.Value.AdditionalProperties.Schema)
		for _, part := range ref.Value.AllOf {
			follow(part)
		}
		for _, p := range ref.Value.Properties {
			follow(p)
		}
	}
	content := func(c openapi3.Content) {
		for _, m := range c {
			follow(m.Schema)
		}
	}
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			if op.RequestBody != nil {
				content(op.RequestBody.Value.Content)
			}
			for _, r := range op.Responses.Map() {
				content(r.Value.Content)
			}
		}
	}
	return found
}

// plain is a name without what languages write differently.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// declared finds the methods of ClientInterface, and the JSON fields of every struct.
func declared(file *ast.File) (methods map[string]bool, structs map[string]map[string]bool) {
	methods, structs = map[string]bool{}, map[string]map[string]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		t, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		switch x := t.Type.(type) {
		case *ast.InterfaceType:
			if t.Name.Name != "ClientInterface" {
				break
			}
			for _, m := range x.Methods.List {
				for _, name := range m.Names {
					methods[plain(name.Name)] = true
				}
			}
		case *ast.StructType:
			fields := map[string]bool{}
			for _, f := range x.Fields.List {
				if f.Tag != nil {
					name, _, _ := strings.Cut(reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json"), ",")
					fields[name] = true
				}
			}
			structs[plain(t.Name.Name)] = fields
		}
		return true
	})
	return methods, structs
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
