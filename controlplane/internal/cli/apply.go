package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
)

const applyHelp = `Make objects be as files say. Each document of a file is one object:

  kind: virtual_machine
  parent: acme/web            # id or name path; short for the field in spec (cloudspace_id)
  name: vm1                   # short for name in spec
  spec:
    image_id: debian-12       # id or name path
    vcpus: 2
    memory_mib: 2048

An object is found by its parent and name, or, if its kind has no names, by the fields of its key (or by id: vm_01j…), created if it does not exist, and changed only where it
differs: a field that is absent is left alone, null clears it. Objects are applied in the order of their references,
whatever their order in the files. Secret fields are sent at creation; later only with --update-secrets, because the
server never shows what they are.`

// document is one object of an apply.
type document struct {
	source string // for messages: file and number
	kind   *catalog.Kind
	id     string
	spec   map[string]any
	after  []*document

	operation string // that is still running
	pending   bool   // in a dry run: it does not exist yet
}

// name is how messages call it.
func (d *document) name() string {
	if n := d.path(); n != "" {
		return n
	}
	if d.id != "" {
		return d.id
	}
	var key []string
	for _, name := range d.kind.Key {
		key = append(key, fmt.Sprint(d.spec[name]))
	}
	return strings.Join(key, ",")
}

// path is its name path as far as the document says it.
func (d *document) path() string {
	name, _ := d.spec["name"].(string)
	if d.kind.Parent == nil || name == "" {
		return name
	}
	parent, _ := d.spec[d.kind.Parent.Field].(string)
	if _, path, ok := strings.Cut(parent, ":"); ok {
		parent = path
	}
	if parent == "" || strings.Contains(parent, "_") {
		return name
	}
	return parent + "/" + name
}

// result is what became of one object.
type result struct {
	Kind    string   `json:"kind"`
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Result  string   `json:"result"`
	Changes []string `json:"changes,omitempty"`
	// ShownOnce are the secrets of an object that was created.
	ShownOnce map[string]string `json:"shown_once,omitempty"`
}

type applying struct {
	app     *app
	writing writing
	secrets bool
}

func (a *app) applyCommand() *cobra.Command {
	ap := &applying{app: a}
	var files []string
	cmd := &cobra.Command{
		Use:   "apply -f FILE",
		Short: "Make objects be as files say",
		Long:  applyHelp,
		Args:  cobra.NoArgs,
	}
	cmd.Flags().StringArrayVarP(&files, "file", "f", nil, "YAML or JSON file (-: standard input); may be repeated")
	cmd.Flags().BoolVar(&ap.secrets, "update-secrets", false, "also send the secret fields of objects that exist")
	ap.writing.register(cmd, catalog.Operation{Async: true}, false)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if len(files) == 0 {
			return &usageError{errors.New("no file is given: -f FILE")}
		}
		docs, err := a.readDocuments(files)
		if err != nil {
			return err
		}
		if docs, err = a.order(docs); err != nil {
			return err
		}
		for _, d := range docs {
			if err := a.keepsSecret(d.kind, &ap.writing); err != nil {
				return err
			}
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), ap.writing.timeout)
		defer cancel()
		results, err := ap.all(ctx, docs)
		// What has been done is told before what has not.
		return errors.Join(a.printResults(results), err)
	}
	return cmd
}

func (a *app) readDocuments(files []string) ([]*document, error) {
	var docs []*document
	for _, file := range files {
		b, err := a.read(file)
		if err != nil {
			return nil, err
		}
		parsed, err := parseDocuments(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %s", file, firstFault(err))
		}
		for i, v := range parsed {
			source := fmt.Sprintf("%s, document %d", file, i+1)
			d, err := a.newDocument(source, v)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", source, err)
			}
			docs = append(docs, d)
		}
	}
	return docs, nil
}

