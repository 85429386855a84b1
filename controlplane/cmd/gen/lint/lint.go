// Package lint checks the catalog and its fixtures for what would hurt some client: a name that Terraform or Ansible keeps for itself,
// a default that breaks its own rule, a field without words, sample data that leaves a field untested.
package lint

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// reserved are names that no field may have, with who keeps them.
var reserved = map[string]string{
	"provider": "Terraform", "count": "Terraform", "lifecycle": "Terraform", "depends_on": "Terraform", "connection": "Terraform",
	"for_each": "Terraform", "provisioner": "Terraform", "version": "Terraform", "timeouts": "the provider",
	"api_url": ansible, "api_token": ansible, "validate_certs": ansible, "wait": ansible, "wait_timeout": ansible,
	"endpoint": ansible, "token": ansible, "token_file": ansible, "ca_file": ansible, "retries": ansible, "timeout": ansible,
}

const ansible = "Ansible"

// units are the suffixes of names that measure something.
var units = map[string]string{
	"_kib": "KiB", "_mib": "MiB", "_gib": "GiB", "_tib": "TiB", "_bytes": "bytes", "_mbps": "Mbit/s", "_seconds": "s", "_ms": "ms",
	"_minutes": "min", "_hours": "h", "_days": "d", "_percent": "%", "_mhz": "MHz",
}

var (
	fieldName  = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	prefixName = regexp.MustCompile(`^[a-z]{2,5}$`)
	mediaType  = regexp.MustCompile(`^[a-z]+/[a-z0-9.+-]+$`)
	pathName   = regexp.MustCompile(`^/[a-z]+(-[a-z]+)*$`)
)

// Catalog returns everything that is wrong with a catalog, in the order of its words.
func Catalog(c *catalog.Catalog) []string {
	l := &linter{catalog: c}
	seen := map[string]string{}
	for i := range c.Kinds {
		k := &c.Kinds[i]
		for _, name := range []string{"name " + k.Name, "plural " + k.Plural, "prefix " + k.Prefix, "path " + k.Path} {
			if name == "prefix " {
				continue
			}
			if other, ok := seen[name]; ok {
				l.addf("kind %s: its %s is also that of %s", k.Name, name, other)
			}
			seen[name] = k.Name
		}
		l.kind(k)
	}
	for i := range c.Operations {
		l.general(&c.Operations[i])
	}
	sort.Strings(l.found)
	return l.found
}

type linter struct {
	catalog *catalog.Catalog
	found   []string
}

func (l *linter) addf(format string, args ...any) {
	l.found = append(l.found, fmt.Sprintf(format, args...))
}

func (l *linter) kind(k *catalog.Kind) {
	where := "kind " + k.Name
	if !fieldName.MatchString(k.Name) || !fieldName.MatchString(k.Plural) || !pathName.MatchString(k.Path) {
		l.addf("%s: name and plural are lower_case, the path is /lower-case", where)
	}
	if !prefixName.MatchString(k.Prefix) && (k.Prefix != "" || k.Managed && !k.Singleton) {
		l.addf("%s: its prefix is 2 to 5 letters; only what the program itself has needs none", where)
	}
	l.words(where, "title", k.Title)
	l.words(where, "category", k.Category)
	l.description(where, k.Description)
	if _, ok := k.Operations["get"]; !ok {
		l.addf("%s: nothing reads one; every kind has a get", where)
	}
	if _, ok := k.Operations["list"]; !ok && !k.Singleton {
		l.addf("%s: nothing lists it; every kind has a list", where)
	}
	l.key(where, k)
	for verb, op := range k.Operations {
		l.words(where+", "+verb, "summary", op.Summary)
		if op.RequiresIfMatch && k.Field("revision") == nil {
			l.addf("%s, %s: requires If-Match, and has no field revision to match", where, verb)
		}
	}
	l.parts(where, "document", "download", k, k.Documents)
	l.parts(where, "upload", "upload", k, k.Uploads)
	l.parts(where, "stream", "watch", k, k.Streams)
	for _, a := range k.Actions {
		if _, ok := k.Operations[a.Name]; ok {
			l.addf("%s: an action is called %s, as a standard operation is", where, a.Name)
		}
		l.words(where+", action "+a.Name, "summary", a.Summary)
		l.fields(where+", action "+a.Name, a.Fields)
		l.shapes(where+", action "+a.Name, a.Fields)
	}
	l.parent(where, k)
	l.named(where, k)
	l.fields(where, k.Fields)
	l.shapes(where, k.Fields)
	l.hidden(where, k)
	l.kept(where, k)
	l.reveals(where, k)
	l.follows(where, k)
	l.filters(where, k)
	l.orders(where, k)
	l.states(where, k)
	switch id := k.Field("id"); {
	case k.Singleton && id != nil:
		l.addf("%s: has the field id; the id of a singleton is its key", where)
	case !k.Singleton && (id == nil || !id.Computed || k.Prefix != "" && id.Format != "typeid"):
		l.addf("%s: has no computed field id of the format typeid", where)
	}
	if state := k.Field("state"); state != nil && !state.Computed {
		l.addf("%s, field state: cannot be sent: it is what the server says of the object, and Ansible has an option of that name", where)
	}
}

