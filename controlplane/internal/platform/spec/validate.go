package spec

import (
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

// maxErrors bounds the answer to a body that is wrong all over.
const maxErrors = 100

// validation is one walk over one document. It changes the document on its way (nulls out, defaults in, integers in their plain form),
// so that what it accepts decodes without surprise, and collects every wrong field.
type validation struct {
	path   []string
	errors []fault.Field
	// sealed are the pointers to secrets that are kept, so that who says nothing of them leaves them.
	sealed map[string]bool
	// kinds: prefix of ids → kind.
	kinds map[string]string
}

func pointer(path []string, last ...string) string {
	return fault.Pointer(append(path[:len(path):len(path)], last...)...)
}

func (v *validation) fail(code, detail string, last ...string) {
	if len(v.errors) < maxErrors {
		v.errors = append(v.errors, fault.Field{Pointer: pointer(v.path, last...), Code: code, Detail: detail})
	}
}

// err is nil, or the 422 with all wrong fields, in the order of their pointers.
func (v *validation) err() error {
	sort.SliceStable(v.errors, func(i, j int) bool { return v.errors[i].Pointer < v.errors[j].Pointer })
	return fault.InvalidFields(v.errors...)
}

// value checks x and returns what is to stand in its place.
func (v *validation) value(n *node, x any) any {
	if x == nil {
		if !n.nullable {
			v.fail("null", "must not be null")
		}
		return nil
	}
	before := len(v.errors)
	switch n.kind {
	case "string":
		s, ok := x.(string)
		if !ok {
			v.fail("type", "must be a string")
			return x
		}
		if v.text(n, s); n.respelt && len(v.errors) == before {
			return n.canonical(s)
		}
	case "integer":
		num, ok := x.(json.Number)
		if !ok {
			v.fail("type", "must be a whole number")
			return x
		}
		return v.integer(n, num)
	case "boolean":
		if _, ok := x.(bool); !ok {
			v.fail("type", "must be true or false")
		}
	case "array":
		list, ok := x.([]any)
		if !ok {
			v.fail("type", "must be a list")
			return x
		}
		v.list(n, list)
	case "object":
		m, ok := x.(map[string]any)
		if !ok {
			v.fail("type", "must be an object")
			return x
		}
		v.object(n, m)
	}
	return x
}

func (v *validation) text(n *node, s string) {
	switch count := utf8.RuneCountInString(s); {
	case strings.IndexByte(s, 0) >= 0: // JSON has it, no text column does
		v.fail("invalid", "must not contain the character U+0000")
	case len(n.enum) > 0:
		for _, e := range n.enum {
			if e == s {
				return
			}
		}
		v.fail("enum", "must be one of "+strings.Join(n.enum, ", "))
	case count < n.minLen:
		v.fail("min_length", fmt.Sprintf("must be at least %d %s long", n.minLen, plural(n.minLen, "character")))
	case n.maxLen >= 0 && count > n.maxLen:
		v.fail("max_length", fmt.Sprintf("must be at most %d %s long", n.maxLen, plural(n.maxLen, "character")))
	case n.pattern != nil && !n.pattern.MatchString(s):
		v.mismatch(n, s)
	case n.check != nil && !n.check(s):
		v.fail("format", "must be "+n.words)
	}
}

var typeID = regexp.MustCompile("^(" + anyPrefix + ")" + IDSuffix + "$")

// mismatch tells the id of something else from what is no id at all.
func (v *validation) mismatch(n *node, s string) {
	if len(n.refs) > 0 {
		if m := typeID.FindStringSubmatch(s); m != nil {
			detail := "must be " + n.words
			if kind, ok := v.kinds[m[1]]; ok {
				detail += ", not of " + oneOf([]string{kind})
			}
			v.fail("wrong_kind", detail)
			return
		}
	}
	v.fail("pattern", "must be "+n.words)
}

func (v *validation) integer(n *node, num json.Number) any {
	i, over, ok := whole(string(num))
	switch {
	case !ok:
		v.fail("type", "must be a whole number")
	case over > 0 || (over == 0 && n.maximum != nil && i > *n.maximum):
		v.fail("maximum", fmt.Sprintf("must be at most %d", orElse(n.maximum, math.MaxInt64)))
	case over < 0 || (n.minimum != nil && i < *n.minimum):
		v.fail("minimum", fmt.Sprintf("must be at least %d", orElse(n.minimum, math.MinInt64)))
	default:
		return json.Number(strconv.FormatInt(i, 10))
	}
	return num
}

// whole reads a JSON number that has no fraction, be it written 2, 2.0 or 2e0. Over is its sign if it is beyond 64 bits.
func whole(s string) (i int64, over int, ok bool) {
	i, err := strconv.ParseInt(s, 10, 64)
	if err == nil {
		return i, 0, true
	}
	sign := 1
	if strings.HasPrefix(s, "-") {
		sign = -1
	}
	f, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil || f >= 1<<63 || f < -(1<<63): // a number of JSON fails to parse by its size alone
		return 0, sign, true
	case f != math.Trunc(f):
		return 0, 0, false
	}
	return int64(f), 0, true
}

