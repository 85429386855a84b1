package parity

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/internal/cli"
)

const cliRemedy = "controlplane/internal/cli makes it from the catalog"

// CLI compares the catalog with the tree of commands: a command for each operation and action, a flag for each field that can be sent
// and for each filter.
func CLI(c *catalog.Catalog, root *cobra.Command) []Gap {
	var g gaps
	for i := range c.Kinds {
		k := &c.Kinds[i]
		noun := child(root, dashed(k.Name))
		if noun == nil {
			g.add(k.Name, cliRemedy, "there is no command demarc %s", dashed(k.Name))
			continue
		}
		for verb, op := range k.Operations {
			cmd := child(noun, verb)
			if cmd == nil {
				g.add(op.ID, cliRemedy, "there is no command demarc %s %s", dashed(k.Name), verb)
				continue
			}
			switch verb {
			case "create":
				flags(&g, k.Name, cmd, "", k.Fields, (catalog.Field).Writable)
			case "update":
				flags(&g, k.Name, cmd, "", k.Fields, (catalog.Field).Mutable)
			case "list":
				for _, f := range k.Filters {
					flag(&g, k.Name+"."+f.Name, cmd, dashed(f.Name), "filter-"+dashed(f.Name))
				}
				if len(k.Orders) > 0 {
					flag(&g, k.Name+".order_by", cmd, "order-by")
				}
			}
		}
		for _, a := range k.Actions {
			cmd := child(noun, dashed(a.Name))
			if cmd == nil {
				g.add(a.ID, cliRemedy, "there is no command demarc %s %s", dashed(k.Name), dashed(a.Name))
				continue
			}
			flags(&g, a.ID, cmd, "", a.Fields, (catalog.Field).Writable)
		}
		parts(&g, noun, "download", k.Documents)
		parts(&g, noun, "upload", k.Uploads)
		parts(&g, noun, "watch", k.Streams)
		revealsOf(&g, k, "the command line")
	}
	g = append(g, general(c, root)...)
	return g
}

// general compares the operations that belong to no kind with the commands that say of themselves which they are.
func general(c *catalog.Catalog, root *cobra.Command) []Gap {
	var g gaps
	commands := map[string]bool{}
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		if id := cmd.Annotations[cli.OperationAnnotation]; id != "" {
			commands[id] = true
			if c.Operation(id) == nil {
				g.add(id, "controlplane/internal/cli", "%s says that it is that operation, which does not exist", cmd.CommandPath())
			}
		}
		for _, below := range cmd.Commands() {
			walk(below)
		}
	}
	walk(root)
	for i := range c.Operations {
		if id := c.Operations[i].ID; !commands[id] {
			g.add(id, "a command in controlplane/internal/cli, with cli.OperationAnnotation", "no command is that operation")
		}
	}
	return g
}

// parts checks that the command which is for parts of an object is for each of them.
func parts(g *gaps, noun *cobra.Command, verb string, of []catalog.Part) {
	var named []string
	if cmd := child(noun, verb); cmd != nil {
		named = strings.Fields(cmd.Annotations["parts"])
	}
	for _, p := range of {
		if !slices.Contains(named, dashed(p.Name)) {
			g.add(p.ID, cliRemedy, "%s has no command %s for %s", noun.CommandPath(), verb, dashed(p.Name))
		}
	}
}

func dashed(name string) string { return strings.ReplaceAll(name, "_", "-") }

func child(cmd *cobra.Command, name string) *cobra.Command {
	for _, c := range cmd.Commands() {
		if c.Name() == name {
			return c
		}
	}
	return nil
}

// flags checks the fields one by one; those of an object are called object.field, a secret is read from a file.
func flags(g *gaps, item string, cmd *cobra.Command, within string, fields []catalog.Field, sent func(catalog.Field) bool) {
	for _, f := range fields {
		if !sent(f) {
			continue
		}
		name := within + dashed(f.Name)
		switch {
		case f.Type == catalog.Object:
			flags(g, item+"."+f.Name, cmd, name+".", f.Fields, sent)
		case f.WriteOnly && f.Type != catalog.String:
			// comes in a file, with --file
		case f.WriteOnly:
			flag(g, item+"."+f.Name, cmd, name+"-file")
		default:
			flag(g, item+"."+f.Name, cmd, name, "spec-"+name)
		}
	}
}

// flag checks that a command has one of the flags: a name that another flag has gets a prefix.
func flag(g *gaps, item string, cmd *cobra.Command, names ...string) {
	for _, name := range names {
		if cmd.Flags().Lookup(name) != nil {
			return
		}
	}
	g.add(item, cliRemedy, "%s has no flag --%s", cmd.CommandPath(), names[0])
}
