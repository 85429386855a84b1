package dbtest_test

import (
	"testing"

	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
)

// Several tests at the same time each write the same row: it would collide in a database that they share.
func TestIsolation(t *testing.T) {
	t.Parallel()
	for range 6 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			d := dbtest.New(t)
			current, err := d.MigrationsCurrent(t.Context())
			if err != nil || !current {
				t.Fatalf("the clone is not migrated: %v, %v", current, err)
			}
			if err := d.Conn(t.Context()).Exec(
				`INSERT INTO idempotency_key (principal_id, op_id, key, request_hash) VALUES ('p', 'o', 'k', '\x00')`).Error; err != nil {
				t.Fatal(err)
			}
			var rows int64
			if err := d.Conn(t.Context()).Table("idempotency_key").Count(&rows).Error; err != nil || rows != 1 {
				t.Fatalf("%d rows, want 1 (%v)", rows, err)
			}
		})
	}
}

// What a test pays for its database.
func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		dbtest.New(b)
	}
}
