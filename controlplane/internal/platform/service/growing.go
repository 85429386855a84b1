package service

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

// growing is a number that can grow and not shrink: a field that is marked with x-grow-only.
type growing struct {
	name, unit string
	index      []int
}

func growingOf(t reflect.Type) []growing {
	var out []growing
	for _, f := range reflect.VisibleFields(t) {
		traits := strings.Split(f.Tag.Get("extensions"), ",")
		if !slices.Contains(traits, "x-grow-only") {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		unit := ""
		for _, t := range traits {
			if u, ok := strings.CutPrefix(t, "x-unit="); ok {
				unit = " " + u
			}
		}
		out = append(out, growing{name, unit, f.Index})
	}
	return out
}

// shrunk reports the numbers that are smaller in next than in present; both are pointers to the type that the fields are of.
func shrunk(fields []growing, present, next any) []fault.Field {
	var out []fault.Field
	for _, g := range fields {
		is := reflect.ValueOf(present).Elem().FieldByIndex(g.index).Int()
		if to := reflect.ValueOf(next).Elem().FieldByIndex(g.index).Int(); to < is {
			out = append(out, fault.Field{Pointer: "/" + g.name, Code: "shrink", Detail: fmt.Sprintf("it is %d%s: it can only grow", is, g.unit)})
		}
	}
	return out
}
