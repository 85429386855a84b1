package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
)

// dashed is how a catalog name is written on the command line.
func dashed(name string) string { return strings.ReplaceAll(name, "_", "-") }

// aliases are the other names of a kind: its plural, with underscores too, and the prefix of its ids.
func aliases(k *catalog.Kind) []string {
	var as []string
	for _, n := range []string{dashed(k.Plural), k.Name, k.Plural, k.Prefix} {
		if n != "" && n != dashed(k.Name) && !slices.Contains(as, n) {
			as = append(as, n)
		}
	}
	return as
}

// kindCommand makes the commands of one kind.
func (a *app) kindCommand(k *catalog.Kind) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:     dashed(k.Name),
		Aliases: aliases(k),
		Short:   k.Title,
		Long:    k.Title + ". " + k.Description + "\n\nAll its fields: demarc explain " + dashed(k.Name),
		GroupID: k.Category,
	})
	add := func(verb string, c func(*catalog.Kind, catalog.Operation) *cobra.Command) {
		if op, ok := k.Operations[verb]; ok {
			cmd.AddCommand(c(k, op))
		}
	}
	add("list", a.listCommand)
	add("get", a.itemGetCommand)
	add("get", a.describeCommand)
	add("create", a.createCommand)
	add("update", a.updateCommand)
	if _, ok := k.Operations["get"]; ok {
		add("update", a.editCommand)
	}
	add("delete", a.deleteCommand)
	for i := range k.Actions {
		cmd.AddCommand(a.actionCommand(k, &k.Actions[i]))
	}
	if len(k.Documents) > 0 {
		cmd.AddCommand(a.downloadCommand(k))
	}
	if len(k.Uploads) > 0 {
		cmd.AddCommand(a.uploadCommand(k))
	}
	if len(k.Streams) > 0 {
		cmd.AddCommand(a.watchCommand(k))
	}
	return cmd
}

// listing are the flags of a list.
type listing struct {
	kind    *catalog.Kind
	label   string
	query   string
	path    string
	orderBy string
	limit   int
	filters map[string]*[]string // flag → its values
	names   map[string]string    // flag → query parameter
}

func (a *app) newListing(cmd *cobra.Command, k *catalog.Kind) *listing {
	l := &listing{kind: k, filters: map[string]*[]string{}, names: map[string]string{}}
	flags := cmd.Flags()
	flags.IntVar(&l.limit, "limit", 0, "at most so many objects (0: all)")
	if orders := k.Orderings(); len(orders) > 0 {
		flags.StringVar(&l.orderBy, "order-by", "", "field to order by, with a minus sign the other way round: "+strings.Join(k.Orders, ", "))
		complete(cmd, "order-by", fixed(orders...))
	}
	if k.Named {
		flags.StringVarP(&l.label, "label", "l", "", "label selector: env=prod,tier!=db,owner,!legacy")
		flags.StringVarP(&l.query, "query", "q", "", "part of the name or display name")
		flags.StringVar(&l.path, "path", "", "name path: all objects that match it")
	}
	for _, f := range k.Filters {
		name := dashed(f.Name)
		if flags.Lookup(name) != nil || reservedFlags[name] {
			name = "filter-" + name
		}
		values := new([]string)
		usage := f.Description
		if len(f.Enum) > 0 {
			usage += " One of: " + strings.Join(f.Enum, ", ") + "."
		}
		if f.Many {
			flags.StringSliceVar(values, name, nil, usage+" Several with commas between them, or each with the flag.")
		} else {
			flags.Var((*single)(values), name, usage)
		}
		l.filters[name], l.names[name] = values, f.Name
		switch {
		case len(f.Enum) > 0:
			complete(cmd, name, fixed(f.Enum...))
		case len(f.Ref) > 0:
			complete(cmd, name, a.completeRefs(f.Ref))
		case f.Type == catalog.Boolean:
			complete(cmd, name, fixed("true", "false"))
		}
	}
	return l
}

// single is a flag of a filter that takes one value: the last that is given, as it is written.
type single []string

func (s *single) String() string { return strings.Join(*s, "") }

// Set implements pflag.Value.
func (s *single) Set(value string) error {
	*s = []string{value}
	return nil
}

// Type implements pflag.Value.
func (s *single) Type() string { return "string" }

// set says whether any flag of the list was given.
func (l *listing) set(cmd *cobra.Command) bool {
	names := []string{"label", "query", "order-by", "limit", "path"}
	for n := range l.filters {
		names = append(names, n)
	}
	return slices.ContainsFunc(names, cmd.Flags().Changed)
}

