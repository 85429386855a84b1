package auditrecord

import "github.com/demarc/demarc/controlplane/internal/platform/module"

// Module is what it brings to the server.
func (s *Service) Module() module.Module {
	return module.Module{Kind: Kind, Ops: api{s}.ops()}
}
