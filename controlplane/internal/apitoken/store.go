package apitoken

import (
	"context"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/resource"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
)

type row struct {
	resource.Base
	Create
	Seen
	// IssuedAt is when the present secret was made.
	IssuedAt     time.Time
	SecretHash   []byte
	PreviousHash []byte
	// fresh is the secret itself, of a token that gets it now.
	fresh *secret.Shown
}

// remove deletes the tokens that have that value in that column, and says whether there were any.
func remove(ctx context.Context, d *db.DB, column, value string) (bool, error) {
	done := resource.Unscoped(ctx, d).Exec("DELETE FROM api_token WHERE "+column+" = ?", value)
	return done.RowsAffected > 0, done.Error
}

// credential is what a secret stands for.
type credential struct {
	TokenID, AccountID, ScopeID string
	Permissions                 []string `gorm:"serializer:json"`
	ExpiresAt                   time.Time
	Enabled                     bool
}

// find returns what the secret with that hash stands for; found is false where it is the present or the former secret of no token.
func find(ctx context.Context, d *db.DB, hash []byte) (c credential, found bool, err error) {
	var rows []credential
	err = resource.Unscoped(ctx, d).Raw(`SELECT t.id AS token_id, a.id AS account_id, COALESCE(t.scope_id, '') AS scope_id, t.permissions, a.enabled,
			CASE WHEN t.secret_hash = ? THEN t.expires_at ELSE LEAST(t.previous_expires_at, t.expires_at) END AS expires_at
		FROM api_token t JOIN service_account a ON a.id = t.service_account_id WHERE t.secret_hash = ? OR t.previous_hash = ?`,
		hash, hash, hash).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return c, false, err
	}
	return rows[0], true, nil
}

// used notes that a token was used, unless that is known to the minute.
func used(ctx context.Context, d *db.DB, tokenID string, at time.Time) error {
	return resource.Unscoped(ctx, d).Exec("UPDATE api_token SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at <= ?)",
		at, tokenID, at.Add(-useResolution)).Error
}
