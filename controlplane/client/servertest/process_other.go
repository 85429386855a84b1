//go:build !linux

package servertest

import (
	"os"
	"os/exec"
)

// startWithParent starts cmd and calls ended with its result.
func startWithParent(cmd *exec.Cmd, ended func(error)) error {
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { ended(cmd.Wait()) }()
	return nil
}

func ownedByUs(os.FileInfo) bool { return true }
