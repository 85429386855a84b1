package lint

import (
	"slices"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

func TestFollowers(t *testing.T) {
	t.Parallel()
	follower := func(of []string, change ...func(*catalog.Field)) catalog.Field {
		f := catalog.Field{Name: "tag", Type: catalog.String, Description: "Words.", Computed: true, Follows: of}
		for _, c := range change {
			c(&f)
		}
		return f
	}
	name := []string{"name"}
	inside := func(k *catalog.Kind, of catalog.Field) {
		k.Fields = append(k.Fields, catalog.Field{Name: "o", Type: catalog.Object, Description: "Words.", Computed: true, Fields: []catalog.Field{of}})
	}
	for want, change := range map[string]func(*catalog.Kind){
		"": func(k *catalog.Kind) {
			length := catalog.Field{Name: "length", Type: catalog.Integer, Description: "Words.", Computed: true, Follows: []string{"tag"}}
			k.Fields = append(k.Fields, follower([]string{"name", "labels"}), length)
		},
		"field tag: follows name, and can be sent": func(k *catalog.Kind) {
			k.Fields = append(k.Fields, follower(name, func(f *catalog.Field) { f.Computed = false }))
		},
		"field tag: follows name, and changes by itself": func(k *catalog.Kind) {
			k.Fields = append(k.Fields, follower(name, func(f *catalog.Field) { f.Volatile = true }))
		},
		"field tag: follows name, and is shown once": func(k *catalog.Kind) {
			k.Fields = append(k.Fields, follower(name, func(f *catalog.Field) { f.ShownOnce, f.Nullable = true, true }))
		},
		"field tag: follows lamp, which is no field":            func(k *catalog.Kind) { k.Fields = append(k.Fields, follower([]string{"lamp"})) },
		"field tag: follows revision, which the server sets":    func(k *catalog.Kind) { k.Fields = append(k.Fields, follower([]string{"revision"})) },
		"field tag: follows itself, by tag; name what comes fi": func(k *catalog.Kind) { k.Fields = append(k.Fields, follower([]string{"tag"})) },
		"field mark: follows itself, by tag": func(k *catalog.Kind) {
			k.Fields = append(k.Fields, follower([]string{"mark"}), follower([]string{"tag"}, func(f *catalog.Field) { f.Name = "mark" }))
		},
		"field tag: follows display_name, which is a secret": func(k *catalog.Kind) {
			k.Field("display_name").WriteOnly = true
			k.Fields = append(k.Fields, follower([]string{"display_name"}))
		},
		"field tag: follows size_mib, which takes the permission books.get_size to see": func(k *catalog.Kind) {
			k.Field("size_mib").VisibleTo = "books.get_size"
			k.Fields = append(k.Fields, follower([]string{"size_mib"}))
		},
		"field o.tag: follows in an object is not admitted: only a field of t": func(k *catalog.Kind) { inside(k, follower(name)) },
		"action open, field tag: follows name, and is no field of the kind":    func(k *catalog.Kind) { k.Actions[0].Fields = []catalog.Field{follower(name)} },
	} {
		c := sound(t)
		change(c.Kind("book"))
		found := Catalog(titled(c))
		if want == "" && len(found) > 0 || want != "" && !slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, want) }) {
			t.Errorf("want %q, found %q", want, found)
		}
	}
}
