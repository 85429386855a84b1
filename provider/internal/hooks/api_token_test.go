package hooks_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/provider/internal/coretest"
	"github.com/demarc/demarc/provider/internal/fakeapi"
	"github.com/demarc/demarc/provider/internal/provider"
)

// asProvider makes the test's program the provider: two configurations of it are two processes, as at a user's.
const asProvider = "DEMARC_TEST_AS_PROVIDER"

func TestMain(m *testing.M) {
	if os.Getenv(asProvider) != "" {
		p, err := provider.New("test")
		if err == nil {
			err = tf6server.Serve(provider.Address, providerserver.NewProtocol6(p))
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "DEMARC_") && !strings.HasPrefix(name, "DEMARC_TEST_") {
			os.Unsetenv(name)
		}
	}
	os.Setenv("CHECKPOINT_DISABLE", "1")
	os.Exit(m.Run())
}

// cloud is a control plane in memory with a customer.
type cloud struct {
	*fakeapi.API
	t        *testing.T
	catalog  *catalog.Catalog
	customer string
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	api := fakeapi.New(t, c)
	entity := api.Seed("billing_entity", map[string]any{"name": "reseller"})
	return &cloud{api, t, c, api.Seed("customer", map[string]any{"name": "acme", "billing_entity_id": entity})}
}

// workspace is a folder with a configuration, and a Terraform that starts the provider as a program.
type workspace struct {
	t   *testing.T
	dir string
	env []string
}

func (c *cloud) workspace(config string) *workspace {
	c.t.Helper()
	dir := c.t.TempDir()
	program, err := os.Executable()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := os.Symlink(program, filepath.Join(dir, "terraform-provider-demarc")); err != nil {
		c.t.Fatal(err)
	}
	head := fmt.Sprintf("terraform {\n  required_providers {\n    demarc = { source = \"demarc/demarc\" }\n  }\n}\nprovider \"demarc\" {\n  endpoint = %q\n  token = %q\n}\n", c.URL, fakeapi.Token)
	for name, content := range map[string]string{
		"main.tf": head + config,
		"cli.cfg": fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"demarc/demarc\" = %q\n    \"registry.opentofu.org/demarc/demarc\" = %q\n  }\n}\n", dir, dir),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			c.t.Fatal(err)
		}
	}
	return &workspace{c.t, dir, append(os.Environ(), asProvider+"=1", "TF_CLI_CONFIG_FILE="+filepath.Join(dir, "cli.cfg"), "TF_IN_AUTOMATION=1")}
}

// terraform runs it to its end and returns what it printed, and its exit code.
func (w *workspace) terraform(args ...string) (string, int) {
	w.t.Helper()
	program := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if program == "" {
		program = "terraform"
	}
	cmd := exec.Command(program, append(args, "-no-color")...)
	var out bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = w.dir, w.env, &out, &out
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		w.t.Fatalf("this test drives a real Terraform: %v", err)
	}
	// Terraform folds lines to the width of a terminal.
	return strings.Join(strings.Fields(out.String()), " "), cmd.ProcessState.ExitCode()
}

func (w *workspace) must(code int, args ...string) string {
	w.t.Helper()
	out, got := w.terraform(args...)
	if got != code {
		w.t.Fatalf("terraform %s: exit code %d, want %d\n%s", strings.Join(args, " "), got, code, out)
	}
	return out
}

