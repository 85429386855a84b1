package location

import (
	"slices"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// offered are the locations that are for all, and those that somebody's customers and billing entities have access to, by themselves or by one
// that they are below.
func offered(a authz.Access) []resource.Offer {
	out := []resource.Offer{{Where: "NOT location.restricted"}}
	if grantees := append(slices.Clone(a.Lineage), a.Customers...); len(grantees) > 0 {
		out = append(out, resource.Offer{
			Where: "location.id IN (SELECT location_id FROM location_access WHERE grantee_id = ANY(?::text[]))", Args: []any{resource.IDs(grantees)},
		})
	}
	if len(a.BillingEntities) > 0 {
		out = append(out, resource.Offer{
			Where: `location.id IN (SELECT a.location_id FROM location_access a JOIN customer c ON c.id = a.grantee_id WHERE c.billing_entity_id = ANY(?::text[]))`,
			Args:  []any{resource.IDs(a.BillingEntities)},
		})
	}
	return out
}
