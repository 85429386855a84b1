package resource

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"

	"github.com/demarc/demarc/controlplane/internal/platform/authz"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
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
	rackOwn
	RackCreate
	LocationID string
}

// RackCreate is exported, as the types of the API are.
type RackCreate = rackCreate

// rackOwn is embedded without being exported: its fields are none of the row's columns.
type rackOwn struct{ Own string }

func TestColumnsAreCalledAsTheFields(t *testing.T) {
	t.Parallel()
	l := layoutOf(reflect.TypeFor[rackRow]())
	for _, column := range []string{"id", "customer_id", "recycled_at", "vcpus", "tags", "source_url", "labels", "location_id"} {
		if l.fields[column] == nil {
			t.Errorf("there is no column %s", column)
		}
	}
	for _, none := range []string{"secret", "own", "v_cp_us"} {
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
	table.Begun(&r)
	if r.ID == "" || r.Base.CustomerID != "cus_1" || table.Text(&r, "customer_id") != "cus_1" {
		t.Errorf("begun: %+v", r)
	}
	table.Stand(&r, authz.Chain{ID: "cus_1", BillingEntityID: "ben_1", CustomerID: "cus_1", Others: []string{"loc_1"}})
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
	all, err := table.All(ctx)
	if err != nil || len(all) != 1 || all[0].RackCreate.CustomerID != "cus_1" {
		t.Errorf("all: %+v, %v", all, err)
	}
}

func TestTwoColumnsOfOneName(t *testing.T) {
	t.Parallel()
	type other struct {
		Base
		VCPUs int64 `json:"cpus"`
	}
	d, registry := dbtest.New(t), NewRegistry()
	NewTable[rackRow](d, registry, clock.Real(), Kind{Name: "rack", Prefix: "rack"})
	defer func() {
		if recover() == nil {
			t.Error("a field is two columns, and nobody is told")
		}
	}()
	NewTable[other](d, registry, clock.Real(), Kind{Name: "other", Prefix: "other"})
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
