package provider

// Where the configuration comes from: the provider block, else the environment. A value that is not known yet is
// never replaced by what the environment happens to say: that could be another cloud.

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/demarc/demarc/controlplane/client"
)

// unknown has an error for each argument whose value depends on something that is not there yet.
func (s settings) unknown() diag.Diagnostics {
	var diags diag.Diagnostics
	for _, a := range []struct {
		name    string
		unknown bool
	}{{"endpoint", s.Endpoint.IsUnknown()}, {"token", s.Token.IsUnknown()}, {"ca_file", s.CAFile.IsUnknown()}} {
		if a.unknown {
			diags.AddError(fmt.Sprintf("The demarc provider's %s is not known yet", a.name),
				fmt.Sprintf("It comes from something that is only known after an apply, and this needs the control plane now. "+
					"Apply what it depends on first (-target), or give %s a value that is known.", a.name))
		}
	}
	return diags
}

// resolve returns the configuration of the client.
func (s settings) resolve() (client.Config, diag.Diagnostics) {
	var diags diag.Diagnostics
	cfg, err := client.ConfigFromEnv()
	if err != nil {
		diags.AddError("The demarc provider cannot use its environment", err.Error()+".")
		return cfg, diags
	}
	if v := s.Endpoint.ValueString(); v != "" {
		cfg.Endpoint = v
	}
	if v := s.Token.ValueString(); v != "" {
		cfg.Token, cfg.TokenFile = v, ""
	}
	if v := s.CAFile.ValueString(); v != "" {
		cfg.CAFile = v
	}
	if cfg.Endpoint == "" {
		diags.AddAttributeError(path.Root("endpoint"), "The demarc provider has no endpoint",
			fmt.Sprintf("Set endpoint in the provider block, or the environment variable %s, to the URL of the control plane.", client.EnvEndpoint))
	}
	if cfg.Token == "" && cfg.TokenFile == "" {
		diags.AddAttributeError(path.Root("token"), "The demarc provider has no token",
			fmt.Sprintf("Set token in the provider block, or the environment variable %s, or %s to the name of a file that holds it.", client.EnvToken, client.EnvTokenFile))
	}
	return cfg, diags
}
