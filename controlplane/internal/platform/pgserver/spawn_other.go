//go:build !linux

// A child that ends with its parent, where the kernel does not see to it: a shell waits for the end of a pipe whose
// other end only this process has.

package pgserver

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// spawn starts a program that is sent SIGINT, PostgreSQL's fast shutdown, when this process ends.
func spawn(cmd *exec.Cmd) (*child, error) {
	alive, held, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer alive.Close()
	if err := cmd.Start(); err != nil {
		held.Close()
		return nil, err
	}
	watch := exec.CommandContext(context.Background(), "/bin/sh", "-c", `read -r _; kill -INT "$1"`, "sh", strconv.Itoa(cmd.Process.Pid))
	watch.Stdin = alive
	watch.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: cmd.SysProcAttr.Credential}
	if err := watch.Start(); err != nil {
		held.Close()
		_ = cmd.Process.Signal(syscall.SIGINT)
		_ = cmd.Wait()
		return nil, err
	}
	c := &child{pid: cmd.Process.Pid, cmd: cmd, done: make(chan struct{})}
	go func() {
		c.err = cmd.Wait()
		// Before the pipe: the number may belong to another process by now.
		_ = watch.Process.Kill()
		_ = watch.Wait()
		held.Close()
		close(c.done)
	}()
	return c, nil
}
