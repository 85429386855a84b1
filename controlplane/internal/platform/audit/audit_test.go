package audit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/demarc/demarc/controlplane/internal/platform/audit"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/db/dbtest"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
	"github.com/demarc/demarc/controlplane/internal/platform/vault"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// said is what was logged.
type said struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// bench is a node with a trail.
type bench struct {
	*audit.Log
	t     *testing.T
	db    *db.DB
	keys  *vault.Vault
	clock *clock.Fake
	said  *said
}

func newBench(t *testing.T) *bench {
	t.Helper()
	d := dbtest.New(t)
	keys, err := vault.Open(t.Context(), d, vault.Options{KeyFile: filepath.Join(t.TempDir(), "encryption-key"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, db: d, keys: keys, clock: clock.Frozen(noon), said: &said{}}
	b.Log = b.open()
	return b
}

func (b *bench) tryOpen() (*audit.Log, error) {
	return audit.Open(b.t.Context(), audit.Options{DB: b.db, Vault: b.keys, Clock: b.clock, Log: slog.New(slog.NewTextHandler(b.said, nil))})
}

func (b *bench) open() *audit.Log {
	b.t.Helper()
	l, err := b.tryOpen()
	b.check(err)
	return l
}

func (b *bench) check(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// record is one with something in every field.
func record(n int) audit.Record {
	return audit.Record{
		PrincipalID: "usr_1", PrincipalKind: "user", TokenID: "tok_1", BindingID: "rb_1", OpID: "things.update", TargetKind: "thing",
		TargetID: fmt.Sprintf("thing_%d", n), BillingEntityID: "be_1", CustomerID: "cus_1", Outcome: audit.Denied, Code: "forbidden",
		RequestID: fmt.Sprintf("req_%d", n), RemoteAddr: "192.0.2.1", UserAgent: "terraform",
		Old: json.RawMessage(`{"b": 1,  "a": "\u0000"}`), New: json.RawMessage("{\"z\":1.0,\n\"a\":2}"),
	}
}

// write adds records, each at another moment, and seals them.
func (b *bench) write(count int) {
	b.t.Helper()
	for n := range count {
		b.clock.Advance(time.Millisecond)
		b.check(b.db.InTx(b.t.Context(), func(ctx context.Context) error { return b.Write(ctx, record(n)) }))
	}
	b.check(b.Seal(b.t.Context()))
}

// sql does what somebody with full access to the database can.
func (b *bench) sql(statements ...string) {
	b.t.Helper()
	for _, s := range statements {
		if err := b.db.Conn(b.t.Context()).Exec(s).Error; err != nil {
			b.t.Fatalf("%s: %v", s, err)
		}
	}
}

func (b *bench) disarm() { b.sql("ALTER TABLE audit_record DISABLE TRIGGER USER") }

// texts are the values of a query's one column.
func (b *bench) texts(query string) (out []string) {
	b.t.Helper()
	b.check(b.db.Conn(b.t.Context()).Raw(query).Scan(&out).Error)
	return out
}

// verify returns "what number" of each finding.
func (b *bench) verify(expect ...audit.Checkpoint) (audit.Summary, []string) {
	b.t.Helper()
	var found []string
	summary, err := b.Verify(b.t.Context(), expect, func(f audit.Finding) {
		b.t.Log(f)
		found = append(found, fmt.Sprintf("%s %d", f.What, f.Number))
	})
	b.check(err)
	if summary.Findings != len(found) {
		b.t.Errorf("the summary says %d findings, there were %d", summary.Findings, len(found))
	}
	return summary, found
}

func (b *bench) clean(sealed, waiting int64) audit.Checkpoint {
	b.t.Helper()
	s, found := b.verify()
	if s.Sealed != sealed || s.Waiting != waiting || len(found) > 0 {
		b.t.Fatalf("%d sealed, %d waiting, found %v; want %d, %d and nothing", s.Sealed, s.Waiting, found, sealed, waiting)
	}
	return s.End
}

func TestCleanTrail(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.clean(0, 0)
	b.check(b.Write(t.Context(), record(1)))
	b.clean(0, 1)
	b.check(b.Seal(t.Context()))
	first := b.clean(1, 0)
	if first.Number != 1 {
		t.Errorf("the first number is %d", first.Number)
	}
	b.write(210) // more than a batch
	b.check(b.Seal(t.Context()))
	last := b.clean(211, 0)
	if _, found := b.verify(first, last); len(found) > 0 {
		t.Errorf("with its own checkpoints: %v", found)
	}
	if got := b.texts("SELECT old::text || new::text FROM audit_record WHERE sequence = 1")[0]; got != string(record(1).Old)+string(record(1).New) {
		t.Errorf("documents are kept as %s", got)
	}
}

// Everything that a record says is covered, also a column that is added one day.
func TestEveryColumnIsProven(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	columns := b.texts(`SELECT column_name || ' ' || data_type FROM information_schema.columns
		WHERE table_name = 'audit_record' AND column_name NOT IN ('sequence', 'chain') ORDER BY 1`)
	if len(columns) < 19 {
		t.Fatalf("columns are %v", columns)
	}
	b.write(len(columns))
	b.clean(int64(len(columns)), 0)
	b.disarm()
	var want []string
	for i, c := range columns {
		name, kind, _ := strings.Cut(c, " ")
		value := map[string]string{
			"text": name + " || 'x'", "json": `'{"b":1,"a":"x"}'`, "bytea": "set_byte(" + name + ", 0, 255 - get_byte(" + name + ", 0))",
			"timestamp with time zone": name + " + interval '1 microsecond'",
		}[kind]
		if name == "outcome" {
			value = "'succeeded'"
		}
		b.sql(fmt.Sprintf("UPDATE audit_record SET %s = %s WHERE sequence = %d", name, value, i+1))
		want = append(want, fmt.Sprintf("%s %d", audit.Altered, i+1))
		if name == "mac" {
			want = append(want, fmt.Sprintf("%s %d", audit.Moved, i+1))
		}
	}
	if _, found := b.verify(); !slices.Equal(found, want) {
		t.Errorf("found %v\nwant  %v", found, want)
	}
}

func TestTampering(t *testing.T) {
	t.Parallel()
	const columns = `at, principal_id, principal_kind, token_id, binding_id, op_id, target_kind, target_id, billing_entity_id, customer_id,
		outcome, code, request_id, remote_addr, user_agent, old, new, mac`
	forged := func(numbers string) string {
		return "INSERT INTO audit_record (id, " + columns + ", sequence, chain) SELECT '" + id.New(audit.Prefix) + "', " + columns + ", " + numbers +
			" FROM audit_record WHERE sequence = 5"
	}
	swap := func(columns ...string) string {
		var set []string
		for _, c := range columns {
			set = append(set, fmt.Sprintf("%s = (SELECT o.%s FROM audit_record o WHERE o.sequence = CASE r.sequence WHEN 3 THEN 7 ELSE 3 END)", c, c))
		}
		return "UPDATE audit_record r SET " + strings.Join(set, ", ") + " WHERE sequence IN (3, 7)"
	}
	for name, v := range map[string]struct {
		do   []string
		want []string
	}{
		"nothing":                             {nil, nil},
		"blank in json":                       {[]string{`UPDATE audit_record SET new = (new::text || ' ')::json WHERE sequence = 4`}, []string{"altered 4"}},
		"no document":                         {[]string{`UPDATE audit_record SET old = NULL WHERE sequence = 4`}, []string{"altered 4"}},
		"a character over to the next column": {[]string{`UPDATE audit_record SET principal_id = 'usr_1u', principal_kind = 'ser' WHERE sequence = 4`}, []string{"altered 4"}},
		"removed":                             {[]string{`DELETE FROM audit_record WHERE sequence IN (4, 5, 8)`}, []string{"removed 4", "removed 8"}},
		"first removed":                       {[]string{`DELETE FROM audit_record WHERE sequence = 1`}, []string{"removed 1"}},
		"tail removed":                        {[]string{`DELETE FROM audit_record WHERE sequence > 10`}, []string{"removed 11"}},
		"all removed":                         {[]string{`TRUNCATE audit_record`}, []string{"removed 1"}},
		"tail removed, head after it": {[]string{`DELETE FROM audit_record WHERE sequence > 10`,
			`UPDATE audit_head SET number = 10, chain = (SELECT chain FROM audit_record WHERE sequence = 10)`}, []string{"head 0"}},
		"removed and closed up": {[]string{`DELETE FROM audit_record WHERE sequence = 10`,
			`UPDATE audit_record SET sequence = sequence - 1 WHERE sequence > 10`}, []string{"moved 10", "moved 11", "removed 12"}},
		"removed and written again": {[]string{`CREATE TEMP TABLE kept AS SELECT * FROM audit_record WHERE sequence = 4`, `DELETE FROM audit_record WHERE sequence = 4`,
			`INSERT INTO audit_record (id, ` + columns + `) SELECT id, ` + columns + ` FROM kept`}, []string{"removed 4"}},
		"numbers swapped":             {[]string{`DROP INDEX audit_record_sequence_key`, swap("sequence", "chain")}, []string{"moved 3", "moved 7"}},
		"numbers swapped, chains not": {[]string{`DROP INDEX audit_record_sequence_key`, swap("sequence")}, []string{"moved 3", "moved 4", "moved 7", "moved 8"}},
		"ids swapped":                 {[]string{`ALTER TABLE audit_record DROP CONSTRAINT audit_record_pkey`, swap("id")}, []string{"altered 3", "altered 7"}},
		"all swapped but the id": {[]string{swap(strings.Fields(strings.ReplaceAll(columns, ",", ""))...)},
			[]string{"altered 3", "moved 3", "altered 7", "moved 7"}},
		"inserted with a copied mac":        {[]string{forged("NULL, NULL")}, []string{"altered 0"}},
		"inserted and sealed by the server": {[]string{forged("NULL, NULL"), "seal"}, []string{"altered 13"}},
		"inserted behind the end":           {[]string{forged("13, chain")}, []string{"altered 13", "moved 13", "head 12"}},
		"inserted far behind the end":       {[]string{forged("20, chain")}, []string{"altered 20", "removed 13", "head 12"}},
		"inserted before the beginning":     {[]string{forged("0, chain")}, []string{"altered 0", "inserted 0"}},
		"inserted beside":                   {[]string{`DROP INDEX audit_record_sequence_key`, forged("5, chain")}, []string{"altered 5", "inserted 5"}},
		"head changed":                      {[]string{`UPDATE audit_head SET mac = chain`}, []string{"head 0"}},
		"head lower":                        {[]string{`UPDATE audit_head SET number = 11`}, []string{"head 0"}},
		"head of another length":            {[]string{`UPDATE audit_head SET chain = '\x00'`}, []string{"head 0"}},
		"head removed":                      {[]string{`DELETE FROM audit_head`}, []string{"head 0"}},
		"number taken from the last":        {[]string{`UPDATE audit_record SET sequence = NULL, chain = NULL WHERE sequence = 12`}, []string{"removed 12"}},
		"numbers taken and given by the server": {[]string{`UPDATE audit_record SET sequence = NULL, chain = NULL WHERE sequence IN (4, 5)`, "seal"},
			[]string{"removed 4"}},
		"chain of another length": {[]string{`UPDATE audit_record SET chain = '\x00' WHERE sequence = 4`}, []string{"moved 4", "moved 5"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.write(12)
			b.clean(12, 0)
			b.disarm()
			b.check(b.db.InTx(t.Context(), func(ctx context.Context) error {
				for _, s := range v.do {
					if s == "seal" {
						continue
					}
					if err := b.db.Conn(ctx).Exec(s).Error; err != nil {
						return fmt.Errorf("%s: %w", s, err)
					}
				}
				return nil
			}))
			if slices.Contains(v.do, "seal") {
				b.check(b.Seal(t.Context()))
			}
			_, found := b.verify()
			slices.Sort(found)
			slices.Sort(v.want)
			if !slices.Equal(found, v.want) {
				t.Errorf("found %v, want %v", found, v.want)
			}
		})
	}
}

// What was noted outside the database finds the return to an earlier state, which nothing in the database can.
func TestSetBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write(5)
	b.sql("CREATE TABLE former AS SELECT * FROM audit_head")
	early := b.clean(5, 0)
	b.write(5)
	late := b.clean(10, 0)
	b.disarm()
	b.sql("DELETE FROM audit_record WHERE sequence > 5", "DELETE FROM audit_head", "INSERT INTO audit_head SELECT * FROM former")
	b.clean(5, 0)
	if _, found := b.verify(early, late); !slices.Equal(found, []string{"set back 10"}) {
		t.Errorf("found %v", found)
	}
	// The process that has seen more does not go on from there.
	b.check(b.Write(t.Context(), record(1)))
	if err := b.Seal(t.Context()); err == nil || !strings.Contains(err.Error(), "set back") {
		t.Errorf("it goes on: %v", err)
	}
	// Another one cannot know; the checkpoint still does.
	b.Log = b.open()
	b.write(7)
	if _, found := b.verify(early, late); !slices.Equal(found, []string{"set back 10"}) {
		t.Errorf("found %v", found)
	}
	if _, found := b.verify(early); len(found) > 0 {
		t.Errorf("a checkpoint that is right: %v", found)
	}
}

func TestCheckpointsAreLogged(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write(3)
	b.write(3) // too soon
	b.clock.Advance(10 * time.Minute)
	b.check(b.Seal(t.Context())) // nothing new
	b.write(3)
	var logged []audit.Checkpoint
	for line := range strings.Lines(b.said.String()) {
		if _, text, ok := strings.Cut(strings.TrimSpace(line), "checkpoint="); ok {
			c, err := audit.ParseCheckpoint(text)
			b.check(err)
			logged = append(logged, c)
		}
	}
	if len(logged) != 2 || logged[0].Number != 3 || logged[1].Number != 9 || logged[1] != b.clean(9, 0) {
		t.Fatalf("logged %v:\n%s", logged, b.said)
	}
	if _, found := b.verify(logged...); len(found) > 0 {
		t.Errorf("found %v", found)
	}
	wrong := logged[1].String()
	wrong = wrong[:len(wrong)-1] + map[bool]string{true: "1", false: "0"}[strings.HasSuffix(wrong, "0")]
	c, err := audit.ParseCheckpoint(wrong)
	b.check(err)
	if _, found := b.verify(c); !slices.Equal(found, []string{"set back 9"}) {
		t.Errorf("found %v", found)
	}
	for _, s := range []string{"", "5", ":", "5:abcd", "x:" + wrong[2:], "0:" + wrong[2:], wrong + "00"} {
		if c, err := audit.ParseCheckpoint(s); err == nil {
			t.Errorf("%q is taken for %v", s, c)
		}
	}
}

func TestUnsealedForLong(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write(2)
	b.check(b.Write(t.Context(), record(1)))
	b.clock.Advance(time.Minute)
	b.check(b.Write(t.Context(), record(2)))
	b.clean(2, 2)
	b.clock.Advance(time.Hour) // of standing still: nothing is overdue when nothing goes on
	b.clean(2, 2)
	b.check(b.Write(t.Context(), record(3)))
	if s, found := b.verify(); !slices.Equal(found, []string{"unsealed 0", "unsealed 0"}) || s.Waiting != 3 {
		t.Errorf("found %v of %d", found, s.Waiting)
	}
	b.check(b.Seal(t.Context()))
	b.clean(5, 0)
}

// A chain whose end is not the server's own is not continued: that would cover up what was done to it.
func TestSealerRefusesAForeignHead(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]string{"changed": "UPDATE audit_head SET number = 3", "removed": "DELETE FROM audit_head"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.write(5)
			b.sql(change)
			b.check(b.Write(t.Context(), record(1)))
			if err := b.Seal(t.Context()); err == nil || !strings.Contains(err.Error(), "head") {
				t.Errorf("it goes on: %v", err)
			}
			if s, _ := b.verify(); s.Sealed != 5 || s.Waiting != 1 {
				t.Errorf("got %+v", s)
			}
		})
	}
}

