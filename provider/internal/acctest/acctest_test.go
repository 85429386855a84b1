// Package acctest tests the provider against a real server, for every kind of the catalog, from the catalog's own
// sample data. There is no test of one kind here: a new kind is tested by being in the catalog.
package acctest

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/client/fixture"
	"github.com/demarc/demarc/controlplane/client/servertest"
	"github.com/demarc/demarc/provider/internal/coretest"
	"github.com/demarc/demarc/provider/internal/provider"
)

var server *servertest.Server

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "DEMARC_") && !strings.HasPrefix(name, "DEMARC_TEST_") {
			os.Unsetenv(name)
		}
	}
	os.Setenv("TF_CLI_CONFIG_FILE", os.DevNull)
	os.Setenv("CHECKPOINT_DISABLE", "1")
	if os.Getenv("TF_LOG") == "" {
		os.Setenv("TF_LOG_SDK", "OFF")
	}
	var err error
	if server, err = servertest.Launch(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := server.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

func load(t testing.TB) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newClient(t testing.TB) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{Endpoint: server.Endpoint, Token: server.Token})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func providerServer() (tfprotov6.ProviderServer, error) {
	p, err := provider.New("test")
	if err != nil {
		return nil, err
	}
	return providerserver.NewProtocol6WithError(p)()
}

func newCore(t testing.TB) *coretest.Core {
	t.Helper()
	s, err := providerServer()
	if err != nil {
		t.Fatal(err)
	}
	return coretest.New(t, s, map[string]any{"endpoint": server.Endpoint, "token": server.Token})
}

// eachManaged runs f for every kind that is a resource, with its sample data.
func eachManaged(t *testing.T, f func(t *testing.T, k *catalog.Kind, sample *fixture.Fixture)) {
	t.Helper()
	c := load(t)
	for i := range c.Kinds {
		k := &c.Kinds[i]
		if !isResource(k) {
			continue
		}
		t.Run(k.Name, func(t *testing.T) {
			t.Parallel()
			f(t, k, fixture.Open(t, newClient(t), c, k.Name))
		})
	}
}

// isResource says whether a kind can be managed by Terraform: not if it has a secret that is shown once.
func isResource(k *catalog.Kind) bool { return k.Managed && !k.ShowsOnce() }

// changes is what the sample data changes: nothing, of a kind that cannot be changed.
func changes(k *catalog.Kind, sample *fixture.Fixture) map[string]any {
	if _, ok := k.Operations["update"]; !ok {
		return map[string]any{}
	}
	return sample.MustBody(fixture.Changed)
}

// attributes turns a body of the API into the attributes of the resource. version is that of the secrets.
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

// nothing is a configuration without resources.
func nothing() string {
	return fmt.Sprintf("provider \"demarc\" {\n  endpoint = %q\n  token = %q\n}\n", server.Endpoint, server.Token)
}

// hcl is the configuration of one resource, called test.
func hcl(typ string, attributes map[string]any) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nresource %q \"test\" {\n", nothing(), typ)
	for name, v := range attributes {
		raw, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		// JSON is an expression of HCL, but for its templates.
		fmt.Fprintf(&b, "  %s = %s\n", name, strings.NewReplacer("${", "$${", "%{", "%%{").Replace(string(raw)))
	}
	b.WriteString("}\n")
	return b.String()
}

// unmanaged are arguments of a resource that an import cannot know, or knows in another notation.
func unmanaged(k *catalog.Kind) []string {
	out := []string{"timeouts"}
	for _, f := range k.Fields {
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
