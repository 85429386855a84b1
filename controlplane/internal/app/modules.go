package app

import (
	"github.com/demarc/demarc/controlplane/internal/access"
	"github.com/demarc/demarc/controlplane/internal/apitoken"
	"github.com/demarc/demarc/controlplane/internal/auditrecord"
	"github.com/demarc/demarc/controlplane/internal/batch"
	"github.com/demarc/demarc/controlplane/internal/billingentity"
	"github.com/demarc/demarc/controlplane/internal/cloudspace"
	"github.com/demarc/demarc/controlplane/internal/customer"
	"github.com/demarc/demarc/controlplane/internal/disk"
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

// services are the nouns, for what the server itself does with them beside their operations.
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
	permissions     *permission.Service
	accounts        *serviceaccount.Service
	tokens          *apitoken.Service
	locationAccess  *locationaccess.Service
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
	auditRecords := auditrecord.New(d)
	roles := role.New(d)
	bindings := rolebinding.New(d, roles)
	policies := policy.New(d, bindings)
	permissions := permission.New(d)
	questions := access.New(d)
	accounts := serviceaccount.New(d, customers)
	tokens := apitoken.New(d, accounts)
	locationAccess := locationaccess.New(d)
	batches := batch.New()

	customers.Holds(
		customer.Holding{Name: "virtual_machines", Holdings: machines},
		customer.Holding{Name: "disks", Holdings: disks},
		customer.Holding{Name: "cloudspaces", Holdings: cloudspaces},
		customer.Holding{Name: "service_accounts", Holdings: accounts},
		customer.Holding{Name: "roles", Holdings: roles},
	)
	customers.Ends(tokens)
	accounts.Uses(bindings, tokens)
	locations.GrantedBy(locationAccess)
	all := []module.Module{
		billingEntities.Module(), customers.Module(), locations.Module(), images.Module(),
		cloudspaces.Module(), machines.Module(), disks.Module(), operations.Module(), auditRecords.Module(), batches.Module(),
		roles.Module(), bindings.Module(), policies.Module(), permissions.Module(), questions.Module(),
		accounts.Module(), tokens.Module(), locationAccess.Module(),
	}
	known := permission.IDs(operationsOf(all))
	roles.Use(bindings, known)
	tokens.Use(known)
	questions.Use(known)
	return services{billingEntities, customers, locations, images, cloudspaces, machines, disks, roles, bindings, permissions, accounts, tokens, locationAccess, batches}, all
}

// sources are what is authorized by.
func sources(d *db.DB, ops []httpapi.Op) authz.Sources {
	return authz.Sources{
		Bindings: rolebinding.Source(d), Roles: role.Source(d), Customers: customer.Source(d), BillingEntities: billingentity.Source(d),
		Permissions: httpapi.Permissions(ops),
	}
}

// operationsOf is the table of operations.
func operationsOf(all []module.Module) []httpapi.Op {
	var ops []httpapi.Op
	for _, m := range all {
		ops = append(ops, m.Ops...)
	}
	return ops
}

// Contract is the table of kinds and operations, for what is generated from it. It needs nothing that runs.
func Contract() ([]resource.Kind, []httpapi.Op) {
	_, all := modules(module.Deps{Registry: resource.NewRegistry()})
	var kinds []resource.Kind
	for _, m := range all {
		if m.Kind.Name != "" {
			kinds = append(kinds, m.Kind)
		}
	}
	return kinds, operationsOf(all)
}