func TestForeignRecordIsLoggedWhenSealed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.check(b.Write(t.Context(), record(1)))
	b.disarm()
	b.sql("UPDATE audit_record SET principal_id = 'usr_2'")
	b.check(b.Seal(t.Context()))
	if !strings.Contains(b.said.String(), "level=ERROR") || !strings.Contains(b.said.String(), b.texts("SELECT id FROM audit_record")[0]) {
		t.Errorf("logged %s", b.said)
	}
}

func TestAccidentsAreRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write(2)
	b.check(b.Write(t.Context(), record(3)))
	for _, s := range []string{
		"UPDATE audit_record SET outcome = 'succeeded'", "UPDATE audit_record SET new = NULL WHERE sequence IS NULL",
		"UPDATE audit_record SET sequence = 7 WHERE sequence = 2", "UPDATE audit_record SET sequence = NULL, chain = NULL WHERE sequence = 2",
		"UPDATE audit_record SET sequence = 3, chain = mac, mac = chain WHERE sequence IS NULL",
		"DELETE FROM audit_record WHERE sequence IS NULL", "DELETE FROM audit_record", "TRUNCATE audit_record",
	} {
		if err := b.db.Conn(t.Context()).Exec(s).Error; err == nil || !strings.Contains(err.Error(), "not changed or removed") {
			t.Errorf("%s: %v", s, err)
		}
	}
	b.clean(2, 1)
}

