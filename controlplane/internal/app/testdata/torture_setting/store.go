package torturesetting

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

// row is what is kept of the settings that somebody has changed.
type row struct {
	ID                          string `gorm:"column:customer_id;primaryKey"`
	Revision                    int64
	Spec                        `gorm:"-"`
	Settings                    Spec   `gorm:"serializer:json"`
	PINEncrypted                []byte `gorm:"column:pin_encrypted"`
	ObjectKeyEncrypted          []byte
	UploadedPrivateKeyEncrypted []byte
}

func (row) TableName() string { return Kind.Name }

func (s *Service) load(ctx context.Context, id string, locks ...clause.Expression) (row, error) {
	var r row
	err := s.deps.DB.Conn(ctx).Clauses(locks...).Where("customer_id = ?", id).Take(&r).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return row{ID: id, Spec: beginning()}, nil
	}
	r.Spec = r.Settings
	return r, err
}

// lock keeps others from changing them until the transaction ends. Those that nobody has changed are locked by their customer.
func (s *Service) lock(ctx context.Context, id string, ifMatch *int64) (row, error) {
	if err := s.deps.DB.Conn(ctx).Exec("SELECT 1 FROM customer WHERE id = ? FOR UPDATE", id).Error; err != nil {
		return row{}, err
	}
	r, err := s.load(ctx, id)
	if err == nil && ifMatch != nil && *ifMatch != r.Revision {
		err = &fault.Error{Kind: fault.PreconditionFailed, Code: "revision_mismatch", Detail: fmt.Sprintf("its revision is %d, not %d: read it again", r.Revision, *ifMatch)}
	}
	return r, err
}

// save keeps what differs, as a new revision.
func (s *Service) save(ctx context.Context, was, is row) (row, error) {
	was.Settings, is.Settings = was.Spec, is.Spec
	if reflect.DeepEqual(was, is) {
		return was, nil
	}
	is.Revision++
	return is, s.deps.DB.Conn(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&is).Error
}
