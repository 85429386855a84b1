package app

// Every operation is tried by everybody: by those who cannot say who they are, by strangers, by readers, by those who have the right role in
// the wrong place, and by those who may. What is tried follows from the table of operations and from the fixtures, so that a new operation is
// tried too; what should come of it follows from the roles and from where things stand.
//
// Whoever may not see something must not learn that it exists: each such request is made again for something that does not, and the two must
// be alike in status, headers, body and number of statements.

import (
	"bufio"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/client/fixture"
	"github.com/demarc/demarc/controlplane/internal/platform/audit"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
)

func TestSecurity(t *testing.T) {
	t.Parallel()
	s := &suite{estate: newEstate(newSite(t)), refused: map[string]bool{}, succeeded: map[string]bool{}, records: map[record]string{}}
	exempt := exemptions(t)
	ops := s.ops()
	for _, op := range ops {
		s.during(op, func() {
			s.refusals(op)
			s.closedFields(op)
		})
	}
	s.timings()
	s.quotas()
	for i := range s.catalog.Kinds {
		s.lifeCycle(&s.catalog.Kinds[i])
	}
	for _, op := range ops {
		covered := s.refused[op.ID] && s.succeeded[op.ID]
		switch {
		case exempt[op.ID] == "" && !covered:
			t.Errorf("%s is not covered: refused to somebody %t, allowed to somebody %t; see refusals and questions", op.ID, s.refused[op.ID], s.succeeded[op.ID])
		case exempt[op.ID] != "" && covered:
			t.Errorf("%s is exempt, and covered", op.ID)
		}
		delete(exempt, op.ID)
	}
	for item := range exempt {
		t.Errorf("%s is exempt, and no operation", item)
	}
	fmt.Printf("security suite: %d operations, %d cases\n", len(ops), s.cases)
}

// exemptions are the operations that are not covered, with the reason of each.
func exemptions(t *testing.T) map[string]string {
	t.Helper()
	f, err := os.Open("testdata/security_exempt.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[string]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		item, reason, _ := strings.Cut(line, " ")
		if strings.TrimSpace(reason) == "" {
			t.Errorf("%s is exempt without a reason", item)
		}
		out[item] = reason
	}
	return out
}

// suite is the cases and what came of them.
type suite struct {
	*estate
	cases              int
	refused, succeeded map[string]bool // by operation: to somebody who is known
	// records is what must be on record, by what was tried.
	records map[record]string
}

// record is what is on record of a request.
type record struct{ RequestID, PrincipalKind, PrincipalID, Operation, Target, Outcome, Binding string }

// ops is the table of operations.
func (e *estate) ops() []httpapi.Op {
	_, ops := contractOf(lockers(nil).build)
	return ops
}

// What should come of a request.
type outcome int

const (
	allowed   outcome = iota
	unknown           // 401
	invisible         // as if there were no such thing
	forbidden         // 403
)

// during runs the refusals of one operation: nothing may be changed by them, and all must be on record.
func (s *suite) during(op httpapi.Op, fn func()) {
	before := s.checksums()
	fn()
	for table, sum := range s.checksums() {
		if sum != before[table] {
			s.t.Errorf("%s: refused requests have changed the table %s", op.ID, table)
		}
	}
	s.checkRecords()
}

// checksums are those of every table, of the rows as nobody but their readers and the passing of time changes them.
func (s *suite) checksums() map[string]string {
	var tables []string
	s.check(s.db.Conn(s.t.Context()).Raw(`SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'
		AND table_name NOT LIKE 'river%' AND table_name NOT LIKE 'audit%' ORDER BY 1`).Scan(&tables).Error)
	var each []string
	for _, t := range tables {
		each = append(each, fmt.Sprintf("SELECT '%s' AS name, md5(coalesce(string_agg((to_jsonb(t) - 'last_used_at')::text, ' ' ORDER BY to_jsonb(t)::text), '')) AS sum FROM %s t",
			t, pgx.Identifier{t}.Sanitize()))
	}
	var rows []struct{ Name, Sum string }
	s.check(s.db.Conn(s.t.Context()).Raw(strings.Join(each, " UNION ALL ")).Scan(&rows).Error)
	out := map[string]string{}
	for _, r := range rows {
		out[r.Name] = r.Sum
	}
	return out
}

