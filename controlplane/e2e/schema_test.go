package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The catalog in this repository is valid by the JSON Schema that is published for those who read it in other languages, and
// the schema refuses what its prose forbids.
func TestCatalogIsValidByItsSchema(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("..", "client", "catalog")
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join(folder, "catalog.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(folder, "catalog.json"))
	if err != nil {
		t.Fatal(err)
	}
	whole := func() map[string]any {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		return value.(map[string]any)
	}
	if err := schema.Validate(whole()); err != nil {
		t.Fatalf("catalog.json: %v", err)
	}

	for name, spoil := range map[string]func(field map[string]any){
		"unknown trait":            func(f map[string]any) { f["colour"] = "red" },
		"no description":           func(f map[string]any) { delete(f, "description") },
		"required with a default":  func(f map[string]any) { f["required"], f["default"] = true, "x" },
		"volatile, not computed":   func(f map[string]any) { f["volatile"] = true; delete(f, "computed") },
		"text with a minimum":      func(f map[string]any) { f["type"], f["minimum"] = "string", json.Number("1") },
		"map of nothing":           func(f map[string]any) { f["type"] = "map" },
		"false instead of nothing": func(f map[string]any) { f["nullable"] = false },
		"kept, with a default":     func(f map[string]any) { f["kept"], f["default"] = true, "x" },
		"kept, and set once":       func(f map[string]any) { f["kept"], f["immutable"] = true, true },
		"follows, and is sent":     func(f map[string]any) { f["follows"] = []any{"name"} },
		"follows nothing":          func(f map[string]any) { f["follows"], f["computed"] = []any{}, true },
		"sensitive, and is sent":   func(f map[string]any) { f["sensitive"] = true },
		"pattern without anchors":  func(f map[string]any) { f["type"], f["pattern"] = "string", "[a-z]+" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			value := whole()
			field := map[string]any{"name": "colour_of_case", "type": "string", "description": "Colour of the case."}
			kind := value["kinds"].([]any)[0].(map[string]any)
			kind["fields"] = append(kind["fields"].([]any), field)
			if err := schema.Validate(value); err != nil {
				t.Fatalf("before it is spoilt: %v", err)
			}
			spoil(field)
			if schema.Validate(value) == nil {
				t.Errorf("the schema accepts it: %v", field)
			}
		})
	}
}
