package parity

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// GoClient compares the typed SDK with the catalog: a kind is what can be done with it and no more, and each of its types has the fields that may be
// answered or sent, and no other.
func (t Tree) GoClient() []Gap {
	var g gaps
	s, err := readSDK(t.path("controlplane", "client", "demarc"))
	if err != nil {
		g.add("sdk", generate, "%v", err)
		return g
	}
	for i := range t.Catalog.Kinds {
		s.kind(&g, &t.Catalog.Kinds[i])
	}
	for i := range t.Catalog.Operations {
		o := &t.Catalog.Operations[i]
		name := plain(o.Name())
		if !s.functions[name] {
			g.add(o.ID, generate, "the Go SDK has no function for it")
		}
		var parameters []string
		for _, p := range o.Parameters {
			parameters = append(parameters, p.Name)
		}
		s.fields(&g, o.ID, name+"answer", o.Answer, readable)
		if len(parameters) > 0 {
			s.parameters(&g, o.ID, name+"query", parameters)
		}
		if len(o.Fields) > 0 {
			s.fields(&g, o.ID, name+"body", o.Fields, writable)
		}
	}
	return g
}

// sdk is what a Go package declares, by names as plain has them.
type sdk struct {
	functions map[string]bool
	structs   map[string]map[string]string // type → name in JSON or the query → Go type
	parts     map[string][]string          // type → those parts of package client that it is composed of
	methods   map[string]map[string]bool   // type → its methods
	values    map[string][]string          // type → constants
}

// verbs of the parts that a kind is composed of.
var verbs = map[string][]string{
	"Getter": {"get"}, "Lister": {"list"}, "Creator": {"create"}, "Patcher": {"update"}, "Deleter": {"delete"},
	"Kind": {"get", "list", "create", "update", "delete"}, "NamedKind": {"get", "list", "create", "update", "delete"},
}

func readSDK(folder string) (*sdk, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.gen.go"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("there is nothing in controlplane/client/demarc")
	}
	s := &sdk{map[string]bool{}, map[string]map[string]string{}, map[string][]string{}, map[string]map[string]bool{}, map[string][]string{}}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range parsed.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				s.function(d)
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					s.declared(spec)
				}
			}
		}
	}
	return s, nil
}

func (s *sdk) function(d *ast.FuncDecl) {
	if d.Recv == nil {
		s.functions[plain(d.Name.Name)] = true
		return
	}
	of := plain(typeText(d.Recv.List[0].Type))
	if s.methods[of] == nil {
		s.methods[of] = map[string]bool{}
	}
	s.methods[of][plain(d.Name.Name)] = true
}

func (s *sdk) declared(spec ast.Spec) {
	switch spec := spec.(type) {
	case *ast.ValueSpec:
		if spec.Type == nil {
			return
		}
		of := plain(typeText(spec.Type))
		for _, v := range spec.Values {
			if literal, ok := v.(*ast.BasicLit); ok {
				if text, err := strconv.Unquote(literal.Value); err == nil {
					s.values[of] = append(s.values[of], text)
				}
			}
		}
	case *ast.TypeSpec:
		name := plain(spec.Name.Name)
		of, ok := spec.Type.(*ast.StructType)
		if !ok {
			s.parts[name] = []string{partName(typeText(spec.Type))}
			return
		}
		s.structs[name] = map[string]string{}
		for _, f := range of.Fields.List {
			switch {
			case len(f.Names) == 0 && strings.HasPrefix(typeText(f.Type), "client."):
				s.parts[name] = append(s.parts[name], partName(typeText(f.Type)))
			case len(f.Names) == 0:
				s.structs[name][""] = plain(typeText(f.Type)) // what it embeds
			default:
				tag := reflect.StructTag(strings.Trim(f.Tag.Value, "`"))
				called, _, _ := strings.Cut(tag.Get("json")+tag.Get("query"), ",")
				s.structs[name][called] = typeText(f.Type)
			}
		}
	}
}

// partName is client.Lister[…] without what stands around it.
func partName(text string) string {
	name, _, _ := strings.Cut(strings.TrimPrefix(text, "client."), "[")
	return name
}

// typeText is a type as it is written, without the types around what it is of in the end: *, [], map[string], client.Optional and client.Entries.
func typeText(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.StarExpr:
		return typeText(e.X)
	case *ast.ArrayType:
		return typeText(e.Elt)
	case *ast.MapType:
		return typeText(e.Value)
	case *ast.SelectorExpr:
		return typeText(e.X) + "." + e.Sel.Name
	case *ast.IndexExpr:
		if of := typeText(e.X); of != "client.Optional" && of != "client.Entries" {
			return of + "[]"
		}
		return typeText(e.Index)
	case *ast.IndexListExpr:
		return typeText(e.X) + "[]"
	}
	return ""
}