// general checks an operation that belongs to no kind: nothing else says what it takes and answers.
func (l *linter) general(o *catalog.GeneralOperation) {
	where := "operation " + o.ID
	l.words(where, "summary", o.Summary)
	for i := range l.catalog.Kinds {
		k := &l.catalog.Kinds[i]
		if o.Name() == k.Name || o.Name() == k.Plural {
			l.addf("%s: is called %s by clients, as the kind %s is", where, o.Name(), k.Name)
		}
	}
	for i := range l.catalog.Operations {
		if other := &l.catalog.Operations[i]; other != o && (other.Name() == o.Name() || other.Method+other.Path == o.Method+o.Path) {
			l.addf("%s: is called, or stands, where %s is", where, other.ID)
		}
	}
	titles := map[string]bool{}
	for i := range o.Parameters {
		p := &o.Parameters[i]
		at := where + ", parameter " + p.Name
		l.title(at, p.Title, titles)
		l.description(at, p.Description)
		l.refs(at, p.Ref)
		if !fieldName.MatchString(p.Name) {
			l.addf("%s: its name is not lower_case", at)
		}
		if slices.ContainsFunc(o.Fields, func(f catalog.Field) bool { return f.Name == p.Name }) {
			l.addf("%s: its body has a field of that name", at)
		}
	}
	l.fields(where, o.Fields)
	l.shapes(where, o.Fields)
	l.fields(where+", answer", o.Answer)
	l.answers(where+", answer", o.Answer)
	l.unrevealed(where, slices.Concat(o.Fields, o.Answer))
	l.unfollowed(where, slices.Concat(o.Fields, o.Answer))
	if len(o.Answer) == 0 {
		l.addf("%s: answers nothing; what leaves nothing to read is an action of a kind", where)
	}
	if has := slices.ContainsFunc(o.Answer, func(f catalog.Field) bool { return f.Name == "next_page_token" }); has != o.Paged {
		l.addf("%s: answers a page if it is a list, and only then", where)
	}
}

// parts checks what is below an object: the command line has one command for all that go the same way.
func (l *linter) parts(where, what, command string, k *catalog.Kind, of []catalog.Part) {
	if len(of) > 0 && slices.ContainsFunc(k.Actions, func(a catalog.Action) bool { return a.Name == command }) {
		l.addf("%s: an action is called %s, as the command for its %ss is", where, command, what)
	}
	for _, p := range of {
		at := fmt.Sprintf("%s, %s %s", where, what, p.Name)
		if !fieldName.MatchString(p.Name) || p.Name == "actions" {
			l.addf("%s: is lower_case, and not called actions, below which these are", at)
		}
		l.words(at, "summary", p.Summary)
		for _, t := range slices.Concat(p.ContentTypes, p.BodyTypes) {
			if !mediaType.MatchString(t) || t == "application/json" {
				l.addf("%s: %s is no content type of it; what is JSON has fields", at, t)
			}
		}
	}
}

