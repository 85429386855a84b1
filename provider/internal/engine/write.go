package engine

// Writes and what can come between: another operation, another writer, somebody who stops Terraform.

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
)

const (
	// grace is how long a request that is under way may still take after Terraform was asked to stop. It is not cut
	// off, because nobody would know then whether the server has acted on it.
	grace = 30 * time.Second
	// revisionTries bounds how often a write is repeated because somebody else wrote in between.
	revisionTries = 5
)

// objectPath is where an operation on one object is asked for.
func objectPath(k *catalog.Kind, verb, id string) string {
	p := k.Operations[verb].Path
	if p == "" {
		p = k.Path + "/{id}"
	}
	return strings.ReplaceAll(p, "{id}", url.PathEscape(id))
}

// outlive returns a context that lasts a little longer than ctx: long enough for a request to be answered.
func outlive(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(grace, cancel)
		context.AfterFunc(longer, func() { timer.Stop() })
	})
	return longer, func() { stop(); cancel() }
}

// send makes a write. Once sent, a stop of Terraform does not cut it off; before, nothing is sent any more. While an
// operation runs on the object it waits for that and sends again. about is what the write depends on besides, the
// object or its parent: if the server says that a state does not allow the write, and that is because of an
// operation, it waits for that once.
func (s *Session) send(ctx context.Context, r client.Request, about *reference) (*client.Response, error) {
	s.reads.stop()
	for attempt := 0; ; attempt++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		res, err := s.Do(ctx, r)
		p := client.AsProblem(err)
		if p == nil || p.Status != http.StatusConflict {
			return res, err
		}
		switch {
		case p.Code == "operation_in_progress" && p.OperationID != "":
			if waited := s.await(ctx, p.OperationID); waited != nil {
				return nil, errors.Join(waited, err)
			}
		case p.Code == "wrong_state" && about != nil:
			waited, ended := s.settle(ctx, about)
			if !waited || ended != nil {
				return res, err
			}
			about = nil
		case p.Code == "idempotency_in_progress":
			if attempt >= 10 {
				return res, err
			}
			if paused := pause(ctx, max(p.RetryAfter, time.Second)); paused != nil {
				return nil, paused
			}
			continue // with the same key: it is the same request
		default:
			return res, err
		}
		if r.IdempotencyKey != "" {
			// The answer that the key stands for was a refusal.
			r.IdempotencyKey = client.NewIdempotencyKey()
		}
		if attempt > 0 {
			if paused := pause(ctx, min(100*time.Millisecond<<min(attempt, 6), 5*time.Second)); paused != nil {
				return nil, paused
			}
		}
	}
}

// await waits for an operation that somebody else began: how it ends does not matter here.
func (s *Session) await(ctx context.Context, id string) error {
	_, err := s.api.WaitOperation(ctx, id)
	if failed := (*client.OperationFailedError)(nil); errors.As(err, &failed) || client.IsNotFound(err) {
		return nil
	}
	return err
}

// reference is an object that a write depends on.
type reference struct {
	kind *catalog.Kind
	id   string
}

// settle waits for the operation that runs on an object, and says whether there was one.
func (s *Session) settle(ctx context.Context, about *reference) (bool, error) {
	o, err := s.reads.fresh(ctx, about.kind, about.id)
	if err != nil {
		return false, err
	}
	op := o.text("operation_id")
	if op == "" {
		return false, nil
	}
	return true, s.await(ctx, op)
}

// parentOf is the parent that a body of a create names.
func (s *Session) parentOf(k *catalog.Kind, body map[string]any) *reference {
	if k.Parent == nil {
		return nil
	}
	id, _ := body[k.Parent.Field].(string)
	parent := s.catalog.KindOfID(id) // Several kinds may contain it.
	if id == "" || parent == nil || !lifecycle(parent) {
		return nil
	}
	return &reference{parent, id}
}

// taken says whether a create was refused because of the object that is there already.
func taken(p *client.Problem) bool {
	return p != nil && (p.Code == "name_taken" || p.Code == "already_exists")
}

