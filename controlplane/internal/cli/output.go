package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// Formats of results.
const (
	outputTable = "table"
	outputWide  = "wide"
	outputJSON  = "json"
	outputYAML  = "yaml"
	outputID    = "id"
)

var outputs = []string{outputTable, outputWide, outputJSON, outputYAML, outputID}

func checkOutput(format string) error {
	if !slices.Contains(outputs, format) {
		return fmt.Errorf("--output %q: it is one of %s", format, strings.Join(outputs, ", "))
	}
	return nil
}

// print writes v as JSON or YAML, or has it written for people.
func (a *app) print(v any, people func(io.Writer) error) error {
	switch a.output {
	case outputJSON, outputYAML:
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		return a.printRaw(b)
	}
	return people(a.streams.Out)
}

func (a *app) printRaw(j []byte) error {
	var out bytes.Buffer
	if a.output == outputYAML {
		y, err := toYAML(j)
		if err != nil {
			return err
		}
		out.Write(y)
	} else {
		if err := json.Indent(&out, j, "", "  "); err != nil {
			return err
		}
		out.WriteByte('\n')
	}
	_, err := out.WriteTo(a.streams.Out)
	return err
}

// printObjects writes objects as the server answered them: alone if one was asked for, else a list.
func (a *app) printObjects(k *catalog.Kind, items []json.RawMessage, single bool) error {
	switch a.output {
	case outputJSON, outputYAML:
		if single && len(items) == 1 {
			return a.printRaw(items[0])
		}
		b, err := json.Marshal(items)
		if err != nil {
			return err
		}
		return a.printRaw(b)
	}
	columns := columnsOf(k, a.output == outputWide)
	if a.output == outputID {
		columns = []string{k.IDField()}
	}
	t := newTable()
	if a.output != outputID {
		for _, c := range columns {
			t.header = append(t.header, heading(c))
		}
	}
	for _, item := range items {
		object, err := decodeObject(item)
		if err != nil {
			return err
		}
		row := make([]string, len(columns))
		for i, c := range columns {
			row[i] = cell(object[c])
			if f := k.Field(c); f != nil && f.HiddenIn(object) {
				row[i] = isHidden
			}
		}
		t.add(row...)
	}
	return t.write(a.streams.Out)
}

// printMade writes an object that was made or acted upon, and below the table what the server shows of it this once.
func (a *app) printMade(k *catalog.Kind, item json.RawMessage) error {
	if err := a.printObjects(k, []json.RawMessage{item}, true); err != nil {
		return err
	}
	if a.output != outputTable && a.output != outputWide {
		return nil
	}
	object, err := decodeObject(item)
	if err != nil {
		return err
	}
	secrets := shownOnce(k, object)
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		if _, err := fmt.Fprintf(a.streams.Out, "%s: %s\n", name, printable(secrets[name])); err != nil {
			return err
		}
		fmt.Fprintf(a.streams.Err, "the %s is not shown again: keep it now\n", name)
	}
	return nil
}

// shownOnce are the secrets that an answer shows and no later one will.
func shownOnce(k *catalog.Kind, object map[string]any) map[string]string {
	out := map[string]string{}
	for i := range k.Fields {
		if s, ok := object[k.Fields[i].Name].(string); ok && k.Fields[i].ShownOnce {
			out[k.Fields[i].Name] = s
		}
	}
	return out
}

// keepsSecret refuses the one format that would lose what is shown once.
func (a *app) keepsSecret(k *catalog.Kind, w *writing) error {
	if a.output == outputID && k.ShowsOnce() && !w.dryRun {
		return &usageError{fmt.Errorf("-o %s would lose the secret that is shown once: take another format", outputID)}
	}
	return nil
}

// columnsOf chooses the fields that a table shows: name or key, id, parent, the required numbers and choices, and the
// state. Wide shows all that fit into a cell.
func columnsOf(k *catalog.Kind, wide bool) []string {
	var columns []string
	add := func(name string) {
		if k.Field(name) != nil && !slices.Contains(columns, name) {
			columns = append(columns, name)
		}
	}
	if k.Named {
		add("name")
	}
	add(k.IDField())
	for _, key := range k.Key {
		add(key)
	}
	if k.Parent != nil {
		add(k.Parent.Field)
	}
	for i := range k.Fields {
		f := &k.Fields[i]
		plain := f.Type == catalog.String || f.Type == catalog.Integer || f.Type == catalog.Boolean
		switch {
		case !plain || f.WriteOnly || f.ShownOnce || f.Name == "state" || f.Name == "revision" && !wide:
		case wide, f.Required, !k.Named && !f.Nullable && f.Format != "date-time", f.Computed && !f.Volatile && len(f.Ref) == 0:
			add(f.Name)
		}
	}
	add("state")
	return columns
}

