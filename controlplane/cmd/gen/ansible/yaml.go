// YAML as people write it: in order, in block style, quoted only where it must be, and folded.

package ansible

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// yamlWidth is where long texts are folded.
const yamlWidth = 120

// mapping is a map whose order is kept.
type mapping []pair

type pair struct {
	key   string
	value any
}

// text adds a list of strings, unless it is empty.
func (m mapping) text(key string, values []string) mapping {
	if len(values) == 0 {
		return m
	}
	return append(m, pair{key, list(values...)})
}

func list(values ...string) []any {
	l := make([]any, len(values))
	for i, v := range values {
		l[i] = v
	}
	return l
}

func sorted(m map[string]any) mapping {
	var s mapping
	for _, k := range slices.Sorted(maps.Keys(m)) {
		s = append(s, pair{k, m[k]})
	}
	return s
}

// yaml writes a value in block style, each line indented.
func yaml(v any, indent int) string {
	var b strings.Builder
	pad := strings.Repeat(" ", indent)
	switch v := v.(type) {
	case mapping:
		for _, p := range v {
			b.WriteString(pad + scalar(p.key, 0) + ":" + yamlInner(p.value, indent, len(p.key)))
		}
	case []any:
		for _, e := range v {
			if m, ok := e.(mapping); ok && len(m) > 0 {
				b.WriteString(pad + "- " + strings.TrimLeft(yaml(m, indent+2), " "))
				continue
			}
			b.WriteString(pad + "-" + yamlInner(e, indent, 0))
		}
	default:
		panic(fmt.Sprintf("no YAML block for a %T", v))
	}
	return b.String()
}

func yamlInner(v any, indent, column int) string {
	switch t := v.(type) {
	case map[string]any:
		return yamlInner(sorted(t), indent, column)
	case mapping:
		if len(t) == 0 {
			return " {}\n"
		}
		return "\n" + yaml(t, indent+2)
	case []any:
		if len(t) == 0 {
			return " []\n"
		}
		return "\n" + yaml(t, indent+2)
	}
	return " " + fold(scalar(v, indent), indent+2, indent+column+2) + "\n"
}

// plain texts need no quotes. YAML 1.1 reads some words as booleans or nothing, and numbers as numbers.
var (
	plain    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9 ,.()/_'"$=<>;+-]*$`)
	reserved = regexp.MustCompile(`(?i)^(y|yes|n|no|on|off|true|false|null|none)$`)
)

func scalar(v any, indent int) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case json.Number:
		return v.String()
	case string:
		if strings.ContainsAny(v, "\n\t\r") {
			q := strconv.Quote(v)
			return strings.ReplaceAll(q, `\'`, `'`)
		}
		if plain.MatchString(v) && !reserved.MatchString(v) && indent+len(v) < yamlWidth {
			return v
		}
		return "'" + strings.ReplaceAll(v, "'", "''") + "'"
	}
	panic(fmt.Sprintf("no YAML scalar for a %T", v))
}

// fold breaks a long single-quoted text at spaces, which YAML joins again.
func fold(text string, indent, column int) string {
	if !strings.HasPrefix(text, "'") || column+len(text) <= yamlWidth {
		return text
	}
	var b strings.Builder
	for i, word := range strings.Split(text, " ") {
		switch {
		case i == 0:
		case column+1+len(word) > yamlWidth && word != "":
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		default:
			b.WriteString(" ")
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}
