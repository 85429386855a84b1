// Who asks, and who may do what: the questions about access, whose answers belong to no kind.

package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
)

// errDenied ends a question that was answered with no.
var errDenied = errors.New("not allowed")

// OperationAnnotation is the annotation of a command that is one operation of the contract, of those that belong to no kind: its id.
const OperationAnnotation = "operation"

func (a *app) whoamiCommand() *cobra.Command {
	return &cobra.Command{
		Use:         "whoami",
		Short:       "Show who the token stands for",
		Annotations: map[string]string{OperationAnnotation: "whoami.get"},
		Args:        cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			body, err := client.Call[json.RawMessage](cmd.Context(), c, a.catalog.Operation("whoami.get"), nil, nil)
			if err != nil {
				return err
			}
			answer, err := decodeObject(body)
			if err != nil {
				return err
			}
			return a.print(answer, func(w io.Writer) error {
				t := newTable()
				outline(t, "", answer)
				return t.write(w)
			})
		},
	}
}

// outline writes an answer that the catalog does not describe.
func outline(t *table, indent string, answer map[string]any) {
	free := &catalog.Field{Type: catalog.Map}
	for _, name := range slices.Sorted(maps.Keys(answer)) {
		list, _ := answer[name].([]any)
		if !slices.ContainsFunc(list, isObject) {
			describeValue(t, indent, name, free, answer[name], nil)
			continue
		}
		t.add(indent+printable(name)+":", "")
		for i, item := range list {
			describeValue(t, indent+"  ", fmt.Sprint(i+1), free, item, nil)
		}
	}
}

func isObject(v any) bool {
	_, ok := v.(map[string]any)
	return ok
}

func (a *app) catalogCommand() *cobra.Command {
	return &cobra.Command{
		Use:         "catalog",
		Short:       "Show all kinds of things that the server has",
		Long:        "Show all kinds of things that the server has. With -o json or yaml it is the whole catalog, with fields, operations and limits.",
		Annotations: map[string]string{OperationAnnotation: "catalog.get"},
		Args:        cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := a.client()
			if err != nil {
				return err
			}
			body, err := client.Call[json.RawMessage](cmd.Context(), c, a.catalog.Operation("catalog.get"), nil, nil)
			if err != nil {
				return err
			}
			var served catalog.Catalog
			if err := json.Unmarshal(body, &served); err != nil {
				return err
			}
			return a.print(body, func(w io.Writer) error {
				t := newTable("KIND", "TITLE", "CATEGORY", "DESCRIPTION")
				for i := range served.Kinds {
					k := &served.Kinds[i]
					t.add(printable(k.Name), printable(k.Title), printable(k.Category), printable(k.Description))
				}
				return t.write(w)
			})
		},
	}
}

const resourceHelp = `An object is named by its id, or by kind and name path (customer:acme); platform stands for the whole platform.`

func (a *app) canCommand() *cobra.Command {
	return &cobra.Command{
		Use:         "can PERMISSION [ID|KIND:PATH]",
		Short:       "Say whether the token may do something",
		Annotations: map[string]string{OperationAnnotation: "permissions.check"},
		Long: `Say whether the token may do something, with an object or, unless one is given, with the platform. The exit status is 0
for yes and 1 for no.

` + resourceHelp,
		Example: "  demarc can virtual_machines.create cloudspace:acme/web",
		Args:    cobra.RangeArgs(1, 2),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return fixed(a.permissions()...)(cmd, args, begun)
			}
			return a.completeResource(cmd, args[1:], begun)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			check := args[0]
			if len(args) > 1 {
				id, err := a.resource(cmd.Context(), args[1])
				if err != nil {
					return err
				}
				check += "@" + id
			}
			c, err := a.client()
			if err != nil {
				return err
			}
			body, err := client.Call[json.RawMessage](cmd.Context(), c, a.catalog.Operation("permissions.check"), url.Values{"checks": {check}}, nil)
			if err != nil {
				return err
			}
			var answer struct {
				Results []struct {
					Allowed bool `json:"allowed"`
				} `json:"results"`
			}
			if err := json.Unmarshal(body, &answer); err != nil {
				return err
			}
			if len(answer.Results) != 1 {
				return fmt.Errorf("the server answered %d questions, not one", len(answer.Results))
			}
			allowed := answer.Results[0].Allowed
			err = a.print(body, func(w io.Writer) error {
				_, err := fmt.Fprintln(w, map[bool]string{true: "yes", false: "no"}[allowed])
				return err
			})
			if err == nil && !allowed {
				return errDenied
			}
			return err
		},
	}
}

