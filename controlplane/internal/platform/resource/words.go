package resource

// Words made of names, as they stand in the documentation and in messages.

import (
	"strings"
	"unicode"
)

// plural of an English noun whose words are joined by underscores.
func plural(name string) string {
	last := len(name) - 1
	switch {
	case last > 0 && name[last] == 'y' && !strings.ContainsRune("aeiou", rune(name[last-1])):
		return name[:last] + "ies"
	case strings.HasSuffix(name, "s"), strings.HasSuffix(name, "x"), strings.HasSuffix(name, "ch"), strings.HasSuffix(name, "sh"):
		return name + "es"
	}
	return name + "s"
}

// inSentence is a title within a sentence: its first word begins with a small letter, unless it is an abbreviation.
func inSentence(title string) string {
	first, rest, more := strings.Cut(title, " ")
	if first != strings.ToUpper(first) {
		first = strings.ToLower(first[:1]) + first[1:]
	}
	if more {
		first += " " + rest
	}
	return first
}

// withArticle is a title within a sentence, with the article that it is spoken with: an image, a user, an API token, a DNS zone.
func withArticle(title string) string {
	words := inSentence(title)
	if words == "" {
		return words
	}
	spokenVowels := "aeio" // a u is mostly spoken as in user
	if len(words) > 1 && unicode.IsUpper(rune(words[1])) {
		spokenVowels = "AEFHILMNORSX" // letter by letter
	}
	if strings.ContainsRune(spokenVowels, rune(words[0])) {
		return "an " + words
	}
	return "a " + words
}
