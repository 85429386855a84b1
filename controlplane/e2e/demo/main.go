// Demo shows the product at work on one machine: it starts a control plane, provisions one customer by Terraform and one by
// Ansible, proves that a second run of each changes nothing, and leaves the control plane running for the user to explore.
//
//	go run ./controlplane/e2e/demo up|down
//
// Everything that it makes is in the folder .demo. Running it again is safe: the control plane is started anew on the same
// data, with the programs as they are now.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/demarc/demarc/controlplane/e2e/checkout"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "\ndemo: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	root, err := checkout.Root()
	if err != nil {
		return err
	}
	folder := filepath.Join(root, ".demo")
	switch {
	case len(args) == 1 && args[0] == "up":
		return up(ctx, root, folder)
	case len(args) == 1 && args[0] == "down":
		return down(folder)
	}
	return errors.New("usage: demo up|down")
}

// down stops the control plane and removes everything that up made.
func down(folder string) error {
	if _, err := os.Stat(folder); errors.Is(err, os.ErrNotExist) {
		fmt.Println("There is no demo.")
		return nil
	}
	s := newServer(folder)
	stopped, err := s.stop()
	if err != nil {
		return err
	}
	if stopped {
		fmt.Println("The control plane is stopped.")
	}
	if err := s.removeData(); err != nil {
		return err
	}
	if err := os.RemoveAll(folder); err != nil {
		return err
	}
	fmt.Println("Everything that the demo made is removed.")
	return nil
}
