package service

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// amount is a number that can grow and not shrink, a field that is marked with x-grow-only.
type amount struct {
	value int64
	unit  string
}

// shrunk reports the numbers that are smaller in next than in present, in whatever object or map of objects they stand.
func shrunk(present, next any) []fault.Field {
	was, is := map[string]amount{}, map[string]amount{}
	amounts(reflect.ValueOf(present), "", was)
	amounts(reflect.ValueOf(next), "", is)
	var out []fault.Field
	for _, pointer := range slices.Sorted(maps.Keys(is)) {
		if w, ok := was[pointer]; ok && is[pointer].value < w.value {
			out = append(out, fault.Field{Pointer: pointer, Code: "shrink", Detail: fmt.Sprintf("it is %d%s: it can only grow", w.value, w.unit)})
		}
	}
	return out
}

// amounts collects the growing numbers of a value by their pointers.
func amounts(v reflect.Value, pointer string, out map[string]amount) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			amounts(v.Elem(), pointer, out)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			amounts(v.MapIndex(k), pointer+fault.Pointer(k.String()), out)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			at := pointer + "/" + name
			switch {
			case !f.IsExported():
			case f.Anonymous:
				amounts(v.Field(i), pointer, out)
			case name == "" || name == "-":
			case grows(f):
				if n := reflect.Indirect(v.Field(i)); n.CanInt() {
					out[at] = amount{n.Int(), unit(f)}
				}
			default:
				amounts(v.Field(i), at, out)
			}
		}
	}
}

func grows(f reflect.StructField) bool {
	_, marked := resource.Trait(f, "x-grow-only")
	return marked
}

// unit is what a field is counted in, with a blank before it.
func unit(f reflect.StructField) string {
	if u, ok := resource.Trait(f, "x-unit"); ok {
		return " " + u
	}
	return ""
}
