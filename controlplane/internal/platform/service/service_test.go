package service_test

// Two kinds of a test, which nothing else knows of: a chest is a row, a mill stands for something in the world outside.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/ledger"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/saga"
	"github.com/demarc/demarc/controlplane/internal/platform/saga/sagatest"
	"github.com/demarc/demarc/controlplane/internal/platform/service"
)

var (
	ownerKind = resource.Kind{Name: "owner", Title: "Owner", Prefix: "own", Named: true, Scope: true, Tenant: resource.CustomerColumn}
	chestKind = resource.Kind{Name: "chest", Title: "Chest", Prefix: "che", Named: true, Quota: []string{"chests", "drawers"},
		Parent: &resource.Link{Kind: "owner", Field: "customer_id"}}
	keyKind = resource.Kind{Name: "latchkey", Title: "Latchkey", Prefix: "key", Named: true, Dormant: true,
		Parent: &resource.Link{Kind: "chest", Field: "chest_id"}}
	millKind = resource.Kind{Name: "mill", Title: "Mill", Prefix: "mil", Named: true, Quota: []string{"mills"},
		Parent: &resource.Link{Kind: "owner", Field: "customer_id"}}
)

const tables = `
CREATE TABLE owner (LIKE named_kind INCLUDING ALL);
CREATE TABLE chest (LIKE named_kind INCLUDING ALL, drawers bigint NOT NULL, sealed_at timestamptz, room jsonb NOT NULL, beside_id object_id);
CREATE TABLE latchkey (LIKE named_kind INCLUDING ALL, chest_id object_id NOT NULL REFERENCES chest);
CREATE TABLE mill (LIKE named_kind INCLUDING ALL, stones bigint NOT NULL);`

type ownerRow struct {
	resource.Base
	resource.Named
}

type room struct {
	Width *int64 `json:"width" extensions:"x-grow-only,x-unit=cm"`
}

type ChestSpec struct {
	resource.Named
	Drawers  int64      `json:"drawers"`
	SealedAt *time.Time `json:"sealed_at"`
	Room     room       `json:"room" gorm:"serializer:json"`
	BesideID *string    `json:"beside_id" extensions:"x-ref=chest"`
}

type ChestCreate struct {
	CustomerID string `json:"customer_id" extensions:"x-ref=owner"`
	ChestSpec
}

type chestRow struct {
	resource.Base
	ChestCreate
}

type KeyCreate struct {
	ChestID string `json:"chest_id" extensions:"x-ref=chest"`
	resource.Named
}

type keyRow struct {
	resource.Base
	KeyCreate
}

type MillSpec struct {
	resource.Named
	Stones int64 `json:"stones"`
}

type MillCreate struct {
	CustomerID string `json:"customer_id" extensions:"x-ref=owner"`
	MillSpec
}

type millRow struct {
	resource.Base
	MillCreate
}

type hiddenRow struct {
	resource.Base
	keyRow
}

// yard is a server's inside with these kinds.
type yard struct {
	t        *testing.T
	ctx      context.Context
	db       *db.DB
	registry *resource.Registry
	engine   *saga.Engine
	owner    string
	// closed are the owners that can have nothing new, and whether not even what is dormant.
	closed map[string]bool
	// released are the chests about which somebody was told before they went.
	released []string
	broken   bool   // whether no mill can be built
	billed   string // the state that mills are billed by
	// seen are the mills in the world, and how many stones each has; what nobody has asked for is pulled down.
	seen   map[string]int64
	pulled []string
	watch  func(ctx context.Context) error

	owners *resource.Table[ownerRow]
	chests *service.Stored[chestRow, ChestCreate, ChestSpec, chestRow]
	keys   *service.Stored[keyRow, KeyCreate, resource.Named, keyRow]
	mills  *service.Converged[millRow, MillCreate, MillSpec, millRow]
}

