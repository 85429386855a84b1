package db_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
)

// What is written is what is read: UTC, to the microsecond, through GORM and through pgx.
func TestTimes(t *testing.T) {
	t.Parallel()
	d := newDB(t)
	at := clock.Real().Now()
	if err := d.Conn(t.Context()).Create(&note{ID: "a", At: at}).Error; err != nil {
		t.Fatal(err)
	}
	var row note
	if err := d.Conn(t.Context()).Take(&row, "id = ?", "a").Error; err != nil {
		t.Fatal(err)
	}
	var direct time.Time
	if err := d.Pool().QueryRow(t.Context(), "SELECT at FROM note WHERE id = $1", "a").Scan(&direct); err != nil {
		t.Fatal(err)
	}
	if row.At != at || direct != at {
		t.Errorf("wrote %v, read %v and %v", at, row.At, direct)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	d := newDB(t)
	if err := insert(t.Context(), d, "a"); err != nil {
		t.Fatal(err)
	}
	err := insert(t.Context(), d, "a")
	if constraint, ok := db.IsUnique(err); !ok || constraint != "note_pkey" || db.IsForeignKey(err) {
		t.Errorf("%v: %q, %v", err, constraint, ok)
	}
	if !errors.Is(err, gorm.ErrDuplicatedKey) {
		t.Errorf("%v is not GORM's", err)
	}
	err = d.Conn(t.Context()).Exec("INSERT INTO operation_step (operation_id, ordinal, name) VALUES ('op_none', 1, 'x')").Error
	if _, unique := db.IsUnique(err); unique || !db.IsForeignKey(err) {
		t.Errorf("%v is not a foreign key violation", err)
	}
}

// Statements reach the log at debug level, parameters never do: not with success, not with an error that quotes them,
// not when the statement is slow.
func TestLogHasNoParameters(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	var log bytes.Buffer
	d := newDB(t, func(o *db.Options) {
		o.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		o.SlowQuery = time.Nanosecond
	})
	g := d.Conn(t.Context())
	if err := g.Create(&note{ID: "a", Text: secret}).Error; err != nil {
		t.Fatal(err)
	}
	if err := g.Exec("UPDATE note SET at = CAST(CAST(? AS text) AS timestamptz)", secret).Error; err == nil || !strings.Contains(err.Error(), secret) {
		t.Fatalf("the premise is gone: the error is %v", err)
	}
	if err := g.Exec("UPDATE note SET at = ?", struct{ secret string }{secret}).Error; err == nil {
		t.Fatal("a struct was encoded")
	}
	said := log.String()
	if strings.Contains(said, secret) {
		t.Errorf("the log has the secret:\n%s", said)
	}
	for _, want := range []string{`INSERT INTO \"note\"`, "SQLSTATE 22007", "slow=true", "level=WARN"} {
		if !strings.Contains(said, want) {
			t.Errorf("the log has no %s:\n%s", want, said)
		}
	}
}

func TestOpenReportsWhatIsWrong(t *testing.T) {
	t.Parallel()
	start := time.Now()
	for _, url := range []string{
		"postgres://someone:hunter2@127.0.0.1:notaport/x",
		"postgres://someone:hunter2@/x?host=/nonexistent",
	} {
		_, err := db.Open(t.Context(), url, db.Options{StartupWait: -1})
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", url, err)
		}
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}
