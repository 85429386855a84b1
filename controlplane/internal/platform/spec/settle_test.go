package spec

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
)

// shapes is a contract with an entry of a map that has what cannot be changed and what the server sets, an ordered list of objects, and choices
// in each other.
const shapes = `{"openapi":"3.0.3","info":{"title":"Shapes","version":"1.0"},"paths":{
"/gateways":{"post":{"operationId":"gateways.create","responses":{"200":{"description":"Done."}},"requestBody":{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Create"}}}}}},
"/gateways/{id}":{"parameters":[{"in":"path","name":"id","required":true,"schema":{"type":"string"}}],
 "patch":{"operationId":"gateways.update","x-verb":"update","responses":{"200":{"description":"Done."}},"requestBody":{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/Patch"}}}}}}},
"components":{"schemas":{
"Create":{"type":"object","additionalProperties":false,"x-read":"Read","properties":{
 "nics":{"type":"object","maxProperties":3,"default":{},"additionalProperties":{"$ref":"#/components/schemas/NicInput"}},
 "tiers":{"type":"array","maxItems":3,"default":[],"items":{"$ref":"#/components/schemas/Tier"}},
 "names":{"type":"array","maxItems":3,"default":[],"uniqueItems":true,"items":{"type":"string","format":"fqdn"}},
 "acme":{"nullable":true,"x-one-of":"source","allOf":[{"$ref":"#/components/schemas/AcmeInput"}]},
 "uploaded":{"nullable":true,"x-one-of":"source","allOf":[{"$ref":"#/components/schemas/Uploaded"}]},
 "ends_at":{"type":"string","format":"date-time","nullable":true}}},
"Patch":{"type":"object","additionalProperties":false,"x-read":"Read","x-create":"Create","properties":{
 "nics":{"type":"object","maxProperties":3,"nullable":true,"x-default":{},"additionalProperties":{"nullable":true,"allOf":[{"$ref":"#/components/schemas/NicPatch"}]}},
 "tiers":{"type":"array","maxItems":3,"nullable":true,"x-default":[],"items":{"$ref":"#/components/schemas/Tier"}},
 "names":{"type":"array","maxItems":3,"nullable":true,"x-default":[],"uniqueItems":true,"items":{"type":"string","format":"fqdn"}},
 "acme":{"nullable":true,"x-one-of":"source","allOf":[{"$ref":"#/components/schemas/AcmePatch"}]},
 "uploaded":{"nullable":true,"x-one-of":"source","allOf":[{"$ref":"#/components/schemas/UploadedPatch"}]},
 "ends_at":{"type":"string","format":"date-time","nullable":true}}},
"Read":{"type":"object","properties":{"id":{"type":"string"}}},
"Nic":{"type":"object","properties":{"network":{"type":"string"},"address":{"type":"string"},"note":{"type":"string"},"mac":{"type":"string"}}},
"NicInput":{"type":"object","additionalProperties":false,"x-read":"Nic","required":["network"],"properties":{
 "network":{"type":"string","format":"cidr","x-immutable":true},"address":{"type":"string","format":"ip","nullable":true},"note":{"type":"string","nullable":true,"x-immutable":true}}},
"NicPatch":{"type":"object","additionalProperties":false,"x-read":"Nic","x-required":["network"],"properties":{
 "network":{"type":"string","format":"cidr","x-immutable":true},"address":{"type":"string","format":"ip","nullable":true},"note":{"type":"string","nullable":true,"x-immutable":true}}},
"Tier":{"type":"object","additionalProperties":false,"required":["from"],"properties":{"from":{"type":"integer","minimum":0},"flat":{"type":"integer","nullable":true,"x-at-most-one":"price"},"each":{"type":"integer","nullable":true,"x-at-most-one":"price"},"days":{"type":"integer","default":7}}},
"Acme":{"type":"object","properties":{"renews":{"type":"string"}}},
"AcmeInput":{"type":"object","additionalProperties":false,"x-read":"Acme","properties":{"dns":{"type":"string","nullable":true,"x-one-of":"proof"},"http":{"type":"string","nullable":true,"x-one-of":"proof"}}},
"AcmePatch":{"type":"object","additionalProperties":false,"x-read":"Acme","properties":{"dns":{"type":"string","nullable":true,"x-one-of":"proof"},"http":{"type":"string","nullable":true,"x-one-of":"proof"}}},
"Uploaded":{"type":"object","additionalProperties":false,"required":["key"],"properties":{"key":{"type":"string","writeOnly":true},"chain":{"type":"string","nullable":true}}},
"UploadedPatch":{"type":"object","additionalProperties":false,"x-required":["key"],"properties":{"key":{"type":"string","writeOnly":true},"chain":{"type":"string","nullable":true}}}
}}}`

