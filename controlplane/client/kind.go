package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// Kind is what can be done with the objects of an ordinary kind: all five verbs. T is what is answered, Create and Patch are the bodies, and Query is
// what a list can be asked for: a struct whose fields are tagged query:"name", or url.Values.
//
// It is composed of small parts, one for each verb, and a kind that lacks one is composed of the others, so that what cannot be done does not compile.
// Package demarc has one for each kind. Objects are for a program that learns of kinds as it runs.
type Kind[T, Create, Patch, Query any] struct {
	Getter[T]
	Lister[T, Query]
	Creator[T, Create]
	Patcher[T, Patch]
	Deleter
}

// NamedKind is a Kind whose objects have names, and work that goes on.
type NamedKind[T, Create, Patch, Query any] struct {
	Kind[T, Create, Patch, Query]
	Resolver
	Waiter[T]
}

// Objects are the objects of a kind, and all that may be done with them, without types: what is answered is JSON as it came.
type Objects struct {
	NamedKind[json.RawMessage, map[string]any, map[string]any, url.Values]
	Actions[json.RawMessage]
	Documents
	Uploads
	Streams
	Reveals
}

// ObjectsOf returns the objects of a kind on a server.
func ObjectsOf(c *Client, kind *catalog.Kind) Objects { return Bind[Objects](c, kind) }

// Bind returns a K, which is composed of parts (Kind, or a struct that embeds some), for the objects of a kind on a server. A verb that K has and
// the kind has not is an error of each call.
func Bind[K any](c *Client, kind *catalog.Kind) K {
	var k K
	bind(reflect.ValueOf(&k).Elem(), binding{client: c, kind: kind})
	return k
}

func bind(v reflect.Value, to binding) {
	composed := false
	for f, value := range v.Fields() {
		if f.Anonymous && f.IsExported() && value.Kind() == reflect.Struct {
			composed = true
			bind(value, to)
		}
	}
	if composed {
		return
	}
	// What is composed would say that it is one of its parts.
	if p, ok := v.Addr().Interface().(interface{ bind(binding) }); ok {
		p.bind(to)
	}
}

// binding is a kind on a server.
type binding struct {
	client *Client
	kind   *catalog.Kind
}

func (b *binding) bind(to binding) { *b = to }

var errUnbound = errors.New("it is bound to no server: make it with Bind, or with the function of its package")

// cannot says of what has no such verb what it lacks.
var cannot = map[string]string{"get": "read one by one", "list": "listed", "create": "created", "update": "changed", "delete": "deleted"}

func (b binding) operation(verb string) (catalog.Operation, error) {
	if b.client == nil || b.kind == nil {
		return catalog.Operation{}, errUnbound
	}
	op, ok := b.kind.Operations[verb]
	if !ok {
		return op, fmt.Errorf("objects of kind %s cannot be %s", b.kind.Name, cannot[verb])
	}
	return op, nil
}

// itemPath is the path of an operation on one object. An id that is empty would make it that of the collection.
func itemPath(op catalog.Operation, id string) (string, error) {
	if id == "" {
		return "", fmt.Errorf("%s: the id is empty", op.ID)
	}
	return strings.ReplaceAll(op.Path, "{id}", url.PathEscape(id)), nil
}

func (b binding) read(ctx context.Context, id string) (*Response, error) {
	op, err := b.operation("get")
	if err != nil {
		return nil, err
	}
	path, err := itemPath(op, id)
	if err != nil {
		return nil, err
	}
	return b.client.Do(ctx, Request{Method: op.Method, Path: path})
}

func decodeAs[T any](res *Response, err error) (T, error) {
	var object T
	if res == nil || len(res.Body) == 0 {
		return object, err
	}
	return object, errors.Join(err, res.Decode(&object))
}

// Getter reads single objects.
type Getter[T any] struct{ binding }

// Get reads one object.
func (g Getter[T]) Get(ctx context.Context, id string) (T, error) {
	res, err := g.read(ctx, id)
	return decodeAs[T](res, err)
}

// Lister lists objects.
type Lister[T, Query any] struct{ binding }

