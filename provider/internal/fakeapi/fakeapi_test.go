package fakeapi

// The fake says what the server can say: its codes are those of the published specification.

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const specification = "../../../controlplane/api/openapi.json"

func TestCodesAreThoseOfTheServer(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(specification)
	if err != nil {
		t.Fatal(err)
	}
	var published struct {
		Components struct {
			Schemas struct {
				Problem struct {
					Properties struct {
						Code struct {
							Known []string `json:"x-extensible-enum"`
						} `json:"code"`
					} `json:"properties"`
				} `json:"Problem"`
			} `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(text, &published); err != nil {
		t.Fatal(err)
	}
	known := published.Components.Schemas.Problem.Properties.Code.Known
	// Tests that have the fake refuse something stand beside it.
	files, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	met := 0
	for _, file := range files {
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			literal, ok := n.(*ast.CompositeLit)
			if !ok || !isProblem(parsed.Name.Name, literal.Type) {
				return true
			}
			for _, e := range literal.Elts {
				member, ok := e.(*ast.KeyValueExpr)
				if !ok {
					t.Errorf("%s: name the members of a problem", set.Position(e.Pos()))
					continue
				}
				code, fixed := member.Value.(*ast.BasicLit)
				if name, ok := member.Key.(*ast.Ident); !ok || name.Name != "Code" || !fixed {
					continue
				}
				met++
				if says, _ := strconv.Unquote(code.Value); !slices.Contains(known, says) {
					t.Errorf("%s: the server has no code %s, but %s", set.Position(code.Pos()), says, strings.Join(known, ", "))
				}
			}
			return true
		})
	}
	if met < 20 {
		t.Errorf("only %d codes were met", met)
	}
}

// isProblem says whether a literal of that type, in a package of that name, is a problem of the fake.
func isProblem(pkg string, of ast.Expr) bool {
	switch of := of.(type) {
	case *ast.Ident:
		return pkg == "fakeapi" && of.Name == "Problem"
	case *ast.SelectorExpr:
		from, ok := of.X.(*ast.Ident)
		return ok && from.Name == "fakeapi" && of.Sel.Name == "Problem"
	}
	return false
}
