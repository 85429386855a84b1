package httpapi

// Secrets of objects that are read: the key of a certificate, the password of a console. They are no fields of the object, so that no way of
// reading it leads to them, but the answer of an operation that reveals them.

import (
	"net/http"
	"reflect"

	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

// revealing is what the verbs of operations that reveal begin with. No pattern of a role stands for such a permission unless it says so.
const revealing = "reveal_"

// Reveal makes the operation that answers a secret of an object, with a permission of its own, which nothing gives along with others: who
// asked for what is on record, and what was answered is nowhere. Its fields have the trait x-sensitive.
func Reveal(k resource.Kind, name, summary string, h Handler) Op {
	return of(k, Op{Verb: revealing + name, Method: http.MethodGet, Path: part(k, name), Scope: ScopeObject, Part: name, Sensitive: true, Handle: h}, summary, false)
}

// RevealInput asks for a secret of an object. The caller may have it: that was decided before.
type RevealInput struct{ ID string }

func (in *RevealInput) takes() reflect.Type { return nil }

func (in *RevealInput) bind(c *call) error {
	in.ID = c.id
	return nil
}

// readOnRecord says whether a read is on record: where the setting says so, and always if it reveals a secret.
func (s *Server) readOnRecord(op *Op) bool { return op.Sensitive || s.AuditReads.Match(op.ID) }
