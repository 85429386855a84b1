// schemajson writes what the documentation is made from, by tfplugindocs, without a Terraform:
//
//	schemajson                     the provider's schemas, as terraform providers schema -json writes them, from the
//	                               provider itself, so with what the local Terraform may be too old to show
//	schemajson -templates <dir>    the page templates, which put each kind under the catalog's category
//	schemajson -examples <dir>     the examples that follow from the catalog
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/provider/internal/provider"
)

func main() {
	log.SetFlags(0)
	templates := flag.String("templates", "", "write the page templates into this folder instead")
	examples := flag.String("examples", "", "write the examples into this folder instead")
	flag.Parse()
	if err := run(os.Stdout, *templates, *examples); err != nil {
		log.Fatalf("schemajson: %v", err)
	}
}

func run(out io.Writer, templates, examples string) error {
	c, err := catalog.Load()
	if err != nil {
		return err
	}
	if templates != "" {
		for name, content := range pageTemplates(c) {
			if err := os.WriteFile(filepath.Join(templates, name), []byte(content), 0o644); err != nil {
				return err
			}
		}
	}
	if examples != "" {
		if err := writeExamples(c, examples); err != nil {
			return err
		}
	}
	if templates != "" || examples != "" {
		return nil
	}
	p, err := provider.New("docs")
	if err != nil {
		return err
	}
	server, err := providerserver.NewProtocol6WithError(p)()
	if err != nil {
		return err
	}
	s, err := schemasOf(context.Background(), server)
	if err != nil {
		return err
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(document{FormatVersion: "1.0", Schemas: map[string]*schemas{provider.Address: s, "demarc": s}})
}

// document is the format of terraform providers schema -json.
type document struct {
	FormatVersion string              `json:"format_version"`
	Schemas       map[string]*schemas `json:"provider_schemas"`
}

type schemas struct {
	Provider      *schema              `json:"provider"`
	Resources     map[string]*schema   `json:"resource_schemas"`
	DataSources   map[string]*schema   `json:"data_source_schemas"`
	Ephemerals    map[string]*schema   `json:"ephemeral_resource_schemas,omitempty"`
	ListResources map[string]*schema   `json:"list_resource_schemas,omitempty"`
	Identities    map[string]*identity `json:"resource_identity_schemas,omitempty"`
}

type schema struct {
	Version int64 `json:"version"`
	Block   block `json:"block"`
}

type block struct {
	Attributes      map[string]*attribute `json:"attributes,omitempty"`
	Description     string                `json:"description,omitempty"`
	DescriptionKind string                `json:"description_kind,omitempty"`
	Deprecated      bool                  `json:"deprecated,omitempty"`
}

type attribute struct {
	Type            json.RawMessage `json:"type,omitempty"`
	NestedType      *nested         `json:"nested_type,omitempty"`
	Description     string          `json:"description,omitempty"`
	DescriptionKind string          `json:"description_kind,omitempty"`
	Deprecated      bool            `json:"deprecated,omitempty"`
	Required        bool            `json:"required,omitempty"`
	Optional        bool            `json:"optional,omitempty"`
	Computed        bool            `json:"computed,omitempty"`
	Sensitive       bool            `json:"sensitive,omitempty"`
	WriteOnly       bool            `json:"write_only,omitempty"`
}

type nested struct {
	Attributes  map[string]*attribute `json:"attributes,omitempty"`
	NestingMode string                `json:"nesting_mode"`
}

type identity struct {
	Version    int64                         `json:"version"`
	Attributes map[string]*identityAttribute `json:"attributes"`
}

type identityAttribute struct {
	Type              json.RawMessage `json:"type"`
	Description       string          `json:"description,omitempty"`
	RequiredForImport bool            `json:"required_for_import,omitempty"`
	OptionalForImport bool            `json:"optional_for_import,omitempty"`
}

func schemasOf(ctx context.Context, server tfprotov6.ProviderServer) (*schemas, error) {
	res, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return nil, err
	}
	if err := refused(append(res.Diagnostics, identities.Diagnostics...)); err != nil {
		return nil, err
	}
	out := &schemas{Identities: map[string]*identity{}}
	if out.Provider, err = schemaOf(res.Provider); err != nil {
		return nil, err
	}
	for _, group := range []struct {
		from map[string]*tfprotov6.Schema
		to   *map[string]*schema
	}{{res.ResourceSchemas, &out.Resources}, {res.DataSourceSchemas, &out.DataSources}, {res.EphemeralResourceSchemas, &out.Ephemerals}, {res.ListResourceSchemas, &out.ListResources}} {
		*group.to = map[string]*schema{}
		for name, s := range group.from {
			if (*group.to)[name], err = schemaOf(s); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	for name, s := range identities.IdentitySchemas {
		i := &identity{Version: s.Version, Attributes: map[string]*identityAttribute{}}
		for _, a := range s.IdentityAttributes {
			t, err := json.Marshal(a.Type)
			if err != nil {
				return nil, err
			}
			i.Attributes[a.Name] = &identityAttribute{t, a.Description, a.RequiredForImport, a.OptionalForImport}
		}
		out.Identities[name] = i
	}
	return out, nil
}

func refused(diags []*tfprotov6.Diagnostic) error {
	var errs []error
	for _, d := range diags {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			errs = append(errs, fmt.Errorf("%s: %s", d.Summary, d.Detail))
		}
	}
	return errors.Join(errs...)
}

func schemaOf(s *tfprotov6.Schema) (*schema, error) {
	if len(s.Block.BlockTypes) > 0 {
		return nil, errors.New("blocks are not written: the provider has attributes only")
	}
	attributes, err := attributesOf(s.Block.Attributes)
	if err != nil {
		return nil, err
	}
	return &schema{s.Version, block{attributes, s.Block.Description, markup(s.Block.DescriptionKind), s.Block.Deprecated}}, nil
}

func attributesOf(list []*tfprotov6.SchemaAttribute) (map[string]*attribute, error) {
	out := map[string]*attribute{}
	for _, a := range list {
		o := &attribute{Description: a.Description, DescriptionKind: markup(a.DescriptionKind), Deprecated: a.Deprecated,
			Required: a.Required, Optional: a.Optional, Computed: a.Computed, Sensitive: a.Sensitive, WriteOnly: a.WriteOnly}
		if a.NestedType != nil {
			members, err := attributesOf(a.NestedType.Attributes)
			if err != nil {
				return nil, err
			}
			modes := map[tfprotov6.SchemaObjectNestingMode]string{
				tfprotov6.SchemaObjectNestingModeSingle: "single", tfprotov6.SchemaObjectNestingModeList: "list",
				tfprotov6.SchemaObjectNestingModeSet: "set", tfprotov6.SchemaObjectNestingModeMap: "map",
			}
			o.NestedType = &nested{members, modes[a.NestedType.Nesting]}
		} else {
			t, err := json.Marshal(a.Type)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", a.Name, err)
			}
			o.Type = t
		}
		out[a.Name] = o
	}
	return out, nil
}

func markup(k tfprotov6.StringKind) string {
	if k == tfprotov6.StringKindMarkdown {
		return "markdown"
	}
	return "plain"
}
