package engine_test

// A provider over the catalog of testdata and a control plane in memory, driven by a real Terraform.

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/provider/internal/fakeapi"
	"github.com/demarc/demarc/provider/internal/provider"
)

func TestMain(m *testing.M) {
	// A developer's own settings are not part of the test.
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
	os.Exit(m.Run())
}

// cloud is a control plane with one site, and the provider for it.
type cloud struct {
	*fakeapi.API
	t       *testing.T
	catalog *catalog.Catalog
	site    string
}

func newCloud(t *testing.T) *cloud {
	t.Helper()
	raw, err := os.ReadFile("testdata/catalog.json")
	if err != nil {
		t.Fatal(err)
	}
	var c catalog.Catalog
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	api := fakeapi.New(t, &c)
	return &cloud{api, t, &c, api.Seed("site", map[string]any{"name": "ghent"})}
}

func (c *cloud) provider() *provider.Demarc {
	p, err := provider.NewFor("test", c.catalog)
	if err != nil {
		c.t.Fatal(err)
	}
	return p
}

// run carries out steps. Destroy is checked by the API being empty but for the site.
func (c *cloud) run(steps ...resource.TestStep) {
	c.t.Helper()
	for i := range steps {
		if steps[i].Config != "" {
			steps[i].Config = c.block() + steps[i].Config
		}
	}
	resource.UnitTest(c.t, resource.TestCase{
		ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){
			"demarc": func() (tfprotov6.ProviderServer, error) {
				return providerserver.NewProtocol6WithError(c.provider())()
			},
		},
		Steps: steps,
	})
	if left := c.Find("router"); len(left) > 0 {
		c.t.Errorf("left behind: %v", left)
	}
}

func (c *cloud) block() string {
	return fmt.Sprintf("provider \"demarc\" {\n  endpoint = %q\n  token = %q\n}\n", c.URL, fakeapi.Token)
}

// router is a configuration of one router, with lines beside what it must have.
func (c *cloud) router(lines string) string {
	addressing := "static = { address = \"10.0.0.1\" }"
	if strings.Contains(lines, "dynamic") || strings.Contains(lines, "static") {
		addressing = ""
	}
	return fmt.Sprintf("resource \"demarc_router\" \"test\" {\n  name = \"core\"\n  site_id = %q\n  %s\n  %s\n}\n", c.site, addressing, lines)
}

// writes counts what arrived since the last call, by method, without waits and reads.
func (c *cloud) writes() map[string]int {
	n := map[string]int{}
	for _, r := range c.Requests() {
		if r.Method != "GET" {
			n[r.Method]++
		}
	}
	return n
}

// the returns the one router.
func (c *cloud) the() string {
	c.t.Helper()
	ids := c.Find("router")
	if len(ids) != 1 {
		c.t.Fatalf("routers: %v", ids)
	}
	return ids[0]
}

// do sends a request past the provider.
func (c *cloud) do(method, path, body, key string) int {
	c.t.Helper()
	header := map[string]string{}
	if key != "" {
		header["Idempotency-Key"] = key
	}
	return c.send(method, path, body, header)
}

// send is do with headers.
func (c *cloud) send(method, path, body string, header map[string]string) int {
	c.t.Helper()
	r, err := http.NewRequest(method, c.URL+c.catalog.BasePath+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+fakeapi.Token)
	for name, v := range header {
		r.Header.Set(name, v)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Error(err)
		return 0
	}
	defer res.Body.Close()
	return res.StatusCode
}
