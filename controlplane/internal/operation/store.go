package operation

import (
	"context"

	"gorm.io/gorm"

	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/saga"
)

// visible lists operations among those that the context may see.
func (s *Service) visible(ctx context.Context, q saga.Query) ([]saga.Operation, error) {
	q.Page = func(q saga.Query, narrow func(*gorm.DB) *gorm.DB) (*gorm.DB, error) {
		order := resource.Order{Columns: []string{"id"}, Desc: q.Descending, Limit: q.Limit}
		if q.After != "" {
			order.After = []string{q.After}
		}
		return resource.PageQuery(ctx, s.db, s.registry, Kind, order, narrow)
	}
	return s.sagas.List(ctx, q)
}