func (a *app) list(ctx context.Context, cmd *cobra.Command, l *listing) error {
	objects, err := a.objects(l.kind)
	if err != nil {
		return err
	}
	query := url.Values{}
	for name, value := range map[string]string{"label": l.label, "q": l.query, "path": l.path, "order_by": l.orderBy} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if l.limit > 0 {
		query.Set("page_size", strconv.Itoa(min(l.limit, 500)))
	}
	for _, f := range l.kind.Filters {
		for flag, parameter := range l.names {
			if parameter != f.Name || !cmd.Flags().Changed(flag) {
				continue
			}
			values := slices.Clone(*l.filters[flag])
			for i := range values {
				if len(f.Ref) == 0 {
					break
				}
				if values[i], err = a.resolveRef(ctx, f.Ref, values[i]); err != nil {
					return fmt.Errorf("--%s: %w", flag, err)
				}
			}
			query.Set(f.Name, strings.Join(values, ","))
		}
	}
	items := []json.RawMessage{}
	for item, err := range objects.List(ctx, query) {
		if err != nil {
			return err
		}
		if items = append(items, item); len(items) == l.limit {
			break
		}
	}
	return a.printObjects(l.kind, items, false)
}

func (a *app) listCommand(k *catalog.Kind, op catalog.Operation) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Aliases: []string{"ls"}, Short: op.Summary, Args: cobra.NoArgs}
	l := a.newListing(cmd, k)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return a.list(cmd.Context(), cmd, l) }
	return cmd
}

func (a *app) itemGetCommand(k *catalog.Kind, op catalog.Operation) *cobra.Command {
	return &cobra.Command{
		Use:               "get " + argument(k) + "...",
		Short:             op.Summary,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: a.completeObjects(k, true),
		RunE:              func(cmd *cobra.Command, args []string) error { return a.getAll(cmd.Context(), k, args) },
	}
}

// getCommand is the same as list and get of a kind, the other way round: demarc get virtual-machines.
func (a *app) getCommand() *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "get KIND [ID|PATH]...",
		Short: "List objects of a kind, or show some of them",
	})
	for i := range a.catalog.Kinds {
		k := &a.catalog.Kinds[i]
		_, readable := k.Operations["get"]
		_, listable := k.Operations["list"]
		if !readable && !listable {
			continue
		}
		of := &cobra.Command{
			Use:               dashed(k.Name) + " [" + argument(k) + "]...",
			Aliases:           aliases(k),
			Short:             k.Title,
			ValidArgsFunction: a.completeObjects(k, true),
			Args:              cobra.ArbitraryArgs,
		}
		var l *listing
		if listable {
			l = a.newListing(of, k)
		} else {
			of.Args = cobra.MinimumNArgs(1)
		}
		if !readable {
			of.Args = cobra.NoArgs
		}
		of.RunE = func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.list(cmd.Context(), cmd, l)
			}
			if l != nil && l.set(cmd) {
				return &usageError{fmt.Errorf("filters are for lists: name objects, or filter them")}
			}
			return a.getAll(cmd.Context(), k, args)
		}
		cmd.AddCommand(of)
	}
	return cmd
}

func argument(k *catalog.Kind) string {
	switch {
	case k.Named:
		return "ID|PATH"
	case k.Singleton:
		return strings.ToUpper(strings.TrimSuffix(k.IDField(), "_id"))
	}
	return "ID"
}

func (a *app) getAll(ctx context.Context, k *catalog.Kind, args []string) error {
	var items []json.RawMessage
	for _, arg := range args {
		id, err := a.resolve(ctx, k, arg)
		if err != nil {
			return err
		}
		object, err := a.get(ctx, k, id)
		if err != nil {
			return about(arg, err)
		}
		items = append(items, object)
	}
	return a.printObjects(k, items, len(args) == 1)
}

func (a *app) describeCommand(k *catalog.Kind, _ catalog.Operation) *cobra.Command {
	return &cobra.Command{
		Use:               "describe " + argument(k),
		Short:             "Show all about one object, with the names of what it refers to",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeObjects(k, false),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := a.resolve(cmd.Context(), k, args[0])
			if err != nil {
				return err
			}
			object, err := a.get(cmd.Context(), k, id)
			if err != nil {
				return about(args[0], err)
			}
			if a.output != outputTable && a.output != outputWide {
				return a.printObjects(k, []json.RawMessage{object}, true)
			}
			names, err := a.refNames(cmd.Context(), k, object)
			if err != nil {
				// The ids are there all the same.
				fmt.Fprintf(a.streams.Err, "the names of what it refers to are not known: %s\n", printable(err.Error()))
			}
			return a.describe(k, object, names)
		},
	}
}

