package resource

import "slices"

// everyVerb stands for all verbs of a kind in a table of states.
const everyVerb = "*"

// StandardStates says which verbs each state allows. While an operation changes an object nothing else may; a failed object is tried
// again by an update, or removed.
var StandardStates = map[string][]string{
	Pending:  {"get"},
	Creating: {"get"},
	Active:   {everyVerb},
	Updating: {"get"},
	Deleting: {"get"},
	Recycled: {"get", "delete"},
	Failed:   {"get", "update", "delete"},
}

// Allowed says which of the verbs (those of operations on one object, and actions) each value of the kind's state allows.
func (k Kind) Allowed(verbs []string) map[string][]string {
	states := k.States
	if states == nil {
		states = StandardStates
	}
	out := make(map[string][]string, len(states))
	for state, allowed := range states {
		out[state] = []string{}
		for _, v := range verbs {
			if slices.Contains(allowed, everyVerb) || slices.Contains(allowed, v) {
				out[state] = append(out[state], v)
			}
		}
	}
	return out
}