// isHidden stands for a value that the token may not see.
const isHidden = "(hidden)"

// heading is a field's name above its column.
func heading(field string) string { return strings.ToUpper(strings.ReplaceAll(field, "_", " ")) }

func cell(v any) string {
	switch v := v.(type) {
	case nil:
		return "-"
	case string:
		if v == "" {
			return "-"
		}
		return printable(v)
	case map[string]any, []any:
		return printable(text(v))
	}
	return fmt.Sprint(v)
}

// printable keeps text of others from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s)
}

// describe writes every field of an object, one per line, and the names of what it refers to.
func (a *app) describe(k *catalog.Kind, item json.RawMessage, names map[string]string) error {
	object, err := decodeObject(item)
	if err != nil {
		return err
	}
	t := newTable()
	describe(t, "", k.Fields, object, names)
	return t.write(a.streams.Out)
}

func describe(t *table, indent string, fields []catalog.Field, object map[string]any, names map[string]string) {
	for i := range fields {
		f := &fields[i]
		v, ok := object[f.Name]
		if f.HiddenIn(object) {
			t.add(indent+f.Name+":", isHidden)
		}
		if !ok {
			continue
		}
		describeValue(t, indent, f.Name, f, v, names)
	}
}

func describeValue(t *table, indent, name string, f *catalog.Field, v any, names map[string]string) {
	label := indent + printable(name) + ":"
	switch x := v.(type) {
	case map[string]any:
		if len(x) == 0 {
			t.add(label, "-")
			return
		}
		t.add(label, "")
		if f.Type == catalog.Object {
			describe(t, indent+"  ", f.Fields, x, names)
			return
		}
		for _, key := range slices.Sorted(maps.Keys(x)) {
			describeValue(t, indent+"  ", key, itemOf(f), x[key], names)
		}
	case []any:
		var parts []string
		for _, e := range x {
			parts = append(parts, named(e, names))
		}
		t.add(label, cell(strings.Join(parts, ", ")))
	default:
		s := named(v, names)
		if f.Unit != "" && v != nil {
			s += " " + f.Unit
		}
		t.add(label, s)
	}
}

func itemOf(f *catalog.Field) *catalog.Field {
	if f.Items == nil {
		return &catalog.Field{Type: catalog.Map}
	}
	return f.Items
}

// named adds the name of the object that an id stands for.
func named(v any, names map[string]string) string {
	s := cell(v)
	if id, ok := v.(string); ok && names[id] != "" {
		s += " (" + printable(names[id]) + ")"
	}
	return s
}

// printResults writes what became of several objects.
func (a *app) printResults(results []result) error {
	return a.print(results, func(w io.Writer) error {
		for _, r := range results {
			if a.output == outputID {
				if _, err := fmt.Fprintln(w, r.ID); err != nil {
					return err
				}
				continue
			}
			id := ""
			if r.ID != "" && r.ID != r.Name {
				id = " (" + r.ID + ")"
			}
			if _, err := fmt.Fprintf(w, "%s %s%s %s\n", r.Kind, printable(r.Name), id, r.Result); err != nil {
				return err
			}
			for _, c := range r.Changes {
				if _, err := fmt.Fprintln(w, "  "+printable(c)); err != nil {
					return err
				}
			}
			for _, name := range slices.Sorted(maps.Keys(r.ShownOnce)) {
				if _, err := fmt.Fprintf(w, "  %s, not shown again: %s\n", name, printable(r.ShownOnce[name])); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// table aligns columns.
type table struct {
	header []string
	rows   [][]string
}

func newTable(header ...string) *table { return &table{header: header} }

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) write(w io.Writer) error {
	var aligned bytes.Buffer
	tw := tabwriter.NewWriter(&aligned, 0, 8, 2, ' ', 0)
	rows := t.rows
	if len(t.header) > 0 {
		rows = append([][]string{t.header}, rows...)
	}
	for _, r := range rows {
		fmt.Fprintln(tw, strings.Join(r, "\t"))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(aligned.String()) {
		if _, err := io.WriteString(w, strings.TrimRight(line, " \n")+"\n"); err != nil {
			return err
		}
	}
	return nil
}
