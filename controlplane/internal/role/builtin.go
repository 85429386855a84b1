package role

// The roles that are built in, as data.

import (
	_ "embed"
	"encoding/json"
	"path"
	"slices"
	"strings"
	"sync"
)

// PlatformOwner is the role of whoever owns the platform.
const PlatformOwner = "platform-owner"

//go:embed builtin.json
var builtInJSON []byte

// BuiltIn is a role that every installation has.
type BuiltIn struct {
	Name        string `json:"name"`
	DisplayName string `json:"display_name"`
	Description string `json:"description"`
	// Owner: who has it owns what it is bound on, which must not be left without an owner by its own people.
	Owner bool `json:"owner"`
	// Reveals: its patterns stand for permissions that reveal a secret, too. Those of other roles do not unless their verb says so:
	// things.reveal_key.
	Reveals bool `json:"reveals"`
	// Permissions are patterns, such as *.get. One that begins with an exclamation mark takes away what it matches; the last one that
	// matches decides.
	Permissions []string `json:"permissions"`
}

// BuiltIns are the roles that are built in.
var BuiltIns = sync.OnceValue(func() []BuiltIn {
	var out []BuiltIn
	if err := json.Unmarshal(builtInJSON, &out); err != nil {
		panic(err) // a part of the program
	}
	return out
})

// builtIn returns the role of that name.
func builtIn(name string) (BuiltIn, bool) {
	i := slices.IndexFunc(BuiltIns(), func(b BuiltIn) bool { return b.Name == name })
	if i < 0 {
		return BuiltIn{}, false
	}
	return BuiltIns()[i], true
}

// Resolve returns which of the permissions the role has, in the order of the alphabet.
func (b BuiltIn) Resolve(permissions []string) []string {
	out := []string{}
	for _, p := range permissions {
		has := false
		for _, pattern := range b.Permissions {
			pattern, not := strings.CutPrefix(pattern, "!")
			if Match(pattern, p) && (not || b.Reveals || !reveals(p) || reveals(pattern)) {
				has = !not
			}
		}
		if has {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Match says whether a permission is one of those that a pattern, without its exclamation mark, stands for.
func Match(pattern, permission string) bool {
	ok, err := path.Match(pattern, permission)
	return ok && err == nil
}

// reveals says whether a permission, or a pattern, is expressly of what reveals a secret: whoever gets it should see that they do.
func reveals(permission string) bool {
	_, verb, _ := strings.Cut(permission, ".")
	return strings.HasPrefix(verb, "reveal_")
}
