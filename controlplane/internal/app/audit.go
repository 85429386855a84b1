package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"

	"github.com/demarc/demarc/controlplane/internal/platform/audit"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/config"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/vault"
)

// ErrAuditFindings is the error of an audit trail that was tampered with.
var ErrAuditFindings = errors.New("the audit trail is not as the server wrote it")

// VerifyAudit reads the whole audit trail and writes what is wrong with it to out, a line each, and then how much it has read. expect are
// checkpoints of it, as the log has them. Findings make it fail with ErrAuditFindings.
func VerifyAudit(ctx context.Context, cfg config.Config, log *slog.Logger, out io.Writer, expect []string) error {
	var checkpoints []audit.Checkpoint
	for _, s := range expect {
		c, err := audit.ParseCheckpoint(s)
		if err != nil {
			return err
		}
		checkpoints = append(checkpoints, c)
	}
	if err := os.MkdirAll(cfg.DataDir, 0o755); err != nil {
		return err
	}
	d, err := openDatabase(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer d.close()
	keys, err := vault.Open(ctx, d.DB, vault.Options{KeyFile: cfg.EncryptionKeyFile, Log: log})
	if err != nil {
		return err
	}
	trail, err := audit.Open(ctx, audit.Options{DB: d.DB, Vault: keys, Clock: clock.Real(), Log: log})
	if err != nil {
		return err
	}
	var writing error
	done, err := trail.Verify(ctx, checkpoints, func(f audit.Finding) {
		_, err := fmt.Fprintln(out, f)
		writing = errors.Join(writing, err)
	})
	if err = errors.Join(err, writing); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "%d records checked, %d more wait for their number; findings: %d\n", done.Sealed, done.Waiting, done.Findings); err != nil {
		return err
	}
	if done.Findings > 0 {
		return ErrAuditFindings
	}
	if done.End.Number == 0 {
		return nil
	}
	_, err = fmt.Fprintf(out, "checkpoint %s\n", done.End)
	return err
}

// auditedReads are those of the operations that the setting names. A pattern that is none of any is a mistake that would go unnoticed.
func auditedReads(patterns []string, ops []httpapi.Op) (audit.Reads, error) {
	for _, p := range patterns {
		one, err := audit.NewReads([]string{p})
		if err != nil {
			return one, err
		}
		if !slices.ContainsFunc(ops, func(op httpapi.Op) bool { return one.Match(op.ID) }) {
			return one, fmt.Errorf("audit_reads: %q is the id of no operation", p)
		}
	}
	return audit.NewReads(patterns)
}
