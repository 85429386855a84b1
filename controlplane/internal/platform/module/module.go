// Package module is how a noun is plugged into the server: what it gets, and what it brings.
package module

import (
	"log/slog"

	"github.com/demarc/demarc/controlplane/internal/hypervisor"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/ledger"
	"github.com/demarc/demarc/controlplane/internal/platform/reconcile"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/saga"
	"github.com/demarc/demarc/controlplane/internal/platform/vault"
)

// Deps are what every noun gets. All may be nil where only the contract is asked for.
type Deps struct {
	DB       *db.DB
	Registry *resource.Registry
	Clock    clock.Clock
	Sagas    *saga.Engine
	Access   *authz.Evaluator
	Vault    *vault.Vault
	Ledger   *ledger.Ledger
	Drivers  *hypervisor.Registry
	Log      *slog.Logger
}

// Module is what a noun brings.
type Module struct {
	// Kind is empty where operations are of no kind.
	Kind        resource.Kind
	Ops         []httpapi.Op
	Definitions []saga.Definition
	Reconcilers []reconcile.Reconciler
}
