package cloudspace

import "github.com/demarc/demarc/controlplane/internal/platform/resource"

type row struct {
	resource.Columns `gorm:"embedded"`
	LocationID       string
	NetworkCIDR      string `gorm:"column:network_cidr"`
	LocalDomain      *string
	GatewayAddress   *string
}

func (r *row) model() Cloudspace {
	return Cloudspace{
		Meta: r.Meta(), GatewayAddress: r.GatewayAddress,
		CloudspaceCreate: CloudspaceCreate{CustomerID: r.CustomerID, LocationID: r.LocationID, NetworkCIDR: r.NetworkCIDR, CloudspaceSpec: r.spec()},
	}
}

func (r *row) spec() CloudspaceSpec {
	return CloudspaceSpec{Named: r.Named(), LocalDomain: r.LocalDomain}
}

func (r *row) set(s CloudspaceSpec) {
	r.SetNamed(s.Named)
	r.LocalDomain = s.LocalDomain
}
