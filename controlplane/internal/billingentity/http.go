package billingentity

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

// @Summary	Create a billing entity
// @ID		billing_entities.create
// @Param	body	body		BillingEntityCreate	true	"The billing entity"
// @Success	201		{object}	BillingEntity
// @Router	/billing-entities [post]
func (a api) create(ctx context.Context, in httpapi.CreateInput[BillingEntityCreate]) (BillingEntity, error) {
	return a.Create(ctx, in.Body)
}

// @Summary	Get a billing entity
// @ID		billing_entities.get
// @Success	200	{object}	BillingEntity
// @Router	/billing-entities/{id} [get]
func (a api) get(ctx context.Context, in httpapi.GetInput) (BillingEntity, error) {
	return a.Get(ctx, in.ID)
}

// @Summary	List billing entities
// @ID		billing_entities.list
// @Param	parent_id	query		string	false	"Those directly below it"
// @Success	200	{object}	BillingEntityList
// @Router	/billing-entities [get]
func (a api) list(ctx context.Context, in httpapi.ListInput) (BillingEntityList, error) {
	page, err := a.List(ctx, in.ListQuery)
	return BillingEntityList{page}, err
}

// @Summary	Change a billing entity
// @ID		billing_entities.update
// @Param	body	body		BillingEntitySpec	true	"The changes"
// @Success	200		{object}	BillingEntity
// @Router	/billing-entities/{id} [patch]
func (a api) update(ctx context.Context, in httpapi.PatchInput[BillingEntitySpec]) (BillingEntity, error) {
	return a.Update(ctx, in)
}

// @Summary	Delete a billing entity
// @ID		billing_entities.delete
// @Success	204
// @Router	/billing-entities/{id} [delete]
func (a api) delete(ctx context.Context, in httpapi.DeleteInput) (resource.None, error) {
	return a.Delete(ctx, in)
}
