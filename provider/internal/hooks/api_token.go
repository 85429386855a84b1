package hooks

// The API token of a service account, for the time of a run. A token that was made is shown once, so it can be no
// resource: it would stay in the state. It is an ephemeral resource instead, made when a plan or an apply begins to use
// it and revoked when that ends.

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/provider/internal/engine"
)

const (
	tokenKind = "api_token"
	tokenType = "demarc_service_account_token"

	// A token cannot be made to live longer while it is in use, so there is nothing to renew: its lifetime covers the
	// run, and what revokes it if the run never gets there is its end.
	defaultLifetime = time.Hour
	leastLifetime   = time.Minute
	mostLifetime    = 24 * time.Hour

	keyToken = "token" // of private data: what Close revokes
)

type serviceAccountToken struct {
	kind    *catalog.Kind
	schema  schema.Schema
	session *engine.Session
}

var (
	_ ephemeral.EphemeralResourceWithConfigure = (*serviceAccountToken)(nil)
	_ ephemeral.EphemeralResourceWithClose     = (*serviceAccountToken)(nil)
)

func newServiceAccountToken(c *catalog.Catalog, k *catalog.Kind) (func() ephemeral.EphemeralResource, error) {
	named := *k
	named.Name = strings.TrimPrefix(tokenType, "demarc_") // Messages call it what the configuration does.
	attributes, err := engine.Arguments(c, &named, "service_account_id", "scope_id", "permissions")
	if err != nil {
		return nil, err
	}
	attributes["lifetime"] = schema.StringAttribute{
		Optional:   true,
		Validators: []validator.String{lifetime{}},
		MarkdownDescription: fmt.Sprintf("How long the token can be used at most, such as `30m`: `%s` to `%s`. It is not prolonged, so it has to cover the run. Default: `%s`.",
			short(leastLifetime), short(mostLifetime), short(defaultLifetime)),
	}
	attributes["id"] = schema.StringAttribute{Computed: true, MarkdownDescription: "Id of the token."}
	attributes["token"] = schema.StringAttribute{Computed: true, Sensitive: true, MarkdownDescription: "The token itself."}
	attributes["expires_at"] = schema.StringAttribute{Computed: true, MarkdownDescription: "When it ends by itself."}
	s := schema.Schema{
		MarkdownDescription: "A token of a service account for the time of a run: made when a plan or an apply begins to use it, and revoked when that ends. " +
			"It is in no plan and no state.\n\nA provider alias takes it as its `token`. While the service account is still to be made, the token is not known to the plan: " +
			"what has never been applied is planned, and what would have to be read fails until the service account exists.",
		Attributes: attributes,
	}
	return func() ephemeral.EphemeralResource { return &serviceAccountToken{kind: &named, schema: s} }, nil
}

// Metadata implements ephemeral.EphemeralResource.
func (r *serviceAccountToken) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = tokenType
}

// Schema implements ephemeral.EphemeralResource.
func (r *serviceAccountToken) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = r.schema
}

// Configure implements ephemeral.EphemeralResourceWithConfigure.
func (r *serviceAccountToken) Configure(_ context.Context, req ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse) {
	r.session, _ = req.ProviderData.(*engine.Session)
}

