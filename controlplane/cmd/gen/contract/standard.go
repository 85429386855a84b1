package contract

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// What every operation has in common, written once: parameters, headers, problems.

func stringSchema() *openapi3.Schema  { return &openapi3.Schema{Type: &openapi3.Types{"string"}} }
func integerSchema() *openapi3.Schema { return &openapi3.Schema{Type: &openapi3.Types{"integer"}} }

// parameters are those that operations share, by the names of their components.
func parameters() openapi3.ParametersMap {
	parameter := func(in, name, description string, s *openapi3.Schema) *openapi3.ParameterRef {
		return &openapi3.ParameterRef{Value: &openapi3.Parameter{In: in, Name: name, Description: description, Schema: &openapi3.SchemaRef{Value: s}}}
	}
	text := func(maxLength uint64) *openapi3.Schema {
		s := stringSchema()
		s.MaxLength = &maxLength
		return s
	}
	size := integerSchema()
	size.Min, size.Max, size.Default = ptr(1.0), ptr(float64(resource.MaxPageSize)), resource.DefaultPageSize
	required := parameter("header", "If-Match", "The ETag of the object as it was read: the write is refused without it, and if the object has another revision by now.",
		stringSchema())
	required.Value.Required = true
	return openapi3.ParametersMap{
		"RequiredIfMatch": required,
		"PageSize":        parameter("query", "page_size", "How many objects a page has at most.", size),
		"PageToken":       parameter("query", "page_token", "The next_page_token of the page before, with the same parameters.", text(2000)),
		"Label":           parameter("query", "label", "Selector of labels: env=prod,tier!=db,owner,!legacy. All parts must hold.", text(2000)),
		"Q":               parameter("query", "q", "Part of the name or of the display name.", text(200)),
		"NamePath": parameter("query", "path",
			"Name path: the names from an ancestor down to the object, such as acme/web/vm1. Every match is answered.", text(1000)),
		"DryRun": parameter("query", "dry_run", "Answer the object as it would be, and keep nothing.", &openapi3.Schema{Type: &openapi3.Types{"boolean"}}),
		"IdempotencyKey": parameter("header", "Idempotency-Key",
			"Any text of the client's own. A request that is sent again with the same key and body gets the same answer.", text(255)),
		"IfMatch":     parameter("header", "If-Match", "An ETag: the write is refused if the object has another revision by now.", stringSchema()),
		"IfNoneMatch": parameter("header", "If-None-Match", "ETags of answers that the client has: if one of them is what it would get, that is said instead.", stringSchema()),
	}
}

// standardParameters are no filters.
var standardParameters = map[string]bool{"page_size": true, "page_token": true, "order_by": true, "label": true, "q": true, "path": true}

func headers() openapi3.Headers {
	header := func(description string) *openapi3.HeaderRef {
		return &openapi3.HeaderRef{Value: &openapi3.Header{Parameter: openapi3.Parameter{
			Description: description, Schema: &openapi3.SchemaRef{Value: stringSchema()}}}}
	}
	retry := header("Seconds to wait before the request is sent again.")
	retry.Value.Schema.Value = integerSchema()
	return openapi3.Headers{
		"ETag":                header("Tells the answer from others: in quotes, the revision of an object, a dot and more."),
		"Location":            header("Path of the operation that goes on."),
		"RequestId":           header("The request's id, as the server's log has it."),
		"CatalogVersion":      header("Version of the catalog that the server speaks."),
		"IdempotencyReplayed": header("true if this is the answer to an earlier request with the same key."),
		"RetryAfter":          retry,
	}
}

// problem is a way in which an operation can end.
type problem struct {
	status, name, words string
}

var allProblems = []problem{
	{"400", "Malformed", "Not JSON, or a parameter that is unknown or wrong."},
	{"401", "Unauthenticated", "No valid token."},
	{"403", "Forbidden", "The caller may see it, and may not do this."},
	{"404", "NotFound", "There is no such object, or none that the caller may see."},
	{"406", "NotAcceptable", "There is no answer in a content type that Accept allows."},
	{"408", "TooSlow", "The body came too slowly."},
	{"409", "Conflict", "The object, or something around it, stands in the way; code says what."},
	{"412", "PreconditionFailed", "The object's revision is not that of If-Match."},
	{"413", "TooLarge", "The body is too large."},
	{"415", "UnsupportedMediaType", "The body is of a content type that is not taken here."},
	{"422", "Invalid", "Fields are wrong; errors has all of them."},
	{"428", "PreconditionRequired", "It has to say by If-Match which revision it is about."},
	{"429", "RateLimited", "Too many requests; Retry-After says when to try again."},
	{"500", "Internal", "A fault of the server, which its log explains under the request id."},
	{"503", "Unavailable", "Not now; Retry-After says when to try again."},
}

