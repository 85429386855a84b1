package resource

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
)

// rackCreate is a type of the API whose fields are called otherwise than GORM would call their columns, one of which is one of Base, too.
type rackCreate struct {
	CustomerID string   `json:"customer_id" extensions:"x-ref=customer"`
	VCPUs      int64    `json:"vcpus"`
	Tags       []string `json:"tags" gorm:"serializer:json"`
	SourceURL  *string  `json:"source_url"`
	Secret     *string  `json:"secret" gorm:"-"`
	Named
}

type rackRow struct {
	Base
	RackCreate
	LocationID string
}

// RackCreate is exported, as the types of the API are.
type RackCreate = rackCreate

func TestColumnsAreCalledAsTheFields(t *testing.T) {
	t.Parallel()
	l := layoutOf(reflect.TypeFor[rackRow]())
	for _, column := range []string{"id", "customer_id", "recycled_at", "vcpus", "tags", "source_url", "labels", "location_id"} {
		if l.fields[column] == nil {
			t.Errorf("there is no column %s", column)
		}
	}
	for _, none := range []string{"secret", "v_cp_us"} {
		if l.fields[none] != nil {
			t.Errorf("there is a column %s", none)
		}
	}
}

func TestRowsAreNoDocuments(t *testing.T) {
	t.Parallel()
	if b, err := json.Marshal(&rackRow{}); err == nil {
		t.Errorf("a row became the answer %s", b)
	}
	if b, err := json.Marshal(map[string]any{"row": rackRow{}}); err == nil {
		t.Errorf("a row became a part of the answer %s", b)
	}
	if err := json.Unmarshal([]byte(`{"customer_id": "cus_1"}`), &rackRow{}); err == nil {
		t.Error("a request became a row")
	}
}

