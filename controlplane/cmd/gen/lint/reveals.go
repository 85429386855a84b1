package lint

import (
	"slices"
	"strings"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// reveals checks the secrets of a kind that operations reveal: they must be nowhere else, and nothing else may tell of them.
func (l *linter) reveals(where string, k *catalog.Kind) {
	secret := map[string]bool{}
	for _, r := range k.Reveals {
		at := where + ", what is revealed as " + r.Name
		if !fieldName.MatchString(r.Name) || r.Name == "actions" {
			l.addf("%s: is lower_case, and not called actions, below which these are", at)
		}
		if slices.ContainsFunc(slices.Concat(k.Documents, k.Uploads, k.Streams), func(p catalog.Part) bool { return p.Name == r.Name }) {
			l.addf("%s: a document, an upload or a stream is called so, too", at)
		}
		if slices.ContainsFunc(k.Actions, func(a catalog.Action) bool { return a.Name == "reveal" }) {
			l.addf("%s: an action is called reveal, as the command for it is", at)
		}
		if want := k.Plural + "." + revealing + r.Name; r.Permission != want || r.Method != "GET" {
			l.addf("%s: is a GET with the permission %s, of its own; make it by httpapi.Reveal", at, want)
		}
		l.words(at, "summary", r.Summary)
		l.fields(at, r.Fields)
		l.answers(at, r.Fields)
		l.unfollowed(at, r.Fields)
		some := false
		for i := range r.Fields {
			f := &r.Fields[i]
			some = some || f.Sensitive
			if !f.Sensitive {
				continue
			}
			secret[f.Name] = true
			if f.Type != catalog.String || !f.Computed {
				l.addf("%s, field %s: is sensitive, so it is text that is answered; a secret of several parts is several fields", at, f.Name)
			}
			if f.VisibleTo != "" || f.WriteOnly || f.ShownOnce {
				l.addf("%s, field %s: is sensitive, and only who has the permission of the operation has it; leave other traits of secrets out", at, f.Name)
			}
		}
		if !some {
			l.addf("%s: none of its fields is sensitive; x-sensitive on the secret, or make it a document", at)
		}
	}
	for i := range k.Fields {
		if f := &k.Fields[i]; secret[f.Name] && !f.WriteOnly {
			l.addf("%s, field %s: is read of the object, and an operation reveals a secret of that name; leave it out of the object, or make it write-only", where, f.Name)
		}
	}
	for _, f := range k.Filters {
		if secret[f.Name] || secret[f.Field] {
			l.addf("%s, filter %s: would find by what only an operation reveals; leave it out", where, f.Name)
		}
	}
	for _, name := range k.Orders {
		if secret[name] {
			l.addf("%s: is ordered by %s, which only an operation reveals; leave it out", where, name)
		}
	}
	l.unrevealed(where, k.Fields)
	for _, a := range k.Actions {
		l.unrevealed(where+", action "+a.Name, a.Fields)
	}
	for verb, op := range l.permissions(k) {
		if strings.HasPrefix(verb, revealing) {
			l.addf("%s: %s takes a permission that reveals, and reveals nothing; call it something else", where, op)
		}
	}
}

// revealing is what the verbs of permissions begin with that no pattern of a role stands for.
const revealing = "reveal_"

// permissions are those of a kind that are for something else than to reveal, by their verbs, with what takes each.
func (l *linter) permissions(k *catalog.Kind) map[string]string {
	out := map[string]string{}
	add := func(permission, what string) {
		_, verb, _ := strings.Cut(permission, ".")
		out[verb] = what
	}
	for verb, op := range k.Operations {
		add(op.Permission, verb)
	}
	for _, a := range k.Actions {
		add(a.Permission, "the action "+a.Name)
	}
	for _, p := range slices.Concat(k.Documents, k.Uploads, k.Streams) {
		add(p.Permission, p.Name)
	}
	var visible func(fields []catalog.Field)
	visible = func(fields []catalog.Field) {
		for i := range fields {
			add(fields[i].VisibleTo, "the field "+fields[i].Name)
			visible(fields[i].Fields)
			if fields[i].Items != nil {
				visible(fields[i].Items.Fields)
			}
		}
	}
	visible(k.Fields)
	return out
}

// unrevealed refuses sensitive fields in what is no answer of an operation that reveals.
func (l *linter) unrevealed(where string, fields []catalog.Field) {
	for i := range fields {
		if f := &fields[i]; f.Sensitive {
			l.addf("%s, field %s: is sensitive, and is in no answer of an operation that reveals; give it to the type that one made by httpapi.Reveal answers", where, f.Name)
		}
	}
}