// Writers on several nodes, some of whose transactions are rolled back or take long, and two sealers give one chain without a gap.
func TestConcurrentWritersAndSealers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const writers, each = 4, 40
	nodes := []*audit.Log{b.Log, b.open()}
	var writing, sealing sync.WaitGroup
	written := make(chan struct{})
	errs := make(chan error, writers+len(nodes))
	for w := range writers {
		writing.Go(func() {
			errs <- func() error {
				for n := range each {
					err := b.db.InTx(t.Context(), func(ctx context.Context) error {
						if err := nodes[w%2].Write(ctx, record(n)); err != nil {
							return err
						}
						if n%10 == 9 {
							return errLost
						}
						return nil
					})
					if err != nil && !errors.Is(err, errLost) {
						return err
					}
				}
				return nil
			}()
		})
	}
	for _, node := range nodes {
		sealing.Go(func() {
			errs <- func() error {
				for {
					select {
					case <-written:
						return node.Seal(t.Context())
					default:
						if err := node.Seal(t.Context()); err != nil {
							return err
						}
					}
				}
			}()
		})
	}
	writing.Wait()
	close(written)
	sealing.Wait()
	close(errs)
	for err := range errs {
		b.check(err)
	}
	const total = writers * each * 9 / 10
	if end := b.clean(total, 0); end.Number != total {
		t.Errorf("the chain ends at %d", end.Number)
	}
}

