// Package hooks is what of the provider does not follow from a trait of the catalog: a file for each kind that is
// special, named as the kind is.
package hooks

import (
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// About is the kind that each type of these is about.
var About = map[string]string{tokenType: tokenKind}

// EphemeralResources returns a constructor for each, or what the catalog lacks for one.
func EphemeralResources(c *catalog.Catalog) ([]func() ephemeral.EphemeralResource, error) {
	var out []func() ephemeral.EphemeralResource
	if k := c.Kind(tokenKind); k != nil {
		r, err := newServiceAccountToken(c, k)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}
