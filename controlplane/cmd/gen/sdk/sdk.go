// Package sdk makes the typed Go SDK of a catalog: the types of each kind, and what can be done with its objects, bound to the verbs of package client.
//
// All that is done stands there, once; what is made here are types, and for each kind one line that binds them.
package sdk

import (
	"bytes"
	"errors"
	"fmt"
	"go/format"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// Suffix is how the names of the files end: what stands before it is the kind.
const Suffix = ".gen.go"

// Files that are of no kind.
const (
	namedFile   = "named"
	generalFile = "general"
)

const header = "// Code generated from the catalog by cmd/gen. DO NOT EDIT.\n\npackage %s\n"

// Files are those of a package of that name, by their names. The package has two functions of its own beside them: kind(name string) *catalog.Kind and
// operation(id string) *catalog.GeneralOperation, which look into the catalog.
func Files(c *catalog.Catalog, pkg string) (map[string][]byte, error) {
	g := &generator{catalog: c, pkg: pkg, declared: map[string]string{}, structs: map[string][]field{}, enums: map[string]*catalog.Field{}}
	files := map[string][]byte{}
	add := func(name string, write func()) {
		if _, ok := files[name+Suffix]; ok {
			g.fail("two files would be called %s", name+Suffix)
		}
		g.begin(name)
		write()
		files[name+Suffix] = g.end()
	}
	if named := slices.IndexFunc(c.Kinds, func(k catalog.Kind) bool { return k.Named }); named >= 0 {
		add(namedFile, func() { g.named(&c.Kinds[named]) })
	}
	for i := range c.Kinds {
		add(c.Kinds[i].Name, func() { g.kind(&c.Kinds[i]) })
	}
	if len(c.Operations) > 0 {
		add(generalFile, func() { g.general() })
	}
	return files, errors.Join(g.faults...)
}

// Generate writes the files into a folder, and removes those of kinds that there are no more.
func Generate(c *catalog.Catalog, folder string) error {
	files, err := Files(c, filepath.Base(folder))
	if err != nil {
		return err
	}
	present, err := filepath.Glob(filepath.Join(folder, "*"+Suffix))
	if err != nil {
		return err
	}
	for _, file := range present {
		if files[filepath.Base(file)] == nil {
			if err := os.Remove(file); err != nil {
				return err
			}
		}
	}
	for name, content := range files {
		file := filepath.Join(folder, name)
		if old, err := os.ReadFile(file); err == nil && bytes.Equal(old, content) {
			continue
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

type generator struct {
	catalog  *catalog.Catalog
	pkg      string
	file     string
	body     bytes.Buffer
	later    bytes.Buffer // types that what is being written has mentioned
	declared map[string]string
	structs  map[string][]field        // those that are declared
	enums    map[string]*catalog.Field // those that are declared, in which field each was met
	faults   []error
}

func (g *generator) fail(format string, args ...any) {
	g.faults = append(g.faults, fmt.Errorf(format, args...))
}

// declare takes a name; no two things of a package have the same.
func (g *generator) declare(name, what string) {
	if of, ok := g.declared[name]; ok {
		g.fail("%s: %s and %s would both be called %s", g.file, of, what, name)
	}
	g.declared[name] = what
}

func (g *generator) begin(file string) {
	g.file = file
	g.body.Reset()
	g.later.Reset()
}

func (g *generator) line(format string, args ...any) { fmt.Fprintf(&g.body, format+"\n", args...) }

// flush puts the types that were mentioned behind what mentions them.
func (g *generator) flush() {
	g.body.Write(g.later.Bytes())
	g.later.Reset()
}

// packages are those that generated code may use, by the name before the dot.
var packages = map[string]string{
	"context.": "context", "json.": "encoding/json", "io.": "io", "iter.": "iter", "time.": "time",
	"client.": "github.com/demarc/demarc/controlplane/client", "catalog.": "github.com/demarc/demarc/controlplane/client/catalog",
}

// answers are the types of what operations answer that have one already, which knows all of it.
var answers = map[string]string{"catalog.get": "*catalog.Catalog"}

// end returns the file, formatted and with its imports.
func (g *generator) end() []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, header, g.pkg)
	out.WriteString("\nimport (\n")
	code := g.code()
	for _, own := range []bool{false, true} {
		for _, name := range slices.Sorted(maps.Keys(packages)) {
			if path := packages[name]; strings.Contains(path, ".") == own && uses(code, name) {
				fmt.Fprintf(&out, "%q\n", path)
			}
		}
		out.WriteString("\n")
	}
	out.WriteString(")\n")
	out.Write(g.body.Bytes())
	formatted, err := format.Source(bytes.Replace(out.Bytes(), []byte("import (\n\n\n)\n"), nil, 1))
	if err != nil {
		g.fail("%s: %w", g.file, err)
		return out.Bytes()
	}
	return formatted
}

// code is what was written, without comments.
func (g *generator) code() string {
	var b strings.Builder
	for line := range strings.Lines(g.body.String()) {
		text, _, _ := strings.Cut(line, "//")
		b.WriteString(text + "\n")
	}
	return b.String()
}

// uses says whether code names something of a package.
func uses(code, name string) bool {
	for rest := code; ; {
		i := strings.Index(rest, name)
		if i < 0 {
			return false
		}
		if i == 0 || !isWord(rest[i-1]) {
			return true
		}
		rest = rest[i+len(name):]
	}
}

func isWord(b byte) bool {
	return b == '_' || b == '"' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
}

// namedFields are those that every named kind has: one type holds them, which the others embed.
var namedFields = []string{"id", "name", "display_name", "labels", "notes", "deletion_protection", "revision", "created_at", "updated_at", "state", "state_reason",
	"operation_id"}

// named writes what all named kinds have in common, as the first of them has it.
func (g *generator) named(first *catalog.Kind) {
	var fields []catalog.Field
	for _, name := range namedFields {
		f := first.Field(name)
		if f == nil {
			g.fail("kind %s has no %s, which every named kind has", first.Name, name)
			return
		}
		fields = append(fields, *f)
	}
	g.structure("Named", "", "Named is what the objects of all kinds that have names have in common.", g.fields("", fields, answer))
	g.flush()
}

// isNamedField says whether a field of a kind is one that Named holds. It must be as there.
func (g *generator) isNamedField(k *catalog.Kind, f *catalog.Field) bool {
	if !k.Named || !slices.Contains(namedFields, f.Name) {
		return false
	}
	for i := range g.catalog.Kinds {
		if first := &g.catalog.Kinds[i]; first.Named {
			of := first.Field(f.Name)
			if of == nil || of.Type != f.Type || of.Format != f.Format || of.Nullable != f.Nullable || !slices.Equal(of.Enum, f.Enum) {
				g.fail("kind %s: %s is another than that of %s, and every named kind has the same", k.Name, f.Name, first.Name)
			}
			break
		}
	}
	return true
}

// kind writes all about one kind.
func (g *generator) kind(k *catalog.Kind) {
	name := goName(k.Name)
	own := slices.DeleteFunc(slices.Clone(k.Fields), func(f catalog.Field) bool { return g.isNamedField(k, &f) })
	embedded := ""
	if k.Named {
		embedded = "Named"
	}
	g.structure(name, embedded, fmt.Sprintf("%s is %s, as it is answered. %s", name, article(k), k.Description), g.fields(name, own, answer))
	create, update := k.Operations["create"].ID != "", k.Operations["update"].ID != ""
	if create {
		g.structure(name+"Create", "", fmt.Sprintf("%sCreate is what %s is made from.", name, article(k)), g.fields(name, k.Fields, forCreate))
	}
	if update {
		g.structure(name+"Patch", "", fmt.Sprintf("%sPatch is a change of %s.", name, article(k)), g.fields(name, k.Fields, forPatch))
	}
	g.flush()
	if k.Operations["list"].ID != "" {
		g.query(k, name)
	}
	g.bind(k, name)
}

// article is what one object of a kind is called in a sentence.
func article(k *catalog.Kind) string {
	title := k.Title
	if len(title) > 1 && strings.ToLower(title[1:2]) == title[1:2] { // not API token
		title = strings.ToLower(title[:1]) + title[1:]
	}
	if strings.Contains("aeiouAEIOU", title[:1]) {
		return "an " + title
	}
	return "a " + title
}

// words are what the objects of a kind are called in a sentence.
func words(k *catalog.Kind) string { return strings.ReplaceAll(k.Plural, "_", " ") }

// query writes what a list of the kind can be asked for.
func (g *generator) query(k *catalog.Kind, name string) {
	var fields []field
	for i := range k.Filters {
		fields = append(fields, g.parameter(k, name, &k.Filters[i]))
	}
	standard := func(name, goType, parameter, comment string) {
		fields = append(fields, field{name: name, goType: goType, tag: fmt.Sprintf("query:%q", parameter), comment: comment})
	}
	if k.Named {
		standard("Label", "string", "label", "Label selector: env=prod,tier!=db,owner,!legacy.")
		standard("Search", "string", "q", "Part of the name or display name.")
		standard("Path", "string", "path", "Name path: all that match it.")
	}
	if len(k.Orders) > 0 {
		standard("OrderBy", "string", "order_by", "With a minus sign the other way round: "+strings.Join(k.Orders, ", ")+".")
	}
	standard("PageSize", "int", "page_size", "How many objects one request brings, up to 500; 0 for as many as that.")
	g.structure(name+"Query", "", fmt.Sprintf("%sQuery says which %s a list finds: all, unless it says more.", name, words(k)), fields)
	g.flush()
}

// parameter is a parameter of a query. What has the name of a field is of its type.
func (g *generator) parameter(k *catalog.Kind, owner string, f *catalog.Filter) field {
	of, from := &catalog.Field{Name: f.Name, Type: f.Type, Format: f.Format, Enum: f.Enum, OpenEnum: true}, owner+"Query"
	if k != nil {
		for _, name := range []string{f.Name, f.Field} {
			if same := k.Field(name); same != nil && same.Type == f.Type && slices.Equal(f.Enum, same.Enum) {
				if of, from = same, owner; g.isNamedField(k, same) {
					from = ""
				}
				break
			}
		}
	}
	goType := g.goType(from, of, answer)
	if f.Many {
		goType = "[]" + goType
	} else if f.Type != catalog.String { // zero is a value
		goType = "*" + goType
	}
	return field{name: goName(f.Name), goType: goType, tag: fmt.Sprintf("query:%q", f.Name), comment: f.Description}
}

// bind writes what can be done with a kind, composed of the parts that it has.
func (g *generator) bind(k *catalog.Kind, name string) {
	kind := name + "Kind"
	g.declare(kind, "what can be done with "+k.Plural)
	plural := goName(k.Plural)
	g.declare(plural, "the function of "+k.Plural)
	parts, whole := g.parts(k, name)
	g.line("\n// %s is what can be done with %s.", kind, words(k))
	if whole && len(parts) == 1 {
		g.line("type %s = %s", kind, parts[0])
	} else {
		g.line("type %s struct {\n%s\n}", kind, strings.Join(parts, "\n"))
	}
	g.line("\n// %s are the %s of a server.", plural, words(k))
	g.line("func %s(c *client.Client) %s { return client.Bind[%s](c, kind(%q)) }", plural, kind, kind, k.Name)
	taken := map[string]bool{}
	for _, verb := range []string{"Get", "List", "Create", "Patch", "Delete", "Resolve", "Wait", "Action", "Download", "Upload", "Watch", "Reveal"} {
		taken[verb] = true
	}
	method := func(method, what, id, summary, parameters, results, call string, args ...any) {
		if taken[method] {
			g.fail("kind %s: two methods would be called %s", k.Name, method)
		}
		taken[method] = true
		g.line("\n// %s is the %s %s. %s.", method, what, id, strings.TrimSuffix(summary, "."))
		g.line("func (k %s) %s(ctx context.Context, id string%s) %s {\nreturn %s\n}", kind, method, parameters, results, fmt.Sprintf(call, args...))
	}
	for i := range k.Actions {
		a := &k.Actions[i]
		body, parameter := "nil", ""
		if len(a.Fields) > 0 {
			of := name + goName(a.Name)
			g.structure(of+"Body", "", fmt.Sprintf("%sBody is what the action takes.", of), g.fields(of, a.Fields, forCreate))
			g.flush()
			body, parameter = "body", ", body "+of+"Body"
		}
		method(goName(a.Name), "action", a.ID, a.Summary, parameter+", opts ...client.WriteOption", fmt.Sprintf("(%s, error)", name),
			"k.Action(ctx, id, %q, %s, opts...)", a.Name, body)
	}
	for i := range k.Documents {
		d := &k.Documents[i]
		method("Download"+goName(d.Name), "document", d.ID, d.Summary, ", accept ...string", "(*client.Download, error)",
			"k.Download(ctx, id, %q, accept...)", d.Name)
	}
	for i := range k.Uploads {
		u := &k.Uploads[i]
		method("Upload"+goName(u.Name), "upload", u.ID, u.Summary, ", contentType string, body io.Reader, size int64", "(json.RawMessage, error)",
			"k.Upload(ctx, id, %q, contentType, body, size)", u.Name)
	}
	for i := range k.Reveals {
		r := &k.Reveals[i]
		of := name + goName(r.Name) + "Answer"
		g.structure(of, "", fmt.Sprintf("%s is what %s answers.", of, r.ID), g.fields(name+goName(r.Name), r.Fields, answer))
		g.flush()
		method("Reveal"+goName(r.Name), "secret", r.ID, r.Summary, "", fmt.Sprintf("(%s, error)", of),
			"client.Revealed[%s](ctx, k.Reveals, id, %q)", of, r.Name)
	}
	for i := range k.Streams {
		s := &k.Streams[i]
		method("Watch"+goName(s.Name), "stream", s.ID, s.Summary, ", after string", "iter.Seq2[client.Event, error]", "k.Watch(ctx, id, %q, after)", s.Name)
	}
}

// parts are what a kind is composed of; whole says that the first of them has all five verbs.
func (g *generator) parts(k *catalog.Kind, name string) (parts []string, whole bool) {
	types := map[string]string{
		"get": fmt.Sprintf("client.Getter[%s]", name), "list": fmt.Sprintf("client.Lister[%s, %sQuery]", name, name),
		"create": fmt.Sprintf("client.Creator[%s, %sCreate]", name, name), "update": fmt.Sprintf("client.Patcher[%s, %sPatch]", name, name), "delete": "client.Deleter",
	}
	for _, verb := range []string{"get", "list", "create", "update", "delete"} {
		if _, ok := k.Operations[verb]; ok {
			parts = append(parts, types[verb])
		}
	}
	resolves := k.Named && k.Operations["list"].ID != ""
	waits := k.Field("operation_id") != nil && k.Operations["get"].ID != ""
	whole = len(parts) == len(types)
	of := fmt.Sprintf("[%s, %sCreate, %sPatch, %sQuery]", name, name, name, name)
	switch {
	case whole && resolves && waits:
		parts = []string{"client.NamedKind" + of}
	default:
		if whole {
			parts = []string{"client.Kind" + of}
		}
		if resolves {
			parts = append(parts, "client.Resolver")
		}
		if waits {
			parts = append(parts, fmt.Sprintf("client.Waiter[%s]", name))
		}
	}
	for _, more := range []struct {
		has  bool
		part string
	}{
		{len(k.Actions) > 0, fmt.Sprintf("client.Actions[%s]", name)}, {len(k.Documents) > 0, "client.Documents"}, {len(k.Uploads) > 0, "client.Uploads"},
		{len(k.Streams) > 0, "client.Streams"}, {len(k.Reveals) > 0, "client.Reveals"},
	} {
		if more.has {
			parts = append(parts, more.part)
		}
	}
	return parts, whole
}

// general writes the operations that belong to no kind.
func (g *generator) general() {
	for i := range g.catalog.Operations {
		o := &g.catalog.Operations[i]
		name := goName(o.Name())
		g.declare(name, "the operation "+o.ID)
		answers := answers[o.ID]
		if answers == "" {
			answers = name + "Answer"
			g.structure(answers, "", fmt.Sprintf("%s is what %s answers.", answers, name), g.fields(name, o.Answer, answer))
		}
		parameters, query, body := "ctx context.Context, c *client.Client", "nil", "nil"
		var asked []field
		for j := range o.Parameters {
			p := &o.Parameters[j]
			f := g.parameter(nil, name, &p.Filter)
			if p.Required {
				f.comment += " Required."
			}
			asked = append(asked, f)
		}
		if o.Paged {
			asked = append(asked, field{name: "PageSize", goType: "int", tag: `query:"page_size"`, comment: "How much one request brings, up to 500; 0 for as much as that."})
		}
		if len(asked) > 0 {
			g.structure(name+"Query", "", fmt.Sprintf("%sQuery is what %s is asked.", name, name), asked)
			parameters, query = parameters+", query "+name+"Query", "query"
		}
		if len(o.Fields) > 0 {
			g.structure(name+"Body", "", fmt.Sprintf("%sBody is what %s takes.", name, name), g.fields(name, o.Fields, forCreate))
			parameters, body = parameters+", body "+name+"Body", "body"
		}
		g.flush()
		g.line("\n// %s is the operation %s. %s.", name, o.ID, strings.TrimSuffix(o.Summary, "."))
		if o.Paged {
			g.line("// It yields page after page; an error comes last.")
			g.line("func %s(%s) iter.Seq2[%s, error] {\nreturn client.CallPages[%s](ctx, c, operation(%q), %s)\n}",
				name, parameters, answers, answers, o.ID, query)
			continue
		}
		g.line("func %s(%s) (%s, error) {\nreturn client.Call[%s](ctx, c, operation(%q), %s, %s)\n}",
			name, parameters, answers, answers, o.ID, query, body)
	}
}
