// Package cli is the command line demarc. Its commands and flags are made from the catalog, so that a new kind of
// thing needs no code here:
//
//	demarc <kind> list|get|describe|create|update|edit|delete|<action>|download|upload|watch
//	demarc get <kind> …, apply, wait, explain, context, version
//	demarc whoami, can, permitted, access, catalog
//
// cli.go connects, contexts.go keeps the profile, kinds.go makes the commands of a kind, fields.go turns flags into
// bodies, access.go asks who may do what, document.go reads files, download.go writes and sends them, and follows events, apply.go and edit.go work on whole documents, output.go and failure.go print.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/demarc/demarc/controlplane/client"
	"github.com/demarc/demarc/controlplane/client/catalog"
)

// Streams are what the commands read and write.
type Streams struct {
	In  io.Reader
	Out io.Writer // results
	Err io.Writer // progress, hints and errors
}

// app is what all commands of one run share.
type app struct {
	catalog *catalog.Catalog
	streams Streams

	endpoint, tokenFile, caFile, context string
	output                               string
	debug                                bool

	connection *client.Client
	// started is set when the flags and arguments are known to be right: errors before it are usage errors.
	started bool
	// ran is the command that failed, for the names of its flags.
	ran *cobra.Command
}

// Run executes the command line and returns its exit status, see Exit.
func Run(ctx context.Context, args []string, streams Streams) int {
	cat, err := catalog.Load()
	if err != nil {
		fmt.Fprintln(streams.Err, "Error:", err)
		return ExitError
	}
	return RunFor(ctx, cat, args, streams)
}

// RunFor is Run for another catalog than the embedded one.
func RunFor(ctx context.Context, cat *catalog.Catalog, args []string, streams Streams) int {
	a := &app{catalog: cat, streams: streams}
	root := a.root()
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return ExitOK
	}
	if !a.started {
		err = &usageError{err}
	}
	a.ran = cmd
	return a.fail(err)
}

