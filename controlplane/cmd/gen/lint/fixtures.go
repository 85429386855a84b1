package lint

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

// Contract checks bodies as the server does.
type Contract interface {
	Body(opID string, body []byte) ([]byte, error)
	PatchBody(opID string, body []byte) (map[string]any, error)
	Merge(opID string, current any, patch map[string]any) ([]byte, error)
}

// beyond are the codes that the specification alone cannot give: the kind's own rules and its database do.
var beyond = []string{"not_found", "shrink", "conflict", "invalid", "format", "unsupported"}

// unchanged are mutable fields that Changed need not change: with them the object could not be removed after the test.
var unchanged = []string{"deletion_protection"}

// Fixtures returns everything that is wrong with the sample data of a catalog. load is catalog.LoadFixture or stands in for it.
func Fixtures(c *catalog.Catalog, load func(kind string) (*catalog.Fixture, error), contract Contract) []string {
	l := &fixtureLinter{linter: linter{catalog: c}, contract: contract}
	for i := range c.Kinds {
		k := &c.Kinds[i]
		if !k.Managed {
			continue
		}
		f, err := load(k.Name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			l.addf("kind %s: has no sample data; add controlplane/client/catalog/fixtures/%s.json", k.Name, k.Name)
		case err != nil:
			l.addf("kind %s: %v", k.Name, err)
		default:
			l.fixture(k, f)
		}
	}
	sort.Strings(l.found)
	return l.found
}

type fixtureLinter struct {
	linter
	contract Contract
}

func (l *fixtureLinter) fixture(k *catalog.Kind, f *catalog.Fixture) {
	where := "fixtures/" + k.Name + ".json"
	l.parents(where, k, f)
	for _, field := range k.Fields {
		_, minimal := f.Minimal[field.Name]
		full, inFull := f.Full[field.Name]
		changed, inChanged := f.Changed[field.Name]
		switch {
		case field.Required && !minimal:
			l.addf("%s: minimal lacks %s, which is required", where, field.Name)
		case !field.Required && minimal && !Chosen(&field):
			l.addf("%s: minimal has %s, which is not required", where, field.Name)
		}
		if field.Writable() && !inFull && !Chosen(&field) {
			l.addf("%s: full lacks %s", where, field.Name)
		}
		if !field.Mutable() || slices.Contains(unchanged, field.Name) {
			continue
		}
		switch {
		case !inChanged && !Chosen(&field):
			l.addf("%s: changed lacks %s", where, field.Name)
		case inChanged && inFull && full != nil && reflect.DeepEqual(full, changed): // null in both: it takes no value yet
			l.addf("%s: changed has the same %s as full", where, field.Name)
		}
	}
	for _, body := range []struct {
		name   string
		fields map[string]any
	}{{"minimal", f.Minimal}, {"full", f.Full}} {
		if err := l.begin(k, f, body.fields); err != nil {
			l.addf("%s: %s would be refused: %v", where, body.name, err)
		}
	}
	if _, ok := k.Operations["update"]; ok {
		for _, made := range []struct {
			name   string
			fields map[string]any
		}{{"minimal", f.Minimal}, {"full", f.Full}} {
			if err := l.change(k, f, made.fields); err != nil {
				l.addf("%s: changed would be refused: %v (after %s)", where, err, made.name)
			}
		}
	}
	for _, p := range k.Uploads {
		if f.Uploads[p.Name] == "" {
			l.addf("%s: uploads lacks %s", where, p.Name)
		}
	}
	if len(f.Invalid) == 0 {
		l.addf("%s: has no invalid cases", where)
	}
	for _, c := range f.Invalid {
		l.invalid(where, k, f, c)
	}
}

func (l *fixtureLinter) parents(where string, k *catalog.Kind, f *catalog.Fixture) {
	for label, p := range f.Parents {
		if l.catalog.Kind(p.Kind) == nil {
			l.addf("%s: parent %s is of kind %s, which does not exist", where, label, p.Kind)
		}
	}
	text, err := json.Marshal([]any{f.Minimal, f.Full, f.Changed, f.Invalid, f.Parents})
	if err != nil {
		l.addf("%s: %v", where, err)
		return
	}
	for _, m := range placeholder.FindAllStringSubmatch(string(text), -1) {
		if _, ok := f.Parents[m[1]]; m[1] != "unique" && !inDays.MatchString(m[1]) && !ok {
			l.addf("%s: %s names no parent", where, m[0])
		}
	}
}

