// Package id makes and reads the ids of things: TypeIDs such as vm_01j9x3k5t8f6c9v2q0z7w4r1ab. The prefix names the kind, the
// 26 letters after the last underscore are a UUIDv7 in base 32, so ids of a kind sort by the time of their making.
package id

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"go.jetify.com/typeid"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
)

// New is a fresh id of the kind with this prefix. The prefix is a constant of the program (lower-case letters, with
// underscores inside): a malformed one panics.
func New(prefix string) string { return NewAt(prefix, clock.Real().Now()) }

// NewAt is a fresh id that says it was made at the given moment, for tests with a clock of their own and for taking over what
// exists. Ids sort by that moment to the microsecond; within one they sort in no particular order.
func NewAt(prefix string, at time.Time) string {
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand ends the program instead
	return of(prefix, at, random)
}

// of is the id of a moment and of random bits. No moment is before 1970.
func of(prefix string, at time.Time, random [8]byte) string {
	if at.Before(time.Unix(0, 0)) {
		at = time.Unix(0, 0)
	}
	u := [16]byte(append(make([]byte, 8), random[:]...))
	// RFC 9562 §5.7 and §6.2, method 3: 48 bits of Unix milliseconds, the version, 12 bits of what is left of the millisecond,
	// the variant, 62 random bits.
	part := int64(at.Nanosecond() % 1_000_000 * 4096 / 1_000_000)
	binary.BigEndian.PutUint64(u[:8], uint64(at.UnixMilli()<<16|7<<12|part))
	u[8] = 0x80 | u[8]&0x3f
	t, err := typeid.FromUUIDBytesWithPrefix(prefix, u[:])
	if err != nil {
		panic(fmt.Sprintf("id: prefix %q: %v", prefix, err))
	}
	return t.String()
}

// Prefix is what stands before the last underscore, the kind that an id claims to be of: "" if there is none. It does not
// say that the rest is well-formed; Valid does.
func Prefix(id string) string {
	i := strings.LastIndexByte(id, '_')
	if i < 0 {
		return ""
	}
	return id[:i]
}

// Valid reports whether id is a well-formed id of the kind with this prefix.
func Valid(prefix, id string) bool {
	t, err := typeid.FromString(id)
	return err == nil && prefix != "" && t.Prefix() == prefix
}

// Time is the moment at which a well-formed id was made, UTC, to the millisecond; the zero time for anything else.
func Time(id string) time.Time {
	t, err := typeid.FromString(id)
	if err != nil {
		return time.Time{}
	}
	u := t.UUIDBytes()
	if u[6]>>4 != 7 {
		return time.Time{}
	}
	var ms int64
	for _, b := range u[:6] {
		ms = ms<<8 | int64(b)
	}
	return time.UnixMilli(ms).UTC()
}

// First is the bound between the ids of the kind with this prefix that were made before a moment, and those that were made then or later.
// It is exact for moments in whole microseconds.
func First(prefix string, at time.Time) string { return of(prefix, at, [8]byte{}) }
