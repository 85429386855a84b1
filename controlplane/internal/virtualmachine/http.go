package virtualmachine

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
)

type api struct{ *Service }

func (a api) ops() []httpapi.Op {
	return append(httpapi.CRUD(Kind, httpapi.Handlers{
		Create: httpapi.Handle(a.create), Get: httpapi.Handle(a.get), List: httpapi.Handle(a.list),
		Update: httpapi.Handle(a.update), Delete: httpapi.Handle(a.delete),
	}, httpapi.Create, httpapi.Update, httpapi.Delete),
		httpapi.Action(Kind, "reboot", true, httpapi.Handle(a.reboot)),
		httpapi.Action(Kind, "reset", true, httpapi.Handle(a.reset)),
	)
}

// @Summary	Create a virtual machine
// @ID		virtual_machines.create
// @Param	body	body		VirtualMachineCreate	true	"The virtual machine"
// @Success	201		{object}	VirtualMachine
// @Router	/virtual-machines [post]
func (a api) create(ctx context.Context, in httpapi.CreateInput[VirtualMachineCreate]) (VirtualMachine, error) {
	return a.Create(ctx, in.Body)
}

// @Summary	Get a virtual machine
// @ID		virtual_machines.get
// @Success	200	{object}	VirtualMachine
// @Router	/virtual-machines/{id} [get]
func (a api) get(ctx context.Context, in httpapi.GetInput) (VirtualMachine, error) {
	return a.Get(ctx, in.ID)
}

// @Summary	List virtual machines
// @ID		virtual_machines.list
// @Param	billing_entity_id	query		string	false	"Those of the customers of one billing entity"
// @Param	customer_id	query		string	false	"Those of one customer"
// @Param	cloudspace_id	query		string	false	"Those in one cloudspace"
// @Param	image_id	query		string	false	"Those of one image"
// @Param	power_state	query		string	false	"Those that are to be in this power state"
// @Success	200	{object}	VirtualMachineList
// @Router	/virtual-machines [get]
func (a api) list(ctx context.Context, in httpapi.ListInput) (VirtualMachineList, error) {
	page, err := a.List(ctx, in.ListQuery)
	return VirtualMachineList{page}, err
}

// @Summary	Change a virtual machine
// @ID		virtual_machines.update
// @Param	body	body		VirtualMachineSpec	true	"The changes"
// @Success	200		{object}	VirtualMachine
// @Router	/virtual-machines/{id} [patch]
func (a api) update(ctx context.Context, in httpapi.PatchInput[VirtualMachineSpec]) (VirtualMachine, error) {
	return a.Update(ctx, in)
}

// @Summary	Delete a virtual machine
// @ID		virtual_machines.delete
// @Success	202	{object}	VirtualMachine
// @Router	/virtual-machines/{id} [delete]
func (a api) delete(ctx context.Context, in httpapi.DeleteInput) (VirtualMachine, error) {
	return a.Delete(ctx, in)
}

// @Summary	Reboot a running virtual machine, as its operating system does it
// @ID		virtual_machines.reboot
// @Success	202	{object}	VirtualMachine
// @Router	/virtual-machines/{id}/actions/reboot [post]
func (a api) reboot(ctx context.Context, in httpapi.ActionInput) (VirtualMachine, error) {
	return a.Act(ctx, in, "reboot")
}

// @Summary	Cut the power of a running virtual machine and start it again
// @ID		virtual_machines.reset
// @Success	202	{object}	VirtualMachine
// @Router	/virtual-machines/{id}/actions/reset [post]
func (a api) reset(ctx context.Context, in httpapi.ActionInput) (VirtualMachine, error) {
	return a.Act(ctx, in, "reset")
}
