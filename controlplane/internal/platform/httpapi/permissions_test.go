package httpapi_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
)

func TestPermissionsAreWhatTheirOperationsDo(t *testing.T) {
	t.Parallel()
	got := httpapi.Permissions([]httpapi.Op{
		{Permission: "things.get"}, {Permission: "things.list"}, {Permission: "things.update", Mutates: true},
		{Permission: "things.print"}, {Permission: "things.print", Mutates: true}, // as strong as the strongest of its operations
		{Permission: "bills.settle", Mutates: true, WhileSuspended: true}, {},
	})
	of := func(set map[string]bool) (out []string) {
		for _, p := range slices.Sorted(maps.Keys(set)) {
			if set[p] {
				out = append(out, p)
			}
		}
		return out
	}
	if reads := of(got.Reads); !slices.Equal(reads, []string{"things.get", "things.list"}) {
		t.Errorf("reads are %v", reads)
	}
	if kept := of(got.WhileSuspended); !slices.Equal(kept, []string{"bills.settle"}) {
		t.Errorf("kept are %v", kept)
	}
}
