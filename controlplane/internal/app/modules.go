package app

import (
	"sync"

	"github.com/demarc/demarc/controlplane/internal/access"
	"github.com/demarc/demarc/controlplane/internal/apitoken"
	"github.com/demarc/demarc/controlplane/internal/auditrecord"
	"github.com/demarc/demarc/controlplane/internal/batch"
	"github.com/demarc/demarc/controlplane/internal/billingentity"
	"github.com/demarc/demarc/controlplane/internal/cloudspace"
	"github.com/demarc/demarc/controlplane/internal/contract"
	"github.com/demarc/demarc/controlplane/internal/customer"
	"github.com/demarc/demarc/controlplane/internal/disk"
	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/image"
	"github.com/demarc/demarc/controlplane/internal/location"
	"github.com/demarc/demarc/controlplane/internal/locationaccess"
	"github.com/demarc/demarc/controlplane/internal/operation"
	"github.com/demarc/demarc/controlplane/internal/permission"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/policy"
	"github.com/demarc/demarc/controlplane/internal/role"
	"github.com/demarc/demarc/controlplane/internal/rolebinding"
	"github.com/demarc/demarc/controlplane/internal/serviceaccount"
	"github.com/demarc/demarc/controlplane/internal/virtualmachine"
)

// noun is the service of a kind, or of questions that are about none.
type noun interface{ Module() module.Module }

// services are the nouns that the server itself, or a test of it, does something with beside serving their operations.
type services struct {
	billingEntities *billingentity.Service
	customers       *customer.Service
	locations       *location.Service
	images          *image.Service
	cloudspaces     *cloudspace.Service
	machines        *virtualmachine.Service
	disks           *disk.Service
	roles           *role.Service
	bindings        *rolebinding.Service
}

// emptyDeps are enough for the contract.
func emptyDeps() module.Deps {
	return module.Deps{Registry: resource.NewRegistry(), Needs: &module.Needs{}, Operations: &httpapi.Table{}}
}

// modules builds every noun. A new one is a line in the list; it has a name only where others need it. further are those of a test.
func modules(d module.Deps, drivers *hypervisor.Registry, further ...func(module.Deps) noun) (services, []module.Module, error) {
	permissions := permission.New(d)
	billingEntities := billingentity.New(d)
	customers := customer.New(d, billingEntities)
	accesses := locationaccess.New(d)
	locations := location.New(d, accesses, drivers)
	images := image.New(d)
	cloudspaces := cloudspace.New(d, locations)
	machines := virtualmachine.New(d, customers, locations, cloudspaces, images)
	disks := disk.New(d, locations, cloudspaces, machines)
	roles := role.New(d, permissions)
	accounts := serviceaccount.New(d, customers)
	bindings := rolebinding.New(d, roles, accounts)

	nouns := []noun{
		billingEntities, customers, locations, images, cloudspaces, machines, disks,
		operation.New(d),
		auditrecord.New(d),
		batch.New(),
		contract.New(),
		roles, bindings,
		policy.New(d, bindings),
		permissions,
		access.New(d, permissions),
		accounts,
		apitoken.New(d, permissions),
		accesses,
	}
	for _, build := range further {
		nouns = append(nouns, build(d))
	}
	built := make([]module.Module, len(nouns))
	all := make([]any, len(nouns))
	for i, n := range nouns {
		built[i], all[i] = n.Module(), n
		d.Operations.Add(built[i].Operations(d.Registry)...)
	}
	return services{billingEntities, customers, locations, images, cloudspaces, machines, disks, roles, bindings}, built, d.Needs.Connect(all...)
}

// sources are what is authorized by.
func sources(d *db.DB, ops *httpapi.Table) authz.Sources {
	return authz.Sources{
		Bindings: rolebinding.Source(d), Roles: role.Source(d), Customers: customer.Source(d), BillingEntities: billingentity.Source(d),
		AtOneMoment: d.Snapshot, Permissions: sync.OnceValue(func() authz.Permissions { return httpapi.Permissions(ops.All()) }),
	}
}

// Contract is the table of kinds and operations, for what is generated from it. It needs nothing that runs.
func Contract() ([]resource.Kind, []httpapi.Op) { return contractOf() }

func contractOf(further ...func(module.Deps) noun) ([]resource.Kind, []httpapi.Op) {
	d := emptyDeps()
	_, built, err := modules(d, nil, further...)
	if err != nil {
		panic(err) // a defect of the program
	}
	var kinds []resource.Kind
	for _, m := range built {
		if m.Kind.Name != "" {
			kinds = append(kinds, m.Kind)
		}
	}
	return kinds, d.Operations.All()
}
