package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
)

// maxSecret bounds what is read of a file for one field.
const maxSecret = 16 << 20

// purpose is what a body is for: it decides which fields have flags.
type purpose int

const (
	forCreate purpose = iota
	forUpdate
)

// reservedFlags are those that commands have whatever their kind. A field of the same name gets the prefix "spec-",
// a filter "filter-".
var reservedFlags = map[string]bool{
	"endpoint": true, "token-file": true, "ca-file": true, "context": true, "output": true, "debug": true, "help": true,
	"dry-run": true, "wait": true, "no-wait": true, "wait-timeout": true, "if-match": true, "file": true, "clear": true,
	"label": true, "query": true, "path": true, "order-by": true, "limit": true,
}

// bodyFlags are the flags from which a request's body is made.
type bodyFlags struct {
	app     *app
	cmd     *cobra.Command
	fields  []catalog.Field
	purpose purpose
	file    string
	clear   []string
	flags   []*fieldFlag
}

// fieldFlag is the flag of one field. It implements pflag.Value and keeps what was given as text.
type fieldFlag struct {
	field  *catalog.Field
	name   string   // of the flag
	path   []string // into the body
	secret bool     // the value is a file's name
	update bool
	values []string
}

func (a *app) newBodyFlags(cmd *cobra.Command, fields []catalog.Field, p purpose) *bodyFlags {
	b := &bodyFlags{app: a, cmd: cmd, fields: fields, purpose: p}
	cmd.Flags().StringVarP(&b.file, "file", "f", "", "YAML or JSON file with fields (-: standard input)")
	b.add(nil, fields)
	if p == forUpdate {
		cmd.Flags().StringArrayVar(&b.clear, "clear", nil, "field to clear, or to set back to its default; may be repeated")
		var names []string
		for _, f := range b.flags {
			if !f.field.Required && !f.field.Kept {
				names = append(names, strings.Join(f.path, "."))
			}
		}
		complete(cmd, "clear", fixed(names...))
	}
	return b
}

func (b *bodyFlags) add(path []string, fields []catalog.Field) {
	for i := range fields {
		f := &fields[i]
		if !f.Writable() || b.purpose == forUpdate && !f.Mutable() {
			continue
		}
		at := append(slices.Clone(path), f.Name)
		if f.Type == catalog.Object {
			b.add(at, f.Fields)
			continue
		}
		if secretInside(f) && f.Type != catalog.String {
			continue // a secret does not belong on a command line: it comes in a file, with -f
		}
		name := dashed(strings.Join(at, "."))
		if reservedFlags[name] {
			name = "spec-" + name
		}
		secret := f.WriteOnly && f.Type == catalog.String
		if secret {
			name += "-file"
		}
		v := &fieldFlag{field: f, name: name, path: at, secret: secret, update: b.purpose == forUpdate}
		flag := b.cmd.Flags().VarPF(v, name, "", usage(f, secret, b.purpose))
		if f.Type == catalog.Boolean {
			flag.NoOptDefVal = "true"
		}
		if f.Deprecated != "" {
			flag.Deprecated = f.Deprecated
		}
		b.flags = append(b.flags, v)
		switch {
		case secret:
		case len(f.Enum) > 0:
			complete(b.cmd, name, fixed(f.Enum...))
		case f.Items != nil && len(f.Items.Enum) > 0:
			complete(b.cmd, name, fixed(f.Items.Enum...))
		case len(f.Ref) > 0:
			complete(b.cmd, name, b.app.completeRefs(f.Ref))
		case f.Items != nil && len(f.Items.Ref) > 0:
			complete(b.cmd, name, b.app.completeRefs(f.Items.Ref))
		case f.Type == catalog.Boolean:
			complete(b.cmd, name, fixed("true", "false"))
		default:
			complete(b.cmd, name, fixed())
		}
	}
}

// secretInside says whether the values of a field are secret, or hold something that is.
func secretInside(f *catalog.Field) bool {
	return f.WriteOnly || f.Items != nil && secretInside(f.Items) ||
		slices.ContainsFunc(f.Fields, func(g catalog.Field) bool { return secretInside(&g) })
}

func usage(f *catalog.Field, secret bool, p purpose) string {
	u := strings.TrimSuffix(f.Description, ".")
	if secret {
		u += ", from this file (-: standard input)"
	}
	switch f.Type {
	case catalog.Set, catalog.List:
		u += "; may be repeated"
	case catalog.Map:
		u += "; may be repeated"
		if p == forUpdate {
			u += ", KEY- removes"
		}
	}
	ts := slices.DeleteFunc(traits(f), func(t string) bool {
		return t == "secret" || p == forUpdate && (t == "required" || strings.HasPrefix(t, "default "))
	})
	if len(ts) > 0 {
		u += " (" + strings.Join(ts, ", ") + ")"
	}
	return u
}

