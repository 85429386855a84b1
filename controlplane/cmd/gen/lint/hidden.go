package lint

import (
	"regexp"
	"slices"
	"strings"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

var permissionVerb = regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)

// hidden checks the fields of a kind that only some may see: who may not must be able to work with the rest, and to learn nothing from it.
func (l *linter) hidden(where string, k *catalog.Kind) {
	for _, a := range k.Actions {
		l.hiddenIn(where+", action "+a.Name, k, a.Fields)
	}
	l.hiddenIn(where, k, k.Fields)
}

func (l *linter) hiddenIn(where string, k *catalog.Kind, fields []catalog.Field) {
	for i := range fields {
		f := &fields[i]
		at := where + ", field " + f.Name
		l.hiddenIn(at, k, f.Fields)
		if f.Items != nil {
			l.hiddenIn(at+", items", k, f.Items.Fields)
		}
		if f.VisibleTo == "" {
			continue
		}
		rule := func(broken bool, words string) {
			if broken {
				l.addf("%s: only some may see it, and it %s", at, words)
			}
		}
		plural, verb, _ := strings.Cut(f.VisibleTo, ".")
		rule(plural != k.Plural || !permissionVerb.MatchString(verb), "takes the permission "+f.VisibleTo+"; it is "+k.Plural+".<verb>")
		rule(l.operates(f.VisibleTo), "takes the permission "+f.VisibleTo+" of an operation; it needs one of its own")
		rule(f.Required, "is required: others could make none")
		rule(f.WriteOnly || f.ShownOnce, "is a secret, which nobody reads")
		rule(len(f.Ref) > 0, "is a reference: what it refers to tells others of it")
		rule(Chosen(f), "is one of a choice: what others may choose would tell them of it")
		rule(k.Named && f.Name == "name" || slices.Contains(k.Key, f.Name) || f.Name == k.IDField() || f.Name == "revision" || f.Name == "state",
			"says which object it is, or how it is")
	}
}

// operates says whether an operation takes the permission.
func (l *linter) operates(permission string) bool {
	if slices.ContainsFunc(l.catalog.Operations, func(o catalog.GeneralOperation) bool { return o.Permission == permission }) {
		return true
	}
	for i := range l.catalog.Kinds {
		k := &l.catalog.Kinds[i]
		for _, op := range k.Operations {
			if op.Permission == permission {
				return true
			}
		}
		if slices.ContainsFunc(k.Actions, func(a catalog.Action) bool { return a.Permission == permission }) ||
			slices.ContainsFunc(slices.Concat(k.Documents, k.Uploads, k.Streams), func(p catalog.Part) bool { return p.Permission == permission }) {
			return true
		}
	}
	return false
}
