// What PostgreSQL refused, as questions that services ask.

package db

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// SQLSTATEs of https://www.postgresql.org/docs/current/errcodes-appendix.html.
const (
	uniqueViolation      = "23505"
	foreignKeyViolation  = "23503"
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
)

// IsUnique says whether err is a violation of a unique index or constraint, and of which.
func IsUnique(err error) (constraint string, ok bool) {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == uniqueViolation {
		return pg.ConstraintName, true
	}
	return "", false
}

// IsForeignKey says whether err is a violation of a foreign key: a row that is referred to is missing, or one that others
// refer to was to be deleted.
func IsForeignKey(err error) bool { return sqlState(err) == foreignKeyViolation }

// isConflict says whether the transaction lost against a concurrent one and may well succeed when it is run again.
func isConflict(err error) bool {
	s := sqlState(err)
	return s == serializationFailure || s == deadlockDetected
}

func sqlState(err error) string {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code
	}
	return ""
}