// key checks what tells the objects of an unnamed kind apart: clients find them by it.
func (l *linter) key(where string, k *catalog.Kind) {
	if !k.Named && len(k.Key) == 0 {
		l.addf("%s: has neither a name nor a key", where)
	}
	for _, name := range k.Key {
		f := k.Field(name)
		switch {
		case f == nil:
			l.addf("%s: its key names %s, which is no field", where, name)
		case !k.Managed && !k.Singleton:
		case !f.Required || !f.Immutable:
			l.addf("%s, field %s: is part of the key, so it is required and cannot be changed", where, name)
		case !k.Singleton && !slices.ContainsFunc(k.Filters, func(f catalog.Filter) bool { return f.Name == name }):
			l.addf("%s, field %s: is part of the key, so its list needs a filter by it", where, name)
		}
	}
	if !k.Singleton {
		return
	}
	for _, f := range k.Fields {
		if f.OneOf != "" && !f.Computed {
			l.addf("%s, field %s: is one of a choice that nobody has made at the beginning of a singleton; x-at-most-one", where, f.Name)
		}
	}
	if len(k.Key) != 1 || k.Field(k.Key[0]) == nil || len(k.Field(k.Key[0]).Ref) == 0 {
		l.addf("%s: is a singleton, so its key is one field, which refers to that of which there is one", where)
	}
	for verb, op := range k.Operations {
		if verb == "create" || verb == "list" {
			l.addf("%s: is a singleton and has a %s", where, verb)
		} else if op.Path != k.Path+"/{id}" {
			l.addf("%s, %s: its path is not %s/{id}", where, verb, k.Path)
		}
	}
}

func (l *linter) words(where, what, s string) {
	if strings.TrimSpace(s) == "" {
		l.addf("%s: has no %s", where, what)
	}
}

// maxTitle is how long a title is at most: it heads a column, and stands beside an input.
const maxTitle = 40

// title checks what something is called before people; two beside each other are not called the same.
func (l *linter) title(where, title string, beside map[string]bool) {
	l.words(where, "title", title)
	if len([]rune(title)) > maxTitle {
		l.addf("%s: its title %q is longer than %d characters; x-title says another", where, title, maxTitle)
	}
	if beside[title] {
		l.addf("%s: its title %q is that of another beside it; x-title says another", where, title)
	}
	beside[title] = true
}

func (l *linter) description(where, s string) {
	l.words(where, "description", s)
	if s != "" && !strings.ContainsAny(s[len(s)-1:], ".:!?") {
		l.addf("%s: its description does not end with a full stop", where)
	}
}

func (l *linter) parent(where string, k *catalog.Kind) {
	if k.Parent == nil {
		return
	}
	for _, name := range k.Parents() {
		if l.catalog.Kind(name) == nil {
			l.addf("%s: its parent %s is no kind", where, name)
		}
	}
	f := k.Field(k.Parent.Field)
	switch {
	case f == nil:
		l.addf("%s: its parent field %s does not exist", where, k.Parent.Field)
	case !slices.Equal(slices.Sorted(slices.Values(f.Ref)), slices.Sorted(slices.Values(k.Parents()))):
		l.addf("%s, field %s: refers to %v, the parent is a %s", where, f.Name, f.Ref, strings.Join(k.Parents(), " or a "))
	case f.Computed:
		l.addf("%s, field %s: is set by the server, so nothing says where a new one goes", where, f.Name)
	}
}

func (l *linter) named(where string, k *catalog.Kind) {
	if !k.Named {
		return
	}
	for _, name := range []string{"name", "display_name", "labels", "revision", "created_at", "updated_at", "deletion_protection"} {
		if k.Field(name) == nil {
			l.addf("%s: is named and has no field %s; embed resource.Named and resource.Meta", where, name)
		}
	}
	if f := k.Field("name"); f != nil && (f.Format != "slug" || f.Immutable || f.Computed || !f.Required) {
		l.addf("%s, field name: must be a required slug that can be changed", where)
	}
}

