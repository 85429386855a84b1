package role

import (
	"slices"
	"testing"
)

func TestResolve(t *testing.T) {
	t.Parallel()
	all := []string{"disks.get", "disks.list", "disks.create", "tokens.get", "tokens.create", "disks.get", "disks.reveal_key", "tokens.reveal_key"}
	for _, c := range []struct {
		patterns, want []string
	}{
		{nil, []string{}},
		{[]string{"*"}, []string{"disks.create", "disks.get", "disks.list", "tokens.create", "tokens.get"}},
		{[]string{"*.get"}, []string{"disks.get", "tokens.get"}},
		{[]string{"disks.*", "!*.create"}, []string{"disks.get", "disks.list"}},
		{[]string{"*", "!tokens.*", "*.get"}, []string{"disks.create", "disks.get", "disks.list", "tokens.get"}},
		{[]string{"disks.*", "disks.reveal_key"}, []string{"disks.create", "disks.get", "disks.list", "disks.reveal_key"}},
		{[]string{"disks.reveal_key", "!disks.*"}, []string{}},
		{[]string{"*.reveal_*"}, []string{"disks.reveal_key", "tokens.reveal_key"}},
		{[]string{"!tokens.*", "*"}, []string{"disks.create", "disks.get", "disks.list", "tokens.create", "tokens.get"}},
	} {
		if got := (BuiltIn{Permissions: c.patterns}).Resolve(all); !slices.Equal(got, c.want) || got == nil {
			t.Errorf("%q: got %q, want %q", c.patterns, got, c.want)
		}
	}
}

func TestBuiltInRolesAreDescribed(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, b := range BuiltIns() {
		if seen[b.Name] || b.Name == "" || b.DisplayName == "" || b.Description == "" || len(b.Permissions) == 0 {
			t.Errorf("%+v", b)
		}
		seen[b.Name] = true
	}
	if owner, ok := builtIn(PlatformOwner); !ok || !owner.Owner {
		t.Errorf("the role of the platform's owner: %+v", owner)
	}
}

// Secrets are revealed to whom somebody has named, and to the owner.
func TestOnlyTheOwnerRevealsWhatItLikes(t *testing.T) {
	t.Parallel()
	for _, b := range BuiltIns() {
		got := b.Resolve([]string{"things.reveal_key"}) // of a kind that no role has been made for
		if want := b.Name == PlatformOwner; len(got) == 1 != want {
			t.Errorf("%s reveals what nobody has thought of: %t", b.Name, !want)
		}
	}
}
