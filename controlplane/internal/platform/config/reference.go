package config

import "strings"

// Reference documents all settings, as Markdown.
func Reference() string {
	var b strings.Builder
	b.WriteString(`| flag | environment | file | default | meaning |
|---|---|---|---|---|
| ` + "`--config FILE` | `DEMARC_CONFIG`" + ` | | | YAML file with settings. |
`)
	row := func(cells ...string) {
		for _, c := range cells {
			b.WriteString("| " + strings.ReplaceAll(c, "|", `\|`))
			if c != "" {
				b.WriteString(" ")
			}
		}
		b.WriteString("|\n")
	}
	for _, s := range settings {
		flag := ""
		if !s.flagless {
			flag = code("--" + s.flag() + " " + s.placeholder)
		}
		def := s.shownDefault()
		if s.shown == "" {
			def = code(s.literal)
		}
		row(flag, code(s.variable()), code(s.key), def, s.meaning)
		if s.secret {
			row(code("--"+s.flag()+"-file FILE"), code(s.variable()+"_FILE"), code(s.fileKey()), "", "File that holds it, instead.")
		}
	}
	return b.String()
}

func (s setting) shownDefault() string {
	if s.shown != "" {
		return s.shown
	}
	return s.literal
}

func code(s string) string { return "`" + s + "`" }
