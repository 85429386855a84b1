package db_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
)

// Several nodes of a new release start at the same time on an empty database.
func TestMigrateConcurrently(t *testing.T) {
	t.Parallel()
	url := dbtest.EmptyURL(t)
	nodes := []*db.DB{dbtest.Open(t, url), dbtest.Open(t, url), dbtest.Open(t, url)}
	for _, d := range nodes {
		if current, err := d.MigrationsCurrent(t.Context()); err != nil || current {
			t.Fatalf("current is %v before migrating (%v)", current, err)
		}
	}
	var tables int
	countTables := "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
	if err := nodes[0].Conn(t.Context()).Raw(countTables).Scan(&tables).Error; err != nil || tables != 0 {
		t.Fatalf("asking made %d tables (%v)", tables, err)
	}

	var all sync.WaitGroup
	for _, d := range nodes {
		all.Go(func() {
			if err := d.Migrate(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()

	// A node that has not migrated itself.
	late := dbtest.Open(t, url)
	if current, err := late.MigrationsCurrent(t.Context()); err != nil || !current {
		t.Errorf("current is %v after migrating (%v)", current, err)
	}
	var twice int
	if err := late.Conn(t.Context()).Raw(
		"SELECT count(*) FROM (SELECT version_id FROM goose_db_version GROUP BY version_id HAVING count(*) > 1) x").Scan(&twice).Error; err != nil || twice != 0 {
		t.Errorf("%d migrations were applied more than once (%v)", twice, err)
	}
	if err := late.Migrate(t.Context()); err != nil {
		t.Errorf("a second time: %v", err)
	}
	// The lock ends with its session, and that a moment after its connection was closed.
	const held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		var locks int
		if err := late.Conn(t.Context()).Raw(held).Scan(&locks).Error; err != nil {
			t.Fatal(err)
		}
		if locks == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d locks are left", locks)
		}
	}
}

func TestMigrateStopsWithItsContext(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Migrate(ctx); err == nil {
		t.Error("no error")
	}
}

// What the schema itself guarantees.
func TestSchemaInvariants(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t)
	ctx := t.Context()
	must := func(statement string, args ...any) {
		t.Helper()
		if err := d.Conn(ctx).Exec(statement, args...).Error; err != nil {
			t.Fatal(err)
		}
	}
	refused := func(what, statement string, args ...any) {
		t.Helper()
		if err := d.Conn(ctx).Exec(statement, args...).Error; err == nil {
			t.Errorf("accepted: %s", what)
		}
	}

	operation := `INSERT INTO operation (id, action, target_kind, target_id, state, finished_at, billing_entity_id, requested_by, request_id)
		VALUES (?, 'virtual_machine.create', 'virtual_machine', 'vm_1', ?, CAST(? AS timestamptz), 'be_1', 'usr_1', 'req_1')`
	must(operation, "op_1", "running", nil)
	refused("two operations at once on an object", operation, "op_2", "pending", nil)
	refused("an end of what goes on", operation, "op_2", "running", "2026-01-01T00:00:00Z")
	must(`UPDATE operation SET state = 'failed', finished_at = now() WHERE id = 'op_1'`)
	must(operation, "op_2", "pending", nil)

	reservation := `INSERT INTO quota_reservation (id, kind, object_id, customer_id, billing_entity_id, dimension, amount)
		VALUES (?, 'virtual_machine', 'vm_1', 'cus_1', 'be_1', 'vcpus', 2)`
	must(reservation, "qr_1")
	refused("a second reservation of a dimension", reservation, "qr_2")
	must(`UPDATE quota_reservation SET released_at = now()`)
	must(reservation, "qr_2")

	interval := `INSERT INTO state_interval (kind, object_id, customer_id, billing_entity_id, state, from_at, to_at)
		VALUES ('virtual_machine', 'vm_1', 'cus_1', 'be_1', 'running', '2026-01-01T00:00:00Z', CAST(? AS timestamptz))`
	must(interval, nil)
	refused("two present states", interval, nil)
	refused("an interval that ends before it begins", interval, "2025-12-31T00:00:00Z")
	must(interval, "2026-01-01T00:00:00Z")
}

// Ids sort by bytes, in which TypeIDs sort by age, whatever the database's locale; and they compare with plain text.
func TestIDs(t *testing.T) {
	t.Parallel()
	d := newDB(t)
	for _, id := range []string{"b", "a_", "aB", "a"} {
		if err := insert(t.Context(), d, id); err != nil {
			t.Fatal(err)
		}
	}
	wantIDs(t, d, "a", "aB", "a_", "b")
	var found []string
	if err := d.Conn(t.Context()).Raw(`SELECT id FROM note WHERE id IN ? AND (text, id) > ('', ?)`, []string{"a", "b"}, "a").
		Scan(&found).Error; err != nil || !slices.Equal(found, []string{"b"}) {
		t.Errorf("found %v (%v)", found, err)
	}
	rows, err := d.Pool().Query(t.Context(), `SELECT n.id FROM unnest($1::text[]) s(id) JOIN note n ON n.id = s.id
		WHERE n.id = ANY($2) ORDER BY n.id`, []string{"b", "a", "c"}, []string{"a", "b", "aB"})
	if err != nil {
		t.Fatal(err)
	}
	if found, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil || !slices.Equal(found, []string{"a", "b"}) {
		t.Errorf("found %v (%v)", found, err)
	}
}
