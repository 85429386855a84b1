// The modules: their options, results and documentation in sentences.

package ansible

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// module is one generated module.
type module struct {
	name         string
	docs, result mapping
	tasks        []any // examples, if there are any
}

func (m module) file() string {
	var b strings.Builder
	b.WriteString("#!/usr/bin/python\n" + licence + marker + "\n\nfrom __future__ import annotations\n\n")
	b.WriteString("DOCUMENTATION = r\"\"\"\n---\n" + yaml(m.docs, 0) + "\"\"\"\n\n")
	b.WriteString("EXAMPLES = r\"\"\"\n---\n" + tasks(m.tasks) + "\"\"\"\n\n")
	b.WriteString("RETURN = r\"\"\"\n---\n" + yaml(m.result, 0) + "\"\"\"\n\n")
	b.WriteString("from ansible_collections.demarc.cloud.plugins.module_utils import _module\n\n\n")
	fmt.Fprintf(&b, "def main() -> None:\n    _module.run(%q)\n\n\nif __name__ == \"__main__\":\n    main()\n", m.name)
	return b.String()
}

func tasks(list []any) string {
	var parts []string
	for _, t := range list {
		parts = append(parts, yaml([]any{t}, 0))
	}
	return strings.Join(parts, "\n")
}

// modules are those of one kind: one that manages it, one that reads it, one for its actions.
func (g generator) modules(k *catalog.Kind) []module {
	var ms []module
	if k.Managed {
		ms = append(ms, g.managing(k))
	}
	if reads(k) {
		ms = append(ms, g.reading(k))
	}
	if len(k.Actions) > 0 {
		ms = append(ms, g.acting(k))
	}
	return ms
}

// reads says whether a kind has a module that reads it.
func reads(k *catalog.Kind) bool {
	_, lists := k.Operations["list"]
	return lists || k.Singleton
}

func (g generator) managing(k *catalog.Kind) module {
	title, titles := words(k.Name), words(k.Plural)
	about := append(sentences(k.Description), g.identity(k))
	_, updates := k.Operations["update"]
	present := fmt.Sprintf("With V(present) the %s is created, or changed to be as given.", title)
	absent := "With V(absent) it is deleted; that it does not exist is fine."
	outcome := fmt.Sprintf("The %s as it is then. Null if it is absent. In check mode as it would be; the id of a new one then ends in zeros.", title)
	switch {
	case k.Singleton:
		present = fmt.Sprintf("With V(present) the %s is changed to be as given.", title)
		absent = "With V(absent) it is put back to its beginning, where nothing of it is set."
		outcome = fmt.Sprintf("The %s as it is then, or in check mode as it would be. Null if O(state=absent).", title)
	case !updates:
		present = fmt.Sprintf("With V(present) the %s is created if it does not exist.", title)
	}
	if updates {
		about = append(about, "Options that are not given are left alone. Null clears an option, or sets it back to its default.")
	}
	var options mapping
	switch {
	case k.Named:
		options = mapping{
			{"id", mapping{{"description", list("Id of an object that exists. Needed to give it another name, or to tell it from another one of the same name.")}, {"type", "str"}}},
			{"previous_name", mapping{
				{"description", list("The name that it had before. Where nothing has O(name) yet, what has this name is renamed.")}, {"type", "str"}}},
		}
	case !k.Singleton:
		options = mapping{{"id", mapping{{"description", list("Id of an object that exists, instead of the options that say which one is meant.")}, {"type", "str"}}}}
	}
	options = append(options, pair{"state", mapping{
		{"description", list(present, absent)}, {"type", "str"}, {"choices", list("present", "absent")}, {"default", "present"}}})
	for _, o := range g.options(k.Fields, true) {
		if slices.Contains(k.Key, o.key) {
			o = pair{o.key, g.keyOption(k, o.key)}
		}
		options = append(options, o)
	}
	for _, f := range resendable(k) {
		options = append(options, pair{updateOption(f), mapping{
			{"description", list(
				fmt.Sprintf("When to send O(%s), of which nobody can read what it is.", f.Name),
				fmt.Sprintf("With V(on_create) only a new %s gets it, and the task stays idempotent.", title),
				"With V(always) every run sends it, and reports a change.")},
			{"type", "str"}, {"choices", list("on_create", "always")}, {"default", "on_create"}}})
	}
	docs := g.header(k.Name, "Manage "+titles, about, k.Since, "connection", "wait", "attributes.managed")
	docs = append(docs, pair{"options", options}).notes(k, "The run that creates it returns")
	docs = append(docs, pair{"seealso", g.seeAlso(k, k.Name)})
	m := module{name: k.Name, docs: docs, tasks: g.managingExamples(k)}
	m.result = mapping{
		{k.Name, mapping{
			{"description", list(outcome)}, {"returned", "success"}, {"type", "dict"}, {"contains", g.contains(k.Fields)}}},
		operationResult,
	}
	m.result = append(m.result, failureResults...)
	return m
}

