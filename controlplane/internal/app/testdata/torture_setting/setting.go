// Package torturesetting is a singleton that a test adds to the server: each customer has one, which nobody has to make. Its shapes are those of
// the torture, as far as something can have them that is there before anybody has said anything of it.
package torturesetting

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/demarc/demarc/controlplane/internal/app/testdata/torture"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
	"github.com/demarc/demarc/controlplane/internal/platform/vault"
)

// Kind describes the settings.
var Kind = resource.Kind{
	Name: "torture_setting", Title: "Torture setting", Category: "Storage", Virtual: true, Key: []string{"customer_id"}, Singleton: true,
	Description: "Settings of a customer, which are always there.",
}

// Entry is one of a map.
type Entry struct {
	// Where it is, for good.
	Network string `json:"network" validate:"required" format:"cidr" extensions:"x-immutable"`
	// Its hardware address.
	MAC string `json:"mac" format:"mac" readonly:"true"`
	// How often it can be used; a new one three times.
	UseLimit int64 `json:"use_limit" minimum:"0" maximum:"100" extensions:"x-kept=3"`
	// Words on it.
	Note *string `json:"note" maxLength:"20"`
} // @name TortureSettingEntry

// Object is one.
type Object struct {
	// Amount that has to be there.
	Amount string `json:"amount" validate:"required" format:"decimal"`
	// Whether it is live; a new one is.
	Live bool `json:"live" extensions:"x-kept=true"`
	// What nobody reads.
	Key *secret.String `json:"key,omitempty" swaggertype:"string" maxLength:"40" extensions:"x-write-only"`
} // @name TortureSettingObject

// Spec is what can be changed.
type Spec struct {
	// How much.
	Quantity int64 `json:"quantity" minimum:"1" maximum:"100" default:"10"`
	// Whether it works; a new one does.
	Status string `json:"status" enums:"active,resting,closed" extensions:"x-kept=active"`
	// Words on it.
	Note *string `json:"note" maxLength:"20"`
	// What opens it.
	PIN *secret.String `json:"pin,omitempty" swaggertype:"string" minLength:"4" maxLength:"8" extensions:"x-write-only"`
	// Its names.
	Names []string `json:"names" maxLength:"254" extensions:"x-max-items=3,x-set,x-item-format=fqdn"`
	// An object.
	Object *Object `json:"object"`
	// Entries of a map.
	Entries map[string]Entry `json:"entries" extensions:"x-max-items=3"`
	// Items of a list.
	Tiers []torture.Tier `json:"tiers" extensions:"x-max-items=3"`
	// A certificate that is brought.
	Uploaded *torture.Uploaded `json:"uploaded" extensions:"x-at-most-one=source"`
	// A certificate that is ordered.
	Acme *torture.Acme `json:"acme" extensions:"x-at-most-one=source"`
} // @name TortureSettingSpec

// Setting is what a customer has.
type Setting struct {
	// The customer.
	CustomerID string `json:"customer_id" format:"typeid" readonly:"true" extensions:"x-ref=customer"`
	// Counts its changes.
	Revision int64 `json:"revision" readonly:"true" extensions:"x-volatile"`
	Spec
} // @name TortureSetting

// ETag is the revision that If-Match compares with.
func (s Setting) ETag() int64 { return s.Revision }

// beginning is what there is before anybody has said anything.
func beginning() Spec {
	return Spec{Quantity: 10, Status: "active", Names: []string{}, Entries: map[string]Entry{}, Tiers: []torture.Tier{}}
}

// Service keeps the settings.
type Service struct {
	deps    module.Deps
	locator *resource.Locator
	sealed  map[string]vault.Column // by the field
}

// New returns the service.
func New(d module.Deps) *Service {
	d.Registry.Add(Kind)
	column := func(name string) vault.Column { return d.Vault.Column(Kind.Name, name) }
	return &Service{d, resource.NewLocator(d.DB, d.Registry), map[string]vault.Column{
		"pin": column("pin_encrypted"), "object/key": column("object_key_encrypted"), "uploaded/private_key": column("uploaded_private_key_encrypted"),
	}}
}

// Module is what it brings to the server.
func (s *Service) Module() module.Module {
	return module.Module{Kind: Kind, Ops: httpapi.CRUD(Kind, httpapi.Handlers{
		Get:    httpapi.Handle(func(ctx context.Context, in httpapi.GetInput) (Setting, error) { return s.Get(ctx, in.ID) }),
		Update: httpapi.Handle(s.Update), Delete: httpapi.Handle(s.Delete),
	})}
}