func newYard(t *testing.T) *yard {
	t.Helper()
	d, clk := dbtest.New(t), clock.Real()
	y := &yard{t: t, ctx: authz.System(t.Context()), db: d, registry: resource.NewRegistry(), closed: map[string]bool{}, billed: "turning"}
	y.check(d.Conn(t.Context()).Exec(tables).Error)
	y.engine = saga.New(saga.Deps{DB: d, Jobs: &sagatest.Queue{}})
	deps := module.Deps{DB: d, Registry: y.registry, Clock: clk, Sagas: y.engine, Ledger: ledger.New(d, clk)}
	y.owners = resource.NewTable[ownerRow](d, y.registry, clk, ownerKind)
	y.registry.Admit(func(_ context.Context, k resource.Kind, customerID string) error {
		if ended, closed := y.closed[customerID]; closed && (ended || !k.Dormant) {
			return fault.Conflictf("wrong_state", "closed")
		}
		return nil
	})
	y.chests = service.NewStored(deps, chestKind, service.Rules[chestRow, ChestCreate, ChestSpec, chestRow]{
		Row:  func(in ChestCreate) chestRow { return chestRow{ChestCreate: in} },
		Spec: func(r *chestRow) *ChestSpec { return &r.ChestSpec },
		View: func(r *chestRow) chestRow { return *r },
		Fields: func(_, next *chestRow) []fault.Field {
			if next.Drawers > 12 {
				return []fault.Field{{Pointer: "/drawers", Code: "range", Detail: "too many"}}
			}
			return nil
		},
		Release: func(_ context.Context, r *chestRow) error {
			y.released = append(y.released, r.ID)
			return nil
		},
		Uses: func(_ context.Context, r *chestRow) (service.Use, error) {
			use := service.Use{State: "there", Spec: map[string]any{}, Quota: map[string]int64{"chests": 1}}
			if r.Drawers > 0 { // one without takes none
				use.Quota["drawers"] = r.Drawers
			}
			return use, nil
		},
	})
	y.keys = service.NewStored(deps, keyKind, service.Rules[keyRow, KeyCreate, resource.Named, keyRow]{
		Row:  func(in KeyCreate) keyRow { return keyRow{KeyCreate: in} },
		Spec: func(r *keyRow) *resource.Named { return &r.Named },
		View: func(r *keyRow) keyRow { return *r },
	})
	y.mills = service.NewConverged(deps, millKind, service.Rules[millRow, MillCreate, MillSpec, millRow]{
		Row:  func(in MillCreate) millRow { return millRow{MillCreate: in} },
		Spec: func(r *millRow) *MillSpec { return &r.MillSpec },
		View: func(r *millRow) millRow { return *r },
		Uses: func(context.Context, *millRow) (service.Use, error) {
			return service.Use{State: y.billed, Spec: map[string]any{}, Quota: map[string]int64{"mills": 1}}, nil
		},
	}, service.Work[millRow]{Apply: []service.Stage[millRow]{{Name: "build", Do: func(context.Context, millRow) error {
		if y.broken {
			return errors.New("there is no wind here")
		}
		return nil
	}}}})
	service.Watch(y.mills.Converger, service.World[millRow, *yard, int64]{
		Places: func(ctx context.Context, visit func(context.Context, string, *yard) error) error {
			return visit(ctx, y.owner, y)
		},
		Column: "customer_id",
		Found:  func(_ context.Context, y *yard) (map[string]int64, error) { return y.seen, nil },
		Differs: func(_ context.Context, r *millRow, stones int64, there bool) (bool, error) {
			return !there || r.Stones != stones, nil
		},
		Remove: func(y *yard, _ context.Context, id string) error {
			y.pulled = append(y.pulled, id)
			return nil
		},
	})
	y.watch = service.Module(y.mills).Reconcilers[0].Run
	for _, def := range y.mills.Definitions() {
		y.engine.Register(def)
	}
	y.owner = y.newOwner("ann")
	return y
}

func (y *yard) check(err error) {
	y.t.Helper()
	if err != nil {
		y.t.Fatal(err)
	}
}

func (y *yard) newOwner(name string) string {
	y.t.Helper()
	row := &ownerRow{Base: resource.Base{BillingEntityID: "ben_1"}, Named: resource.Named{Name: name}}
	y.check(y.owners.Insert(y.ctx, row))
	return row.ID
}

func (y *yard) newChest(name string, drawers int64) (chestRow, error) {
	return y.chests.Create(y.ctx, ChestCreate{CustomerID: y.owner, ChestSpec: ChestSpec{Named: resource.Named{Name: name}, Drawers: drawers}})
}

func (y *yard) newMill() (millRow, error) {
	return y.mills.Create(y.ctx, MillCreate{CustomerID: y.owner, MillSpec: MillSpec{Named: resource.Named{Name: "windy"}, Stones: 1}})
}

