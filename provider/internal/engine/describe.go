package engine

// Descriptions of attributes, from the traits of their fields. The documentation is made of them.

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/demarc/demarc/controlplane/client/catalog"
)

// describe is the Markdown description of a field. In a data source nothing is said about writing.
func describe(f catalog.Field, writing bool) string {
	parts := []string{sentence(f.Description)}
	if f.Unit != "" {
		parts = append(parts, "In "+f.Unit+".")
	}
	if f.VisibleTo != "" && writing {
		parts = append(parts, "Who has not the permission `"+f.VisibleTo+"` neither sees nor sets it: it stays as the state has it.")
	} else if f.VisibleTo != "" {
		parts = append(parts, "Null, and named in `"+catalog.HiddenFields+"`, without the permission `"+f.VisibleTo+"`.")
	}
	if f.Type == catalog.JSON {
		parts = append(parts, "As JSON: `jsondecode` takes it apart.")
	}
	if len(f.Enum) > 0 {
		values := make([]string, len(f.Enum))
		for i, v := range f.Enum {
			values[i] = "`" + v + "`"
		}
		list := "One of " + strings.Join(values, ", ") + "."
		if f.OpenEnum {
			list = "Values known so far: " + strings.Join(values, ", ") + "."
		}
		parts = append(parts, list)
	}
	if len(f.Ref) > 0 {
		var kinds []string
		word := ""
		for _, k := range f.Ref {
			if k == catalog.Platform {
				word = ", or the word `" + catalog.Platform + "`"
				continue
			}
			kinds = append(kinds, "`demarc_"+k+"`")
		}
		whose := "Id of a "
		if f.Type == catalog.Map {
			whose = "Each key is the id of a "
		}
		parts = append(parts, whose+oneOf(kinds)+word+".")
	}
	if writing && f.Writable() {
		for _, l := range limits(f) {
			parts = append(parts, sentence(l))
		}
		switch {
		case f.ServerDefault:
			parts = append(parts, "The control plane chooses one if it is not set.")
		case f.Kept:
			parts = append(parts, "Others set it, too: what is not set here stays what it is.")
		case len(f.Default) > 0 && string(f.Default) != "null":
			parts = append(parts, "Default: `"+compact(f.Default)+"`.")
		}
		if f.OneOf != "" {
			parts = append(parts, fmt.Sprintf("Exactly one of the alternatives of its %s must be set.", strings.ReplaceAll(f.OneOf, "_", " ")))
		}
		if f.Immutable {
			parts = append(parts, "Changing it makes a new object.")
		}
		if f.GrowOnly && !strings.Contains(f.Description, "shrink") {
			parts = append(parts, "It can grow and not shrink.")
		}
		if f.NeedsStop && !strings.Contains(f.Description, "stopped") {
			parts = append(parts, "The machine is stopped and started to change it.")
		}
	}
	if f.Since != "" && f.Since != "1.0" {
		parts = append(parts, "Since version "+f.Since+".")
	}
	return strings.Join(parts, " ")
}

// limits are the rules of a field in words.
func limits(f catalog.Field) []string {
	var out []string
	between := func(what string, least, most *int64) {
		switch {
		case least != nil && most != nil:
			out = append(out, fmt.Sprintf("%s%d to %d", what, *least, *most))
		case least != nil:
			out = append(out, fmt.Sprintf("%sat least %d", what, *least))
		case most != nil:
			out = append(out, fmt.Sprintf("%sat most %d", what, *most))
		}
	}
	between("", f.Minimum, f.Maximum)
	if f.MinLength != nil || f.MaxLength != nil {
		between("length ", f.MinLength, f.MaxLength)
	}
	if f.MaxItems != nil {
		out = append(out, fmt.Sprintf("at most %d elements", *f.MaxItems))
	}
	if f.Pattern != "" && len(f.Ref) == 0 {
		out = append(out, "matches `"+f.Pattern+"`")
	}
	return out
}

// compact prints a literal as a configuration has it, texts without their quotes.
func compact(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil && s != "" {
		return s
	}
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return string(raw)
	}
	return b.String()
}

// lower makes a title fit into a sentence: Virtual machine, but DNS zone.
func lower(title string) string {
	first, size := utf8.DecodeRuneInString(title)
	second, _ := utf8.DecodeRuneInString(title[size:])
	if unicode.IsUpper(second) {
		return title
	}
	return string(unicode.ToLower(first)) + title[size:]
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