// List yields the objects that a query finds. Pages are fetched as they are needed: who stops early asks for no more. An error is yielded once, last.
func (l Lister[T, Query]) List(ctx context.Context, query Query) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		op, err := l.operation("list")
		if err != nil {
			yield(none, err)
			return
		}
		values, err := queryOf(query)
		if err != nil {
			yield(none, fmt.Errorf("list of %s: %w", l.kind.Plural, err))
			return
		}
		for item, err := range l.client.List(ctx, op.Path, values) {
			var object T
			if err == nil {
				if err = json.Unmarshal(item, &object); err != nil {
					object, err = none, fmt.Errorf("list of %s: %w", l.kind.Plural, err)
				}
			}
			if !yield(object, err) || err != nil {
				return
			}
		}
	}
}

// Creator makes objects.
type Creator[T, Create any] struct{ binding }

// Create makes an object and returns it as it is then: with Wait, as it is when all is done. If that ends otherwise than well, the object is
// returned with the error.
func (c Creator[T, Create]) Create(ctx context.Context, body Create, opts ...WriteOption) (T, error) {
	res, err := c.write(ctx, "create", "", body, opts)
	return decodeAs[T](res, err)
}

// Patcher changes objects.
type Patcher[T, Patch any] struct{ binding }

// Patch changes what the patch names, and returns the object as Create does. An empty patch tries again what failed. See IfMatch and IfUnchanged
// for what others may have changed meanwhile.
func (p Patcher[T, Patch]) Patch(ctx context.Context, id string, patch Patch, opts ...WriteOption) (T, error) {
	res, err := p.write(ctx, "update", id, patch, opts)
	return decodeAs[T](res, err)
}

// Deleter deletes objects.
type Deleter struct{ binding }

// Delete deletes an object, or begins to: with Wait, it is gone afterwards. A singleton it puts back to its beginning. An object that there is not is an
// error, unless it had to be asked for more than once: then the first time has done it.
func (d Deleter) Delete(ctx context.Context, id string, opts ...WriteOption) error {
	_, err := d.write(ctx, "delete", id, nil, opts)
	if p := AsProblem(err); p != nil && p.Repeated && IsCode(err, "not_found") {
		return nil
	}
	return err
}

// Resolver finds objects by their names.
type Resolver struct{ binding }

// Resolve returns the id that an id or a name path (acme/web/vm1) stands for: a *ResolveError if it is not that of exactly one object.
func (r Resolver) Resolve(ctx context.Context, idOrPath string) (string, error) {
	if r.client == nil || r.kind == nil {
		return "", errUnbound
	}
	return r.client.Resolve(ctx, r.kind, idOrPath)
}

// Waiter waits for what goes on with an object.
type Waiter[T any] struct{ binding }

// Wait waits until the operation that an object names has ended, and returns the object as it is then: as it was if it names none. If the operation
// ended otherwise than well, that is an *OperationFailedError, which has its code.
func (w Waiter[T]) Wait(ctx context.Context, object T, opts ...WaitOption) (T, error) {
	if w.client == nil || w.kind == nil {
		return object, errUnbound
	}
	body, err := encode(object)
	if err != nil {
		return object, err
	}
	if (&Response{Body: body}).OperationID() == "" {
		return object, nil
	}
	res, err := w.settle(ctx, &Response{Body: body}, opts)
	return decodeAs[T](res, err)
}

// settle waits for the operation that an answered object names, and reads the object anew.
func (b binding) settle(ctx context.Context, res *Response, opts []WaitOption) (*Response, error) {
	var head map[string]any
	if err := res.Decode(&head); err != nil {
		return res, err
	}
	id, _ := head[b.kind.IDField()].(string)
	if _, err := b.client.WaitOperation(ctx, res.OperationID(), opts...); err != nil {
		return res, err
	}
	return b.read(ctx, id)
}

// Actions are the verbs of a kind that leave nothing behind to declare.
type Actions[T any] struct{ binding }

// Action does the action of that name (reboot) with an object; body is nil if it takes none.
func (a Actions[T]) Action(ctx context.Context, id, name string, body any, opts ...WriteOption) (T, error) {
	res, err := a.write(ctx, name, id, body, opts)
	return decodeAs[T](res, err)
}

// Documents are what can be read of objects as it is.
type Documents struct{ binding }

// Download asks for the document of that name; accept are the content types that will do, best first, none for what the server prefers.
func (d Documents) Download(ctx context.Context, id, name string, accept ...string) (*Download, error) {
	r, err := d.part(id, name, "document", func(k *catalog.Kind) []catalog.Part { return k.Documents })
	if err != nil {
		return nil, err
	}
	return d.client.Download(ctx, r, accept...)
}

// Uploads are what can be sent for objects as it is.
type Uploads struct{ binding }

