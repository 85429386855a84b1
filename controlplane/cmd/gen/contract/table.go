package contract

// The operations that follow from the table of operations alone: their types are looked up by swag, which knows the words of types and fields,
// and all else is said by the row and its kind.

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/swaggo/swag"

	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

const definitionPrefix = "#/definitions/"

var (
	nothing      = reflect.TypeFor[resource.None]()
	aDocument    = reflect.TypeFor[httpapi.Document]()
	someEvents   = reflect.TypeFor[httpapi.Events]()
	aStream      = reflect.TypeFor[httpapi.StreamInput]()
	pagesPackage = nothing.PkgPath()
)

// goTypes has swag read types of Go.
type goTypes struct {
	parser *swag.Parser
	names  map[reflect.Type]string // of the definitions
}

// definition has swag read a type, and returns the name of its definition.
func (r *goTypes) definition(t reflect.Type) (string, error) {
	if name, ok := r.names[t]; ok {
		return name, nil
	}
	imports, expression := map[string]string{"t": t.PkgPath()}, "t."+t.Name()
	if of, page := pageOf(t); page {
		imports = map[string]string{"resource": pagesPackage, "t": of.PkgPath()}
		expression = "resource.Page[t." + of.Name() + "]"
	}
	file, err := fileWith(imports)
	if err != nil {
		return "", err
	}
	op := swag.NewOperation(r.parser)
	if err := op.ParseComment("// @Success 200 {object} "+expression, file); err != nil {
		return "", fmt.Errorf("type %s: %w", t, err)
	}
	name := strings.TrimPrefix(op.Responses.StatusCodeResponses[http.StatusOK].Schema.Ref.String(), definitionPrefix)
	r.names[t] = name
	return name, nil
}

// pageOf says what a page has.
func pageOf(t reflect.Type) (of reflect.Type, page bool) {
	if t.PkgPath() != pagesPackage || !strings.HasPrefix(t.Name(), "Page[") {
		return nil, false
	}
	items, _ := t.FieldByName("Items")
	return items.Type.Elem(), true
}

// fileWith is a Go file with these imports, by their names.
func fileWith(imports map[string]string) (*ast.File, error) {
	var b strings.Builder
	b.WriteString("package contract\n")
	for _, name := range slices.Sorted(maps.Keys(imports)) {
		fmt.Fprintf(&b, "import %s %q\n", name, imports[name])
	}
	return parser.ParseFile(token.NewFileSet(), "contract.go", b.String(), parser.ImportsOnly)
}

// table writes the operations of the table.
type table struct {
	types  goTypes
	source *source
	kinds  map[string]resource.Kind
	faults *faults
	rows   []row
}

// row is an operation with the definitions that it takes and answers; empty for none.
type row struct {
	httpapi.Op
	takes, answers string
	page           bool
}

// read looks up the types of an operation that the table says all of.
func (t *table) read(op httpapi.Op) {
	if op.Summary == "" || op.Handle == nil {
		return
	}
	r := row{Op: op}
	var err error
	if body := op.Handle.Takes(); body != nil && body != aStream {
		if r.takes, err = t.types.definition(body); err != nil {
			t.faults.addf("operation %s: %v", op.ID, err)
		}
	}
	switch out := op.Handle.Answers(); {
	case op.Handle.Takes() == aStream != (len(op.BodyTypes) > 0):
		t.faults.addf("operation %s: the row of what takes a stream, and of nothing else, names its content types", op.ID)
	case (out == aDocument || out == someEvents) != (len(op.AnswerTypes) > 0), (out == someEvents) != slices.Contains(op.AnswerTypes, httpapi.EventStream):
		t.faults.addf("operation %s: the row of what answers a document or events, and of nothing else, names its content types", op.ID)
	case out != nothing && out != aDocument && out != someEvents:
		_, r.page = pageOf(out)
		if r.answers, err = t.types.definition(out); err != nil {
			t.faults.addf("operation %s: %v", op.ID, err)
		}
	}
	t.rows = append(t.rows, r)
}

// write adds the operations to what swag has read.
func (t *table) write(doc *openapi2.T) {
	t.namePages(doc)
	for _, r := range t.rows {
		item := doc.Paths[r.Path]
		if item == nil {
			item = &openapi2.PathItem{}
			if doc.Paths == nil {
				doc.Paths = map[string]*openapi2.PathItem{}
			}
			doc.Paths[r.Path] = item
		}
		if item.GetOperation(r.Method) != nil {
			t.faults.addf("operation %s: %s %s has a comment already, or stands twice; with a summary its row says all", r.ID, r.Method, r.Path)
			continue
		}
		item.SetOperation(r.Method, t.operation(doc, r))
	}
}

// namePages names the type of a page after what is on it.
func (t *table) namePages(doc *openapi2.T) {
	named := map[string]string{}
	for i, r := range t.rows {
		if !r.page {
			continue
		}
		if named[r.answers] == "" {
			page := doc.Definitions[r.answers]
			name := strings.TrimPrefix(page.Value.Properties["items"].Value.Items.Ref, definitionPrefix) + "List"
			doc.Definitions[name] = page
			delete(doc.Definitions, r.answers)
			t.source.addPage(name, t.kinds[r.Kind].Many())
			named[r.answers] = name
		}
		t.rows[i].answers = named[r.answers]
	}
}

func (t *table) operation(doc *openapi2.T, r row) *openapi2.Operation {
	op := &openapi2.Operation{OperationID: r.ID, Summary: r.Summary, Responses: map[string]*openapi2.Response{}}
	for _, f := range r.Parameters {
		if f.Many && f.Range != "" {
			t.faults.addf("operation %s, parameter %s: takes either several values or a range", r.ID, f.Name)
		}
		for _, p := range f.Parameters() {
			op.Parameters = append(op.Parameters, &openapi2.Parameter{
				In: "query", Name: p.Name, Description: p.Words, Format: p.Format, Type: &openapi3.Types{"string"},
			})
		}
	}
	if r.takes != "" {
		op.Parameters = append(op.Parameters, &openapi2.Parameter{
			In: "body", Name: "body", Description: t.bodyWords(r.Op), Schema: definitionRef(r.takes),
			Required: !r.Action || doc.Definitions[r.takes] != nil && len(doc.Definitions[r.takes].Value.Required) > 0,
		})
	}
	answer := &openapi2.Response{}
	if r.answers != "" {
		answer.Schema = definitionRef(r.answers)
	}
	op.Responses[statusOf(r)] = answer
	return op
}

func definitionRef(name string) *openapi2.SchemaRef {
	return &openapi2.SchemaRef{Ref: definitionPrefix + name}
}

func (t *table) bodyWords(op httpapi.Op) string {
	switch op.Verb {
	case httpapi.Create:
		return "The " + t.kinds[op.Kind].One()
	case httpapi.Update:
		return "The changes"
	}
	return "How"
}

// statusOf is that of an answer where all went well.
func statusOf(r row) string {
	switch {
	case r.answers == "" && len(r.AnswerTypes) == 0:
		return "204"
	case r.Verb == httpapi.Create:
		return "201"
	case r.Async && (r.Action || r.Verb == httpapi.Delete):
		return "202"
	}
	return "200"
}