func (a *app) newDocument(source string, v any) (*document, error) {
	object, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("it is no object")
	}
	text := map[string]string{}
	d := &document{source: source, spec: map[string]any{}}
	for _, member := range slices.Sorted(maps.Keys(object)) {
		switch member {
		case "kind", "id", "parent", "name":
			if text[member], ok = object[member].(string); !ok {
				return nil, fmt.Errorf("%s must be text", member)
			}
		case "spec":
			if object[member] == nil {
				continue
			}
			if d.spec, ok = object[member].(map[string]any); !ok {
				return nil, errors.New("spec must be an object")
			}
		default:
			return nil, fmt.Errorf("unknown member %q: a document has kind, id, parent, name, and its fields in spec", member)
		}
	}
	d.id = text["id"]
	if d.kind = a.catalog.Kind(strings.ReplaceAll(text["kind"], "-", "_")); d.kind == nil {
		return nil, fmt.Errorf("there is no kind %q", text["kind"])
	}
	if !d.kind.Managed {
		return nil, fmt.Errorf("objects of kind %s can only be read", d.kind.Name)
	}
	short := map[string]string{"name": "name"}
	if d.kind.Parent != nil {
		short["parent"] = d.kind.Parent.Field
	} else if text["parent"] != "" {
		return nil, fmt.Errorf("objects of kind %s have no parent", d.kind.Name)
	}
	for member, field := range short {
		value, given := text[member], object[member] != nil
		if !given {
			continue
		}
		if there, ok := d.spec[field]; ok && there != value {
			return nil, fmt.Errorf("%s and spec.%s differ", member, field)
		}
		d.spec[field] = value
	}
	if d.id == "" && d.kind.Named {
		if name, _ := d.spec["name"].(string); name == "" {
			return nil, errors.New("it has neither name nor id")
		}
	}
	for _, name := range d.kind.Key {
		if d.id == "" && d.spec[name] == nil {
			return nil, fmt.Errorf("%s is missing: objects of kind %s are found by %s", name, d.kind.Name, strings.Join(d.kind.Key, ", "))
		}
	}
	return d, nil
}

// order puts documents behind those that they refer to; otherwise the order of the catalog and of the files holds.
func (a *app) order(docs []*document) ([]*document, error) {
	rank := map[string]int{}
	for i := range a.catalog.Kinds {
		rank[a.catalog.Kinds[i].Name] = i
	}
	sorted := slices.Clone(docs)
	slices.SortStableFunc(sorted, func(x, y *document) int { return rank[x.kind.Name] - rank[y.kind.Name] })
	for _, d := range sorted {
		err := walkRefs(d.kind.Fields, d.spec, "", func(f *catalog.Field, pointer, value string) (string, error) {
			kinds, path, err := a.splitRef(f.Ref, value)
			if err != nil {
				return "", fmt.Errorf("%s: spec%s: %w", d.source, strings.ReplaceAll(pointer, "/", "."), err)
			}
			for _, other := range sorted {
				if other != d && slices.Contains(kinds, other.kind) && mayBe(path, other.path()) {
					d.after = append(d.after, other)
				}
			}
			return value, nil
		})
		if err != nil {
			return nil, err
		}
	}
	var ordered []*document
	const open, done = 1, 2
	state := map[*document]int{}
	var visit func(d *document) error
	visit = func(d *document) error {
		switch state[d] {
		case done:
			return nil
		case open:
			return fmt.Errorf("%s: %s %s refers to itself over others", d.source, d.kind.Name, d.name())
		}
		state[d] = open
		for _, other := range d.after {
			if err := visit(other); err != nil {
				return err
			}
		}
		state[d] = done
		ordered = append(ordered, d)
		return nil
	}
	for _, d := range sorted {
		if err := visit(d); err != nil {
			return nil, err
		}
	}
	return ordered, nil
}

// mayBe says whether two name paths may stand for the same object: each may begin at any ancestor.
func mayBe(a, b string) bool {
	return a == b || a != "" && strings.HasSuffix(b, "/"+a) || b != "" && strings.HasSuffix(a, "/"+b)
}

func (ap *applying) all(ctx context.Context, docs []*document) ([]result, error) {
	results := []result{}
	for _, d := range docs {
		if err := ap.awaitAll(ctx, d.after); err != nil {
			return results, err
		}
		r, err := ap.one(ctx, d)
		if err != nil {
			// What was started already is not left unwatched.
			return results, errors.Join(fmt.Errorf("%s: %s %s: %w", d.source, d.kind.Name, d.name(), err), ap.finish(ctx, docs))
		}
		results = append(results, r)
	}
	return results, ap.finish(ctx, docs)
}

func (ap *applying) finish(ctx context.Context, docs []*document) error {
	if ap.writing.noWait || !ap.writing.wait {
		return nil
	}
	return ap.awaitAll(ctx, docs)
}

// awaitAll waits for the operations of these documents, all of them even if one fails.
func (ap *applying) awaitAll(ctx context.Context, docs []*document) error {
	var failed []error
	for _, d := range docs {
		if d.operation == "" {
			continue
		}
		operation := d.operation
		d.operation = ""
		if err := ap.app.await(ctx, operation); err != nil {
			failed = append(failed, fmt.Errorf("%s %s: %w", d.kind.Name, d.name(), err))
		}
	}
	return errors.Join(failed...)
}

