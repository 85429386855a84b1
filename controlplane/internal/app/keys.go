package app

import (
	"context"
	"log/slog"
	"os"

	"github.com/demarc/demarc/controlplane/internal/platform/audit"
	"github.com/demarc/demarc/controlplane/internal/platform/clock"
	"github.com/demarc/demarc/controlplane/internal/platform/config"
	"github.com/demarc/demarc/controlplane/internal/platform/httpapi"
	"github.com/demarc/demarc/controlplane/internal/platform/vault"
)

// PrepareKey adds a key to the key file that is not used yet.
func PrepareKey(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	r, err := changeKeys(ctx, cfg, log, (*vault.Vault).Prepare)
	if err == nil {
		log.Info("a key is ready; bring the key file to every node before it is used", "key", r.Key, "key_file", cfg.EncryptionKeyFile)
	}
	return err
}

// RotateKeys has a new key used, and encrypts every stored secret with it.
func RotateKeys(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	r, err := changeKeys(ctx, cfg, log, (*vault.Vault).Rotate)
	if err == nil {
		log.Info("every stored secret is under the key in use", "key", r.Key, "reencrypted", r.Reencrypted, "key_file", cfg.EncryptionKeyFile)
	}
	return err
}

// RetireKeys removes the keys that nothing uses any more.
func RetireKeys(ctx context.Context, cfg config.Config, log *slog.Logger) error {
	r, err := changeKeys(ctx, cfg, log, (*vault.Vault).Retire)
	if err == nil {
		log.Info("only the key in use is left in the key file", "key", r.Key, "retired", r.Retired, "key_file", cfg.EncryptionKeyFile)
	}
	return err
}

func changeKeys(ctx context.Context, cfg config.Config, log *slog.Logger, change func(*vault.Vault, context.Context) (vault.Rotation, error)) (vault.Rotation, error) {
	if err := os.MkdirAll(cfg.DataDir, 0o755); err != nil {
		return vault.Rotation{}, err
	}
	d, err := openDatabase(ctx, cfg, log)
	if err != nil {
		return vault.Rotation{}, err
	}
	defer d.close()
	keys, err := vault.Open(ctx, d.DB, vault.Options{KeyFile: cfg.EncryptionKeyFile, Log: log})
	if err != nil {
		return vault.Rotation{}, err
	}
	// The nouns say which columns hold secrets, and so does what else keeps some.
	httpapi.AnswerColumn(keys)
	audit.KeyColumn(keys)
	nouns := emptyDeps()
	nouns.DB, nouns.Clock, nouns.Vault, nouns.Log = d.DB, clock.Real(), keys, log
	if _, _, err := modules(nouns, nil); err != nil {
		return vault.Rotation{}, err
	}
	return change(keys, ctx)
}