// work does the operation of a mill, and returns the mill as it is then.
func (y *yard) work(m millRow) millRow {
	y.t.Helper()
	if m.OperationID == nil {
		y.t.Fatal("nothing is being done")
	}
	y.check(y.engine.Work(y.ctx, *m.OperationID))
	m, err := y.mills.Get(y.ctx, m.ID)
	y.check(err)
	return m
}

// uses is what an object takes of each dimension at present.
func (y *yard) uses(id string) string {
	y.t.Helper()
	var out []string
	y.check(y.db.Conn(y.ctx).Raw(`SELECT dimension || '=' || amount FROM quota_reservation WHERE object_id = ? AND released_at IS NULL ORDER BY 1`, id).
		Scan(&out).Error)
	return strings.Join(out, " ")
}

func change[S any](id string, fn func(*S)) httpapi.PatchInput[S] {
	return httpapi.PatchInput[S]{ID: id, Patch: resource.PatchWith(fn)}
}

func TestNothingNewWhereNothingIsAdmitted(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	chest, err := y.newChest("old", 1)
	y.check(err)
	newKey := func(name string) error {
		_, err := y.keys.Create(y.ctx, KeyCreate{ChestID: chest.ID, Named: resource.Named{Name: name}})
		return err
	}
	y.closed[y.owner] = false
	if _, err := y.newChest("new", 1); !fault.IsCode(err, "wrong_state") {
		t.Errorf("a chest of a closed owner: %v", err)
	}
	if _, err := y.newMill(); !fault.IsCode(err, "wrong_state") {
		t.Errorf("a mill of a closed owner: %v", err)
	}
	if err := newKey("dormant"); err != nil {
		t.Errorf("what is dormant: %v", err)
	}
	y.closed[y.owner] = true
	if err := newKey("ended"); !fault.IsCode(err, "wrong_state") {
		t.Errorf("what is dormant, of an owner that has ended: %v", err)
	}
	if _, err := y.chests.Update(y.ctx, change(chest.ID, func(s *ChestSpec) { s.Drawers = 2 })); err != nil {
		t.Errorf("what is there can be changed: %v", err)
	}
}

func TestWhatIsNotUsedAnyMoreIsReleased(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	chest, err := y.newChest("oak", 3)
	y.check(err)
	if got := y.uses(chest.ID); got != "chests=1 drawers=3" {
		t.Errorf("with drawers it uses %s", got)
	}
	_, err = y.chests.Update(y.ctx, change(chest.ID, func(s *ChestSpec) { s.Drawers = 0 }))
	y.check(err)
	if got := y.uses(chest.ID); got != "chests=1 drawers=0" {
		t.Errorf("without drawers it uses %s", got)
	}
	_, err = y.chests.Delete(y.ctx, httpapi.DeleteInput{ID: chest.ID})
	y.check(err)
	if got := y.uses(chest.ID); got != "" {
		t.Errorf("when it is gone it uses %s", got)
	}
}

// All that is wrong with a change is said at once: what shrinks, what refers to nothing, and what the kind itself has against it.
func TestAllWrongFieldsOfAChange(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	chest, err := y.newChest("oak", 1)
	y.check(err)
	_, err = y.chests.Update(y.ctx, change(chest.ID, func(s *ChestSpec) { s.Room.Width = new(int64(90)) }))
	y.check(err)
	_, err = y.chests.Update(y.ctx, change(chest.ID, func(s *ChestSpec) {
		s.Room.Width, s.BesideID, s.Drawers = new(int64(80)), new("che_none"), 13
	}))
	f := fault.As(err)
	if f == nil {
		t.Fatal(err)
	}
	var got []string
	for _, field := range f.Fields {
		got = append(got, field.Pointer+" "+field.Code)
	}
	if slices.Sort(got); !slices.Equal(got, []string{"/beside_id not_found", "/drawers range", "/room/width shrink"}) {
		t.Errorf("wrong are %v: %v", got, err)
	}
	if after, err := y.chests.Get(y.ctx, chest.ID); err != nil || after.Drawers != 1 || *after.Room.Width != 90 || after.Revision != 2 {
		t.Errorf("%+v, %v", after, err)
	}
}