// keyOption is the option that says, alone or with others, which object is meant.
func (g generator) keyOption(k *catalog.Kind, name string) mapping {
	required := "Required, unless O(id) is given."
	if k.Singleton {
		required = "Required."
	}
	o := g.option(*k.Field(name), false)
	for i := range o {
		if o[i].key == "description" {
			o[i].value = append(o[i].value.([]any), required)
		}
	}
	return o
}

// notes say what has to be done about secrets that are shown once.
func (m mapping) notes(k *catalog.Kind, when string) mapping {
	for _, f := range k.Fields {
		if f.ShownOnce {
			return append(m, pair{"notes", list(fmt.Sprintf("%s a secret, RV(%s.%s), which nobody can read again. "+
				"Set C(no_log=true) for the task and register its result, or Ansible shows the secret.", when, k.Name, f.Name))})
		}
	}
	return m
}

func (g generator) reading(k *catalog.Kind) module {
	titles := words(k.Plural)
	about := append(list("Reads "+titles+"."), sentences(k.Description)...)
	docs := g.header(k.Name+"_info", "Read "+titles, about, k.Since, "connection", "attributes.info")
	docs = append(docs, pair{"options", g.readingOptions(k)}, pair{"seealso", g.seeAlso(k, k.Name+"_info")})
	m := module{name: k.Name + "_info", docs: docs, tasks: g.readingExamples(k)}
	m.result = append(mapping{{k.Plural, mapping{
		{"description", list("What was found.")}, {"returned", "success"}, {"type", "list"}, {"elements", "dict"}, {"contains", g.contains(k.Fields)}}}},
		failureResults...)
	return m
}

func (g generator) readingOptions(k *catalog.Kind) mapping {
	if k.Singleton {
		var options mapping
		for _, name := range k.Key {
			options = append(options, pair{name, g.keyOption(k, name)})
		}
		return options
	}
	options := mapping{
		{"id", mapping{{"description", list("Reads the one with this id. The list is empty if there is none.")}, {"type", "str"}}},
	}
	if k.Named {
		options = append(options,
			pair{"path", mapping{{"description", list(fmt.Sprintf("Reads those that this name or path of names means, such as V(%s).", g.examplePath(k)))}, {"type", "str"}}},
			pair{"label", mapping{{"description", list("A selector of labels, such as V(env=prod,tier!=db,owner,!legacy). All parts must hold.")}, {"type", "str"}}},
			pair{"q", mapping{{"description", list("A part of the name or of the display name.")}, {"type", "str"}}})
	}
	if len(k.Orders) > 0 {
		options = append(options, pair{"order_by", mapping{
			{"description", list("How the list is ordered. A minus sign reverses.", "What has no value there comes last.")}, {"type", "str"}}.text("choices", k.Orderings())})
	}
	for _, f := range k.Filters {
		if slices.Contains(controlOptions.info, f.Name) {
			continue
		}
		description := sentences(f.Description)
		if len(f.Ref) > 0 {
			description = append(description, g.referenceHelp(f.Ref))
		}
		o := mapping{{"description", description}, {"type", ansibleType(f.Type)}}
		if f.Many {
			o = mapping{{"description", description}, {"type", "list"}, {"elements", ansibleType(f.Type)}}
		}
		options = append(options, pair{f.Name, o.text("choices", f.Enum)})
	}
	return options
}