func (l *linter) filters(where string, k *catalog.Kind) {
	_, listed := k.Operations["list"]
	if listed && k.Field("state") != nil && !slices.ContainsFunc(k.Filters, func(f catalog.Filter) bool { return f.Name == "state" && f.Many }) {
		l.addf("%s: is in states, and its list has no filter by several of them", where)
	}
	titles := map[string]bool{}
	for _, f := range k.Filters {
		at := where + ", filter " + f.Name
		l.title(at, f.Title, titles)
		l.description(at, f.Description)
		if !fieldName.MatchString(f.Name) {
			l.addf("%s: its name is not lower_case", at)
		}
		l.refs(at, f.Ref)
		field := k.Field(f.Name)
		if f.Many && (f.Type != catalog.String || len(f.Enum)+len(f.Ref) == 0) {
			l.addf("%s: takes several values, and is neither an enumeration nor a reference: a comma may be part of any other text", at)
		}
		if f.Bound != "" || f.Field != "" {
			l.bound(at, k, &f)
			continue
		}
		if field == nil && len(f.Ref) == 0 && f.Format == "" {
			l.addf("%s: is neither a field nor the id of a kind, and has no format that says what it takes", at)
		}
		if field != nil && (field.Type == catalog.Object || field.Type == catalog.JSON || field.Items != nil) {
			l.addf("%s: the field is a %s; a filter is one value", at, field.Type)
		}
	}
}

// bound checks an end of a range: clients say of the field what it is, and find the other end beside it.
func (l *linter) bound(at string, k *catalog.Kind, f *catalog.Filter) {
	field := k.Field(f.Field)
	if f.Name != f.Field+"_"+f.Bound || field == nil {
		l.addf("%s: is an end of a range, and is not called like a field and the end", at)
		return
	}
	times := f.Type == catalog.String && f.Format == "date-time" && field.Format == "date-time"
	numbers := f.Type == catalog.Integer && field.Type == catalog.Integer
	other := map[string]string{}
	switch {
	case times:
		other = map[string]string{catalog.From: catalog.Until, catalog.Until: catalog.From}
	case numbers:
		other = map[string]string{catalog.Min: catalog.Max, catalog.Max: catalog.Min}
	}
	if other[f.Bound] == "" {
		l.addf("%s: a range is of times, from and until, or of whole numbers, min and max", at)
	} else if !slices.ContainsFunc(k.Filters, func(o catalog.Filter) bool { return o.Field == f.Field && o.Bound == other[f.Bound] }) {
		l.addf("%s: its range has no other end", at)
	}
	if f.Many {
		l.addf("%s: takes either several values or a range", at)
	}
	if k.Field(f.Name) != nil {
		l.addf("%s: there is a field of that name", at)
	}
}

// orders checks what a list can be ordered by: readers see by what.
func (l *linter) orders(where string, k *catalog.Kind) {
	for i, name := range k.Orders {
		f := k.Field(name)
		switch {
		case f == nil || f.WriteOnly || f.ShownOnce:
			l.addf("%s: is ordered by %s, which is no field that is read", where, name)
		case f.Items != nil || f.Type == catalog.Object || f.Type == catalog.JSON:
			l.addf("%s: is ordered by %s, which is a %s", where, name, f.Type)
		case slices.Contains(k.Orders[:i], name):
			l.addf("%s: is ordered by %s twice", where, name)
		}
	}
}

func (l *linter) states(where string, k *catalog.Kind) {
	f := k.Field("state")
	if f == nil {
		return
	}
	for state, verbs := range k.States {
		if !slices.Contains(f.Enum, state) {
			l.addf("%s: its table of states has %s, its field state has not", where, state)
		}
		for _, v := range verbs {
			_, standard := k.Operations[v]
			if !standard && !slices.ContainsFunc(k.Actions, func(a catalog.Action) bool { return a.Name == v }) {
				l.addf("%s, state %s: allows %s, which does not exist", where, state, v)
			}
		}
	}
	for _, state := range f.Enum {
		if k.States[state] == nil {
			l.addf("%s: its table of states lacks %s", where, state)
		}
	}
}

func (l *linter) refs(where string, refs []string) {
	for _, r := range refs {
		if l.catalog.Kind(r) == nil && r != catalog.Platform {
			l.addf("%s: refers to %s, which is no kind", where, r)
		}
	}
}

func (l *linter) fields(where string, fields []catalog.Field) {
	seen, titles := map[string]bool{}, map[string]bool{}
	for i := range fields {
		f := &fields[i]
		at := where + ", field " + f.Name
		l.title(at, f.Title, titles)
		if seen[f.Name] {
			l.addf("%s: stands twice", at)
		}
		seen[f.Name] = true
		if who, ok := reserved[f.Name]; ok && (who != ansible || f.Writable()) { // what Ansible only returns is no option
			l.addf("%s: the name belongs to %s", at, who)
		}
		if !fieldName.MatchString(f.Name) {
			l.addf("%s: its name is not lower_case", at)
		}
		l.field(at, f)
	}
	l.chosen(where, fields)
}