// Type names the value in the help.
func (f *fieldFlag) Type() string {
	item := func(i *catalog.Field) string {
		switch {
		case i.Type == catalog.Object || i.Items != nil:
			return "json"
		case len(i.Ref) > 0:
			return "id|path"
		case i.Type == catalog.Integer:
			return "int"
		}
		return i.Type
	}
	switch {
	case f.secret:
		return "file"
	case f.field.Type == catalog.Map:
		return "key=" + item(f.field.Items)
	case f.field.Type == catalog.Boolean:
		return "bool"
	case f.field.Items != nil:
		return item(f.field.Items)
	}
	return item(f.field)
}

// String is the default that the help shows; the catalog's default is in the usage instead, as it is the server's.
func (f *fieldFlag) String() string { return "" }

// Set checks a value as far as the catalog allows without the server.
func (f *fieldFlag) Set(s string) error {
	switch f.field.Type {
	case catalog.Map:
		if _, _, err := f.entry(s); err != nil {
			return err
		}
		f.values = append(f.values, s)
	case catalog.Set, catalog.List:
		if _, err := scalar(f.field.Items, s); err != nil {
			return err
		}
		f.values = append(f.values, s)
	default:
		if !f.secret {
			if _, err := scalar(f.field, s); err != nil {
				return err
			}
		}
		f.values = []string{s}
	}
	return nil
}

// entry reads KEY=VALUE, or, in an update, KEY- which removes the key.
func (f *fieldFlag) entry(s string) (string, any, error) {
	key, text, ok := strings.Cut(s, "=")
	if !ok {
		if key, removes := strings.CutSuffix(s, "-"); removes && f.update && key != "" {
			return key, nil, nil
		}
		return "", nil, errors.New("must be KEY=VALUE")
	}
	if key == "" {
		return "", nil, errors.New("the key is empty")
	}
	v, err := scalar(f.field.Items, text)
	return key, v, err
}

// scalar reads one value; what has a structure of its own is YAML or JSON.
func scalar(f *catalog.Field, s string) (any, error) {
	switch f.Type {
	case catalog.Integer:
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return nil, errors.New("must be a whole number")
		}
		if f.Minimum != nil && n < *f.Minimum {
			return nil, fmt.Errorf("must be at least %d", *f.Minimum)
		}
		if f.Maximum != nil && n > *f.Maximum {
			return nil, fmt.Errorf("must be at most %d", *f.Maximum)
		}
		return json.Number(strconv.FormatInt(n, 10)), nil
	case catalog.Boolean:
		switch s {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
		return nil, errors.New("must be true or false")
	case catalog.Object, catalog.Map, catalog.Set, catalog.List:
		return parseYAML([]byte(s))
	}
	if len(f.Enum) > 0 && !f.OpenEnum && !slices.Contains(f.Enum, s) {
		return nil, fmt.Errorf("must be one of %s", strings.Join(f.Enum, ", "))
	}
	if len(f.Ref) > 0 {
		return s, nil // a name path or an id: resolved when the body is made
	}
	n := int64(utf8.RuneCountInString(s))
	if f.MinLength != nil && n < *f.MinLength {
		return nil, fmt.Errorf("must have at least %d characters", *f.MinLength)
	}
	if f.MaxLength != nil && n > *f.MaxLength {
		return nil, fmt.Errorf("must have at most %d characters", *f.MaxLength)
	}
	if f.Pattern != "" {
		if p, err := regexp.Compile(f.Pattern); err == nil && !p.MatchString(s) {
			return nil, fmt.Errorf("must match %s", f.Pattern)
		}
	}
	return s, nil
}

// value is what the flag puts into the body.
func (f *fieldFlag) value(in io.Reader) (any, error) {
	switch {
	case f.secret:
		return readSecret(f.values[0], in)
	case f.field.Type == catalog.Map:
		m := map[string]any{}
		for _, s := range f.values {
			k, v, err := f.entry(s)
			if err != nil {
				return nil, err
			}
			m[k] = v
		}
		return m, nil
	case f.field.Items != nil:
		l := []any{}
		for _, s := range f.values {
			v, err := scalar(f.field.Items, s)
			if err != nil {
				return nil, err
			}
			l = append(l, v)
		}
		return l, nil
	}
	return scalar(f.field, f.values[0])
}

