package app

// A kind that a test adds goes all the way, with nothing written but its package, its migration and its sample data: through the specification,
// the catalog, the permissions, the schema and the server.

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/demarc/demarc/controlplane/client/catalog"
	"github.com/demarc/demarc/controlplane/client/fixture"
	"github.com/demarc/demarc/controlplane/cmd/gen/contract"
	"github.com/demarc/demarc/controlplane/internal/app/testdata/lift"
	"github.com/demarc/demarc/controlplane/internal/app/testdata/locker"
	"github.com/demarc/demarc/controlplane/internal/platform/config"
	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
)

// added is a kind that a test adds: a folder with its package, its migration and its sample data.
type added struct {
	name  string
	build func(module.Deps) noun
}

func (a added) folder() string { return filepath.Join("testdata", a.name) }

// lockers are those whose service does something else than it does, if there is a change.
func lockers(change func(*locker.Service)) added {
	return added{"locker", func(d module.Deps) noun {
		s := locker.New(d)
		if change != nil {
			change(s)
		}
		return s
	}}
}

var lifts = added{"lift", func(d module.Deps) noun { return lift.New(d) }}

// withLockers is a node whose server has lockers, too.
func withLockers(t *testing.T, change func(*locker.Service), set ...func(*config.Config)) (*node, fixture.Loader) {
	t.Helper()
	return newSite(t).with(parts{}, []added{lockers(change)}, set...)
}

// startWithLockers is start for a server that has lockers, too.
func (s *site) startWithLockers(with parts, change func(*locker.Service), set ...func(*config.Config)) *node {
	s.t.Helper()
	n, _ := s.with(with, []added{lockers(change)}, set...)
	return n
}

// with is start for a server that has these kinds, too.
func (s *site) with(with parts, kinds []added, set ...func(*config.Config)) (*node, fixture.Loader) {
	s.t.Helper()
	for _, a := range kinds {
		with.nouns = append(with.nouns, a.build)
		migration, err := os.ReadFile(filepath.Join(a.folder(), "migration.sql"))
		if err != nil {
			s.t.Fatal(err)
		}
		s.exec(string(migration))
	}
	files, err := contractWith(kinds)
	if err != nil {
		s.t.Fatal(err)
	}
	with.contract = files.OpenAPI
	n := s.start(with, set...)
	n.catalog = &catalog.Catalog{}
	n.check(json.Unmarshal(files.Catalog, n.catalog))
	return n, fixturesWith(kinds)
}

// contractsWith are the contracts that were made with other kinds, by their names: it takes a while.
var contractsWith sync.Map

// contractWith is the contract with these kinds in it.
func contractWith(kinds []added) (*contract.Files, error) {
	var names []string
	for _, a := range kinds {
		names = append(names, a.name)
	}
	make, _ := contractsWith.LoadOrStore(strings.Join(names, " "), sync.OnceValues(func() (*contract.Files, error) {
		root, err := filepath.Abs("../..")
		if err != nil {
			return nil, err
		}
		from := contract.Source{Root: root, Folders: []string{filepath.Join(root, "internal")}, Info: filepath.Join("app", "doc.go"), Fixture: fixturesWith(kinds)}
		var nouns []func(module.Deps) noun
		for _, a := range kinds {
			nouns = append(nouns, a.build)
			from.Folders = append(from.Folders, filepath.Join(root, "internal", "app", a.folder()))
		}
		from.Kinds, from.Ops = contractOf(nouns...)
		return contract.Make(from)
	}))
	return make.(func() (*contract.Files, error))()
}

// fixturesWith loads the sample data of these kinds, and of all else.
func fixturesWith(kinds []added) fixture.Loader {
	return func(kind string) (*catalog.Fixture, error) {
		for _, a := range kinds {
			if a.name == kind {
				return catalog.ReadFixture(os.DirFS(a.folder()), kind)
			}
		}
		return catalog.LoadFixture(kind)
	}
}

