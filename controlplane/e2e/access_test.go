package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/demarc/demarc/controlplane/client/demarc"
	"github.com/demarc/demarc/controlplane/client/servertest"
	"github.com/demarc/demarc/controlplane/e2e/ansible"
	"github.com/demarc/demarc/controlplane/e2e/checkout"
	"github.com/demarc/demarc/controlplane/e2e/terraform"
)

// tokenShape is what a secret of a token looks like, whichever it is.
var tokenShape = regexp.MustCompile(`dmc_[0-9A-Za-z]{40,}`)

// workplace is a server with the tools that work on it.
type workplace struct {
	*servertest.Server
	root, tools string
	connection  []string
}

func newWorkplace(t *testing.T, opts ...servertest.Option) *workplace {
	t.Helper()
	w := &workplace{Server: servertest.Start(t, opts...), tools: t.TempDir()}
	w.connection = []string{"DEMARC_ENDPOINT=" + w.Endpoint, "DEMARC_TOKEN=" + w.Token}
	var err error
	if w.root, err = checkout.Root(); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *workplace) example(name string) string { return filepath.Join(w.root, "examples", name) }

// terraform is the command line, and a folder with a copy of an example to run it in.
func (w *workplace) terraform(t *testing.T, example string, env ...string) (*terraform.CLI, string) {
	t.Helper()
	programs, err := checkout.Build(t.Context(), w.root)
	if err != nil {
		t.Fatal(err)
	}
	path, err := checkout.Tool(w.root, "terraform")
	if err != nil {
		t.Fatal(err)
	}
	cli, err := terraform.New(path, programs.Provider, w.tools)
	if err != nil {
		t.Fatal(err)
	}
	cli.Env = append(slices.Clone(w.connection), env...)
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(w.example(example))); err != nil {
		t.Fatal(err)
	}
	return cli, dir
}

// all reads a list to its end.
func all[T any](t *testing.T, list iter.Seq2[T, error]) []T {
	t.Helper()
	var out []T
	for object, err := range list {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, object)
	}
	return out
}

// A reseller is taken on, and takes customers on with its own token alone: by Terraform and by Ansible. Nothing of the tokens is left.
func TestOnboardReseller(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	w := newWorkplace(t)
	owner, _ := connect(t, w.Server)

	// byWhom checks who made customers, and that no token is left.
	byWhom := func(t *testing.T, made int) {
		t.Helper()
		records := all(t, demarc.AuditRecords(owner).List(ctx, demarc.AuditRecordQuery{Operation: "customers.create",
			Outcome: []demarc.AuditRecordOutcome{demarc.AuditRecordOutcomeSucceeded}}))
		if len(records) != made {
			t.Errorf("%d customers were made, want %d", len(records), made)
		}
		for _, r := range records {
			if r.PrincipalKind != "service_account" || r.BindingID == nil {
				t.Errorf("a customer was made by %s through %v", r.PrincipalKind, r.BindingID)
			}
		}
		if tokens := all(t, demarc.APITokens(owner).List(ctx, demarc.APITokenQuery{})); len(tokens) > 0 {
			t.Errorf("%d tokens are left", len(tokens))
		}
	}

	t.Run("terraform", func(t *testing.T) {
		cli, dir := w.terraform(t, "onboard-reseller")
		for _, args := range [][]string{{"init"}, {"apply", "-auto-approve"}} {
			if _, err := cli.Run(ctx, dir, args...); err != nil {
				t.Fatal(err)
			}
		}
		byWhom(t, 2)
		if plan, err := cli.Plan(ctx, dir); err != nil || plan.Changes {
			t.Errorf("the second plan is not empty: %v\n%s", err, plan.Text)
		}
		state, err := os.ReadFile(filepath.Join(dir, "terraform.tfstate"))
		if err != nil || tokenShape.Match(state) {
			t.Errorf("the state holds a token (%v)", err)
		}
		if _, err := cli.Run(ctx, dir, "destroy", "-auto-approve"); err != nil {
			t.Error(err)
		}
		byWhom(t, 2)
		if left := all(t, demarc.Customers(owner).List(ctx, demarc.CustomerQuery{})); len(left) > 0 {
			t.Errorf("%d customers are left", len(left))
		}
	})

	t.Run("ansible", func(t *testing.T) {
		cli, err := ansible.New(w.root, w.tools)
		if err != nil {
			t.Fatal(err)
		}
		cli.Env = w.connection
		var out bytes.Buffer
		if first, err := cli.Play(ctx, filepath.Join(w.example("onboard-reseller"), "playbook.yml"), &out); err != nil || first == 0 {
			t.Fatalf("the first run changed %d: %v\n%s", first, err, out.String())
		}
		byWhom(t, 4)
		out.Reset()
		if again, err := cli.Play(ctx, filepath.Join(w.example("onboard-reseller"), "playbook.yml"), &out); err != nil || again != 0 {
			t.Errorf("the second run changed %d: %v\n%s", again, err, out.String())
		}
		byWhom(t, 4)
	})
}