// onRecord notes what must be on record of a request.
func (s *suite) onRecord(what string, r reply, p *principal, op httpapi.Op, target, outcome string) {
	if !op.Mutates && !op.Sensitive {
		return
	}
	want := record{RequestID: r.requestID, PrincipalKind: p.kind, PrincipalID: p.id, Operation: op.ID, Target: target, Outcome: outcome}
	if !p.known() {
		want.PrincipalKind = "anonymous"
	}
	if outcome != audit.Denied {
		want.Binding = p.binding
	}
	s.records[want] = what
}

// checkRecords compares what was noted with what is on record.
func (s *suite) checkRecords() {
	requests := []string{""}
	for r := range s.records {
		requests = append(requests, r.RequestID)
	}
	var found []record
	s.check(s.db.Conn(s.t.Context()).Raw(`SELECT request_id, principal_kind, COALESCE(principal_id, '') AS principal_id, op_id AS operation,
		COALESCE(target_id, '') AS target, outcome, COALESCE(binding_id, '') AS binding FROM audit_record WHERE request_id IN ?`, requests).Scan(&found).Error)
	of := map[string][]record{}
	for _, r := range found {
		of[r.RequestID] = append(of[r.RequestID], r)
	}
	for want, what := range s.records {
		if got := of[want.RequestID]; len(got) != 1 || got[0] != want {
			s.t.Errorf("%s: on record is %+v, want %+v", what, got, want)
		}
	}
	clear(s.records)
}

// refusals tries an operation with everybody who is to be refused, and what changes nothing with the others too.
func (s *suite) refusals(op httpapi.Op) {
	switch op.Scope {
	case httpapi.ScopeCaller:
		s.asking(op)
	case httpapi.ScopeObject:
		s.onObject(op)
		s.references(op, map[string]any{})
	case httpapi.ScopeParent, httpapi.ScopePlatform:
		s.creating(op)
	case httpapi.ScopeFilter:
		s.listing(op)
	}
}

// try sends the request of an operation.
func (s *suite) try(p *principal, op httpapi.Op, id string, body map[string]any, query string) reply {
	s.cases++
	a := ask{token: p.token, method: op.Method, path: strings.Replace(op.Path, "{id}", id, 1) + query, header: map[string]string{}}
	switch {
	case len(op.BodyTypes) > 0:
		data, err := fixturesWith([]added{lockers(nil)})(op.Kind)
		s.check(err)
		a.raw, a.header["Content-Type"] = []byte(data.Uploads[op.Part]), op.BodyTypes[0]
	case op.Mutates && op.Method != http.MethodDelete:
		a.body = body
	}
	if op.RequiresIfMatch {
		a.header["If-Match"] = s.send(ask{token: ownerToken, method: http.MethodGet, path: strings.TrimSuffix(a.path, query)}).header.Get("ETag")
		if a.header["If-Match"] == "" {
			a.header["If-Match"] = `"1"` // there is nothing to have read
		}
	}
	return s.send(a)
}

