// Package laws is what holds of every kind that Terraform manages: how it is made, planned again, changed, cleared, imported, refused and
// unmade, by its sample data alone. There is no law of one kind here, and no list of kinds: a new one is held to all of it by being in the
// catalog.
//
// Life, Fields, Refusals and Schemas speak to a provider in this process (coretest), so that each kind can afford hundreds of steps.
// Together holds what only Terraform itself can show, of all kinds in one configuration; Alone is the same for one kind after another.
package laws

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/client/fixture"
	"github.com/demarc/demarc/provider/internal/coretest"
	"github.com/demarc/demarc/provider/internal/provider"
)

// World is a catalog with its sample data, and a control plane that serves it.
type World struct {
	Catalog  *catalog.Catalog
	Fixtures fixture.Loader
	Endpoint string
	Token    string
}

// Provider returns a provider over the world's catalog, not configured yet.
func (w *World) Provider() (tfprotov6.ProviderServer, error) {
	p, err := provider.NewFor("test", w.Catalog)
	if err != nil {
		return nil, err
	}
	return providerserver.NewProtocol6WithError(p)()
}

// Core configures a provider for the world's control plane.
func (w *World) Core(t testing.TB) *coretest.Core {
	t.Helper()
	s, err := w.Provider()
	if err != nil {
		t.Fatal(err)
	}
	return coretest.New(t, s, map[string]any{"endpoint": w.Endpoint, "token": w.Token})
}

// Client returns a client of the world's control plane, for what happens past Terraform.
func (w *World) Client(t testing.TB) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{Endpoint: w.Endpoint, Token: w.Token})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// managed are the kinds that are resources: those without a secret that is shown once.
func (w *World) managed() []*catalog.Kind {
	var out []*catalog.Kind
	for i := range w.Catalog.Kinds {
		if k := &w.Catalog.Kinds[i]; isResource(k) {
			out = append(out, k)
		}
	}
	return out
}

func isResource(k *catalog.Kind) bool { return k.Managed && !k.ShowsOnce() }

// each runs a law for every kind, all of them against one provider, as one Terraform would.
func (w *World) each(t *testing.T, law func(t *testing.T, core *coretest.Core, s *subject)) {
	t.Helper()
	core := w.Core(t)
	for _, k := range w.managed() {
		t.Run(k.Name, func(t *testing.T) {
			t.Parallel()
			law(t, core.For(t), w.subject(t, k))
		})
	}
}

// subject is a kind that a law is about, with its sample data.
type subject struct {
	*catalog.Kind
	sample *fixture.Fixture
	api    *client.Client
}

func (w *World) subject(t *testing.T, k *catalog.Kind) *subject {
	t.Helper()
	api := w.Client(t)
	return &subject{k, fixture.OpenFrom(t, api, w.Catalog, w.Fixtures, k.Name), api}
}

// resource is the type of its resources.
func (s *subject) resource() string { return "demarc_" + s.Name }

// updates says whether an object of the kind can be changed at all.
func (s *subject) updates() bool { _, ok := s.Operations["update"]; return ok }

// full is the body with every field, without protection: that would refuse the steps that follow.
func (s *subject) full() map[string]any { return unprotected(s.sample.MustBody(fixture.Full)) }

// changes is another value for every field that can change.
func (s *subject) changes() map[string]any {
	if !s.updates() {
		return map[string]any{}
	}
	return unprotected(s.sample.MustBody(fixture.Changed))
}

// cleared is what is left of a body of which all is taken away that can be.
func (s *subject) cleared(body map[string]any) map[string]any {
	return only(body, func(name string) bool { f := s.Field(name); return f.Required || f.Immutable || f.GrowOnly })
}

// clearing is a merge patch that clears every field of a body that can be.
func (s *subject) clearing(body map[string]any) map[string]any {
	patch := map[string]any{}
	for name := range body {
		if f := s.Field(name); f.Mutable() && !f.Required && !f.GrowOnly && !f.Kept {
			patch[name] = nil
		}
	}
	return patch
}

// visible says whether Terraform can see that others have sent such a patch: what is write-only it never reads.
func (s *subject) visible(patch map[string]any) bool {
	for name := range patch {
		if !s.Field(name).WriteOnly {
			return true
		}
	}
	return false
}

