package permission

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
)

type api struct{ *Service }

// ops are for everybody: what there is to be granted is no secret.
func (a api) ops() []httpapi.Op {
	ops := httpapi.CRUD(Kind, httpapi.Handlers{Get: httpapi.Handle(a.get), List: httpapi.Handle(a.list)})
	for i := range ops {
		ops[i].Scope = httpapi.ScopeCaller
	}
	return ops
}

// @Summary	Get a permission
// @ID		permissions.get
// @Success	200	{object}	Permission
// @Router	/permissions/{id} [get]
func (a api) get(_ context.Context, in httpapi.GetInput) (Permission, error) {
	return a.Get(in.ID)
}

// @Summary	List permissions
// @ID		permissions.list
// @Param	kind	query		string	false	"Those about one kind"
// @Success	200	{object}	PermissionList
// @Router	/permissions [get]
func (a api) list(_ context.Context, in httpapi.ListInput) (PermissionList, error) {
	page, err := a.List(in.ListQuery)
	return PermissionList{page}, err
}
