package app

// What traits of fields promise, held for every field of every kind that has them, from the sample data.

import (
	"maps"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/client/fixture"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
)

// A field that another party sets, too, is as that left it until somebody says otherwise: neither a body without it nor null is that.
func TestWhatIsNotWrittenIsKept(t *testing.T) {
	t.Parallel()
	n, load := newSite(t).with(parts{}, nil)
	tried := 0
	for i := range n.catalog.Kinds {
		kind := &n.catalog.Kinds[i]
		fields := keptFields(kind.Fields)
		if len(fields) == 0 {
			continue
		}
		tried += len(fields)
		f := fixture.OpenFrom(t, n.client(ownerToken), n.catalog, load, kind.Name)
		path := strings.Replace(kind.Operations[httpapi.Update].Path, "{id}", f.MustCreate(fixture.Minimal).ID, 1)
		begins := n.must(ownerToken, http.MethodGet, path, nil)
		if explicit := n.must(ownerToken, http.MethodPost, kind.Path+"?dry_run=true", nulls(f.MustBody(fixture.Minimal), fields)); !sameAt(explicit, begins, fields) {
			t.Errorf("%s: null at create gives %v, nothing gives %v", kind.Name, explicit, begins)
		}
		changed := f.MustBody(fixture.Changed)
		for field := range changed {
			if !kept(kind.Field(field)) {
				delete(changed, field)
			}
		}
		n.must(ownerToken, http.MethodPatch, path, changed)
		set := n.must(ownerToken, http.MethodGet, path, nil)
		if sameAt(set, begins, fields) {
			t.Errorf("%s: the sample data changes none of %v", kind.Name, fields)
		}
		for what, body := range map[string]map[string]any{
			"another field": {"notes": "Kept."}, "nothing": {}, "null": nulls(map[string]any{}, fields), "null, and more": nulls(map[string]any{"notes": "Still."}, fields),
		} {
			n.must(ownerToken, http.MethodPatch, path, body)
			if now := n.must(ownerToken, http.MethodGet, path, nil); !sameAt(now, set, fields) {
				t.Errorf("%s: a patch of %s makes of %v %v", kind.Name, what, set, now)
			}
		}
	}
	if tried < 6 {
		t.Errorf("only %d fields are kept", tried)
	}
}

// keptFields are the ways to the fields of an object, and of the objects in it, that another party sets, too.
func keptFields(fields []catalog.Field) [][]string {
	var out [][]string
	for i := range fields {
		f := &fields[i]
		if f.Kept {
			out = append(out, []string{f.Name})
		}
		if f.Type == catalog.Object {
			for _, rest := range keptFields(f.Fields) {
				out = append(out, append([]string{f.Name}, rest...))
			}
		}
	}
	return out
}

// kept says whether a field, or one in it, is kept.
func kept(f *catalog.Field) bool { return len(keptFields([]catalog.Field{*f})) > 0 }

// nulls is a body with null in those fields.
func nulls(body map[string]any, fields [][]string) map[string]any {
	out := maps.Clone(body)
	for _, way := range fields {
		in := out
		for _, name := range way[:len(way)-1] {
			sub, _ := in[name].(map[string]any)
			sub = maps.Clone(sub)
			if sub == nil {
				sub = map[string]any{}
			}
			in[name], in = sub, sub
		}
		in[way[len(way)-1]] = nil
	}
	return out
}

// sameAt says whether two objects are the same in those fields.
func sameAt(a, b map[string]any, fields [][]string) bool {
	for _, way := range fields {
		if !reflect.DeepEqual(valueAt(a, way), valueAt(b, way)) {
			return false
		}
	}
	return true
}

func valueAt(in map[string]any, way []string) any {
	for _, name := range way[:len(way)-1] {
		in, _ = in[name].(map[string]any)
	}
	return in[way[len(way)-1]]
}
