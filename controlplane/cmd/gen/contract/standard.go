package contract

import (
	"maps"
	"net/http"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
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
	requestID := text(100)
	requestID.Pattern = httpapi.RequestIDPattern
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
		"RequestId": parameter("header", "X-Request-Id",
			"Id of the request, for logs on both sides. One that is not of this form is replaced by another; the answer has what was taken.", requestID),
		"LastEventId": parameter("header", "Last-Event-ID", "The event after which the answer is to begin.", text(200)),
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
		"RateLimit":           header("How much more may be asked for, and when there is more again (IETF draft RateLimit header fields for HTTP)."),
		"RateLimitPolicy":     header("How much may be asked for, in how many seconds."),
	}
}

// The two answers of what does not end well: codes and members say the rest.
const (
	problemType   = "Problem"
	clientProblem = "ClientProblem"
	serverProblem = "ServerProblem"
)

var problemStatuses = map[string]string{"4XX": clientProblem, "5XX": serverProblem}

func problems() openapi3.ResponseBodies {
	out := openapi3.ResponseBodies{}
	for name, words := range map[string]string{
		clientProblem: "The request cannot be answered as it is: `code` says why, `errors` which fields are wrong, Retry-After when to try again.",
		serverProblem: "It cannot be answered now: Retry-After says when to try again, the server's log what went wrong, under the request's id.",
	} {
		out[name] = &openapi3.ResponseRef{Value: &openapi3.Response{Description: &words,
			Headers: everywhere(openapi3.Headers{"Retry-After": {Ref: "#/components/headers/RetryAfter"}}),
			Content: openapi3.Content{problemMedia: &openapi3.MediaType{Schema: componentRef(problemType)}}}}
	}
	words := "The client has it already: it is what one of the tags in If-None-Match is of."
	out[notModified] = &openapi3.ResponseRef{Value: &openapi3.Response{Description: &words,
		Headers: everywhere(openapi3.Headers{"ETag": {Ref: "#/components/headers/ETag"}})}}
	return out
}

// everywhere adds the headers that every answer has.
func everywhere(h openapi3.Headers) openapi3.Headers {
	for name, component := range map[string]string{
		"X-Request-Id": "RequestId", "Demarc-Catalog": "CatalogVersion", "RateLimit": "RateLimit", "RateLimit-Policy": "RateLimitPolicy",
	} {
		h[name] = &openapi3.HeaderRef{Ref: "#/components/headers/" + component}
	}
	return h
}

// notModified is the answer to who has it already.
const notModified = "NotModified"

// cacheable says whether a client may keep what an operation answers, and ask whether it is still so.
func cacheable(op httpapi.Op) bool {
	return op.Method == http.MethodGet && !op.Reveals && !op.Sensitive && !slices.Contains(op.AnswerTypes, httpapi.EventStream)
}

// problemSchemas are RFC 9457 with the members of the contract.
func problemSchemas() openapi3.Schemas {
	text := func(description string) *openapi3.SchemaRef {
		s := stringSchema()
		s.Description = description
		return &openapi3.SchemaRef{Value: s}
	}
	code := func(description string, names []string) *openapi3.SchemaRef {
		s := text(description)
		values := make([]any, len(names))
		for i, name := range names {
			values[i] = name
		}
		extendAny(s.Value, extKnown, values)
		return s
	}
	number := func(description string) *openapi3.SchemaRef {
		s := integerSchema()
		s.Description = description
		return &openapi3.SchemaRef{Value: s}
	}
	object := func(description string, required []string, of openapi3.Schemas) *openapi3.SchemaRef {
		return &openapi3.SchemaRef{Value: &openapi3.Schema{Type: &openapi3.Types{"object"}, Description: description, Required: required, Properties: of}}
	}
	list := func(description, of string) *openapi3.SchemaRef {
		return &openapi3.SchemaRef{Value: &openapi3.Schema{Type: &openapi3.Types{"array"}, Description: description, Items: componentRef(of)}}
	}
	codes := make([]string, len(fault.Codes))
	for i, c := range fault.Codes {
		codes[i] = c.Name
	}
	slices.Sort(codes)
	return openapi3.Schemas{
		problemType: object("An error, as in RFC 9457. Further members may come.", []string{"code", "instance", "request_id", "status", "title", "type"}, openapi3.Schemas{
			"type": text("URI of the kind of problem."), "title": text("The status in words."), "status": number("The HTTP status."),
			"code": code("What is wrong, for programs. Further codes may come.", codes), "detail": text("What is wrong, for people."),
			"instance": text("URN of this request."), "request_id": text("Id of this request."),
			"operation_id":   text("The operation that is changing the object (code operation_in_progress)."),
			"existing_id":    text("The object that is there already (codes name_taken and already_exists), where the caller may see it."),
			"errors":         list("Every wrong field.", problemType+"Field"),
			"children":       list("What the object contains (code has_children): the first of them.", problemType+"Child"),
			"children_total": number("How many there are in all."),
		}),
		problemType + "Field": object("A wrong field.", []string{"code", "detail", "pointer"}, openapi3.Schemas{
			"pointer": text("JSON pointer into the body, or the name of a parameter."),
			"code":    code("What is wrong with it, for programs. Further codes may come.", slices.Sorted(maps.Keys(fault.FieldCodes))),
			"detail":  text("The same in words."),
		}),
		problemType + "Child": object("What an object contains.", []string{"id", "kind"}, openapi3.Schemas{
			"kind": text("Its kind."), "id": text("Its id."), "name": text("Its name."),
		}),
	}
}

func ptr[T any](v T) *T { return &v }
