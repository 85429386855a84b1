package cli

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
)

// completionTimeout is how long a shell may wait for the server after the tabulator key.
const completionTimeout = 3 * time.Second

// completionLimit bounds how many objects are offered.
const completionLimit = 200

type completer = func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective)

// complete registers the completion of a flag that exists; anything else is a mistake of this package.
func complete(cmd *cobra.Command, flag string, f completer) {
	if err := cmd.RegisterFlagCompletionFunc(flag, f); err != nil {
		panic(err)
	}
}

func fixed(values ...string) completer {
	return func(_ *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
		var found []string
		for _, v := range values {
			if strings.HasPrefix(v, begun) {
				found = append(found, v)
			}
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeObjects offers the objects of a kind for an argument that is an id or a name path.
func (a *app) completeObjects(k *catalog.Kind, many bool) completer {
	if k.Singleton {
		return a.completeRefs(k.Field(k.IDField()).Ref)
	}
	return func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		if !many && len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		found := slices.DeleteFunc(a.offer(cmd.Context(), k, toComplete), func(s string) bool {
			value, _, _ := strings.Cut(s, "\t")
			return slices.Contains(args, value)
		})
		return found, directive(found)
	}
}

// completeRefs offers the objects that a reference may be to.
func (a *app) completeRefs(kinds []string) completer {
	return func(cmd *cobra.Command, _ []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		if len(kinds) == 1 {
			if k := a.catalog.Kind(kinds[0]); k != nil {
				found := a.offer(cmd.Context(), k, toComplete)
				return found, directive(found)
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		name, rest, given := strings.Cut(toComplete, ":")
		if k := a.catalog.Kind(name); given && k != nil && slices.Contains(kinds, name) {
			found := a.offer(cmd.Context(), k, rest)
			for i := range found {
				found[i] = name + ":" + found[i]
			}
			return found, directive(found)
		}
		var names []string
		for _, k := range kinds {
			if k == catalog.Platform {
				names = append(names, k)
			} else {
				names = append(names, k+":")
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// directive keeps the shell from ending the word after a parent: its children come next.
func directive(found []string) cobra.ShellCompDirective {
	if len(found) > 0 && strings.Contains(found[0], "/\t") {
		return cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
	return cobra.ShellCompDirectiveNoFileComp
}

// offer lists objects whose name path or id begins so. Errors offer nothing: a shell has no place to show them.
func (a *app) offer(ctx context.Context, k *catalog.Kind, begun string) []string {
	if _, ok := k.Operations["list"]; !ok {
		return nil
	}
	if ctx == nil {
		ctx = context.Background()
	}
	ctx, cancel := context.WithTimeout(ctx, completionTimeout)
	defer cancel()
	c, err := a.impatientClient()
	if err != nil {
		return nil
	}
	query := url.Values{"page_size": {fmt.Sprint(completionLimit)}}
	prefix := ""
	if i := strings.LastIndexByte(begun, '/'); i >= 0 {
		// What stands before the slash is the parent.
		if k.Parent == nil || !slices.ContainsFunc(k.Filters, func(f catalog.Filter) bool { return f.Name == k.Parent.Field }) {
			return nil
		}
		var parents []*catalog.Kind
		for _, name := range k.Parents() {
			if parent := a.catalog.Kind(name); parent != nil {
				parents = append(parents, parent)
			}
		}
		id, err := c.ResolveAny(ctx, parents, begun[:i])
		if client.IsNotFound(err) {
			// It may be an ancestor further up: offer what is between.
			var between []string
			for _, parent := range parents {
				if parent != k && parent.Parent != nil {
					between = append(between, a.offer(ctx, parent, begun)...)
				}
			}
			for j := range between {
				if !strings.Contains(between[j], "/\t") {
					between[j] = strings.Replace(between[j], "\t", "/\t", 1)
				}
			}
			return between
		}
		if err != nil {
			return nil
		}
		query.Set(k.Parent.Field, id)
		prefix, begun = begun[:i+1], begun[i+1:]
	}
	type object struct{ id, name string }
	var objects []object
	count := map[string]int{}
	for item, err := range client.ObjectsOf(c, k).List(ctx, query) {
		if err != nil {
			return nil
		}
		o, err := decodeObject(item)
		if err != nil {
			return nil
		}
		id, _ := o["id"].(string)
		name, _ := o["name"].(string)
		count[name]++
		if objects = append(objects, object{printable(id), printable(name)}); len(objects) == completionLimit {
			break
		}
	}
	var offered []string
	for _, o := range objects {
		switch {
		case o.name != "" && count[o.name] == 1 && strings.HasPrefix(o.name, begun):
			offered = append(offered, prefix+o.name+"\t"+o.id)
		// A name that several have does not say which; an id does.
		case prefix == "" && strings.HasPrefix(o.id, begun):
			offered = append(offered, o.id+"\t"+o.name)
		}
	}
	return offered
}

// impatientClient does not retry.
func (a *app) impatientClient() (*client.Client, error) {
	cfg, err := a.connectionConfig()
	if err != nil {
		return nil, err
	}
	cfg.MaxRetries = -1
	return client.New(cfg)
}
