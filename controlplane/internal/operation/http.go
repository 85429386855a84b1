package operation

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
)

type api struct{ *Service }

func (a api) ops() []httpapi.Op {
	return append(httpapi.CRUD(Kind, httpapi.Handlers{Get: httpapi.Handle(a.get), List: httpapi.Handle(a.list)}),
		httpapi.Action(Kind, "cancel", false, httpapi.Handle(a.cancel)))
}

// @Summary	Get an operation
// @ID		operations.get
// @Param	wait	query		string	false	"Wait so long for its end, such as 30s; at most 60s"
// @Success	200		{object}	Operation
// @Router	/operations/{id} [get]
func (a api) get(ctx context.Context, in httpapi.GetInput) (Operation, error) {
	return a.Get(ctx, in.ID, in.Query.Get("wait"))
}

// @Summary	List operations, the newest first
// @ID		operations.list
// @Param	target_id	query		string	false	"Those of one object"
// @Param	customer_id	query		string	false	"Those of one customer"
// @Param	state		query		string	false	"Those in this state"
// @Success	200			{object}	OperationList
// @Router	/operations [get]
func (a api) list(ctx context.Context, in httpapi.ListInput) (OperationList, error) {
	page, err := a.List(ctx, in.ListQuery)
	return OperationList{page}, err
}

// @Summary	Ask an operation to stop and to undo what it has done
// @ID		operations.cancel
// @Success	200	{object}	Operation
// @Router	/operations/{id}/actions/cancel [post]
func (a api) cancel(ctx context.Context, in httpapi.ActionInput) (Operation, error) {
	return a.Cancel(ctx, in.ID)
}
