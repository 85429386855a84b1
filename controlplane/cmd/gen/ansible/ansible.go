// Package ansible generates the Ansible collection's modules from the catalog: their documentation, the catalog as Python data
// and the routing of all modules to the action plugin. What modules do is written by hand, in the collection's module_utils.
package ansible

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// marker is in every generated file; a module that has it and is not generated any more is removed.
const marker = "# Generated from the catalog by controlplane/cmd/gen: do not edit."

const licence = `# Copyright (c) 2026, The Demarc authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
`

// handWritten are the modules that belong to no kind.
var handWritten = []string{"api"}

// Generate writes what follows from the catalog into the collection's folder, and removes modules of kinds that are gone.
func Generate(cat *catalog.Catalog, outDir string) error {
	version, err := collectionVersion(outDir)
	if err != nil {
		return err
	}
	g := generator{cat: cat, version: version}
	if err := g.lint(); err != nil {
		return err
	}
	files := map[string]string{"plugins/module_utils/_catalog.py": g.data()}
	names := slices.Clone(handWritten)
	for i := range cat.Kinds {
		k := &cat.Kinds[i]
		for _, m := range g.modules(k) {
			files["plugins/modules/"+m.name+".py"] = m.file()
			names = append(names, m.name)
		}
	}
	slices.Sort(names)
	files["meta/runtime.yml"] = runtime(names)

	if err := removeStale(filepath.Join(outDir, "plugins/modules"), names); err != nil {
		return err
	}
	for name, text := range files {
		if err := write(filepath.Join(outDir, name), text); err != nil {
			return err
		}
	}
	return nil
}

// write leaves a file that is already right alone, so that generating twice touches nothing.
func write(name, text string) error {
	present, err := os.ReadFile(name)
	if err == nil && string(present) == text {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, []byte(text), 0o644)
}

func removeStale(dir string, names []string) error {
	present, err := filepath.Glob(filepath.Join(dir, "*.py"))
	if err != nil {
		return err
	}
	for _, file := range present {
		if slices.Contains(names, strings.TrimSuffix(filepath.Base(file), ".py")) {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if !bytes.Contains(text, []byte(marker)) {
			continue
		}
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	return nil
}

var versionLine = regexp.MustCompile(`(?m)^version: (\d+\.\d+\.\d+)$`)

// collectionVersion reads the collection's own version, which users see in the requests that it sends.
func collectionVersion(outDir string) (string, error) {
	name := filepath.Join(outDir, "galaxy.yml")
	text, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	m := versionLine.FindSubmatch(text)
	if m == nil {
		return "", fmt.Errorf("%s: no line like %q", name, "version: 1.0.0")
	}
	return string(m[1]), nil
}

type generator struct {
	cat     *catalog.Catalog
	version string
}

// controlOptions are the options that modules have beside the catalog's fields; _options.py defines them.
var controlOptions = struct{ all, managed, info, action []string }{
	all:     []string{"endpoint", "token", "token_file", "ca_file", "timeout", "retries"},
	managed: []string{"id", "state", "previous_name", "wait", "wait_timeout"},
	info:    []string{"id", "path", "label", "q", "order_by"},
	action:  []string{"action", "id", "path", "wait", "wait_timeout"},
}

// lint refuses a catalog whose fields cannot all be options.
func (g generator) lint() error {
	var errs []error
	for i := range g.cat.Kinds {
		k := &g.cat.Kinds[i]
		taken := slices.Concat(controlOptions.all, controlOptions.managed)
		for _, f := range resendable(k) {
			taken = append(taken, updateOption(f))
		}
		if k.Managed {
			errs = append(errs, collisions(k.Name, k.Fields, taken)...)
			errs = append(errs, hiddenSecrets(k.Name, k.Fields)...)
		}
		for _, a := range k.Actions {
			errs = append(errs, collisions(k.Name+" action "+a.Name, a.Fields, slices.Concat(controlOptions.all, controlOptions.action))...)
		}
		errs = append(errs, conflictingActions(k)...)
		if slices.Contains(handWritten, k.Name) {
			errs = append(errs, fmt.Errorf("kind %s: there is a module of that name", k.Name))
		}
	}
	return errors.Join(errs...)
}

func collisions(where string, fields []catalog.Field, taken []string) []error {
	var errs []error
	for _, f := range fields {
		if f.Writable() && slices.Contains(taken, f.Name) {
			errs = append(errs, fmt.Errorf("%s: the field %s has the name of an option of its Ansible module", where, f.Name))
		}
	}
	return errs
}

// hiddenSecrets finds secrets inside of other fields: there is no option that says when to send them again, and what is shown once
// could not be kept until the task ends.
func hiddenSecrets(where string, fields []catalog.Field) []error {
	var errs []error
	for _, f := range fields {
		inner := f.Fields
		if f.Items != nil {
			inner = append(slices.Clone(inner), *f.Items)
		}
		for _, s := range inner {
			if s.WriteOnly || s.ShownOnce {
				errs = append(errs, fmt.Errorf("%s: the secret %s is inside of %s; only a field of its own can be a secret", where, s.Name, f.Name))
			}
		}
		errs = append(errs, hiddenSecrets(where, inner)...)
	}
	return errs
}

// conflictingActions finds fields that two actions of a kind share by name but not by type: one option cannot be both.
func conflictingActions(k *catalog.Kind) []error {
	types := map[string]string{}
	var errs []error
	for _, a := range k.Actions {
		for _, f := range a.Fields {
			if t, ok := types[f.Name]; ok && t != f.Type {
				errs = append(errs, fmt.Errorf("%s: two actions have a field %s, of type %s and %s", k.Name, f.Name, t, f.Type))
			}
			types[f.Name] = f.Type
		}
	}
	return errs
}

// resendable are the secrets of a kind that can be set anew.
func resendable(k *catalog.Kind) []catalog.Field {
	return slices.DeleteFunc(slices.Clone(k.Fields), func(f catalog.Field) bool { return !f.WriteOnly || !f.Mutable() })
}

func updateOption(f catalog.Field) string { return "update_" + f.Name }

// runtime is meta/runtime.yml: what Ansible needs, and that the action plugin runs all modules.
func runtime(names []string) string {
	var b strings.Builder
	b.WriteString("---\n" + marker + "\nrequires_ansible: \">=2.16.0\"\naction_groups:\n  all:\n")
	for _, n := range names {
		fmt.Fprintf(&b, "    - %s\n", n)
	}
	b.WriteString("plugin_routing:\n  modules:\n")
	for _, n := range names {
		fmt.Fprintf(&b, "    %s:\n      action_plugin: demarc.cloud.api\n", n)
	}
	return b.String()
}