const gateway = `{"nics":{"eth0":{"network":"2001:db8::/32","address":"2001:db8::1","note":null,"mac":"52:54:00:12:34:56"}},"tiers":[{"from":0,"flat":null,"each":3,"days":7},{"from":10,"flat":5,"each":null,"days":7}],
"names":["a.example","b.example"],"acme":{"dns":"zone","http":null,"renews":"soon"},"uploaded":null,"ends_at":"2026-01-31T12:00:00Z"}`

const uploaded = `{"nics":{},"tiers":[],"names":[],"acme":null,"uploaded":{"chain":"c"},"ends_at":null}`

// A patch that is merged says what is wrong at its pointer; of what is right, what only the server sets stays, and what means the same is the
// same. Where a value is wanted, the other values are as they were.
func TestMergeSettles(t *testing.T) {
	t.Parallel()
	s, err := Load([]byte(shapes))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		present, patch string
		wrong          []string
		want           map[string]string
	}{
		"nothing":                      {gateway, `{}`, nil, map[string]string{}},
		"the same, spelt otherwise":    {gateway, `{"nics":{"eth0":{"network":"2001:DB8::/32","address":"2001:0db8::1"}},"names":["B.example.","A.EXAMPLE"],"ends_at":"2026-01-31T13:00:00+01:00"}`, nil, map[string]string{}},
		"another field of an entry":    {gateway, `{"nics":{"eth0":{"address":"10.0.0.1"}}}`, nil, map[string]string{"nics": `{"eth0":{"network":"2001:db8::/32","address":"10.0.0.1","mac":"52:54:00:12:34:56"}}`}},
		"a field of an entry cleared":  {gateway, `{"nics":{"eth0":{"address":null}}}`, nil, map[string]string{"nics": `{"eth0":{"network":"2001:db8::/32","mac":"52:54:00:12:34:56"}}`}},
		"an entry more":                {gateway, `{"nics":{"eth1":{"network":"10.0.0.0/8","note":"n"}}}`, nil, map[string]string{"nics": `{"eth0":{"network":"2001:db8::/32","address":"2001:db8::1","note":null,"mac":"52:54:00:12:34:56"},"eth1":{"network":"10.0.0.0/8","note":"n"}}`}},
		"an entry less":                {gateway, `{"nics":{"eth0":null}}`, nil, map[string]string{"nics": `{}`}},
		"what cannot be changed":       {gateway, `{"nics":{"eth0":{"network":"10.0.0.0/8"}}}`, []string{"/nics/eth0/network immutable"}, nil},
		"what cannot be set later":     {gateway, `{"nics":{"eth0":{"note":"n"}}}`, []string{"/nics/eth0/note immutable"}, nil},
		"what cannot be taken away":    {gateway, `{"nics":{"eth0":{"network":null}}}`, []string{"/nics/eth0/network required"}, nil},
		"what the server sets":         {gateway, `{"nics":{"eth0":{"mac":"x"},"eth1":{"network":"10.0.0.0/8","mac":null}},"acme":{"renews":"x"}}`, []string{"/acme/renews read_only", "/nics/eth0/mac read_only", "/nics/eth1/mac read_only"}, nil},
		"nothing of that name":         {gateway, `{"nics":{"eth0":{"speed":null}}}`, []string{"/nics/eth0/speed unknown_field"}, nil},
		"a list is replaced":           {gateway, `{"tiers":[{"from":1}]}`, nil, map[string]string{"tiers": `[{"from":1,"days":7}]`}},
		"the same list":                {gateway, `{"tiers":[{"from":0,"each":3.0},{"from":10,"flat":5}]}`, nil, map[string]string{}},
		"another order":                {gateway, `{"tiers":[{"from":10,"flat":5},{"from":0,"each":3}]}`, nil, map[string]string{"tiers": `[{"from":10,"flat":5,"days":7},{"from":0,"each":3,"days":7}]`}},
		"wrong in a list":              {gateway, `{"tiers":[{"from":0},{"from":-1,"mode":1},{"flat":1,"each":1}]}`, []string{"/tiers/1/from minimum", "/tiers/1/mode unknown_field", "/tiers/2/each one_of", "/tiers/2/flat one_of", "/tiers/2/from required"}, nil},
		"a name twice":                 {gateway, `{"names":["a.example","A.example."]}`, []string{"/names/1 invalid"}, nil},
		"both of a choice":             {gateway, `{"uploaded":{"key":"k"}}`, []string{"/acme one_of", "/uploaded one_of"}, nil},
		"none of a choice":             {gateway, `{"acme":null}`, []string{" one_of"}, nil},
		"both of a choice in a choice": {gateway, `{"acme":{"http":"h"}}`, []string{"/acme/dns one_of", "/acme/http one_of"}, nil},
		"none of a choice in a choice": {gateway, `{"acme":{"dns":null}}`, []string{"/acme one_of"}, nil},
		"the other of a choice":        {gateway, `{"acme":{"dns":null,"http":"h"}}`, nil, map[string]string{"acme": `{"http":"h","renews":"soon"}`}},
		"the other branch":             {gateway, `{"acme":null,"uploaded":{"key":"k"}}`, nil, map[string]string{"acme": `null`, "uploaded": `{"key":"k"}`}},
		"the other branch, no secret":  {gateway, `{"acme":null,"uploaded":{}}`, []string{"/uploaded/key required"}, nil},
		"a secret stays":               {uploaded, `{"uploaded":{"chain":"d"}}`, nil, map[string]string{"uploaded": `{"chain":"d"}`}},
		"a secret anew":                {uploaded, `{"uploaded":{"key":"k"}}`, nil, map[string]string{"uploaded": `{"chain":"c","key":"k"}`}},
		"a secret taken away":          {uploaded, `{"uploaded":{"key":null}}`, []string{"/uploaded/key required"}, nil},
		"a branch anew":                {uploaded, `{"uploaded":null,"acme":{"dns":"z"}}`, nil, map[string]string{"uploaded": `null`, "acme": `{"dns":"z"}`}},
		"a moment is kept in UTC":      {uploaded, `{"ends_at":"2026-02-01T00:30:00.1234567+01:00"}`, nil, map[string]string{"ends_at": `"2026-01-31T23:30:00.123456Z"`}},
	} {
		var present, want, got map[string]any
		if err := json.Unmarshal([]byte(c.present), &present); err != nil {
			t.Fatal(err)
		}
		patch, err := s.PatchBody("gateways.update", []byte(c.patch))
		var merged []byte
		if err == nil {
			merged, err = s.Merge("gateways.update", present, patch)
		}
		if c.wrong != nil {
			if r := reasons(t, err); !slices.Equal(r, c.wrong) {
				t.Errorf("%s: got %q, want %q", name, r, c.wrong)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_, _ = json.Unmarshal([]byte(c.present), &want), json.Unmarshal(merged, &got)
		for field, value := range c.want {
			var x any
			if err := json.Unmarshal([]byte(value), &x); err != nil {
				t.Fatal(err)
			}
			want[field] = x
		}
		for _, m := range []map[string]any{want, got} {
			for field, x := range m {
				if x == nil {
					delete(m, field)
				}
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %s, want %v", name, merged, want)
		}
	}
}

// A create is checked as what a patch leads to.
func TestBodyHasEveryShape(t *testing.T) {
	t.Parallel()
	s, err := Load([]byte(shapes))
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string][]string{
		`{"acme":{"dns":"z"},"nics":{"eth0":{"network":"10.0.0.0/8"}},"tiers":[{"from":1,"flat":1},{"from":0}]}`: nil,
		`{"uploaded":{"key":"k"}}`:  nil,
		`{}`:                        {" one_of"},
		`{"acme":{},"uploaded":{}}`: {"/acme one_of", "/acme one_of", "/uploaded one_of", "/uploaded/key required"},
		`{"acme":{"dns":"z","renews":"x"},"nics":{"eth0":{"mac":"x"}}}`: {"/acme/renews read_only", "/nics/eth0/mac read_only", "/nics/eth0/network required"},
		`{"acme":{"dns":"z"},"id":"x"}`:                                 {"/id read_only"},
	} {
		_, err := s.Body("gateways.create", []byte(body))
		if want == nil && err != nil {
			t.Errorf("%s: %v", body, err)
		} else if want != nil {
			if r := reasons(t, err); !slices.Equal(r, want) {
				t.Errorf("%s: got %q, want %q", body, r, want)
			}
		}
	}
}
