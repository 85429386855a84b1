package lint

import (
	"slices"
	"strings"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// follows checks the fields of a kind that follow others: a client plans one as unknown when one of these changes, and as it is otherwise.
func (l *linter) follows(where string, k *catalog.Kind) {
	for i := range k.Fields {
		f := &k.Fields[i]
		if len(f.Follows) == 0 {
			continue
		}
		at := where + ", field " + f.Name
		rule := func(broken bool, words string) {
			if broken {
				l.addf("%s: follows %s, and %s", at, strings.Join(f.Follows, ", "), words)
			}
		}
		rule(!f.Computed, "can be sent; what is computed is read alone, so give it to the type that is read")
		rule(f.Volatile, "changes by itself; leave x-volatile out if it follows these fields alone, and x-follows if not")
		rule(f.ShownOnce, "is shown once; a secret follows nothing")
		for _, name := range f.Follows {
			other := k.Field(name)
			switch {
			case other == nil:
				l.addf("%s: follows %s, which is no field of the kind; name fields beside it", at, name)
			case other.Computed && len(other.Follows) == 0:
				l.addf("%s: follows %s, which the server sets; name the fields that this one follows, or leave x-follows out", at, name)
			case other.WriteOnly:
				l.addf("%s: follows %s, which is a secret that nobody reads; leave it out", at, name)
			case other.VisibleTo != "" && other.VisibleTo != f.VisibleTo:
				l.addf("%s: follows %s, which takes the permission %s to see, and would tell of it; x-visible=%s", at, name, other.VisibleTo, other.VisibleTo)
			}
		}
		if l.leadsTo(k, f.Name, f.Follows, map[string]bool{}) {
			l.addf("%s: follows itself, by %s; name what comes first", at, strings.Join(f.Follows, ", "))
		}
	}
	for _, a := range k.Actions {
		l.unfollowed(where+", action "+a.Name, a.Fields)
	}
}

// leadsTo says whether a field is among those that others follow, at any remove.
func (l *linter) leadsTo(k *catalog.Kind, name string, from []string, seen map[string]bool) bool {
	return slices.ContainsFunc(from, func(of string) bool {
		if of == name {
			return true
		}
		f := k.Field(of)
		if f == nil || seen[of] {
			return false
		}
		seen[of] = true
		return l.leadsTo(k, name, f.Follows, seen)
	})
}

// unfollowed refuses the trait in what is no object of a kind.
func (l *linter) unfollowed(where string, fields []catalog.Field) {
	for i := range fields {
		if f := &fields[i]; len(f.Follows) > 0 {
			l.addf("%s, field %s: follows %s, and is no field of the kind itself; only those do, so write it at the top", where, f.Name, strings.Join(f.Follows, ", "))
		}
	}
}
