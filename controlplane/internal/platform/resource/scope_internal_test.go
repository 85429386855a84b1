package resource

// The condition of a query, the query of a page and the evaluator must say the same as a plain reading of the rules, in any tree.

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
)

// worlds is how many random trees are tried.
const worlds = 10_000

var thing = Kind{
	Name: "thing", Prefix: "thing", Scope: true,
	Scopes: []Link{{Kind: "location", Field: "location_id"}, {Kind: "cloudspace", Field: "cloudspace_id"}},
	// What stands in for offers to others: those of billing entities in the lineage whose name says so.
	Shared: func(a authz.Access) []Offer {
		return []Offer{{Where: "offered AND billing_entity_id = ANY(?::text[])", Args: []any{IDs(a.Lineage)}}}
	},
}

// places are the kinds that contain others.
var places = sync.OnceValue(func() *Registry {
	r := NewRegistry()
	r.Add(Kind{Name: "location", Prefix: "loc"})
	r.Add(Kind{Name: "cloudspace", Prefix: "cs"})
	return r
})

// note is of the same objects as thing, but has their scopes in a table beside it.
var note = Kind{Name: "note", Prefix: "note", ScopeTable: "note_scope", Shared: thing.Shared}

// world is a random tree with objects, and a principal with roles in it.
type world struct {
	number   int
	parents  map[string]string // of billing entities
	objects  []authz.Chain
	offered  map[string]bool
	bindings []authz.Binding
	// suspended says of each binding whether the customer is suspended whose scope it is.
	suspended []bool
	narrowed  *authz.Chain
	only      []string // permissions of the credential
}

var now = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// permissions of the test: one to read, one to write, and one that a suspended customer keeps.
var permissions = []string{"things.get", "things.update", "payments.create"}

var known = authz.Permissions{Reads: map[string]bool{"things.get": true}, WhileSuspended: map[string]bool{"payments.create": true}}

func newWorld(number int) *world {
	r := rand.New(rand.NewPCG(uint64(number), 7))
	w := &world{number: number, parents: map[string]string{}, offered: map[string]bool{}}
	name := func(kind string, i int) string { return fmt.Sprintf("%s_%dx%d", kind, number, i) }
	var entities []string
	for i := range 1 + r.IntN(8) {
		id := name("ben", i)
		w.parents[id] = ""
		if i > 0 {
			w.parents[id] = entities[r.IntN(i)]
		}
		entities = append(entities, id)
		w.objects = append(w.objects, authz.Chain{ID: id, BillingEntityID: id})
	}
	locations := []string{name("loc", 0), name("loc", 1)}
	for _, id := range locations {
		w.objects = append(w.objects, authz.Chain{ID: id})
	}
	for i := range r.IntN(5) {
		c := authz.Chain{ID: name("cus", i), CustomerID: name("cus", i), BillingEntityID: entities[r.IntN(len(entities))]}
		w.objects = append(w.objects, c)
		for j := range r.IntN(3) {
			space := authz.Chain{ID: name("cs", i*10+j), CustomerID: c.ID, BillingEntityID: c.BillingEntityID, Others: []string{locations[r.IntN(2)]}}
			w.objects = append(w.objects, space)
			for k := range r.IntN(3) {
				w.objects = append(w.objects, authz.Chain{ID: name("vm", i*100+j*10+k), CustomerID: c.ID, BillingEntityID: c.BillingEntityID,
					Others: []string{space.Others[0], space.ID}})
			}
		}
	}
	for _, o := range w.objects {
		w.offered[o.ID] = o.BillingEntityID != "" && r.IntN(6) == 0
	}
	suspended := map[string]bool{}
	for _, o := range w.objects {
		suspended[o.CustomerID] = o.CustomerID != "" && r.IntN(4) == 0
	}
	scope := func() authz.Chain {
		if r.IntN(20) == 0 {
			return authz.Chain{ID: authz.Platform}
		}
		return w.objects[r.IntN(len(w.objects))]
	}
	for i := range r.IntN(10) { // at times more scopes than are asked one by one
		b := authz.Binding{ID: name("rb", i), Scope: scope(), Permissions: map[string]bool{}}
		for _, p := range permissions {
			b.Permissions[p] = r.IntN(2) == 0
		}
		if r.IntN(3) == 0 {
			end := now.Add(time.Duration(r.IntN(3)-1) * time.Hour) // expired, just now, or later
			b.ExpiresAt = &end
		}
		w.suspended = append(w.suspended, suspended[b.Scope.CustomerID])
		w.bindings = append(w.bindings, b)
	}
	if r.IntN(4) == 0 {
		s := scope()
		w.narrowed = &s
	}
	if r.IntN(4) == 0 {
		w.only = permissions[:1+r.IntN(2)]
	}
	return w
}

