package engine

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
)

// Session is what a configured provider gives to its resources and data sources: the way to the control plane.
type Session struct {
	api      *client.Client
	catalog  *catalog.Catalog
	reads    *reads
	unusable diag.Diagnostics
}

// NewSession returns a session over a client.
func NewSession(api *client.Client, c *catalog.Catalog) *Session {
	return &Session{api: api, catalog: c, reads: newReads(api, c)}
}

// NewUnusableSession returns a session of a provider whose configuration is not known yet. Whatever needs the control
// plane gets these diagnostics; what does not (a plan that only creates) goes on.
func NewUnusableSession(why diag.Diagnostics) *Session {
	return &Session{unusable: why}
}

// Usable appends why there is no way to the control plane, if so, and says whether there is one.
func (s *Session) Usable(diags *diag.Diagnostics) bool {
	switch {
	case s == nil:
		diags.AddError("The demarc provider is not configured",
			"This needs the control plane, and Terraform has not configured the provider. Run plan or apply rather than a command that does not configure providers.")
		return false
	case s.api == nil:
		diags.Append(s.unusable...)
		return false
	}
	return true
}

// objects are those of a kind, for what only reads: writes go through send.
func (s *Session) objects(k *catalog.Kind) client.Objects { return client.ObjectsOf(s.api, k) }

// Do makes a request. Once sent, a stop of Terraform does not cut it off, because nobody would know then whether the
// server has acted on it.
func (s *Session) Do(ctx context.Context, r client.Request) (*client.Response, error) {
	longer, cancel := outlive(ctx)
	defer cancel()
	return s.api.Do(longer, r)
}
