package contract

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/spec"
)

// published is the specification of a source, as its readers load it.
func published(t *testing.T, from Source) (*openapi3.T, *Files) {
	t.Helper()
	files, err := Make(from)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(files.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	return doc, files
}

// fields are those of a type with its parts, and which of them are always there.
func fields(ref *openapi3.SchemaRef) (all, required map[string]bool) {
	all, required = map[string]bool{}, map[string]bool{}
	for name := range ref.Value.Properties {
		all[name] = true
	}
	for _, name := range ref.Value.Required {
		required[name] = true
	}
	for _, part := range ref.Value.AllOf {
		a, r := fields(part)
		maps.Copy(all, a)
		maps.Copy(required, r)
	}
	return all, required
}

func TestAnswersHaveEveryField(t *testing.T) {
	t.Parallel()
	doc, files := published(t, depot(t))
	for name, want := range files.document.Components.Schemas {
		is := doc.Components.Schemas[name]
		if is == nil || want.Value.AdditionalProperties.Has != nil || strings.HasPrefix(name, problemType) || strings.HasSuffix(name, "Spec") {
			continue
		}
		all, required := fields(is)
		for field := range want.Value.Properties {
			if !all[field] {
				t.Errorf("%s: the field %s got lost", name, field)
			}
			if !required[field] {
				t.Errorf("%s: the field %s can be missing", name, field)
			}
		}
		if len(all) != len(want.Value.Properties) {
			t.Errorf("%s: has %v", name, slices.Sorted(maps.Keys(all)))
		}
	}
	if parts := doc.Components.Schemas["Crate"].Value.AllOf; len(parts) != 3 || parts[0].Ref != schemaPrefix+"Meta" || parts[1].Ref != schemaPrefix+"CrateSpec" {
		t.Errorf("a crate consists of %v", parts)
	}
	if parts := doc.Components.Schemas["CrateSpec"].Value.AllOf; len(parts) != 2 || parts[0].Ref != schemaPrefix+"Named" {
		t.Errorf("what can be changed of a crate consists of %v", parts)
	}
}

func TestNothingIsLeftThatNobodyRefersTo(t *testing.T) {
	t.Parallel()
	doc, files := published(t, depot(t))
	text := string(files.OpenAPI)
	check := func(kind string, names []string) {
		if len(names) == 0 {
			t.Errorf("there are no %s", kind)
		}
		for _, name := range names {
			if !strings.Contains(text, `"#/components/`+kind+`/`+name+`"`) {
				t.Errorf("nobody refers to %s/%s", kind, name)
			}
		}
	}
	check("schemas", slices.Collect(maps.Keys(doc.Components.Schemas)))
	check("parameters", slices.Collect(maps.Keys(doc.Components.Parameters)))
	check("responses", slices.Collect(maps.Keys(doc.Components.Responses)))
	check("headers", slices.Collect(maps.Keys(doc.Components.Headers)))
}

func TestEnumerations(t *testing.T) {
	t.Parallel()
	doc, _ := published(t, depot(t))
	state := doc.Components.Schemas["Meta"].Value.Properties["state"].Value
	if len(state.Enum) != 0 || !strings.Contains(state.Description, "Known are pending, creating") || !slices.Contains(state.Extensions[extKnown].([]any), any("failed")) {
		t.Errorf("an enumeration that grows is %v, %q, %v", state.Enum, state.Description, state.Extensions)
	}
	lid := doc.Components.Schemas["CratePatch"].Value.Properties["lid_state"].Value
	if !lid.Nullable || !slices.Contains(lid.Enum, nil) {
		t.Errorf("an enumeration that can be null has the values %v", lid.Enum)
	}
	if lid := doc.Components.Schemas["CrateCreate"].Value.Properties["lid_state"].Value; slices.Contains(lid.Enum, nil) {
		t.Errorf("an enumeration that cannot be null has the values %v", lid.Enum)
	}
}

func TestProblemsListTheirCodes(t *testing.T) {
	t.Parallel()
	doc, _ := published(t, depot(t))
	known := func(of *openapi3.SchemaRef) (out []string) {
		for _, v := range of.Value.Extensions[extKnown].([]any) {
			out = append(out, v.(string))
		}
		return out
	}
	problem := doc.Components.Schemas["Problem"].Value.Properties
	var want []string
	for _, c := range fault.Codes {
		want = append(want, c.Name)
	}
	slices.Sort(want)
	if got := known(problem["code"]); !slices.Equal(got, want) {
		t.Errorf("code lists %v, want %v", got, want)
	}
	if got := known(doc.Components.Schemas["ProblemField"].Value.Properties["code"]); !slices.Equal(got, slices.Sorted(maps.Keys(fault.FieldCodes))) {
		t.Errorf("the code of a field lists %v", got)
	}
}

// A part that is not alike in all that have it cannot stand once.
func TestPartsThatDiffer(t *testing.T) {
	t.Parallel()
	from := depot(t)
	d, err := flatOf(from)
	if err != nil {
		t.Fatal(err)
	}
	d.Components.Schemas["Warehouse"].Value.Properties["notes"].Value.Description = "Quite another thing."
	if _, err := d.publish(from.Fixture); err == nil || !strings.Contains(err.Error(), "what it has of Named is not what others have of it") {
		t.Errorf("got %v", err)
	}
}

// An object that can be null says so itself: beside an allOf, nullable means nothing.
func TestObjectsThatCanBeNull(t *testing.T) {
	t.Parallel()
	from := depot(t)
	d, err := flatOf(from)
	if err != nil {
		t.Fatal(err)
	}
	object := func(nullable bool) *openapi3.SchemaRef {
		return &openapi3.SchemaRef{Value: &openapi3.Schema{Description: "Where it is.", Nullable: nullable, AllOf: openapi3.SchemaRefs{componentRef("AddressInput")}}}
	}
	d.Components.Schemas["CrateCreate"].Value.Properties["from"] = object(true)
	d.Components.Schemas["CrateCreate"].Value.Properties["to"] = object(false)
	out, err := d.publish(from.Fixture)
	if err != nil {
		t.Fatal(err)
	}
	of := func(field string) *openapi3.SchemaRef {
		return out.Components.Schemas["CrateCreate"].Value.Properties[field].Value.AllOf[0]
	}
	if from := of("from"); from.Ref != schemaPrefix+"AddressInputOrNull" || !from.Value.Nullable {
		t.Errorf("what can be null refers to %s, nullable %v", from.Ref, from.Value.Nullable)
	}
	if to := of("to"); to.Ref != schemaPrefix+"AddressInput" || to.Value.Nullable {
		t.Errorf("what cannot be null refers to %s, nullable %v", to.Ref, to.Value.Nullable)
	}
}

// The examples are what the server takes and answers; that answers fit is checked when they are made.
func TestExamples(t *testing.T) {
	t.Parallel()
	doc, files := published(t, depot(t))
	contract, err := spec.Load(files.OpenAPI)
	if err != nil {
		t.Fatal(err)
	}
	media := doc.Paths.Value("/crates").Post.RequestBody.Value.Content.Get(jsonMedia)
	for _, name := range []string{"minimal", "full"} {
		body, err := json.Marshal(media.Examples[name].Value.Value)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := contract.Body("crates.create", body); err != nil {
			t.Errorf("%s: %v in %s", name, err, body)
		}
		if strings.Contains(string(body), "${") {
			t.Errorf("%s has open places: %s", name, body)
		}
	}
	answer, _ := doc.Components.Responses["Crate"].Value.Content.Get(jsonMedia).Example.(map[string]any)
	if answer["lock_code"] != nil || answer["state"] != "active" || !regexp.MustCompile("^crt"+spec.IDSuffix+"$").MatchString(answer["id"].(string)) {
		t.Errorf("a crate is shown as %v", answer)
	}
	page, _ := doc.Components.Responses["CrateList"].Value.Content.Get(jsonMedia).Example.(map[string]any)
	if items, _ := page["items"].([]any); len(items) != 1 {
		t.Errorf("a page is shown as %v", page)
	}
}

// An expiry that has passed is none that the server takes.
func TestTimesAheadAreAhead(t *testing.T) {
	t.Parallel()
	for _, place := range []string{"${in_0_days}", "${in_30_days}"} {
		text := (&publication{}).filledText(&catalog.Fixture{}, place)
		if at, err := time.Parse(time.RFC3339, text); err != nil || !at.After(clock.Real().Now()) {
			t.Errorf("%s is shown as %s: %v", place, text, err)
		}
	}
}

// A format without a sample would show as text that no server takes.
func TestEveryFormatHasASample(t *testing.T) {
	t.Parallel()
	for name, f := range spec.Formats {
		sample := sampleTexts[name]
		switch {
		case name == "typeid":
		case sample == "":
			t.Errorf("the format %s has no sample", name)
		case f.Pattern != "" && !regexp.MustCompile(f.Pattern).MatchString(sample), f.Check != nil && !f.Check(sample):
			t.Errorf("the format %s has the sample %s, which is none", name, sample)
		}
	}
}

// flatOf is the document that a specification is made of.
func flatOf(from Source) (*document, error) {
	var found faults
	src, err := readSource(from.Root, modulePath, from.Folders, &found)
	if err != nil {
		return nil, err
	}
	_, v2, err := readSwagger(from, src, &found)
	if err != nil {
		return nil, err
	}
	return makeOpenAPI(v2, src, from.Kinds, from.Ops, &found)
}
