package serviceaccount

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

// @Summary	Create a service account
// @ID		service_accounts.create
// @Param	body	body		ServiceAccountCreate	true	"The service account"
// @Success	201		{object}	ServiceAccount
// @Router	/service-accounts [post]
func (a api) create(ctx context.Context, in httpapi.CreateInput[ServiceAccountCreate]) (ServiceAccount, error) {
	return a.Create(ctx, in.Body)
}

// @Summary	Get a service account
// @ID		service_accounts.get
// @Success	200	{object}	ServiceAccount
// @Router	/service-accounts/{id} [get]
func (a api) get(ctx context.Context, in httpapi.GetInput) (ServiceAccount, error) {
	return a.Get(ctx, in.ID)
}

// @Summary	List service accounts
// @ID		service_accounts.list
// @Param	owner_id	query		string	false	"Those of one customer or billing entity"
// @Success	200	{object}	ServiceAccountList
// @Router	/service-accounts [get]
func (a api) list(ctx context.Context, in httpapi.ListInput) (ServiceAccountList, error) {
	page, err := a.List(ctx, in.ListQuery)
	return ServiceAccountList{page}, err
}

// @Summary	Change a service account
// @ID		service_accounts.update
// @Param	body	body		ServiceAccountSpec	true	"The changes"
// @Success	200		{object}	ServiceAccount
// @Router	/service-accounts/{id} [patch]
func (a api) update(ctx context.Context, in httpapi.PatchInput[ServiceAccountSpec]) (ServiceAccount, error) {
	return a.Update(ctx, in)
}

// @Summary	Delete a service account, with its tokens and role bindings
// @ID		service_accounts.delete
// @Success	204
// @Router	/service-accounts/{id} [delete]
func (a api) delete(ctx context.Context, in httpapi.DeleteInput) (resource.None, error) {
	return a.Delete(ctx, in)
}
