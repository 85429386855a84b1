package resource

// Lists against a real database: every filter, range, list of values and order, for callers who see all or a part, in pages of any size, held
// against what a plain reading of the same rows says.

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
)

type parcelRow struct {
	Base
	Named
	Colour     string
	RoomID     string
	WeightG    *int64 `gorm:"column:weight_g"`
	Height     int64
	CollectAt  *time.Time
	LocationID string
}

var parcel = Kind{Name: "parcel", Title: "Parcel", Prefix: "par", Named: true, Scopes: []Link{{Kind: "location", Field: "location_id"}}, ScopeTable: "parcel_scope",
	Filters: []Filter{
		{Name: "colour", Words: "Those of one of these colours", Many: true},
		{Name: "room", Words: "Those in one of these rooms", Column: "room_id", Many: true},
		{Name: "weight_g", Words: "Those whose weight is", Range: Numbers},
		{Name: "height", Words: "Those of this height"},
		{Name: "collect_at", Words: "Those that are collected", Range: Times},
	},
	Orders: []string{"weight_g", "height", "collect_at"},
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// store is a table of parcels, and the same rows to look at.
type store struct {
	*Table[parcelRow]
	ctx   context.Context
	clock *clock.Fake
	rows  []parcelRow
}

func newStore(t *testing.T, n int) *store {
	t.Helper()
	d, ctx := dbtest.New(t), authz.System(t.Context())
	for _, statement := range []string{
		"CREATE TABLE parcel (LIKE named_kind INCLUDING ALL, colour text NOT NULL, room_id object_id NOT NULL, weight_g bigint, height bigint NOT NULL, collect_at timestamptz, location_id object_id NOT NULL)",
		"CREATE TABLE parcel_scope (scope_id object_id, customer_id object_id, id object_id, PRIMARY KEY (scope_id, customer_id, id))",
		"SELECT index_kind('parcel', scopes => '{location_id}', filters => '{colour,room_id}', orders => '{weight_g,height,collect_at}')",
	} {
		if err := d.Conn(ctx).Exec(statement).Error; err != nil {
			t.Fatal(err)
		}
	}
	s := &store{ctx: ctx, clock: clock.Frozen(noon)}
	s.Table = NewTable[parcelRow](d, NewRegistry(), s.clock, parcel)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		s.clock.Advance(time.Duration(random.IntN(3)) * time.Microsecond)
		r := parcelRow{Colour: []string{"red", "green", "blue", `od"d\,{}`}[random.IntN(4)], RoomID: fmt.Sprint("room_", random.IntN(9)), Height: int64(random.IntN(4)),
			LocationID: fmt.Sprint("loc_", random.IntN(3)), Named: Named{Name: fmt.Sprint("parcel-", i)}}
		r.CustomerID, r.BillingEntityID = fmt.Sprint("cus_", random.IntN(7)), fmt.Sprint("ben_", random.IntN(2))
		if random.IntN(3) > 0 {
			weight, at := int64(random.IntN(5)), noon.Add(time.Duration(random.IntN(4))*time.Hour)
			r.WeightG, r.CollectAt = &weight, &at
		}
		if err := s.Insert(ctx, &r); err != nil {
			t.Fatal(err)
		}
		if err := d.Conn(ctx).Exec("INSERT INTO parcel_scope VALUES (?, ?, ?)", zoneOf(&r), r.CustomerID, r.ID).Error; err != nil {
			t.Fatal(err)
		}
		s.rows = append(s.rows, r)
	}
	return s
}

// zoneOf is a scope that a row is in and has no column for.
func zoneOf(r *parcelRow) string { return fmt.Sprint("zone_", r.Height%3) }

// pages reads a whole list.
func (s *store) pages(t *testing.T, access authz.Access, q ListQuery) (ids []string) {
	t.Helper()
	for {
		rows, next, err := s.List(authz.With(s.ctx, access), q)
		if err != nil {
			t.Fatalf("%+v: %v", q, err)
		}
		for _, r := range rows {
			ids = append(ids, r.ID)
		}
		if next == nil {
			return ids
		}
		if len(rows) != q.PageSize {
			t.Fatalf("%+v: a page of %d has %d, and there is a next one", q, q.PageSize, len(rows))
		}
		q.PageToken = *next
	}
}