// Which fields a type has.
var (
	readable = func(f *catalog.Field, _ bool) bool { return !f.WriteOnly }
	writable = func(f *catalog.Field, _ bool) bool { return f.Writable() }
	mutable  = func(f *catalog.Field, top bool) bool { return f.Mutable() || !top && f.Writable() }
)

func (s *sdk) kind(g *gaps, k *catalog.Kind) {
	name := plain(k.Name)
	s.fields(g, k.Name, name, k.Fields, readable)
	if _, ok := k.Operations["create"]; ok {
		s.fields(g, k.Name, name+"create", k.Fields, writable)
	}
	if _, ok := k.Operations["update"]; ok {
		s.fields(g, k.Name, name+"patch", k.Fields, mutable)
	}
	if _, ok := k.Operations["list"]; ok {
		var parameters []string
		for _, f := range k.Filters {
			parameters = append(parameters, f.Name)
		}
		if len(k.Orders) > 0 {
			parameters = append(parameters, "order_by")
		}
		s.parameters(g, k.Name, name+"query", parameters)
	}
	if !s.functions[plain(k.Plural)] {
		g.add(k.Name, generate, "the Go SDK has no function for it")
	}
	has := map[string]bool{}
	for _, part := range s.parts[name+"kind"] {
		for _, verb := range verbs[part] {
			has[verb] = true
		}
	}
	for verb, op := range k.Operations {
		if !has[verb] {
			g.add(op.ID, generate, "the Go SDK cannot do it")
		}
		delete(has, verb)
	}
	for _, verb := range slices.Sorted(maps.Keys(has)) {
		g.add(k.Name, generate, "the Go SDK can %s it, which no operation does", verb)
	}
	methods := s.methods[name+"kind"]
	for _, a := range k.Actions {
		if !methods[plain(a.Name)] {
			g.add(a.ID, generate, "the Go SDK has no method for it")
		}
		if len(a.Fields) > 0 {
			s.fields(g, a.ID, name+plain(a.Name)+"body", a.Fields, writable)
		}
	}
	for _, r := range k.Reveals {
		if !methods["reveal"+plain(r.Name)] {
			g.add(r.ID, generate, "the Go SDK has no method for it")
		}
		s.fields(g, r.ID, name+plain(r.Name)+"answer", r.Fields, readable)
	}
	for prefix, parts := range map[string][]catalog.Part{"download": k.Documents, "upload": k.Uploads, "watch": k.Streams} {
		for _, p := range parts {
			if !methods[prefix+plain(p.Name)] {
				g.add(p.ID, generate, "the Go SDK has no method for it")
			}
		}
	}
}

func (s *sdk) parameters(g *gaps, item, of string, names []string) {
	for _, name := range names {
		if _, ok := s.structs[of][name]; !ok {
			g.add(item+"."+name, generate, "the Go type %s has no such parameter", of)
		}
	}
}

// fields compares a struct with the fields of an object, and what is in them.
func (s *sdk) fields(g *gaps, item, of string, fields []catalog.Field, holds func(*catalog.Field, bool) bool) {
	s.fieldsAt(g, item, of, fields, holds, true)
}

func (s *sdk) fieldsAt(g *gaps, item, of string, fields []catalog.Field, holds func(*catalog.Field, bool) bool, top bool) {
	declared, ok := s.structs[of]
	if !ok {
		g.add(item, generate, "the Go SDK has no type %s", of)
		return
	}
	left := maps.Clone(declared)
	if embedded, ok := declared[""]; ok {
		delete(left, "")
		maps.Copy(left, s.structs[embedded])
	}
	for i := range fields {
		f := &fields[i]
		goType, ok := left[f.Name]
		delete(left, f.Name)
		switch {
		case !holds(f, top):
			if ok {
				g.add(item+"."+f.Name, generate, "the Go type %s has it, and must not", of)
			}
			continue
		case !ok:
			g.add(item+"."+f.Name, generate, "the Go type %s lacks it", of)
			continue
		}
		inner := f
		for inner.Items != nil {
			inner = inner.Items
		}
		if inner.Type == catalog.Object {
			s.fieldsAt(g, item+"."+f.Name, plain(goType), inner.Fields, holds, false)
		}
		for _, value := range inner.Enum {
			if !slices.Contains(s.values[plain(goType)], value) {
				g.add(item+"."+f.Name, generate, "the Go type %s has no constant for %s", goType, value)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		g.add(item+"."+name, generate, "the Go type %s has it, and the catalog has not", of)
	}
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
