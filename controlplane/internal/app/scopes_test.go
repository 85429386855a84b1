package app

// Scopes are data: a kind that contains others is a scope by what it and they say of themselves, and a table. Here it is the hall, with racks
// in it, which nothing else knows of.

import (
	"context"
	"slices"
	"testing"

	"github.com/demarc/demarc/controlplane/internal/operation"
	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/notified"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/saga"
	"github.com/demarc/demarc/controlplane/internal/platform/saga/sagatest"
	"github.com/demarc/demarc/controlplane/internal/platform/service"
	"github.com/demarc/demarc/controlplane/internal/rolebinding"
)

var (
	hallKind = resource.Kind{Name: "hall", Title: "Hall", Prefix: "hall", Named: true, Scope: true}
	rackKind = resource.Kind{Name: "rack", Title: "Rack", Prefix: "rack", Named: true, Scope: true,
		Parent: &resource.Link{Kind: "hall", Field: "hall_id"}, Scopes: []resource.Link{{Kind: "hall", Field: "hall_id"}}}
)

type hallRow struct {
	resource.Base
	resource.Named
}

type RackCreate struct {
	HallID string `json:"hall_id" extensions:"x-ref=hall"`
	resource.Named
}

type rackRow struct {
	resource.Base
	RackCreate
}

// roleOfHall is the one role of this test.
const roleOfHall = "role_1"

// hallRoles stands in for the roles.
type hallRoles struct{}

func (hallRoles) ReferRole(context.Context, string, string, authz.Chain) ([]string, error) {
	return nil, nil
}
func (hallRoles) Permissions(context.Context, string) ([]string, error) { return nil, nil }
func (hallRoles) Owning(context.Context) ([]string, error)              { return nil, nil }
func (hallRoles) OwnerOfPlatform(context.Context) (string, error)       { return "", nil }

// halls is a server's inside with the two kinds.
type halls struct {
	t          *testing.T
	db         *db.DB
	access     *authz.Evaluator
	halls      *resource.Table[hallRow]
	racks      *resource.Table[rackRow]
	converger  *service.Converger[rackRow]
	bindings   *rolebinding.Service
	operations *operation.Service
}

func newHalls(t *testing.T) *halls {
	t.Helper()
	d, clk, registry := dbtest.New(t), clock.Real(), resource.NewRegistry()
	h := &halls{t: t, db: d}
	for _, statement := range []string{
		"CREATE TABLE hall (LIKE named_kind INCLUDING ALL)", "SELECT index_kind('hall')",
		"CREATE TABLE rack (LIKE named_kind INCLUDING ALL, hall_id object_id NOT NULL REFERENCES hall)",
		"SELECT index_kind('rack', parent => 'hall_id', scopes => '{hall_id}')",
		`INSERT INTO role (id, name, revision, state, created_at, updated_at, owner_id, permissions)
			VALUES ('` + roleOfHall + `', 'keeper', 1, 'active', now(), now(), '', '["racks.get", "racks.update", "operations.get", "role_bindings.get"]')`,
	} {
		h.check(d.Conn(t.Context()).Exec(statement).Error)
	}
	from := sources(d, nil)
	from.Permissions = func() authz.Permissions {
		return authz.Permissions{Reads: map[string]bool{"racks.get": true, "operations.get": true, "role_bindings.get": true}}
	}
	var err error
	h.access, err = authz.NewEvaluator(from, clk, resource.NewLocator(d, registry), notified.NewGroup(d, clk, authz.Channel))
	h.check(err)
	engine := saga.New(saga.Deps{DB: d, Jobs: &sagatest.Queue{}})
	deps := module.Deps{DB: d, Registry: registry, Clock: clk, Sagas: engine, Access: h.access}
	h.bindings, h.operations = rolebinding.New(deps, hallRoles{}, nil), operation.New(deps)
	h.halls = resource.NewTable[hallRow](d, registry, clk, hallKind)
	racks := service.NewStored(deps, rackKind, service.Rules[rackRow, RackCreate, resource.Named, resource.Meta]{})
	h.racks, h.converger = racks.Table, service.NewConverger(racks, service.Work[rackRow]{})
	for _, def := range h.converger.Definitions() {
		engine.Register(def)
	}
	return h
}