// one makes one object be as its document says.
func (ap *applying) one(ctx context.Context, d *document) (result, error) {
	r := result{Kind: d.kind.Name, ID: d.id, Name: d.name()}
	if ap.writing.dryRun && slices.ContainsFunc(d.after, func(o *document) bool { return o.pending }) {
		// What it refers to does not exist yet, so the server cannot be asked.
		d.pending = true
		r.Result = "would be created"
		return r, nil
	}
	spec, err := clone(d.spec)
	if err != nil {
		return r, err
	}
	if err := ap.app.resolveRefs(ctx, d.kind.Fields, spec, func(pointer string) string {
		return "spec" + strings.ReplaceAll(pointer, "/", ".")
	}); err != nil {
		return r, err
	}
	present, err := ap.find(ctx, d, spec)
	if err != nil {
		return r, err
	}
	if present == nil {
		return ap.create(ctx, d, spec, r)
	}
	r.ID, _ = present[d.kind.IDField()].(string)
	return ap.update(ctx, d, spec, present, r)
}

func (ap *applying) create(ctx context.Context, d *document, spec map[string]any, r result) (result, error) {
	objects, err := ap.app.objects(d.kind)
	if err != nil {
		return r, err
	}
	made, err := objects.Create(ctx, spec, ap.writing.options()...)
	if err != nil {
		return r, err
	}
	if r.Result = "created"; ap.writing.dryRun {
		r.Result = "would be created"
		d.pending = true
		return r, nil
	}
	object, err := decodeObject(made)
	if err != nil {
		return r, err
	}
	r.ID, _ = object[d.kind.IDField()].(string)
	r.ShownOnce = shownOnce(d.kind, object)
	d.operation, _ = object["operation_id"].(string)
	return r, nil
}

// update sends what differs, without waiting for the operation that it may start: dependants do, and the end of the run.
func (ap *applying) update(ctx context.Context, d *document, spec, present map[string]any, r result) (result, error) {
	c := comparison{secrets: ap.secrets}
	patch := c.patch(d.kind.Fields, present, spec)
	r.Changes = c.changes
	if len(patch) == 0 && present["state"] != "failed" {
		r.Result = "unchanged"
		d.operation, _ = present["operation_id"].(string)
		return r, nil
	}
	objects, err := ap.app.objects(d.kind)
	if err != nil {
		return r, err
	}
	// An empty patch tries a failed change again.
	changed, err := objects.Patch(ctx, r.ID, patch, append(ap.writing.options(), client.IfUnchanged(present))...)
	if err != nil {
		return r, err
	}
	if r.Result = "updated"; ap.writing.dryRun {
		r.Result = "would be updated"
		return r, nil
	}
	d.operation = (&client.Response{Body: changed}).OperationID()
	return r, nil
}

// find returns the object that a document speaks of, nil if it does not exist.
func (ap *applying) find(ctx context.Context, d *document, spec map[string]any) (map[string]any, error) {
	id := d.id
	if d.kind.Singleton && id == "" {
		id, _ = spec[d.kind.IDField()].(string)
	}
	if id != "" {
		if !client.IsID(d.kind, id) {
			return nil, fmt.Errorf("%q is not an id of kind %s (%s_…)", id, d.kind.Name, d.kind.Prefix)
		}
		object, err := ap.app.get(ctx, d.kind, id)
		if err != nil {
			return nil, err
		}
		return decodeObject(object)
	}
	key := slices.Clone(d.kind.Key)
	query := url.Values{}
	if d.kind.Named {
		name, _ := spec["name"].(string)
		query.Set("path", name)
		key = append(key, "name")
		if d.kind.Parent != nil && spec[d.kind.Parent.Field] != nil {
			key = append(key, d.kind.Parent.Field)
		}
	}
	if len(key) == 0 {
		return nil, fmt.Errorf("objects of kind %s have no key: an id is needed", d.kind.Name)
	}
	for _, f := range d.kind.Filters {
		if value, ok := spec[f.Name].(string); ok && slices.Contains(key, f.Name) {
			query.Set(f.Name, value)
		}
	}
	objects, err := ap.app.objects(d.kind)
	if err != nil {
		return nil, err
	}
	var found []map[string]any
	for item, err := range objects.List(ctx, query) {
		if err != nil {
			return nil, err
		}
		object, err := decodeObject(item)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(key, func(k string) bool { return text(object[k]) != text(spec[k]) }) {
			found = append(found, object)
		}
	}
	switch {
	case len(found) == 0:
		return nil, nil
	case len(found) > 1:
		return nil, fmt.Errorf("%d objects match: say its parent, or its id", len(found))
	}
	if operation, _ := found[0]["operation_id"].(string); found[0]["state"] == "deleting" && operation != "" {
		// Its name is free when it is gone.
		if err := ap.app.await(ctx, operation); err != nil {
			return nil, err
		}
		return ap.find(ctx, d, spec)
	}
	return found[0], nil
}

func clone(v map[string]any) (map[string]any, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return decodeObject(b)
}
