package spec

import (
	"encoding/json"
	"unicode/utf8"

	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

// maxDepth is far above what any body of the API needs, and far below what would hurt.
const maxDepth = 64

// decode reads one JSON document more strictly than encoding/json does: what two readers could understand differently (a key that
// stands twice, bytes that are not UTF-8, something after the end) is refused. Numbers stay as they were written. It is written by hand
// because the token reader of encoding/json, the only other way to see a key twice, takes four times as long.
func decode(body []byte) (any, error) {
	if !utf8.Valid(body) {
		return nil, fault.Malformedf("malformed", "the body is not UTF-8")
	}
	d := decoder{b: body}
	v, err := d.value(0)
	if err != nil {
		return nil, err
	}
	if d.space(); d.i < len(d.b) {
		return nil, fault.Malformedf("malformed", "the body goes on after its JSON document has ended")
	}
	return v, nil
}

type decoder struct {
	b []byte
	i int
}

// syntax says where the document stops being JSON, and nothing of what stands there.
func (d *decoder) syntax() error {
	if d.i >= len(d.b) {
		return fault.Malformedf("malformed", "the body ends before its JSON document does")
	}
	return fault.Malformedf("malformed", "the body is not JSON at byte %d", d.i+1)
}

func (d *decoder) space() {
	for d.i < len(d.b) && (d.b[d.i] == ' ' || d.b[d.i] == '\t' || d.b[d.i] == '\n' || d.b[d.i] == '\r') {
		d.i++
	}
}

// next is the byte that follows white space, 0 at the end.
func (d *decoder) next() byte {
	d.space()
	if d.i < len(d.b) {
		return d.b[d.i]
	}
	return 0
}

func (d *decoder) value(depth int) (any, error) {
	switch c := d.next(); c {
	case '{', '[':
		if depth >= maxDepth {
			return nil, fault.Malformedf("malformed", "the body is nested more than %d deep", maxDepth)
		}
		d.i++
		if c == '{' {
			return d.object(depth + 1)
		}
		return d.array(depth + 1)
	case '"':
		return d.text()
	case 't':
		return true, d.literal("true")
	case 'f':
		return false, d.literal("false")
	case 'n':
		return nil, d.literal("null")
	default:
		return d.number()
	}
}

func (d *decoder) literal(word string) error {
	for k := range len(word) {
		if d.i >= len(d.b) || d.b[d.i] != word[k] {
			return d.syntax()
		}
		d.i++
	}
	return nil
}

// more reads a comma, or the closing bracket: then there is nothing more.
func (d *decoder) more(closing byte) (bool, error) {
	switch d.next() {
	case ',':
		d.i++
		return true, nil
	case closing:
		d.i++
		return false, nil
	}
	return false, d.syntax()
}

func (d *decoder) object(depth int) (any, error) {
	object := map[string]any{}
	if d.next() == '}' {
		d.i++
		return object, nil
	}
	for {
		if d.next() != '"' {
			return nil, d.syntax()
		}
		key, err := d.text()
		if err != nil {
			return nil, err
		}
		if _, ok := object[key]; ok {
			return nil, fault.Malformedf("malformed", "the key %q stands twice in one object", key)
		}
		if d.next() != ':' {
			return nil, d.syntax()
		}
		d.i++
		if object[key], err = d.value(depth); err != nil {
			return nil, err
		}
		if more, err := d.more('}'); err != nil || !more {
			return object, err
		}
	}
}

func (d *decoder) array(depth int) (any, error) {
	list := []any{}
	if d.next() == ']' {
		d.i++
		return list, nil
	}
	for {
		v, err := d.value(depth)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		if more, err := d.more(']'); err != nil || !more {
			return list, err
		}
	}
}

// text reads a string. One with escapes is left to encoding/json.
func (d *decoder) text() (string, error) {
	start, escaped := d.i, false
	for d.i++; d.i < len(d.b); d.i++ {
		switch c := d.b[d.i]; {
		case c == '"':
			d.i++
			raw := d.b[start:d.i]
			if !escaped {
				return string(raw[1 : len(raw)-1]), nil
			}
			var s string
			if err := json.Unmarshal(raw, &s); err != nil {
				d.i = start
				return "", d.syntax()
			}
			return s, nil
		case c == '\\':
			escaped = true
			d.i++
		case c < ' ':
			return "", d.syntax()
		}
	}
	return "", d.syntax()
}

func (d *decoder) digits() bool {
	start := d.i
	for d.i < len(d.b) && d.b[d.i] >= '0' && d.b[d.i] <= '9' {
		d.i++
	}
	return d.i > start
}

// at says whether one of the bytes stands here, and steps over it.
func (d *decoder) at(a, b byte) bool {
	if d.i < len(d.b) && (d.b[d.i] == a || d.b[d.i] == b) {
		d.i++
		return true
	}
	return false
}

func (d *decoder) number() (any, error) {
	start := d.i
	d.at('-', '-')
	if !d.at('0', '0') && !d.digits() {
		return nil, d.syntax()
	}
	if d.at('.', '.') && !d.digits() {
		return nil, d.syntax()
	}
	if d.at('e', 'E') {
		d.at('+', '-')
		if !d.digits() {
			return nil, d.syntax()
		}
	}
	return json.Number(d.b[start:d.i]), nil
}
