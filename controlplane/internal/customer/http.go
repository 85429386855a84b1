package customer

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
	}, httpapi.Update)
}

// @Summary	Create a customer
// @ID		customers.create
// @Param	body	body		CustomerCreate	true	"The customer"
// @Success	201		{object}	Customer
// @Router	/customers [post]
func (a api) create(ctx context.Context, in httpapi.CreateInput[CustomerCreate]) (Customer, error) {
	return a.Create(ctx, in.Body)
}

// @Summary	Get a customer
// @ID		customers.get
// @Success	200	{object}	Customer
// @Router	/customers/{id} [get]
func (a api) get(ctx context.Context, in httpapi.GetInput) (Customer, error) {
	return a.Get(ctx, in.ID)
}

// @Summary	List customers
// @ID		customers.list
// @Param	billing_entity_id	query		string	false	"Those of one billing entity"
// @Param	status	query		string	false	"Those of this status"
// @Param	payment_mode	query		string	false	"Those of this payment mode"
// @Success	200	{object}	CustomerList
// @Router	/customers [get]
func (a api) list(ctx context.Context, in httpapi.ListInput) (CustomerList, error) {
	page, err := a.List(ctx, in.ListQuery)
	return CustomerList{page}, err
}

// @Summary	Change a customer
// @ID		customers.update
// @Param	body	body		CustomerSpec	true	"The changes"
// @Success	200		{object}	Customer
// @Router	/customers/{id} [patch]
func (a api) update(ctx context.Context, in httpapi.PatchInput[CustomerSpec]) (Customer, error) {
	return a.Update(ctx, in)
}

// @Summary	Delete a customer
// @ID		customers.delete
// @Success	204
// @Router	/customers/{id} [delete]
func (a api) delete(ctx context.Context, in httpapi.DeleteInput) (resource.None, error) {
	return a.Delete(ctx, in)
}