// refNames returns the names of the objects that an object refers to, by id. What may not be seen has none.
func (a *app) refNames(ctx context.Context, k *catalog.Kind, object json.RawMessage) (map[string]string, error) {
	v, err := decode(object)
	if err != nil {
		return nil, err
	}
	var ids []string
	err = walkRefs(k.Fields, v, "", func(_ *catalog.Field, _ string, id string) (string, error) {
		if !slices.Contains(ids, id) && a.catalog.KindOfID(id) != nil {
			ids = append(ids, id)
		}
		return id, nil
	})
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	c, err := a.client()
	if err != nil {
		return nil, err
	}
	type found struct {
		Items []struct {
			ID     string `json:"id"`
			Object struct {
				Name string `json:"name"`
			} `json:"object"`
		} `json:"items"`
	}
	answer, err := client.Call[found](ctx, c, a.catalog.Operation("batch.get"), nil, map[string]any{"ids": ids[:min(len(ids), 500)]})
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, i := range answer.Items {
		names[i.ID] = i.Object.Name
	}
	return names, nil
}

func (a *app) createCommand(k *catalog.Kind, op catalog.Operation) *cobra.Command {
	var w writing
	cmd := &cobra.Command{
		Use:   "create",
		Short: op.Summary,
		Long:  op.Summary + "\n\nThe fields come from flags, from a file (-f), or both: flags win.",
		Args:  cobra.NoArgs,
	}
	b := a.newBodyFlags(cmd, k.Fields, forCreate)
	w.register(cmd, op, false)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		body, err := b.body(cmd.Context())
		if err != nil {
			return err
		}
		if err := b.checkRequired(body); err != nil {
			return err
		}
		if err := a.keepsSecret(k, &w); err != nil {
			return err
		}
		object, _, err := a.send(cmd.Context(), k, &w, func(ctx context.Context, of client.Objects, opts ...client.WriteOption) (json.RawMessage, error) {
			return of.Create(ctx, body, opts...)
		})
		if err != nil {
			return err
		}
		return a.printMade(k, object)
	}
	return cmd
}

