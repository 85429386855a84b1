package locationaccess

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

type api struct{ *Service }

func (a api) ops() []httpapi.Op {
	ops := httpapi.CRUD(Kind, httpapi.Handlers{
		Create: httpapi.Handle(a.create), Get: httpapi.Handle(a.get), List: httpapi.Handle(a.list), Delete: httpapi.Handle(a.delete),
	})
	for i := range ops {
		if ops[i].Verb == httpapi.Create {
			ops[i].Scope, ops[i].ParentField = httpapi.ScopeParent, "location_id"
		}
	}
	return ops
}

// @Summary	Give access to a location
// @ID		location_accesses.create
// @Param	body	body		LocationAccessCreate	true	"Who gets access to what"
// @Success	201		{object}	LocationAccess
// @Router	/location-accesses [post]
func (a api) create(ctx context.Context, in httpapi.CreateInput[LocationAccessCreate]) (LocationAccess, error) {
	return a.Create(ctx, in.Body)
}

// @Summary	Get a location access
// @ID		location_accesses.get
// @Success	200	{object}	LocationAccess
// @Router	/location-accesses/{id} [get]
func (a api) get(ctx context.Context, in httpapi.GetInput) (LocationAccess, error) {
	return a.Get(ctx, in.ID)
}

// @Summary	List location accesses
// @ID		location_accesses.list
// @Param	location_id	query		string	false	"Those to one location"
// @Param	grantee_id	query		string	false	"Those of one customer or billing entity"
// @Success	200	{object}	LocationAccessList
// @Router	/location-accesses [get]
func (a api) list(ctx context.Context, in httpapi.ListInput) (LocationAccessList, error) {
	page, err := a.List(ctx, in.ListQuery)
	return LocationAccessList{page}, err
}

// @Summary	Take access to a location away
// @ID		location_accesses.delete
// @Success	204
// @Router	/location-accesses/{id} [delete]
func (a api) delete(ctx context.Context, in httpapi.DeleteInput) (resource.None, error) {
	return a.Delete(ctx, in)
}
