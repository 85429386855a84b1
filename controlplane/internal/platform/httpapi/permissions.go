package httpapi

import (
	"reflect"
	"slices"
	"strings"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/visibility"
)

// Permissions says of the server's permissions what authorization has to know: which are to read, since nothing that they are needed for
// changes anything, and which a suspended customer keeps. Those that reveal a secret are not: with the secret something can be done, and what is
// offered to others is offered without it. Those of fields are to read: to set one takes that of the write beside it, which a
// suspended customer does not keep.
func Permissions(ops []Op) authz.Permissions {
	out := authz.Permissions{Reads: map[string]bool{}, WhileSuspended: map[string]bool{}}
	writes := map[string]bool{}
	for _, op := range ops {
		if op.Permission == "" {
			continue
		}
		writes[op.Permission] = writes[op.Permission] || op.Mutates
		out.Reads[op.Permission] = !writes[op.Permission] && !op.Sensitive
		if op.WhileSuspended {
			out.WhileSuspended[op.Permission] = true
		}
	}
	for _, p := range FieldPermissions(ops) {
		out.Reads[p.ID] = true
	}
	return out
}

// FieldPermission is what it takes to see and set fields of a kind.
type FieldPermission struct {
	ID     string
	Kind   string
	Fields []string // lists.*.price
}

// FieldPermissions are those of all fields that only some may see, in the order of the alphabet.
func FieldPermissions(ops []Op) []FieldPermission {
	by := map[string]*FieldPermission{}
	for _, op := range ops {
		if op.Handle == nil || op.Kind == "" {
			continue
		}
		types := []reflect.Type{op.Handle.Takes()}
		if op.Verb == Get {
			types = append(types, op.Handle.Answers())
		}
		for _, t := range types {
			for _, rule := range visibility.RulesOf(t) {
				p := by[rule.Permission]
				if p == nil {
					p = &FieldPermission{ID: rule.Permission, Kind: op.Kind}
					by[p.ID] = p
				}
				if !slices.Contains(p.Fields, rule.Name()) {
					p.Fields = append(p.Fields, rule.Name())
				}
			}
		}
	}
	out := make([]FieldPermission, 0, len(by))
	for _, p := range by {
		slices.Sort(p.Fields)
		out = append(out, *p)
	}
	slices.SortFunc(out, func(a, b FieldPermission) int { return strings.Compare(a.ID, b.ID) })
	return out
}
