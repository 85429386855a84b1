// Package audit keeps who did what, and who was refused what: a record in the transaction of each change, and one for each attempt that
// was denied or failed.
//
// Nobody can change what is kept without being found out, not even with full access to the database: for that the key file of package
// vault would be needed too.
//
//   - A record is written with a MAC of all that it says. One that was altered, or put there by others, has none that fits.
//   - A sealer, on one node at a time, numbers the committed records 1, 2, 3 … without a gap and chains each to the one before. One
//     that was removed or moved is missed. A record that commits late gets a later number: the numbers are no order of events.
//   - The head of the chain is kept beside it, with a MAC of its own: records that were cut off at the end are missed.
//   - The head is logged now and then. Such a checkpoint, kept elsewhere, also convicts whoever puts back an older state of everything.
//
// Records are removed by nobody; triggers make accidents fail loudly.
package audit

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/id"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
	"github.com/demarc/demarc/controlplane/internal/platform/vault"
)

// Prefix of the ids of records.
const Prefix = "aud"

// Outcomes of what was tried.
const (
	Succeeded = "succeeded"
	Denied    = "denied" // not allowed, or not to be seen
	Failed    = "failed" // allowed, and refused for another reason
)

// Record is one entry.
type Record struct {
	PrincipalID, PrincipalKind string
	// TokenID is the token that was used, BindingID the role binding that allowed it; each may be empty.
	TokenID, BindingID          string
	OpID                        string
	TargetKind, TargetID        string
	BillingEntityID, CustomerID string
	Outcome                     string
	// Code is the problem's, if it was refused.
	Code                             string
	RequestID, RemoteAddr, UserAgent string
	// Old and New are the object as readers see it, so they hold no secret; nil where there is none. They are kept to the byte.
	Old, New json.RawMessage
}

// Lengths, in characters, of what a record keeps of texts that come from outside.
const (
	maxText      = 500
	maxUserAgent = 200
)

// kept is the record as the database can keep it. Requests bring texts of any bytes, and those that were refused must be on record all the
// same.
func (r Record) kept() Record {
	for _, s := range []*string{
		&r.PrincipalID, &r.PrincipalKind, &r.TokenID, &r.BindingID, &r.OpID, &r.TargetKind, &r.TargetID, &r.BillingEntityID, &r.CustomerID,
		&r.Code, &r.RequestID, &r.RemoteAddr,
	} {
		*s = clean(*s, maxText)
	}
	r.UserAgent = clean(r.UserAgent, maxUserAgent)
	return r
}

// clean makes valid UTF-8 without NUL of a text, of at most n characters.
func clean(s string, n int) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
	count := 0
	for i := range s {
		if count++; count > n {
			return s[:i]
		}
	}
	return s
}

// Options are what a Log needs.
type Options struct {
	DB    *db.DB
	Vault *vault.Vault
	Clock clock.Clock
	// Log gets the checkpoints. Default: slog.Default().
	Log *slog.Logger
}

// Log writes, seals and verifies the records.
type Log struct {
	db    *db.DB
	clock clock.Clock
	log   *slog.Logger
	key   key

	mu sync.Mutex
	// last is the head as this process left it, checkpointAt when it was last logged.
	last         Checkpoint
	checkpointAt time.Time
}

var errKeyGone = errors.New("the key of the audit trail is gone from the database while records or their head are there: somebody has removed it")

// KeyColumn declares the column that holds the key, for all that changes keys or looks for secrets.
func KeyColumn(v *vault.Vault) vault.Column { return v.Column("audit_key", "key_encrypted") }

// Open returns the log kept in that database. A database without a trail gets its key and its head.
func Open(ctx context.Context, o Options) (*Log, error) {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	l := &Log{db: o.DB, clock: o.Clock, log: o.Log}
	if err := l.open(ctx, KeyColumn(o.Vault)); err != nil {
		return nil, fmt.Errorf("audit trail: %w", err)
	}
	return l, nil
}

func (l *Log) open(ctx context.Context, column vault.Column) error {
	sealed, err := l.readKey(ctx)
	if err != nil {
		return err
	}
	if sealed == nil {
		if sealed, err = l.makeKey(ctx, column); err != nil {
			return err
		}
	}
	opened, err := column.Open(keyID, sealed)
	if err != nil {
		return err
	}
	l.key, err = newKey(opened)
	return err
}

// makeKey begins a trail. Of several nodes that start at once, one does; the others find what it has made.
func (l *Log) makeKey(ctx context.Context, column vault.Column) (sealed []byte, err error) {
	return sealed, l.db.InTx(ctx, func(ctx context.Context) error {
		if err := l.lockKeys(ctx); err != nil {
			return err
		}
		if sealed, err = l.readKey(ctx); err != nil || sealed != nil {
			return err
		}
		begun, err := l.begun(ctx)
		if err != nil {
			return err
		}
		if begun {
			return errKeyGone
		}
		random := make([]byte, keySize)
		if _, err := rand.Read(random); err != nil {
			return err
		}
		fresh := secret.New(string(random))
		k, err := newKey(fresh)
		if err != nil {
			return err
		}
		if sealed, err = column.Seal(ctx, keyID, &fresh); err != nil {
			return err
		}
		return l.insertKey(ctx, sealed, k.head(Checkpoint{}))
	})
}

// Write adds a record to the running transaction.
func (l *Log) Write(ctx context.Context, r Record) error {
	now := l.clock.Now().UTC().Truncate(time.Microsecond)
	row := row{ID: id.NewAt(Prefix, now), At: now, Record: r.kept()}
	row.MAC = l.key.record(&row)
	return l.insert(ctx, &row)
}

// attemptTimeout is how long a record is tried to be written whose request may be over.
const attemptTimeout = 5 * time.Second

// Attempt adds a record in a transaction of its own: of what was denied or failed, whose own transaction is no more, and of reading. It does
// so also when the one who tried has hung up.
func (l *Log) Attempt(ctx context.Context, r Record) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.db.Detached(ctx)), attemptTimeout)
	defer cancel()
	return l.Write(ctx, r)
}
