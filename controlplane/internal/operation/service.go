package operation

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/saga"
)

// maxWait is the longest that a request waits for the end of an operation.
const maxWait = time.Minute

// Service shows operations.
type Service struct {
	db       *db.DB
	registry *resource.Registry
	sagas    *saga.Engine
}

// New returns the service.
func New(d module.Deps) *Service {
	d.Registry.Add(Kind)
	return &Service{d.DB, d.Registry, d.Sagas}
}

// Module is what it brings to the server.
func (s *Service) Module() module.Module {
	ops := httpapi.CRUD(Kind, httpapi.Handlers{
		Get: httpapi.Handle(func(ctx context.Context, in httpapi.GetInput) (Operation, error) {
			return s.Get(ctx, in.ID, in.Query.Get("wait"))
		}),
		List: httpapi.Handle(func(ctx context.Context, in httpapi.ListInput) (resource.Page[Operation], error) {
			return s.List(ctx, in.ListQuery)
		}),
	})
	for i := range ops {
		if ops[i].Verb == httpapi.Get {
			ops[i].Parameters = []resource.Filter{{Name: "wait", Words: "Wait so long for its end, such as 30s; at most 60s. A number alone is of seconds", Format: "duration"}}
		}
	}
	cancel := httpapi.Action(Kind, "cancel", "Ask an operation to stop and to undo what it has done", false,
		httpapi.Handle(func(ctx context.Context, in httpapi.ActionInput) (Operation, error) { return s.Cancel(ctx, in.ID) }))
	return module.Module{Kind: Kind, Ops: append(ops, cancel)}
}

// Get returns an operation; with a wait, as soon as it has ended, or after that time as it then is.
func (s *Service) Get(ctx context.Context, id, wait string) (Operation, error) {
	d, err := parseWait(wait)
	if err != nil {
		return Operation{}, err
	}
	poll := ctx
	if d > 0 {
		var leave context.CancelFunc
		if poll, leave, err = httpapi.LongPoll(ctx); err != nil {
			return Operation{}, err
		}
		defer leave()
	}
	if err := s.seen(ctx, id); err != nil {
		return Operation{}, err
	}
	o, err := s.sagas.Wait(poll, id, d)
	if errors.Is(err, context.Canceled) && ctx.Err() == nil {
		o, err = s.sagas.Get(ctx, id) // the server is stopping: answer with what there is
	}
	return model(o), err
}

func parseWait(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	if strings.TrimLeft(s, "0123456789") == "" {
		s += "s"
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 || d > maxWait {
		return 0, fault.Parameter("wait", "invalid_parameter", "is not a time such as 30s, of at most 60s")
	}
	return d, nil
}

// List returns a page of operations, the newest first.
func (s *Service) List(ctx context.Context, q resource.ListQuery) (resource.Page[Operation], error) {
	page := resource.Page[Operation]{Items: []Operation{}}
	query, err := resource.NewestFirst(ctx, s.db, s.registry, Kind, q)
	if err != nil {
		return page, err
	}
	found, err := s.sagas.List(query)
	if err != nil {
		return page, err
	}
	if size := q.Size(); len(found) > size {
		found = found[:size]
		page.NextPageToken = resource.NextToken(q, found[size-1].ID)
	}
	for _, o := range found {
		page.Items = append(page.Items, model(o))
	}
	return page, nil
}

// Cancel asks an operation to stop after the step that is running, and to undo.
func (s *Service) Cancel(ctx context.Context, id string) (Operation, error) {
	if err := s.seen(ctx, id); err != nil {
		return Operation{}, err
	}
	o, err := s.sagas.Cancel(ctx, id)
	return model(o), err
}
