package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"reflect"
	"regexp"
	"strings"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/swaggo/swag"

	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// complaint matches the lines in which swag says that it has left something out. It goes on after each of them.
var complaint = regexp.MustCompile(`Error parsing|Skipping|warning|not supported`)

// readSwagger runs swag over the packages below the folders; info is the file, seen from the first of them, with the general information. What
// the table of operations says, no comment repeats: those that have a summary there are written from it.
func readSwagger(from Source, src *source, out *faults) (raw []byte, doc *openapi2.T, err error) {
	var said bytes.Buffer
	p := swag.New(swag.SetDebugger(log.New(&said, "", 0)), swag.SetStrict(true))
	p.ParseInternal = true
	if err := p.ParseAPIMultiSearchDir(from.Folders, from.Info, 1); err != nil {
		return nil, nil, fmt.Errorf("swag: %w", err)
	}
	t := &table{types: goTypes{parser: p, names: map[reflect.Type]string{}}, source: src, kinds: map[string]resource.Kind{}, faults: out}
	for _, k := range from.Kinds {
		t.kinds[k.Name] = k
	}
	for _, op := range from.Ops {
		t.read(op)
	}
	for line := range strings.Lines(said.String()) {
		if complaint.MatchString(line) {
			out.addf("swag: %s", strings.TrimSpace(line))
		}
	}
	if raw, err = indented(p.GetSwagger()); err != nil {
		return nil, nil, err
	}
	doc = &openapi2.T{}
	if err := json.Unmarshal(raw, doc); err != nil {
		return nil, nil, fmt.Errorf("swagger.json: %w", err)
	}
	if doc.Info.Title == "" || doc.Info.Version == "" || doc.BasePath == "" {
		out.addf("%s: @title, @version and @BasePath must be set", from.Info)
	}
	t.write(doc)
	checkDefinitions(doc, out)
	raw, err = indented(doc)
	return raw, doc, err
}

// checkDefinitions catches types that swag has given up on: it leaves an empty object.
func checkDefinitions(doc *openapi2.T, out *faults) {
	for name, d := range doc.Definitions {
		if strings.Contains(name, ".") {
			out.addf("type %s: give it a name for clients: } // @name %s", name, name[strings.LastIndexByte(name, '.')+1:])
		}
		s := d.Value
		if s == nil || (len(s.Properties) == 0 && s.AdditionalProperties.Schema == nil && len(s.Enum) == 0) {
			out.addf("type %s: has lost its properties; does a default have a comma, or is a field of a type that swag does not know?", name)
			continue
		}
		for field, p := range s.Properties {
			if lost(p) {
				out.addf("type %s, field %s: is an object without properties; is its type one that swag does not know?", name, field)
			}
		}
	}
}

// lost says whether a schema allows anything at all without saying so.
func lost(ref *openapi2.SchemaRef) bool {
	if ref.Ref != "" || ref.Value == nil {
		return false
	}
	s := ref.Value
	if s.Type.Is("array") && s.Items != nil {
		return lost(s.Items)
	}
	if _, free := s.Extensions[extAny]; free || len(s.AllOf)+len(s.Properties) > 0 || s.AdditionalProperties.Schema != nil {
		return false
	}
	return s.Type == nil || s.Type.Is("object")
}

// indented is the form of every generated JSON file: its keys are in the order of the alphabet, whoever wrote the document.
func indented(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var plain any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&plain); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err = e.Encode(plain); err != nil {
		return nil, err
	}
	refs := loneRefs.ReplaceAll(b.Bytes(), []byte("{$1}"))
	return wordLists.ReplaceAllFunc(refs, func(list []byte) []byte {
		line := bytes.ReplaceAll(betweenWords.ReplaceAll(list, []byte("$1")), []byte(","), []byte(", "))
		if len(line) > 120 {
			return list
		}
		return line
	}), nil
}

// A reference, and a list of words that fits, are read more easily on one line.
var (
	loneRefs     = regexp.MustCompile(`\{\n\s+("\$ref": "[^"]*")\n\s*\}`)
	wordLists    = regexp.MustCompile(`\[\n(\s+"[\w./: -]*",?\n)+\s*\]`)
	betweenWords = regexp.MustCompile(`\n\s*("|\])`)
)
