package customer

import (
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// New returns the service.
func New(d module.Deps, billingEntities BillingEntities) *Service {
	table := resource.NewTable[row](d.DB, d.Registry, d.Clock, Kind)
	return &Service{deps: d, table: table, billingEntities: billingEntities,
		converger: &resource.Converger[row, *row]{Table: table, Sagas: d.Sagas, Ledger: d.Ledger}}
}

// Holds says what customers can have, in the order in which it is removed when one is terminated. To be called before Module.
func (s *Service) Holds(holdings ...Holding) { s.holdings = holdings }

// Ends says what keeps the tokens that end with a customer. To be called before the first request.
func (s *Service) Ends(tokens Tokens) { s.tokens = tokens }

// Module is what it brings to the server.
func (s *Service) Module() module.Module {
	s.converger.Apply = s.stages()
	return module.Module{Kind: Kind, Ops: api{s}.ops(), Definitions: s.converger.Definitions()}
}