// judge compares an answer with what should come of the request. If that is not to tell that something exists, ask is for it again and for
// what nothing has: the answers must be alike.
func (s *suite) judge(what string, r reply, want outcome, id, nobodys, pointer string, ask func(id string) reply) {
	status, code := http.StatusOK, ""
	switch want {
	case unknown:
		status, code = http.StatusUnauthorized, "unauthenticated"
	case forbidden:
		status, code = http.StatusForbidden, "forbidden"
	case invisible:
		status, code = http.StatusNotFound, "not_found"
		if pointer != "" {
			status, code = http.StatusUnprocessableEntity, "invalid"
		}
	case allowed:
	}
	if r.status != status {
		s.t.Errorf("%s: %d: %s; want %d", what, r.status, r.body, status)
		return
	}
	if want == allowed {
		return
	}
	f := r.problem(s.t)
	if f.Code != code {
		s.t.Errorf("%s: %s; want %s", what, r.body, code)
	}
	if want != invisible {
		return
	}
	for _, e := range f.Errors {
		if e.Pointer != pointer || e.Code != "not_found" {
			s.t.Errorf("%s: %s; want nothing but not_found at %s", what, r.body, pointer)
		}
	}
	if pointer != "" && len(f.Errors) == 0 {
		s.t.Errorf("%s: %s; want not_found at %s", what, r.body, pointer)
	}
	s.alike(what, r, id, nobodys, ask)
}

// alike compares an answer with that to a request for something that does not exist. What is kept in memory may be dropped, or read, between
// the two: a difference that does not stay is none.
func (s *suite) alike(what string, r reply, id, nobodys string, ask func(id string) reply) {
	difference := unalike(r, ask(nobodys), id, nobodys)
	for range 2 {
		if difference == "" {
			return
		}
		difference = unalike(ask(id), ask(nobodys), id, nobodys)
	}
	if difference != "" {
		s.t.Errorf("%s can be told from what does not exist: %s", what, difference)
	}
}

// onObject tries an operation on one object.
func (s *suite) onObject(op httpapi.Op) {
	kind := s.catalog.Kind(op.Kind)
	id, nobodys := s.ours.objects[op.Kind], s.nobodys(kind)
	for _, p := range s.everyone() {
		want := invisible
		switch {
		case !p.known():
			want = unknown
		case op.Mutates && p.permissions[op.Permission] && p.covers(s.at(id)), !op.Mutates && s.sees(p, op.Kind, id, op.Permission):
			want = allowed
		case (op.Mutates || op.Part != "") && s.sees(p, op.Kind, id, kind.Operations["get"].Permission):
			want = forbidden
		}
		s.refused[op.ID] = s.refused[op.ID] || want > unknown || want == unknown && !op.Mutates && s.public(op.Kind)
		if want == allowed && op.Mutates {
			continue // see lifeCycle
		}
		for _, query := range waysOf(op, want) {
			what := fmt.Sprintf("%s%s by %s", op.ID, query, p.name)
			try := func(id string) reply {
				r := s.try(p, op, id, map[string]any{}, query)
				outcome := audit.Denied
				if want == allowed {
					outcome = audit.Succeeded
				}
				s.onRecord(what, r, p, op, id, outcome)
				return r
			}
			s.judge(what, try(id), want, id, nobodys, "", try)
		}
		s.succeeded[op.ID] = s.succeeded[op.ID] || want == allowed
	}
	if nobody := s.try(s.owner, op, nobodys, map[string]any{}, ""); nobody.status != http.StatusNotFound {
		s.t.Errorf("%s of nothing by the owner: %d", op.ID, nobody.status)
	}
}

// waysOf are the ways to send a request: what is forbidden is so for a dry run too, and what may not be seen is not waited for.
func waysOf(op httpapi.Op, want outcome) []string {
	switch {
	case op.Mutates && len(op.BodyTypes) == 0 && want == forbidden:
		return []string{"", "?dry_run=true"}
	case op.ID == "operations.get" && want == invisible:
		return []string{"", "?wait=60s"}
	}
	return []string{""}
}