func (g generator) acting(k *catalog.Kind) module {
	title := words(k.Name)
	var names []string
	about := list(fmt.Sprintf("Starts an action of %s. Actions leave nothing behind to declare, so every run starts it again.", article(title)))
	for _, a := range k.Actions {
		names = append(names, a.Name)
		about = append(about, fmt.Sprintf("V(%s): %s", a.Name, sentence(lowerFirst(a.Summary))))
	}
	id := mapping{{"description", list(fmt.Sprintf("Id of the %s.", title))}, {"type", "str"}}
	if !k.Named {
		id = append(id, pair{"required", true})
	}
	options := mapping{
		{"action", mapping{{"description", list("What to do.")}, {"type", "str"}, {"required", true}, {"choices", list(names...)}}},
		{"id", id},
	}
	if k.Named {
		options = append(options, pair{"path", mapping{
			{"description", list(fmt.Sprintf("Name or path of names of the %s, such as V(%s), instead of O(id).", title, g.examplePath(k)))}, {"type", "str"}}})
	}
	seen := map[string]bool{}
	for _, a := range k.Actions {
		for _, o := range g.options(a.Fields, false) {
			if !seen[o.key] {
				seen[o.key] = true
				options = append(options, o)
			}
		}
	}
	docs := g.header(k.Name+"_action", "Start actions of "+words(k.Plural), about, k.Since, "connection", "wait", "attributes.action")
	docs = append(docs, pair{"options", options}).notes(k, "An action that makes it anew returns")
	docs = append(docs, pair{"seealso", g.seeAlso(k, k.Name+"_action")})
	m := module{name: k.Name + "_action", docs: docs, tasks: g.actingExamples(k)}
	m.result = append(mapping{{k.Name, mapping{
		{"description", list(fmt.Sprintf("The %s as it is then.", title))}, {"returned", "success"}, {"type", "dict"}, {"contains", g.contains(k.Fields)}}},
		operationResult}, failureResults...)
	return m
}

func (g generator) header(name, short string, about []any, since string, fragments ...string) mapping {
	version := g.version
	if since != "" {
		version = since + ".0"
	}
	var extends []any
	for _, f := range fragments {
		extends = append(extends, "demarc.cloud."+f)
	}
	return mapping{
		{"module", name}, {"short_description", short}, {"version_added", version}, {"description", about},
		{"author", list("Demarc authors (@demarc)")}, {"extends_documentation_fragment", extends},
	}
}

func (g generator) seeAlso(k *catalog.Kind, self string) []any {
	var l []any
	for _, n := range []struct {
		name    string
		present bool
	}{{k.Name, k.Managed}, {k.Name + "_info", reads(k)}, {k.Name + "_action", len(k.Actions) > 0}, {"api", true}} {
		if n.present && n.name != self {
			l = append(l, mapping{{"module", "demarc.cloud." + n.name}})
		}
	}
	return l
}

// identity says how the module finds its object.
func (g generator) identity(k *catalog.Kind) string {
	switch {
	case k.Named && k.Parent != nil:
		return fmt.Sprintf("The %s is found by O(id), or by O(name) in O(%s).", words(k.Name), k.Parent.Field)
	case k.Named:
		return fmt.Sprintf("The %s is found by O(id) or by O(name).", words(k.Name))
	}
	var keys []string
	for _, key := range k.Key {
		keys = append(keys, "O("+key+")")
	}
	if k.Singleton {
		return fmt.Sprintf("There is one for each O(%s), for as long as that exists.", k.Key[0])
	}
	return fmt.Sprintf("The %s is found by O(id), or by %s.", words(k.Name), join(keys, "and"))
}

// options documents writable fields; managed ones say what happens when they change.
func (g generator) options(fields []catalog.Field, managed bool) mapping {
	var m mapping
	for _, f := range fields {
		if f.Writable() {
			m = append(m, pair{f.Name, g.option(f, managed)})
		}
	}
	return m
}

func (g generator) option(f catalog.Field, managed bool) mapping {
	description := append(sentences(f.Description), g.traits(f, managed)...)
	o := mapping{{"description", description}, {"type", ansibleType(f.Type)}}
	if f.RenamedFrom != "" {
		o = o.text("aliases", []string{f.RenamedFrom})
	}
	if f.Type == catalog.Set || f.Type == catalog.List {
		o = append(o, pair{"elements", ansibleType(f.Items.Type)})
		if !f.Items.OpenEnum {
			o = o.text("choices", f.Items.Enum)
		}
		if f.Items.Type == catalog.Object {
			o = append(o, pair{"suboptions", g.options(f.Items.Fields, false)})
		}
	}
	if !f.OpenEnum {
		o = o.text("choices", f.Enum)
	}
	if f.Type == catalog.Object {
		o = append(o, pair{"suboptions", g.options(f.Fields, false)})
	}
	if f.Since != "" {
		o = append(o, pair{"version_added", f.Since + ".0"})
	}
	return o
}

