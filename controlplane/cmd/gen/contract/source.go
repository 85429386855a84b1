package contract

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
)

// source is what the Go types say and swag does not: the order of the fields, which of them are pointers, the comments on types, and
// whether two types claim one name.
type source struct {
	module  string                          // import path of root
	root    string                          // its folder
	structs map[string]map[string]*goStruct // import path → type name
	named   map[string]*goStruct            // @name → type
}

type goStruct struct {
	doc     string
	name    string // @name
	place   string // file:line
	members []goMember
}

// goMember is a field with a JSON name, or an embedded type.
type goMember struct {
	json     string
	pointer  bool
	embedded string // type name
	from     string // import path of the embedded type
}

// goField is a field of the flattened struct.
type goField struct {
	name    string
	pointer bool
}

var nameComment = regexp.MustCompile(`@name\s+(\S+)`)

// readSource parses every package below the folders, which lie in root.
func readSource(root, module string, folders []string, out *faults) (*source, error) {
	s := &source{module: module, root: root, structs: map[string]map[string]*goStruct{}, named: map[string]*goStruct{}}
	for _, folder := range folders {
		err := filepath.WalkDir(folder, func(file string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && d.Name() == "testdata" && file != folder {
				return filepath.SkipDir
			}
			if d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
				return nil
			}
			return s.readFile(file, out)
		})
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *source) readFile(file string, out *faults) error {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	rel, err := filepath.Rel(s.root, filepath.Dir(file))
	if err != nil {
		return err
	}
	pkg := path.Join(s.module, filepath.ToSlash(rel))
	imports := map[string]string{}
	for _, i := range f.Imports {
		p := strings.Trim(i.Path.Value, `"`)
		name := path.Base(p)
		if i.Name != nil {
			name = i.Name.Name
		}
		imports[name] = p
	}
	if s.structs[pkg] == nil {
		s.structs[pkg] = map[string]*goStruct{}
	}
	for _, decl := range f.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.TYPE {
			continue
		}
		for _, spec := range gen.Specs {
			t := spec.(*ast.TypeSpec)
			st, ok := t.Type.(*ast.StructType)
			if !ok {
				continue
			}
			g := &goStruct{doc: withoutName(docOf(gen, t), t.Name.Name), place: place(fset, s.root, t.Pos()), members: membersOf(st, pkg, imports)}
			s.structs[pkg][t.Name.Name] = g
			m := nameComment.FindStringSubmatch(t.Comment.Text())
			if m == nil {
				continue
			}
			g.name = m[1]
			if other := s.named[m[1]]; other != nil {
				out.addf("%s: @name %s is taken by the type at %s", g.place, m[1], other.place)
			}
			s.named[m[1]] = g
		}
	}
	return nil
}

// addPage knows the type of a page that has no declaration of its own.
func (s *source) addPage(name, of string) {
	s.named[name] = &goStruct{name: name, doc: "One page of " + of + ".", members: []goMember{{embedded: "Page", from: pagesPackage}}}
}

func docOf(gen *ast.GenDecl, t *ast.TypeSpec) string {
	doc := t.Doc
	if doc == nil {
		doc = gen.Doc
	}
	first, _, _ := strings.Cut(doc.Text(), "\n\n") // what follows is for those who read the source
	return strings.Join(strings.Fields(first), " ")
}

func place(fset *token.FileSet, root string, pos token.Pos) string {
	p := fset.Position(pos)
	if rel, err := filepath.Rel(root, p.Filename); err == nil {
		p.Filename = rel
	}
	p.Column = 0
	return p.String()
}

func membersOf(st *ast.StructType, pkg string, imports map[string]string) []goMember {
	var out []goMember
	for _, f := range st.Fields.List {
		name := ""
		if f.Tag != nil {
			name, _, _ = strings.Cut(reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json"), ",")
		}
		_, pointer := f.Type.(*ast.StarExpr)
		switch {
		case name == "-":
		case name != "":
			out = append(out, goMember{json: name, pointer: pointer})
		case len(f.Names) == 0:
			if t, from := typeName(f.Type, pkg, imports); t != "" {
				out = append(out, goMember{embedded: t, from: from})
			}
		}
	}
	return out
}

func typeName(e ast.Expr, pkg string, imports map[string]string) (name, from string) {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name, pkg
	case *ast.StarExpr:
		return typeName(e.X, pkg, imports)
	case *ast.IndexExpr: // Page[T]
		return typeName(e.X, pkg, imports)
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok {
			return e.Sel.Name, imports[x.Name]
		}
	}
	return "", ""
}

// fields flattens the type with that @name, as encoding/json does.
func (s *source) fields(name string) []goField {
	g := s.named[name]
	if g == nil {
		return nil
	}
	return s.flatten(g, 0)
}

func (s *source) flatten(g *goStruct, depth int) []goField {
	var out []goField
	if depth > 10 {
		return out
	}
	for _, m := range g.members {
		if m.embedded == "" {
			out = append(out, goField{m.json, m.pointer})
		} else if e := s.structs[m.from][m.embedded]; e != nil {
			out = append(out, s.flatten(e, depth+1)...)
		}
	}
	return out
}
