package contract

// The examples of the specification: bodies are the sample data from which every client is tested, answers are these with what the server adds.

import (
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/spec"
	"github.com/demarc/demarc/controlplane/internal/platform/visibility"
)

const sampleTime = "2026-01-31T12:00:00.000000Z"

// sampleAhead is what counts as today where a time is to come: whoever sends what they read, in whichever year, sends none that has passed.
var sampleAhead = time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)

// sampleTexts are values of the named formats.
var sampleTexts = map[string]string{
	"slug": "example", "principal": "service_account:" + "sa" + sampleID, "email": "ann@example.com", "phone": "+3291234567", "country": "BE",
	"currency": "EUR", "language": "en", "time-zone": "Europe/Brussels", "uri": "https://example.com/", "domain": "example.com", "cidr": "10.0.0.0/24",
	"ipv4": "10.0.0.10", "mac": "52:54:00:12:34:56", "decimal": "12.34", "duration": "30s", "date": "2026-01-31", "date-time": sampleTime,
	"ip": "2001:db8::10", "fqdn": "www.example.com", "cron": "0 3 * * 1", "pem": "-----BEGIN CERTIFICATE-----\nMIIBszCCAVmgAwIBAgIUZ3Y=\n-----END CERTIFICATE-----\n",
}

// sampleID is what stands after the prefix of an id.
const sampleID = "_01kg9v5a2bexrt4m7c3qjh8w0n"

// examples gives bodies and answers their examples.
func (p *publication) examples(fixture func(kind string) (*catalog.Fixture, error)) {
	full := map[string]map[string]any{} // by the type that is answered
	p.each(func(_, _ string, op *openapi3.Operation) {
		row := p.ops[op.OperationID]
		if op.RequestBody == nil || len(row.BodyTypes) > 0 {
			return
		}
		media := op.RequestBody.Value.Content.Get(jsonMedia)
		f, err := fixture(row.Kind)
		switch {
		case row.Verb != httpapi.Create && row.Verb != httpapi.Update || err != nil: // what is wrong with a fixture is said where they are checked
			media.Example = p.sample(media.Schema)
		case row.Verb == httpapi.Create:
			media.Examples = openapi3.Examples{"minimal": p.body("What has to be there", f, f.Minimal), "full": p.body("All there is", f, f.Full)}
			full[p.types[row.Kind].read] = f.Full
		default:
			media.Examples = openapi3.Examples{"changed": p.body("Some changes", f, f.Changed)}
			if f.Full != nil && full[p.types[row.Kind].read] == nil {
				full[p.types[row.Kind].read] = f.Full
			}
		}
	})
	objects := map[string]any{}
	for kind, t := range p.types {
		s := p.from.Components.Schemas[t.read]
		if kind == "" || s == nil {
			continue
		}
		f, err := fixture(kind)
		if err != nil {
			f = &catalog.Fixture{}
		}
		object, _ := p.sample(s).(map[string]any)
		asked := maps.Clone(object)
		for name, v := range full[t.read] {
			if s.Value.Properties[name] != nil { // what is only written is not answered
				asked[name] = p.filled(f, v)
			}
		}
		if s.Value.VisitJSON(asked) == nil { // else the sample data is wrong, which is said where it is checked
			object = asked
		}
		if prefix := p.kinds[kind].Prefix; prefix != "" && s.Value.Properties["id"] != nil {
			object["id"] = prefix + sampleID
		}
		objects[t.read] = object
	}
	for _, name := range slices.Sorted(maps.Keys(p.Components.Responses)) {
		media := p.Components.Responses[name].Value.Content.Get(jsonMedia)
		if media == nil {
			continue
		}
		schema := p.from.Components.Schemas[name]
		switch {
		case schema == nil:
			continue
		case objects[name] != nil:
			media.Example = objects[name]
		case schema.Value.Properties["next_page_token"] != nil && schema.Value.Properties["items"] != nil:
			of := strings.TrimPrefix(schema.Value.Properties["items"].Value.Items.Ref, schemaPrefix)
			page, _ := p.sample(schema).(map[string]any)
			if item, ok := objects[of]; ok {
				page["items"] = []any{item}
			}
			media.Example = page
		default:
			media.Example = p.sample(schema)
		}
	}
}