// body is what a new object of the kind can be made from, in that tenant, and what it is to be in, if anything.
func (s *suite) body(op httpapi.Op, w *fixture.Workshop) (body map[string]any, parent string) {
	f, err := w.Fixture(op.Kind)
	s.check(err)
	body, err = f.Body(s.t.Context(), fixture.Minimal)
	s.check(err)
	if op.ParentField == "" {
		return body, ""
	}
	if body[op.ParentField] == nil {
		body[op.ParentField] = s.ours.objects[s.catalog.Kind(op.Kind).Parent.Kind]
	}
	return body, body[op.ParentField].(string)
}

// creating tries to make an object of ours.
func (s *suite) creating(op httpapi.Op) {
	body, parent := s.body(op, s.ours.workshop)
	nobodys, see := "", ""
	if parent != "" {
		kind := s.kindOf(parent)
		nobodys, see = s.nobodys(kind), kind.Operations["get"].Permission
	}
	for _, p := range s.everyone() {
		want := invisible
		switch {
		case !p.known():
			want = unknown
		case parent == "" && p.permissions[op.Permission] && p.scope == authz.Platform, parent != "" && p.permissions[op.Permission] && p.covers(s.at(parent)):
			want = allowed
		case parent == "" || s.sees(p, s.kindOf(parent).Name, parent, see):
			want = forbidden
		}
		s.refused[op.ID] = s.refused[op.ID] || want > unknown
		if want == allowed {
			continue // see lifeCycle
		}
		for _, query := range waysOf(op, want) {
			what := fmt.Sprintf("%s%s by %s", op.ID, query, p.name)
			try := func(parent string) reply {
				in := body
				if parent != "" {
					in = with(body, op.ParentField, parent)
				}
				r := s.try(p, op, "", in, query)
				s.onRecord(what, r, p, op, "", audit.Denied)
				return r
			}
			s.judge(what, try(parent), want, parent, nobodys, "/"+op.ParentField, try)
		}
		// Where nothing is named that it is to be in, it is to be in the operator itself.
		if f := s.catalog.Kind(op.Kind).Field(op.ParentField); want > unknown && f != nil && !f.Required {
			r := s.try(p, op, "", with(body, op.ParentField, nil), "")
			s.judge(op.ID+" in the operator by "+p.name, r, forbidden, "", "", "", nil)
		}
	}
	s.references(op, body)
}

// with is a copy of a body with another value in one field.
func with(body map[string]any, field string, value any) map[string]any {
	out := maps.Clone(body)
	out[field] = value
	return out
}

// right is who may do an operation to what stands there, with as little as possible beside.
func (s *suite) right(op httpapi.Op, at standing) *principal {
	for _, p := range []*principal{s.admin, s.reseller} {
		if p.permissions[op.Permission] && p.covers(at) {
			return p
		}
	}
	return s.owner
}

// references tries what is allowed with ids of others in the body: each must be as unknown as one that nothing has.
func (s *suite) references(op httpapi.Op, body map[string]any) {
	id, at := "", standing{}
	switch {
	case op.Verb == httpapi.Update:
		id = s.ours.objects[op.Kind]
		at = s.at(id)
	case op.Verb != httpapi.Create:
		return
	case op.ParentField != "":
		at = s.at(body[op.ParentField].(string))
	}
	p := s.right(op, at)
	for _, m := range s.mentions(op) {
		referred := s.catalog.Kind(m.kind)
		nobodys := s.nobodys(referred)
		try := func(other string) reply {
			in := maps.Clone(body)
			maps.Copy(in, m.fields(other))
			r := s.try(p, op, id, in, "")
			outcome := audit.Failed
			if m.pointer(other) == "/"+op.ParentField {
				outcome = audit.Denied // where something is to be is a matter of permission
			}
			s.onRecord(fmt.Sprintf("%s with %s at %s", op.ID, other, m.pointer(other)), r, p, op, id, outcome)
			return r
		}
		others := []string{nobodys}
		for _, t := range []*tenant{s.sibling, s.foreign} {
			if other := t.objects[m.kind]; !s.sees(p, m.kind, other, referred.Operations["get"].Permission) {
				others = append(others, other)
			}
		}
		for _, other := range others {
			what := fmt.Sprintf("%s with a %s of others at %s by %s", op.ID, m.kind, m.pointer(other), p.name)
			s.judge(what, try(other), invisible, other, nobodys, m.pointer(other), try)
		}
	}
}

