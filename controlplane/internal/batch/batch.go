// Package batch reads many objects of any kinds in one request. Each is read as its own GET would be, with the same permission; what the
// caller may not see is missing, as what does not exist.
package batch

import (
	"context"
	"net/http"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
)

// Get names what is to be read.
type Get struct {
	// Ids of objects, of any kinds.
	IDs []string `json:"ids" validate:"required" maxLength:"200" extensions:"x-max-items=500"`
} // @name BatchGet

// Item is one object that was found.
type Item struct {
	// Id of the object.
	ID string `json:"id" format:"typeid" readonly:"true"`
	// Kind of the object.
	Kind string `json:"kind" readonly:"true"`
	// The object, as its own GET answers it.
	Object any `json:"object" copies:"kind" swaggertype:"object" readonly:"true" extensions:"x-any"`
} // @name BatchItem

// Objects is what was found and what was not.
type Objects struct {
	// What was found, in the order in which it was asked for.
	Items []Item `json:"items" readonly:"true"`
	// Ids of what was not.
	Missing []string `json:"missing" readonly:"true"`
} // @name BatchObjects

// Service reads batches.
type Service struct{}

// New returns the service.
func New() *Service { return &Service{} }

// Module is what it brings to the server.
func (s *Service) Module() module.Module {
	return module.Module{Ops: []httpapi.Op{{
		ID: "batch.get", Verb: "batch_get", Method: http.MethodPost, Path: "/batch-get", Permission: "batch.get", Scope: httpapi.ScopeCaller,
		Handle: httpapi.Handle(s.get),
	}}}
}

// @Summary	Get many objects of any kinds
// @ID		batch.get
// @Param	body	body		Get	true	"What to get"
// @Success	200		{object}	Objects
// @Router	/batch-get [post]
func (s *Service) get(ctx context.Context, in httpapi.CreateInput[Get]) (Objects, error) {
	out := Objects{Items: []Item{}, Missing: []string{}}
	counts := map[string]int64{}
	for _, id := range in.Body.IDs {
		kind, object, err := httpapi.ReadObject(ctx, id)
		switch {
		case err == nil:
			out.Items = append(out.Items, Item{ID: id, Kind: kind, Object: object})
			counts[kind]++
		case fault.IsCode(err, "not_found"):
			out.Missing = append(out.Missing, id)
		default:
			return Objects{}, err
		}
	}
	httpapi.Summarize(ctx, httpapi.Summary{Counts: counts})
	return out, nil
}