func (a *app) updateCommand(k *catalog.Kind, op catalog.Operation) *cobra.Command {
	var w writing
	cmd := &cobra.Command{
		Use:   "update " + argument(k),
		Short: op.Summary,
		Long: op.Summary + `

Only what is given changes; --clear FIELD takes a value away, or back to its default. Entries of a map are merged:
--labels env=prod sets one, --labels env- removes it. An update without any field tries a failed change again.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeObjects(k, false),
	}
	b := a.newBodyFlags(cmd, k.Fields, forUpdate)
	w.register(cmd, op, true)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		id, err := a.resolve(cmd.Context(), k, args[0])
		if err != nil {
			return err
		}
		body, err := b.body(cmd.Context())
		if err != nil {
			return err
		}
		object, _, err := a.send(cmd.Context(), k, &w, func(ctx context.Context, of client.Objects, opts ...client.WriteOption) (json.RawMessage, error) {
			return of.Patch(ctx, id, body, opts...)
		})
		if err != nil {
			return about(args[0], err)
		}
		return a.printObjects(k, []json.RawMessage{object}, true)
	}
	return cmd
}

func (a *app) deleteCommand(k *catalog.Kind, op catalog.Operation) *cobra.Command {
	var w writing
	var ignore bool
	cmd := &cobra.Command{
		Use:               "delete " + argument(k) + "...",
		Aliases:           []string{"rm"},
		Short:             op.Summary,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: a.completeObjects(k, true),
	}
	w.register(cmd, op, true)
	cmd.Flags().BoolVar(&ignore, "ignore-not-found", false, "take an object that does not exist for deleted")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if w.ifMatch != "" && len(args) > 1 {
			return &usageError{fmt.Errorf("--if-match is for one object")}
		}
		results := []result{}
		for _, arg := range args {
			id, err := a.resolve(cmd.Context(), k, arg)
			var operation string
			if err == nil {
				_, operation, err = a.send(cmd.Context(), k, &w, func(ctx context.Context, of client.Objects, opts ...client.WriteOption) (json.RawMessage, error) {
					return nil, of.Delete(ctx, id, opts...)
				})
			}
			if err != nil {
				if ignore && client.IsNotFound(err) {
					continue
				}
				// What has been done is told before what has not.
				if printed := a.printResults(results); printed != nil {
					return printed
				}
				return about(arg, err)
			}
			what := "deleted"
			switch {
			case w.dryRun:
				what = "would be deleted"
			case operation != "":
				what = "deleting"
			}
			results = append(results, result{Kind: k.Name, ID: id, Name: arg, Result: what})
		}
		return a.printResults(results)
	}
	return cmd
}

func (a *app) actionCommand(k *catalog.Kind, action *catalog.Action) *cobra.Command {
	var w writing
	cmd := &cobra.Command{
		Use:               dashed(action.Name) + " " + argument(k),
		Short:             action.Summary,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeObjects(k, false),
	}
	var b *bodyFlags
	if len(action.Fields) > 0 {
		b = a.newBodyFlags(cmd, action.Fields, forCreate)
	}
	w.register(cmd, action.Operation, true)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		id, err := a.resolve(cmd.Context(), k, args[0])
		if err != nil {
			return err
		}
		var body map[string]any
		if b != nil {
			if body, err = b.body(cmd.Context()); err != nil {
				return err
			}
			if err := b.checkRequired(body); err != nil {
				return err
			}
		}
		if err := a.keepsSecret(k, &w); err != nil {
			return err
		}
		object, _, err := a.send(cmd.Context(), k, &w, func(ctx context.Context, of client.Objects, opts ...client.WriteOption) (json.RawMessage, error) {
			return of.Action(ctx, id, action.Name, body, opts...)
		})
		if err != nil {
			return about(args[0], err)
		}
		return a.printMade(k, object)
	}
	return cmd
}

func (a *app) explainCommand() *cobra.Command {
	cmd := group(&cobra.Command{Use: "explain KIND", Short: "Show the fields of a kind"})
	for i := range a.catalog.Kinds {
		k := &a.catalog.Kinds[i]
		cmd.AddCommand(&cobra.Command{
			Use:     dashed(k.Name),
			Aliases: aliases(k),
			Short:   k.Title,
			Args:    cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error {
				return a.print(k, func(w io.Writer) error {
					t := newTable("FIELD", "TYPE", "TRAITS", "DESCRIPTION")
					explain(t, "", k.Fields)
					var b bytes.Buffer
					fmt.Fprintf(&b, "%s. %s\n\n", k.Title, k.Description)
					if err := t.write(&b); err != nil {
						return err
					}
					_, err := b.WriteTo(w)
					return err
				})
			},
		})
	}
	return cmd
}

func explain(t *table, prefix string, fields []catalog.Field) {
	for i := range fields {
		f := &fields[i]
		t.add(prefix+f.Name, typeName(f), strings.Join(traits(f), ", "), f.Description)
		explain(t, prefix+f.Name+".", f.Fields)
		if f.Items != nil {
			explain(t, prefix+f.Name+".*.", f.Items.Fields)
		}
	}
}

func typeName(f *catalog.Field) string {
	switch {
	case f.Items != nil:
		return f.Type + " of " + typeName(f.Items)
	case len(f.Ref) > 0:
		return strings.Join(f.Ref, " or ")
	}
	return f.Type
}

// traits says in a few words what may be done with a field.
func traits(f *catalog.Field) []string {
	var ts []string
	for _, t := range []struct {
		holds bool
		text  string
	}{
		{f.Required, "required"}, {f.Computed, "computed"}, {f.Immutable, "immutable"}, {f.WriteOnly, "secret"}, {f.ShownOnce, "shown once"},
		{f.GrowOnly, "can only grow"}, {f.NeedsStop, "restarts the machine"}, {f.ServerDefault, "default by server"}, {f.Kept, "kept if not given"},
		{len(f.Follows) > 0, "follows " + strings.Join(f.Follows, ", ")},
		{f.VisibleTo != "", "for who has " + f.VisibleTo}, {f.OneOf != "", "one of " + f.OneOf}, {f.Unit != "", f.Unit}, {f.Deprecated != "", "deprecated: " + f.Deprecated},
		{len(f.Enum) > 0, strings.Join(f.Enum, "|")},
		{len(f.Default) > 0 && !isEmptyJSON(f.Default), "default " + string(f.Default)},
	} {
		if t.holds {
			ts = append(ts, t.text)
		}
	}
	switch {
	case f.Minimum != nil && f.Maximum != nil:
		ts = append(ts, fmt.Sprintf("%d to %d", *f.Minimum, *f.Maximum))
	case f.Minimum != nil:
		ts = append(ts, fmt.Sprintf("at least %d", *f.Minimum))
	case f.Maximum != nil:
		ts = append(ts, fmt.Sprintf("at most %d", *f.Maximum))
	}
	return ts
}

func isEmptyJSON(b json.RawMessage) bool {
	switch strings.TrimSpace(string(b)) {
	case "{}", "[]", "null", `""`:
		return true
	}
	return false
}
