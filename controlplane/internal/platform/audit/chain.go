// What proves the trail: the MACs of records, the chain and its head, and the sealer that makes the latter two.

package audit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/reconcile"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
)

const keySize = 32

// key makes all that proves something. It prints without what it is.
type key struct{ secret.String }

func newKey(s secret.String) (key, error) {
	if n := len(s.Reveal()); n != keySize {
		return key{}, fmt.Errorf("its key has %d bytes, not %d", n, keySize)
	}
	return key{s}, nil
}

// sum is the MAC (HMAC-SHA-256) of these parts, each preceded by its length, so that no two sequences of parts are written alike. What
// says for what it is made: none is good for anything else.
func (k key) sum(what string, parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, []byte(k.Reveal()))
	var length []byte
	for _, p := range append([][]byte{[]byte(what)}, parts...) {
		length = binary.AppendUvarint(length[:0], uint64(len(p)))
		mac.Write(length)
		mac.Write(p)
	}
	return mac.Sum(nil)
}

// record is the MAC of a row.
func (k key) record(r *row) []byte {
	parts := [][]byte{[]byte(r.ID), number(r.At.UnixMicro())}
	for _, s := range []string{
		r.PrincipalID, r.PrincipalKind, r.TokenID, r.BindingID, r.OpID, r.TargetKind, r.TargetID, r.BillingEntityID, r.CustomerID,
		r.Outcome, r.Code, r.RequestID, r.RemoteAddr, r.UserAgent,
	} {
		parts = append(parts, []byte(s))
	}
	// JSON is never empty: nothing stands for none.
	return k.sum("record 1", append(parts, r.Old, r.New)...)
}

// next is the chain's end after a record with that MAC has been added.
func (k key) next(end Checkpoint, mac []byte) Checkpoint {
	n := end.Number + 1
	return Checkpoint{Number: n, chain: [sha256.Size]byte(k.sum("chain", end.chain[:], mac, number(n)))}
}

// head is the MAC of the chain's end.
func (k key) head(end Checkpoint) []byte { return k.sum("head", number(end.Number), end.chain[:]) }

func number(n int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(n)) }

// Checkpoint is the state of the chain after a number of records. Whoever keeps one outside the database can prove later that these records
// are still there as they were.
type Checkpoint struct {
	Number int64
	chain  [sha256.Size]byte
}

// String is the form <number>:<hash>.
func (c Checkpoint) String() string { return fmt.Sprintf("%d:%x", c.Number, c.chain) }

// ParseCheckpoint reads what String writes.
func ParseCheckpoint(s string) (Checkpoint, error) {
	var c Checkpoint
	n, hash, _ := strings.Cut(s, ":")
	number, err := strconv.ParseInt(n, 10, 64)
	chain, hexErr := hex.DecodeString(hash)
	if err != nil || hexErr != nil || number < 1 || len(chain) != len(c.chain) {
		return c, fmt.Errorf("%q is not <number>:<hash> as the log has it", s)
	}
	return Checkpoint{number, [sha256.Size]byte(chain)}, nil
}

const (
	sealEvery = 2 * time.Second
	// sealBatch is how many records are sealed in one transaction.
	sealBatch = 200
	// checkpointEvery is the least time between two checkpoints in a node's log.
	checkpointEvery = 5 * time.Minute
)

// Sealer numbers the committed records and chains them.
func (l *Log) Sealer() reconcile.Reconciler {
	return reconcile.Reconciler{Name: "audit_sealer", Every: sealEvery, Run: l.Seal}
}

var (
	errHeadWrong = errors.New("the head of the audit trail is missing or was changed by others: the trail stays as it is; run audit verify")
	errSetBack   = errors.New("the audit trail was set back to an earlier state: it stays as it is; run audit verify")
)

// Seal seals every record that is committed and not sealed. Several may run at the same time. It adds nothing to a chain whose end is not
// as the server left it.
func (l *Log) Seal(ctx context.Context) error {
	for {
		n, err := l.sealSome(ctx)
		if err != nil || n < sealBatch {
			return err
		}
	}
}

func (l *Log) sealSome(ctx context.Context) (int, error) {
	if waits, err := l.anyUnsealed(ctx); err != nil || !waits {
		return 0, err
	}
	var end Checkpoint
	var rows []row
	err := l.db.InTx(ctx, func(ctx context.Context) (err error) {
		if end, err = l.lockHead(ctx); err != nil {
			return err
		}
		if l.wasSetBack(end) {
			return errSetBack
		}
		if rows, err = l.unsealed(ctx, sealBatch); err != nil {
			return err
		}
		for i := range rows {
			next := l.key.next(end, rows[i].MAC)
			rows[i].Sequence, rows[i].Chain, end = &next.Number, next.chain[:], next
		}
		return l.seal(ctx, rows, end)
	})
	if err != nil {
		return 0, err
	}
	for i := range rows {
		// It gets its number all the same: audit verify names it for ever, and it does not hold up the others.
		if !hmac.Equal(l.key.record(&rows[i]), rows[i].MAC) {
			l.log.ErrorContext(ctx, "an audit record was altered, or written by others than the server", "audit_record_id", rows[i].ID, "number", *rows[i].Sequence)
		}
	}
	l.sealedUpTo(ctx, end)
	return len(rows), nil
}

// wasSetBack says whether the chain has lost what this process has seen in it.
func (l *Log) wasSetBack(end Checkpoint) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return end.Number < l.last.Number || end.Number == l.last.Number && end != l.last
}

// sealedUpTo remembers the chain's end and logs it now and then.
func (l *Log) sealedUpTo(ctx context.Context, end Checkpoint) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if end.Number <= l.last.Number {
		return
	}
	l.last = end
	if now := l.clock.Now(); l.checkpointAt.IsZero() || now.Sub(l.checkpointAt) >= checkpointEvery {
		l.checkpointAt = now
		l.log.InfoContext(ctx, "checkpoint of the audit trail", "checkpoint", end.String())
	}
}
