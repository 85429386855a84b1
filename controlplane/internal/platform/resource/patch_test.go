package resource_test

import (
	"testing"

	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

func TestPatchHas(t *testing.T) {
	t.Parallel()
	p := resource.NewPatch[struct{}](map[string]any{"name": nil, "box": map[string]any{"key": nil, "place": map[string]any{}}, "uploaded": nil}, nil)
	for field, want := range map[string]bool{
		"name": true, "notes": false, "box": true, "box/key": true, "box/place": true, "box/place/country": false, "box/other": false,
		"uploaded": true, "uploaded/key": false, "name/key": false, "nothing/key": false,
	} {
		if p.Has(field) != want {
			t.Errorf("has %s: %t", field, !want)
		}
	}
}