// holds says whether a row meets a parameter.
func holds(r *parcelRow, name, value string) bool {
	number, _ := strconv.ParseInt(value, 10, 64)
	at, _ := time.Parse(time.RFC3339Nano, value)
	switch name {
	case "colour":
		return slices.Contains(strings.Split(value, ","), r.Colour)
	case "room":
		return slices.Contains(strings.Split(value, ","), r.RoomID)
	case "height":
		return r.Height == number
	case "weight_g_min":
		return r.WeightG != nil && *r.WeightG >= number
	case "weight_g_max":
		return r.WeightG != nil && *r.WeightG <= number
	case "collect_at_from":
		return r.CollectAt != nil && !r.CollectAt.Before(at)
	case "collect_at_until":
		return r.CollectAt != nil && r.CollectAt.Before(at)
	case "created_at_from":
		return !r.CreatedAt.Before(at)
	case "created_at_until":
		return r.CreatedAt.Before(at)
	}
	panic(name)
}

// compare is the order of a list, with what has no value last.
func compare(field string, desc bool) func(a, b parcelRow) int {
	lastly := func(a, b parcelRow) int { return cmp.Compare(a.ID, b.ID) }
	by := lastly
	switch field {
	case "":
		by = func(a, b parcelRow) int { return cmp.Or(cmp.Compare(a.CustomerID, b.CustomerID), lastly(a, b)) }
	case "name":
		by = func(a, b parcelRow) int { return cmp.Or(cmp.Compare(a.Name, b.Name), lastly(a, b)) }
	case "height":
		by = func(a, b parcelRow) int { return cmp.Or(cmp.Compare(a.Height, b.Height), lastly(a, b)) }
	case "weight_g", "collect_at":
		value := func(r parcelRow) (int64, bool) {
			switch {
			case field == "weight_g" && r.WeightG != nil:
				return *r.WeightG, true
			case field == "collect_at" && r.CollectAt != nil:
				return r.CollectAt.UnixMicro(), true
			}
			return 0, false
		}
		return func(a, b parcelRow) int {
			x, hasX := value(a)
			y, hasY := value(b)
			if hasX != hasY {
				return map[bool]int{true: -1, false: 1}[hasX]
			}
			order := cmp.Or(cmp.Compare(x, y), lastly(a, b))
			if desc {
				order = -order
			}
			return order
		}
	}
	if desc {
		return func(a, b parcelRow) int { return -by(a, b) }
	}
	return by
}

