package auditrecord

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
)

type api struct{ *Service }

func (a api) ops() []httpapi.Op {
	return httpapi.CRUD(Kind, httpapi.Handlers{Get: httpapi.Handle(a.get), List: httpapi.Handle(a.list)})
}

// @Summary	Get an audit record
// @ID		audit_records.get
// @Success	200	{object}	Record
// @Router	/audit-records/{id} [get]
func (a api) get(ctx context.Context, in httpapi.GetInput) (Record, error) {
	return a.Get(ctx, in.ID)
}

// @Summary	List audit records, the newest first
// @ID		audit_records.list
// @Param	target_id			query		string	false	"What was tried on this object"
// @Param	principal_id		query		string	false	"What this principal tried"
// @Param	operation			query		string	false	"Attempts at this operation"
// @Param	outcome				query		string	false	"What came to this"
// @Param	customer_id			query		string	false	"What was tried on all that belongs to this customer"
// @Param	billing_entity_id	query		string	false	"What was tried on all that belongs to this billing entity"
// @Param	request_id			query		string	false	"What this request tried"
// @Param	since				query		string	false	"What was tried then or later"	Format(date-time)
// @Param	until				query		string	false	"What was tried before then"	Format(date-time)
// @Success	200					{object}	List
// @Router	/audit-records [get]
func (a api) list(ctx context.Context, in httpapi.ListInput) (List, error) {
	page, err := a.List(ctx, in.ListQuery)
	return List{page}, err
}