// mention is a place in a body for the id of an object of a kind: the fields to set for it, and where it is then found to be wrong.
type mention struct {
	kind    string
	fields  func(id string) map[string]any
	pointer func(id string) string
}

// mentions are those of the body of a create or an update.
func (s *suite) mentions(op httpapi.Op) []mention {
	var out []mention
	for _, f := range s.catalog.Kind(op.Kind).Fields {
		if len(f.Ref) == 0 || !f.Writable() || op.Verb == httpapi.Update && !f.Mutable() {
			continue
		}
		var m mention
		switch f.Type {
		case catalog.String:
			m.fields = func(id string) map[string]any { return map[string]any{f.Name: id} }
			m.pointer = func(string) string { return "/" + f.Name }
		case catalog.Map:
			of, err := s.ours.workshop.Fixture(op.Kind)
			s.check(err)
			full, err := of.Body(s.t.Context(), fixture.Full)
			s.check(err)
			values := slices.Collect(maps.Values(full[f.Name].(map[string]any)))
			m.fields = func(id string) map[string]any { return map[string]any{f.Name: map[string]any{id: values[0]}} }
			m.pointer = func(id string) string { return "/" + f.Name + "/" + id }
		default:
			s.t.Fatalf("%s: how does %s refer to something?", op.ID, f.Name)
		}
		for _, m.kind = range f.Ref {
			if m.kind != catalog.Platform {
				out = append(out, m)
			}
		}
	}
	// Principals are more than one kind of object can hold, so their ids are no references to the catalog.
	role := s.ours.objects["role"]
	switch op.ID {
	case "role_bindings.create":
		out = append(out, mention{"service_account",
			func(id string) map[string]any {
				return map[string]any{"principal_kind": "service_account", "principal_id": id}
			},
			func(string) string { return "/principal_id" }})
	case "policies.update":
		out = append(out, mention{"service_account",
			func(id string) map[string]any {
				return map[string]any{"bindings": map[string]any{role: map[string]any{"members": []string{"service_account:" + id}}}}
			},
			func(string) string { return "/bindings/" + role + "/members/0" }})
	}
	return out
}

// listing reads lists: everybody finds what they may see, and by ids of others nothing.
func (s *suite) listing(op httpapi.Op) {
	kind := s.catalog.Kind(op.Kind)
	for _, p := range s.everyone() {
		what := op.ID + " by " + p.name
		if !p.known() {
			s.judge(what, s.try(p, op, "", nil, ""), unknown, "", "", "", nil)
			continue
		}
		listed := map[string]bool{}
		for _, id := range ids(s.all(p.token, op.Path), kind.IDField()) {
			listed[id] = true
		}
		s.cases++
		for _, t := range s.tenants() {
			id := t.objects[op.Kind]
			sees := s.sees(p, op.Kind, id, op.Permission)
			if listed[id] != sees {
				s.t.Errorf("%s: %s of %s is in it: %t", what, id, t.name, listed[id])
			}
			s.refused[op.ID] = s.refused[op.ID] || !sees || s.public(op.Kind)
			s.succeeded[op.ID] = s.succeeded[op.ID] || sees
		}
		for _, f := range kind.Filters {
			s.filtering(p, op, f)
		}
	}
	s.belonging(op)
}

