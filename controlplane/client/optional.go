package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
)

// Optional is a field of a patch, which is in one of three states: absent (its zero value) leaves what is there, Null clears it, and Set sets
// it. In a struct its tag has omitzero.
type Optional[T any] struct {
	value T
	state optionalState
}

type optionalState uint8

const (
	absent optionalState = iota
	null
	present
)

// Entries is a map in a patch: Set adds or changes an entry, Null removes it, and what is not named stays.
type Entries[V any] = map[string]Optional[V]

// Set is a value.
func Set[T any](value T) Optional[T] { return Optional[T]{value: value, state: present} }

// Null clears what is there, or puts it back to its default; of an entry of a map, it removes it.
func Null[T any]() Optional[T] { return Optional[T]{state: null} }

// SetOrNull is Set of what p points to, and Null if it is nil: what an object holds of a field that can be absent.
func SetOrNull[T any](p *T) Optional[T] {
	if p == nil {
		return Null[T]()
	}
	return Set(*p)
}

// Value returns what was set, and whether it was.
func (o Optional[T]) Value() (T, bool) { return o.value, o.state == present }

// IsNull says whether it clears.
func (o Optional[T]) IsNull() bool { return o.state == null }

// IsZero says whether it is absent; encoding/json asks for omitzero.
func (o Optional[T]) IsZero() bool { return o.state == absent }

var errAbsent = errors.New("an Optional that is neither set nor null has no JSON: leave it out")

// MarshalJSON implements json.Marshaler. A slice or map that is nil is an empty one, because only Null means null.
func (o Optional[T]) MarshalJSON() ([]byte, error) {
	switch o.state {
	case absent: // in a map, where null would remove an entry that nobody named
		return nil, errAbsent
	case null:
		return []byte("null"), nil
	}
	b, err := json.Marshal(o.value)
	if err != nil || !bytes.Equal(b, []byte("null")) {
		return b, err
	}
	switch reflect.TypeFor[T]().Kind() {
	case reflect.Slice:
		return []byte("[]"), nil
	case reflect.Map:
		return []byte("{}"), nil
	}
	return b, nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (o *Optional[T]) UnmarshalJSON(b []byte) error {
	if bytes.Equal(bytes.TrimSpace(b), []byte("null")) {
		*o = Null[T]()
		return nil
	}
	var value T
	if err := json.Unmarshal(b, &value); err != nil {
		return err
	}
	*o = Set(value)
	return nil
}
