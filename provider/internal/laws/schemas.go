package laws

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// Schemas holds every field of the catalog against the provider's schemas.
func (w *World) Schemas(t *testing.T) {
	s, err := w.Provider()
	if err != nil {
		t.Fatal(err)
	}
	schemas, err := s.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil || len(schemas.Diagnostics) > 0 {
		t.Fatal(err, schemas.Diagnostics)
	}
	attribute := func(s *tfprotov6.Schema, name string) *tfprotov6.SchemaAttribute {
		if s == nil {
			return nil
		}
		for _, a := range s.Block.Attributes {
			if a.Name == name {
				return a
			}
		}
		return nil
	}
	for _, k := range w.Catalog.Kinds {
		typ := "demarc_" + k.Name
		if _, ok := k.Operations["get"]; ok && schemas.DataSourceSchemas[typ] == nil {
			t.Errorf("no data source %s", typ)
		}
		if _, ok := k.Operations["list"]; ok && schemas.DataSourceSchemas["demarc_"+k.Plural] == nil {
			t.Errorf("no data source demarc_%s", k.Plural)
		}
		if _, ok := k.Operations["list"]; ok && isResource(&k) && schemas.ListResourceSchemas[typ] == nil {
			t.Errorf("no list resource %s", typ)
		}
		if !isResource(&k) && schemas.ResourceSchemas[typ] != nil {
			t.Errorf("%s is a resource", typ)
		}
		for _, f := range k.Filters {
			if attribute(schemas.DataSourceSchemas["demarc_"+k.Plural], f.Name) == nil {
				t.Errorf("demarc_%s has no filter %s", k.Plural, f.Name)
			}
		}
		for _, f := range k.Fields {
			if a := attribute(schemas.DataSourceSchemas[typ], f.Name); (a == nil) != (f.WriteOnly || f.ShownOnce) {
				t.Errorf("data.%s.%s: present %v, secret %v", typ, f.Name, a != nil, f.WriteOnly || f.ShownOnce)
			}
			if !isResource(&k) {
				continue
			}
			name := f.Name
			if f.WriteOnly {
				name += "_wo"
				if attribute(schemas.ResourceSchemas[typ], name+"_version") == nil {
					t.Errorf("%s has no %s_version", typ, name)
				}
			}
			a := attribute(schemas.ResourceSchemas[typ], name)
			switch {
			case f.Volatile:
				if a != nil {
					t.Errorf("%s.%s changes by itself and is in the resource", typ, name)
				}
			case a == nil:
				t.Errorf("%s has no %s", typ, name)
			case a.Required != f.Required, a.Optional != (f.Writable() && !f.Required), a.WriteOnly != f.WriteOnly:
				t.Errorf("%s.%s: %+v", typ, name, a)
			case a.Description == "":
				t.Errorf("%s.%s is not described", typ, name)
			}
		}
	}
}
