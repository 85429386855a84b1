package serviceaccount

import "github.com/demarc/demarc/controlplane/internal/platform/resource"

type row struct {
	resource.Columns `gorm:"embedded"`
	OwnerID          string
	Enabled          bool
}

func (r *row) model() ServiceAccount {
	return ServiceAccount{Meta: r.Meta(), ServiceAccountCreate: ServiceAccountCreate{OwnerID: r.OwnerID, ServiceAccountSpec: r.spec()}, InUseBy: []Use{}}
}

func (r *row) spec() ServiceAccountSpec {
	return ServiceAccountSpec{Named: r.Named(), Enabled: r.Enabled}
}

func (r *row) set(s ServiceAccountSpec) {
	r.SetNamed(s.Named)
	r.Enabled = s.Enabled
}
