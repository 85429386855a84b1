package cloudspace

import (
	"net/netip"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// Kind describes cloudspaces.
var Kind = resource.Kind{
	Name: "cloudspace", Title: "Cloudspace", Category: "Network", Prefix: "cs", Named: true,
	Description: "An isolated network of a customer in one location, with the machines and disks in it.",
	Parent:      &resource.Link{Kind: "customer", Field: "customer_id"},
	Needs:       []resource.Link{{Kind: "location", Field: "location_id"}},
	Scope:       true, Scopes: []resource.Link{{Kind: "location", Field: "location_id"}},
	Filters: []resource.Filter{
		{Name: "location_id", Words: "Those in one location"},
	},
	Quota: []string{"cloudspaces"},
}

// Spec is what can be changed of a cloudspace.
type Spec struct {
	resource.Named
	// DNS domain inside the network.
	LocalDomain *string `json:"local_domain" format:"domain" maxLength:"253"`
} // @name CloudspaceSpec

// Create is what a cloudspace is made from.
type Create struct {
	// The customer that it belongs to.
	CustomerID string `json:"customer_id" validate:"required" format:"typeid" extensions:"x-ref=customer"`
	// The location that it is in.
	LocationID string `json:"location_id" validate:"required" format:"typeid" extensions:"x-ref=location"`
	// IPv4 network that its machines have their addresses from, between /8 and /30.
	NetworkCIDR string `json:"network_cidr" format:"cidr" default:"192.168.100.0/24"`
	Spec
} // @name CloudspaceCreate

// Cloudspace is an isolated network.
type Cloudspace struct {
	resource.Meta
	Create
	// Address of the network's gateway; null until it is made.
	GatewayAddress *string `json:"gateway_address" readonly:"true" extensions:"x-nullable"`
} // @name Cloudspace

// Validate reports every wrong field that the specification cannot see.
func (c Create) Validate() []fault.Field {
	out := c.Named.Validate()
	p, err := netip.ParsePrefix(c.NetworkCIDR)
	switch {
	case err != nil || !p.Addr().Is4():
		out = append(out, fault.Field{Pointer: "/network_cidr", Code: "format", Detail: "is not an IPv4 network such as 10.0.0.0/24"})
	case p.Bits() < 8 || p.Bits() > 30:
		out = append(out, fault.Field{Pointer: "/network_cidr", Code: "format", Detail: "must be between /8 and /30"})
	case p != p.Masked():
		out = append(out, fault.Field{Pointer: "/network_cidr", Code: "format", Detail: "has host bits: the network is " + p.Masked().String()})
	}
	return out
}

type row struct {
	resource.Base
	Create
	GatewayAddress *string
}