// A time is the same one wherever it is written and however finely: sent again, it changes nothing.
func TestATimeSentAgain(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	at := time.Date(2026, 7, 1, 12, 0, 0, 1234567, time.FixedZone("", 7200))
	chest, err := y.chests.Create(y.ctx, ChestCreate{CustomerID: y.owner, ChestSpec: ChestSpec{Named: resource.Named{Name: "oak"}, SealedAt: &at}})
	y.check(err)
	after, err := y.chests.Update(y.ctx, change(chest.ID, func(s *ChestSpec) { s.SealedAt = &at }))
	y.check(err)
	if after.Revision != 1 || !after.SealedAt.Equal(*chest.SealedAt) || chest.SealedAt.Location() != time.UTC {
		t.Errorf("revision %d, from %v to %v", after.Revision, chest.SealedAt, after.SealedAt)
	}
}

func TestTheWorldKnowsNoName(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	mill, err := y.newMill()
	y.check(err)
	mill = y.work(mill)
	mill, err = y.mills.Update(y.ctx, change(mill.ID, func(s *MillSpec) { s.Name, s.Notes = "calm", new("renamed") }))
	y.check(err)
	if mill.OperationID != nil || mill.Name != "calm" || mill.Revision != 2 {
		t.Errorf("another name: %+v", mill.Base)
	}
	mill, err = y.mills.Update(y.ctx, change(mill.ID, func(s *MillSpec) { s.Stones = 2 }))
	y.check(err)
	if y.work(mill).State != resource.Active {
		t.Errorf("more stones: %+v", mill.Base)
	}
}

// What failed to be made uses nothing, until the next update makes it.
func TestWhatFailedToBeMade(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.broken = true
	mill, err := y.newMill()
	y.check(err)
	if got := y.uses(mill.ID); got != "mills=1" {
		t.Errorf("while it is made it uses %s", got)
	}
	if mill = y.work(mill); mill.State != resource.Failed || y.uses(mill.ID) != "" {
		t.Errorf("it is %s and uses %s", mill.State, y.uses(mill.ID))
	}
	if mill, err = y.mills.Update(y.ctx, change(mill.ID, func(*MillSpec) {})); err != nil || y.uses(mill.ID) != "mills=1" {
		t.Errorf("while it is tried again it uses %s: %v", y.uses(mill.ID), err)
	}
	if mill = y.work(mill); mill.State != resource.Failed || y.uses(mill.ID) != "" {
		t.Errorf("failed again it is %s and uses %s", mill.State, y.uses(mill.ID))
	}
	y.check(y.mills.EachIdle(y.ctx, y.owner, func(context.Context, millRow) error { return nil }, y.mills.Amend))
	if got := y.uses(mill.ID); got != "" {
		t.Errorf("another status of its customer has it use %s", got)
	}
	y.broken = false
	mill, err = y.mills.Update(y.ctx, change(mill.ID, func(*MillSpec) {}))
	y.check(err)
	if mill = y.work(mill); mill.State != resource.Active || y.uses(mill.ID) != "mills=1" {
		t.Errorf("tried again it is %s and uses %s", mill.State, y.uses(mill.ID))
	}
}

// What is repaired may be another thing to bill than what it was.
func TestWhatIsRepairedIsBilledAsItIs(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	mill, err := y.newMill()
	y.check(err)
	mill = y.work(mill)
	y.billed = "still"
	y.check(y.watch(y.ctx))
	mill, err = y.mills.Get(y.ctx, mill.ID)
	y.check(err)
	y.work(mill)
	var states []string
	y.check(y.db.Conn(y.ctx).Raw("SELECT state FROM state_interval WHERE object_id = ? AND to_at IS NULL", mill.ID).Scan(&states).Error)
	if !slices.Equal(states, []string{"still"}) || y.uses(mill.ID) != "mills=1" {
		t.Errorf("billed by %v; uses %s", states, y.uses(mill.ID))
	}
}

// An operation that is under way is waited for, and one that has ended without its object is not.
func TestWhatIsWaitedFor(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	mill, err := y.newMill()
	y.check(err)
	nothing := func(context.Context, millRow) error { return nil }
	var w interface{ Waits() bool }
	if err := y.mills.EachIdle(y.ctx, y.owner, nothing, y.mills.Amend); !errors.As(err, &w) || !w.Waits() {
		t.Errorf("while it is made: %v", err)
	}
	operation := *mill.OperationID
	mill = y.work(mill)
	y.check(y.mills.EachIdle(y.ctx, y.owner, nothing, y.mills.Amend))
	y.check(y.db.Conn(y.ctx).Exec("UPDATE mill SET operation_id = ?, state = 'updating' WHERE id = ?", operation, mill.ID).Error)
	if err := y.mills.EachIdle(y.ctx, y.owner, nothing, y.mills.Amend); err == nil || errors.As(err, &w) {
		t.Errorf("after an operation that has ended: %v", err)
	}
}

