package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// WriteOption changes how a write is sent, and what is waited for.
type WriteOption func(*writing)

// writing is one write to an object.
type writing struct {
	request Request
	once    bool
	base    map[string]any // what the object was when the patch was made, see IfUnchanged
	waits   bool
	waiting []WaitOption
	answer  *Response
	err     error // an option that cannot be met
}

// DryRun has the server answer what would be, and keep nothing.
func DryRun() WriteOption {
	return func(w *writing) { w.request.Query = url.Values{"dry_run": {"true"}} }
}

// Wait waits until what the write began has ended, by long polls. If it ends otherwise than well, that is an *OperationFailedError.
func Wait(opts ...WaitOption) WriteOption {
	return func(w *writing) { w.waits, w.waiting = true, opts }
}

// IfMatch sends the write only to an object of this revision, a number or an ETag: of another, the error has the code revision_mismatch.
func IfMatch[Revision int | int64 | string](revision Revision) WriteOption {
	return func(w *writing) {
		if w.request.IfMatch = fmt.Sprint(revision); w.request.IfMatch == "" { // it would be sent without a check
			w.err = errNoRevision
		}
	}
}

var errNoRevision = errors.New("the revision to match is empty")

// IfUnchanged sends a patch only if what it changes is still as in object, which is how the object was read. Changes elsewhere do not
// matter: then the object is read again, and the patch sent for its new revision. If somebody has changed the same, the error has the code
// revision_mismatch. For other writes it is IfMatch with the object's revision.
func IfUnchanged(object any) WriteOption {
	return func(w *writing) {
		if w.base, w.err = looseObject(object); w.err == nil {
			w.request.IfMatch, w.err = revisionOf(w.base)
		}
	}
}

// IdempotencyKey makes a create or action that has been sent already answer what it answered, and do nothing. Without it each call has a new key,
// which is for retries within the call.
func IdempotencyKey(key string) WriteOption {
	return func(w *writing) { w.request.IdempotencyKey = key }
}

// FailIfBusy does not wait while another operation runs on the object: the error has the code operation_in_progress, and the operation's id.
func FailIfBusy() WriteOption {
	return func(w *writing) { w.once = true }
}

// Answer has the server's answer to the write put into res: status, headers, and the object as it was then. It is left alone if there is none.
func Answer(res *Response) WriteOption {
	return func(w *writing) { w.answer = res }
}

// revisionTries bounds how often a patch is sent because somebody else wrote in between. With the pauses between them, a dozen who write at once all get
// through.
const revisionTries = 8

// write sends a write, an action if verb is none of the five, and returns the object: nil if it is gone. With the error of what was waited for it returns
// the object as it was answered.
func (b binding) write(ctx context.Context, verb, id string, body any, opts []WriteOption) (*Response, error) {
	op, err := b.writeOperation(verb)
	if err != nil {
		return nil, err
	}
	w := writing{}
	for _, o := range opts {
		o(&w)
	}
	if w.err != nil {
		return nil, fmt.Errorf("%s: %w", op.ID, w.err)
	}
	if verb != "update" {
		w.base = nil
	}
	if w.request.Method, w.request.Path = op.Method, op.Path; verb != "create" {
		if w.request.Path, err = itemPath(op, id); err != nil {
			return nil, err
		}
	}
	if !isNil(body) {
		// Encoded once: it is what is compared where others write, too.
		if w.request.Body, err = encode(body); err != nil {
			return nil, fmt.Errorf("%s: %w", op.ID, err)
		}
	}
	if op.RequiresIfMatch && w.request.IfMatch == "" {
		now, err := b.read(ctx, id)
		if err != nil {
			return nil, err
		}
		w.request.IfMatch = now.ETag()
	}
	res, err := b.send(ctx, id, &w)
	if err != nil {
		return nil, err
	}
	if w.answer != nil {
		*w.answer = *res
	}
	if !w.waits || res.OperationID() == "" || w.request.Query.Has("dry_run") {
		return res, nil
	}
	if verb == "delete" {
		_, err := b.client.WaitOperation(ctx, res.OperationID(), w.waiting...)
		return nil, err
	}
	return b.settle(ctx, res, w.waiting)
}

func (b binding) writeOperation(verb string) (catalog.Operation, error) {
	if cannot[verb] != "" {
		return b.operation(verb)
	}
	if b.client == nil || b.kind == nil {
		return catalog.Operation{}, errUnbound
	}
	for i := range b.kind.Actions {
		if b.kind.Actions[i].Name == verb {
			return b.kind.Actions[i].Operation, nil
		}
	}
	return catalog.Operation{}, fmt.Errorf("objects of kind %s have no action %q", b.kind.Name, verb)
}

// send sends the request, and again for a new revision as long as nobody has changed what it changes.
func (b binding) send(ctx context.Context, id string, w *writing) (*Response, error) {
	do := b.client.Write
	if w.once {
		do = func(ctx context.Context, r Request) (*Response, error) {
			if r.Method == http.MethodPost && r.IdempotencyKey == "" {
				r.IdempotencyKey = NewIdempotencyKey()
			}
			return b.client.Do(ctx, r)
		}
	}
	for try := 1; ; try++ {
		res, err := do(ctx, w.request)
		if w.base == nil || try == revisionTries || !IsCode(err, "revision_mismatch") {
			return res, err
		}
		if try > 1 {
			// Others write to the same object: do not race them in step.
			if err := b.client.transport.pause(ctx, backoff(min(try-2, 4))); err != nil {
				return nil, err
			}
		}
		now, failed := b.read(ctx, id)
		if failed != nil {
			return nil, failed
		}
		same, failed := b.undisturbed(w, now)
		if failed != nil {
			return nil, failed
		}
		if !same {
			return res, err
		}
		w.request.IfMatch = now.ETag()
	}
}

func (b binding) undisturbed(w *writing, now *Response) (bool, error) {
	fresh, err := looseObject(now.Body)
	if err != nil {
		return false, err
	}
	patch := map[string]any{}
	if body, ok := w.request.Body.([]byte); ok {
		if patch, err = looseObject(json.RawMessage(body)); err != nil {
			return false, err
		}
	}
	return !disturbs(patch, w.base, fresh), nil
}

// disturbs says whether anything that a merge patch names is in fresh another than in base.
func disturbs(patch, base, fresh map[string]any) bool {
	for name, change := range patch {
		inner, ok := change.(map[string]any)
		was, ok1 := base[name].(map[string]any)
		is, ok2 := fresh[name].(map[string]any)
		if ok && ok1 && ok2 {
			if disturbs(inner, was, is) {
				return true
			}
		} else if !reflect.DeepEqual(base[name], fresh[name]) {
			return true
		}
	}
	return false
}

// looseObject is an object of whatever Go type as JSON has it, numbers as they are written.
func looseObject(object any) (map[string]any, error) {
	b, err := encode(object)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var loose map[string]any
	if err := d.Decode(&loose); err != nil {
		return nil, fmt.Errorf("%T is no object: %w", object, err)
	}
	return loose, nil
}

func revisionOf(object map[string]any) (string, error) {
	n, ok := object["revision"].(json.Number)
	if !ok {
		return "", fmt.Errorf("the object has no revision")
	}
	return n.String(), nil
}