// belonging asks for what belongs to each customer and to each billing entity, and for what is in each state. It is what the rows say, and a kind of
// which something belongs to somebody can be asked for it.
func (s *suite) belonging(op httpapi.Op) {
	k, of := s.kinds[op.Kind], s.catalog.Kind(op.Kind)
	if k.Table() == "" {
		return
	}
	table := pgx.Identifier{k.Table()}.Sanitize()
	for _, column := range []string{resource.CustomerColumn, resource.BillingEntityColumn, "state"} {
		if column == "state" && of.Field(column) == nil {
			continue
		}
		var values []string
		s.check(s.db.Conn(s.t.Context()).Raw("SELECT DISTINCT " + column + " FROM " + table + " WHERE " + column + " <> '' AND " + column + " <> id").Scan(&values).Error)
		filtered := slices.ContainsFunc(of.Filters, func(f catalog.Filter) bool { return f.Name == column })
		if len(values) > 0 != filtered {
			s.t.Errorf("%s: rows have %d values of %s; can be asked for it: %t", op.ID, len(values), column, filtered)
			continue
		}
		for _, value := range values {
			var want []string
			s.check(s.db.Conn(s.t.Context()).Raw("SELECT id FROM "+table+" WHERE "+column+" = ? ORDER BY id", value).Scan(&want).Error)
			s.cases++
			got := ids(s.pages(op.Path+"?"+column+"="+value, 500), of.IDField())
			if slices.Sort(got); !slices.Equal(got, want) {
				s.t.Errorf("%s with %s=%s: %d objects, want %d", op.ID, column, value, len(got), len(want))
			}
		}
	}
}

// filtering asks for what refers to others.
func (s *suite) filtering(p *principal, op httpapi.Op, f catalog.Filter) {
	kinds := f.Ref
	if len(kinds) == 0 && strings.HasSuffix(f.Name, "_id") {
		kinds = []string{"virtual_machine"} // it may be of any kind
	}
	for _, name := range kinds {
		if name == catalog.Platform {
			continue
		}
		kind := s.catalog.Kind(name)
		nobodys := s.nobodys(kind)
		for _, t := range s.tenants() {
			other := t.objects[name]
			if s.sees(p, name, other, kind.Operations["get"].Permission) || s.within(p, t, other) {
				continue
			}
			what := fmt.Sprintf("%s by %s with %s=%s of %s", op.ID, p.name, f.Name, name, t.name)
			try := func(id string) reply { return s.try(p, op, "", nil, "?"+f.Name+"="+id) }
			r := try(other)
			if r.status != http.StatusOK || len(r.items(s.t)) != 0 {
				s.t.Errorf("%s: %d: %s", what, r.status, r.body)
			}
			s.alike(what, r, other, nobodys, try)
		}
	}
}

// within says whether the principal's own place is in that object of a tenant's: then what it sees may name it.
func (s *suite) within(p *principal, t *tenant, id string) bool {
	at := s.at(p.scope)
	return p.covers(s.at(id)) || id == at.billingEntity || id == at.customer || at.customer == t.objects["customer"] && id == t.objects["location"]
}

// all are the objects of all pages of a list.
func (n *node) all(token, path string) []object {
	n.t.Helper()
	var out []object
	for next := "?page_size=500"; next != ""; {
		r := n.send(ask{token: token, method: http.MethodGet, path: path + next})
		if r.status != http.StatusOK {
			n.t.Errorf("%s: %d: %s", path, r.status, r.body)
			return nil
		}
		out, next = append(out, r.items(n.t)...), ""
		if after := r.object(n.t).text("next_page_token"); after != "" {
			next = "?page_size=500&page_token=" + url.QueryEscape(after)
		}
	}
	return out
}

