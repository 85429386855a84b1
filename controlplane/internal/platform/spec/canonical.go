package spec

// The one spelling of all that mean the same, format by format. Each is given a value of its format; what it cannot read it leaves as it is, or
// says so with nothing where that is its format's check.

import (
	"encoding/pem"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
)

// canonicalFQDN follows RFC 4343: names are compared without regard to case.
func canonicalFQDN(s string) string { return strings.ToLower(strings.TrimSuffix(s, ".")) }

func canonicalDecimal(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	if s == "-0" {
		return "0"
	}
	return s
}

// canonicalDuration is in milliseconds.
func canonicalDuration(s string) string {
	digits := strings.TrimRight(s, "ms")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return s
	}
	switch s[len(digits):] {
	case "ms":
	case "m":
		n *= 60_000
	default:
		n *= 1000
	}
	return strconv.FormatInt(n, 10) + "ms"
}

// canonicalTime is what the database keeps of a time.
func canonicalTime(s string) string {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return s
	}
	return t.UTC().Truncate(clock.Resolution).Format(time.RFC3339Nano)
}

// canonicalPEM is the blocks alone, empty if there is none, or something that begins as a block and is none.
func canonicalPEM(s string) string {
	var out strings.Builder
	begun := strings.Count(s, "-----BEGIN ")
	for rest := []byte(s); ; begun-- {
		block, after := pem.Decode(rest)
		if block == nil {
			break
		}
		if pem.Encode(&out, block) != nil {
			return ""
		}
		rest = after
	}
	if begun != 0 {
		return ""
	}
	return out.String()
}

// cronField is one of the five of a schedule.
type cronField struct {
	least, most int
	names       []string // of the numbers from least on
	// either: a day is taken if this field or the other of days has it, unless one of them is a star: a list of all days is not that.
	either bool
}

var cronFields = []cronField{
	{most: 59},
	{most: 23},
	{least: 1, most: 31, either: true},
	{least: 1, most: 12, names: []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
	{most: 7, names: []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}, either: true},
}

// canonicalCron lists what each field has; empty if it is no schedule.
func canonicalCron(s string) string {
	fields := strings.Fields(s)
	if len(fields) != len(cronFields) {
		return ""
	}
	for i, f := range cronFields {
		if fields[i] = f.canonical(fields[i]); fields[i] == "" {
			return ""
		}
	}
	return strings.Join(fields, " ")
}

// canonical is "*" for all that the field can have, else what it has, in order.
func (f cronField) canonical(s string) string {
	has := map[int]bool{}
	star := false
	for _, part := range strings.Split(strings.ToLower(s), ",") {
		if !f.add(part, has) {
			return ""
		}
		star = star || part == "*" || part == "*/1"
	}
	all := f.most - f.least + 1
	if f.most == 7 { // both 0 and 7 are Sunday
		all = 7
	}
	if len(has) == all && (star || !f.either) {
		return "*"
	}
	numbers := make([]int, 0, len(has))
	for n := range has {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	texts := make([]string, len(numbers))
	for i, n := range numbers {
		texts[i] = strconv.Itoa(n)
	}
	return strings.Join(texts, ",")
}

// add adds what a part of a list stands for: a number, a range, any, and each with a step.
func (f cronField) add(part string, has map[int]bool) bool {
	span, every, stepped := strings.Cut(part, "/")
	step := 1
	if stepped {
		n, err := strconv.Atoi(every)
		if err != nil || n < 1 || n > f.most {
			return false
		}
		step = n
	}
	from, to := f.least, f.most
	if span != "*" {
		first, last, ranged := strings.Cut(span, "-")
		var ok bool
		if from, ok = f.number(first); !ok {
			return false
		}
		switch {
		case ranged:
			if to, ok = f.number(last); !ok || to < from {
				return false
			}
		case !stepped:
			to = from
		}
	} else if f.most == 7 {
		to = 6
	}
	for n := from; n <= to; n += step {
		if f.most == 7 {
			has[n%7] = true
		} else {
			has[n] = true
		}
	}
	return true
}

func (f cronField) number(s string) (int, bool) {
	if i := slices.Index(f.names, s); i >= 0 {
		return f.least + i, true
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= f.least && n <= f.most && s[0] != '-' && s[0] != '+'
}