// readSecret reads a file as it is: user data may depend on its last newline.
func readSecret(file string, in io.Reader) (string, error) {
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, maxSecret+1))
	if err != nil {
		return "", err
	}
	if len(b) > maxSecret {
		return "", fmt.Errorf("%s is larger than %d MiB", file, maxSecret>>20)
	}
	if !utf8.Valid(b) {
		return "", fmt.Errorf("%s is not UTF-8 text", file)
	}
	return string(b), nil
}

// body makes the body: the file's fields, over them the flags', and name paths replaced by ids.
func (b *bodyFlags) body(ctx context.Context) (map[string]any, error) {
	body := map[string]any{}
	if b.file != "" {
		var err error
		if body, err = b.app.readBody(b.file); err != nil {
			return nil, err
		}
	}
	stdin := b.file == "-"
	for _, f := range b.flags {
		if !b.cmd.Flags().Changed(f.name) {
			continue
		}
		if f.secret && f.values[0] == "-" {
			if stdin {
				return nil, &usageError{errors.New("standard input can be read once only")}
			}
			stdin = true
		}
		v, err := f.value(b.app.streams.In)
		if err != nil {
			return nil, fmt.Errorf("--%s: %w", f.name, err)
		}
		if err := put(body, f.path, v); err != nil {
			return nil, fmt.Errorf("--%s: %w", f.name, err)
		}
	}
	for _, name := range b.clear {
		path := strings.Split(strings.ReplaceAll(name, "-", "_"), ".")
		switch f := fieldAt(b.fields, path); {
		case f == nil:
			return nil, &usageError{fmt.Errorf("--clear %s: there is no such field", name)}
		case f.Kept:
			return nil, &usageError{fmt.Errorf("--clear %s: others set it, too, and without a value it stays what it is: say what it is to be", name)}
		}
		if _, ok := lookup(body, path); ok {
			return nil, &usageError{fmt.Errorf("%s is both set and cleared", name)}
		}
		if err := put(body, path, nil); err != nil {
			return nil, &usageError{fmt.Errorf("--clear %s: %w", name, err)}
		}
	}
	if err := b.app.resolveRefs(ctx, b.fields, body, b.flagOf); err != nil {
		return nil, err
	}
	return body, nil
}

// checkRequired finds what is missing before the server does, all of it at once, in the names of flags.
func (b *bodyFlags) checkRequired(body map[string]any) error {
	var missing []string
	for _, f := range b.fields {
		if v, ok := body[f.Name]; f.Required && f.Writable() && (!ok || v == nil) {
			missing = append(missing, b.flagOf("/"+f.Name))
		}
	}
	if len(missing) > 0 {
		return &usageError{fmt.Errorf("missing: %s", strings.Join(missing, ", "))}
	}
	return nil
}

// flagOf names the flag that a JSON pointer stands for, or returns the pointer if there is none.
func (b *bodyFlags) flagOf(pointer string) string { return flagOf(b.cmd, pointer) }