// create sends a POST. If the name is that of an object which is being deleted, it waits until it is free.
func (s *Session) create(ctx context.Context, k *catalog.Kind, body map[string]any) (*client.Response, error) {
	request := func() client.Request {
		op := k.Operations["create"]
		return client.Request{Method: op.Method, Path: op.Path, Body: body, IdempotencyKey: client.NewIdempotencyKey()}
	}
	about := s.parentOf(k, body)
	res, err := s.send(ctx, request(), about)
	p := client.AsProblem(err)
	if !taken(p) || p.ExistingID == "" {
		return res, err
	}
	existing, gone := s.reads.fresh(ctx, k, p.ExistingID)
	switch {
	case client.IsNotFound(gone):
	case gone == nil && existing.text("state") == stateDeleting && existing.text("operation_id") != "":
		if s.await(ctx, existing.text("operation_id")) != nil {
			return res, err
		}
	default:
		return res, err
	}
	return s.send(ctx, request(), about)
}

// replace brings the object of a singleton kind, which is there already, to plan: what it holds beside that goes.
func (s *Session) replace(ctx context.Context, k *catalog.Kind, id string, plan, config tftypes.Value) (*client.Response, error) {
	for try := 1; ; try++ {
		body, o, err := s.replacement(ctx, k, id, plan, config)
		if err != nil {
			return nil, err
		}
		op := k.Operations["update"]
		res, err := s.send(ctx, client.Request{Method: op.Method, Path: objectPath(k, "update", id), Body: body, IfMatch: o.etag()}, &reference{k, id})
		if !client.IsCode(err, "revision_mismatch") || try == revisionTries {
			return res, err
		}
	}
}

// replacement is the merge patch from the object as it is to plan, and the object.
func (s *Session) replacement(ctx context.Context, k *catalog.Kind, id string, plan, config tftypes.Value) (map[string]any, object, error) {
	o, err := s.reads.fresh(ctx, k, id)
	if err != nil {
		return nil, nil, err
	}
	t, _ := plan.Type().(tftypes.Object)
	now, err := reconcile(k.Fields, t, o, tftypes.NewValue(t, nil))
	return mergePatch(k.Fields, now, plan, config), o, err
}

// revision is etag, or, if nobody kept one and the operation insists on it, that of the object as it is.
func (s *Session) revision(ctx context.Context, k *catalog.Kind, verb, id, etag string) (string, error) {
	if etag != "" || !k.Operations[verb].RequiresIfMatch {
		return etag, nil
	}
	o, err := s.reads.fresh(ctx, k, id)
	return o.etag(), err
}

// conflict says that somebody else changed what a write was about to change.
type conflict struct {
	pointers []string
	now      tftypes.Value // the object as it is
}

func (*conflict) Error() string { return "changed outside of Terraform since the plan" }

// patch sends a merge patch that was made from state, if the object's revision is still etag. If it is not, it looks
// at what has changed: changes elsewhere do not matter, changes of the same fields are a *conflict.
func (s *Session) patch(ctx context.Context, k *catalog.Kind, id, etag string, body map[string]any, state tftypes.Value) (*client.Response, error) {
	about := &reference{k, id}
	etag, err := s.revision(ctx, k, "update", id, etag)
	if err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		op := k.Operations["update"]
		res, err := s.send(ctx, client.Request{Method: op.Method, Path: objectPath(k, "update", id), Body: body, IfMatch: etag}, about)
		if !client.IsCode(err, "revision_mismatch") || try == revisionTries {
			return res, err
		}
		o, err := s.reads.fresh(ctx, k, id)
		if err != nil {
			return nil, err
		}
		now, err := reconcile(k.Fields, state.Type().(tftypes.Object), o, state)
		if err != nil {
			return nil, err
		}
		if both := collisions(body, mergePatch(k.Fields, state, now, now), ""); len(both) > 0 {
			return nil, &conflict{pointers: both, now: now}
		}
		etag = o.etag()
	}
}

// remove sends a DELETE. An object that does not exist is a success, with no response.
func (s *Session) remove(ctx context.Context, k *catalog.Kind, id, etag string) (*client.Response, error) {
	about := &reference{k, id}
	etag, err := s.revision(ctx, k, "delete", id, etag)
	switch {
	case client.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, err
	}
	for try := 1; ; try++ {
		op := k.Operations["delete"]
		res, err := s.send(ctx, client.Request{Method: op.Method, Path: objectPath(k, "delete", id), IfMatch: etag}, about)
		switch {
		case client.IsNotFound(err):
			return nil, nil
		case !client.IsCode(err, "revision_mismatch") || try == revisionTries:
			return res, err
		}
		o, err := s.reads.fresh(ctx, k, id)
		switch {
		case client.IsNotFound(err):
			return nil, nil
		case err != nil:
			return nil, err
		}
		etag = o.etag()
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
