package cli

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// comparison finds the JSON merge patch that takes an object to what is desired.
type comparison struct {
	// whole: what is absent from the desired object is to be cleared. Otherwise it is left alone.
	whole bool
	// secrets: write-only fields, which cannot be compared, are part of the patch.
	secrets bool
	changes []string // for people: memory_mib: 512 → 1024
}

// patch compares the fields of an object. The patch is empty if nothing differs.
func (c *comparison) patch(fields []catalog.Field, present, desired map[string]any) map[string]any {
	return c.object("", func(name string) *catalog.Field { return fieldAt(fields, []string{name}) }, fields, present, desired)
}

func (c *comparison) object(prefix string, field func(string) *catalog.Field, fields []catalog.Field, present, desired map[string]any) map[string]any {
	patch := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(desired)) {
		c.value(prefix+name, name, field(name), present, desired[name], patch)
	}
	if c.whole {
		for _, name := range slices.Sorted(maps.Keys(present)) {
			if _, ok := desired[name]; !ok && present[name] != nil && !keeps(field(name)) {
				patch[name] = nil
				c.note(prefix+name, present[name], nil)
			}
		}
	}
	// Setting one of several exclusive fields takes the other away: a merge patch would leave both.
	for i := range fields {
		f := &fields[i]
		if _, said := desired[f.Name]; f.OneOf == "" || said || present[f.Name] == nil {
			continue
		}
		for j := range fields {
			if g := &fields[j]; g.OneOf == f.OneOf && desired[g.Name] != nil {
				if _, cleared := patch[f.Name]; !cleared {
					patch[f.Name] = nil
					c.note(prefix+f.Name, present[f.Name], nil)
				}
			}
		}
	}
	return patch
}

func (c *comparison) value(path, name string, f *catalog.Field, present map[string]any, want any, patch map[string]any) {
	have, exists := present[name]
	if f != nil && f.WriteOnly {
		if c.secrets {
			patch[name] = want
			c.changes = append(c.changes, path+": (secret)")
		}
		return
	}
	wantObject, ok1 := want.(map[string]any)
	haveObject, ok2 := have.(map[string]any)
	switch {
	case ok1 && ok2 && f != nil && f.Type == catalog.Object:
		inner := c.object(path+".", func(n string) *catalog.Field { return fieldAt(f.Fields, []string{n}) }, f.Fields, haveObject, wantObject)
		if len(inner) > 0 {
			patch[name] = inner
		}
	case ok1 && ok2 && f != nil && f.Type == catalog.Map:
		if inner := c.object(path+".", func(string) *catalog.Field { return f.Items }, nil, haveObject, wantObject); len(inner) > 0 {
			patch[name] = inner
		}
	case f.HiddenIn(present): // whether it differs is not for this token: the server refuses it
		patch[name] = want
		c.changes = append(c.changes, fmt.Sprintf("%s: %s → %s", path, isHidden, text(want)))
	case exists && same(f, have, want), !exists && want == nil:
	default:
		patch[name] = want
		c.note(path, have, want)
	}
}

func (c *comparison) note(path string, have, want any) {
	c.changes = append(c.changes, fmt.Sprintf("%s: %s → %s", path, text(have), text(want)))
}

// keeps says whether what is not desired of a field stays what it is: another party sets it, too.
func keeps(f *catalog.Field) bool { return f != nil && f.Kept }

// same compares two values of a field by what they mean: the order of a set means nothing, and null stands for the
// default where there is one.
func same(f *catalog.Field, have, want any) bool {
	if f != nil && want == nil && have != nil {
		if f.ServerDefault || f.Kept {
			return true // whatever the server has chosen, or another party
		}
		if len(f.Default) > 0 {
			if d, err := decode(f.Default); err == nil {
				want = d
			}
		}
	}
	if f != nil && f.Type == catalog.Set {
		return slices.Equal(sorted(have), sorted(want)) && (have == nil) == (want == nil)
	}
	return text(have) == text(want)
}

func sorted(v any) []string {
	var s []string
	if l, ok := v.([]any); ok {
		for _, x := range l {
			s = append(s, text(x))
		}
	}
	slices.Sort(s)
	return s
}

// text is the canonical JSON of a value: encoding/json sorts keys.
func text(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSpace(b.String())
}