func flagOf(cmd *cobra.Command, pointer string) string {
	if cmd == nil || !strings.HasPrefix(pointer, "/") {
		return pointer
	}
	segments := strings.Split(pointer[1:], "/")
	for i := range segments {
		segments[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(segments[i])
	}
	for n := len(segments); n > 0; n-- {
		name := dashed(strings.Join(segments[:n], "."))
		for _, candidate := range []string{"spec-" + name, name + "-file", name} {
			flag := cmd.Flags().Lookup(candidate)
			if flag == nil {
				continue
			}
			if _, ok := flag.Value.(*fieldFlag); !ok {
				continue
			}
			if rest := strings.Join(segments[n:], "."); rest != "" {
				return "--" + flag.Name + " " + rest
			}
			return "--" + flag.Name
		}
	}
	return pointer
}

// resolveRefs replaces every name path in a body by the id that it stands for.
func (a *app) resolveRefs(ctx context.Context, fields []catalog.Field, body map[string]any, name func(pointer string) string) error {
	return walkRefs(fields, body, "", func(f *catalog.Field, pointer, value string) (string, error) {
		id, err := a.resolveRef(ctx, f.Ref, value)
		if err != nil {
			return "", fmt.Errorf("%s: %w", name(pointer), err)
		}
		return id, nil
	})
}

// resolveRef resolves a reference that may be to one of several kinds: a name path must match one object of all of
// them, or is written kind:path.
func (a *app) resolveRef(ctx context.Context, kinds []string, value string) (string, error) {
	of, path, err := a.splitRef(kinds, value)
	if err != nil || len(of) == 0 {
		return value, err
	}
	c, err := a.client()
	if err != nil {
		return "", err
	}
	return c.ResolveAny(ctx, of, path)
}

// splitRef tells what goes as it is, for which there are no kinds, from a name path, and says of which kinds that may
// be. What has the form of an id is left to the server to judge, whatever its kind.
func (a *app) splitRef(refs []string, given string) ([]*catalog.Kind, string, error) {
	kinds, value := refs, given
	if value == catalog.Platform && slices.Contains(kinds, value) {
		return nil, value, nil
	}
	if k := a.catalog.KindOfID(value); k != nil && client.IsID(k, value) {
		return nil, value, nil
	}
	if name, path, ok := strings.Cut(given, ":"); ok {
		kinds, value = slices.DeleteFunc(slices.Clone(kinds), func(k string) bool { return k != strings.ReplaceAll(name, "-", "_") }), path
	}
	var of []*catalog.Kind
	for _, name := range kinds {
		if k := a.catalog.Kind(name); k != nil {
			of = append(of, k)
		}
	}
	if len(of) == 0 {
		return nil, "", fmt.Errorf("%q: it may refer to %s", given, strings.Join(refs, ", "))
	}
	return of, value, nil
}

// walkRefs calls f for every reference in a body and puts what it returns in its place.
func walkRefs(fields []catalog.Field, v any, pointer string, f func(field *catalog.Field, pointer, value string) (string, error)) error {
	object, ok := v.(map[string]any)
	if !ok {
		return nil
	}
	for i := range fields {
		value, ok := object[fields[i].Name]
		if !ok {
			continue
		}
		fresh, err := walkRef(&fields[i], value, pointer+"/"+fields[i].Name, f)
		if err != nil {
			return err
		}
		object[fields[i].Name] = fresh
	}
	return nil
}

func walkRef(field *catalog.Field, v any, pointer string, f func(*catalog.Field, string, string) (string, error)) (any, error) {
	var err error
	switch x := v.(type) {
	case string:
		if len(field.Ref) > 0 && x != "" {
			return f(field, pointer, x)
		}
	case []any:
		for i := range x {
			if field.Items != nil {
				if x[i], err = walkRef(field.Items, x[i], pointer+"/"+strconv.Itoa(i), f); err != nil {
					return nil, err
				}
			}
		}
	case map[string]any:
		if field.Type == catalog.Object {
			return x, walkRefs(field.Fields, x, pointer, f)
		}
		return walkEntries(field, x, pointer, f)
	}
	return v, nil
}

// walkEntries is walkRef for a map, whose keys may be references, too.
func walkEntries(field *catalog.Field, entries map[string]any, pointer string, f func(*catalog.Field, string, string) (string, error)) (any, error) {
	out := make(map[string]any, len(entries))
	for _, k := range slices.Sorted(maps.Keys(entries)) {
		key, value := k, entries[k]
		var err error
		if len(field.Ref) > 0 {
			if key, err = f(field, pointer+"/"+k, k); err != nil {
				return nil, err
			}
		}
		if _, twice := out[key]; twice {
			return nil, fmt.Errorf("%s: two keys stand for %s", pointer, key)
		}
		if field.Items != nil {
			if value, err = walkRef(field.Items, value, pointer+"/"+k, f); err != nil {
				return nil, err
			}
		}
		out[key] = value
	}
	return out, nil
}

// fieldAt returns the field at a path of names, nil if there is none.
func fieldAt(fields []catalog.Field, path []string) *catalog.Field {
	var found *catalog.Field
	for _, name := range path {
		i := slices.IndexFunc(fields, func(f catalog.Field) bool { return f.Name == name })
		if i < 0 {
			return nil
		}
		found = &fields[i]
		fields = found.Fields
	}
	return found
}

// put sets a value in a tree of objects, making those on the way; maps are merged.
func put(body map[string]any, path []string, v any) error {
	for _, p := range path[:len(path)-1] {
		next, ok := body[p].(map[string]any)
		if !ok {
			if there, has := body[p]; has && there != nil {
				return fmt.Errorf("%s is no object", p)
			}
			next = map[string]any{}
			body[p] = next
		}
		body = next
	}
	last := path[len(path)-1]
	if old, ok := body[last].(map[string]any); ok {
		if fresh, ok := v.(map[string]any); ok {
			for k, x := range fresh {
				old[k] = x
			}
			return nil
		}
	}
	body[last] = v
	return nil
}

func lookup(body map[string]any, path []string) (any, bool) {
	v, ok := body[path[0]]
	if !ok || len(path) == 1 {
		return v, ok
	}
	next, isObject := v.(map[string]any)
	if !isObject {
		return nil, false
	}
	return lookup(next, path[1:])
}
