// Package provider is the Terraform provider: its configuration, and the engine that serves every kind.
package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/provider/internal/engine"
	"github.com/demarc/demarc/provider/internal/hooks"
)

// Address is the provider's source address.
const Address = "registry.terraform.io/demarc/demarc"

// Demarc is the provider.
type Demarc struct {
	version    string
	catalog    *catalog.Catalog
	engine     *engine.Engine
	ephemerals []func() ephemeral.EphemeralResource
}

var (
	_ provider.ProviderWithListResources      = (*Demarc)(nil)
	_ provider.ProviderWithEphemeralResources = (*Demarc)(nil)
)

// New returns the provider over the embedded catalog.
func New(version string) (*Demarc, error) {
	c, err := catalog.Load()
	if err != nil {
		return nil, err
	}
	return NewFor(version, c)
}

// NewFor returns the provider over a catalog.
func NewFor(version string, c *catalog.Catalog) (*Demarc, error) {
	e, err := engine.New(c)
	if err != nil {
		return nil, err
	}
	ephemerals, err := hooks.EphemeralResources(c)
	if err != nil {
		return nil, err
	}
	return &Demarc{version: version, catalog: c, engine: e, ephemerals: ephemerals}, nil
}

// settings is the configuration block.
type settings struct {
	Endpoint types.String `tfsdk:"endpoint"`
	Token    types.String `tfsdk:"token"`
	CAFile   types.String `tfsdk:"ca_file"`
}

// Metadata implements provider.Provider.
func (p *Demarc) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "demarc"
	resp.Version = p.version
}

// Schema implements provider.Provider.
func (p *Demarc) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Everything that a Demarc control plane manages. Each argument can be given by an environment variable instead, which all clients of the control plane read.",
		Attributes: map[string]schema.Attribute{
			"endpoint": schema.StringAttribute{Optional: true,
				MarkdownDescription: fmt.Sprintf("URL of the control plane, such as `https://cloud.example.com`. Or set `%s`.", client.EnvEndpoint)},
			"token": schema.StringAttribute{Optional: true, Sensitive: true,
				MarkdownDescription: fmt.Sprintf("Token to authenticate with. Or set `%s`, or `%s` to the name of a file that holds it. Reading needs the `get` permissions alone, so a token that may only read can plan. That of a service account, for the time of a run, is the ephemeral resource `demarc_service_account_token`.", client.EnvToken, client.EnvTokenFile)},
			"ca_file": schema.StringAttribute{Optional: true,
				MarkdownDescription: fmt.Sprintf("PEM file of certificate authorities to trust beside the system's. Or set `%s`.", client.EnvCAFile)},
		},
	}
}

// Configure implements provider.Provider. It sends nothing: it runs several times per plan, and for every alias.
func (p *Demarc) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var s settings
	resp.Diagnostics.Append(req.Config.Get(ctx, &s)...)
	if resp.Diagnostics.HasError() {
		return
	}
	session := p.session(s, req, resp)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.ResourceData = session
	resp.DataSourceData = session
	resp.ListResourceData = session
	resp.EphemeralResourceData = session
}

func (p *Demarc) session(s settings, req provider.ConfigureRequest, resp *provider.ConfigureResponse) *engine.Session {
	if unknown := s.unknown(); unknown.HasError() {
		if req.ClientCapabilities.DeferralAllowed {
			resp.Deferred = &provider.Deferred{Reason: provider.DeferredReasonProviderConfigUnknown}
		}
		return engine.NewUnusableSession(unknown)
	}
	cfg, diags := s.resolve()
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return nil
	}
	cfg.UserAgent = fmt.Sprintf("terraform-provider-demarc/%s terraform/%s", p.version, req.TerraformVersion)
	api, err := client.New(cfg)
	if err != nil {
		resp.Diagnostics.AddError("Invalid configuration of the demarc provider", err.Error())
		return nil
	}
	return engine.NewSession(api, p.catalog)
}

// Resources implements provider.Provider.
func (p *Demarc) Resources(context.Context) []func() resource.Resource { return p.engine.Resources() }

// DataSources implements provider.Provider.
func (p *Demarc) DataSources(context.Context) []func() datasource.DataSource {
	return p.engine.DataSources()
}

// ListResources implements provider.ProviderWithListResources.
func (p *Demarc) ListResources(context.Context) []func() list.ListResource {
	return p.engine.ListResources()
}

// EphemeralResources implements provider.ProviderWithEphemeralResources.
func (p *Demarc) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return p.ephemerals
}