// Everything that a user of the demo and of the examples does, with all logs as loud as they go: no secret is in anything that was written,
// the database among it.
func TestNoSecretIsWrittenAnywhere(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	const userData = "canary-in-user-data"
	w := newWorkplace(t, servertest.WithEnv("DEMARC_LOG_LEVEL=debug", "DEMARC_AUDIT_READS=*"))
	written := map[string][]byte{} // by what it is

	for _, example := range []string{"quickstart", "onboard-reseller"} {
		trace := filepath.Join(t.TempDir(), "trace.log")
		cli, dir := w.terraform(t, example, "TF_LOG=TRACE", "TF_LOG_PATH="+trace)
		if example == "quickstart" {
			cli.Env = append(cli.Env, "TF_VAR_admin_password_hash="+userData)
		}
		for _, args := range [][]string{{"init"}, {"plan", "-out=plan"}, {"show", "-json", "plan"}, {"apply", "plan"}, {"show", "-json"}} {
			out, err := cli.Run(ctx, dir, args...)
			if err != nil {
				t.Fatal(err)
			}
			written[fmt.Sprintf("terraform %v of %s", args, example)] = []byte(out)
		}
		for _, file := range []string{trace, filepath.Join(dir, "terraform.tfstate")} {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			written[filepath.Base(file)+" of "+example] = b
		}
		play, err := ansible.New(w.root, w.tools)
		if err != nil {
			t.Fatal(err)
		}
		play.Env = append(slices.Clone(w.connection), "ANSIBLE_VERBOSITY=3", "ANSIBLE_DIFF_ALWAYS=1")
		var out bytes.Buffer
		if _, err := play.Play(ctx, filepath.Join(w.example(example), "playbook.yml"), &out); err != nil {
			t.Fatalf("%v\n%s", err, out.String())
		}
		written["ansible-playbook of "+example] = out.Bytes()
	}
	written["the server's log"] = []byte(w.Log())
	dump := dumpDatabase(ctx, t, w.Server)
	written["the database"] = dump

	for what, content := range written {
		if len(content) == 0 {
			t.Errorf("%s: nothing was written", what)
		}
		for _, secret := range []string{w.Token, userData} {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("%s has the secret %s", what, around(content, secret))
			}
		}
		if found := tokenShape.Find(content); found != nil {
			t.Errorf("%s has a token: %s", what, around(content, string(found)))
		}
	}
	// What is searched is what there is: the names are found where the secrets are not.
	for _, known := range []string{"northwind", "harbour-cloud", "service_account", "audit_record"} {
		if !bytes.Contains(dump, []byte(known)) {
			t.Errorf("the dump does not have %q: it is not of this database", known)
		}
	}
	if !strings.Contains(w.Log(), `"level":"DEBUG"`) {
		t.Error("the log is not at debug level")
	}
}

// around shows where something stands.
func around(content []byte, text string) string {
	i := bytes.Index(content, []byte(text))
	return fmt.Sprintf("%q", content[max(0, i-200):min(len(content), i+len(text)+50)])
}

// dumpDatabase is every row of every table as text, of the server's private PostgreSQL.
func dumpDatabase(ctx context.Context, t *testing.T, s *servertest.Server) []byte {
	t.Helper()
	q := url.Values{"host": {filepath.Join(s.DataDir, "postgres", "run")}, "port": {"5432"}, "sslmode": {"disable"}}
	db, err := pgx.Connect(ctx, "postgres://demarc@/demarc?"+q.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close(ctx)
	rows, err := db.Query(ctx, "SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')")
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, table := range tables {
		fmt.Fprintln(&out, table)
		// bytea as text where it is text: a secret in the clear would be hidden by its hexadecimal form.
		if _, err := db.PgConn().CopyTo(ctx, &out, "COPY (SELECT row_to_json(t) FROM "+table+" t) TO STDOUT"); err != nil {
			t.Fatal(err)
		}
		if _, err := db.PgConn().CopyTo(ctx, newUnhex(&out), "COPY (SELECT t FROM "+table+" t) TO STDOUT"); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// unhex writes what stands in hexadecimal, as PostgreSQL prints bytea, as the bytes that it is.
type unhex struct{ to io.Writer }

func newUnhex(to io.Writer) io.Writer { return unhex{to} }

var hexadecimal = regexp.MustCompile(`\\x[0-9a-f]{8,}`)

func (u unhex) Write(b []byte) (int, error) {
	for _, found := range hexadecimal.FindAll(b, -1) {
		var clear []byte
		if _, err := fmt.Sscanf(string(found[2:]), "%x", &clear); err != nil {
			continue // an odd number of digits: no bytea
		}
		if _, err := u.to.Write(append(clear, '\n')); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}
