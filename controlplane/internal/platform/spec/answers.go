package spec

// Answers against the specification: what requests are held to, answers are held to as well, wherever tests run a server.

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

// Answers checks answers against the specification. It is safe for concurrent use.
type Answers struct {
	operations map[string]*openapi3.Operation
	problem    *openapi3.Schema
}

// LoadAnswers reads an OpenAPI 3.0 document for what it says of answers.
func LoadAnswers(raw []byte) (*Answers, error) {
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		return nil, fmt.Errorf("specification: %w", err)
	}
	a := &Answers{operations: map[string]*openapi3.Operation{}}
	for _, item := range doc.Paths.Map() {
		for _, op := range item.Operations() {
			a.operations[op.OperationID] = op
		}
	}
	if ref := doc.Components.Schemas["Problem"]; ref != nil {
		a.problem = ref.Value
	}
	return a, nil
}

// Check says what is wrong with an answer. Without an operation, where a request has found none, it has to be a problem.
func (a *Answers) Check(opID string, status int, header http.Header, body []byte) error {
	if opID == "" {
		if a.problem == nil {
			return nil
		}
		return fits(a.problem, body)
	}
	op := a.operations[opID]
	if op == nil {
		return fmt.Errorf("the specification has no operation %s", opID)
	}
	r := op.Responses.Value(strconv.Itoa(status))
	if r == nil && status >= http.StatusBadRequest {
		r = op.Responses.Value(fmt.Sprintf("%dXX", status/100))
	}
	if r == nil {
		return fmt.Errorf("%s answers %d, which it does not say", opID, status)
	}
	for name := range header {
		if said(name) && !declared(r.Value.Headers, name) {
			return fmt.Errorf("%s answers the header %s, which it does not say", opID, name)
		}
	}
	if len(r.Value.Content) == 0 {
		if len(body) > 0 {
			return fmt.Errorf("%s answers a body with %d, which it does not say", opID, status)
		}
		return nil
	}
	of, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("%s answers without a content type: %w", opID, err)
	}
	media := r.Value.Content[of]
	if media == nil {
		return fmt.Errorf("%s answers %s, which it does not say", opID, of)
	}
	if !strings.HasSuffix(of, "json") {
		return nil
	}
	if err := fits(media.Schema.Value, body); err != nil {
		return fmt.Errorf("what %s answers does not fit: %w", opID, err)
	}
	return nil
}

// declared says whether a header, which Go spells in its own way, is among some.
func declared(headers openapi3.Headers, name string) bool {
	for known := range headers {
		if http.CanonicalHeaderKey(known) == name {
			return true
		}
	}
	return false
}

// said says whether a header is one that the contract speaks of.
func said(name string) bool {
	switch name {
	case "Etag", "Location", "Idempotency-Replayed", "Retry-After", "Ratelimit", "Ratelimit-Policy", "X-Request-Id":
		return true
	}
	return strings.HasPrefix(name, "Demarc-")
}

// fits says what of a body is not as its schema has it. The values of an enumeration that grows are held to those that are known, for the server
// that is asked has written them itself.
func fits(s *openapi3.Schema, body []byte) error {
	var x any
	if err := json.Unmarshal(body, &x); err != nil {
		return err
	}
	if err := s.VisitJSON(x, openapi3.VisitAsResponse()); err != nil {
		var wrong *openapi3.SchemaError
		for errors.As(err, &wrong) { // down to what is wrong in a part, and without the whole schema
			if err = wrong.Origin; err == nil {
				return fmt.Errorf("%s: %s", fault.Pointer(wrong.JSONPointer()...), wrong.Reason)
			}
		}
		return err
	}
	return known(s, x, "")
}

// known looks for values that an enumeration does not know, and for fields that an object does not.
func known(s *openapi3.Schema, x any, at string) error {
	switch x := x.(type) {
	case string:
		if list, ok := s.Extensions["x-extensible-enum"].([]any); ok && !slices.Contains(list, any(x)) {
			return fmt.Errorf("%s: %q is none of the values that are known", at, x)
		}
	case []any:
		if s.Items == nil {
			return nil
		}
		for i, of := range x {
			if err := known(s.Items.Value, of, fmt.Sprintf("%s/%d", at, i)); err != nil {
				return err
			}
		}
	case map[string]any:
		if s.Extensions["x-any"] == true {
			return nil
		}
		for name, of := range x {
			f := fieldOf(s, name)
			if f == nil {
				return fmt.Errorf("%s/%s: there is no such field", at, name)
			}
			if err := known(f, of, at+"/"+name); err != nil {
				return err
			}
		}
	}
	return nil
}

// fieldOf is the schema of a field of an object, or of an entry of a map; nil if there is none.
func fieldOf(s *openapi3.Schema, name string) *openapi3.Schema {
	if f := s.Properties[name]; f != nil {
		return f.Value
	}
	for _, part := range s.AllOf {
		if f := fieldOf(part.Value, name); f != nil {
			return f
		}
	}
	if s.AdditionalProperties.Schema != nil {
		return s.AdditionalProperties.Schema.Value
	}
	return nil
}
