package app

import (
	"github.com/demarc/demarc/controlplane/internal/batch"
	"github.com/demarc/demarc/controlplane/internal/billingentity"
	"github.com/demarc/demarc/controlplane/internal/cloudspace"
	"github.com/demarc/demarc/controlplane/internal/customer"
	"github.com/demarc/demarc/controlplane/internal/disk"
	"github.com/demarc/demarc/controlplane/internal/image"
	"github.com/demarc/demarc/controlplane/internal/location"
	"github.com/demarc/demarc/controlplane/internal/operation"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/virtualmachine"
)

// services are the nouns, for what the server itself does with them beside their operations.
type services struct {
	billingEntities *billingentity.Service
	customers       *customer.Service
	locations       *location.Service
	images          *image.Service
	cloudspaces     *cloudspace.Service
	machines        *virtualmachine.Service
	disks           *disk.Service
	batch           *batch.Service
}

// modules builds every noun. A new one is one line here, and one where another needs it.
func modules(d module.Deps) (services, []module.Module) {
	billingEntities := billingentity.New(d)
	customers := customer.New(d, billingEntities)
	locations := location.New(d)
	images := image.New(d)
	cloudspaces := cloudspace.New(d, customers, locations)
	machines := virtualmachine.New(d, customers, cloudspaces, images)
	disks := disk.New(d, cloudspaces, machines)
	operations := operation.New(d)
	batches := batch.New()

	customers.Holds(
		customer.Holding{Name: "virtual_machines", Holdings: machines},
		customer.Holding{Name: "disks", Holdings: disks},
		customer.Holding{Name: "cloudspaces", Holdings: cloudspaces},
	)
	return services{billingEntities, customers, locations, images, cloudspaces, machines, disks, batches}, []module.Module{
		billingEntities.Module(), customers.Module(), locations.Module(), images.Module(),
		cloudspaces.Module(), machines.Module(), disks.Module(), operations.Module(), batches.Module(),
	}
}

// Contract is the table of kinds and operations, for what is generated from it. It needs nothing that runs.
func Contract() ([]resource.Kind, []httpapi.Op) {
	_, all := modules(module.Deps{Registry: resource.NewRegistry()})
	var kinds []resource.Kind
	var ops []httpapi.Op
	for _, m := range all {
		if m.Kind.Name != "" {
			kinds = append(kinds, m.Kind)
		}
		ops = append(ops, m.Ops...)
	}
	return kinds, ops
}
