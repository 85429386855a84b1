package role

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

// @Summary	Create a role
// @ID		roles.create
// @Param	body	body		RoleCreate	true	"The role"
// @Success	201		{object}	Role
// @Router	/roles [post]
func (a api) create(ctx context.Context, in httpapi.CreateInput[RoleCreate]) (Role, error) {
	return a.Create(ctx, in.Body)
}

// @Summary	Get a role
// @ID		roles.get
// @Success	200	{object}	Role
// @Router	/roles/{id} [get]
func (a api) get(ctx context.Context, in httpapi.GetInput) (Role, error) {
	return a.Get(ctx, in.ID)
}

// @Summary	List roles
// @ID		roles.list
// @Param	owner_id	query		string	false	"Those of one customer or billing entity"
// @Param	built_in	query		bool	false	"Those that come with the platform, or the others"
// @Success	200	{object}	RoleList
// @Router	/roles [get]
func (a api) list(ctx context.Context, in httpapi.ListInput) (RoleList, error) {
	page, err := a.List(ctx, in.ListQuery)
	return RoleList{page}, err
}

// @Summary	Change a role
// @ID		roles.update
// @Param	body	body		RoleSpec	true	"The changes"
// @Success	200		{object}	Role
// @Router	/roles/{id} [patch]
func (a api) update(ctx context.Context, in httpapi.PatchInput[RoleSpec]) (Role, error) {
	return a.Update(ctx, in)
}

// @Summary	Delete a role
// @ID		roles.delete
// @Success	204
// @Router	/roles/{id} [delete]
func (a api) delete(ctx context.Context, in httpapi.DeleteInput) (resource.None, error) {
	return a.Delete(ctx, in)
}
