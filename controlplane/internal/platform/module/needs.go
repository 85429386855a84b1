package module

import (
	"fmt"
	"reflect"
	"strings"
)

// Needs are what nouns need of nouns that are built after them, because these need them in turn. Everything else is a parameter of New.
type Needs struct{ missing []reflect.Value }

// Need has *at filled, by Connect, with the one service that implements T, an interface of the noun that calls.
func Need[T any](d Deps, at *T) {
	d.Needs.missing = append(d.Needs.missing, reflect.ValueOf(at).Elem())
}

// Connect fills what is needed from these services. It fails unless there is exactly one for each need.
func (n *Needs) Connect(services ...any) error {
	var faults []string
	for _, need := range n.missing {
		var found []reflect.Value
		for _, s := range services {
			if v := reflect.ValueOf(s); v.Type().Implements(need.Type()) {
				found = append(found, v)
			}
		}
		if len(found) != 1 {
			faults = append(faults, fmt.Sprintf("%d services implement %s", len(found), need.Type()))
			continue
		}
		need.Set(found[0])
	}
	n.missing = nil
	if faults != nil {
		return fmt.Errorf("the nouns do not fit together: %s", strings.Join(faults, "; "))
	}
	return nil
}
