package fault_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

// positions say which argument of a function is a code, and whether it is that of a field.
var positions = map[string]struct {
	argument int
	field    bool
}{"Conflictf": {0, false}, "Malformedf": {0, false}, "Parameter": {1, true}, "Invalidf": {1, true}, "fail": {0, true}, "wrong": {1, true}}

// kinds are those of problems, by their names.
var kinds = map[string]fault.Kind{"Internal": fault.Internal, "Malformed": fault.Malformed, "Unauthenticated": fault.Unauthenticated,
	"Forbidden": fault.Forbidden, "NotFound": fault.NotFound, "MethodNotAllowed": fault.MethodNotAllowed, "NotAcceptable": fault.NotAcceptable,
	"TooSlow": fault.TooSlow, "Conflict": fault.Conflict, "PreconditionFailed": fault.PreconditionFailed, "TooLarge": fault.TooLarge,
	"UnsupportedMedia": fault.UnsupportedMedia, "Invalid": fault.Invalid, "PreconditionRequired": fault.PreconditionRequired,
	"RateLimited": fault.RateLimited, "Unavailable": fault.Unavailable}

// found are the codes that the server's source has where a code stands, those of problems with the kinds that they are sent as.
type found struct {
	problems, fields map[string]bool
	kinds            map[string]map[string]bool
}

// codesOf reads the packages below a folder. A code is written out there, or by the name of a constant of its package.
func codesOf(t *testing.T, root string) found {
	t.Helper()
	f := found{map[string]bool{}, map[string]bool{}, map[string]map[string]bool{}}
	packages := map[string][]*ast.File{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "testdata":
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") || d.Name() == "codes.go":
			return nil
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		packages[filepath.Dir(file)] = append(packages[filepath.Dir(file)], tree)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, files := range packages {
		constants := map[string]string{}
		for _, file := range files {
			ast.Inspect(file, func(n ast.Node) bool {
				if v, ok := n.(*ast.ValueSpec); ok {
					for i := range min(len(v.Names), len(v.Values)) {
						constants[v.Names[i].Name] = text(v.Values[i])
					}
				}
				return true
			})
		}
		for _, file := range files {
			ast.Inspect(file, func(n ast.Node) bool {
				switch x := n.(type) {
				case *ast.CompositeLit:
					kind := ""
					for _, e := range x.Elts {
						if kv, ok := e.(*ast.KeyValueExpr); ok && called(kv.Key) == "Kind" {
							kind = called(kv.Value)
						}
					}
					for _, e := range x.Elts {
						if kv, ok := e.(*ast.KeyValueExpr); ok && called(kv.Key) == "Code" && (x.Type == nil || called(x.Type) == "Field" || called(x.Type) == "Error") {
							f.note(x.Type == nil || called(x.Type) == "Field", kind, kv.Value, constants)
						}
					}
				case *ast.CallExpr:
					if p, ok := positions[called(x.Fun)]; ok && len(x.Args) > p.argument {
						f.note(p.field, strings.TrimSuffix(called(x.Fun), "f"), x.Args[p.argument], constants)
						if called(x.Fun) == "Parameter" { // the problem has the code of its field
							f.note(false, "Malformed", x.Args[p.argument], constants)
						}
					}
				case *ast.ReturnStmt: // of what says why a parameter is wrong: its code, and the words
					for i, e := range x.Results {
						if code := text(e); i == 0 && len(x.Results) == 2 && strings.HasSuffix(code, "_parameter") {
							f.fields[code] = true
						}
					}
				}
				return true
			})
		}
	}
	return f
}

// note keeps a code, if it is one.
func (f found) note(field bool, kind string, e ast.Expr, constants map[string]string) {
	code := text(e)
	if id, ok := e.(*ast.Ident); ok && code == "" {
		code = constants[id.Name]
	}
	switch {
	case !regexp.MustCompile(`^[a-z_]+$`).MatchString(code):
	case field:
		f.fields[code] = true
	default:
		f.problems[code] = true
		if f.kinds[code] == nil {
			f.kinds[code] = map[string]bool{}
		}
		f.kinds[code][kind] = true
	}
}

// TestCodes compares the codes that the server's source has, where a code stands, with those that are listed.
func TestCodes(t *testing.T) {
	t.Parallel()
	is := codesOf(t, "../..")
	listed := map[string]bool{}
	for _, c := range fault.Codes {
		listed[c.Name] = true
		for name := range is.kinds[c.Name] {
			if kind, known := kinds[name]; !known || kind != c.Kind {
				t.Errorf("the code %s is sent as %s, which is not what it is listed as", c.Name, name)
			}
		}
	}
	for _, of := range []struct {
		what         string
		sent, listed map[string]bool
	}{{"problem", is.problems, listed}, {"wrong field", is.fields, keys(fault.FieldCodes)}} {
		for code := range of.sent {
			if !of.listed[code] {
				t.Errorf("a %s is sent with the code %s, which is not listed", of.what, code)
			}
		}
		for code := range of.listed {
			if !of.sent[code] {
				t.Errorf("nothing sends a %s of code %s", of.what, code)
			}
		}
	}
}

func keys(m map[string]string) map[string]bool {
	out := map[string]bool{}
	for k := range m {
		out[k] = true
	}
	return out
}

// called is the last name of an expression: Field of fault.Field.
func called(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// text is the value of a string that is written out; empty for anything else.
func text(e ast.Expr) string {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return ""
	}
	s, err := strconv.Unquote(lit.Value)
	if err != nil {
		return ""
	}
	return s
}