// within is the naive reading of what is in what: walk up from the object, and see if one meets the scope.
func (w *world) within(o, scope authz.Chain) bool {
	up := append([]string{authz.Platform, o.ID, o.CustomerID}, o.Others...)
	for entity := o.BillingEntityID; entity != ""; entity = w.parents[entity] {
		up = append(up, entity)
	}
	return slices.Contains(up, scope.ID)
}

// held are the scopes in which the principal has a permission, by a naive reading of the rules.
func (w *world) held(permission string) []authz.Chain {
	if w.only != nil && !slices.Contains(w.only, permission) {
		return nil
	}
	var out []authz.Chain
	for i, b := range w.bindings {
		where := b.Scope
		if w.narrowed != nil {
			switch {
			case w.within(where, *w.narrowed): // a role within what the credential is for
			case w.within(*w.narrowed, where): // a role above it
				where = *w.narrowed
			default:
				continue
			}
		}
		if b.Permissions[permission] && (b.ExpiresAt == nil || now.Before(*b.ExpiresAt)) && (!w.suspended[i] || permission != "things.update") {
			out = append(out, where)
		}
	}
	return out
}

// allowed says whether the principal has the permission on an object.
func (w *world) allowed(permission string, o authz.Chain) bool {
	return slices.ContainsFunc(w.held(permission), func(scope authz.Chain) bool { return w.within(o, scope) })
}

// related says whether the principal has the permission at, above or below a billing entity.
func (w *world) related(permission, entity string) bool {
	e := authz.Chain{ID: entity, BillingEntityID: entity}
	return slices.ContainsFunc(w.held(permission), func(scope authz.Chain) bool { return w.within(e, scope) || w.within(scope, e) })
}

func (w *world) caller() *authz.Caller {
	bindings := slices.Clone(w.bindings)
	for i := range bindings {
		if w.suspended[i] {
			bindings[i].Suspend(known)
		}
	}
	return authz.NewCaller(authn.Principal{ID: "x", Kind: authn.KindUser, Permissions: w.only}, bindings, w.narrowed, w.parents, known.Reads,
		func() time.Time { return now })
}

func (w *world) check(t *testing.T, d *db.DB) {
	t.Helper()
	caller := w.caller()
	for _, permission := range permissions {
		access := caller.Access(permission)
		var own, seen []string
		for _, o := range w.objects {
			allowed := w.allowed(permission, o)
			if got := access.Covers(o); got != allowed {
				t.Errorf("world %d: %s on %s: the evaluator says %v, the rules %v", w.number, permission, o.ID, got, allowed)
			}
			if through := caller.Through(permission, o); (through != nil) != allowed {
				t.Errorf("world %d: %s on %s: through %v, the rules say %v", w.number, permission, o.ID, through, allowed)
			}
			if allowed {
				own = append(own, o.ID)
			}
			if allowed || w.offered[o.ID] && known.Reads[permission] && w.related(permission, o.BillingEntityID) {
				seen = append(seen, o.ID)
			}
		}
		want := own
		if known.Reads[permission] {
			want = seen
		}
		slices.Sort(want)
		for _, kind := range []Kind{thing, note} {
			w.checkRows(t, d, kind, access, permission, want)
		}
	}
}

