// Kindsize counts what each kind costs in Go: lines of its package with code on them, without tests, blanks and comments.
//
//	kindsize [-write FILE] DIR
//
// DIR is the folder of the nouns' packages; a kind is a package with a variable Kind. With -write the table in FILE is made anew; without, it
// is printed.
package main

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// limits are what kinds may cost that stand for their sort: two without work in the world outside, two with.
var limits = map[string]int{"image": 75, "location_access": 70, "disk": 260, "virtual_machine": 400}

// Where the table stands.
const (
	begin = "<!-- make kind-size: begin -->\n"
	end   = "<!-- make kind-size: end -->\n"
)

func main() {
	write := flag.String("write", "", "file whose table is made anew")
	flag.Parse()
	if err := run(flag.Arg(0), *write); err != nil {
		fmt.Fprintln(os.Stderr, "kindsize:", err)
		os.Exit(1)
	}
}

func run(dir, write string) error {
	kinds, err := measure(dir)
	if err != nil {
		return err
	}
	if write == "" {
		fmt.Print(table(kinds))
		return nil
	}
	old, err := os.ReadFile(write)
	if err != nil {
		return err
	}
	text, err := replaced(string(old), table(kinds))
	if err != nil || text == string(old) {
		return err
	}
	return os.WriteFile(write, []byte(text), 0o644)
}

// kind is one with the size of its package.
type kind struct {
	name  string
	lines int
}

// measure returns the kinds of the packages below dir, the smallest first.
func measure(dir string) ([]kind, error) {
	packages, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []kind
	for _, p := range packages {
		if !p.IsDir() {
			continue
		}
		k, err := measurePackage(filepath.Join(dir, p.Name()))
		if err != nil {
			return nil, err
		}
		if k.name != "" {
			out = append(out, k)
		}
	}
	slices.SortFunc(out, func(a, b kind) int {
		if a.lines != b.lines {
			return a.lines - b.lines
		}
		return strings.Compare(a.name, b.name)
	})
	return out, nil
}

func measurePackage(dir string) (kind, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return kind{}, err
	}
	var k kind
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			return k, err
		}
		k.lines += codeLines(source)
		name, err := kindIn(file, source)
		if err != nil {
			return k, err
		}
		if name != "" {
			k.name = name
		}
	}
	return k, nil
}

// codeLines counts the lines on which there is more than blanks and comments.
func codeLines(source []byte) int {
	files := token.NewFileSet()
	file := files.AddFile("", files.Base(), len(source))
	var s scanner.Scanner
	s.Init(file, source, nil, 0) // without comments
	lines := map[int]bool{}
	for {
		pos, tok, text := s.Scan()
		if tok == token.EOF {
			return len(lines)
		}
		if tok == token.SEMICOLON && text == "\n" {
			continue // put there by the scanner
		}
		first := file.Line(pos)
		for i := range strings.Count(text, "\n") + 1 { // a raw string has several
			lines[first+i] = true
		}
	}
}

// kindIn is the name of the kind that a file describes, empty if it describes none.
func kindIn(file string, source []byte) (string, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, source, parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	var name string
	ast.Inspect(parsed, func(n ast.Node) bool {
		v, ok := n.(*ast.ValueSpec)
		if !ok || len(v.Names) != 1 || v.Names[0].Name != "Kind" || len(v.Values) != 1 {
			return true
		}
		literal, ok := v.Values[0].(*ast.CompositeLit)
		if !ok {
			return true
		}
		for _, e := range literal.Elts {
			field, ok := e.(*ast.KeyValueExpr)
			if !ok || fmt.Sprint(field.Key) != "Name" {
				continue
			}
			if value, ok := field.Value.(*ast.BasicLit); ok {
				name = strings.Trim(value.Value, `"`)
			}
		}
		return true
	})
	return name, nil
}

// table shows the kinds, with the limit of those that have one.
func table(kinds []kind) string {
	var b strings.Builder
	b.WriteString("| kind | lines of Go | at most |\n|---|--:|--:|\n")
	for _, k := range kinds {
		limit := ""
		if l, ok := limits[k.name]; ok {
			limit = fmt.Sprint(l)
		}
		fmt.Fprintf(&b, "| %s | %d | %s |\n", strings.ReplaceAll(k.name, "_", " "), k.lines, limit)
	}
	return b.String()
}

// replaced is a text with another table in it.
func replaced(text, table string) (string, error) {
	before, rest, ok := strings.Cut(text, begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return "", fmt.Errorf("there is no place for the table: %s and %s", strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return before + begin + table + end + after, nil
}
