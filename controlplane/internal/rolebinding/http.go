package rolebinding

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

type api struct{ *Service }

func (a api) ops() []httpapi.Op {
	ops := httpapi.CRUD(Kind, httpapi.Handlers{
		Create: httpapi.Handle(a.create), Get: httpapi.Handle(a.get), List: httpapi.Handle(a.list),
		Update: httpapi.Handle(a.update), Delete: httpapi.Handle(a.delete),
	})
	for i := range ops {
		if ops[i].Verb == httpapi.Create { // the scope does not contain it, but decides who may
			ops[i].Scope, ops[i].ParentField = httpapi.ScopeParent, "scope_id"
		}
	}
	return ops
}

// @Summary	Create a role binding
// @ID		role_bindings.create
// @Param	body	body		RoleBindingCreate	true	"The role binding"
// @Success	201		{object}	RoleBinding
// @Router	/role-bindings [post]
func (a api) create(ctx context.Context, in httpapi.CreateInput[RoleBindingCreate]) (RoleBinding, error) {
	return a.Create(ctx, in.Body)
}

// @Summary	Get a role binding
// @ID		role_bindings.get
// @Success	200	{object}	RoleBinding
// @Router	/role-bindings/{id} [get]
func (a api) get(ctx context.Context, in httpapi.GetInput) (RoleBinding, error) {
	return a.Get(ctx, in.ID)
}

// @Summary	List role bindings
// @ID		role_bindings.list
// @Param	principal_kind	query		string	false	"Those of one kind of principals"
// @Param	principal_id	query		string	false	"Those of one principal"
// @Param	role_id			query		string	false	"Those of one role"
// @Param	scope_id		query		string	false	"Those in one scope itself"
// @Success	200	{object}	RoleBindingList
// @Router	/role-bindings [get]
func (a api) list(ctx context.Context, in httpapi.ListInput) (RoleBindingList, error) {
	page, err := a.List(ctx, in.ListQuery)
	return RoleBindingList{page}, err
}

// @Summary	Change when a role binding ends
// @ID		role_bindings.update
// @Param	body	body		RoleBindingSpec	true	"The changes"
// @Success	200		{object}	RoleBinding
// @Router	/role-bindings/{id} [patch]
func (a api) update(ctx context.Context, in httpapi.PatchInput[RoleBindingSpec]) (RoleBinding, error) {
	return a.Update(ctx, in)
}

// @Summary	Delete a role binding
// @ID		role_bindings.delete
// @Success	204
// @Router	/role-bindings/{id} [delete]
func (a api) delete(ctx context.Context, in httpapi.DeleteInput) (resource.None, error) {
	return a.Delete(ctx, in)
}
