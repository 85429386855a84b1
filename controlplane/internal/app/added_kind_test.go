package app

// A kind that a test adds goes all the way, with nothing written but its package, its migration and its sample data: through the specification,
// the catalog, the permissions, the schema and the server.

import (
	"encoding/json"
	"errors"
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
	"github.com/demarc/demarc/controlplane/internal/app/testdata/locker"
	"github.com/demarc/demarc/controlplane/internal/platform/config"
	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
	"github.com/demarc/demarc/controlplane/internal/platform/module"
)

const lockerFolder = "testdata/locker"

// lockers builds their service; change, if there is one, has it do something else than it does.
func lockers(change func(*locker.Service)) func(module.Deps) noun {
	return func(d module.Deps) noun {
		s := locker.New(d)
		if change != nil {
			change(s)
		}
		return s
	}
}

// withLockers is a node whose server has lockers, too.
func withLockers(t *testing.T, change func(*locker.Service), set ...func(*config.Config)) (*node, fixture.Loader) {
	t.Helper()
	return newSite(t).startWithLockers(parts{}, change, set...), lockerFixture
}

// startWithLockers is start for a server that has lockers, too.
func (s *site) startWithLockers(with parts, change func(*locker.Service), set ...func(*config.Config)) *node {
	s.t.Helper()
	files, err := lockerContract()
	if err != nil {
		s.t.Fatal(err)
	}
	migration, err := os.ReadFile(filepath.Join(lockerFolder, "migration.sql"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.exec(string(migration))
	with.nouns, with.contract = []func(module.Deps) noun{lockers(change)}, files.OpenAPI
	n := s.start(with, set...)
	n.catalog = &catalog.Catalog{}
	n.check(json.Unmarshal(files.Catalog, n.catalog))
	return n
}

// lockerContract is the contract with lockers in it.
var lockerContract = sync.OnceValues(func() (*contract.Files, error) {
	kinds, ops := contractOf(lockers(nil))
	root, err := filepath.Abs("../..")
	if err != nil {
		return nil, err
	}
	return contract.Make(contract.Source{
		Root: root, Folders: []string{filepath.Join(root, "internal"), filepath.Join(root, "internal", "app", lockerFolder)},
		Info: filepath.Join("app", "doc.go"), Kinds: kinds, Ops: ops, Fixture: lockerFixture,
	})
})

// lockerFixture loads the sample data of lockers, and of all else.
func lockerFixture(kind string) (*catalog.Fixture, error) {
	f, err := catalog.ReadFixture(os.DirFS(lockerFolder), kind)
	if errors.Is(err, os.ErrNotExist) {
		return catalog.LoadFixture(kind)
	}
	return f, err
}

func TestAnAddedKindGoesAllTheWay(t *testing.T) {
	t.Parallel()
	n, load := withLockers(t, nil)
	kind := n.catalog.Kind("locker")
	if kind == nil || !kind.Managed || kind.Path != "/lockers" || len(kind.Operations) != 5 || len(kind.Filters) != 3 || !kind.Field("pin").WriteOnly ||
		!kind.Field("shelf_count").GrowOnly || !kind.Field("customer_id").Immutable || !slices.Equal(kind.Field("location_id").Ref, []string{"location"}) {
		t.Fatalf("the catalog has %+v", kind)
	}
	if p := n.must(ownerToken, http.MethodGet, "/permissions/lockers.create", nil); p["description"] != "Create a locker." {
		t.Errorf("the permission: %v", p)
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
