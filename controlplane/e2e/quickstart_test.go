package e2e

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/demarc/demarc/controlplane/client/servertest"
	"github.com/demarc/demarc/controlplane/e2e/ansible"
	"github.com/demarc/demarc/controlplane/e2e/checkout"
	"github.com/demarc/demarc/controlplane/e2e/terraform"
)

// The first thing that a user runs: both customers are made, a second run changes nothing, the secret that went in is in no
// state, plan or log, and everything can be removed again.
func TestQuickstart(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	server := servertest.Start(t)
	connection := []string{"DEMARC_ENDPOINT=" + server.Endpoint, "DEMARC_TOKEN=" + server.Token}
	root, err := checkout.Root()
	if err != nil {
		t.Fatal(err)
	}
	quickstart := filepath.Join(root, "examples", "quickstart")
	tools, work := t.TempDir(), t.TempDir()

	t.Run("terraform", func(t *testing.T) {
		programs, err := checkout.Build(ctx, root)
		if err != nil {
			t.Fatal(err)
		}
		path, err := checkout.Tool(root, "terraform")
		if err != nil {
			t.Fatal(err)
		}
		cli, err := terraform.New(path, programs.Provider, tools)
		if err != nil {
			t.Fatal(err)
		}
		const canary = "$6$canary-in-a-coal-mine"
		cli.Env = append(connection, "TF_VAR_admin_password_hash="+canary)
		if err := os.CopyFS(work, os.DirFS(quickstart)); err != nil {
			t.Fatal(err)
		}
		for _, args := range [][]string{{"init"}, {"plan", "-out=plan"}, {"apply", "plan"}} {
			if out, err := cli.Run(ctx, work, args...); err != nil {
				t.Fatal(err)
			} else if strings.Contains(out, canary) {
				t.Errorf("terraform %s shows the secret:\n%s", args[0], out)
			}
		}
		if plan, err := cli.Plan(ctx, work); err != nil || plan.Changes {
			t.Errorf("the second plan is not empty: %v\n%s", err, plan.Text)
		}
		if plan, err := cli.Plan(ctx, work, "-destroy"); err != nil || !plan.Changes {
			t.Errorf("there is nothing to destroy: %v\n%s", err, plan.Text)
		}
		mustNotContain(t, work, canary)
		if strings.Contains(server.Log(), canary) {
			t.Error("the secret is in the server's log")
		}
		if _, err := cli.Run(ctx, work, "destroy", "-auto-approve"); err != nil {
			t.Error(err)
		}
	})

	t.Run("ansible", func(t *testing.T) {
		cli, err := ansible.New(root, tools)
		if err != nil {
			t.Fatal(err)
		}
		cli.Env = connection
		var out bytes.Buffer
		first, err := cli.Play(ctx, filepath.Join(quickstart, "playbook.yml"), &out)
		if err != nil || first == 0 {
			t.Fatalf("the first run changed %d: %v\n%s", first, err, out.String())
		}
		out.Reset()
		if again, err := cli.Play(ctx, filepath.Join(quickstart, "playbook.yml"), &out); err != nil || again != 0 {
			t.Errorf("the second run changed %d: %v\n%s", again, err, out.String())
		}
	})
}

// mustNotContain fails for each file below dir that has the text in it.
func mustNotContain(t *testing.T, dir, text string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if bytes.Contains(b, []byte(text)) {
			t.Errorf("the secret is in %s", path)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