// problemsOf are those that an operation can end in.
func problemsOf(op httpapi.Op, body, object, hides bool) []problem {
	may := map[string]bool{"400": true, "401": true, "429": true, "500": true, "503": true}
	may["403"] = op.Scope != httpapi.ScopeFilter && op.Scope != httpapi.ScopeCaller || hides && op.Verb == httpapi.List
	may["404"] = object
	may["406"] = len(op.AnswerTypes) > 0
	streams := len(op.BodyTypes) > 0
	may["408"] = streams
	may["409"] = op.Mutates
	may["412"] = op.Mutates && object && !streams
	may["428"] = op.RequiresIfMatch
	may["413"], may["415"] = body, body
	may["422"] = body || (op.Mutates && op.Method == http.MethodPost) // a key that is used again is one, too
	var out []problem
	for _, p := range allProblems {
		if may[p.status] {
			out = append(out, p)
		}
	}
	return out
}

func problems() openapi3.ResponseBodies {
	out := openapi3.ResponseBodies{}
	for _, p := range allProblems {
		r := &openapi3.Response{Description: &p.words,
			Headers: openapi3.Headers{"X-Request-Id": {Ref: "#/components/headers/RequestId"}},
			Content: openapi3.Content{problemMedia: &openapi3.MediaType{Schema: componentRef("Problem")}}}
		if n, err := strconv.Atoi(p.status); err == nil && (n == http.StatusTooManyRequests || n == http.StatusServiceUnavailable) {
			r.Headers["Retry-After"] = &openapi3.HeaderRef{Ref: "#/components/headers/RetryAfter"}
		}
		out[p.name] = &openapi3.ResponseRef{Value: r}
	}
	words := "The client has it already: it is what one of the tags in If-None-Match is of."
	out[notModified] = &openapi3.ResponseRef{Value: &openapi3.Response{Description: &words, Headers: openapi3.Headers{
		"X-Request-Id": {Ref: "#/components/headers/RequestId"}, "ETag": {Ref: "#/components/headers/ETag"}}}}
	return out
}

// notModified is the answer to who has it already.
const notModified = "NotModified"

// kept says whether a client may keep what an operation answers, and ask whether it is still so.
func kept(op httpapi.Op) bool {
	return op.Method == http.MethodGet && !op.Reveals && !slices.Contains(op.AnswerTypes, httpapi.EventStream)
}

// problemSchema is RFC 9457 with the members of the contract.
func problemSchema() *openapi3.SchemaRef {
	text := func(description string) *openapi3.SchemaRef {
		s := stringSchema()
		s.Description = description
		return &openapi3.SchemaRef{Value: s}
	}
	number := func(description string) *openapi3.SchemaRef {
		s := integerSchema()
		s.Description = description
		return &openapi3.SchemaRef{Value: s}
	}
	list := func(description string, required []string, of openapi3.Schemas) *openapi3.SchemaRef {
		return &openapi3.SchemaRef{Value: &openapi3.Schema{Type: &openapi3.Types{"array"}, Description: description,
			Items: &openapi3.SchemaRef{Value: &openapi3.Schema{Type: &openapi3.Types{"object"}, Required: required, Properties: of}}}}
	}
	return &openapi3.SchemaRef{Value: &openapi3.Schema{
		Type: &openapi3.Types{"object"}, Description: "An error, as in RFC 9457. Further members may come.",
		Required: []string{"code", "instance", "request_id", "status", "title", "type"},
		Properties: openapi3.Schemas{
			"type": text("URI of the kind of problem."), "title": text("The status in words."), "status": number("The HTTP status."),
			"code": text("What is wrong, for programs."), "detail": text("What is wrong, for people."),
			"instance": text("URN of this request."), "request_id": text("Id of this request."),
			"operation_id": text("The operation that is changing the object (code operation_in_progress)."),
			"existing_id":  text("The object that is there already (codes name_taken and already_exists), where the caller may see it."),
			"errors": list("Every wrong field.", []string{"code", "detail", "pointer"}, openapi3.Schemas{
				"pointer": text("JSON pointer into the body, or the name of a parameter."), "code": text("What is wrong with it."), "detail": text("The same in words.")}),
			"children": list("What the object contains (code has_children): the first of them.", []string{"id", "kind"}, openapi3.Schemas{
				"kind": text("Its kind."), "id": text("Its id."), "name": text("Its name.")}),
			"children_total": number("How many there are in all."),
		},
	}}
}

func ptr[T any](v T) *T { return &v }