func (h *halls) check(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// hall makes one with a rack in it, which is being made: that is, with an operation.
func (h *halls) hall(ctx context.Context, name string) (hall, rack string) {
	h.t.Helper()
	of := &hallRow{Named: resource.Named{Name: name}}
	h.check(h.halls.Insert(ctx, of))
	r := &rackRow{RackCreate: RackCreate{HallID: of.ID, Named: resource.Named{Name: "rack"}}}
	h.check(h.db.InTx(ctx, func(ctx context.Context) error {
		if err := h.racks.Insert(ctx, r); err != nil {
			return err
		}
		return h.converger.Begin(ctx, r, httpapi.Create)
	}))
	return of.ID, r.ID
}

func (h *halls) bind(ctx context.Context, principal, scope string) string {
	h.t.Helper()
	b, err := h.bindings.Create(ctx, rolebinding.Create{PrincipalKind: authn.KindUser, PrincipalID: principal, RoleID: roleOfHall, ScopeID: scope})
	h.check(err)
	return b.ID
}

func TestANewKindOfScope(t *testing.T) {
	t.Parallel()
	h := newHalls(t)
	system := authz.System(t.Context())
	hall, rack := h.hall(system, "north")
	otherHall, otherRack := h.hall(system, "south")
	keeper, inside, outside := h.bind(system, "ann", hall), h.bind(system, "bob", rack), h.bind(system, "eve", otherRack)
	h.bind(system, "eve", otherHall)

	ann, err := h.access.Caller(t.Context(), authn.Principal{Kind: authn.KindUser, ID: "ann"})
	h.check(err)
	as := func(permission string) context.Context {
		return authz.WithCaller(t.Context(), ann, ann.Access(permission))
	}
	is := func(what string, got []string, err error, want ...string) {
		t.Helper()
		slices.Sort(got)
		slices.Sort(want)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v; want %v", what, got, err, want)
		}
	}

	racks, _, err := h.racks.List(as("racks.get"), resource.ListQuery{})
	var found []string
	for _, r := range racks {
		found = append(found, r.ID)
	}
	is("racks", found, err, rack)
	if _, err := h.racks.Get(as("racks.get"), otherRack); !fault.IsCode(err, "not_found") {
		t.Errorf("a rack elsewhere: %v", err)
	}

	decided, err := h.access.Authorize(t.Context(), ann, authz.Request{Permission: "racks.update", ObjectID: rack, See: "racks.get"})
	if err != nil || decided.Binding == nil || decided.Binding.ID != keeper {
		t.Errorf("the evaluator: %+v, %v", decided, err)
	}
	if _, err := h.access.Authorize(t.Context(), ann, authz.Request{Permission: "racks.update", ObjectID: otherRack, See: "racks.get"}); !fault.IsCode(err, "not_found") {
		t.Errorf("the evaluator, elsewhere: %v", err)
	}

	bindings, err := h.bindings.List(as("role_bindings.get"), resource.ListQuery{})
	found = nil
	for _, b := range bindings.Items {
		found = append(found, b.ID)
	}
	is("bindings", found, err, keeper, inside)
	if _, err := h.bindings.Get(as("role_bindings.get"), outside); !fault.IsCode(err, "not_found") {
		t.Errorf("a binding elsewhere: %v", err)
	}
	decided, err = h.access.Authorize(t.Context(), ann, authz.Request{Permission: "role_bindings.get", ObjectID: inside, See: "role_bindings.get"})
	if err != nil || decided.Binding == nil || decided.Binding.ID != keeper {
		t.Errorf("the evaluator on a binding inside: %+v, %v", decided, err)
	}

	operations, err := h.operations.List(as("operations.get"), resource.ListQuery{})
	found = nil
	for _, o := range operations.Items {
		found = append(found, o.TargetID)
	}
	is("operations", found, err, rack)
	all, err := h.operations.List(system, resource.ListQuery{Filters: map[string]string{"target_id": otherRack}})
	h.check(err)
	if _, err := h.operations.Get(as("operations.get"), all.Items[0].ID, ""); !fault.IsCode(err, "not_found") {
		t.Errorf("an operation elsewhere: %v", err)
	}
}