// attributes turns a body of the API into a configuration. version is that of its secrets.
func (s *subject) attributes(body map[string]any, version int) map[string]any {
	return attributes(s.Fields, body, version)
}

func attributes(fields []catalog.Field, body map[string]any, version int) map[string]any {
	out := map[string]any{}
	for name, v := range body {
		i := slices.IndexFunc(fields, func(f catalog.Field) bool { return f.Name == name })
		if i < 0 {
			out[name] = v
			continue
		}
		f := fields[i]
		m, isMap := v.(map[string]any)
		switch {
		case f.WriteOnly && v != nil:
			out[name+"_wo"], out[name+"_wo_version"] = v, version
		case f.WriteOnly:
		case f.Type == catalog.Object && isMap:
			out[name] = attributes(f.Fields, m, version)
		case f.Type == catalog.Map && isMap && f.Items != nil && f.Items.Type == catalog.Object:
			elements := map[string]any{}
			for key, e := range m {
				elements[key] = attributes(f.Items.Fields, e.(map[string]any), version)
			}
			out[name] = elements
		default:
			out[name] = v
		}
	}
	return out
}

// unknowable are the attributes that an import cannot know, or knows in another notation.
func (s *subject) unknowable() []string {
	out := []string{"timeouts"}
	for _, f := range s.Fields {
		switch {
		case f.WriteOnly:
			out = append(out, f.Name+"_wo_version")
		case f.Writable() && hasTime(f):
			out = append(out, f.Name)
		}
	}
	return out
}

func hasTime(f catalog.Field) bool {
	return f.Format == "date-time" || slices.ContainsFunc(f.Fields, hasTime) || (f.Items != nil && hasTime(*f.Items))
}

// otherID is what an import takes beside the id: the name, or the values of the key.
func (s *subject) otherID(body map[string]any) string {
	if s.Named {
		return body["name"].(string)
	}
	var values []string
	for _, name := range s.Key {
		values = append(values, fmt.Sprint(body[name]))
	}
	return strings.Join(values, ",")
}

// objects are those of the kind, past Terraform.
func (s *subject) objects() client.Objects { return client.ObjectsOf(s.api, s.Kind) }

// write changes an object past Terraform, or deletes it if there is no patch, and waits for that.
func (s *subject) write(t testing.TB, id string, patch map[string]any) {
	t.Helper()
	var err error
	if patch != nil {
		_, err = s.objects().Patch(t.Context(), id, patch, client.Wait())
	} else {
		err = s.objects().Delete(t.Context(), id, client.Wait())
	}
	if err != nil {
		t.Fatalf("%s: %v", id, err)
	}
}

// gone checks that an object is no more or, if it is there once and for all, that nothing is left in it.
func (s *subject) gone(t testing.TB, id string) error {
	t.Helper()
	object, err := s.objects().Get(t.Context(), id)
	switch {
	case client.IsNotFound(err):
		return nil
	case err != nil:
		return err
	case !s.Singleton:
		return fmt.Errorf("%s is still there", id)
	}
	var o map[string]any
	if err := json.Unmarshal(object, &o); err != nil {
		return err
	}
	for _, f := range s.Fields {
		if f.Mutable() && !f.ServerDefault && !f.Kept && !sameValue(o[f.Name], literal(t, f)) {
			return fmt.Errorf("%s is still %v", f.Name, o[f.Name])
		}
	}
	return nil
}

func merged(a, b map[string]any) map[string]any {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

func only(m map[string]any, keep func(string) bool) map[string]any {
	out := map[string]any{}
	for name, v := range m {
		if keep(name) {
			out[name] = v
		}
	}
	return out
}

func unprotected(body map[string]any) map[string]any {
	delete(body, "deletion_protection")
	return body
}

// literal is the default of a field, nil if it has none.
func literal(t testing.TB, f catalog.Field) any {
	t.Helper()
	if len(f.Default) == 0 {
		return nil
	}
	var v any
	if err := json.Unmarshal(f.Default, &v); err != nil {
		t.Fatal(err)
	}
	return v
}
