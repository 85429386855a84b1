package app

// Operations that everybody may use for themselves: what they answer must hold nothing that the caller may not see.

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/demarc/demarc/controlplane/internal/permission"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
)

// question is how an operation for everybody is asked; hidden, if there is one, compares what it tells of our objects.
type question struct {
	id, query string
	body      map[string]any
	hidden    func(s *suite, p *principal, op httpapi.Op)
}

var questions = map[string]question{
	"whoami.get":            {hidden: (*suite).whoami},
	"permissions.get":       {id: "virtual_machines.get"},
	"permissions.list":      {},
	"permissions.check":     {query: "?checks=virtual_machines.get", hidden: (*suite).checking},
	"permissions.effective": {hidden: (*suite).effective},
	"access.list":           {query: "?resource_id=platform", hidden: (*suite).accessing},
	"catalog.get":           {},
	"batch.get":             {body: map[string]any{"ids": []string{}}, hidden: (*suite).batching},
}

// asking tries an operation that is for everybody who is known.
func (s *suite) asking(op httpapi.Op) {
	q, ok := questions[op.ID]
	if !ok {
		return // not covered
	}
	for _, p := range s.unknown {
		s.judge(op.ID+" by "+p.name, s.ask(p, op, q.id, q.query, q.body), unknown, "", "", "", nil)
	}
	for _, p := range s.principals {
		if q.hidden != nil {
			q.hidden(s, p, op)
		} else {
			s.judge(op.ID+" by "+p.name, s.ask(p, op, q.id, q.query, q.body), allowed, "", "", "", nil)
		}
	}
	s.refused[op.ID], s.succeeded[op.ID] = true, true
}

// ask sends the request of an operation for everybody.
func (s *suite) ask(p *principal, op httpapi.Op, id, query string, body map[string]any) reply {
	s.cases++
	a := ask{token: p.token, method: op.Method, path: strings.Replace(op.Path, "{id}", id, 1) + query}
	if body != nil {
		a.body = body
	}
	return s.send(a)
}

// each calls fn with every kind of object that has ids of its own, ours, and whether the principal may read it.
func (s *suite) each(p *principal, fn func(kind, id string, sees bool, nobodys string)) {
	for _, name := range slices.Sorted(maps.Keys(s.ours.objects)) {
		kind := s.catalog.Kind(name)
		if kind.Singleton || kind.Prefix == "" {
			continue
		}
		id := s.ours.objects[name]
		fn(name, id, s.sees(p, name, id, kind.Operations["get"].Permission), s.nobodys(kind))
	}
}

func (s *suite) whoami(p *principal, op httpapi.Op) {
	o := s.ask(p, op, "", "", nil).object(s.t)
	who, _ := o["principal"].(map[string]any)
	roles, _ := o["roles"].([]any)
	if who["id"] != p.id || who["kind"] != p.kind || len(roles) != 1 || roles[0].(map[string]any)["binding_id"] != p.binding {
		s.t.Errorf("%s is taken for %v", p.name, o)
	}
}

func (s *suite) batching(p *principal, op httpapi.Op) {
	get := func(id string) reply { return s.ask(p, op, "", "", map[string]any{"ids": []string{id}}) }
	s.each(p, func(kind, id string, sees bool, nobodys string) {
		what := fmt.Sprintf("%s of a %s by %s", op.ID, kind, p.name)
		r := get(id)
		if found := r.items(s.t); r.status != http.StatusOK || len(found) == 1 != sees {
			s.t.Errorf("%s: %d: %s; is to see it: %t", what, r.status, r.body, sees)
		}
		if !sees {
			s.alike(what, r, id, nobodys, get)
		}
	})
}

func (s *suite) checking(p *principal, op httpapi.Op) {
	s.each(p, func(kind, id string, sees bool, nobodys string) {
		var permissions []string
		var want []bool
		for _, of := range s.ops() {
			if of.Kind == kind && of.Scope == httpapi.ScopeObject {
				permissions = append(permissions, of.Permission)
				read := of.Permission == s.catalog.Kind(kind).Operations["get"].Permission
				want = append(want, sees && (read || p.permissions[of.Permission] && p.covers(s.at(id))))
			}
		}
		check := func(id string) reply {
			return s.ask(p, op, "", "?checks="+strings.Join(permissions, "@"+id+",")+"@"+id, nil)
		}
		what := fmt.Sprintf("%s of a %s by %s", op.ID, kind, p.name)
		r := check(id)
		var answer struct{ Results []struct{ Allowed bool } }
		r.decode(s.t, &answer)
		var got []bool
		for _, result := range answer.Results {
			got = append(got, result.Allowed)
		}
		if r.status != http.StatusOK || !slices.Equal(got, want) {
			s.t.Errorf("%s: %d: %s; want %v", what, r.status, r.body, want)
		}
		if !sees {
			s.alike(what, r, id, nobodys, check)
		}
	})
}

func (s *suite) effective(p *principal, op httpapi.Op) {
	known := permission.IDs(s.ops())
	judge := func(what string, r reply, held, below func(permission string) bool) {
		var got struct {
			Held      []string `json:"held"`
			HeldBelow []string `json:"held_below"`
		}
		r.decode(s.t, &got)
		here, beneath := []string{}, []string{}
		for _, permission := range known {
			if held(permission) {
				here = append(here, permission)
			}
			if held(permission) || below(permission) {
				beneath = append(beneath, permission)
			}
		}
		if r.status != http.StatusOK || !slices.Equal(got.Held, here) || !slices.Equal(got.HeldBelow, beneath) {
			s.t.Errorf("%s: %d: %s; want %v and below %v", what, r.status, r.body, here, beneath)
		}
	}
	has := func(permission string) bool { return p.permissions[permission] }
	judge(op.ID+" of the platform by "+p.name, s.ask(p, op, "", "", nil), func(permission string) bool { return has(permission) && p.scope == authz.Platform }, has)
	s.each(p, func(kind, id string, sees bool, nobodys string) {
		what, ask := fmt.Sprintf("%s of a %s by %s", op.ID, kind, p.name), func(id string) reply { return s.ask(p, op, "", "?resource_id="+id, nil) }
		r := ask(id)
		if !sees {
			s.judge(what, r, invisible, id, nobodys, "", ask)
			return
		}
		read, inside := s.catalog.Kind(kind).Operations["get"].Permission, false
		if p.scope != authz.Platform {
			at := s.at(p.scope)
			inside = id == at.billingEntity || id == at.customer
		}
		judge(what, r, func(permission string) bool { return permission == read || has(permission) && p.covers(s.at(id)) },
			func(permission string) bool { return has(permission) && inside })
	})
}

func (s *suite) accessing(p *principal, op httpapi.Op) {
	list := func(id string) reply { return s.ask(p, op, "", "?resource_id="+id, nil) }
	s.each(p, func(kind, id string, sees bool, nobodys string) {
		want := invisible
		switch {
		case sees && p.permissions["role_bindings.list"] && p.covers(s.at(id)):
			want = allowed
		case sees:
			want = forbidden
		}
		s.judge(fmt.Sprintf("%s of a %s by %s", op.ID, kind, p.name), list(id), want, id, nobodys, "", list)
	})
}