var errLost = errors.New("this transaction is rolled back")

// A record whose transaction commits late gets a later number, not none.
func TestLateCommit(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.check(b.db.InTx(t.Context(), func(ctx context.Context) error {
		if err := b.Write(ctx, record(0)); err != nil {
			return err
		}
		b.clock.Advance(time.Second)
		if err := b.Attempt(ctx, record(1)); err != nil {
			return err
		}
		return b.Seal(b.db.Detached(ctx))
	}))
	b.clean(1, 1)
	b.check(b.Seal(t.Context()))
	b.clean(2, 0)
	if got := b.texts("SELECT target_id FROM audit_record ORDER BY sequence"); !slices.Equal(got, []string{"thing_1", "thing_0"}) {
		t.Errorf("sealed in the order %v", got)
	}
}

func TestAttemptOutlivesItsRequest(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := b.db.InTx(ctx, func(ctx context.Context) error {
		if err := b.Write(ctx, record(1)); err != nil {
			return err
		}
		if err := b.Attempt(ctx, record(2)); err != nil {
			return err
		}
		return errLost
	})
	if !errors.Is(err, errLost) {
		t.Fatal(err)
	}
	cancel() // the client has hung up
	b.check(b.Attempt(ctx, record(3)))
	if got := b.texts("SELECT target_id FROM audit_record ORDER BY 1"); !slices.Equal(got, []string{"thing_2", "thing_3"}) {
		t.Errorf("on record are %v", got)
	}
}