func TestListsAreWhatTheirFiltersSay(t *testing.T) {
	t.Parallel()
	s := newStore(t, 120)
	last := s.rows[len(s.rows)-1].CreatedAt
	middle := s.rows[60].CreatedAt.Format(time.RFC3339Nano)
	queries := []map[string]string{
		{}, {"colour": "red"}, {"colour": "red,blue"}, {"colour": "blue,red,blue"}, {"colour": "violet,red"}, {"colour": `red,od"d\`},
		{"room": "room_1,room_2,room_3,room_4,room_5,room_6,room_7,room_8,room_x,room_y"}, {"colour": "red,green", "room": "room_1,room_2,room_3,room_4,room_5"}, {"room": "room_2,room_3"},
		{"weight_g_min": "2"}, {"weight_g_max": "2"}, {"weight_g_min": "1", "weight_g_max": "1"}, {"weight_g_min": "-9", "weight_g_max": "9", "height": "2"},
		{"collect_at_from": "2026-03-01T13:00:00Z"}, {"collect_at_until": "2026-03-01T14:00:00+01:00"},
		{"collect_at_from": "2026-03-01T12:30:00Z", "collect_at_until": "2026-03-01T14:30:00Z", "colour": "green,red"},
		{"created_at_from": middle}, {"created_at_until": middle}, {"created_at_from": middle, "created_at_until": last.Format(time.RFC3339Nano), "colour": "red,green,blue"},
		{"created_at_from": "0001-01-01T00:00:00Z"}, {"created_at_from": "9999-12-31T23:59:59Z"}, {"created_at_until": "1969-12-31T23:59:59Z"},
		// A moment between two steps of the clock is after the one and before the other.
		{"created_at_from": s.rows[60].CreatedAt.Format("2006-01-02T15:04:05.000000") + "5Z"},
		{"created_at_until": s.rows[60].CreatedAt.Format("2006-01-02T15:04:05.000000") + "5Z"},
		{"weight_g_min": "3", "created_at_from": middle},
	}
	for name, access := range map[string]authz.Access{
		"all": {All: true}, "a customer": {Customers: []string{"cus_1"}}, "an entity": {BillingEntities: []string{"ben_1"}}, "a place": {Objects: []string{"loc_1"}},
		"a zone": {Objects: []string{"zone_1"}}, "zones": {Objects: []string{"zone_0", "zone_2", "zone_3", "zone_4", "zone_5"}},
		"several": {BillingEntities: []string{"ben_0"}, Customers: []string{"cus_1", "cus_2", "cus_3", "cus_4", "cus_5"}, Objects: []string{"loc_2", s.rows[0].ID}}, "nothing": {},
	} {
		sees := func(r parcelRow) bool {
			return access.All || slices.Contains(access.BillingEntities, r.BillingEntityID) || slices.Contains(access.Customers, r.CustomerID) ||
				slices.Contains(access.Objects, r.LocationID) || slices.Contains(access.Objects, r.ID) || slices.Contains(access.Objects, zoneOf(&r))
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i, filters := range queries {
				for _, order := range []string{"", "name", "-name", "created_at", "-created_at", "weight_g", "-weight_g", "height", "-height", "collect_at", "-collect_at"} {
					field, desc := strings.CutPrefix(order, "-")
					if order == "" { // a range is in its own order
						for _, f := range []string{"weight_g", "collect_at", "created_at"} {
							if slices.ContainsFunc([]Bound{From, Until, Min, Max}, func(b Bound) bool { return filters[f+"_"+string(b)] != "" }) {
								field = f
								break
							}
						}
					}
					wanted := slices.DeleteFunc(slices.Clone(s.rows), func(r parcelRow) bool {
						for n, v := range filters {
							if !holds(&r, n, v) {
								return true
							}
						}
						return !sees(r)
					})
					slices.SortFunc(wanted, compare(field, desc))
					var want []string
					for _, r := range wanted {
						want = append(want, r.ID)
					}
					size := []int{1, 3, 7, 50, 500}[(i+len(order))%5]
					if got := s.pages(t, access, ListQuery{PageSize: size, OrderBy: order, Filters: filters}); !slices.Equal(got, want) {
						t.Errorf("%v in the order %q, pages of %d:\ngot  %v\nwant %v", filters, order, size, got, want)
					}
				}
			}
		})
	}
}

// What is no filter, no value of it, or no order is refused, and named.
func TestListsRefuseWhatTheyDoNotKnow(t *testing.T) {
	t.Parallel()
	s := newStore(t, 3)
	for name, q := range map[string]ListQuery{
		"room_id":          {Filters: map[string]string{"room_id": "room_1"}}, // a column, and no filter
		"location_id":      {Filters: map[string]string{"location_id": "loc_1"}},
		"1=1 OR name":      {Filters: map[string]string{"1=1 OR name": "x"}},
		"weight_g":         {Filters: map[string]string{"weight_g": "1"}}, // a range, and not one value
		"weight_g_min":     {Filters: map[string]string{"weight_g_min": "heavy"}},
		"weight_g_max":     {Filters: map[string]string{"weight_g_min": "3", "weight_g_max": "2"}},
		"collect_at_from":  {Filters: map[string]string{"collect_at_from": "yesterday"}},
		"collect_at_until": {Filters: map[string]string{"collect_at_from": "2026-03-01T12:00:00Z", "collect_at_until": "2026-03-01T12:00:00Z"}},
		"created_at_until": {Filters: map[string]string{"created_at_from": "2026-03-02T12:00:00Z", "created_at_until": "2026-03-01T12:00:00Z"}},
		"colour":           {Filters: map[string]string{"colour": "red,,blue"}},
		"room":             {Filters: map[string]string{"room": strings.TrimSuffix(strings.Repeat("room_1,", MaxValues+1), ",")}},
		"order_by":         {OrderBy: "colour"},
	} {
		_, _, err := s.List(s.ctx, q)
		if e := fault.As(err); e == nil || e.Kind != fault.Malformed || len(e.Fields) != 1 || e.Fields[0].Pointer != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A page token is good for the filters and the order that it was made for, whatever somebody writes into it.
func TestPageTokensOfOrders(t *testing.T) {
	t.Parallel()
	s := newStore(t, 9)
	q := ListQuery{PageSize: 2, OrderBy: "weight_g", Filters: map[string]string{"colour": "red,green,blue"}}
	_, next, err := s.List(s.ctx, q)
	if err != nil || next == nil {
		t.Fatalf("%v, %v", next, err)
	}
	for name, change := range map[string]func(*ListQuery){
		"another order": func(q *ListQuery) { q.OrderBy = "-weight_g" }, "other values": func(q *ListQuery) { q.Filters = map[string]string{"colour": "red"} },
		"a range": func(q *ListQuery) { q.Filters = map[string]string{"colour": "red,green,blue", "height": "1"} },
	} {
		other := q
		other.PageToken = *next
		change(&other)
		if _, _, err := s.List(s.ctx, other); !fault.IsCode(err, "invalid_parameter") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, after := range [][]string{{`"heavy"`, `"par_1"`}, {`1.5`, `"par_1"`}, {`1`, `{}`}, {`1`, "\"\x00\""}, {`1`}, {`1`, `"\u0000"`}} {
		forged, _ := json.Marshal(pageToken{q.fingerprint(), after})
		q.PageToken = base64.RawURLEncoding.EncodeToString(forged)
		if _, _, err := s.List(s.ctx, q); !fault.IsCode(err, "invalid_parameter") {
			t.Errorf("%q: %v", after, err)
		}
	}
}

// A kind that would be filtered or ordered by what its rows do not have is a defect of the program, found when it starts.
func TestKindsAreFilteredByColumns(t *testing.T) {
	t.Parallel()
	for _, k := range []Kind{
		{Name: "filtered", Prefix: "a", Filters: []Filter{{Name: "smell"}}}, {Name: "ranged", Prefix: "b", Filters: []Filter{{Name: "height", Column: "tallness", Range: Numbers}}},
		{Name: "ordered", Prefix: "c", Orders: []string{"smell"}},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: it was taken", k.Name)
				}
			}()
			NewTable[parcelRow](nil, NewRegistry(), clock.Real(), k)
		}()
	}
}

// Nobody writes into a kind that its objects belong to somebody: it follows from where they stand.
func TestWhatAListCanBeAskedForFollowsFromTheKinds(t *testing.T) {
	t.Parallel()
	r := NewRegistry()
	kinds := map[string]Kind{
		"reseller": {Parent: &Link{Kind: "reseller", Field: "parent_id"}, Tenant: BillingEntityColumn, Named: true},
		"client":   {Parent: &Link{Kind: "reseller", Field: "billing_entity_id"}, Tenant: CustomerColumn, Named: true},
		"city":     {Named: true},
		"street":   {Parent: &Link{Kind: "city", Field: "city_id"}, Named: true},
		"house":    {Parent: &Link{Kind: "client", Field: "customer_id"}, Scopes: []Link{{Kind: "city", Field: "city_id"}}, Named: true},
		"room":     {Parent: &Link{Kind: "house", Field: "house_id"}, States: map[string][]string{Active: nil}},
		"seal":     {Parent: &Link{Kind: "street", Or: []string{"reseller"}, Field: "owner_id"}, Key: []string{"owner_id"}},
		"permit":   {DecidedBy: "city_id", Scopes: []Link{{Kind: "city", Field: "city_id"}}, Needs: []Link{{Kind: "house", Field: "house_id"}}, Key: []string{"city_id"}},
		"guest":    {DecidedBy: "at_id", Scopes: []Link{{Field: "at_id"}}, Key: []string{"at_id"}},
		"diary":    {Scopes: []Link{{Field: "target_id"}}, States: map[string][]string{Active: nil}, Key: []string{"id"}},
		"egg":      {Parent: &Link{Kind: "hen", Field: "hen_id"}, Key: []string{"hen_id"}},
		"hen":      {Parent: &Link{Kind: "egg", Field: "egg_id"}, Key: []string{"egg_id"}},
		"thought":  {Virtual: true, Parent: &Link{Kind: "client", Field: "customer_id"}, Named: true},
	}
	for name, k := range kinds {
		k.Name, k.Prefix = name, name
		kinds[name] = k
		r.Add(k)
	}
	for name, want := range map[string]string{
		"reseller": "state", "client": "billing_entity_id state", "city": "state", "street": "state", "house": "billing_entity_id customer_id state",
		"room": "billing_entity_id customer_id state", "seal": "billing_entity_id", "permit": "", "guest": "billing_entity_id customer_id",
		"diary": "billing_entity_id customer_id state", "egg": "", "hen": "", "thought": "",
	} {
		var got []string
		for _, f := range r.Filters(kinds[name]) {
			if f.Range == "" {
				got = append(got, f.Name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("the list of %s can be asked for %v, want %s", name, got, want)
		}
	}
}
