package cloudspace

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
)

type api struct{ *Service }

func (a api) ops() []httpapi.Op {
	return httpapi.CRUD(Kind, httpapi.Handlers{
		Create: httpapi.Handle(a.create), Get: httpapi.Handle(a.get), List: httpapi.Handle(a.list),
		Update: httpapi.Handle(a.update), Delete: httpapi.Handle(a.delete),
	}, httpapi.Create, httpapi.Update, httpapi.Delete)
}

// @Summary	Create a cloudspace
// @ID		cloudspaces.create
// @Param	body	body		CloudspaceCreate	true	"The cloudspace"
// @Success	201		{object}	Cloudspace
// @Router	/cloudspaces [post]
func (a api) create(ctx context.Context, in httpapi.CreateInput[CloudspaceCreate]) (Cloudspace, error) {
	return a.Create(ctx, in.Body)
}

// @Summary	Get a cloudspace
// @ID		cloudspaces.get
// @Success	200	{object}	Cloudspace
// @Router	/cloudspaces/{id} [get]
func (a api) get(ctx context.Context, in httpapi.GetInput) (Cloudspace, error) {
	return a.Get(ctx, in.ID)
}

// @Summary	List cloudspaces
// @ID		cloudspaces.list
// @Param	billing_entity_id	query		string	false	"Those of the customers of one billing entity"
// @Param	customer_id	query		string	false	"Those of one customer"
// @Param	location_id	query		string	false	"Those in one location"
// @Success	200	{object}	CloudspaceList
// @Router	/cloudspaces [get]
func (a api) list(ctx context.Context, in httpapi.ListInput) (CloudspaceList, error) {
	page, err := a.List(ctx, in.ListQuery)
	return CloudspaceList{page}, err
}

// @Summary	Change a cloudspace
// @ID		cloudspaces.update
// @Param	body	body		CloudspaceSpec	true	"The changes"
// @Success	200		{object}	Cloudspace
// @Router	/cloudspaces/{id} [patch]
func (a api) update(ctx context.Context, in httpapi.PatchInput[CloudspaceSpec]) (Cloudspace, error) {
	return a.Update(ctx, in)
}

// @Summary	Delete a cloudspace
// @ID		cloudspaces.delete
// @Success	202	{object}	Cloudspace
// @Router	/cloudspaces/{id} [delete]
func (a api) delete(ctx context.Context, in httpapi.DeleteInput) (Cloudspace, error) {
	return a.Delete(ctx, in)
}