func (l *linter) field(at string, f *catalog.Field) {
	l.description(at, f.Description)
	l.refs(at, f.Ref)
	if f.Pattern != "" {
		if _, err := regexp.Compile(f.Pattern); err != nil {
			l.addf("%s: its pattern: %v", at, err)
		}
		if !strings.HasPrefix(f.Pattern, "^") || !strings.HasSuffix(f.Pattern, "$") {
			l.addf("%s: its pattern is not anchored", at)
		}
	}
	switch f.Type {
	case catalog.String, catalog.Boolean, catalog.Integer:
	case catalog.JSON:
		if !f.Computed {
			l.addf("%s: is an object of any shape that can be sent; name its fields", at)
		}
	case catalog.Object:
		l.fields(at, f.Fields)
		if len(f.Fields) == 0 {
			l.addf("%s: is an object without fields", at)
		}
	case catalog.Map, catalog.Set, catalog.List:
		l.items(at, f)
	default:
		l.addf("%s: there is no type %s; amounts are decimal strings, sizes whole numbers", at, f.Type)
	}
	l.unit(at, f)
	l.traits(at, f)
	if len(f.Default) > 0 {
		if problem := Fits(f, f.Default); problem != "" {
			l.addf("%s: its default %s %s", at, f.Default, problem)
		}
	}
}

func (l *linter) items(at string, f *catalog.Field) {
	if f.Items != nil && f.Computed {
		of := *f.Items
		of.Computed = true
		f = &catalog.Field{Type: f.Type, Computed: true, Items: &of}
	}
	switch {
	case f.Items == nil:
		l.addf("%s: says nothing of its items", at)
	case f.Items.Items != nil:
		l.addf("%s: is a %s of %ss; write it flat", at, f.Type, f.Items.Type)
	case f.Items.Type == catalog.Object && f.Type == catalog.Set:
		l.addf("%s: is a set of objects; make it a map by a natural key, or a list if their order is the meaning", at)
	case f.Type != catalog.Map && len(f.Items.Ref) > 0 && f.Writable():
		l.addf("%s: is a %s of references; an attachment is a field of the thing that comes later", at, f.Type)
	default:
		l.field(at+", items", f.Items)
	}
	if f.MaxItems == nil && f.Writable() {
		l.addf("%s: has no limit; x-max-items", at)
	}
}

func (l *linter) unit(at string, f *catalog.Field) {
	if f.Type != catalog.Integer {
		return
	}
	for suffix, unit := range units {
		if strings.HasSuffix(f.Name, suffix) && f.Unit != unit {
			l.addf("%s: is called %s, so its x-unit is %s, not %q", at, suffix, unit, f.Unit)
		}
	}
	if f.Unit != "" && !slices.ContainsFunc(suffixesOf(f.Unit), func(s string) bool { return strings.HasSuffix(f.Name, s) }) {
		l.addf("%s: is measured in %s, and its name does not end with %s", at, f.Unit, strings.Join(suffixesOf(f.Unit), " or "))
	}
}

func suffixesOf(unit string) []string {
	var out []string
	for s, u := range units {
		if u == unit {
			out = append(out, s)
		}
	}
	sort.Strings(out)
	if len(out) == 0 {
		return []string{"a suffix of the table of units"}
	}
	return out
}

