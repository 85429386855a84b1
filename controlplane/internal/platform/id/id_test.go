package id_test

import (
	"strings"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/id"
)

func TestNew(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	last := ""
	for range 1000 {
		got := id.New("billing_entity")
		if !id.Valid("billing_entity", got) || id.Prefix(got) != "billing_entity" {
			t.Fatalf("%q is not an id of a billing entity", got)
		}
		if seen[got] {
			t.Fatalf("%q came twice", got)
		}
		seen[got], last = true, got
	}
	if age := time.Since(id.Time(last)); age < -time.Second || age > time.Minute {
		t.Errorf("%q is %v old", last, age)
	}
}

func TestNewAt(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 12, 0, 0, 123_456_789, time.FixedZone("x", 3600))
	a, b := id.NewAt("vm", at), id.NewAt("vm", at)
	if !id.Valid("vm", a) || !id.Valid("vm", b) || a == b {
		t.Errorf("%q and %q", a, b)
	}
	last := a
	for range 2000 {
		at = at.Add(time.Microsecond)
		next := id.NewAt("vm", at)
		if last >= next {
			t.Fatalf("%q, a microsecond after %q, must sort after it", next, last)
		}
		last = next
	}
	if got, want := id.Time(last), at.UTC().Truncate(time.Millisecond); got != want {
		t.Errorf("made at %v, want %v", got, want)
	}
}

func TestMalformedPrefixPanics(t *testing.T) {
	t.Parallel()
	for _, make := range []func(string) string{id.New, func(p string) string { return id.NewAt(p, time.Now()) }} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			make("Not A Prefix")
		}()
	}
}

func TestValid(t *testing.T) {
	t.Parallel()
	good := "vm_01jnv1cyv0fz9tqz2m4v3b5c6d"
	if !id.Valid("vm", good) {
		t.Fatalf("%q is refused", good)
	}
	for name, v := range map[string]struct{ prefix, id string }{
		"another kind":            {"dsk", good},
		"longer prefix":           {"vm", "my_" + good},
		"empty":                   {"vm", ""},
		"prefix alone":            {"vm", "vm_"},
		"no prefix":               {"", strings.TrimPrefix(good, "vm_")},
		"upper case":              {"vm", strings.ToUpper(good)},
		"too short":               {"vm", good[:len(good)-1]},
		"too long":                {"vm", good + "0"},
		"letter outside alphabet": {"vm", good[:len(good)-1] + "u"},
		"above 128 bits":          {"vm", "vm_8" + good[4:]},
		"white space":             {"vm", good + "\n"},
	} {
		if id.Valid(v.prefix, v.id) {
			t.Errorf("%s: %q is taken for an id of %q", name, v.id, v.prefix)
		}
	}
}

func TestPrefix(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"vm_01jnv1cyv0fz9tqz2m4v3b5c6d":           "vm",
		"role_binding_01jnv1cyv0fz9tqz2m4v3b5c6d": "role_binding",
		"01jnv1cyv0fz9tqz2m4v3b5c6d":              "",
		"":                                        "",
		"platform":                                "",
	} {
		if got := id.Prefix(in); got != want {
			t.Errorf("Prefix(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestTimeOfSomethingElse(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"", "platform", "vm_00000000000000000000000000"} {
		if got := id.Time(in); !got.IsZero() {
			t.Errorf("Time(%q) = %v", in, got)
		}
	}
}
