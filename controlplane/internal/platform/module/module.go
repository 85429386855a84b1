// Package module is how a noun is plugged into the server: what it gets, and what it brings.
package module

import (
	"log/slog"
	"slices"

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

// Deps are what every noun gets. Where only the contract is asked for, the first three are enough.
type Deps struct {
	Registry   *resource.Registry
	Needs      *Needs
	Operations *httpapi.Table // complete once all nouns are there
	DB         *db.DB
	Clock      clock.Clock
	Sagas      *saga.Engine
	Access     *authz.Evaluator
	Vault      *vault.Vault
	Ledger     *ledger.Ledger
	Log        *slog.Logger
}

// Module is what a noun brings.
type Module struct {
	// Kind is empty where operations are of no kind.
	Kind resource.Kind
	Ops  []httpapi.Op
	// Definitions are read once all nouns are there.
	Definitions func() []saga.Definition
	Reconcilers []reconcile.Reconciler
}

// Operations are those that it brings, once all kinds are registered: what a list can be asked for follows from where its kind stands among them.
func (m Module) Operations(kinds *resource.Registry) []httpapi.Op {
	out := slices.Clone(m.Ops)
	for i := range out {
		if out[i].Verb == httpapi.List && out[i].Kind != "" {
			out[i].Parameters = kinds.Filters(m.Kind)
		}
	}
	return out
}
