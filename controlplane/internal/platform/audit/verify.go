package audit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// What is found to be wrong with a trail.
const (
	Altered  = "altered"  // what a record says is not what the server wrote; also one that others wrote
	Removed  = "removed"  // numbers are missing
	Inserted = "inserted" // a number stands twice, or where no number can be
	Moved    = "moved"    // a record is not where it was sealed
	Unsealed = "unsealed" // a record has no number although later ones were written long ago
	Head     = "head"     // the end of the chain is not as the server left it
	SetBack  = "set back" // the chain is not the one of a checkpoint
)

// Finding is one thing that is wrong.
type Finding struct {
	What string
	// RecordID is the record that it is about; empty if it is about none.
	RecordID string
	// Number is the first number that it is about; 0 if it has none.
	Number int64
	Detail string
}

// String is the finding in a line.
func (f Finding) String() string {
	s := f.What + ": "
	switch {
	case f.RecordID != "" && f.Number != 0:
		s += fmt.Sprintf("%s (number %d): ", f.RecordID, f.Number)
	case f.RecordID != "":
		s += f.RecordID + ": "
	}
	return s + f.Detail
}

// Summary is how much was verified.
type Summary struct {
	// Sealed counts the records with a number, Waiting those that have none yet.
	Sealed, Waiting int64
	Findings        int
	// End is the checkpoint to keep, if nothing is wrong.
	End Checkpoint
}

// sealedWithin is how much older than the newest record an unsealed one may be: the longest transactions, and a sealer that has much to do.
const sealedWithin = 5 * time.Minute

// Verify reads the whole trail as it is at one moment, and calls found with everything that is wrong with it. The checkpoints are of that
// trail, from where they were kept. Servers may go on meanwhile.
func (l *Log) Verify(ctx context.Context, expect []Checkpoint, found func(Finding)) (Summary, error) {
	v := verifier{key: l.key, expect: map[int64][]Checkpoint{}}
	v.found = func(f Finding) { v.Findings++; found(f) }
	for _, c := range expect {
		v.expect[c.Number] = append(v.expect[c.Number], c)
	}
	err := l.read(ctx, func(head pgx.Row, newest time.Time) error {
		v.newest = newest
		v.head, v.headErr = l.head(head)
		if v.headErr != nil && !errors.Is(v.headErr, errHeadWrong) {
			return v.headErr
		}
		return nil
	}, v.row)
	if err != nil {
		return v.Summary, fmt.Errorf("audit trail: %w", err)
	}
	v.finish()
	return v.Summary, nil
}

// verifier goes through the rows in the order of their numbers. After each fault it goes on from what it has found, so that one fault is
// reported once, where it is. None can be hidden so: without the key nobody makes a number, a MAC and a chain that fit together.
type verifier struct {
	Summary
	key     key
	found   func(Finding)
	head    Checkpoint
	headErr error
	newest  time.Time
	expect  map[int64][]Checkpoint // by number, until they were met
}

func (v *verifier) row(r *row) error {
	if !hmac.Equal(v.key.record(r), r.MAC) {
		f := Finding{What: Altered, RecordID: r.ID, Detail: "it does not say what a server wrote, or was written by others"}
		if r.Sequence != nil {
			f.Number = *r.Sequence
		}
		v.found(f)
	}
	if r.Sequence == nil {
		v.Waiting++
		if v.newest.Sub(r.At) > sealedWithin {
			v.found(Finding{What: Unsealed, RecordID: r.ID,
				Detail: "it has no number although it is of " + r.At.Format(time.RFC3339) + " and records were written much later; was a worker running?"})
		}
		return nil
	}
	v.Sealed++
	v.sealed(r, *r.Sequence)
	return nil
}

func (v *verifier) sealed(r *row, n int64) {
	next := v.key.next(v.End, r.MAC)
	switch {
	case n <= v.End.Number:
		v.found(Finding{What: Inserted, RecordID: r.ID, Number: n, Detail: "its number stands twice, or is none that was given"})
		return
	case n > next.Number:
		v.found(missing(next.Number, n-1))
	case !hmac.Equal(next.chain[:], r.Chain):
		v.found(Finding{What: Moved, RecordID: r.ID, Number: n, Detail: "it was not sealed at this place"})
	}
	v.End.Number = n
	if len(r.Chain) == sha256.Size {
		v.End.chain = [sha256.Size]byte(r.Chain)
	}
	for _, c := range v.expect[n] {
		if c != v.End {
			v.found(Finding{What: SetBack, RecordID: r.ID, Number: n, Detail: "the chain is not that of the checkpoint " + c.String()})
		}
	}
	delete(v.expect, n)
}

func missing(first, last int64) Finding {
	f := Finding{What: Removed, Number: first, Detail: fmt.Sprintf("number %d is missing", first)}
	if last > first {
		f.Detail = fmt.Sprintf("numbers %d to %d are missing", first, last)
	}
	return f
}

// finish compares where the rows end with where the chain should end.
func (v *verifier) finish() {
	switch {
	case v.headErr != nil:
		v.found(Finding{What: Head, Detail: "the head of the chain is missing, or was changed by others"})
	case v.head.Number > v.End.Number:
		v.found(missing(v.End.Number+1, v.head.Number))
	case v.head != v.End:
		v.found(Finding{What: Head, Number: v.head.Number, Detail: fmt.Sprintf("the head of the chain is %s, its last record makes it %s", v.head, v.End)})
	}
	for _, n := range slices.Sorted(maps.Keys(v.expect)) {
		v.found(Finding{What: SetBack, Number: n, Detail: fmt.Sprintf("number %d of a checkpoint is not there: the trail was cut off or set back", n)})
	}
}
