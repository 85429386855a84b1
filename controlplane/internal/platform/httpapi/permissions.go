package httpapi

import "github.com/demarc/demarc/controlplane/internal/platform/authz"

// Permissions says of the permissions of operations what authorization has to know: which are to read, since nothing that they are needed for
// changes anything, and which a suspended customer keeps.
func Permissions(ops []Op) authz.Permissions {
	out := authz.Permissions{Reads: map[string]bool{}, WhileSuspended: map[string]bool{}}
	writes := map[string]bool{}
	for _, op := range ops {
		if op.Permission == "" {
			continue
		}
		writes[op.Permission] = writes[op.Permission] || op.Mutates
		out.Reads[op.Permission] = !writes[op.Permission]
		if op.WhileSuspended {
			out.WhileSuspended[op.Permission] = true
		}
	}
	return out
}