// What somebody sends must not keep the attempt off the record.
func TestTextsFromOutside(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := record(1)
	r.TargetID, r.UserAgent, r.RequestID, r.Old, r.New = "vm_\x00\xff'; --", strings.Repeat("ü", 300), strings.Repeat("\xff", 2000), nil, nil
	b.check(b.Attempt(t.Context(), r))
	b.check(b.Seal(t.Context()))
	b.clean(1, 0)
	if got := b.texts("SELECT target_id FROM audit_record")[0]; got != "vm_\uFFFD\uFFFD'; --" {
		t.Errorf("the target is %q", got)
	}
	if got := b.texts("SELECT user_agent FROM audit_record")[0]; utf8.RuneCountInString(got) != 200 {
		t.Errorf("the user agent is %q", got)
	}
	if got := b.texts("SELECT coalesce(old::text, 'none') || coalesce(new::text, 'none') FROM audit_record")[0]; got != "nonenone" {
		t.Errorf("documents are %q", got)
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write(2)
	_, err := b.keys.Rotate(t.Context())
	b.check(err)
	_, err = b.keys.Retire(t.Context())
	b.check(err)
	b.Log = b.open()
	b.write(2)
	b.clean(4, 0)

	// A key of one's own making does not open, and none is made in place of one that was taken away.
	b.sql("CREATE TABLE former AS SELECT * FROM audit_key", "UPDATE audit_key SET key_encrypted = set_byte(key_encrypted, 20, 255 - get_byte(key_encrypted, 20))")
	if _, err := b.tryOpen(); !errors.Is(err, vault.ErrBroken) {
		t.Errorf("opens with a changed key: %v", err)
	}
	b.sql("DELETE FROM audit_key")
	if _, err := b.tryOpen(); err == nil || !strings.Contains(err.Error(), "is gone") {
		t.Errorf("opens without its key: %v", err)
	}
	b.sql("INSERT INTO audit_key SELECT * FROM former")
	b.Log = b.open()
	b.clean(4, 0)
}

func TestNodesThatStartAtOnceShareTheKey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.sql("DELETE FROM audit_key", "DELETE FROM audit_head")
	logs := make([]*audit.Log, 6)
	var starting sync.WaitGroup
	for i := range logs {
		starting.Go(func() {
			var err error
			if logs[i], err = b.tryOpen(); err != nil {
				t.Error(err)
			}
		})
	}
	starting.Wait()
	if t.Failed() {
		return
	}
	for i, l := range logs {
		b.check(l.Write(t.Context(), record(i)))
	}
	b.Log = logs[0]
	b.check(b.Seal(t.Context()))
	b.clean(int64(len(logs)), 0)
}

func TestReads(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		patterns []string
		op       string
		want     bool
	}{
		{nil, "api_tokens.get", false},
		{[]string{"api_tokens.*"}, "api_tokens.get", true},
		{[]string{"api_tokens.*"}, "customers.get", false},
		{[]string{"api_tokens"}, "api_tokens.get", false},
		{[]string{"customers.get", "*.list"}, "api_tokens.list", true},
		{[]string{"*"}, "api_tokens.get", true},
	} {
		r, err := audit.NewReads(v.patterns)
		if err != nil || r.Match(v.op) != v.want {
			t.Errorf("%v matches %s: %t, %v", v.patterns, v.op, !v.want, err)
		}
	}
	if _, err := audit.NewReads([]string{"customers.*", "[a-"}); err == nil {
		t.Error("takes a malformed pattern")
	}
}
