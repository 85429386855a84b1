package customer

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// stages carry a change of status out, one kind of holdings after the other.
func (s *Service) stages() []resource.Stage[row] {
	out := make([]resource.Stage[row], 0, len(s.holdings))
	for _, h := range s.holdings {
		out = append(out, resource.Stage[row]{Name: h.Name, Do: func(ctx context.Context, r row) error {
			if r.Status == StatusTerminated {
				return h.RemoveAll(ctx, r.ID)
			}
			return h.Align(ctx, r.ID)
		}})
	}
	return out
}
