package lint

import "github.com/demarc/demarc/controlplane/client/catalog"

// kept checks the fields of a kind that another party sets, too: there must always be something to keep, and something to keep it by.
func (l *linter) kept(where string, k *catalog.Kind) {
	for _, a := range k.Actions {
		l.keptIn(where+", action "+a.Name, a.Fields, true)
	}
	l.keptIn(where, k.Fields, false)
}

// keptIn checks the fields of an object, and of all in it, or of what an action is told.
func (l *linter) keptIn(where string, fields []catalog.Field, told bool) {
	for i := range fields {
		f := &fields[i]
		at := where + ", field " + f.Name
		l.keptIn(at, f.Fields, told)
		if f.Items != nil {
			l.keptIn(at+", items", f.Items.Fields, told)
		}
		if !f.Kept {
			continue
		}
		rule := func(broken bool, words string) {
			if broken {
				l.addf("%s: is kept, and %s", at, words)
			}
		}
		rule(told, "is in what an action is told: there is nothing to keep it from; give it a default")
		rule(f.Required || f.Nullable || len(f.Default) > 0 || f.ServerDefault,
			"has another rule for its absence; what is not written is kept: leave required, nullable and default out, and say with x-kept what it begins as")
		rule(f.Immutable, "cannot be changed, so that nobody else sets it; leave x-kept out, and give it a default")
		rule(f.WriteOnly, "is a secret that nobody reads, which stays anyway until another is sent; leave x-kept out")
		rule(Chosen(f), "is one of a choice, so that it has to go when another is chosen; put it into an object that is the choice")
		rule(f.Type == catalog.Object || f.Type == catalog.JSON || f.Items != nil, "is a "+f.Type+"; write x-kept at the fields in it")
	}
}
