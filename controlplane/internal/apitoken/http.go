package apitoken

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

type api struct{ *Service }

func (a api) ops() []httpapi.Op {
	ops := append(httpapi.CRUD(Kind, httpapi.Handlers{
		Create: httpapi.Handle(a.create), Get: httpapi.Handle(a.get), List: httpapi.Handle(a.list),
		Update: httpapi.Handle(a.update), Delete: httpapi.Handle(a.delete),
	}), httpapi.Action(Kind, "rotate", false, httpapi.Handle(a.rotate)))
	for i := range ops {
		ops[i].Reveals = ops[i].Verb == httpapi.Create || ops[i].Verb == "rotate"
	}
	return ops
}

// @Summary	Create an API token
// @ID		api_tokens.create
// @Param	body	body		APITokenCreate	true	"The token"
// @Success	201		{object}	APIToken
// @Router	/api-tokens [post]
func (a api) create(ctx context.Context, in httpapi.CreateInput[APITokenCreate]) (APIToken, error) {
	return a.Create(ctx, in.Body)
}

// @Summary	Get an API token
// @ID		api_tokens.get
// @Success	200	{object}	APIToken
// @Router	/api-tokens/{id} [get]
func (a api) get(ctx context.Context, in httpapi.GetInput) (APIToken, error) {
	return a.Get(ctx, in.ID)
}

// @Summary	List API tokens
// @ID		api_tokens.list
// @Param	service_account_id	query		string	false	"Those of one service account"
// @Success	200	{object}	APITokenList
// @Router	/api-tokens [get]
func (a api) list(ctx context.Context, in httpapi.ListInput) (APITokenList, error) {
	page, err := a.List(ctx, in.ListQuery)
	return APITokenList{page}, err
}

// @Summary	Change an API token
// @ID		api_tokens.update
// @Param	body	body		APITokenSpec	true	"The changes"
// @Success	200		{object}	APIToken
// @Router	/api-tokens/{id} [patch]
func (a api) update(ctx context.Context, in httpapi.PatchInput[APITokenSpec]) (APIToken, error) {
	return a.Update(ctx, in)
}

// @Summary	Revoke an API token
// @ID		api_tokens.delete
// @Success	204
// @Router	/api-tokens/{id} [delete]
func (a api) delete(ctx context.Context, in httpapi.DeleteInput) (resource.None, error) {
	return a.Delete(ctx, in)
}

// @Summary	Give an API token another secret
// @ID		api_tokens.rotate
// @Param	body	body		APITokenRotation	false	"How"
// @Success	200		{object}	APIToken
// @Router	/api-tokens/{id}/actions/rotate [post]
func (a api) rotate(ctx context.Context, in httpapi.ActionBodyInput[APITokenRotation]) (APIToken, error) {
	return a.Rotate(ctx, in)
}