var (
	placeholder = regexp.MustCompile(`\$\{([a-z_.0-9]+)\}`)
	inDays      = regexp.MustCompile(`^in_[0-9]+_days$`)
)

// filled puts something of the right form into the place of everything that is known at run time only.
func (l *fixtureLinter) filled(f *catalog.Fixture, fields map[string]any) []byte {
	b, err := json.Marshal(fields)
	if err != nil {
		return nil
	}
	return placeholder.ReplaceAllFunc(b, func(m []byte) []byte {
		label := strings.Trim(string(m), "${}")
		if inDays.MatchString(label) {
			return []byte("2030-01-01T00:00:00Z")
		}
		if p, ok := f.Parents[label]; ok {
			if k := l.catalog.Kind(p.Kind); k != nil {
				// Two parents of a kind are two objects.
				return fmt.Appendf(nil, "%s_%026d", k.Prefix, slices.Index(slices.Sorted(maps.Keys(f.Parents)), label))
			}
		}
		return []byte("x1")
	})
}

// begin checks a body as the server does that gets it first: as a create, or, of a singleton, as the first patch.
func (l *fixtureLinter) begin(k *catalog.Kind, f *catalog.Fixture, fields map[string]any) error {
	if k.Singleton {
		op := k.Operations["update"]
		fields = maps.Clone(fields)
		delete(fields, k.Key[0])
		patch, err := l.contract.PatchBody(op.ID, l.filled(f, fields))
		if err != nil {
			return err
		}
		_, err = l.contract.Merge(op.ID, map[string]any{}, patch)
		return err
	}
	op, ok := k.Operations["create"]
	if !ok {
		return nil
	}
	_, err := l.contract.Body(op.ID, l.filled(f, fields))
	return err
}

// change checks the changes to what was made of a body.
func (l *fixtureLinter) change(k *catalog.Kind, f *catalog.Fixture, made map[string]any) error {
	op := k.Operations["update"]
	patch, err := l.contract.PatchBody(op.ID, l.filled(f, f.Changed))
	if err != nil {
		return err
	}
	current := map[string]any{}
	if err := json.Unmarshal(l.filled(f, made), &current); err != nil {
		return err
	}
	for name := range current {
		if field := k.Field(name); field == nil || !field.Mutable() {
			delete(current, name)
		}
	}
	_, err = l.contract.Merge(op.ID, current, patch)
	return err
}

// invalid checks that a case is refused as it says, as far as the specification alone refuses.
func (l *fixtureLinter) invalid(where string, k *catalog.Kind, f *catalog.Fixture, c catalog.InvalidCase) {
	at := fmt.Sprintf("%s: invalid %q", where, c.Name)
	whole := c.Pointer == "" && c.Code == "one_of" // a choice at the top that is not made is a fault of no one field
	if !strings.HasPrefix(c.Pointer, "/") && !whole || c.Code == "" || c.Name == "" || len(c.Set) == 0 {
		l.addf("%s: needs a name, what it sets, a pointer such as /name and a code", at)
		return
	}
	body := map[string]any{}
	for name, v := range f.Minimal {
		body[name] = v
	}
	for name, v := range c.Set {
		body[name] = v
	}
	first := strings.NewReplacer("~1", "/", "~0", "~").Replace(strings.SplitN(strings.TrimPrefix(c.Pointer, "/"), "/", 2)[0])
	if _, ok := body[first]; !ok && !whole {
		l.addf("%s: its pointer is of a field that it does not set", at)
	}
	err := l.begin(k, f, body)
	e := fault.As(err)
	if e == nil {
		if !slices.Contains(beyond, c.Code) {
			l.addf("%s: is accepted, not refused with %s", at, c.Code)
		}
		return
	}
	if !slices.ContainsFunc(e.Fields, func(f fault.Field) bool { return f.Pointer == c.Pointer && f.Code == c.Code }) {
		l.addf("%s: is refused, but not at %s with %s: %v", at, c.Pointer, c.Code, err)
	}
}