// exemplary says which examples are no answers that the server could give.
func (p *publication) exemplary() error {
	raw, err := indented(p.T)
	if err != nil {
		return err
	}
	answers, err := spec.LoadAnswers(raw)
	if err != nil {
		return err
	}
	p.each(func(_, _ string, op *openapi3.Operation) {
		for status, r := range op.Responses.Map() {
			code, err := strconv.Atoi(status)
			media := r.Value.Content.Get(jsonMedia)
			if err != nil || media == nil || media.Example == nil { // problems, and what is no JSON
				continue
			}
			body, err := json.Marshal(media.Example)
			if err == nil {
				err = answers.Check(op.OperationID, code, http.Header{"Content-Type": {jsonMedia}}, body)
			}
			if err != nil {
				p.faults.addf("operation %s: its example does not fit: %v", op.OperationID, err)
			}
		}
	})
	return p.faults.err("specification")
}

func (p *publication) body(summary string, f *catalog.Fixture, of map[string]any) *openapi3.ExampleRef {
	return &openapi3.ExampleRef{Value: &openapi3.Example{Summary: summary, Value: p.filled(f, of)}}
}

var (
	placeholder = regexp.MustCompile(`\$\{([a-z0-9_.]+)\}`)
	daysAhead   = regexp.MustCompile(`^in_([0-9]{1,3})_days$`)
)

// filled is sample data with something in its open places.
func (p *publication) filled(f *catalog.Fixture, v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, of := range v {
			out[p.filledText(f, key)] = p.filled(f, of)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, of := range v {
			out[i] = p.filled(f, of)
		}
		return out
	case string:
		return p.filledText(f, v)
	}
	return v
}

func (p *publication) filledText(f *catalog.Fixture, s string) string {
	return placeholder.ReplaceAllStringFunc(s, func(open string) string {
		name := open[2 : len(open)-1]
		if name == "unique" {
			return "1"
		}
		if in := daysAhead.FindStringSubmatch(name); in != nil {
			days, _ := strconv.Atoi(in[1]) // it is digits
			return sampleAhead.AddDate(0, 0, days).Format(time.RFC3339)
		}
		kind := f.Parents[name].Kind
		if kind == "" {
			kind, _, _ = strings.Cut(name, ".")
		}
		id := p.kinds[kind].Prefix + sampleID
		if _, label, two := strings.Cut(name, "."); two { // another of the same kind
			id = id[:len(id)-1] + string("0123456789abcdefghjkmnpqrstvwxyz"[len(label)%32])
		}
		return id
	})
}

// sample is a value that fits a schema.
func (p *publication) sample(ref *openapi3.SchemaRef) any {
	if name, ok := strings.CutPrefix(ref.Ref, schemaPrefix); ok {
		if ref = p.from.Components.Schemas[name]; ref == nil {
			ref = p.Components.Schemas[name]
		}
	}
	s := ref.Value
	switch {
	case s.Nullable:
		return nil
	case len(s.AllOf) > 0:
		return p.sample(s.AllOf[0])
	case s.Extensions[extAny] == true:
		return map[string]any{}
	case s.Type.Is("object") && s.AdditionalProperties.Schema != nil:
		return map[string]any{}
	case s.Type.Is("object"):
		out := map[string]any{}
		for name, f := range s.Properties {
			switch {
			case s.AdditionalProperties.Has != nil && !slices.Contains(s.Required, name): // of what is sent, what has to be there
			case name == visibility.HiddenFields:
				out[name] = []any{}
			default:
				out[name] = p.sample(f)
			}
		}
		return out
	case s.Type.Is("array"):
		return []any{p.sample(s.Items)}
	case s.Type.Is("integer"):
		if s.Min != nil {
			return *s.Min
		}
		return 1.0 // as JSON is read
	case s.Type.Is("boolean"):
		return false
	}
	return p.sampleText(s)
}

func (p *publication) sampleText(s *openapi3.Schema) string {
	refs, _ := s.Extensions[extRef].(string)
	kind, _, _ := strings.Cut(refs, "|")
	switch {
	case len(s.Enum) > 0 && slices.Contains(s.Enum, any("active")):
		return "active"
	case len(s.Enum) > 0:
		return s.Enum[0].(string)
	case kind == catalog.Platform:
		return kind
	case kind != "":
		return p.kinds[kind].Prefix + sampleID
	case s.Format == "typeid":
		prefixes := slices.Sorted(maps.Keys(p.Extensions["x-prefixes"].(map[string]any)))
		return prefixes[max(0, slices.IndexFunc(prefixes, func(prefix string) bool { return s.Pattern == idPattern(prefix) }))] + sampleID
	case sampleTexts[s.Format] != "":
		return sampleTexts[s.Format]
	}
	return "text"
}
