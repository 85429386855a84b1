package acctest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
)

// TestExamples applies the example of every kind as it stands in the documentation, expects an empty plan, and
// destroys it. A kind without an example fails.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, k := range load(t).Kinds {
		if !isResource(&k) {
			continue
		}
		t.Run(k.Name, func(t *testing.T) {
			t.Parallel()
			example, err := os.ReadFile(filepath.Join("..", "..", "..", "examples", "resources", "demarc_"+k.Name, "resource.tf"))
			if err != nil {
				t.Fatalf("every kind has an example: %v", err)
			}
			resource.UnitTest(t, resource.TestCase{
				ProtoV6ProviderFactories: map[string]func() (tfprotov6.ProviderServer, error){"demarc": providerServer},
				Steps:                    []resource.TestStep{{Config: nothing() + string(example)}},
			})
		})
	}
}
