package app

// Rows embed the types of the API. So every column of a kind's table, and every field that only the server sets, is sent in the body of a
// create and of a change: whoever may do anything else must not set it.

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
)

// closedFields sends what must not be set, one by one.
func (s *suite) closedFields(op httpapi.Op) {
	kind := s.catalog.Kind(op.Kind)
	if kind == nil || op.Verb != httpapi.Create && op.Verb != httpapi.Update {
		return
	}
	open, codes := catalog.Field.Writable, []string{"read_only", "unknown_field"}
	id, body := "", map[string]any{}
	if op.Verb == httpapi.Create {
		body, _ = s.body(op, s.ours.workshop)
	} else {
		open, codes, id = catalog.Field.Mutable, append(codes, "immutable"), s.ours.objects[kind.Name]
	}
	for _, name := range s.fieldsAndColumns(kind) {
		if f := kind.Field(name); f != nil && open(*f) {
			continue
		}
		sent := maps.Clone(body)
		sent[name] = s.another(name)
		r := s.try(s.owner, op, id, sent, "")
		if r.status != http.StatusUnprocessableEntity {
			s.t.Errorf("%s with %s: %d: %s", op.ID, name, r.status, r.body)
			continue
		}
		refused := false
		for _, f := range r.problem(s.t).Errors {
			refused = refused || f.Pointer == "/"+name && slices.Contains(codes, f.Code)
		}
		if !refused {
			s.t.Errorf("%s with %s: %s; want one of %v at /%s", op.ID, name, r.body, codes, name)
		}
	}
}

// fieldsAndColumns are the fields of a kind and the columns of its table.
func (s *suite) fieldsAndColumns(kind *catalog.Kind) []string {
	var out []string
	s.check(s.db.Conn(s.t.Context()).Raw(`SELECT column_name FROM information_schema.columns WHERE table_schema = 'public' AND table_name = ?`,
		kind.Name).Scan(&out).Error)
	for _, f := range kind.Fields {
		out = append(out, f.Name)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// another is a value that a field could have, and that would be a change for the better of whoever may set it.
func (s *suite) another(name string) any {
	switch {
	case strings.HasSuffix(name, "_id") && s.foreign.objects[strings.TrimSuffix(name, "_id")] != "":
		return s.foreign.objects[strings.TrimSuffix(name, "_id")]
	case strings.HasSuffix(name, "_at"):
		return "2020-01-01T00:00:00Z"
	case name == "revision":
		return 99
	case name == "state":
		return "active"
	case name == "built_in":
		return true
	}
	return "x"
}

// quotas makes sure that an object takes something of each dimension that its kind declares: what is not reported is neither limited nor paid.
func (s *suite) quotas() {
	for _, k := range s.kinds {
		if len(k.Quota) == 0 {
			continue
		}
		var taken []string
		s.check(s.db.Conn(s.t.Context()).Raw("SELECT dimension FROM quota_reservation WHERE object_id = ? AND released_at IS NULL AND amount > 0 ORDER BY 1",
			s.ours.objects[k.Name]).Scan(&taken).Error)
		if want := slices.Sorted(slices.Values(k.Quota)); !slices.Equal(taken, want) {
			s.t.Errorf("a %s takes something of %v, its kind declares %v", k.One(), taken, want)
		}
	}
}