func TestAnAddedKindGoesAllTheWay(t *testing.T) {
	t.Parallel()
	n, load := withLockers(t, nil)
	kind := n.catalog.Kind("locker")
	if kind == nil || !kind.Managed || kind.Path != "/lockers" || len(kind.Operations) != 5 || len(kind.Filters) != 9 || !kind.Field("pin").WriteOnly ||
		!kind.Field("shelf_count").GrowOnly || !kind.Field("customer_id").Immutable || !slices.Equal(kind.Field("location_id").Ref, []string{"location"}) ||
		kind.Field("tariffs").Items.Fields[1].VisibleTo != "lockers.get_wholesale" || !kind.Field(catalog.HiddenFields).Volatile {
		t.Fatalf("the catalog has %+v", kind)
	}
	if p := n.must(ownerToken, http.MethodGet, "/permissions/lockers.create", nil); p["description"] != "Create a locker." {
		t.Errorf("the permission: %v", p)
	}

	schema := newSchema(t, n.db)
	schema.kinds, schema.catalogue = append(schema.kinds, locker.Kind), n.catalog
	schema.columns()
	schema.references()
	for _, item := range schema.items() {
		if strings.HasPrefix(item, kind.Name) {
			t.Errorf("the schema lacks %s", item)
		}
	}

	f := fixture.OpenFrom(t, n.client(ownerToken), n.catalog, load, "locker")
	for _, c := range f.Invalid() {
		body, err := f.InvalidBody(t.Context(), c)
		n.check(err)
		n.invalid(ownerToken, http.MethodPost, kind.Path, body, c.Pointer, c.Code)
	}
	n.says(f.MustCreate(fixture.Minimal).ID, map[string]any{"shelf_count": 2.0, "door": "wood", "contents": map[string]any{}, "display_name": nil})

	body := f.MustBody(fixture.Full)
	made := n.must(ownerToken, http.MethodPost, kind.Path, body)
	id := made.text("id")
	f.Adopt(id)
	delete(body, "pin")
	n.says(id, body)
	if _, shown := made["pin"]; shown {
		t.Error("the secret is in the answer")
	}
	n.takes(id, map[string]int64{"lockers": 1, "shelves": 3})

	for field, value := range f.MustBody(fixture.Changed) {
		changed := n.must(ownerToken, http.MethodPatch, kind.Path+"/"+id, map[string]any{field: value})
		if field != "pin" {
			n.says(id, map[string]any{field: value})
		} else if changed["revision"] == made["revision"] {
			t.Error("another secret is no change")
		}
	}
	n.takes(id, map[string]int64{"lockers": 1, "shelves": 4})
	n.invalid(ownerToken, http.MethodPatch, kind.Path+"/"+id, map[string]any{"shelf_count": 2}, "/shelf_count", "shrink")
	n.must(ownerToken, http.MethodPatch, kind.Path+"/"+id, map[string]any{"display_name": nil, "contents": nil, "door": nil, "deletion_protection": false})
	n.says(id, map[string]any{"display_name": nil, "contents": map[string]any{}, "door": "wood"})
	n.status(ownerToken, http.MethodPost, kind.Path, map[string]any{"name": n.must(ownerToken, http.MethodGet, kind.Path+"/"+id, nil).text("name"),
		"customer_id": made.text("customer_id"), "location_id": made.text("location_id"), "shelf_count": 1}, http.StatusConflict, "name_taken")

	// Whoever has a role in its location sees it there and nowhere else, and its customer waits for it to go.
	guard := n.account(n.root, "guard")
	n.bind(guard, "viewer", id)
	if seen := n.items(guard.token, kind.Path); !slices.Equal(ids(seen, "id"), []string{id}) {
		t.Errorf("one locker is seen as %v", seen)
	}
	if found := n.items(ownerToken, kind.Path+"?location_id="+made.text("location_id")+"&door=wood&customer_id="+made.text("customer_id")); !slices.Contains(ids(found, "id"), id) {
		t.Errorf("it is not among %v", found)
	}
	n.status(ownerToken, http.MethodDelete, "/customers/"+made.text("customer_id"), nil, http.StatusConflict, "has_children")
	n.must(ownerToken, http.MethodPatch, "/customers/"+made.text("customer_id"), map[string]any{"status": "terminated"})
	n.status(ownerToken, http.MethodGet, kind.Path+"/"+id, nil, http.StatusNotFound, "not_found")
	n.takes(id, map[string]int64{})
}

// says compares fields of an object as it is read.
func (n *node) says(id string, want map[string]any) {
	n.t.Helper()
	got := n.must(ownerToken, http.MethodGet, "/lockers/"+id, nil)
	for field, value := range want {
		b, err := json.Marshal(value)
		n.check(err)
		var plain any
		n.check(json.Unmarshal(b, &plain))
		if !reflect.DeepEqual(got[field], plain) {
			n.t.Errorf("%s is %v, want %v", field, got[field], plain)
		}
	}
}

// takes compares what an object takes of its limits.
func (n *node) takes(id string, want map[string]int64) {
	n.t.Helper()
	var rows []struct {
		Dimension string
		Amount    int64
	}
	n.check(n.db.Conn(n.t.Context()).Raw("SELECT dimension, amount FROM quota_reservation WHERE object_id = ? AND released_at IS NULL", id).Scan(&rows).Error)
	got := map[string]int64{}
	for _, r := range rows {
		got[r.Dimension] = r.Amount
	}
	if !reflect.DeepEqual(got, want) {
		n.t.Errorf("%s takes %v, want %v", id, got, want)
	}
}

// exec changes the database before a node is there.
func (s *site) exec(statements string) {
	s.t.Helper()
	d := dbtest.Open(s.t, s.url)
	for statement := range strings.SplitSeq(statements, ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if err := d.Conn(s.t.Context()).Exec(statement).Error; err != nil {
			s.t.Fatal(err)
		}
	}
}