// Upload sends a body for an object while it is read, once, and returns what is answered. size is -1 if it is not known.
func (u Uploads) Upload(ctx context.Context, id, name, contentType string, body io.Reader, size int64) (json.RawMessage, error) {
	r, err := u.part(id, name, "upload", func(k *catalog.Kind) []catalog.Part { return k.Uploads })
	if err != nil {
		return nil, err
	}
	res, err := u.client.Upload(ctx, r, contentType, body, size)
	if err != nil {
		return nil, err
	}
	return res.Body, nil
}

// Streams are what can be watched of objects.
type Streams struct{ binding }

// Watch yields events as they come, after the one that is named if there is one, until the server ends them.
func (s Streams) Watch(ctx context.Context, id, name, after string) iter.Seq2[Event, error] {
	r, err := s.part(id, name, "stream", func(k *catalog.Kind) []catalog.Part { return k.Streams })
	if err != nil {
		return func(yield func(Event, error) bool) { yield(Event{}, err) }
	}
	return s.client.Watch(ctx, r, after)
}

// Reveals are the secrets of objects that are read, each by an operation of its own.
type Reveals struct{ binding }

// Reveal reads the secret of that name. Who reads it is on record.
func (r Reveals) Reveal(ctx context.Context, id, name string) (json.RawMessage, error) {
	return Revealed[json.RawMessage](ctx, r, id, name)
}

// Revealed is Reveal for an answer of a type.
func Revealed[Answer any](ctx context.Context, r Reveals, id, name string) (Answer, error) {
	var none Answer
	if r.client == nil || r.kind == nil {
		return none, errUnbound
	}
	for i := range r.kind.Reveals {
		if of := &r.kind.Reveals[i]; of.Name == name {
			path, err := itemPath(of.Operation, id)
			if err != nil {
				return none, err
			}
			res, err := r.client.Do(ctx, Request{Method: of.Method, Path: path})
			return decodeAs[Answer](res, err)
		}
	}
	return none, fmt.Errorf("objects of kind %s reveal no %q", r.kind.Name, name)
}

func (b binding) part(id, name, what string, of func(*catalog.Kind) []catalog.Part) (Request, error) {
	if b.client == nil || b.kind == nil {
		return Request{}, errUnbound
	}
	for _, p := range of(b.kind) {
		if p.Name == name {
			path, err := itemPath(p.Operation, id)
			return Request{Method: p.Method, Path: path}, err
		}
	}
	return Request{}, fmt.Errorf("objects of kind %s have no %s %q", b.kind.Name, what, name)
}

// Call does an operation that belongs to no kind. query is a struct whose fields are tagged query:"name", url.Values, or nil; body is nil if it takes none.
func Call[Answer any](ctx context.Context, c *Client, op *catalog.GeneralOperation, query, body any) (Answer, error) {
	var none Answer
	if op == nil {
		return none, errors.New("the catalog has no such operation")
	}
	values, err := queryOf(query)
	if err != nil {
		return none, fmt.Errorf("%s: %w", op.ID, err)
	}
	r := Request{Method: op.Method, Path: op.Path, Query: values}
	if !isNil(body) {
		r.Body = body
	}
	if r.Method == http.MethodPost {
		r.IdempotencyKey = NewIdempotencyKey()
	}
	res, err := c.Do(ctx, r)
	return decodeAs[Answer](res, err)
}

// CallPages does an operation that belongs to no kind and answers in pages, as List does: each answer is one page.
func CallPages[Answer any](ctx context.Context, c *Client, op *catalog.GeneralOperation, query any) iter.Seq2[Answer, error] {
	return func(yield func(Answer, error) bool) {
		var none Answer
		if op == nil {
			yield(none, errors.New("the catalog has no such operation"))
			return
		}
		values, err := queryOf(query)
		if err != nil {
			yield(none, fmt.Errorf("%s: %w", op.ID, err))
			return
		}
		for res, err := range c.pages(ctx, op.Path, values) {
			answer, err := decodeAs[Answer](res, err)
			if !yield(answer, err) || err != nil {
				return
			}
		}
	}
}

// isNil says whether there is nothing to send: a map or pointer that is nil is none.
func isNil(body any) bool {
	if body == nil {
		return true
	}
	switch v := reflect.ValueOf(body); v.Kind() {
	case reflect.Map, reflect.Pointer, reflect.Slice:
		return v.IsNil()
	}
	return false
}
