package demarc_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

// page shows the examples, and no other Go.
const page = "../../docs/sdk.md"

// What the page shows is what runs.
func TestPageShowsTheExamples(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	files := token.NewFileSet()
	parsed, err := parser.ParseFile(files, "example_test.go", source, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	examples := map[string]string{} // by what they say
	for _, d := range parsed.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Example") {
			body := string(source[files.Position(f.Body.Lbrace).Offset+2 : files.Position(f.Body.Rbrace).Offset])
			examples[strings.ReplaceAll(strings.TrimPrefix(body, "\t"), "\n\t", "\n")] = f.Name.Name
		}
	}
	if len(examples) < 5 {
		t.Fatalf("only %d examples", len(examples))
	}
	blocks := strings.Split(string(text), "```go\n")
	for _, block := range blocks[1:] {
		shown, _, _ := strings.Cut(block, "```")
		if examples[shown] == "" {
			t.Errorf("%s shows what is no example as it runs:\n%s", page, shown)
		}
		delete(examples, shown)
	}
	for _, name := range examples {
		t.Errorf("%s does not show %s", page, name)
	}
}
