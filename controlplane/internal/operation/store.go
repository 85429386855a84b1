package operation

import (
	"context"

	"gorm.io/gorm/clause"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// seen refuses an operation that the caller may not see.
func (s *Service) seen(ctx context.Context, id string) error {
	one := resource.Narrowing{}.And(clause.Eq{Column: clause.Column{Table: Kind.Table(), Name: "id"}, Value: id})
	query, err := resource.PageQuery(ctx, s.db, s.registry, Kind, resource.Order{Columns: []string{"id"}, Limit: 1}, one)
	if err != nil {
		return err
	}
	found, err := s.sagas.List(query)
	if err == nil && len(found) == 0 {
		err = fault.NotFoundError()
	}
	return err
}
