// Command gen makes everything that follows from the server's code: swagger.json and openapi.json, the catalog, the types of the Go SDK, the
// Ansible modules, the guide of permissions, and the references of errors and settings. It writes only what has changed, and works from any folder of the repository.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/demarc/demarc/controlplane/cmd/gen/contract"
	"github.com/demarc/demarc/controlplane/internal/app"
	"github.com/demarc/demarc/controlplane/internal/platform/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	root, err := repository()
	if err != nil {
		return err
	}
	kinds, ops := app.Contract()
	if err := contract.Run(root, kinds, ops); err != nil {
		return err
	}
	guide := filepath.Join(root, "templates", "guides", "permissions.md.tmpl")
	if err := contract.Write(guide, []byte(permissionsPage(kinds, ops))); err != nil {
		return err
	}
	if err := contract.Write(filepath.Join(root, "controlplane", "docs", "errors.md"), []byte(errorsPage())); err != nil {
		return err
	}
	return contract.Write(filepath.Join(root, "controlplane", "docs", "settings.md"), []byte(settings+config.Reference()))
}

const settings = `# Settings of the server

Each is given by a flag, by the environment or in a YAML file, in that order of precedence. All have a default that works. A setting
that is a secret has no flag for its value, only one for the file that holds it.

`

// repository is the folder with go.work, in which the working folder lies.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("there is no go.work here or above: run it in the repository")
		}
		dir = parent
	}
}
