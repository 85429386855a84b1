// Package secret has a string that cannot be printed by accident: whatever formats, logs, encodes or stores it sees a marker
// instead. Only Reveal gives the value, so every use of a secret can be found by searching for that word.
package secret

import (
	"crypto/subtle"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
)

// Redacted is what stands in place of a secret.
const Redacted = "[redacted]"

var (
	errStored   = errors.New("secret: a secret must be sealed before it is stored")
	errRedacted = errors.New("secret: this is the marker of a secret that was taken out, not a secret")
)

// A String is a secret text. The zero value is the empty secret, which prints as nothing: that there is no secret is none.
//
// Printing redacts even inside other types' unexported fields, where fmt calls no methods: the value is behind a pointer. For
// the same reason == would be meaningless and does not compile; use Equal. A String can be decoded from JSON or text.
type String struct {
	_     [0]func()
	value *string
}

// New is the secret of this value.
func New(value string) String {
	if value == "" {
		return String{}
	}
	return String{value: &value}
}

// Reveal is the value itself. Hand it to what needs it, and keep it nowhere.
func (s String) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether the secret is empty.
func (s String) IsZero() bool { return s.value == nil }

// Equal compares in a time that does not depend on where the two differ.
func (s String) Equal(other String) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String is the marker, or nothing for an empty secret.
func (s String) String() string {
	if s.value == nil {
		return ""
	}
	return Redacted
}

// GoString is what %#v prints.
func (s String) GoString() string { return fmt.Sprintf("secret.String(%q)", s.String()) }

// Format prints the marker whatever the verb and flags: %x and %q would otherwise be ways around String.
func (s String) Format(f fmt.State, verb rune) {
	out := s.String()
	if verb == 'v' && f.Flag('#') {
		out = s.GoString()
	}
	_, _ = io.WriteString(f, out)
}

// LogValue implements slog.LogValuer.
func (s String) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is the marker; encoding/json and YAML encoders use it. (encoding/gob refuses the type.)
func (s String) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes the value as it is. It refuses the marker, so that something redacted and read back is noticed instead
// of becoming a password that everyone knows.
func (s *String) UnmarshalText(text []byte) error {
	if string(text) == Redacted {
		return errRedacted
	}
	*s = New(string(text))
	return nil
}

// Value implements driver.Valuer by refusing: a plain secret never reaches a database.
func (s String) Value() (driver.Value, error) { return nil, errStored }

// Shown is a secret that JSON shows, for the one answer in which its owner gets it; everywhere else it is redacted as a String is.
type Shown struct{ String }

// MarshalJSON implements json.Marshaler with the value itself.
func (s Shown) MarshalJSON() ([]byte, error) { return json.Marshal(s.Reveal()) }
