package policy

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

type api struct{ *Service }

func (a api) ops() []httpapi.Op {
	ops := httpapi.CRUD(Kind, httpapi.Handlers{Get: httpapi.Handle(a.get), Update: httpapi.Handle(a.update), Delete: httpapi.Handle(a.delete)})
	for i := range ops {
		ops[i].RequiresIfMatch = ops[i].Mutates
	}
	return ops
}

// @Summary	Get the policy of a scope
// @ID		policies.get
// @Success	200	{object}	Policy
// @Router	/policies/{id} [get]
func (a api) get(ctx context.Context, in httpapi.GetInput) (Policy, error) {
	return a.Get(ctx, in.ID)
}

// @Summary	Change the policy of a scope
// @ID		policies.update
// @Param	body	body		PolicySpec	true	"The changes"
// @Success	200		{object}	Policy
// @Router	/policies/{id} [patch]
func (a api) update(ctx context.Context, in httpapi.PatchInput[PolicySpec]) (Policy, error) {
	return a.Update(ctx, in)
}

// @Summary	Take away every role that is given in a scope itself
// @ID		policies.delete
// @Success	204
// @Router	/policies/{id} [delete]
func (a api) delete(ctx context.Context, in httpapi.DeleteInput) (resource.None, error) {
	return a.Delete(ctx, in)
}