func (v *validation) list(n *node, list []any) {
	if n.maxItems >= 0 && len(list) > n.maxItems {
		v.fail("max_items", fmt.Sprintf("must have at most %d %s", n.maxItems, plural(n.maxItems, "item")))
		return
	}
	if len(list) < n.minItems {
		v.fail("invalid", fmt.Sprintf("must have at least %d %s", n.minItems, plural(n.minItems, "item")))
	}
	var seen map[any]bool
	if n.unique {
		seen = make(map[any]bool, len(list))
	}
	for i, x := range list {
		v.path = append(v.path, strconv.Itoa(i))
		list[i] = v.value(n.items, x)
		switch x := n.items.meaning(list[i]).(type) {
		case string, json.Number, bool:
			if n.unique && seen[x] {
				v.fail("invalid", "stands twice in the list")
			} else if n.unique {
				seen[x] = true
			}
		}
		v.path = v.path[:len(v.path)-1]
	}
}

func (v *validation) object(n *node, m map[string]any) {
	for k, x := range m {
		if x == nil {
			delete(m, k)
		}
	}
	if n.values != nil {
		v.entries(n, m)
		return
	}
	for k := range m {
		if n.fields[k] == nil {
			v.unknown(n, k)
		}
	}
	for _, name := range n.required {
		if _, ok := m[name]; !ok && !v.sealed[pointer(v.path, name)] {
			v.fail("required", "is required", name)
		}
	}
	for _, c := range n.choices {
		v.choice(c, m)
	}
	for _, name := range n.names {
		f := n.fields[name]
		x, ok := m[name]
		if !ok {
			if f.fallback != nil {
				m[name] = clone(f.fallback)
			}
			continue
		}
		v.path = append(v.path, name)
		m[name] = v.value(f, x)
		v.path = v.path[:len(v.path)-1]
	}
}

// choice checks fields that exclude each other. That none is set is a fault of what they are in; that several are, one of each.
func (v *validation) choice(c choice, m map[string]any) {
	var set []string
	for _, name := range c.fields {
		if m[name] != nil {
			set = append(set, name)
		}
	}
	names := strings.Join(c.fields, ", ")
	switch {
	case len(set) == 0 && !c.none:
		v.fail(oneOfCode, "one of these must be set: "+names)
	case len(set) > 1:
		for _, name := range set {
			v.fail(oneOfCode, "only one of these can be set: "+names, name)
		}
	}
}

// oneOfCode is that of a choice that is not made, or made twice.
const oneOfCode = "one_of"

func (v *validation) entries(n *node, m map[string]any) {
	if n.maxItems >= 0 && len(m) > n.maxItems {
		v.fail("max_items", fmt.Sprintf("must have at most %d %s", n.maxItems, plural(n.maxItems, "entry")))
		return
	}
	for k, x := range m {
		v.path = append(v.path, k)
		if strings.IndexByte(k, 0) >= 0 {
			v.fail("invalid", "a key must not contain the character U+0000")
		} else if len(n.refs) > 0 {
			v.key(n, k)
		}
		m[k] = v.value(n.values, x)
		v.path = v.path[:len(v.path)-1]
	}
}

// key checks one that has to be the id of something.
func (v *validation) key(n *node, k string) {
	m := typeID.FindStringSubmatch(k)
	if m == nil || !slices.Contains(n.refs, v.kinds[m[1]]) {
		v.mismatch(n, k)
	}
}

// unknown refuses a field that cannot be sent, and says why.
func (v *validation) unknown(n *node, name string) {
	switch n.refused[name] {
	case immutable:
		v.fail(immutable, "cannot be changed; make another object instead", name)
		return
	case readOnly:
		v.fail(readOnly, "is set by the server", name)
		return
	}
	detail := "there is no such field"
	if near := nearest(name, n.names); near != "" {
		detail += "; did you mean " + near + "?"
	}
	v.fail("unknown_field", detail, name)
}

// names checks the names of a merge patch, with nothing said about their values.
func (v *validation) names(n *node, m map[string]any) {
	for k, x := range m {
		f := n.fields[k]
		if f == nil {
			v.unknown(n, k)
			continue
		}
		sub, ok := x.(map[string]any)
		v.path = append(v.path, k)
		switch {
		case x == nil && f.secret && !f.nullable:
			v.fail("required", "is required")
		case ok && f.fields != nil:
			v.names(f, sub)
		case ok && f.values != nil && f.values.fields != nil:
			for key, entry := range sub {
				if entry, ok := entry.(map[string]any); ok {
					v.path = append(v.path, key)
					v.names(f.values, entry)
					v.path = v.path[:len(v.path)-1]
				}
			}
		}
		v.path = v.path[:len(v.path)-1]
	}
}

// nearest finds the name that a misspelt one was probably meant to be; none if nothing is close.
func nearest(name string, names []string) string {
	best, distance := "", 3
	if len(name) < 4 || len(name) > 64 {
		return ""
	}
	for _, n := range names {
		if d := editDistance(name, n); d < distance {
			best, distance = n, d
		}
	}
	return best
}

// editDistance is Levenshtein's: insertions, deletions and replacements of bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(row[j]+1, row[j-1]+1, cost)
		}
	}
	return row[len(b)]
}

// clone copies a JSON value, so that no two documents share a map.
func clone(x any) any {
	switch x := x.(type) {
	case map[string]any:
		out := make(map[string]any, len(x))
		for k, e := range x {
			out[k] = clone(e)
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = clone(e)
		}
		return out
	}
	return x
}

func orElse(p *int64, d int64) int64 {
	if p != nil {
		return *p
	}
	return d
}

func plural(n int, word string) string {
	switch {
	case n == 1:
		return word
	case strings.HasSuffix(word, "y"):
		return strings.TrimSuffix(word, "y") + "ies"
	}
	return word + "s"
}