// covered refuses a customer whose settings the context may not do with what it is about to.
func (s *Service) covered(ctx context.Context, id string) error {
	access, err := authz.From(ctx)
	if err != nil {
		return err
	}
	at, found, err := s.locator.Locate(ctx, id)
	if err != nil || found && access.Covers(at) {
		return err
	}
	if _, visible, err := s.deps.Access.Located(ctx, id, "customers.get"); err != nil || !visible {
		return cmp.Or(err, error(fault.NotFoundError()))
	}
	return &fault.Error{Kind: fault.Forbidden, Code: "forbidden", Detail: "this needs a permission on the settings of that customer"}
}

// Get returns the settings of a customer.
func (s *Service) Get(ctx context.Context, id string) (Setting, error) {
	if err := s.covered(ctx, id); err != nil {
		return Setting{}, err
	}
	r, err := s.load(ctx, id)
	return Setting{id, r.Revision, r.Spec}, err
}

// Update changes them.
func (s *Service) Update(ctx context.Context, in httpapi.PatchInput[Spec]) (Setting, error) {
	var r row
	err := s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		err := s.covered(ctx, in.ID)
		if err == nil {
			r, err = s.lock(ctx, in.ID, in.IfMatch)
		}
		if err != nil {
			return err
		}
		next := r
		if next.Spec, err = in.Patch.Apply(r.Spec); err != nil {
			return err
		}
		if err := s.refer(ctx, r.Spec, next.Spec); err != nil {
			return err
		}
		for name, e := range next.Entries {
			if e.MAC == "" {
				e.MAC = fmt.Sprintf("52:54:00:00:00:%02x", r.Revision%256)
			}
			next.Entries[name] = e
		}
		if next.Acme != nil && next.Acme.Order == "" {
			next.Acme.Order = fmt.Sprint("order ", r.Revision)
		}
		if err := s.seal(ctx, &next, in.Patch.Has); err != nil {
			return err
		}
		r, err = s.save(ctx, r, next)
		return err
	})
	return Setting{in.ID, r.Revision, r.Spec}, err
}

// refer refuses references to what the caller may not see, other than those that are there already.
func (s *Service) refer(ctx context.Context, was, is Spec) error {
	var wrong []fault.Field
	before := resource.Mentions(was)
	for _, m := range resource.Mentions(is) {
		if slices.ContainsFunc(before, func(b resource.Mention) bool { return b.Pointer == m.Pointer && b.ID == m.ID }) {
			continue
		}
		_, err := s.locator.Refer(ctx, m.Pointer, m.ID, m.Kinds...)
		if err := fault.Gather(&wrong, err); err != nil {
			return err
		}
	}
	return fault.InvalidFields(wrong...)
}

// seal encrypts the secrets that were sent, and takes them out of what is kept in clear.
func (s *Service) seal(ctx context.Context, r *row, sent func(field string) bool) error {
	in := map[string]**secret.String{"pin": &r.PIN}
	if r.Object != nil {
		in["object/key"] = &r.Object.Key
	}
	if r.Uploaded != nil {
		in["uploaded/private_key"] = &r.Uploaded.PrivateKey
	}
	kept := map[string]*[]byte{"pin": &r.PINEncrypted, "object/key": &r.ObjectKeyEncrypted, "uploaded/private_key": &r.UploadedPrivateKeyEncrypted}
	for field, column := range s.sealed {
		if in[field] == nil {
			*kept[field] = nil
			continue
		}
		text := *in[field]
		if *in[field] = nil; !sent(field) {
			continue
		}
		var err error
		if *kept[field], err = column.Replace(ctx, r.ID, *kept[field], text); err != nil {
			return err
		}
	}
	return nil
}

// Delete puts them back to their beginning.
func (s *Service) Delete(ctx context.Context, in httpapi.DeleteInput) (resource.None, error) {
	return resource.None{}, s.deps.DB.InTx(ctx, func(ctx context.Context) error {
		err := s.covered(ctx, in.ID)
		if err != nil {
			return err
		}
		r, err := s.lock(ctx, in.ID, in.IfMatch)
		if err != nil {
			return err
		}
		_, err = s.save(ctx, r, row{ID: in.ID, Revision: r.Revision, Spec: beginning()})
		return err
	})
}
