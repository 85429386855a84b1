package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/demarc/demarc/controlplane/internal/platform/authn"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/db"
	"github.com/demarc/demarc/controlplane/internal/platform/fault"
	"github.com/demarc/demarc/controlplane/internal/platform/secret"
	"github.com/demarc/demarc/controlplane/internal/platform/vault"
)

// IdempotencyKept is how long the answer to a key is kept.
const IdempotencyKept = 48 * time.Hour

type idempotencyRow struct {
	ID      string
	Status  int
	Headers []byte
	Body    []byte
	// BodyEncrypted has the body instead where that holds a secret.
	BodyEncrypted []byte
	RequestHash   []byte
}

// claim takes the key for this request, or returns the answer that it had before. A second request with the same key waits here
// until the first one's transaction has ended.
func (s *Server) claim(ctx context.Context, cl *call, key string) (*answer, error) {
	principal := keyOwner(ctx)
	res := s.DB.Conn(ctx).Exec(`INSERT INTO idempotency_key (principal_id, op_id, key, request_hash, created_at)
		VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, principal, cl.op.ID, key, cl.hash(), clock.Real().Now())
	if res.Error != nil || res.RowsAffected == 1 {
		return nil, res.Error
	}
	var row idempotencyRow
	err := s.DB.Conn(ctx).Raw(`SELECT id, status, headers, body, body_encrypted, request_hash FROM idempotency_key
		WHERE principal_id = ? AND op_id = ? AND key = ?`, principal, cl.op.ID, key).Scan(&row).Error
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(row.RequestHash, cl.hash()) {
		return nil, &fault.Error{Kind: fault.Invalid, Code: "idempotency_key_reused", Detail: "this Idempotency-Key was sent before with another request"}
	}
	a := answer{Status: row.Status, Body: row.Body}
	if row.BodyEncrypted != nil {
		body, err := s.Answers.Open(row.ID, row.BodyEncrypted)
		if err != nil {
			return nil, err
		}
		a.Body = []byte(body.Reveal())
	}
	headers := map[string]string{}
	if err := json.Unmarshal(row.Headers, &headers); err != nil {
		return nil, err
	}
	a.Revision, a.Location = strings.Trim(headers["ETag"], `"`), headers["Location"]
	return &a, nil
}

// keyOwner is whose key it is. Two principals of different kinds may have the same id; and of two tokens of one account, one may be for less
// than the other: it must not get the answers of that.
func keyOwner(ctx context.Context) string {
	p := authn.From(ctx)
	return p.Kind + ":" + p.ID + ":" + p.TokenID
}

// AnswerColumn declares the column that keeps answers with a secret in them.
func AnswerColumn(v *vault.Vault) vault.Column { return v.Column("idempotency_key", "body_encrypted") }

// keep stores the answer under the key that was claimed.
func (s *Server) keep(ctx context.Context, cl *call, key string, a answer) error {
	headers, err := json.Marshal(map[string]string{"ETag": strconv.Quote(a.Revision), "Location": a.Location})
	if err != nil {
		return err
	}
	body, sealed := a.Body, []byte(nil)
	if cl.op.Reveals {
		var rowID string
		err := s.DB.Conn(ctx).Raw("SELECT id FROM idempotency_key WHERE principal_id = ? AND op_id = ? AND key = ?", keyOwner(ctx), cl.op.ID, key).Scan(&rowID).Error
		if err != nil {
			return err
		}
		text := secret.New(string(body))
		if sealed, err = s.Answers.Seal(ctx, rowID, &text); err != nil {
			return err
		}
		body = nil
	}
	return s.DB.Conn(ctx).Exec(`UPDATE idempotency_key SET status = ?, headers = ?, body = ?, body_encrypted = ?
		WHERE principal_id = ? AND op_id = ? AND key = ?`,
		a.Status, string(headers), body, sealed, keyOwner(ctx), cl.op.ID, key).Error
}

// PurgeIdempotency forgets the keys that are older than IdempotencyKept.
func PurgeIdempotency(ctx context.Context, d *db.DB) error {
	return d.Conn(ctx).Exec(`DELETE FROM idempotency_key WHERE created_at < ?`, clock.Real().Now().Add(-IdempotencyKept)).Error
}
