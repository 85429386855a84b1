// Command demarc-server is the control plane.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/demarc/demarc/controlplane/internal/app"
	"github.com/demarc/demarc/controlplane/internal/platform/config"
	"github.com/demarc/demarc/controlplane/internal/platform/obs"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := root().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "demarc-server:", err)
		stop()
		os.Exit(1) //nolint:gocritic // the deferred stop has just been called
	}
}

func root() *cobra.Command {
	cmd := &cobra.Command{Use: "demarc-server", Short: "The control plane of a cloud service provider", SilenceUsage: true, SilenceErrors: true}
	cmd.AddCommand(
		command("serve", "Serve the API and carry out operations", app.Serve),
		command("migrate", "Bring the database to the schema of this program", app.Migrate),
		keys(),
		auditTrail(),
	)
	return cmd
}

func auditTrail() *cobra.Command {
	cmd := &cobra.Command{Use: "audit", Short: "Look after the audit trail"}
	var expect []string
	var verify *cobra.Command
	verify = command("verify", "Prove that no record of the audit trail was changed, removed or added", func(ctx context.Context, cfg config.Config, log *slog.Logger) error {
		return app.VerifyAudit(ctx, cfg, log, verify.OutOrStdout(), expect)
	})
	verify.Long = verify.Short + `.

Everything that is wrong is printed, a line each, and makes it exit with 1. Servers go on meanwhile. Checkpoints that were kept outside
the database, such as those in the servers' logs, also prove that the whole was not put back to an earlier state.`
	verify.Flags().StringSliceVar(&expect, "expect", nil, "a `CHECKPOINT`, <number>:<hash>, that the trail must have; may be given several times")
	cmd.AddCommand(verify)
	return cmd
}

func keys() *cobra.Command {
	cmd := &cobra.Command{Use: "keys", Short: "Look after the keys that encrypt secrets in the database"}
	var prepare, retire bool
	rotate := command("rotate", "Encrypt all stored secrets with a new key", func(ctx context.Context, cfg config.Config, log *slog.Logger) error {
		switch {
		case prepare:
			return app.PrepareKey(ctx, cfg, log)
		case retire:
			return app.RetireKeys(ctx, cfg, log)
		}
		return app.RotateKeys(ctx, cfg, log)
	})
	rotate.Long = rotate.Short + `.

Servers go on meanwhile. A rotation that was cut off is finished by the next one. The old keys stay in the key file, so that everything
opens, until --retire removes them.`
	rotate.Flags().BoolVar(&prepare, "prepare", false, "only add the new key to the key file, to bring the file to the other nodes first")
	rotate.Flags().BoolVar(&retire, "retire", false, "remove the keys that nothing uses any more")
	rotate.MarkFlagsMutuallyExclusive("prepare", "retire")
	cmd.AddCommand(rotate)
	return cmd
}

func command(name, short string, run func(context.Context, config.Config, *slog.Logger) error) *cobra.Command {
	cmd := &cobra.Command{Use: name, Short: short, Args: cobra.NoArgs}
	config.AddFlags(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cfg, err := config.Load(cmd.Flags(), os.Environ())
		if err != nil {
			return err
		}
		log := obs.NewLogger(os.Stderr, cfg.LogLevel)
		slog.SetDefault(log)
		return run(cmd.Context(), cfg, log)
	}
	return cmd
}