// timings compares how long the two answers take that must be alike. It reports and never fails: the number of statements is what is checked.
func (s *suite) timings() {
	const rounds = 60
	stranger := s.principals[3]
	for _, name := range []string{"virtual_machine", "customer", "role"} {
		kind := s.catalog.Kind(name)
		path, nobodys := kind.Operations["get"].Path, s.nobodys(kind)
		took := map[bool][]time.Duration{}
		for i := range 2 * rounds {
			hidden := i%2 == 0
			id := nobodys
			if hidden {
				id = s.ours.objects[name]
			}
			began := time.Now()
			s.send(ask{token: stranger.token, method: http.MethodGet, path: strings.Replace(path, "{id}", id, 1)})
			took[hidden] = append(took[hidden], time.Since(began))
		}
		for _, of := range took {
			slices.Sort(of)
		}
		// How often something hidden took longer than nothing, of all pairs: a half if the two cannot be told apart.
		longer := 0
		for _, d := range took[true] {
			longer += sort.Search(rounds, func(i int) bool { return took[false][i] >= d })
		}
		s.t.Logf("%s: hidden %v, nothing %v (medians); hidden takes longer in %d %% of the pairs", name,
			took[true][rounds/2].Round(time.Microsecond), took[false][rounds/2].Round(time.Microsecond), 100*longer/(rounds*rounds))
	}
}

// endsWith is what the operations come to that cannot do anything where all is quiet.
var endsWith = map[string]string{"operations.cancel": "wrong_state"}

// lifeCycle makes, changes and deletes an object with everything that its kind can, each as somebody who may.
func (s *suite) lifeCycle(kind *catalog.Kind) {
	byVerb := map[string]httpapi.Op{}
	var actions []string
	for _, op := range s.ops() {
		if op.Kind == kind.Name && op.Mutates {
			byVerb[op.Verb] = op
			if op.Action || op.Part != "" {
				actions = append(actions, op.Verb)
			}
		}
	}
	id := s.ours.objects[kind.Name]
	if op, ok := byVerb[httpapi.Create]; ok {
		body, parent := s.body(op, s.ours.workshop)
		at := standing{}
		if parent != "" {
			at = s.at(parent)
		}
		p := s.right(op, at)
		if p == s.owner {
			// What is unique about an object of ours is taken by it.
			body, _ = s.body(op, fixture.NewWorkshopFrom(s.client(ownerToken), s.catalog, fixturesWith([]added{lockers(nil)})))
		}
		id = s.allow(p, op, "", body)
	}
	for _, verb := range append(actions, httpapi.Update, httpapi.Delete) {
		op, ok := byVerb[verb]
		if !ok {
			continue
		}
		body := map[string]any{}
		if verb == httpapi.Update {
			body = s.changed(kind)
		}
		s.allow(s.right(op, s.at(id)), op, id, body)
	}
	s.checkRecords()
}

// changed is the fixture's change, without references to others: these are a matter of their own.
func (s *suite) changed(kind *catalog.Kind) map[string]any {
	data, err := fixturesWith([]added{lockers(nil)})(kind.Name)
	s.check(err)
	body := maps.Clone(data.Changed)
	for _, f := range kind.Fields {
		if len(f.Ref) > 0 && f.Type == catalog.String {
			delete(body, f.Name)
		}
	}
	f, err := s.ours.workshop.Fixture(kind.Name)
	s.check(err)
	body, err = f.Fill(s.t.Context(), body)
	s.check(err)
	return body
}

// allow sends a request that must succeed, waits for what it begins, and returns the object's id.
func (s *suite) allow(p *principal, op httpapi.Op, id string, body map[string]any) string {
	what := op.ID + " by " + p.name
	r := s.try(p, op, id, body, "")
	if code := endsWith[op.ID]; code != "" {
		if f := r.problem(s.t); f.Code != code {
			s.t.Errorf("%s: %d: %s", what, r.status, r.body)
		}
		s.onRecord(what, r, p, op, id, audit.Failed)
	} else {
		if r.status >= http.StatusBadRequest {
			s.t.Fatalf("%s: %d: %s", what, r.status, r.body)
		}
		if o := s.finish(p.token, r); id == "" {
			id = o.text("id")
		}
		s.onRecord(what, r, p, op, id, audit.Succeeded)
	}
	s.succeeded[op.ID] = true
	return id
}