// checkRows holds what a kind's queries find against what the rules say.
func (w *world) checkRows(t *testing.T, d *db.DB, kind Kind, access authz.Access, permission string, want []string) {
	t.Helper()
	this := func(q *gorm.DB) *gorm.DB { return q.Where("world = ?", w.number) }
	where, args := condition(access, places(), kind)
	var byCondition []string
	if err := this(d.Conn(t.Context()).Table(kind.Table())).Where(where, args...).Order("id").Pluck("id", &byCondition).Error; err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(byCondition, want) {
		t.Errorf("world %d: %s: the condition on a %s finds %v, the rules %v", w.number, permission, kind.Name, byCondition, want)
	}
	// Two rows at a time, as a reader of pages would.
	var byPage []string
	for after := []any{"", ""}; ; {
		query := pageOf(t.Context(), d, places(), kind, access, Order{Columns: []string{"customer_id", "id"}, After: after, Limit: 5}, Narrowing{}.And(clause.Eq{Column: "world", Value: w.number}))
		var rows []struct{ CustomerID, ID string }
		if query != nil {
			if err := query.Find(&rows).Error; err != nil {
				t.Fatal(err)
			}
		}
		for _, r := range rows {
			byPage = append(byPage, r.ID)
			after = []any{r.CustomerID, r.ID}
		}
		if len(rows) < 5 {
			break
		}
	}
	slices.Sort(byPage)
	if !slices.Equal(byPage, want) {
		t.Errorf("world %d: %s: the pages of %s hold %v, the rules say %v", w.number, permission, kind.Plural(), byPage, want)
	}
}

func TestFilterAndEvaluatorAndRulesAgree(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	err := d.Conn(t.Context()).Exec(`CREATE TABLE thing (id object_id PRIMARY KEY, world int, billing_entity_id object_id, customer_id object_id,
		location_id object_id, cloudspace_id object_id, offered boolean); CREATE INDEX ON thing (world);
		CREATE TABLE note (id object_id PRIMARY KEY, world int, billing_entity_id object_id, customer_id object_id, offered boolean); CREATE INDEX ON note (world);
		CREATE TABLE note_scope (scope_id object_id, customer_id object_id, id object_id, PRIMARY KEY (scope_id, customer_id, id))`).Error
	if err != nil {
		t.Fatal(err)
	}
	var allowed, refused int
	var mu sync.Mutex
	var all sync.WaitGroup
	const lanes = 4
	for lane := range lanes {
		all.Go(func() {
			for number := lane; number < worlds && !t.Failed(); number += lanes {
				w := newWorld(number)
				var rows, notes, scopes []string
				for _, o := range w.objects {
					others := append(slices.Clone(o.Others), "", "")
					rows = append(rows, fmt.Sprintf("('%s',%d,'%s','%s','%s','%s',%v)", o.ID, number, o.BillingEntityID, o.CustomerID, others[0], others[1], w.offered[o.ID]))
					notes = append(notes, fmt.Sprintf("('%s',%d,'%s','%s',%v)", o.ID, number, o.BillingEntityID, o.CustomerID, w.offered[o.ID]))
					for _, scope := range o.Others {
						scopes = append(scopes, fmt.Sprintf("('%s','%s','%s')", scope, o.CustomerID, o.ID))
					}
				}
				insert := "INSERT INTO thing VALUES " + strings.Join(rows, ",") + "; INSERT INTO note VALUES " + strings.Join(notes, ",")
				if len(scopes) > 0 {
					insert += "; INSERT INTO note_scope VALUES " + strings.Join(scopes, ",")
				}
				if err := d.Conn(t.Context()).Exec(insert).Error; err != nil {
					t.Error(err)
					return
				}
				w.check(t, d)
				mu.Lock()
				for _, o := range w.objects {
					if w.allowed("things.get", o) {
						allowed++
					} else {
						refused++
					}
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	// A test of worlds in which everything or nothing is allowed would say little.
	if allowed < worlds || refused < worlds {
		t.Errorf("%d objects were allowed and %d refused", allowed, refused)
	}
	t.Logf("%d trees, %d objects allowed, %d refused", worlds, allowed, refused)
}

// A column that holds locations is not asked for cloudspaces, which it cannot find.
func TestAColumnIsAskedForWhatItCanHold(t *testing.T) {
	t.Parallel()
	asked := func(objects ...string) string {
		var out []string
		for _, b := range branches(authz.Access{Objects: objects}, places(), thing) {
			out = append(out, b.column+" "+strings.Join(b.ids, ","))
		}
		return strings.Join(out, "; ")
	}
	for got, want := range map[string]string{
		asked("loc_1", "cs_1", "cs_2"): "id loc_1,cs_1,cs_2; location_id loc_1; cloudspace_id cs_1,cs_2",
		asked("loc_1"):                 "id loc_1; location_id loc_1",
		asked("vm_1"):                  "id vm_1",
	} {
		if got != want {
			t.Errorf("asked are %q, want %q", got, want)
		}
	}
}