// A provider alias works as a service account that the same run makes: the token is not known to the first plan, and is
// used and revoked by each run that needs it.
func TestTokenOfAlias(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	w := c.workspace(fmt.Sprintf(`
resource "demarc_service_account" "ci" {
  name     = "ci"
  owner_id = %q
}

ephemeral "demarc_service_account_token" "ci" {
  service_account_id = demarc_service_account.ci.id
  scope_id           = "platform"
  permissions        = ["roles.get", "roles.create"]
  lifetime           = "30m"
}

provider "demarc" {
  alias    = "ci"
  endpoint = %q
  token    = ephemeral.demarc_service_account_token.ci.token
}

resource "demarc_role" "test" {
  provider    = demarc.ci
  name        = "auditor"
  owner_id    = %q
  permissions = ["roles.get"]
}
`, c.customer, c.URL, c.customer))
	tokens := map[string]bool{}
	check := func(what string, want int) {
		t.Helper()
		made := 0
		if left := c.Find("api_token"); len(left) > 0 {
			t.Errorf("%s: not revoked: %v", what, left)
		}
		for _, r := range c.Requests() {
			token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
			if own := token == fakeapi.Token; own == strings.HasPrefix(r.Path, "/roles") {
				t.Errorf("%s: %s %s with the token of the other provider", what, r.Method, r.Path)
			}
			if r.Method == "POST" && r.Path == "/api-tokens" {
				made++
			}
			if token != fakeapi.Token {
				tokens[token] = true
			}
		}
		if made < want || (want < 2 && made > want) {
			t.Errorf("%s: %d tokens were made, want %d", what, made, want)
		}
	}
	w.must(2, "plan", "-detailed-exitcode")
	check("the first plan", 0)
	w.must(0, "apply", "-auto-approve")
	check("the first apply", 1)
	w.must(0, "plan", "-detailed-exitcode")
	check("a later plan", 1)
	state, err := os.ReadFile(filepath.Join(w.dir, "terraform.tfstate"))
	if err != nil || len(tokens) != 2 {
		t.Fatal(err, len(tokens))
	}
	for token := range tokens {
		if bytes.Contains(state, []byte(token)) {
			t.Error("a token is in the state")
		}
	}
	w.must(0, "destroy", "-auto-approve")
	check("the destroy", 2) // Terraform plans it in two steps.
	if left := append(c.Find("role"), c.Find("service_account")...); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// core is Terraform's core, played to the provider in this process.
func (c *cloud) core() *coretest.Core {
	c.t.Helper()
	p, err := provider.New("test")
	if err != nil {
		c.t.Fatal(err)
	}
	server, err := providerserver.NewProtocol6WithError(p)()
	if err != nil {
		c.t.Fatal(err)
	}
	return coretest.New(c.t, server, map[string]any{"endpoint": c.URL, "token": fakeapi.Token})
}

const tokenType = "demarc_service_account_token"

func (c *cloud) account() string {
	return c.Seed("service_account", map[string]any{"name": "ci", "owner_id": c.customer})
}

// body is what the last POST of a token sent.
func (c *cloud) body() map[string]any {
	c.t.Helper()
	var body map[string]any
	for _, r := range c.Requests() {
		if r.Method == "POST" {
			body = nil
			if err := json.Unmarshal([]byte(r.Body), &body); err != nil {
				c.t.Fatal(err)
			}
		}
	}
	return body
}

// What is asked for is sent, no more; the token ends after its lifetime, and closing revokes it.
func TestOpenAndClose(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	core := c.core()
	account := c.account()
	for _, s := range []struct {
		lifetime any
		want     time.Duration
	}{{nil, time.Hour}, {"90m", 90 * time.Minute}} {
		before := time.Now()
		open, diags := core.Open(tokenType, map[string]any{"service_account_id": account, "lifetime": s.lifetime})
		if len(diags) > 0 {
			t.Fatal(diags)
		}
		body := c.body()
		ends, err := time.Parse(time.RFC3339, body["expires_at"].(string))
		if err != nil || ends.Before(before.Add(s.want-time.Second)) || ends.After(time.Now().Add(s.want)) {
			t.Errorf("lifetime %v: ends at %s, %v", s.lifetime, ends, err)
		}
		if name := body["name"].(string); !strings.HasPrefix(name, "terraform-") || len(body) != 3 {
			t.Errorf("sent %v", body)
		}
		id, _ := open.Result["id"].(string)
		token, _ := open.Result["token"].(string)
		made := c.Object(id)
		if token == "" || open.Result["expires_at"] != made["expires_at"] || made["service_account_id"] != account {
			t.Errorf("got %v for %v", open.Result, made)
		}
		if bytes.Contains(open.Private, []byte(token)) {
			t.Error("the token is in the private data")
		}
		if diags := core.Close(open); len(diags) > 0 || c.Object(id) != nil {
			t.Errorf("close: %v, left %v", diags, c.Object(id))
		}
		// Revoked by somebody else: no error.
		if diags := core.Close(open); len(diags) > 0 {
			t.Errorf("second close: %v", diags)
		}
	}
}

// Mistakes and refusals are reported at the argument that they are about.
func TestTokenRefused(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	core := c.core()
	account := c.account()
	for _, s := range []struct {
		pointer string // at which the server refuses it, "" if the plan does
		change  map[string]any
		at      string
		want    string
	}{
		{"", map[string]any{"lifetime": "soon"}, "lifetime", `a duration of 1m to 24h, such as 30m, and is "soon"`},
		{"", map[string]any{"lifetime": "25h"}, "lifetime", "1m to 24h"},
		{"", map[string]any{"lifetime": "10s"}, "lifetime", "1m to 24h"},
		{"", map[string]any{"service_account_id": c.customer}, "service_account_id", "is the id of a customer"},
		{"", map[string]any{"scope_id": "everything"}, "scope_id", `or the word "platform"`},
		{"", map[string]any{"permissions": []string{strings.Repeat("p", 101)}}, "permissions", "at most 100 characters"},
		{"/scope_id", nil, "scope_id", "Beyond what you hold"},
		{"/permissions/0", nil, "permissions", "Beyond what you hold"},
		{"/expires_at", nil, "lifetime", "Beyond what you hold"},
	} {
		c.Intercept(func(r fakeapi.Request) *fakeapi.Problem {
			if s.pointer == "" || r.Method != "POST" {
				return nil
			}
			return &fakeapi.Problem{Status: 422, Code: "invalid", Members: map[string]any{"errors": []map[string]any{{"pointer": s.pointer, "code": "invalid", "detail": "beyond what you hold"}}}}
		})
		arguments := map[string]any{"service_account_id": account, "scope_id": "platform", "permissions": []string{"roles.get"}}
		maps.Copy(arguments, s.change)
		_, diags := core.Open(tokenType, arguments)
		if got := coretest.Errors(diags); len(diags) != 1 || !strings.Contains(got, s.want) || !strings.Contains(got, fmt.Sprintf("AttributeName(%q)", s.at)) {
			t.Errorf("%s %v: %s", s.pointer, s.change, got)
		}
	}
	c.Intercept(func(fakeapi.Request) *fakeapi.Problem {
		return &fakeapi.Problem{Status: 403, Code: "forbidden", Detail: "not allowed"}
	})
	_, diags := core.Open(tokenType, map[string]any{"service_account_id": account})
	if got := coretest.Errors(diags); !strings.Contains(got, tokenType+" \""+account) || !strings.Contains(got, "api_tokens.create") {
		t.Errorf("forbidden: %s", got)
	}
}

// The answer that showed the token is lost: the request is repeated with its key, and there is one token.
func TestLostToken(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	core := c.core()
	account := c.account()
	posts := 0
	c.Intercept(func(r fakeapi.Request) *fakeapi.Problem {
		if r.Method == "POST" {
			if posts++; posts == 1 {
				again, err := r.Again(t.Context(), c.URL+c.catalog.BasePath)
				if err != nil || again >= 300 {
					t.Error(again, err)
				}
				return &fakeapi.Problem{Hangup: true}
			}
		}
		return nil
	})
	open, diags := core.Open(tokenType, map[string]any{"service_account_id": account})
	if len(diags) > 0 || open.Result["token"] == nil || posts != 2 {
		t.Fatal(diags, posts)
	}
	if have := c.Find("api_token"); len(have) != 1 || have[0] != open.Result["id"] {
		t.Errorf("tokens: %v", have)
	}
}

// A token that cannot be revoked is a warning with the time when it ends.
func TestTokenStays(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	core := c.core()
	open, diags := core.Open(tokenType, map[string]any{"service_account_id": c.account()})
	if len(diags) > 0 {
		t.Fatal(diags)
	}
	c.Intercept(func(fakeapi.Request) *fakeapi.Problem {
		return &fakeapi.Problem{Status: 500, Code: "internal", Detail: "broken"}
	})
	diags = core.Close(open)
	if len(diags) != 1 || diags[0].Severity != tfprotov6.DiagnosticSeverityWarning || !strings.Contains(diags[0].Detail, open.Result["expires_at"].(string)) {
		t.Errorf("%v", diags)
	}
}
