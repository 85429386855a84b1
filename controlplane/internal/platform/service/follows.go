package service

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// follows is the trait of a field that follows others: their names, with bars between them.
const follows = "x-follows"

// followers are the fields of what is read that follow others, each after those that it follows. It refuses one without a function, and a
// function without one.
func (r Rules[R, C, S, V]) followers() ([]resource.Follower[R], error) {
	of := map[string][]string{}
	for name, f := range resource.FieldsOf(reflect.TypeFor[V]()) {
		if names, follows := resource.Trait(f, follows); follows {
			of[name] = strings.Split(names, "|")
		}
	}
	for name := range r.Follows {
		if of[name] == nil {
			return nil, fmt.Errorf("%s is computed, and is no field that follows others: %s=…", name, follows)
		}
	}
	columns := resource.FieldsOf(reflect.TypeFor[R]())
	var out []resource.Follower[R]
	for len(of) > 0 {
		ready := slices.DeleteFunc(slices.Sorted(maps.Keys(of)), func(name string) bool {
			return slices.ContainsFunc(of[name], func(other string) bool { return of[other] != nil })
		})
		if len(ready) == 0 {
			return nil, fmt.Errorf("%s follow each other in a circle", strings.Join(slices.Sorted(maps.Keys(of)), ", "))
		}
		for _, name := range ready {
			for _, column := range append([]string{name}, of[name]...) {
				if _, kept := columns[column]; !kept {
					return nil, fmt.Errorf("%s follows %s, and the row has no column %s", name, strings.Join(of[name], ", "), column)
				}
			}
			if r.Follows[name] == nil {
				return nil, fmt.Errorf("%s follows %s, and nothing computes it: say with Follows how", name, strings.Join(of[name], ", "))
			}
			out = append(out, resource.Follower[R]{Column: name, Of: of[name], Set: r.Follows[name]})
		}
		for _, name := range ready {
			delete(of, name)
		}
	}
	return out, nil
}