// New returns the whole command tree for a catalog.
func New(cat *catalog.Catalog, streams Streams) *cobra.Command {
	return (&app{catalog: cat, streams: streams}).root()
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "demarc",
		Short: "Command line of the Demarc control plane",
		Long: `Command line of the Demarc control plane.

The server and token come from a context (demarc context set), or from the environment:
  DEMARC_ENDPOINT                    URL of the server
  DEMARC_TOKEN or DEMARC_TOKEN_FILE  token, or the file that holds it
  DEMARC_CA_FILE                     certificate authorities to trust beside the system's

Objects are named by id (vm_01j…) or by name path (acme/web/vm1; it may begin at any ancestor). Where objects of several
kinds may stand, customer:acme says which kind is meant; where the whole platform may stand, it is the word platform.

Exit status: 0 well, 1 error, 2 wrong usage, 3 not found, 4 conflict or precondition.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return checkOutput(a.output)
		},
	}
	root.SetIn(a.streams.In)
	root.SetOut(a.streams.Out)
	root.SetErr(a.streams.Err)
	// memory_mib is as good as memory-mib.
	root.SetGlobalNormalizationFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		return pflag.NormalizedName(dashed(name))
	})
	flags := root.PersistentFlags()
	flags.StringVar(&a.endpoint, "endpoint", "", "URL of the server")
	flags.StringVar(&a.tokenFile, "token-file", "", "file that holds the token")
	flags.StringVar(&a.caFile, "ca-file", "", "PEM file of further certificate authorities")
	flags.StringVar(&a.context, "context", "", "context to use instead of the current one and the environment")
	flags.StringVarP(&a.output, "output", "o", outputTable, "format: "+strings.Join(outputs, ", "))
	flags.BoolVar(&a.debug, "debug", false, "log each request on standard error (never tokens or bodies)")
	complete(root, "output", fixed(outputs...))
	complete(root, "context", contextNames)

	root.AddGroup(&cobra.Group{ID: groupGeneral, Title: "Commands:"})
	for i := range a.catalog.Kinds {
		if k := &a.catalog.Kinds[i]; !root.ContainsGroup(k.Category) {
			root.AddGroup(&cobra.Group{ID: k.Category, Title: k.Category + ":"})
		}
	}
	for _, c := range []*cobra.Command{a.getCommand(), a.applyCommand(), a.waitCommand(), a.explainCommand(), a.contextCommand(), a.versionCommand(),
		a.whoamiCommand(), a.canCommand(), a.permittedCommand(), a.accessCommand(), a.catalogCommand()} {
		c.GroupID = groupGeneral
		root.AddCommand(c)
	}
	for i := range a.catalog.Kinds {
		root.AddCommand(a.kindCommand(&a.catalog.Kinds[i]))
	}
	root.SetHelpCommandGroupID(groupGeneral)
	root.SetCompletionCommandGroupID(groupGeneral)
	a.watch(root)
	return root
}

// watch notes when a command begins its work: cobra checks flags and arguments before, in several places.
func (a *app) watch(cmd *cobra.Command) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			a.started = true
			return run(cmd, args)
		}
	}
	for _, c := range cmd.Commands() {
		a.watch(c)
	}
}

const groupGeneral = "general"

// group makes a command that only holds others. Cobra would print its help, and succeed, for an unknown subcommand.
func group(c *cobra.Command) *cobra.Command {
	c.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		msg := fmt.Sprintf("unknown command %q for %q", args[0], cmd.CommandPath())
		if s := cmd.SuggestionsFor(args[0]); len(s) > 0 {
			msg += "; did you mean " + strings.Join(s, " or ") + "?"
		}
		return errors.New(msg)
	}
	c.SuggestionsMinimumDistance = 2
	c.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	return c
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Show the versions of this program and of its catalog",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			v := struct {
				Version string `json:"version"`
				Catalog string `json:"catalog"`
				Go      string `json:"go"`
			}{Version: version(), Catalog: a.catalog.Version}
			if info, ok := debug.ReadBuildInfo(); ok {
				v.Go = info.GoVersion
			}
			return a.print(v, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "demarc %s, catalog %s, %s\n", v.Version, v.Catalog, v.Go)
				return err
			})
		},
	}
}

// version returns the module's version, "(devel)" in a build from a checkout.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// client connects at the first use.
func (a *app) client() (*client.Client, error) {
	if a.connection != nil {
		return a.connection, nil
	}
	cfg, err := a.connectionConfig()
	if err != nil {
		return nil, err
	}
	cfg.UserAgent = "demarc-cli/" + strings.Trim(version(), "()")
	if a.debug {
		cfg.Logger = slog.New(slog.NewTextHandler(a.streams.Err, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	a.connection, err = client.New(cfg)
	return a.connection, err
}

// objects are those of a kind on the server.
func (a *app) objects(kind *catalog.Kind) (client.Objects, error) {
	c, err := a.client()
	if err != nil {
		return client.Objects{}, err
	}
	return client.ObjectsOf(c, kind), nil
}

// get reads one object.
func (a *app) get(ctx context.Context, kind *catalog.Kind, id string) (json.RawMessage, error) {
	objects, err := a.objects(kind)
	if err != nil {
		return nil, err
	}
	return objects.Get(ctx, id)
}

// resolve returns the id that an argument stands for.
func (a *app) resolve(ctx context.Context, kind *catalog.Kind, idOrPath string) (string, error) {
	c, err := a.client()
	if err != nil {
		return "", err
	}
	if kind.Singleton { // it is that of something, and is named by it
		return a.resolveRef(ctx, kind.Field(kind.IDField()).Ref, idOrPath)
	}
	return c.Resolve(ctx, kind, idOrPath)
}

// writing are the flags of every command that changes something.
type writing struct {
	noWait  bool
	wait    bool
	timeout time.Duration
	dryRun  bool
	ifMatch revision
}

// revision is the value of a flag. One that is empty, as of a variable of a shell that is not set, must not pass for a write without a check.
type revision string

// Set implements pflag.Value.
func (r *revision) Set(s string) error {
	if s == "" {
		return errors.New("the revision is empty")
	}
	*r = revision(s)
	return nil
}

// String implements pflag.Value.
func (r *revision) String() string { return string(*r) }

// Type implements pflag.Value.
func (r *revision) Type() string { return "revision" }

func (w *writing) register(cmd *cobra.Command, op catalog.Operation, match bool) {
	flags := cmd.Flags()
	flags.BoolVar(&w.dryRun, "dry-run", false, "show what would be, and change nothing")
	if op.Async {
		flags.BoolVar(&w.wait, "wait", true, "wait until the operation has ended")
		flags.BoolVar(&w.noWait, "no-wait", false, "do not wait until the operation has ended")
		flags.DurationVar(&w.timeout, "wait-timeout", time.Hour, "how long to wait")
		cmd.MarkFlagsMutuallyExclusive("wait", "no-wait")
	}
	if match {
		usage := "revision that the object must have"
		if op.RequiresIfMatch {
			usage += " (default: the one that it has)"
		}
		flags.Var(&w.ifMatch, "if-match", usage)
	}
}

// waits says whether the command ends when what it began has.
func (w *writing) waits() bool { return w.wait && !w.noWait && !w.dryRun }

// options are those of the write itself.
func (w *writing) options() []client.WriteOption {
	var opts []client.WriteOption
	if w.dryRun {
		opts = append(opts, client.DryRun())
	}
	if w.ifMatch != "" {
		opts = append(opts, client.IfMatch(string(w.ifMatch)))
	}
	return opts
}

// send does a write, waits for its operation if asked to, and returns the object as it is then, nil if it is gone, and the operation that goes
// on, "" if none does.
func (a *app) send(ctx context.Context, kind *catalog.Kind, w *writing,
	do func(context.Context, client.Objects, ...client.WriteOption) (json.RawMessage, error)) (object json.RawMessage, operation string, err error) {
	objects, err := a.objects(kind)
	if err != nil {
		return nil, "", err
	}
	if w.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, w.timeout)
		defer cancel()
	}
	var answer client.Response
	opts := append(w.options(), client.Answer(&answer))
	if w.waits() {
		p := newProgress(a.streams.Err)
		defer p.end()
		opts = append(opts, client.Wait(client.Observe(2*time.Second, p.show)))
	}
	object, err = do(ctx, objects, opts...)
	operation = answer.OperationID()
	switch {
	case err != nil:
		return nil, "", unended(ctx, err, operation)
	case w.dryRun:
		fmt.Fprintln(a.streams.Err, "dry run: nothing was changed")
		return object, "", nil
	case operation == "" || w.waits():
		return object, "", nil
	}
	fmt.Fprintf(a.streams.Err, "operation %s goes on\n", operation)
	return object, operation, nil
}

// unended says of an error that ended a wait, and not what was waited for, that this goes on.
func unended(ctx context.Context, err error, operation string) error {
	var failed *client.OperationFailedError
	if operation != "" && ctx.Err() != nil && !errors.As(err, &failed) {
		return fmt.Errorf("%w; the operation goes on: demarc wait %s", ctx.Err(), operation)
	}
	return err
}

// await waits for an operation and shows its progress.
func (a *app) await(ctx context.Context, operation string) error {
	c, err := a.client()
	if err != nil {
		return err
	}
	p := newProgress(a.streams.Err)
	_, err = c.WaitOperation(ctx, operation, client.Observe(2*time.Second, p.show))
	p.end()
	if err != nil {
		return unended(ctx, err, operation)
	}
	return nil
}

func (a *app) waitCommand() *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "wait OPERATION...",
		Short: "Wait until operations have ended",
		Long:  "Wait until operations have ended. The id of an object stands for the operation that is changing it.",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			for _, id := range args {
				operation, err := a.operationOf(ctx, id)
				if err != nil {
					return err
				}
				if operation == "" {
					fmt.Fprintf(a.streams.Err, "nothing goes on with %s\n", id)
					continue
				}
				if err := a.await(ctx, operation); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().DurationVar(&timeout, "wait-timeout", time.Hour, "how long to wait")
	if k := a.catalog.Kind("operation"); k != nil {
		cmd.ValidArgsFunction = a.completeObjects(k, true)
	}
	return cmd
}

// operationOf returns the operation to wait for: the one named, or the one that is changing the object named.
func (a *app) operationOf(ctx context.Context, id string) (string, error) {
	kind := a.catalog.KindOfID(id)
	switch {
	case kind == nil:
		return "", fmt.Errorf("%q is neither the id of an operation nor of an object", id)
	case kind.Name == "operation":
		return id, nil
	}
	object, err := a.get(ctx, kind, id)
	if err != nil {
		return "", err
	}
	return (&client.Response{Body: object}).OperationID(), nil
}