// traits are sentences on what the field takes and when it can change.
func (g generator) traits(f catalog.Field, managed bool) []any {
	var l []any
	add := func(format string, args ...any) { l = append(l, fmt.Sprintf(format, args...)) }
	switch {
	case len(f.Ref) > 0 && f.Type == catalog.Map:
		add("Its keys: %s", lowerFirst(g.referenceHelp(f.Ref)))
	case len(f.Ref) > 0:
		l = append(l, g.referenceHelp(f.Ref))
	}
	if f.Items != nil && len(f.Items.Ref) > 0 {
		l = append(l, g.referenceHelp(f.Items.Ref))
	}
	if f.VisibleTo != "" {
		add("Only who has the permission C(%s) sees and sets it; for others it is left out, and named in C(%s).", f.VisibleTo, catalog.HiddenFields)
	}
	if f.Unit != "" {
		add("In %s.", f.Unit)
	}
	switch {
	case f.Minimum != nil && f.Maximum != nil:
		add("From %d to %d.", *f.Minimum, *f.Maximum)
	case f.Minimum != nil:
		add("At least %d.", *f.Minimum)
	case f.Maximum != nil:
		add("At most %d.", *f.Maximum)
	}
	switch f.Type {
	case catalog.Map:
		add("What is given is the whole map: keys that are not in it are removed.")
		if f.Items.Type == catalog.Object {
			add("Each value is a dictionary, given whole as well: what is not in it is empty, or has its default.")
			for _, s := range f.Items.Fields {
				if s.Writable() {
					add("In it, C(%s), a %s: %s", s.Name, shape(s), lowerFirst(joined(append(sentences(s.Description), g.traits(s, false)...))))
				}
			}
		}
	case catalog.Set:
		add("What is given is the whole set; its order means nothing.")
	case catalog.Object:
		if managed {
			add("Of it, too, what is not given is left alone, and null clears.")
		}
	}
	if f.OpenEnum && len(f.Enum) > 0 {
		add("Such as %s.", strings.Join(values(f.Enum), ", "))
	}
	if f.OneOf != "" {
		add("Exactly one option of this group (%s) can be set; setting one clears the others.", f.OneOf)
	}
	if f.Required && managed {
		add("Required to create it.")
	}
	if v, ok := literal(f); ok && fmt.Sprint(v) != "map[]" && fmt.Sprint(v) != "[]" {
		b, _ := json.Marshal(v)
		add("The default is V(%s).", strings.Trim(string(b), `"`))
	}
	if f.ServerDefault {
		add("Chosen by the control plane if it is not given.")
	}
	if f.Kept {
		add("Others set it, too; what is not given, or is null, stays what it is.")
	}
	if managed {
		switch {
		case f.Immutable:
			add("It cannot be changed afterwards: the task fails rather than replacing what is there.")
		case f.GrowOnly:
			add("It can only grow.")
		}
		if f.NeedsStop {
			add("The machine is stopped and started again to change it.")
		}
	}
	if f.WriteOnly {
		add("A secret: it is never returned or shown.")
	}
	if f.Deprecated != "" {
		add("Deprecated: %s", sentence(f.Deprecated))
	}
	return l
}

func values(names []string) []string {
	l := make([]string, len(names))
	for i, n := range names {
		l[i] = "V(" + n + ")"
	}
	return l
}

// shape is what a value of the field looks like in a playbook.
func shape(f catalog.Field) string {
	switch f.Type {
	case catalog.Object, catalog.Map:
		return "dictionary"
	case catalog.Set, catalog.List:
		return "list"
	case catalog.Integer:
		return "number"
	case catalog.Boolean:
		return "boolean"
	}
	return "text"
}

func joined(sentences []any) string {
	var l []string
	for _, s := range sentences {
		l = append(l, s.(string))
	}
	return strings.Join(l, " ")
}

// join lists alternatives, or things, in a sentence.
func join(names []string, last string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " " + last + " " + names[len(names)-1]
}

func (g generator) referenceHelp(kinds []string) string {
	var titles []string
	path, the := "", "The"
	for _, name := range kinds {
		if name == catalog.Platform {
			the = "V(" + catalog.Platform + "), or the"
			continue
		}
		titles = append(titles, article(words(name)))
		if k := g.cat.Kind(name); k != nil && k.Named && path == "" {
			path = g.examplePath(k)
		}
	}
	of := join(titles, "or")
	if path == "" {
		return fmt.Sprintf("%s id of %s.", the, of)
	}
	return fmt.Sprintf("%s id of %s, or its name or path of names, such as V(%s).", the, of, path)
}

