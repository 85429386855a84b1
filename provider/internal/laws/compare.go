package laws

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// sameValue compares values by their JSON, where numbers have one form, what is null may be absent, and lists are in
// any order: the fixtures' lists are sets.
func sameValue(a, b any) bool { return canonical(a) == canonical(b) }

func canonical(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var parts []string
		for name, e := range v {
			if e != nil {
				parts = append(parts, fmt.Sprintf("%q:%s", name, canonical(e)))
			}
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, ",") + "}"
	case []any:
		var parts []string
		for _, e := range v {
			parts = append(parts, canonical(e))
		}
		slices.Sort(parts)
		return "[" + strings.Join(parts, ",") + "]"
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// containsAttribute says whether an error is about the attribute that a JSON pointer names.
func containsAttribute(errs, pointer string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(pointer, "/"), "/")
	return errs != "" && strings.Contains(errs, fmt.Sprintf("AttributeName(%q)", first))
}