// traits checks those that exclude each other.
func (l *linter) traits(at string, f *catalog.Field) {
	rule := func(broken bool, words string) {
		if broken {
			l.addf("%s: %s", at, words)
		}
	}
	rule(f.WriteOnly && f.Computed, "is write-only and readable")
	rule(f.ShownOnce && (!f.Computed || !f.Nullable || f.Type != catalog.String), "is shown once, so it is text that the server sets, null afterwards")
	rule(f.Computed && f.Immutable, "is set by the server and once by the client")
	rule(f.Volatile && !f.Computed, "changes by itself and can be sent")
	rule(f.Required && (f.Nullable || len(f.Default) > 0 || f.ServerDefault), "is required and can be absent")
	rule(f.Nullable && len(f.Default) > 0, "is nullable and has a default; null would bring the default back")
	rule(f.ServerDefault && len(f.Default) > 0, "has a default of its own and one of the server")
	rule(f.GrowOnly && (f.Type != catalog.Integer || f.Computed || f.Immutable), "only a number that can be changed can grow")
	rule(f.OpenEnum && len(f.Enum) == 0, "is an open enumeration without values")
	rule(f.Minimum != nil && f.Maximum != nil && *f.Minimum > *f.Maximum, "its minimum is above its maximum")
	rule(f.MinLength != nil && f.MaxLength != nil && *f.MinLength > *f.MaxLength, "its least length is above its greatest")
	rule(f.Writable() && f.Type == catalog.Integer && (f.Minimum == nil || f.Maximum == nil), "is a number without both limits")
	rule(f.Writable() && f.Type == catalog.String && len(f.Enum) == 0 && f.MaxLength == nil && !bounded(f),
		"is text without a limit; maxLength")
}

// bounded formats have values of a limited length by their pattern.
func bounded(f *catalog.Field) bool {
	return slices.Contains([]string{"typeid", "slug", "phone", "country", "currency", "language", "cidr", "ip", "ipv4", "mac", "decimal", "duration", "date", "date-time"}, f.Format)
}

// Fits says what is wrong with a literal as the value of a field; nothing if it fits.
func Fits(f *catalog.Field, literal json.RawMessage) string {
	d := json.NewDecoder(bytes.NewReader(literal))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return "is not JSON"
	}
	return fits(f, v)
}

func fits(f *catalog.Field, v any) string {
	switch f.Type {
	case catalog.String:
		s, ok := v.(string)
		if !ok {
			return "is not a string"
		}
		return fitsText(f, s)
	case catalog.Boolean:
		if _, ok := v.(bool); !ok {
			return "is not true or false"
		}
	case catalog.Integer:
		n, ok := v.(json.Number)
		if !ok {
			return "is not a number"
		}
		i, err := n.Int64()
		switch {
		case err != nil:
			return "is not a whole number"
		case f.Minimum != nil && i < *f.Minimum:
			return "is below the minimum"
		case f.Maximum != nil && i > *f.Maximum:
			return "is above the maximum"
		}
	case catalog.Set, catalog.List:
		list, ok := v.([]any)
		if !ok {
			return "is not a list"
		}
		for _, e := range list {
			if p := fits(f.Items, e); p != "" {
				return "has an item that " + p
			}
		}
		return fitsCount(f, len(list))
	case catalog.Map, catalog.Object:
		m, ok := v.(map[string]any)
		if !ok {
			return "is not an object"
		}
		return fitsObject(f, m)
	}
	return ""
}

func fitsText(f *catalog.Field, s string) string {
	n := int64(len([]rune(s)))
	switch {
	case len(f.Enum) > 0 && !slices.Contains(f.Enum, s):
		return "is not one of " + strings.Join(f.Enum, ", ")
	case f.MinLength != nil && n < *f.MinLength:
		return "is too short"
	case f.MaxLength != nil && n > *f.MaxLength:
		return "is too long"
	}
	if f.Pattern != "" {
		if re, err := regexp.Compile(f.Pattern); err == nil && !re.MatchString(s) {
			return "does not match " + f.Pattern
		}
	}
	return ""
}

func fitsObject(f *catalog.Field, m map[string]any) string {
	if f.Type == catalog.Map {
		for k, e := range m {
			if p := fits(f.Items, e); p != "" {
				return "has the key " + k + ", which " + p
			}
		}
		return fitsCount(f, len(m))
	}
	for k, e := range m {
		i := slices.IndexFunc(f.Fields, func(sub catalog.Field) bool { return sub.Name == k })
		if i < 0 {
			return "has " + k + ", which is no field"
		}
		if p := fits(&f.Fields[i], e); p != "" {
			return "has the field " + k + ", which " + p
		}
	}
	return ""
}

func fitsCount(f *catalog.Field, n int) string {
	if f.MaxItems != nil && int64(n) > *f.MaxItems {
		return "has too many items"
	}
	return ""
}
