package spec

import (
	"encoding/json"
	"os"
	"testing"
)

// keeping is the specification of the tests with fields that another party sets, too: at the top, and in an object.
func keeping(t *testing.T) *Spec {
	t.Helper()
	raw, err := os.ReadFile("testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		OpenAPI    string          `json:"openapi"`
		Info       json.RawMessage `json:"info"`
		Paths      json.RawMessage `json:"paths"`
		Prefixes   json.RawMessage `json:"x-prefixes"`
		Components struct {
			Schemas map[string]map[string]any `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	keep := func(schema, field string, begins any) {
		f := doc.Components.Schemas[schema]["properties"].(map[string]any)[field].(map[string]any)
		delete(f, "default")
		delete(f, ExtDefault)
		f["nullable"], f["x-kept"] = true, begins
	}
	for _, schema := range []string{"CrateCreate", "CratePatch"} {
		keep(schema, "lid_state", "closed")
		keep(schema, "protected", false)
	}
	keep("AddressInput", "floor", 0)
	keep("AddressPatch", "floor", 0)
	if raw, err = json.Marshal(doc); err != nil {
		t.Fatal(err)
	}
	s, err := Load(raw)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What is not written is kept, null is not written, and what is new has what it begins as.
func TestKept(t *testing.T) {
	t.Parallel()
	s := keeping(t)
	for body, want := range map[string][3]any{
		with(`"address":{"country":"BE"}`):                                                {"closed", false, json.Number("0")},
		with(`"address":{"country":"BE","floor":null},"lid_state":null,"protected":null`): {"closed", false, json.Number("0")},
		with(`"address":{"country":"BE","floor":3},"lid_state":"open","protected":true`):  {"open", true, json.Number("3")},
	} {
		got, err := s.Body("crates.create", []byte(body))
		checkKept(t, body, got, err, want)
	}
	present := map[string]any{"name": "a", "size_gib": 1, "lid_state": "open", "protected": true, "address": map[string]any{"country": "BE", "floor": 3}}
	for patch, want := range map[string][3]any{
		`{}`: {"open", true, json.Number("3")},
		`{"lid_state":null,"protected":null,"address":{"floor":null}}`:   {"open", true, json.Number("3")},
		`{"lid_state":"closed","protected":false,"address":{"floor":0}}`: {"closed", false, json.Number("0")},
		`{"address":null}`: {"open", true, nil},
	} {
		fields, err := s.PatchBody("crates.update", []byte(patch))
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.Merge("crates.update", present, fields)
		checkKept(t, patch, got, err, want)
	}
	// An object that was not there begins as a new one does.
	fields, err := s.PatchBody("crates.update", []byte(`{"address":{"country":"BE","floor":null}}`))
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Merge("crates.update", map[string]any{"name": "a", "size_gib": 1, "lid_state": "open", "protected": true}, fields)
	checkKept(t, "a new object", got, err, [3]any{"open", true, json.Number("0")})
}

func checkKept(t *testing.T, what string, got []byte, err error, want [3]any) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	object, err := decodeObject(got)
	if err != nil {
		t.Fatal(err)
	}
	address, _ := object["address"].(map[string]any)
	if is := [3]any{object["lid_state"], object["protected"], address["floor"]}; is != want {
		t.Errorf("%s: %v, want %v", what, is, want)
	}
}