// What failed to be made is not made where nothing new is admitted.
func TestWhatFailedIsNotMadeAnewWhereNothingIsAdmitted(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.broken = true
	mill, err := y.newMill()
	y.check(err)
	mill = y.work(mill)
	y.closed[y.owner] = false
	if _, err := y.mills.Update(y.ctx, change(mill.ID, func(*MillSpec) {})); !fault.IsCode(err, "wrong_state") || y.uses(mill.ID) != "" {
		t.Errorf("%v; it uses %s", err, y.uses(mill.ID))
	}
}

// What differs from its row is repaired, what is as its row is not, and what has none is taken out of the world.
func TestTheWorldIsBroughtToTheRows(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	mill, err := y.newMill()
	y.check(err)
	y.seen = map[string]int64{mill.ID: 7, "mil_nobody": 1}
	state := func() string {
		m, err := y.mills.Get(y.ctx, mill.ID)
		y.check(err)
		return m.State
	}
	y.check(y.watch(y.ctx))
	if state() != resource.Creating || !slices.Equal(y.pulled, []string{"mil_nobody"}) {
		t.Errorf("while it is made it is %s; pulled down were %v", state(), y.pulled)
	}
	mill = y.work(mill)
	y.seen = map[string]int64{mill.ID: mill.Stones}
	if y.check(y.watch(y.ctx)); state() != resource.Active {
		t.Errorf("as it is to be it is %s", state())
	}
	for what, seen := range map[string]map[string]int64{"of too many stones": {mill.ID: 7}, "gone": {}} {
		y.seen = seen
		if y.check(y.watch(y.ctx)); state() != resource.Updating {
			t.Errorf("%s it is %s", what, state())
		}
		mill, err = y.mills.Get(y.ctx, mill.ID)
		y.check(err)
		mill = y.work(mill)
	}
	if len(y.pulled) != 1 {
		t.Errorf("pulled down were %v", y.pulled)
	}
}

func TestAllOfACustomerGoes(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	var ids []string
	for i := range 3 {
		chest, err := y.chests.Create(y.ctx, ChestCreate{CustomerID: y.owner,
			ChestSpec: ChestSpec{Named: resource.Named{Name: fmt.Sprintf("chest-%d", i), DeletionProtection: true}}})
		y.check(err)
		ids = append(ids, chest.ID)
	}
	other := y.newOwner("bob")
	kept, err := y.chests.Create(y.ctx, ChestCreate{CustomerID: other, ChestSpec: ChestSpec{Named: resource.Named{Name: "kept"}}})
	y.check(err)
	y.check(y.chests.RemoveAll(y.ctx, y.owner))
	if !slices.Equal(y.released, ids) {
		t.Errorf("released are %v of %v", y.released, ids)
	}
	left, err := y.chests.List(y.ctx, resource.ListQuery{})
	y.check(err)
	if len(left.Items) != 1 || left.Items[0].ID != kept.ID || y.uses(kept.ID) == "" || y.uses(ids[0]) != "" {
		t.Errorf("left are %+v", left.Items)
	}
}

// Rules that some object would break unnoticed are found when the server is put together.
func TestUnsoundRules(t *testing.T) {
	t.Parallel()
	deps := func() module.Deps { return module.Deps{Registry: resource.NewRegistry()} }
	for what, build := range map[string]func(){
		"nobody says what it uses": func() {
			service.NewStored(deps(), chestKind, service.Rules[chestRow, ChestCreate, ChestSpec, chestRow]{})
		},
		"its parent is no field": func() {
			service.NewStored(deps(), keyKind, service.Rules[chestRow, ChestCreate, ChestSpec, chestRow]{})
		},
		"its parent can be left out": func() {
			kind := keyKind
			kind.Parent = &resource.Link{Kind: "chest", Field: "beside_id"}
			service.NewStored(deps(), kind, service.Rules[chestRow, ChestCreate, ChestSpec, chestRow]{})
		},
		"its parent can be changed": func() {
			service.NewStored(deps(), keyKind, service.Rules[keyRow, KeyCreate, MillCreate, keyRow]{})
		},
		"its columns are not kept": func() {
			service.NewStored(deps(), keyKind, service.Rules[hiddenRow, KeyCreate, resource.Named, keyRow]{})
		},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s, and it was built", what)
				}
			}()
			build()
		}()
	}
}
