package location

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

type api struct{ *Service }

func (a api) ops() []httpapi.Op {
	return httpapi.CRUD(Kind, httpapi.Handlers{
		Create: httpapi.Handle(a.create), Get: httpapi.Handle(a.get), List: httpapi.Handle(a.list),
		Update: httpapi.Handle(a.update), Delete: httpapi.Handle(a.delete),
	})
}

// @Summary	Create a location
// @ID		locations.create
// @Param	body	body		LocationCreate	true	"The location"
// @Success	201		{object}	Location
// @Router	/locations [post]
func (a api) create(ctx context.Context, in httpapi.CreateInput[LocationCreate]) (Location, error) {
	return a.Create(ctx, in.Body)
}

// @Summary	Get a location
// @ID		locations.get
// @Success	200	{object}	Location
// @Router	/locations/{id} [get]
func (a api) get(ctx context.Context, in httpapi.GetInput) (Location, error) {
	return a.Get(ctx, in.ID)
}

// @Summary	List locations
// @ID		locations.list
// @Param	enabled	query		string	false	"Those that take new cloudspaces, or do not"
// @Param	restricted	query		bool	false	"Those that are for some only, or are for all"
// @Success	200	{object}	LocationList
// @Router	/locations [get]
func (a api) list(ctx context.Context, in httpapi.ListInput) (LocationList, error) {
	page, err := a.List(ctx, in.ListQuery)
	return LocationList{page}, err
}

// @Summary	Change a location
// @ID		locations.update
// @Param	body	body		LocationSpec	true	"The changes"
// @Success	200		{object}	Location
// @Router	/locations/{id} [patch]
func (a api) update(ctx context.Context, in httpapi.PatchInput[LocationSpec]) (Location, error) {
	return a.Update(ctx, in)
}

// @Summary	Delete a location
// @ID		locations.delete
// @Success	204
// @Router	/locations/{id} [delete]
func (a api) delete(ctx context.Context, in httpapi.DeleteInput) (resource.None, error) {
	return a.Delete(ctx, in)
}
