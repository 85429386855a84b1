package sdk

import (
	"strings"
	"unicode"

	"github.com/demarc/demarc/controlplane/cmd/gen/spelling"
)

// goName is the name of a thing of the catalog, snake_case, in Go.
func goName(name string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(name, "_") {
		b.WriteString(spelling.Capital(part))
	}
	return b.String()
}

// goValue is the name of a value of an enumeration, whatever is in it: x86_64 keeps the line between its numbers.
func goValue(value string) string {
	var b strings.Builder
	parts := strings.FieldsFunc(value, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i, part := range parts {
		if i > 0 && unicode.IsDigit(rune(part[0])) && unicode.IsDigit(rune(b.String()[b.Len()-1])) {
			b.WriteString("_")
		}
		b.WriteString(spelling.Capital(part))
	}
	return b.String()
}

// singular is the name of one of what a field holds: bindings, entries, addresses. What is no plural says that it is one.
func singular(name string) string {
	switch {
	case strings.HasSuffix(name, "ies"):
		return strings.TrimSuffix(name, "ies") + "y"
	case strings.HasSuffix(name, "sses"):
		return strings.TrimSuffix(name, "es")
	case strings.HasSuffix(name, "s") && !strings.HasSuffix(name, "ss"):
		return strings.TrimSuffix(name, "s")
	}
	return name + "_item"
}
