package httpapi

import (
	"context"
	"encoding/json"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// Contract is the specification as the server uses it.
type Contract interface {
	// Body reads a request body strictly: nulls are absent, defaults are filled in, and every wrong field is reported.
	Body(opID string, body []byte) ([]byte, error)
	// PatchBody reads a merge patch and checks which fields it names.
	PatchBody(opID string, body []byte) (map[string]any, error)
	// Merge merges a patch into the present value and validates the whole.
	Merge(opID string, current any, patch map[string]any) ([]byte, error)
	// Query checks names and values of the query parameters.
	Query(opID string, q url.Values) error
}

// call is one request on its way to its handler.
type call struct {
	op       *Op
	contract Contract
	id       string // of the path
	answers  string // the content type to answer in, of an operation that has several
	after    string // the event that the client had last
	query    url.Values
	incoming *incoming // a body that streams
	body     []byte
	ifMatch  *int64
	parentID string // of a create's body, set by bind
}

// CreateInput is a POST that makes something.
type CreateInput[B any] struct{ Body B }

func (in *CreateInput[B]) takes() reflect.Type { return reflect.TypeFor[B]() }

func (in *CreateInput[B]) bind(c *call) error {
	doc, err := c.contract.Body(c.op.ID, c.body)
	if err != nil {
		return err
	}
	if c.op.ParentField != "" {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(doc, &fields); err != nil {
			return err
		}
		if raw, ok := fields[c.op.ParentField]; ok {
			if err := json.Unmarshal(raw, &c.parentID); err != nil {
				return err
			}
		}
	}
	if err := resource.Decode(doc, &in.Body); err != nil {
		return err
	}
	return resource.Check(in.Body)
}

// GetInput reads one object. Query has the operation's own parameters.
type GetInput struct {
	ID    string
	Query url.Values
}

func (in *GetInput) takes() reflect.Type { return nil }

func (in *GetInput) bind(c *call) error {
	in.ID, in.Query = c.id, c.query
	return nil
}

// DocumentInput asks for a document of an object. The caller may read it: that was decided before.
type DocumentInput struct {
	ID string
	// ContentType is the one of the operation's that suits the caller.
	ContentType string
	Query       url.Values
}

func (in *DocumentInput) takes() reflect.Type { return nil }

func (in *DocumentInput) bind(c *call) error {
	in.ID, in.ContentType, in.Query = c.id, c.answers, c.query
	return nil
}

// ListInput reads a page.
type ListInput struct{ resource.ListQuery }

var standardParameters = map[string]bool{"page_size": true, "page_token": true, "order_by": true, "label": true, "q": true, "path": true}

func (in *ListInput) takes() reflect.Type { return nil }

func (in *ListInput) bind(c *call) error {
	get := c.query.Get
	in.ListQuery = resource.ListQuery{PageToken: get("page_token"), OrderBy: get("order_by"), Label: get("label"), Q: get("q"),
		Path: get("path"), Filters: map[string]string{}}
	if s := get("page_size"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			return fault.Parameter("page_size", "invalid_parameter", "is not a number")
		}
		in.PageSize = n
	}
	for name := range c.query {
		if !standardParameters[name] {
			in.Filters[name] = get(name)
		}
	}
	return nil
}

// PatchInput changes an object.
type PatchInput[S any] struct {
	ID      string
	IfMatch *int64
	Patch   resource.Patch[S]
}

func (in *PatchInput[S]) takes() reflect.Type { return reflect.TypeFor[S]() }

func (in *PatchInput[S]) bind(c *call) error {
	fields, err := c.contract.PatchBody(c.op.ID, c.body)
	if err != nil {
		return err
	}
	in.ID, in.IfMatch = c.id, c.ifMatch
	in.Patch = resource.NewPatch[S](fields, func(current any, patch map[string]any) ([]byte, error) {
		return c.contract.Merge(c.op.ID, current, patch)
	})
	return nil
}

// DeleteInput removes an object.
type DeleteInput struct {
	ID      string
	IfMatch *int64
}

func (in *DeleteInput) takes() reflect.Type { return nil }

func (in *DeleteInput) bind(c *call) error {
	in.ID, in.IfMatch = c.id, c.ifMatch
	return nil
}

// ActionInput does something with an object; there is nothing more to say about it.
type ActionInput struct {
	ID      string
	IfMatch *int64
}

func (in *ActionInput) takes() reflect.Type { return nil }

func (in *ActionInput) bind(c *call) error {
	if strings.TrimSpace(string(c.body)) != "" {
		if _, err := c.contract.Body(c.op.ID, c.body); err != nil {
			return err
		}
	}
	in.ID, in.IfMatch = c.id, c.ifMatch
	return nil
}

// ActionBodyInput does something with an object in the way that its body says.
type ActionBodyInput[B any] struct {
	ID      string
	IfMatch *int64
	Body    B
}

func (in *ActionBodyInput[B]) takes() reflect.Type { return reflect.TypeFor[B]() }

func (in *ActionBodyInput[B]) bind(c *call) error {
	doc, err := c.contract.Body(c.op.ID, c.body)
	if err != nil {
		return err
	}
	in.ID, in.IfMatch = c.id, c.ifMatch
	if err := resource.Decode(doc, &in.Body); err != nil {
		return err
	}
	return resource.Check(in.Body)
}

// Input is a pointer to one of the inputs of this package.
type Input interface {
	bind(c *call) error
	takes() reflect.Type
}

// pointer is a pointer to an In that is an Input.
type pointer[In any] interface {
	*In
	Input
}

type handler[In any, Out any, P pointer[In]] struct {
	fn func(context.Context, In) (Out, error)
}

// Handle makes a handler of a function from one of the inputs of this package to what is answered.
func Handle[In any, Out any, P pointer[In]](fn func(context.Context, In) (Out, error)) Handler {
	return handler[In, Out, P]{fn}
}

func (h handler[In, Out, P]) bind(c *call) (func(context.Context) (any, error), error) {
	var in In
	if err := P(&in).bind(c); err != nil {
		return nil, err
	}
	return func(ctx context.Context) (any, error) { return h.fn(ctx, in) }, nil
}

func (h handler[In, Out, P]) Takes() reflect.Type { return P(new(In)).takes() }

func (h handler[In, Out, P]) Answers() reflect.Type { return reflect.TypeFor[Out]() }
