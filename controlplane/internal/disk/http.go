package disk

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
)

type api struct{ *Service }

func (a api) ops() []httpapi.Op {
	return httpapi.CRUD(Kind, httpapi.Handlers{
		Create: httpapi.Handle(a.create), Get: httpapi.Handle(a.get), List: httpapi.Handle(a.list),
		Update: httpapi.Handle(a.update), Delete: httpapi.Handle(a.delete),
	}, httpapi.Create, httpapi.Update, httpapi.Delete)
}

// @Summary	Create a disk
// @ID		disks.create
// @Param	body	body		DiskCreate	true	"The disk"
// @Success	201		{object}	Disk
// @Router	/disks [post]
func (a api) create(ctx context.Context, in httpapi.CreateInput[DiskCreate]) (Disk, error) {
	return a.Create(ctx, in.Body)
}

// @Summary	Get a disk
// @ID		disks.get
// @Success	200	{object}	Disk
// @Router	/disks/{id} [get]
func (a api) get(ctx context.Context, in httpapi.GetInput) (Disk, error) {
	return a.Get(ctx, in.ID)
}

// @Summary	List disks
// @ID		disks.list
// @Param	billing_entity_id	query		string	false	"Those of the customers of one billing entity"
// @Param	customer_id	query		string	false	"Those of one customer"
// @Param	cloudspace_id	query		string	false	"Those in one cloudspace"
// @Param	virtual_machine_id	query		string	false	"Those attached to one virtual machine"
// @Success	200	{object}	DiskList
// @Router	/disks [get]
func (a api) list(ctx context.Context, in httpapi.ListInput) (DiskList, error) {
	page, err := a.List(ctx, in.ListQuery)
	return DiskList{page}, err
}

// @Summary	Change a disk
// @ID		disks.update
// @Param	body	body		DiskSpec	true	"The changes"
// @Success	200		{object}	Disk
// @Router	/disks/{id} [patch]
func (a api) update(ctx context.Context, in httpapi.PatchInput[DiskSpec]) (Disk, error) {
	return a.Update(ctx, in)
}

// @Summary	Delete a disk
// @ID		disks.delete
// @Success	202	{object}	Disk
// @Router	/disks/{id} [delete]
func (a api) delete(ctx context.Context, in httpapi.DeleteInput) (Disk, error) {
	return a.Delete(ctx, in)
}
