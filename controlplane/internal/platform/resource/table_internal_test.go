package resource

// Tables against a real database: label selectors, and names among what lives.

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

type boxRow struct {
	Base
	Named
	RoomID string
}

type sealRow struct {
	Base
	BoxID string
}

var (
	box  = Kind{Name: "box", Title: "Box", Prefix: "box", Named: true, Parent: &Link{Kind: "room", Field: "room_id"}}
	seal = Kind{Name: "seal", Title: "Seal", Prefix: "seal", Key: []string{"box_id"}}
)

// newBoxes are a named and an unnamed kind, made as a migration makes them.
func newBoxes(t *testing.T) (context.Context, *db.DB, *Table[boxRow], *Table[sealRow]) {
	t.Helper()
	d, ctx := dbtest.New(t), authz.System(t.Context())
	for _, statement := range []string{
		"CREATE TABLE box (LIKE named_kind INCLUDING ALL, room_id object_id NOT NULL)", "SELECT index_kind('box', parent => 'room_id')",
		"CREATE TABLE seal (LIKE kind INCLUDING ALL, box_id object_id NOT NULL)", "SELECT index_kind('seal', key => '{box_id}')",
	} {
		if err := d.Conn(ctx).Exec(statement).Error; err != nil {
			t.Fatal(err)
		}
	}
	r := NewRegistry()
	return ctx, d, NewTable[boxRow](d, r, clock.Real(), box), NewTable[sealRow](d, r, clock.Real(), seal)
}

func newBox(room, name string, labels map[string]string) *boxRow {
	b := &boxRow{RoomID: room, Named: Named{Name: name, Labels: labels}}
	b.CustomerID = "cus_1"
	return b
}

func TestLabelSelectors(t *testing.T) {
	t.Parallel()
	ctx, _, boxes, _ := newBoxes(t)
	for name, labels := range map[string]map[string]string{
		"none": {}, "prod": {"env": "prod"}, "odd": {"env": `?"\`, "example.com/tier": ""}, "both": {"env": "prod", "tier": "db"},
	} {
		if err := boxes.Insert(ctx, newBox("a", name, labels)); err != nil {
			t.Fatal(err)
		}
	}
	for selector, want := range map[string][]string{
		"":                      {"both", "none", "odd", "prod"},
		"env=prod":              {"both", "prod"},
		`env=?"\`:               {"odd"},
		"env!=prod":             {"none", "odd"},
		"env":                   {"both", "odd", "prod"},
		"!env":                  {"none"},
		"env,!tier":             {"odd", "prod"},
		"example.com/tier=":     {"odd"},
		"example.com/tier":      {"odd"},
		"tier=db,env=prod,!own": {"both"},
		"env=dev":               nil,
	} {
		for by, access := range map[string]authz.Access{"all": {All: true}, "one scope": {Customers: []string{"cus_1"}}} {
			rows, _, err := boxes.List(authz.With(ctx, access), ListQuery{Label: selector, OrderBy: "name"})
			var got []string
			for _, r := range rows {
				got = append(got, r.Name)
			}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%q by %s: %v, %v; want %v", selector, by, got, err, want)
			}
		}
	}
}

// What is in the recycle bin keeps neither its name nor its key.
func TestNamesAndKeysAreUniqueAmongWhatLives(t *testing.T) {
	t.Parallel()
	ctx, d, boxes, seals := newBoxes(t)
	first, second := newBox("a", "red", nil), newBox("a", "red", nil)
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(boxes.Insert(ctx, first))
	check(boxes.Insert(ctx, newBox("b", "red", nil)))
	if err := boxes.Insert(ctx, second); !fault.IsCode(err, "name_taken") || fault.As(err).ExistingID != first.ID {
		t.Errorf("a name that is taken: %v", err)
	}
	// Behind the look-up stands the index, for those who come at the same moment.
	if err := boxes.nameTaken(d.Conn(ctx).Table("box").Create(copyOf(first, "box_2")).Error, first); !fault.IsCode(err, "name_taken") {
		t.Errorf("a name that was taken meanwhile: %v", err)
	}
	recycle := func(table, id string) {
		t.Helper()
		check(d.Conn(ctx).Exec("UPDATE "+table+" SET state = 'recycled', recycled_at = now(), purge_at = now() + interval '7 days' WHERE id = ?", id).Error)
	}
	recycle("box", first.ID)
	check(boxes.Insert(ctx, second))
	recycle("box", second.ID)
	check(boxes.Insert(ctx, newBox("a", "red", nil)))

	bound := &sealRow{BoxID: first.ID}
	check(seals.Insert(ctx, bound))
	if err := seals.Insert(ctx, &sealRow{BoxID: first.ID}); !fault.IsCode(err, "already_exists") {
		t.Errorf("a key that is taken: %v", err)
	}
	recycle("seal", bound.ID)
	check(seals.Insert(ctx, &sealRow{BoxID: first.ID}))
}

func copyOf(b *boxRow, id string) *boxRow {
	c := *b
	c.ID = id
	return &c
}

// The columns of the recycle bin belong together.
func TestRecycledColumnsBelongTogether(t *testing.T) {
	t.Parallel()
	ctx, d, boxes, _ := newBoxes(t)
	b := newBox("a", "red", nil)
	if err := boxes.Insert(ctx, b); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for what, set := range map[string]map[string]any{
		"without an end":           {"recycled_at": now},
		"an end of what lives":     {"purge_at": now},
		"taken along, but living":  {"recycled_with": "box_1"},
		"a state without its time": {"state": Recycled},
	} {
		if err := d.Conn(ctx).Table("box").Where("id = ?", b.ID).Updates(set).Error; err == nil {
			t.Errorf("%s: it was written", what)
		}
	}
}