// What is a column of every kind and a field of this one is one thing, and collections are empty, not null.
func TestRowsAreWhole(t *testing.T) {
	t.Parallel()
	d, ctx := dbtest.New(t), authz.System(t.Context())
	for _, statement := range []string{
		"CREATE TABLE rack (LIKE named_kind INCLUDING ALL, vcpus bigint NOT NULL, tags jsonb NOT NULL, source_url text, location_id object_id NOT NULL)",
		"SELECT index_kind('rack', parent => 'customer_id')",
	} {
		if err := d.Conn(ctx).Exec(statement).Error; err != nil {
			t.Fatal(err)
		}
	}
	kind := Kind{Name: "rack", Title: "Rack", Prefix: "rack", Named: true, Parent: &Link{Kind: "customer", Field: "customer_id"},
		Scopes: []Link{{Kind: "location", Field: "location_id"}}}
	registry := NewRegistry()
	registry.Add(Kind{Name: "location", Prefix: "loc"})
	table := NewTable[rackRow](d, registry, clock.Real(), kind)
	r := rackRow{RackCreate: RackCreate{CustomerID: "cus_1", VCPUs: 4, Named: Named{Name: "first"}}}
	table.Prepare(&r)
	if r.ID == "" || r.Base.CustomerID != "cus_1" || table.Text(&r, "customer_id") != "cus_1" {
		t.Errorf("prepared: %+v", r)
	}
	table.PlaceIn(&r, authz.Chain{ID: "cus_1", BillingEntityID: "ben_1", CustomerID: "cus_1", Others: []string{"loc_1"}})
	if r.BillingEntityID != "ben_1" || r.LocationID != "loc_1" || !slices.Equal(table.ScopesOf(&r), []string{"loc_1"}) || table.Within(&r, "location") != "loc_1" {
		t.Errorf("it stands at %+v", r)
	}
	if err := table.Insert(ctx, &r); err != nil {
		t.Fatal(err)
	}
	found, err := table.Get(ctx, r.ID)
	if err != nil || found.RackCreate.CustomerID != "cus_1" || found.VCPUs != 4 || found.Tags == nil || found.Labels == nil || found.SourceURL != nil {
		t.Errorf("read again: %+v, %v", found, err)
	}
	_, changed, err := table.Change(ctx, r.ID, nil, func(r *rackRow) error {
		r.Tags = nil
		return nil
	})
	if err != nil || changed {
		t.Errorf("nothing in place of an empty list: changed %t, %v", changed, err)
	}
	// What is changed where it stands is changed, too.
	if _, _, err = table.Change(ctx, r.ID, nil, func(r *rackRow) error {
		r.Labels = map[string]string{"env": "test"}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, changed, err = table.Change(ctx, r.ID, nil, func(r *rackRow) error {
		r.Labels["env"] = "prod"
		return nil
	}); err != nil || !changed {
		t.Errorf("an entry set in place: changed %t, %v", changed, err)
	}
	if found, err = table.Get(ctx, r.ID); err != nil || found.Labels["env"] != "prod" || found.Revision != 3 {
		t.Errorf("read again: %+v, %v", found, err)
	}
	all, err := table.All(ctx)
	if err != nil || len(all) != 1 || all[0].RackCreate.CustomerID != "cus_1" {
		t.Errorf("all: %+v, %v", all, err)
	}
}

// unusable makes sure that a row type is refused at once.
func unusable(t *testing.T, what string, make func(*db.DB, *Registry)) {
	t.Helper()
	d := dbtest.New(t)
	defer func() {
		if recover() == nil {
			t.Errorf("%s, and nobody is told", what)
		}
	}()
	make(d, NewRegistry())
}

func TestRowsThatCannotBe(t *testing.T) {
	t.Parallel()
	unusable(t, "types of one name call a field by two columns", func(d *db.DB, r *Registry) {
		type row struct {
			Base
			VCPUs int64 `json:"vcpus"`
		}
		NewTable[row](d, r, clock.Real(), Kind{Name: "rack", Prefix: "rack"})
		func() {
			type row struct {
				Base
				VCPUs int64 `json:"cpus"`
			}
			NewTable[row](d, r, clock.Real(), Kind{Name: "other", Prefix: "other"})
		}()
	})
	unusable(t, "a column of Base stands beside it", func(d *db.DB, r *Registry) {
		type shadow struct {
			Base
			CustomerID string `json:"customer_id"`
		}
		NewTable[shadow](d, r, clock.Real(), Kind{Name: "shadow", Prefix: "shad"})
	})
}

// What kinds call their columns does not reach the platform's tables.
func TestColumnsOfOthersKeepTheirNames(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	type row struct {
		Base
		TargetID string `json:"object_id"`
	}
	NewTable[row](d, NewRegistry(), clock.Real(), Kind{Name: "aim", Prefix: "aim"})
	type operation struct{ TargetID string }
	var found []operation
	if err := d.Conn(t.Context()).Find(&found).Error; err == nil || !strings.Contains(err.Error(), `relation "operations" does not exist`) {
		t.Errorf("read: %v", err)
	}
	if err := d.Conn(t.Context()).Table("operation").Find(&found).Error; err != nil {
		t.Errorf("a field of another type is read from the column of this one: %v", err)
	}
}

// Moments is a type of the API with times.
type Moments struct {
	At    time.Time  `json:"at"`
	Until *time.Time `json:"until"`
	Never *time.Time `json:"never"`
}

func TestTimesAreKeptInOneForm(t *testing.T) {
	t.Parallel()
	type row struct {
		Base
		Moments
	}
	l, east := layoutOf(reflect.TypeFor[row]()), time.Date(2030, 1, 1, 2, 0, 0, 123456789, time.FixedZone("east", 7200))
	sent := east
	r := row{Moments: Moments{At: east, Until: &sent}}
	l.normalize(reflect.ValueOf(&r).Elem())
	want := time.Date(2030, 1, 1, 0, 0, 0, 123456000, time.UTC)
	if r.At != want || *r.Until != want || r.Never != nil || sent != east {
		t.Errorf("kept: %+v; what was sent is %v", r.Moments, sent)
	}
}

func TestWordsOfKinds(t *testing.T) {
	t.Parallel()
	for title, want := range map[string][3]string{
		"Image":           {"an image", "image", "images"},
		"User":            {"a user", "user", "users"},
		"API token":       {"an API token", "API token", "API tokens"},
		"DNS zone":        {"a DNS zone", "DNS zone", "DNS zones"},
		"SSH key":         {"an SSH key", "SSH key", "SSH keys"},
		"Policy":          {"a policy", "policy", "policies"},
		"Location access": {"a location access", "location access", "location accesses"},
	} {
		k := Kind{Title: title}
		if got := [3]string{withArticle(title), k.One(), k.Many()}; got != want {
			t.Errorf("%s: %q, want %q", title, got, want)
		}
	}
	for name, want := range map[string]string{"billing_entity": "/billing-entities", "key": "/keys", "switch": "/switches", "box": "/boxes"} {
		if got := (Kind{Name: name}).Path(); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
