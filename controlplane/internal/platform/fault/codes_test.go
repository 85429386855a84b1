package fault_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

// positions say which argument of a function is a code, and whether it is that of a field.
var positions = map[string]struct {
	argument int
	field    bool
}{"Conflictf": {0, false}, "Malformedf": {0, false}, "Parameter": {1, true}, "Invalidf": {1, true}, "fail": {0, true}}

// TestCodes compares the codes that the server's source has, where a code stands, with those that are listed.
func TestCodes(t *testing.T) {
	t.Parallel()
	problems, fields, all := map[string]bool{}, map[string]bool{}, map[string]bool{}
	word := regexp.MustCompile(`^[a-z_]+$`)
	err := filepath.WalkDir("../..", func(file string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "testdata":
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") || d.Name() == "codes.go":
			return nil
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			switch x := n.(type) {
			case *ast.BasicLit:
				all[text(x)] = true
			case *ast.CompositeLit:
				for _, e := range x.Elts {
					if kv, ok := e.(*ast.KeyValueExpr); ok && called(kv.Key) == "Code" {
						note(problems, fields, x.Type == nil || called(x.Type) == "Field", text(kv.Value))
					}
				}
			case *ast.CallExpr:
				if p, ok := positions[called(x.Fun)]; ok && len(x.Args) > p.argument {
					note(problems, fields, p.field, text(x.Args[p.argument]))
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(problems) < 10 || len(fields) < 10 {
		t.Fatalf("%d codes of problems and %d of fields found: this looks in the wrong place", len(problems), len(fields))
	}
	for code := range problems {
		if word.MatchString(code) && !slices.ContainsFunc(fault.Codes, func(c fault.Code) bool { return c.Name == code }) {
			t.Errorf("a problem is sent with the code %s, which fault.Codes has not", code)
		}
	}
	for code := range fields {
		if word.MatchString(code) && fault.FieldCodes[code] == "" {
			t.Errorf("a wrong field is sent with the code %s, which fault.FieldCodes has not", code)
		}
	}
	for _, c := range fault.Codes {
		if !all[c.Name] {
			t.Errorf("nothing sends a problem of code %s", c.Name)
		}
	}
	for code := range fault.FieldCodes {
		if !all[code] {
			t.Errorf("nothing sends a wrong field of code %s", code)
		}
	}
}

func note(problems, fields map[string]bool, field bool, code string) {
	if field {
		fields[code] = true
	} else {
		problems[code] = true
	}
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

// TestThePageHasTheCodes compares the contract's page with the codes.
func TestThePageHasTheCodes(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../../docs/contract.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range fault.Codes {
		if !strings.Contains(string(page), "`"+c.Name+"`") {
			t.Errorf("docs/contract.md has not the code %s", c.Name)
		}
	}
	codes := regexp.MustCompile("errors\\[\\]` of `([a-z_ ]+)`").FindStringSubmatch(string(page))
	if codes == nil {
		t.Fatal("docs/contract.md has no list of the codes of fields")
	}
	listed := strings.Fields(codes[1])
	for code := range fault.FieldCodes {
		if !strings.HasSuffix(code, "_parameter") && code != "hidden" && !slices.Contains(listed, code) {
			t.Errorf("docs/contract.md has not the code %s of wrong fields", code)
		}
	}
	for _, code := range listed {
		if fault.FieldCodes[code] == "" {
			t.Errorf("docs/contract.md has a code %s of wrong fields, which nothing sends", code)
		}
	}
}
