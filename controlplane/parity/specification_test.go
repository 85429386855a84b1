package parity

import (
	"bytes"
	"encoding/json"
	"regexp"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/demarc/demarc/controlplane/api"
	"github.com/demarc/demarc/controlplane/client/catalog"
)

// TestTheCatalogIsAsTheSpecificationHasIt compares what the server answers of the catalog, which is written down once, with what is said of it.
func TestTheCatalogIsAsTheSpecificationHasIt(t *testing.T) {
	t.Parallel()
	doc, err := openapi3.NewLoader().LoadFromData(api.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	var whole map[string]any
	if err := json.Unmarshal(catalog.Embedded(), &whole); err != nil {
		t.Fatal(err)
	}
	schema := doc.Components.Schemas["Catalog"].Value
	if err := schema.VisitJSON(whole, openapi3.VisitAsResponse()); err != nil {
		t.Error(err)
	}
	delete(whole["kinds"].([]any)[0].(map[string]any), "title")
	if schema.VisitJSON(whole, openapi3.VisitAsResponse()) == nil {
		t.Error("a kind without a title passes for one")
	}
}

// budget is how many lines of the specification a kind costs at most, in the mean, without its examples.
const budget = 500

var (
	loneReference = regexp.MustCompile(`\{\n\s+("\$ref": "[^"]*")\n\s*\}`)
	wordList      = regexp.MustCompile(`\[\n(\s+"[\w./: -]*",?\n)+\s*\]`)
)

// TestWhatAKindCostsInTheSpecification counts its lines as they are committed, and as a formatter that knows nothing of it would write them.
func TestWhatAKindCostsInTheSpecification(t *testing.T) {
	t.Parallel()
	var doc map[string]any
	if err := json.Unmarshal(api.OpenAPI, &doc); err != nil {
		t.Fatal(err)
	}
	kinds := map[any]bool{}
	for _, item := range doc["paths"].(map[string]any) {
		for _, op := range item.(map[string]any) {
			if op, ok := op.(map[string]any); ok && op["x-kind"] != nil {
				kinds[op["x-kind"]] = true
			}
		}
	}
	plain, err := json.MarshalIndent(withoutExamples(doc), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	committed := wordList.ReplaceAll(loneReference.ReplaceAll(plain, []byte("{$1}")), []byte("[]"))
	lines := func(b []byte) int { return (bytes.Count(b, []byte("\n")) + 1) / len(kinds) }
	t.Logf("%d kinds: %d lines each, %d with every word on a line of its own", len(kinds), lines(committed), lines(plain))
	if len(kinds) < 10 || lines(committed) > budget {
		t.Errorf("%d kinds cost %d lines each, more than %d", len(kinds), lines(committed), budget)
	}
}

func withoutExamples(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, of := range v {
			if key != "example" && key != "examples" {
				out[key] = withoutExamples(of)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, of := range v {
			out[i] = withoutExamples(of)
		}
		return out
	}
	return v
}