func (a *app) permittedCommand() *cobra.Command {
	return &cobra.Command{
		Use:         "permitted [ID|KIND:PATH]",
		Short:       "List what the token may do",
		Annotations: map[string]string{OperationAnnotation: "permissions.effective"},
		Long: `List all that the token may do with an object or, unless one is given, with the platform, and what it may do only in something
below that.

` + resourceHelp,
		Example:           "  demarc permitted customer:acme",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: a.completeResource,
		RunE: func(cmd *cobra.Command, args []string) error {
			query := url.Values{}
			if len(args) > 0 {
				id, err := a.resource(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				query.Set("resource_id", id)
			}
			c, err := a.client()
			if err != nil {
				return err
			}
			body, err := client.Call[json.RawMessage](cmd.Context(), c, a.catalog.Operation("permissions.effective"), query, nil)
			if err != nil {
				return err
			}
			var answer struct {
				Held      []string `json:"held"`
				HeldBelow []string `json:"held_below"`
			}
			if err := json.Unmarshal(body, &answer); err != nil {
				return err
			}
			return a.print(body, func(w io.Writer) error {
				t := newTable("PERMISSION", "WHERE")
				for _, p := range answer.HeldBelow {
					t.add(printable(p), map[bool]string{true: "here", false: "below"}[slices.Contains(answer.Held, p)])
				}
				return t.write(w)
			})
		},
	}
}

// permissions are all that the catalog's operations ask for.
func (a *app) permissions() []string {
	found := map[string]bool{}
	for i := range a.catalog.Kinds {
		k := &a.catalog.Kinds[i]
		for _, op := range k.Operations {
			found[op.Permission] = true
		}
		for _, action := range k.Actions {
			found[action.Permission] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func (a *app) accessCommand() *cobra.Command {
	return &cobra.Command{
		Use:         "access ID|KIND:PATH",
		Short:       "Show who has which role on an object, and where from",
		Annotations: map[string]string{OperationAnnotation: "access.list"},
		Long: `Show who has which role on an object: by a binding of its own, or by one of something that it is in.

` + resourceHelp,
		Example:           "  demarc access customer:acme",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeResource,
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := a.resource(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			c, err := a.client()
			if err != nil {
				return err
			}
			entries, hidden := []json.RawMessage{}, false
			type page struct {
				Items  []json.RawMessage `json:"items"`
				Hidden bool              `json:"hidden"`
			}
			for page, err := range client.CallPages[page](cmd.Context(), c, a.catalog.Operation("access.list"), url.Values{"resource_id": {id}}) {
				if err != nil {
					return err
				}
				entries, hidden = append(entries, page.Items...), hidden || page.Hidden
			}
			if hidden {
				fmt.Fprintln(a.streams.Err, "there are others, with roles given further up, that this token may not see")
			}
			return a.print(entries, func(w io.Writer) error { return accessTable(w, entries, a.output == outputID) })
		},
	}
}

func accessTable(w io.Writer, entries []json.RawMessage, ids bool) error {
	columns := []string{"principal_kind", "principal_id", "role_name", "scope_id", "inherited", "expires_at", "binding_id"}
	t := newTable()
	if ids {
		columns = []string{"binding_id"}
	} else {
		for _, c := range columns {
			t.header = append(t.header, heading(c))
		}
	}
	for _, e := range entries {
		object, err := decodeObject(e)
		if err != nil {
			return err
		}
		row := make([]string, len(columns))
		for i, c := range columns {
			row[i] = cell(object[c])
		}
		t.add(row...)
	}
	return t.write(w)
}

// resource returns the id of any object, or the word for the platform.
func (a *app) resource(ctx context.Context, arg string) (string, error) {
	if !strings.Contains(arg, ":") && arg != catalog.Platform && a.catalog.KindOfID(arg) == nil {
		return "", &usageError{fmt.Errorf("%q is neither an id nor KIND:PATH", arg)}
	}
	return a.resolveRef(ctx, a.resourceKinds(), arg)
}

func (a *app) resourceKinds() []string {
	kinds := []string{catalog.Platform}
	for i := range a.catalog.Kinds {
		if a.catalog.Kinds[i].Named {
			kinds = append(kinds, a.catalog.Kinds[i].Name)
		}
	}
	return kinds
}

func (a *app) completeResource(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return a.completeRefs(a.resourceKinds())(cmd, args, begun)
}