// contains documents the fields that are returned.
func (g generator) contains(fields []catalog.Field) mapping {
	var m mapping
	for _, f := range fields {
		if f.WriteOnly {
			continue
		}
		description := sentences(f.Description)
		if f.ShownOnce {
			description = append(description, "A secret. It is null unless this very task has made it.")
		}
		r := mapping{{"description", description}, {"returned", "success"}, {"type", ansibleType(f.Type)}}
		if f.Type == catalog.Set || f.Type == catalog.List {
			r = append(r, pair{"elements", ansibleType(f.Items.Type)})
			if f.Items.Type == catalog.Object {
				r = append(r, pair{"contains", g.contains(f.Items.Fields)})
			}
		}
		if f.Type == catalog.Object && len(f.Fields) > 0 {
			r = append(r, pair{"contains", g.contains(f.Fields)})
		}
		m = append(m, pair{f.Name, r})
	}
	return m
}

var operationResult = pair{"operation_id", mapping{
	{"description", list("The operation that goes on with the work; M(demarc.cloud.operation_info) tells how far it is.")},
	{"returned", "when O(wait=false) and work goes on, or when an operation failed"}, {"type", "str"}}}

var failureResults = mapping{
	{"error", mapping{
		{"description", list("The control plane's refusal.")}, {"returned", "when a request or an operation failed"}, {"type", "dict"},
		{"contains", mapping{
			{"status", mapping{{"description", list("The HTTP status; null without an answer.")}, {"returned", "always"}, {"type", "int"}}},
			{"code", mapping{{"description", list("What went wrong, as one word.")}, {"returned", "always"}, {"type", "str"}, {"sample", "name_taken"}}},
			{"detail", mapping{{"description", list("What went wrong, as a sentence.")}, {"returned", "always"}, {"type", "str"}}},
			{"request_id", mapping{{"description", list("Leads to the request in the log of the control plane.")}, {"returned", "always"}, {"type", "str"}}},
			{"method", mapping{{"description", list("The method of the request.")}, {"returned", "always"}, {"type", "str"}}},
			{"path", mapping{{"description", list("The path of the request.")}, {"returned", "always"}, {"type", "str"}}},
		}}}},
	{"field_errors", mapping{
		{"description", list("What is wrong with which option. All wrong options are named at once.")},
		{"returned", "when options are wrong"}, {"type", "dict"}, {"sample", mapping{{"memory_mib", "must be at least 128"}}}}},
}

func ansibleType(t string) string {
	switch t {
	case catalog.Integer:
		return "int"
	case catalog.Boolean:
		return "bool"
	case catalog.Object, catalog.Map, catalog.JSON:
		return "dict"
	case catalog.Set, catalog.List:
		return "list"
	}
	return "str"
}

func words(name string) string { return strings.ReplaceAll(name, "_", " ") }

func article(noun string) string {
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}

var (
	space = regexp.MustCompile(`[ \t]+`)
	code  = regexp.MustCompile("`([^`]*)`")
	// macro is what the catalog's text must not look like by accident: Ansible would render L(…) as a link.
	macro = regexp.MustCompile(`\b([A-Z]+)\(`)
)

// sentences are the lines of a description, with its code marked as Ansible does it.
func sentences(text string) []any {
	var l []any
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(space.ReplaceAllString(line, " "))
		if line == "" {
			continue
		}
		line = macro.ReplaceAllString(line, "$1 (")
		line = code.ReplaceAllStringFunc(line, func(c string) string {
			return "V(" + strings.ReplaceAll(strings.ReplaceAll(strings.Trim(c, "`"), `\`, `\\`), ")", `\)`) + ")"
		})
		l = append(l, sentence(line))
	}
	return l
}

// sentence ends in a full stop.
func sentence(text string) string {
	if text == "" || strings.ContainsRune(".!?:", rune(text[len(text)-1])) {
		return text
	}
	return text + "."
}

func lowerFirst(text string) string {
	if len(text) > 1 && text[1] >= 'a' && text[1] <= 'z' {
		return strings.ToLower(text[:1]) + text[1:]
	}
	return text
}
