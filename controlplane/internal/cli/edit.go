package cli

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/spf13/cobra"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
)

func (a *app) editCommand(k *catalog.Kind, op catalog.Operation) *cobra.Command {
	var w writing
	cmd := &cobra.Command{
		Use:   "edit " + argument(k),
		Short: "Change an object in an editor",
		Long: `Change an object in an editor ($VISUAL, $EDITOR, or vi). What is taken away is cleared, or goes back to its default;
what others set, too (kept in describe), stays as it is. If somebody else changes the same fields meanwhile, nothing is changed.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeObjects(k, false),
	}
	w.register(cmd, op, false)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		id, err := a.resolve(cmd.Context(), k, args[0])
		if err != nil {
			return err
		}
		return about(args[0], a.edit(cmd.Context(), k, &w, id))
	}
	return cmd
}

func (a *app) edit(ctx context.Context, k *catalog.Kind, w *writing, id string) error {
	object, err := a.get(ctx, k, id)
	if err != nil {
		return err
	}
	base, err := decodeObject(object)
	if err != nil {
		return err
	}
	before, err := editable(k, base)
	if err != nil {
		return err
	}
	file, after, err := a.inEditor(ctx, k, id, before)
	if err != nil {
		return err
	}
	// Until the change is accepted, the text is worth keeping.
	kept := func(err error) error { return fmt.Errorf("%w\nyour text is kept in %s", err, file) }
	present, err := decodeObject(before)
	if err != nil {
		return kept(err)
	}
	if err := a.resolveRefs(ctx, k.Fields, after, func(pointer string) string { return pointer }); err != nil {
		return kept(err)
	}
	c := comparison{whole: true}
	patch := c.patch(k.Fields, present, after)
	if len(patch) == 0 {
		fmt.Fprintln(a.streams.Err, "nothing was changed")
		return os.Remove(file)
	}
	changed, _, err := a.send(ctx, k, w, func(ctx context.Context, of client.Objects, opts ...client.WriteOption) (json.RawMessage, error) {
		return of.Patch(ctx, id, patch, append(opts, client.IfUnchanged(object))...)
	})
	if err != nil {
		return kept(err)
	}
	if err := os.Remove(file); err != nil {
		return err
	}
	return a.printObjects(k, []json.RawMessage{changed}, true)
}

// editable returns the fields that can be read and changed, in the order of the catalog.
func editable(k *catalog.Kind, object map[string]any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("{")
	for _, f := range k.Fields {
		v, ok := object[f.Name]
		if !ok || !f.Mutable() || f.WriteOnly {
			continue
		}
		if b.Len() > 1 {
			b.WriteString(",")
		}
		value, err := json.Marshal(v)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "%q:%s", f.Name, value)
	}
	b.WriteString("}")
	return b.Bytes(), nil
}

// inEditor returns the edited object and the file that holds it.
func (a *app) inEditor(ctx context.Context, k *catalog.Kind, id string, object []byte) (string, map[string]any, error) {
	text, err := toYAML(object)
	if err != nil {
		return "", nil, err
	}
	f, err := os.CreateTemp("", "demarc-*.yaml")
	if err != nil {
		return "", nil, err
	}
	_, err = fmt.Fprintf(f, "# %s %s. An empty file changes nothing.\n%s", k.Title, id, text)
	if err := errors.Join(err, f.Close()); err != nil {
		return "", nil, err
	}
	editor := cmp.Or(os.Getenv("VISUAL"), os.Getenv("EDITOR"), "vi")
	// By the shell, because the variable may hold arguments.
	cmd := exec.CommandContext(ctx, "sh", "-c", editor+` "$1"`, "sh", f.Name())
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.streams.In, a.streams.Out, a.streams.Err
	if err := cmd.Run(); err != nil {
		return "", nil, errors.Join(fmt.Errorf("%s: %w", editor, err), os.Remove(f.Name()))
	}
	b, err := os.ReadFile(f.Name())
	if err != nil {
		return "", nil, err
	}
	v, err := parseYAML(b)
	if err != nil {
		return "", nil, fmt.Errorf("%s\nyour text is kept in %s", firstFault(err), f.Name())
	}
	if v == nil {
		v, err = decode(object)
		if err != nil {
			return "", nil, err
		}
	}
	edited, ok := v.(map[string]any)
	if !ok {
		return "", nil, fmt.Errorf("the text is no object; it is kept in %s", f.Name())
	}
	return f.Name(), edited, nil
}
