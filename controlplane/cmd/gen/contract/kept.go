package contract

// What another party sets, too: what is not written is kept, and a new object has what the tag says.

import (
	"slices"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"
)

// begins gives what a kept field begins as, which its tag has as text, the type of the field.
func (d *document) begins(where string, f *openapi3.Schema) {
	text, kept := f.Extensions[extKept].(string)
	if !kept {
		return
	}
	var err error
	switch {
	case f.Type.Is("boolean"):
		f.Extensions[extKept], err = strconv.ParseBool(text)
	case f.Type.Is("integer"):
		f.Extensions[extKept], err = strconv.ParseInt(text, 10, 64)
	case !f.Type.Is("string"):
		d.faults.addf("%s: only text, numbers and booleans are kept; write %s at the fields in it", where, extKept)
	}
	if err != nil || len(f.Enum) > 0 && !slices.Contains(f.Enum, any(text)) || !within(f, f.Extensions[extKept]) {
		d.faults.addf("%s: begins as %s, which is no value of it: %s=…", where, text, extKept)
	}
}

// within says whether what is a number is within the limits of a field.
func within(f *openapi3.Schema, v any) bool {
	n, number := v.(int64)
	return !number || (f.Min == nil || float64(n) >= *f.Min) && (f.Max == nil || float64(n) <= *f.Max)
}