// Open implements ephemeral.EphemeralResource.
func (r *serviceAccountToken) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	if !r.session.Usable(&resp.Diagnostics) {
		return
	}
	var lasts, account types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("lifetime"), &lasts)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("service_account_id"), &account)...)
	if resp.Diagnostics.HasError() {
		return
	}
	most := defaultLifetime
	if d, err := time.ParseDuration(lasts.ValueString()); err == nil {
		most = d
	}
	body := engine.Body(r.kind, req.Config.Raw)
	t, _ := req.Config.Raw.Type().(tftypes.Object)
	answer, err := r.make(ctx, t, body, most)
	if err != nil {
		for _, d := range engine.Problem(r.kind, "create", account.ValueString(), err) {
			if at, ok := d.(diag.DiagnosticWithPath); ok && at.Path().Equal(path.Root("expires_at")) {
				d = diag.WithPath(path.Root("lifetime"), diag.NewErrorDiagnostic(d.Summary(), d.Detail()))
			}
			resp.Diagnostics.Append(d)
		}
		return
	}
	result := map[string]tftypes.Value{}
	if err := req.Config.Raw.As(&result); err != nil {
		resp.Diagnostics.AddError("Cannot read the configuration of "+tokenType, err.Error())
		return
	}
	for _, name := range []string{"id", "token", "expires_at"} {
		result[name] = answer[name]
	}
	resp.Result.Raw = tftypes.NewValue(t, result)
	var open opened
	_ = answer["id"].As(&open.ID)
	_ = answer["expires_at"].As(&open.ExpiresAt)
	raw, _ := json.Marshal(open)
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, keyToken, raw)...)
}

// opened is what Close knows of a token.
type opened struct {
	ID        string `json:"id"`
	ExpiresAt string `json:"expires_at"`
}

// make returns a new token, as attributes of type t.
func (r *serviceAccountToken) make(ctx context.Context, t tftypes.Type, body map[string]any, lifetime time.Duration) (map[string]tftypes.Value, error) {
	body["name"] = "terraform-" + strings.ToLower(rand.Text())
	body["expires_at"] = time.Now().Add(lifetime).UTC().Format(time.RFC3339)
	op := r.kind.Operations["create"]
	res, err := r.session.Do(ctx, client.Request{Method: op.Method, Path: op.Path, Body: body, IdempotencyKey: client.NewIdempotencyKey()})
	if err != nil {
		return nil, err
	}
	return engine.Answer(t, res.Body)
}

// Close implements ephemeral.EphemeralResourceWithClose. A token that stays is no failure of the run: it ends by itself.
func (r *serviceAccountToken) Close(ctx context.Context, req ephemeral.CloseRequest, resp *ephemeral.CloseResponse) {
	raw, diags := req.Private.GetKey(ctx, keyToken)
	resp.Diagnostics.Append(diags...)
	var open opened
	if len(raw) == 0 || json.Unmarshal(raw, &open) != nil || !r.session.Usable(&resp.Diagnostics) {
		return
	}
	if err := r.revoke(ctx, open.ID); err != nil {
		resp.Diagnostics.AddWarning(fmt.Sprintf("Token %s is not revoked", open.ID),
			fmt.Sprintf("It could not be revoked after its use: %s. It can be used until %s; revoke it before, or wait.", err, open.ExpiresAt))
	}
}

// revoke deletes a token. One that is gone is no error.
func (r *serviceAccountToken) revoke(ctx context.Context, id string) error {
	op := r.kind.Operations["delete"]
	_, err := r.session.Do(ctx, client.Request{Method: op.Method, Path: strings.ReplaceAll(op.Path, "{id}", url.PathEscape(id))})
	if client.IsNotFound(err) {
		return nil
	}
	return err
}

// lifetime checks the argument of that name.
type lifetime struct{}

// Description implements validator.String.
func (lifetime) Description(context.Context) string {
	return fmt.Sprintf("a duration of %s to %s", short(leastLifetime), short(mostLifetime))
}

// MarkdownDescription implements validator.String.
func (l lifetime) MarkdownDescription(ctx context.Context) string { return l.Description(ctx) }

// ValidateString implements validator.String.
func (l lifetime) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if d, err := time.ParseDuration(req.ConfigValue.ValueString()); err != nil || d < leastLifetime || d > mostLifetime {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid lifetime", fmt.Sprintf("lifetime must be %s, such as 30m, and is %q.", l.Description(ctx), req.ConfigValue.ValueString()))
	}
}

// short prints a duration of whole minutes without its zeros.
func short(d time.Duration) string {
	if d%time.Hour == 0 {
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dm", int(d.Minutes()))
}
