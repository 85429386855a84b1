package app

import (
	"context"

	"github.com/demarc/demarc/controlplane/internal/billingentity"
	"github.com/demarc/demarc/controlplane/internal/image"
	"github.com/demarc/demarc/controlplane/internal/location"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// seed gives a new platform its root, and a simulated location with an image to try it with. That is done once, with the root, so that what
// is deleted later does not come back. The roles that are built in are brought up to date at each start, and a platform without an owner
// gets one.
func (s services) seed(ctx context.Context, d *db.DB) error {
	ctx = authz.System(ctx)
	return d.InTx(ctx, func(ctx context.Context) error {
		named := func(name, display string) resource.Named {
			return resource.Named{Name: name, DisplayName: &display, Labels: map[string]string{}}
		}
		root, made, err := s.billingEntities.Bootstrap(ctx, billingentity.Create{Currency: "EUR", Spec: billingentity.Spec{
			Named: named("operator", "Operator"), TimeZone: "UTC", Language: "en", CustomerLimit: 1_000_000,
		}})
		if err != nil {
			return err
		}
		if err := s.roles.WriteBuiltIn(ctx, root); err != nil {
			return err
		}
		if err := s.bindings.OwnPlatform(ctx); err != nil || !made {
			return err
		}
		_, err = s.locations.Create(ctx, location.Create{Driver: "simulated", Spec: location.Spec{
			Named: named("local", "Simulated location"), Enabled: true,
		}})
		if err != nil {
			return err
		}
		_, err = s.images.Create(ctx, image.Create{OSType: "linux", Architecture: "x86_64", Spec: image.Spec{
			Named: named("debian-12", "Debian 12"), MinDiskGiB: 4,
		}})
		return err
	})
}
